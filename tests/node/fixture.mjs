/* Scripts in a folder of their own, and a host to run them. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after } from 'node:test';
import { startHost } from './host-client.mjs';

export const folder = mkdtempSync(path.join(os.tmpdir(), 'dbalt node '));
after(() => rmSync(folder, { recursive: true, force: true }));

export function write(name, text) {
    const file = path.join(folder, name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, text);
    return file;
}

let count = 0;
/* A script whose sections are given as text, after `head`. */
export function script(sections, { head = "import { sql } from 'dbalt';", extension = 'mjs' } = {}) {
    const body = Object.entries({ up: 'async () => {}', ...sections }).map(([name, text]) => `  ${name}: ${text},`);
    return write(`1.0.0-${++count}-test.${extension}`, `${head}\nexport default {\n${body.join('\n')}\n};\n`);
}

/* Runs `use(host)`, and ends the host whatever happens. */
export async function withHost(answer, use, options) {
    const host = startHost(answer, options);
    try {
        const hello = await host.ready;
        if (hello.type !== 'ready')
            throw new Error(`${JSON.stringify(hello)}\n${host.errors}`);
        return await use(host);
    } finally {
        host.child.stdio[3].destroy();
        setTimeout(() => host.child.kill('SIGKILL'), 2000).unref();
        await host.exited;
    }
}

/* What the host replied to one section, and the host as it was left. */
export async function runSection(file, { answer, section = 'up', request = {}, ...options } = {}) {
    return withHost(answer, async (host) => ({ reply: await host.run(file, section, request), host }), options);
}

/* An answer with rows, from names, types and rows. */
export const rows = (fields, ...values) => ({
    command: 'SELECT',
    rowCount: values.length,
    fields: Object.entries(fields).map(([name, type]) => ({ name, type })),
    rows: values,
});
