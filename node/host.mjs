import { writeSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { Readable } from 'node:stream';
import { adoptErrors } from './errors.mjs';
import { importScript, importSlonik, readSource } from './modules.mjs';
import { openPool } from './pool.mjs';
import { answerKnown, isOnlyQueries, listQueries } from './queries.mjs';
import { describeFailure, findScript } from './report.mjs';
import { isQuiet } from './quiet.mjs';

/* dbalt's Node host: runs the sections of JavaScript alterations, whose queries dbalt executes. README.md has the protocol. */

const protocol = 1;
const requests = 3;
const replies = 4;
const oldest = 20;
const sections = ['up', 'down', 'beforeUp', 'beforeDown'];

const exit = process.exit.bind(process);

/* ---- the pipe ---- */

function tell(...messages) {
    const lines = Buffer.from(messages.map((message) => `${JSON.stringify(message)}\n`).join(''));
    for (let sent = 0; sent < lines.length;) {
        try {
            sent += writeSync(replies, lines, sent);
        } catch (error) {
            if (error.code !== 'EAGAIN')
                exit(1); /* dbalt is gone */
            Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
        }
    }
}

/* Read into one buffer, without a stream's own buffering. */
const onread = {
    buffer: Buffer.alloc(64 * 1024),
    callback: (length, buffer) => {
        take(buffer.subarray(0, length));
        return true;
    },
};
const pipe = new net.Socket({ fd: requests, readable: true, writable: false, onread });
let pieces = [];

function take(data) {
    let start = 0;
    for (let end = data.indexOf(10); end !== -1; end = data.indexOf(10, start)) {
        const line = Buffer.concat([...pieces, data.subarray(start, end)]).toString();
        pieces = [];
        start = end + 1;
        receive(JSON.parse(line));
    }
    if (start < data.length)
        pieces.push(Buffer.from(data.subarray(start)));
}
/* dbalt is gone, or wants us gone: whatever still runs has no one to run for. */
pipe.on('end', () => end(0));
pipe.on('error', () => exit(1));

/* ---- queries: one turn for all that wait, the next when all are answered, so that neither side ever writes while the other does ---- */

const waiting = [];
let asked = []; /* to be answered in this order */
let isGathering = false;
let lastId = 0;

function send(text, values = [], isUnseen = false) {
    const query = { text, values, isUnseen };
    query.answered = new Promise((resolve) => { query.answer = resolve; });
    waiting.push(query);
    pipe.ref();
    askSoon();
    return query.answered;
}

/* When the script has nothing more to do: then all is there that it does not await one by one. A tick that a microtask
 * orders comes after all microtasks. */
function askSoon() {
    if (isGathering || asked.length > 0 || waiting.length === 0)
        return;
    isGathering = true;
    queueMicrotask(() => process.nextTick(ask));
}

function ask() {
    isGathering = false;
    if (waiting.length > 0)
        tell(...askedNow());
    importAhead();
}

/* The messages, the last of which may be followed by another. */
function askedNow(isFollowed = false) {
    asked = waiting.splice(0);
    return asked.map(({ text, values, isUnseen }, index) => {
        const bound = values.length > 0 && { values: values.map((value) => value?.toWellFormed() ?? null) };
        const more = (isFollowed || index + 1 < asked.length) && { more: true };
        return { type: 'query', id: ++lastId, sql: text.toWellFormed(), ...bound, ...(isUnseen && { unseen: true }), ...more };
    });
}

/* Until the database has nothing more to answer and no transaction is under way, also what these lead to. At least one turn,
 * in which a rejection that nobody handles comes out. */
async function settle(transactions = new Set()) {
    do {
        await ((asked[0] ?? waiting[0])?.answered ?? Promise.all(transactions));
        await new Promise(setImmediate);
    } while (asked.length > 0 || waiting.length > 0 || transactions.size > 0);
}

/* While dbalt or the database works, the scripts to come are imported. One that cannot be says so when its turn comes. */
let expected = { section: 'up', paths: [] };
let ahead = 0; /* how many of them were imported, or tried */
const importedAhead = new Map(); /* by path, what the expected section asks, or undefined where that depends on answers */
let isImporting = false;

async function lookAt(script, alteration) {
    const section = alteration[expected.section];
    if (section === undefined || (!isOnlyQueries(section, readSource(script)) && !isQuietSection(script, section)))
        return undefined;
    const queries = await listQueries(section, expected.database);
    if (queries === undefined)
        isQuiet(script); /* found out while there is time: the answer is kept */
    return queries;
}

async function importAhead() {
    while (!isImporting && ahead < expected.paths.length && (asked.length > 0 || running === null)) {
        isImporting = true;
        const script = expected.paths[ahead++];
        const queries = await readAlteration(script).then((alteration) => lookAt(script, alteration), () => {});
        await new Promise(setImmediate); /* with hooks an import never leaves the turn, and dbalt would not be heard before the last */
        importedAhead.set(script, queries);
        isImporting = false;
    }
}

/* What a script printed is out before dbalt prints what became of it. */
async function flush(stream) {
    if (stream.writableLength > 0)
        await new Promise((resolve) => { stream.write('', resolve); });
}

/* ---- requests ---- */

let running = null; /* the request under way: { script, isLoading, finish } */

function receive(message) {
    if (message.type === 'answer' || message.type === 'failure') {
        const { answer } = asked.shift();
        if (asked.length === 0 && waiting.length === 0 && running !== null)
            pipe.unref(); /* from here on, only the script itself can keep the event loop busy */
        answer(message);
        askSoon();
    } else if (message.type === 'expect') {
        if (message.section !== expected.section)
            importedAhead.clear();
        expected = message;
        ahead = 0;
        importAhead();
    } else if (message.type === 'exit') {
        end(0);
    } else {
        asked = []; /* what was told to be the last of a section: it went well */
        perform(message);
    }
}

async function perform(request) {
    pipe.unref();
    isInteractive = request.interactive ?? isInteractive;
    isAsking = false;
    isLastTurn = false;
    let opened;
    const outcome = await new Promise((resolve) => {
        const isLoading = request.type === 'load';
        running = { script: request.path, isLoading, finish: resolve };
        if (late !== null && !isLoading) {
            resolve({ error: late });
            late = null;
            return;
        }
        const work = isLoading ? load(request.path) : run(request, (section) => { opened = section; });
        work.then(
            (messages) => resolve({ messages }),
            (error) => resolve({ error }),
        );
    });
    opened?.close();
    waiting.length = 0;
    pipe.ref();
    if ('error' in outcome)
        await settle();
    running = null;
    await Promise.all([process.stdout, process.stderr].map(flush));
    const error = opened?.explain(outcome.error) ?? outcome.error;
    tell(...('error' in outcome ? [{ type: 'failed', ...describeFailure(error, request.path) }] : outcome.messages));
    importAhead();
}

const alterations = new Map(); /* what scripts export, by path */

async function readAlteration(script) {
    if (alterations.has(script))
        return alterations.get(script);
    const { default: alteration } = await importScript(script);
    if (typeof alteration !== 'object' || alteration === null)
        throw new Error('the script has no default export { up, down }');
    for (const section of sections)
        if (alteration[section] !== undefined && typeof alteration[section] !== 'function')
            throw new Error(`"${section}" of the script is not a function`);
    if (alteration.up === undefined)
        throw new Error('the default export of the script has no "up"');
    alterations.set(script, alteration);
    return alteration;
}

const sectionsOf = (alteration) => sections.filter((section) => alteration[section] !== undefined);

const mostKnown = 32;
const mostWaiting = 64; /* queries */
const mostWeight = 256 * 1024; /* characters of them */
const AsyncFunction = (async () => {}).constructor;
const nothing = Object.freeze({ rows: Object.freeze([]), rowCount: 0, fields: Object.freeze([]), command: '' });

/* What is known of these scripts, up to the first that was not imported yet, or that must run to know what it asks. Of a script that was
 * imported in this very turn, or while an error waits for a script to fail, the queries are not told. */
function describe(paths) {
    const known = [];
    for (const path of paths.slice(0, mostKnown)) {
        const alteration = alterations.get(path);
        if (alteration === undefined)
            break;
        const queries = late === null ? importedAhead.get(path) : undefined;
        known.push({ path, sections: sectionsOf(alteration), queries });
        if (queries === undefined)
            break;
    }
    return known;
}

/* The script, and those that are expected behind it. */
function startingWith(script) {
    const index = expected.paths.indexOf(script);
    return index === -1 ? [script] : expected.paths.slice(index);
}

async function load(script) {
    await readAlteration(script);
    return [{ type: 'loaded', known: describe(startingWith(script)) }];
}

async function run({ path: script, section }, setOpened) {
    const alteration = await readAlteration(script);
    ran.add(script);
    adoptErrors(await importSlonik(script));
    const isTransaction = !section.startsWith('before');
    const last = isTransaction && isQuietSection(script, alteration[section])
        ? await goOn(script, (pool) => alteration[section](pool), setOpened)
        : await waitForAll((pool) => alteration[section](pool), openPool(send, isTransaction), setOpened);
    return [...last, { type: 'done', known: describe(startingWith(script).slice(section === expected.section ? 1 : 0)) }];
}

const isQuietSection = (script, section) => section instanceof AsyncFunction && isQuiet(script);

async function waitForAll(section, opened, setOpened) {
    setOpened(opened);
    await section(opened.pool);
    /* What nobody awaited belongs to the section all the same; what of it fails is an unhandled rejection. */
    await settle(opened.transactions);
    await opened.check();
    return [];
}

const weightOf = ({ text, values }) => values.reduce((weight, value) => weight + (value?.length ?? 0), text.length);
const isLight = (queries) => queries.length < mostWaiting && queries.reduce((weight, query) => weight + weightOf(query), 0) < mostWeight;

/* A section that need not wait for queries whose results it throws away. Returns those that are still to be asked when it ends: dbalt is
 * told them together with the end, and answers only where one fails. */
async function goOn(script, section, setOpened) {
    let failLate;
    const failed = new Promise((resolve, reject) => { failLate = reject; });
    const ask = async (text, values, isUnseen) => (isUnseen ? undefined : answerKnown(text, expected.database)) ?? send(text, values, isUnseen);
    const opened = openPool(ask, true, (answered) => {
        answered.catch(failLate);
        return isLight(waiting) ? nothing : answered;
    });
    setOpened(opened);
    try {
        await Promise.race([section(opened.pool), failed]);
    } catch (error) {
        await Promise.race([settle(), failed]); /* what was asked before comes first */
        throw error;
    }
    failed.catch((error) => tell({ type: 'failed', ...describeFailure(error, script) }));
    return askedNow(true);
}

/* ---- what a script can do besides returning ---- */

const withoutStack = (message, name = 'Error') => Object.assign(new Error(message), { name, stack: '' });

const ran = new Set(); /* the scripts of which a section has been run */
let late = null; /* an error that came while no section ran */

/* A script that is done may have left a timer behind. Nothing can undo it; but the one that runs is not to blame. */
function asLate(error) {
    const owner = findScript(error, [...alterations.keys()]);
    if (owner === undefined ? running !== null : owner === running?.script || !ran.has(owner))
        return error;
    const whose = owner === undefined ? 'an error between two scripts' : `an error of ${path.basename(owner)}, which was done before, came late`;
    return Object.assign(withoutStack(`${whose}: ${error?.message ?? error}`), { stack: error?.stack ?? '' });
}

/* A late one waits for a section to fail: between two requests nobody listens, and the script that is loaded is right. */
function fail(error) {
    const told = asLate(error);
    if (running === null || (running.isLoading && told !== error))
        late ??= told;
    else
        running.finish({ error: told });
}

/* An error that no request was answered with is shown at least. */
function end(code) {
    if (late !== null)
        console.error(late.message);
    exit(code);
}

process.on('uncaughtException', fail);
process.on('unhandledRejection', fail);
/* Ctrl-C reaches dbalt too, but not at a question: there inquirer reads it as a key, and signals its own process. */
process.on('SIGINT', () => {
    if (running !== null)
        fail(withoutStack('interrupted', 'ExitPromptError'));
});

/* Nothing is pending, so nothing can ever settle the section's promise; but for a signal that is on its way. */
let isLastTurn = false;
process.on('beforeExit', () => {
    if (running === null)
        return;
    if (!isLastTurn) {
        isLastTurn = true;
        setTimeout(() => {}, 20);
        return;
    }
    fail(withoutStack(isAsking
        ? 'the script asks a question, and there is no terminal to answer it: with the variable CI (CI=true) it does not ask'
        : 'the script never resolved: it waits for a promise, and nothing is left that could settle it'));
});

process.exit = (code) => {
    if (running !== null)
        tell({ type: 'failed', ...describeFailure(new Error(`the script called process.exit(${code ?? ''})`), running.script) });
    exit(code);
};

/* Without a terminal, a question waits for ever, or for Logto's minute: on this input it leaves the event loop empty. Mere
 * reading is no question, since inquirer opens its input even when it has nothing to ask. */
let isInteractive = false;
let isAsking = false;
const terminal = Object.getOwnPropertyDescriptor(process, 'stdin');
const noTerminal = new Readable({ read: () => { isAsking = true; } });
Object.defineProperty(process, 'stdin', {
    ...terminal,
    get: () => (isInteractive ? terminal.get.call(process) : noTerminal),
});

process.title = 'dbalt node host';
if (Number.parseInt(process.versions.node, 10) < oldest) {
    tell({ type: 'failed', name: 'Error', message: `Node ${process.version} is too old: dbalt needs Node ${oldest} or newer`, stack: '' });
    exit(1);
}
tell({ type: 'ready', protocol, node: process.version });
