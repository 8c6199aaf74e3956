import { existsSync, readFileSync, realpathSync } from 'node:fs';
import module from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { inspect } from 'node:util';
import { DatabaseError } from './errors.mjs';

/* What dbalt is told when a script fails: the message, and where in the scripts' folder it happened. */

const longest = 16_384;
const frame = /((?:file:\/\/)?\/[^()]*?):(\d+)(?::(\d+))?\)?$/u;

const cut = (text) => {
    const whole = String(text).toWellFormed().replaceAll('\0', '\u{fffd}');
    return whole.length <= longest ? whole : `${whole.slice(0, longest)} … (${whole.length} characters)`;
};

const placeOf = (line) => {
    const [, name, row, column] = frame.exec(line) ?? [];
    if (name === undefined)
        return null;
    const file = name.startsWith('file:') ? fileURLToPath(name) : name;
    return { file, line: Number(row), ...(column !== undefined && { column: Number(column) }) };
};

/* Node tells the place of a syntax error only to its terminal: another one is asked to check the file. */
function syntaxPlace(script) {
    const { spawnSync } = module.createRequire(script)('node:child_process'); /* takes long to load, and is seldom needed */
    const { stderr } = spawnSync(process.execPath, ['--check', script], { encoding: 'utf8', timeout: 10_000 });
    const [first = '', , caret = ''] = (stderr ?? '').split('\n');
    const place = placeOf(first);
    return place && { ...place, ...(caret.includes('^') && { column: caret.indexOf('^') + 1 }) };
}

const placesOf = (error) => String(error?.stack ?? '').split('\n').map(placeOf).filter((place) => place !== null);

/* Which of the scripts an error comes from, if that can be known. */
export const findScript = (error, scripts) => placesOf(error).find(({ file }) => scripts.includes(file))?.file;

/* The first frame inside the scripts' folder. */
function findPlace(error, script) {
    if (!existsSync(script))
        return {};
    const folders = [path.dirname(script), path.dirname(realpathSync(script))].map((folder) => folder + path.sep);
    const place = placesOf(error).find(({ file }) => folders.some((folder) => file.startsWith(folder)));
    if (place === undefined && error.name === 'SyntaxError' && !script.endsWith('ts'))
        return syntaxPlace(script) ?? {};
    return place ?? {};
}

const sourceLine = ({ file, line }) => (existsSync(file) ? readFileSync(file, 'utf8').split(/\r?\n/u)[line - 1] : undefined) ?? '';

/* What the database said of the query that failed, and its SQLSTATE as `code`; a script's own `code` is not one. */
function databaseProperties(error) {
    const names = ['code', 'detail', 'hint', 'schema', 'table', 'column', 'dataType', 'constraint'];
    return error instanceof DatabaseError
        ? Object.fromEntries(names.filter((name) => typeof error[name] === 'string').map((name) => [name, cut(error[name])]))
        : {};
}

/* Without the frames of Node and of the host, whose hooks are a data: URL on Node 20; nothing where there are no others. */
function readableStack(error) {
    const lines = String(error.stack ?? '').replaceAll('?hooked', '').split('\n');
    const kept = lines.filter((line) => !/^ +at .*(?:\bnode:[\w/]+|\[eval\d*\]|\bdata:text\/javascript,.*):\d+:\d+\)?$/u.test(line));
    return kept.some((line) => /^ +at /u.test(line)) ? kept.join('\n') : '';
}

export function describeFailure(thrown, script) {
    const error = thrown instanceof Error ? thrown : { message: `the script threw ${inspect(thrown)}`, name: '', stack: '' };
    const place = findPlace(error, script);
    return {
        name: cut(error.name),
        message: cut(error.message),
        stack: cut([readableStack(error), error.cause && `cause: ${inspect(error.cause)}`].filter(Boolean).join('\n')),
        ...databaseProperties(error.originalError ?? error),
        ...(error.name === 'ExitPromptError' && { interrupted: true }), /* inquirer's name for Ctrl-C */
        ...place,
        ...(place.line !== undefined && { source: cut(sourceLine(place)) }),
    };
}
