/* dbalt's side of the protocol: starts the host as dbalt does, and answers its queries through a function. */
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../node/', import.meta.url));
export const modules = ['errors', 'sql', 'values', 'pool', 'queries', 'modules', 'report', 'host'].map((name) => path.join(root, `${name}.mjs`));

let joined;
/* The joined module, as it is embedded in the binary. */
export function hostSource() {
    if (joined === undefined) {
        const folder = mkdtempSync(path.join(os.tmpdir(), 'dbalt-host-'));
        const output = path.join(folder, 'host.mjs');
        execFileSync(path.join(root, 'embed.py'), [output, ...modules]);
        joined = readFileSync(output, 'utf8');
        rmSync(folder, { recursive: true });
    }
    return joined;
}

/* The Node under test: DBALT_TEST_NODE, else the one that runs the tests. */
export const nodeUnderTest = process.env.DBALT_TEST_NODE ?? process.execPath;

/* answer(query) gives the answer or failure (without its id), or a promise of it. */
export function startHost(answer = () => ({ type: 'answer' }), options = {}) {
    const child = spawn(nodeUnderTest, ['--input-type=module', '--eval', hostSource()], {
        stdio: [options.stdin ?? 'ignore', 'pipe', 'pipe', 'pipe', 'pipe'],
        env: options.env ?? process.env,
        cwd: options.cwd ?? process.cwd(),
    });
    const host = { child, output: '', errors: '', queries: [], replies: [], exited: null };
    let listener = () => {};
    const settle = (message) => {
        host.replies.push(message);
        listener();
    };
    child.stdout.setEncoding('utf8').on('data', (text) => { host.output += text; });
    child.stderr.setEncoding('utf8').on('data', (text) => { host.errors += text; });
    child.stdio[3].on('error', () => {});
    host.exited = new Promise((resolve) => child.on('close', (code, signal) => {
        settle({ type: 'ended', code, signal });
        resolve({ code, signal });
    }));

    const write = host.write = (message) => child.stdio[3].write(`${JSON.stringify(message)}\n`);
    let answered; /* one after the other, in order */
    const receive = (message) => {
        if (message.type !== 'query') {
            settle(message);
            return;
        }
        host.queries.push(message);
        const { id } = message;
        const before = answered;
        answered = (async () => {
            await before;
            write({ type: 'answer', ...(await answer(message)), id });
        })();
    };
    let rest = '';
    child.stdio[4].setEncoding('utf8').on('data', (text) => {
        const lines = (rest + text).split('\n');
        rest = lines.pop();
        for (const line of lines)
            receive(JSON.parse(line));
    });

    /* The next message that is no query. */
    host.next = async () => {
        while (host.replies.length === 0)
            await new Promise((resolve) => { listener = resolve; });
        return host.replies.shift();
    };
    host.request = async (message) => {
        write(message);
        return host.next();
    };
    host.run = (script, section = 'up', properties = {}) => host.request({ type: 'run', path: script, section, ...properties });
    host.load = (script) => host.request({ type: 'load', path: script });
    host.end = async () => {
        child.stdio[3].end();
        return host.exited;
    };
    host.ready = host.next();
    return host;
}
