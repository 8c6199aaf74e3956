import { realpathSync } from 'node:fs';
import path from 'node:path';
import { readSource } from './modules.mjs';

/* Quiet scripts: those that can do nothing but query. What they ask is all that can be seen of them: whether they wait for the answer to a query
 * that they throw the result of away, nobody can see,
 *
 *     await pool.query(sql`insert into ${users} (id) values (${id})`);
 *
 * nor when they run, or how often. The rules are narrow, and a script that keeps them does one thing at a time:
 *
 * - it imports `sql`, and files by a relative path that keep the rules too;
 * - it names nothing global that reaches out of it, tells the time, or does two things at once (process, fetch, Date, Promise ...), and handles no
 *   error;
 * - outside of functions, where it could keep what another try would meet, there are only functions, constants, and what it exports, and nothing is
 *   changed of what is global;
 * - it loops by no more than "for", so that it comes to an end;
 * - every async function is a section or has a name, and takes the pool first, which has one name; all that is done with the pool, and with
 *   such functions, is awaited on the spot: `await pool.one(`, `await applyRules(pool, `;
 * - every `await pool.query(` is a statement. */

const harmless = new Set(['Array', 'BigInt', 'Boolean', 'Error', 'Infinity', 'JSON', 'Map', 'Math', 'NaN', 'Number', 'Object', 'RangeError',
    'RegExp', 'Set', 'String', 'Symbol', 'TypeError', 'URL', 'isFinite', 'isNaN', 'parseFloat', 'parseInt', 'undefined']);
const reaching = new Set(['arguments', ...Object.getOwnPropertyNames(globalThis).filter((name) => !harmless.has(name))]);
const shared = `(?:sql|${[...harmless].join('|')})`;
const member = /\s*(?:\.\s*\w+|\[[^\]]*\])/u.source;
const changesShared = new RegExp([
    /\b(?:prototype|__proto__|stackTraceLimit|prepareStackTrace|fromAsync|setPrototypeOf|definePropert\w+)\b|\bassign\((?!\s*\{)/u.source,
    `\\b${shared}${member}\\s*(?:[-+*/%&|^?<>]{0,3}=(?![=>])|\\+\\+|--)`,
    `(?:\\+\\+|--)\\s*${shared}\\b`,
].join('|'), 'u');
const loopsOn = /\bwhile\s*\(|\bdo\s*\{|\bfor\s*\([^;()]*;\s*;/u;
const handlesErrors = /\.\s*(?:then|catch|finally)\b|\btry\s*\{/u;
const plainImport = /^import \{([^}]*)\} from ['"]([^'"]+)['"];?$/gmu;
const relative = /^\.\.?\/[\w./-]+\.m?js$/u;
const takesPool = /\s*\(\s*(\w+)(?=\s*[,)])/u.source;
const asyncFunctions = new RegExp([
    `\\bconst\\s+(\\w+)\\s*=\\s*async${takesPool}`,
    `\\basync\\s+function\\s+(\\w+)${takesPool}`,
    `\\b(?:up|down|beforeUp|beforeDown)\\s*:\\s*async(?:\\s+function\\b\\s*\\w*)?${takesPool}`,
    `\\basync\\s+(?:up|down|beforeUp|beforeDown)${takesPool}`,
].join('|'), 'gu');
const comments = /(?:[ \t]*(?:\/\/.*|\/\*(?:[^*]|\*(?!\/))*\*\/)?\n)*/u.source; /* lines with nothing else */
const statementOf = (start) => `${start}(?<=^(?!.*//).*(?:[;})]|(?<!\\$)\\{)[ \\t]*(?:\\n${comments})?[ \\t]*${start})`; /* looks back last: it takes long */
const longestLine = 1000; /* characters */
const wholeLine = (forms) => new RegExp(`^(?:${forms.map(({ source }) => source).join('|')})$`, 'u');
const opening = wholeLine([
    /(?:export )?(?:const \w+ = (?:async )?\([^()]*\) =>|(?:async )?function \w+\([^()]*\)) \{/, /const \w+ = \{/, /export default \{(?: \w+: async \([^()]*\) => \{)?/,
    /\}, \w+: async \([^()]*\) => \{/,
]);
const closing = /^[\])} ]+;?$/u;
const whole = wholeLine([
    /export default \w+;/, /(?:export )?const \w+ = (?:'[^']*'|"[^"]*"|-?\d+|true|false|null|sql\.identifier\(\[['"]\w+['"]\]\));/,
    /(?:export )?const \w+ = \([^()]*\) => [^;{,]*;/, /\/\/.*/, /\/\*(?:(?!\*\/).)*\*\//,
]);
const startOfComment = /^\/\*(?:(?!\*\/).)*$/u;
const restOfComment = /^ (?:\*\/|\*(?!\/)(?:(?!\*\/).)*(?:\*\/)?)$/u;
const otherMethods = ['any', 'many', 'one', 'maybeOne', 'exists', 'anyFirst', 'manyFirst', 'oneFirst', 'maybeOneFirst'].join('|');
const anyMethod = new RegExp(`\\.\\s*(?:query|transaction|connect|${otherMethods})\\b`, 'u');

const wordsOf = (source) => source.match(/[\w$]+/gu) ?? [];

/* The async functions that a file gets from others, by name; undefined where it imports more than it may. */
function importedFunctions(file, source, words) {
    const imports = [...source.matchAll(plainImport)];
    const others = words.filter((word) => word === 'import').length - imports.length;
    const sources = source.match(/\bfrom\s*['"]/gu)?.length ?? 0;
    if (others !== 0 || sources !== imports.length)
        return undefined;
    const functions = [];
    for (const [, list, specifier] of imports) {
        const names = wordsOf(list);
        if (names.join() === 'sql' && ['dbalt', 'slonik', '@silverhand/slonik'].includes(specifier))
            continue;
        const theirs = relative.test(specifier) ? functionsOf(realpathSync(path.resolve(path.dirname(file), specifier))) : undefined;
        if (theirs === undefined || names.includes('as'))
            return undefined;
        functions.push(...names.filter((name) => theirs.includes(name)));
    }
    return functions;
}

const count = (line, character) => line.split(character).length - 1;

/* Whether what stands outside of functions and of the one object that is exported are constants, a line each. */
function isFlat(lines) {
    let depth = 0;
    let isComment = false;
    return lines.every((line) => {
        isComment = startOfComment.test(line) || (isComment && restOfComment.test(line));
        if (line === '' || isComment || (depth === 0 && whole.test(line)))
            return line.length <= longestLine;
        const isInner = /^\s/u.test(line);
        const isFine = isInner ? depth > 0 : opening.test(line) || (depth > 0 && closing.test(line));
        depth += count(line, '{') - count(line, '}');
        return isFine && line.length <= longestLine && (isInner ? depth > 0 : depth >= 0);
    });
}

function keepsNothing(source, words) {
    const objects = [...source.matchAll(/^const (\w+) = \{$/gmu)].map(([, name]) => name);
    const functions = [...source.matchAll(/\bfunction (\w+)|\bconst (\w+) = (?:async )?\(/gu)].map(([, ...names]) => names.find(Boolean));
    return !words.includes('this') && isFlat(source.replaceAll(plainImport, '').split('\n'))
        && objects.every((name) => words.filter((word) => word === name).length === 2 && source.includes(`export default ${name};`))
        && functions.every((name) => !new RegExp(`\\b${name}\\s*(?:\\?\\.|\\.|\\[)`, 'u').test(source));
}

const judged = new Map(); /* by file */

/* The async functions of a file that keeps the rules, by name; undefined where it does not. */
function functionsOf(file) {
    if (judged.has(file))
        return judged.get(file);
    judged.set(file, undefined); /* for files that import each other */
    const source = readSource(file);
    const words = wordsOf(source);
    const imported = importedFunctions(file, source, words);
    const isLoud = () => words.some((word) => reaching.has(word)) || [handlesErrors, changesShared, loopsOn].some((form) => form.test(source));
    if (imported === undefined || isLoud() || !keepsNothing(source, words))
        return undefined;

    const functions = [];
    const pools = new Set();
    const rest = source.replaceAll(plainImport, '').replaceAll(asyncFunctions, (form, arrow, itsPool, named, namedPool, ...sections) => {
        functions.push(...[arrow, named].filter(Boolean));
        pools.add(itsPool ?? namedPool ?? sections[0] ?? sections[1]);
        return '';
    });
    const [pool = 'pool'] = pools;
    const known = [...functions, ...imported];
    const others = rest.replaceAll(awaitedOn(pool, known), '');
    const isForbidden = (word) => word === 'async' || pools.has(word) || known.includes(word);
    if (pools.size > 1 || anyMethod.test(others) || wordsOf(others).some(isForbidden))
        return undefined;
    judged.set(file, functions);
    return functions;
}

const awaited = new Map(); /* by what it is of */

/* What may be done with the pool and such functions. */
function awaitedOn(pool, functions) {
    const key = [pool, ...functions].join();
    const calls = functions.map((name) => `\\bawait ${name}\\(${pool}(?=[,)])`);
    if (!awaited.has(key))
        awaited.set(key, new RegExp([statementOf(`await ${pool}\\.query\\(`), `\\bawait ${pool}\\.(?:${otherMethods})\\(`, ...calls].join('|'), 'gmu'));
    return awaited.get(key);
}

/* Whether a script is quiet. */
export function isQuiet(script) {
    try {
        return /\.m?js$/u.test(script) && functionsOf(script) !== undefined;
    } catch {
        return false; /* what cannot be read is told when it is imported */
    }
}
