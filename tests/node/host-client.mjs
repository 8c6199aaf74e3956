/* dbalt's side of the protocol: starts the host as dbalt does, and answers its queries through a function. */
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../node/', import.meta.url));
export const modules = ['errors', 'sql', 'values', 'pool', 'queries', 'modules', 'quiet', 'report', 'host'].map((name) => path.join(root, `${name}.mjs`));

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
    const host = { child, output: '', errors: '', queries: [], turns: [], replies: [], exited: null }; /* turns: the texts of queries that came at once */
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
    let turn = []; /* the queries that came at once */
    let answered; /* one after the other, in order */
    const answerTurn = async (queries, done, before) => {
        await before;
        const answers = [];
        for (const query of queries) {
            answers.push({ type: 'answer', ...(await answer(query)), id: query.id });
            if (done !== undefined && answers.at(-1).type === 'failure')
                break;
        }
        if (done === undefined || answers.at(-1).type === 'failure')
            answers.forEach(write);
        else
            settle(done);
    };
    const receive = (message) => {
        if (message.type === 'query') {
            turn.push(message);
            host.queries.push(message);
        } else if (turn.length === 0 || message.type !== 'done') {
            settle(message);
        }
        if (turn.length > 0 && !(message.type === 'query' && message.more)) {
            host.turns.push(turn.map(({ sql }) => sql));
            answered = answerTurn(turn, message.type === 'done' ? message : undefined, answered);
            turn = [];
        }
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
