/* Runs Logto's alterations through the host on a real PostgreSQL, with Logto's state, as dbalt does: the whole of issue 3
 * without the C side.
 *
 * usage: bridge.mjs INSTALLATION URL deploy|rollback [TIMESTAMP]    INSTALLATION has node_modules/@logto/cli */
import { readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { startHost } from './host-client.mjs';

const text = { getTypeParser: () => (value) => value };

export async function connect(installation, url) {
    const pg = createRequire(path.join(installation, 'package.json'))('pg');
    const client = new pg.Client({ connectionString: url, types: text, statement_timeout: 60_000 });
    await client.connect();
    return client;
}

/* An answer of the protocol to a query of the host. */
export async function execute(client, { sql, values }) {
    try {
        const result = await client.query({ text: sql, values, rowMode: 'array' });
        if (Array.isArray(result) || result.command === null)
            return {};
        return {
            command: result.command,
            rowCount: result.rowCount ?? 0,
            fields: result.fields.map(({ name, dataTypeID }) => ({ name, type: dataTypeID })),
            rows: result.rows,
        };
    } catch ({ message, code, detail, hint, constraint, schema, table, column }) {
        return { type: 'failure', message, code, detail, hint, constraint, schema, table, column };
    }
}

const timestampOf = (name) => Number(/-([\d.]+)-?.*\.[jt]s$/u.exec(name)[1]);

export function listAlterations(folder) {
    return readdirSync(folder)
        .filter((name) => /-[\d.]+-.*\.[jt]s$/u.test(name))
        .map((name) => ({ path: path.join(folder, name), timestamp: timestampOf(name) }))
        .sort((a, b) => a.timestamp - b.timestamp);
}

async function writeState(client, timestamp) {
    const { rows } = await client.query("select to_regclass('systems')");
    const table = Object.values(rows[0])[0] === null ? '_logto_configs' : 'systems';
    const value = JSON.stringify({ timestamp, updatedAt: new Date().toISOString() });
    await client.query(`insert into ${table} (key, value) values ('alterationState', $1)
        on conflict (key) do update set value = excluded.value`, [value]);
}

async function must(reply) {
    const message = await reply;
    if (message.type !== 'done' && message.type !== 'loaded')
        throw new Error(JSON.stringify(message, null, 2));
    return message;
}

async function runOne(host, client, script, isUp) {
    const [before, section] = isUp ? ['beforeUp', 'up'] : ['beforeDown', 'down'];
    const { sections } = await must(host.load(script.path));
    if (sections.includes(before))
        await must(host.run(script.path, before));
    await client.query('begin');
    await must(host.run(script.path, section));
    const timestamp = isUp ? script.timestamp : script.timestamp - 1;
    if (timestamp > 0)
        await writeState(client, timestamp);
    await client.query('commit');
}

/* Deploys what is newer than the timestamp, or rolls it back. */
export async function runAll(installation, url, action, after, folder = path.join(installation, 'node_modules/@logto/schemas/alterations-js')) {
    const client = await connect(installation, url);
    const host = startHost((query) => execute(client, query), { env: { ...process.env, DB_URL: url, CI: 'true' } });
    await host.ready;
    const scripts = listAlterations(folder).filter(({ timestamp }) => timestamp > after);
    if (action !== 'deploy')
        scripts.reverse();
    host.write({ type: 'expect', paths: scripts.map(({ path: file }) => file) });
    try {
        for (const script of scripts)
            await runOne(host, client, script, action === 'deploy');
    } finally {
        await host.end();
        await client.end();
    }
    return { count: scripts.length, host };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
    const [installation, url, action, after = '0'] = process.argv.slice(2);
    const start = performance.now();
    const { count, host } = await runAll(installation, url, action, Number(after));
    process.stdout.write(host.output);
    process.stderr.write(host.errors);
    console.log(`${action}: ${count} alterations, ${Math.round(performance.now() - start)} ms`);
}
