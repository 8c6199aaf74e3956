import assert from 'node:assert/strict';
import { symlinkSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { folder, rows, runSection, script, withHost, write } from './fixture.mjs';
import { startHost } from './host-client.mjs';
import { installation } from './logto.mjs';

const failing = (code, more = {}) => () => ({ type: 'failure', message: 'the database said no', code, ...more });
const textOf = (host) => host.queries.map(({ sql }) => sql);

test('says which Node it is', async () => {
    const host = startHost();
    assert.match((await host.ready).node, /^v\d+/u);
    assert.deepEqual(await host.end(), { code: 0, signal: null });
});

test('ends in order when it is asked to', async () => {
    const host = startHost();
    await host.ready;
    host.child.stdio[3].write('{"type":"exit"}\n');
    assert.deepEqual(await host.exited, { code: 0, signal: null });
});

test('tells which sections a script exports', async () => {
    const cases = [
        [script({}), ['up']],
        [script({ down: 'async () => {}', beforeDown: '() => {}', beforeUp: '() => {}' }), ['up', 'down', 'beforeUp', 'beforeDown']],
        [write('1.0.0-1-common.cjs.js', 'module.exports = { up() {}, down() {} };'), ['up', 'down']],
    ];
    await withHost(undefined, async (host) => {
        for (const [file, sections] of cases)
            assert.deepEqual(await host.load(file), { type: 'loaded', known: [{ path: file, sections }] });
    });
});

test('refuses a script that exports nonsense', async () => {
    const cases = [
        [write('a.mjs', 'export const up = 1;'), /no default export/u],
        [write('b.mjs', 'export default { up: 1 };'), /"up" of the script is not a function/u],
        [write('c.mjs', 'export default { down() {} };'), /has no "up"/u],
        [path.join(folder, 'nowhere.mjs'), /Cannot find module/u],
        [write('d.mjs', "import x from 'no-such-package';\nexport default {};"), /Cannot find package 'no-such-package'/u],
    ];
    await withHost(undefined, async (host) => {
        for (const [file, message] of cases) {
            const reply = await host.load(file);
            assert.equal(reply.type, 'failed');
            assert.match(reply.message, message);
            assert.equal(reply.stack, ''); /* nothing of it is the script's */
        }
    });
});

test('names the place of a syntax error', async () => {
    const file = write('syntax.mjs', 'const a = 1;\nconst b = ;\n');
    const { reply } = await runSection(file);
    assert.deepEqual([reply.name, reply.file, reply.line, reply.column, reply.source], ['SyntaxError', file, 2, 11, 'const b = ;']);
});

test('names the place of what a script throws', async () => {
    const cases = [
        ['async () => { throw new TypeError("no way") }', 'TypeError', 'no way', 4],
        ['async () => { await null; null.x }', 'TypeError', /null/u, 4],
        ['async () => { setTimeout(() => { throw new Error("later") }); await new Promise(() => {}) }', 'Error', 'later', 4],
        ['async () => { Promise.reject(new Error("alone")); await new Promise((done) => setTimeout(done, 1000)) }', 'Error', 'alone', 4],
        ['async () => { throw "text" }', '', "the script threw 'text'", undefined],
        ['async () => { throw undefined }', '', 'the script threw undefined', undefined],
    ];
    for (const [up, name, message, line] of cases) {
        const file = script({ down: '() => {}', up });
        const { reply } = await runSection(file);
        assert.equal(reply.type, 'failed');
        assert.equal(reply.name, name);
        assert.match(reply.message, typeof message === 'string' ? new RegExp(`^${message}$`, 'u') : message);
        assert.equal(reply.line, line === undefined ? undefined : 3);
        assert.equal(reply.file, line === undefined ? undefined : file);
    }
});

test('names the place in a helper beside the script', async () => {
    const helper = write('utils/helper.mjs', "\nexport const help = () => { throw new Error('in help') };\n");
    const { reply } = await runSection(script({ up: 'async () => help()' }, { head: "import { help } from './utils/helper.mjs';" }));
    assert.deepEqual([reply.file, reply.line], [helper, 2]);
});

test('names the place of the query that failed, and what the database said', async () => {
    const file = script({ up: 'async (pool) => {\n    await pool.query(sql`select 1`);\n  }' });
    const { reply } = await runSection(file, { answer: failing('42P01', { detail: 'more', hint: 'less' }) });
    assert.deepEqual([reply.file, reply.line, reply.source], [file, 4, '    await pool.query(sql`select 1`);']);
    assert.deepEqual([reply.message, reply.code, reply.detail, reply.hint], ['the database said no', '42P01', 'more', 'less']);
    assert.doesNotMatch(reply.stack, /eval|node:internal/u);
});

/* A transaction of PostgreSQL's: a query that holds "wrong" aborts it, ROLLBACK TO SAVEPOINT mends it. */
function aborting() {
    let isAborted = false;
    return ({ sql }) => {
        if (sql.startsWith('ROLLBACK'))
            isAborted = false;
        if (isAborted)
            return failing('25P02')();
        isAborted = sql.includes('wrong');
        return isAborted ? { type: 'failure', message: `the database said no to ${sql}`, code: '22012', detail: 'more' } : {};
    };
}

test('names the first query that failed when a script goes on behind it', async () => {
    const wrong = (name = '', pool = 'pool') => `await ${pool}.query(sql\`wrong${name}\`)`;
    const cases = [
        [`try { ${wrong()} } catch {}`, 'wrong'],
        [`try { ${wrong()} } catch {} await pool.query(sql\`a\`);`, 'wrong'],
        [`await Promise.allSettled([pool.query(sql\`a\`), pool.query(sql\`wrong1\`), pool.query(sql\`wrong2\`)]);`, 'wrong1'],
        [`await pool.transaction(async (a) => { ${wrong(1, 'a')} }).catch(() => {}); try { ${wrong(2)} } catch {}`, 'wrong2'],
        [`await pool.transaction(async (a) => { try { ${wrong(1, 'a')} } catch {} });`, 'wrong1'],
    ];
    for (const [text, query] of cases) {
        const file = script({ up: `async (pool) => {\n ${text}\n }` });
        const { reply } = await runSection(file, { answer: aborting() });
        assert.deepEqual([reply.type, reply.message, reply.code], ['failed', `the database said no to ${query}`, '22012']);
        assert.equal(reply.detail, 'more\nthe script went on behind it, in a transaction that was aborted');
        assert.deepEqual([reply.file, reply.line], [file, 4]);
    }
});

test('lets a script go on behind a query that failed where that does no harm', async () => {
    const cases = [
        ['up', 'await pool.transaction(async (a) => { await a.query(sql`wrong`) }).catch(() => {});', aborting()],
        ['beforeUp', 'await pool.query(sql`wrong`).catch(() => {});', ({ sql }) => (sql === 'wrong' ? failing('22012')() : {})],
        ['up', 'await pool.query(sql`COMMIT`).catch(() => {});', ({ sql }) => (sql === 'COMMIT' ? failing('2D000')() : {})],
    ];
    for (const [section, text, answer] of cases) {
        const { reply } = await runSection(script({ [section]: `async (pool) => { ${text} }` }), { section, answer });
        assert.equal(reply.type, 'done');
    }
    const own = await runSection(script({ up: 'async (pool) => { await pool.query(sql`wrong`).catch(() => { throw new Error("mine") }) }' }), { answer: aborting() });
    assert.equal(own.reply.message, 'mine');
});

test("does not take a script's own code for the database's", async () => {
    const { reply } = await runSection(script({ up: 'async () => { throw Object.assign(new Error("x"), { code: "40001" }) }' }));
    assert.equal(reply.code, undefined);
});

test('fails a section for what it threw or rejected in the turn of its end', async () => {
    const cases = ['setImmediate(() => { throw new Error("late throw") })', 'Promise.reject(new Error("late throw"))'];
    for (const text of cases) {
        const { reply } = await runSection(script({ up: `async () => { ${text} }` }));
        assert.deepEqual([reply.type, reply.message, reply.line], ['failed', 'late throw', 3]);
    }
});

const throwsLate = () => script({ up: 'async () => { setTimeout(() => { console.log("thrown"); throw new Error("late throw") }, 20) }' });
const lateMessage = (file) => `an error of ${path.basename(file)}, which was done before, came late: late throw`;

async function runUntilThrown(host, file) {
    assert.equal((await host.run(file)).type, 'done');
    while (!host.output.includes('thrown'))
        await new Promise((done) => { host.child.stdout.once('data', done); });
}

test('says whose an error is that comes while another script runs', async () => {
    const first = throwsLate();
    await withHost(undefined, async (host) => {
        assert.equal((await host.run(first)).type, 'done');
        const reply = await host.run(script({ up: '() => new Promise((done) => setTimeout(done, 60_000))' }));
        assert.deepEqual([reply.type, reply.message, reply.file, reply.line], ['failed', lateMessage(first), first, 3]);
    });
});

test('says whose an error is that comes between two scripts', async () => {
    const first = throwsLate();
    await withHost(undefined, async (host) => {
        await runUntilThrown(host, first);
        assert.equal((await host.load(script({}))).type, 'loaded');
        const reply = await host.run(script({}));
        assert.deepEqual([reply.type, reply.message, reply.file, reply.line], ['failed', lateMessage(first), first, 3]);
        assert.equal((await host.run(script({}))).type, 'done');
    });
});

test('shows an error that comes when all is done', async () => {
    const host = startHost();
    await host.ready;
    const file = throwsLate();
    await runUntilThrown(host, file);
    assert.deepEqual(await host.end(), { code: 0, signal: null });
    assert.equal(host.errors, `${lateMessage(file)}\n`);
});

test('reports a script that exits', async () => {
    const file = script({ up: 'async () => { process.exit(3); }' });
    await withHost(undefined, async (host) => {
        const reply = await host.run(file);
        assert.deepEqual([reply.type, reply.message, reply.line], ['failed', 'the script called process.exit(3)', 3]);
        assert.deepEqual(await host.exited, { code: 3, signal: null });
    });
});

test('leaves nothing open when a script is killed', async () => {
    const { reply } = await runSection(script({ up: 'async () => { process.kill(process.pid, "SIGKILL"); await new Promise(() => {}) }' }));
    assert.deepEqual([reply.type, reply.signal], ['ended', 'SIGKILL']);
});

test('reports a promise that nothing can settle', async () => {
    const cases = ['() => new Promise(() => {})', 'async (pool) => { await pool.query(sql`select 1`); await new Promise(() => {}) }'];
    for (const up of cases) {
        const { reply } = await runSection(script({ up }));
        assert.match(reply.message, /never resolved/u);
    }
});

test('reports a module that never loads', async () => {
    const { reply } = await runSection(write('waits.mjs', 'await new Promise(() => {});\nexport default { up() {} };'));
    assert.match(reply.message, /never resolved/u);
});

test('waits for a timer', async () => {
    const { reply } = await runSection(script({ up: '() => new Promise((done) => setTimeout(done, 100))' }));
    assert.equal(reply.type, 'done');
});

test('waits for an answer however long it takes', async () => {
    const answer = () => new Promise((resolve) => { setTimeout(resolve, 300, {}); });
    const { reply } = await runSection(script({ up: 'async (pool) => { await pool.query(sql`select 1`) }' }), { answer });
    assert.equal(reply.type, 'done');
});

test('keeps what a script prints apart from the protocol', async () => {
    const file = script({ up: 'async () => { console.log("x".repeat(1_000_000)); console.error("oops") }' });
    const { reply, host } = await runSection(file);
    assert.equal(reply.type, 'done');
    assert.equal(host.output.length, 1_000_001);
    assert.equal(host.errors, 'oops\n');
});

test('cuts a message of a megabyte, and shows that it did', async () => {
    const { reply } = await runSection(script({ up: 'async () => { throw new Error("x".repeat(1_000_000)) }' }));
    assert.ok(reply.message.length < 17_000);
    assert.match(reply.message, /… \(1000000 characters\)$/u);
});

test('runs a script again, for another try', async () => {
    const file = script({ up: 'async (pool) => { await pool.query(sql`select ${++count}`) }' }, { head: "import { sql } from 'dbalt';\nlet count = 0;" });
    await withHost(undefined, async (host) => {
        await host.run(file);
        await host.run(file);
        assert.deepEqual(host.queries.map(({ values }) => values), [['1'], ['2']]);
    });
});

test('goes on after a failure', async () => {
    await withHost(undefined, async (host) => {
        assert.equal((await host.run(script({ up: 'async () => { throw new Error() }' }))).type, 'failed');
        assert.equal((await host.run(script({}))).type, 'done');
    });
});

test('gives a script a pool that ends with its section', async () => {
    const head = "import { sql } from 'dbalt';\nlet kept;";
    const file = script({ up: 'async (pool) => { kept = pool }', down: 'async () => { await kept.query(sql`select 1`) }' }, { head });
    await withHost(undefined, async (host) => {
        assert.equal((await host.run(file)).type, 'done');
        assert.equal((await host.run(file, 'down')).message, 'Cannot use released connection');
        assert.deepEqual(host.queries, []);
    });
});

const wordsOf = ({ queries }) => queries.map(({ values, more = false }) => `${values[0]}${more ? '+' : ''}`).join(' ');

test('asks at once what a script does not await, and in order', async () => {
    const cases = [
        ['for (const n of [1, 2, 3]) await ask(n);', '1 2 3'],
        ['await Promise.all([1, 2, 3].map(ask));', '1+ 2+ 3'],
        ['await Promise.all([1, 2, 3].map(async (n) => { await null; await ask(n); await ask(`${n}b`); }));', '1+ 2+ 3 1b+ 2b+ 3b'],
        ['await Promise.all([ask(1), ask(2).then(() => ask(3))]); await ask(4);', '1+ 2 3 4'],
        ['ask(1); await ask(2);', '1+ 2'],
    ];
    for (const [text, words] of cases) {
        const up = `async (pool) => { const ask = (n) => pool.query(sql\`select \${n}\`); ${text} }`;
        const { reply, host } = await runSection(script({ up }));
        assert.equal(reply.type, 'done');
        assert.equal(wordsOf(host), words);
    }
});

test('gives each query its own answer, also when they come at once', async () => {
    const up = 'async (pool) => { console.log((await Promise.all([1, 2, 3].map((n) => pool.oneFirst(sql`select ${n}`)))).join()) }';
    const { host } = await runSection(script({ up }), { answer: ({ values }) => rows({ a: 25 }, [`of ${values[0]}`]) });
    assert.equal(host.output, 'of 1,of 2,of 3\n');
});

test('tells with the end of a section what is known of the scripts behind it', async () => {
    const [first, second, third] = [script({}), script({ down: 'async () => {}' }), write('wrong.mjs', 'nonsense')];
    await withHost(undefined, async (host) => {
        host.write({ type: 'expect', section: 'up', paths: [first, second, third] });
        assert.equal((await host.load(second)).type, 'loaded');
        assert.deepEqual(await host.run(first), { type: 'done', known: [{ path: second, sections: ['up', 'down'] }] });
        assert.deepEqual(await host.run(second), { type: 'done', known: [] });
    });
});

const asksOne = 'async (pool) => { await pool.query(sql`select 1`); }';

/* What the host says of scripts when it has imported all of them ahead. */
async function knownOf(host, scripts, { section = 'up', database } = {}) {
    const last = script({ up: asksOne, down: asksOne });
    host.write({ type: 'expect', section, paths: [...scripts, last], database });
    while ((await host.load(last)).known[0].queries === undefined);
    return (await host.load(scripts[0])).known;
}

test('tells what a section asks that is nothing but queries', async () => {
    const head = "import { sql } from 'dbalt'; const users = sql.identifier(['users']); const n = 1; const no = undefined; let that = users; const { them } = { them: users };";
    const one = 'await pool.query(sql`select 1`);';
    const plain = {
        [asksOne]: ['select 1'],
        [`async (pool) => {${one}${one}}`]: ['select 1', 'select 1'],
        'async (pool) => {\n  // one\n  await pool.query(sql`\n    alter table ${users} /* that */\n    add column "$" text; -- end\n  `);\n  /* **/\n}':
            ['alter table "users" add column "$" text;'],
        'async function (p) { await p.query(\n  sql`select ${ users }`\n); }': ['select "users"'],
        'async function up(p) { await p.query(sql`select ${users}`); }': ['select "users"'],
    };
    const others = [
        `async (pool) => { console.log('seen'); ${one} }`,
        `async (pool) => { ${one} console.log('seen'); }`,
        `async (pool) => { /* */ console.log('seen'); /* */ ${one} }`,
        `async (pool) => { // \u2028 console.log('seen');\n ${one} }`,
        `async (pool) => { if (n) ${one} }`,
        `async (pool) => { pool.query(sql\`select 1\`); }`,
        `async (pool = console.log('seen')) => { ${one} }`,
        `async (pool, other) => { ${one} }`,
        'async (sql) => { await sql.query(sql`select 1`); }',
        'async function sql(pool) { await pool.query(sql`select 1`); }',
        'async (pool) => { await pool.query(sql`select ${n}`); }', /* a value */
        'async (pool) => { await pool.query(sql`select ${no}`); }',
        'async (pool) => { await pool.query(sql`select ${that}`); }', /* it may change */
        'async (pool) => { await pool.query(sql`select ${them}`); }',
        'async (pool) => { await pool.query(sql`select ${nobody}`); }',
        "async (pool) => { await pool.query(sql`select ${console.log('seen')}`); }",
        'async (pool) => { await pool.query(sql`select \\`1\\``); }',
        'async (pool) => { await pool.query(sql` `); }',
        `async (pool) => { await pool.query(sql\`select '${'x'.repeat(300_000)}'\`); }`,
        'async (pool) => { await pool.query(sql`select 1`, 2); }',
        'async (pool) => { await pool.any(sql`select 1`); }',
        'async (pool) => { await pool.query`select 1`; }',
        'async () => {}',
    ];
    await withHost(undefined, async (host) => {
        for (const [up, queries] of [...Object.entries(plain), ...others.map((other) => [other])])
            assert.deepEqual((await knownOf(host, [script({ up }, { head })]))[0].queries, queries, up);
        assert.equal(host.output, '');
    });
});

test('tells nothing ahead of what has a tag of its own', async () => {
    const heads = [
        "import { sql as real } from 'dbalt'; const sql = (...parts) => { console.log('seen'); return real(...parts); };",
        "import * as dbalt from 'dbalt'; const { sql } = dbalt;",
        'const sql = () => process.exit(3);',
    ];
    await withHost(undefined, async (host) => {
        for (const head of heads)
            assert.equal((await knownOf(host, [script({ up: asksOne }, { head })]))[0].queries, undefined, head);
        assert.equal(host.output, '');
    });
});

test('tells nothing ahead of a script that was imported just now, nor while an error waits', async () => {
    await withHost(undefined, async (host) => {
        assert.equal((await host.load(script({ up: asksOne }))).known[0].queries, undefined);
    });
    const late = script({ up: asksOne }, { head: "import { sql } from 'dbalt'; Promise.reject(new Error('late one'));" });
    await withHost(undefined, async (host) => {
        const first = script({ up: asksOne });
        assert.notEqual((await knownOf(host, [first]))[0].queries, undefined);
        host.write({ type: 'expect', section: 'up', paths: [late] });
        let reply;
        do
            reply = await host.load(first);
        while (reply.known?.[0].queries !== undefined);
        if (reply.type === 'loaded') /* else the error came during that */
            reply = await host.run(first);
        assert.match(reply.message, /late one/u);
    });
});

test('tells of all scripts up to one that must run', async () => {
    const up = asksOne;
    const scripts = [script({ up, down: up }), script({ up, beforeUp: up }), script({ up: 'async () => {}', down: up }), script({ up })];
    const known = async (section) => withHost(undefined, async (host) =>
        (await knownOf(host, scripts, { section })).map(({ path, queries }) => [scripts.indexOf(path), queries !== undefined]));
    assert.deepEqual(await known('up'), [[0, true], [1, true], [2, false]]);
    assert.deepEqual(await known('down'), [[0, true], [1, false]]);
});

test('tells behind what ran outside a transaction of its script first', async () => {
    const [first, second] = [script({ up: asksOne, beforeUp: asksOne }), script({})];
    await withHost(undefined, async (host) => {
        await knownOf(host, [first, second]);
        assert.deepEqual((await host.run(first, 'beforeUp')).known.map(({ path }) => path), [first, second]);
    });
});

/* A script in which nothing but the body of `up` is special. */
const quiet = (body, head = "import { sql } from 'dbalt';") => script({ up: `async (pool) => {\n${body.replaceAll(/^/gmu, '    ')}\n  }` }, { head });
const ask = (text, method = 'query') => `await pool.${method}(sql\`${text}\`);`;
const oneRow = () => rows({ n: 23 }, ['1']);

test('does not wait for queries whose results are thrown away', async () => {
    write('help.mjs', `import { sql } from 'dbalt';
const getId = (value) => sql.identifier([value]);
export const help = async (pool, table) => {
    const { n } = await pool.one(sql\`one\`);
    // what follows
    /* is
     * one */
    await pool.query(sql\`\${getId(table)} \${n}\`);
};
`);
    const head = "import { sql } from 'dbalt';\nimport { help } from './help.mjs';";
    const constants = "/* some\n * words */\nconst one = 1;\nexport const two = 'a';\n"
        + "const users = sql.identifier(['users']);\nconst twice = (n) => 2 * n;\nfunction half(n) {\n    return n / 2;\n}";
    const cases = [
        [quiet(`${ask('a')}\n${ask('b')}`, `${head.split('\n')[0]}\n${constants}`), [['a', 'b']]],
        [quiet(`${ask('a')} ${ask('b', 'any')}\n${ask('c')}`), [['a', 'b'], ['c']]],
        [quiet(`for (const n of [1, 2])\n    if (n > 0) {\n        ${ask('n $' + '{n}')}\n    }\n${ask('b', 'exists')}`), [['n $1', 'n $1', 'SELECT EXISTS(b)']]],
        [quiet(`${ask('a')}\nawait help(pool, 'c');\n${ask('d')}`, head), [['a', 'one'], ['"c" $1', 'd']]],
        [quiet(`for (let i = 0; i < 100; i++)\n    ${ask('a')}`), [Array(64).fill('a'), Array(36).fill('a')]],
        [quiet(`for (let i = 0; i < 3; i++)\n    await pool.query(sql\`x \${'x'.repeat(200_000)}\`);`), [['x $1', 'x $1'], ['x $1']]],
    ];
    for (const [file, turns] of cases) {
        const { reply, host } = await runSection(file, { answer: oneRow });
        assert.deepEqual([reply, host.turns], [{ type: 'done', known: [] }, turns], textOf(host).join());
    }
});

test('tells what a script asks that can do nothing but query, where that depends on no more than the name of the database', async () => {
    write('rules.mjs', `import { sql } from 'dbalt';
const nameOf = async (pool) => {
    const { currentDatabase } = await pool.one(sql\`
      select current_database();
    \`);
    return currentDatabase.replaceAll('-', '_');
};
export const addRules = async (pool, table) => {
    const role = sql.identifier(['role_' + await nameOf(pool)]);
    await pool.query(sql\`grant select on \${sql.identifier([table])} to \${role}\`);
};
`);
    const head = "import { sql } from 'dbalt';\nimport { addRules } from './rules.mjs';";
    const cases = [
        [quiet(`${ask('a')}\nawait addRules(pool, 'users');\n${ask('b')}`, head), ['a', 'grant select on "users" to "role_my_db"', 'b']],
        [quiet(`for (const table of ['t', 'u'])\n    await addRules(pool, table);`, head), ['t', 'u'].map((table) => `grant select on "${table}" to "role_my_db"`)],
        [quiet(`const name = ${ask('SELECT current_database()', 'oneFirst')}\nif (name === 'my-db') {\n    ${ask('a')}\n}`), ['a']],
        [quiet(`for (const n of [1, 2])\n    if (n > 1) {\n        ${ask('a')}\n    }`), ['a']],
        [quiet(`${ask('select current_database()')}\n${ask('a')}`), ['select current_database()', 'a']],
        [quiet(`${ask('a')}\n${ask('b', 'any')}`)],
        [quiet(`${ask('a')}\n${ask('select current_database(), 1', 'one')}`)],
        [quiet(`${ask('a')}\n${ask('select current_database()', 'exists')}`)],
        [quiet(`const n = 1;\n${ask('a $' + '{n}')}`)],
        [quiet(`${ask('a')}\nthrow new Error('this is more');`)],
        [quiet(`if (false) {\n    ${ask('a')}\n}`)],
        [quiet(`for (let i = 0; i < 1; i--)\n    ${ask('a')}`)],
        [quiet(`for (;;)\n    ;`)],
        [quiet(`while (true)\n    ;`)],
        [quiet(`do {\n} while (true)`)],
        [quiet(ask('\u017felect current_database()', 'one'))],
        [script({ up: `(pool) => {\n    ${ask('a').replace('await', 'return')}\n  }` })],
    ];
    await withHost(oneRow, async (host) => {
        for (const [file, queries] of cases)
            assert.deepEqual((await knownOf(host, [file], { database: 'my-db' }))[0].queries, queries, file);
        assert.equal((await knownOf(host, [cases[0][0]]))[0].queries, undefined);
        assert.deepEqual(textOf(host), []);
    });
});

test('asks dbalt for the name of the database only where it was not told, or where somebody might see that', async () => {
    const name = ask('select current_database()', 'one');
    const files = [quiet(`${name}\n${ask('a', 'any')}`), quiet(`console.log(1);\n${name}\n${ask('a', 'any')}`)];
    const asked = async (database) => withHost(oneRow, async (host) => {
        host.write({ type: 'expect', section: 'up', paths: [], database });
        for (const file of files)
            assert.equal((await host.run(file)).type, 'done');
        return textOf(host);
    });
    assert.deepEqual(await asked('my-db'), ['a', 'select current_database()', 'a']);
    assert.deepEqual(await asked(undefined), ['select current_database()', 'a', 'select current_database()', 'a']);
});

test('waits for queries wherever that could be seen', async () => {
    write('loud.mjs', "import { sql } from 'dbalt';\nexport const help = async (pool) => { console.log('help'); };\n");
    write('round.mjs', "import { sql } from 'dbalt';\nimport { around } from './around.mjs';\nexport const help = async (pool) => {};\n");
    write('around.mjs', "import { sql } from 'dbalt';\nimport { help } from './round.mjs';\nexport const around = 1;\n");
    write('linked/one.mjs', "export const one = 1;\n");
    write('real/one.mjs', "import { inspect } from 'node:util';\nexport const one = inspect(1);\n");
    write('real/near.mjs', `import { sql } from 'dbalt';\nimport { one } from './one.mjs';\nexport const linked = async (pool) => {\n${ask('a')}\n};\n`);
    symlinkSync('../real/near.mjs', path.join(folder, 'linked/near.mjs'));
    const dbalt = "import { sql } from 'dbalt';\n";
    const [a, b] = [ask('a'), ask('b')];
    const bodies = [
        [`${a}\nconsole.log('seen');\n${b}`],
        [`${a}\nprocess.title;\n${b}`],
        [`${a}\nawait pool.query(sql\`b \${Date.now()}\`);`],
        [`${a}\nglobalThis.seen = 1;\n${b}`],
        [`${a}\nlog('seen');\n${b}`, `${dbalt}import { inspect as log } from 'node:util';`],
        [`${a}\nlog.inspect('seen');\n${b}`, `${dbalt}import log from 'node:util';`],
        [`${a}\nlog.inspect('seen');\n${b}`, `${dbalt}import * as log from 'node:util';`],
        [`${a}\nawait import('node:util');\n${b}`],
        [`${a}\nawait help(pool);\n${b}`, `${dbalt}import { help } from './loud.mjs';`],
        [`${a}\nawait help(pool);\n${b}`, `${dbalt}export * from './loud.mjs';\nimport { help } from './loud.mjs';`],
        [`${a}\nawait help(pool);\n${b}`, `${dbalt}import { help } from './round.mjs';`],
        [`try {\n${a}\n} finally {}\n${b}`],
        [`${a}\nsql.count = 1;\n${b}`],
        [`${a}\nsql['count'] ??= 1;\n${b}`],
        [`${a}\nMath.count++;\n${b}`],
        [`${a}\n--Math.count;\n${b}`],
        [`${a}\nObject.assign(half, { count: 1 });\n${b}`, `${dbalt}const half = (n) => n / 2;`],
        [`${a}\nObject.assign(Math, { count: 1 });\n${b}`],
        [`${a}\nBigInt.prototype.toJSON = String;\n${b}`],
        [`${a}\nObject.defineProperty(Math, 'count', { value: 1 });\n${b}`],
        [`${a}\nError.stackTraceLimit = 0;\n${b}`],
        [`${a}\nArray.fromAsync?.([]);\n${b}`],
        [`let n = 0;\nwhile (n++ < 1)\n    ${a}\n${b}`],
        [`await pool.query(sql\`a\`).then(() => {});\n${b}`],
        [`await pool.query(sql\`a\`).catch(() => {});\n${b}`],
        [`await Promise.resolve();\n${a}\n${b}`],
        [`const one =\n    ${a}\n${b}`],
        [`const one = // one();\n    ${a}\n${b}`],
        [`const one = /* one(); */\n    ${a}\n${b}`],
        [`const one = await pool.query(sql\`a\`);\n${b}`],
        [`const one = [await pool.query(sql\`a\`)];\n${b}`],
        [`const one = \`\${\n    await pool.query(sql\`a\`)}\`;\n${b}`],
        [`const p = pool;\n${a}\n${b}`],
        [`const { query } = pool;\n${a}\n${b}`],
        [`const both = [pool];\n${a}\n${b}`],
        [`const run = async () => {\n${a}\n};\nawait run();\n${b}`],
        [`const run = async (pool) => {\n${a}\n};\nconst other = run(pool);\nawait other;\n${b}`],
        [`const run = async (own) => {\nawait own.query(sql\`a\`);\n};\nawait run(pool);\n${b}`],
        [`const run = (own) => own.query(sql\`a\`);\nawait run(pool);\n${b}`],
        [`${a}\nawait pool.transaction(async (pool) => {\n${b}\n});`],
        [`const take = ({ query }, text) => query(text);\nawait take(pool, sql\`a\`);\n${b}`],
        [`function take(own) { return own['query'](sql\`a\`); }\nawait take(pool);\n${b}`],
        [`const each = (own, work) => work(own);\nconst run = async (pool) => {\n${a}\n};\nawait each(pool, run);\n${b}`],
        [`const run = { async one(pool) {\n${a}\n} };\nawait run.one(pool);\n${b}`],
        [`await one(pool);\n${b}`, `${dbalt}import { linked as one } from './linked/near.mjs';`],
        [`await linked(pool);\n${b}`, `${dbalt}import { linked } from './linked/near.mjs';`],
        [`${a}\n${b}\n// ${'x'.repeat(1000)}`],
        [`for (const one of [1].map((n) => pool)) {\n${a}\n${b}\n}`],
        [`const all = async function* (pool) {\n${a}\n};\nfor await (const one of all(pool)) {}\n${b}`],
        [`${a}\ntypeof arguments;\n${b}`],
        [`${a}\nsetTimeout(() => {}, 0);\n${b}`],
    ];
    for (const [body, head] of bodies) {
        const { reply, host } = await runSection(quiet(body, head), { answer: oneRow });
        assert.equal(host.turns[0]?.length, 1, `${body}: ${reply.message}`);
    }
    /* What it keeps in memory another try would meet. */
    for (const keeps of ['let n = 0;', 'const all = [];', 'const kept = { n: 0 };', 'const next = (() => { let n = 0; return () => n; })();', '/* */ let n = 0;',
        'const one = 1; let n = 0;', 'const f = () => 1; let n = 0;', 'const kept = {\n    n: 0,\n};', 'const kept = new Map();', 'export let n = 0;', 'class Kept {}',
        'const kept = Object.freeze({ all: [] });', "const log = sql.identifier(['log']),\n    all = [];", "const log = sql.identifier(['log']), all = [];",
        'const f = (x) => x, all = [];', 'const f = (x) => {\n    return x;\n},\n    all = [];', 'const f = (x) => {\n    return x;\n}\n    , all = [];',
        'function f() {\n    f.last = 1;\n}', 'const f = (x) => {\n    f.all ??= [];\n};', 'function sqlList() {\n    return [];\n}\nconst all = sqlList();',
        'function f() {\n    return 1; }\n    let n = 0;', '/*\n */ let n = 0;', '/*\n */\n    let n = 0;'])
        assert.equal((await runSection(quiet(`${a}\n${b}`, `${dbalt}${keeps}`))).host.turns[0]?.length, 1, keeps);
    const plain = await runSection(script({ up: `({ query }) => { query(sql\`a\`); return query(sql\`b\`); }`, down: `async (pool) => {\n    ${a}\n  }` }));
    assert.deepEqual([plain.reply.type, plain.host.queries.some(({ unseen }) => unseen)], ['done', false]);
    /* Outside a transaction each query commits by itself. */
    const outside = script({ beforeUp: `async (pool) => {\n${a}\n${b}\n}` });
    const { reply, host } = await runSection(outside, { section: 'beforeUp' });
    assert.deepEqual([reply.type, host.turns], ['done', [['a'], ['b']]]);
});

test('tells what fails that was not waited for, with its place', async () => {
    const failingAt = (...texts) => ({ sql }) => (texts.includes(sql) ? { type: 'failure', message: `${sql} fails`, code: '22012' } : oneRow());
    const file = quiet(`${ask('a')}\n${ask('b')}\n${ask('c', 'one')}\n${ask('d')}\n${ask('e')}`); /* "a" stands in line 4 */
    for (const [texts, message, line, turns] of [
        [['a', 'b', 'c'], 'a fails', 4, 1],
        [['b', 'c'], 'b fails', 5, 1],
        [['c'], 'c fails', 6, 1],
        [['d', 'e'], 'd fails', 7, 2],
        [['e'], 'e fails', 8, 2],
    ]) {
        const { reply, host } = await runSection(file, { answer: failingAt(...texts) });
        assert.deepEqual([reply.type, reply.message, reply.line, reply.code, reply.file], ['failed', message, line, '22012', file]);
        assert.equal(host.turns.length, turns);
        assert.match(reply.stack, /up/u);
    }
});

test('an error of the script comes behind those of the queries before it', async () => {
    const file = quiet(`${ask('a')}\nconst nobody = undefined;\nnobody.nothing;\n${ask('b')}`);
    const first = await runSection(file, { answer: failing('22012') });
    assert.deepEqual([first.reply.type, first.reply.code, first.reply.line, first.host.turns], ['failed', '22012', 4, [['a']]]);
    const second = await runSection(file, { answer: oneRow });
    assert.deepEqual([second.reply.type, second.reply.name, second.reply.line, second.host.turns], ['failed', 'TypeError', 6, [['a']]]);
    for (const [body, name] of [["await pool.query('b');", 'TypeError'], ['await pool.query(sql`select $' + "{'\\0'}`);", 'Error']]) {
        const wrong = await runSection(quiet(`${ask('a')}\n${body}`), { answer: oneRow });
        assert.deepEqual([wrong.reply.name, wrong.reply.line, wrong.host.turns], [name, 5, [['a']]]);
        const before = await runSection(quiet(`${ask('a')}\n${body}`), { answer: failing('22012') });
        assert.deepEqual([before.reply.code, before.reply.line], ['22012', 4]);
    }
});

test('a section is a method of what the script exports', async () => {
    for (const first of ['', 'console.log(1);']) {
        const file = write(`this${first.length}.mjs`, `import { sql } from 'dbalt';
export default {
    table: sql.identifier(['of this']),
    async up(pool) {
        ${first}
        await pool.query(sql\`\${this.table}\`);
    },
    async beforeUp(pool) { await pool.query(sql\`\${this.table}\`); },
};
`);
        for (const section of ['up', 'beforeUp'])
            assert.deepEqual((await runSection(file, { section })).host.turns, [['"of this"']]);
    }
});

test('goes on to the next section behind one whose end was told ahead', async () => {
    const [first, second] = [quiet(ask('a')), quiet(`${ask('b')}\n${ask('c', 'one')}`)];
    await withHost(({ sql }) => (sql === 'c' ? { type: 'failure', message: 'no', code: '22012' } : oneRow()), async (host) => {
        assert.equal((await host.run(first)).type, 'done');
        assert.equal((await host.run(second)).line, 5);
        assert.equal((await host.run(first)).type, 'done');
        assert.deepEqual(host.turns, [['a'], ['b', 'c'], ['a']]);
    });
});

test('counts queries that nobody awaited to their section', async () => {
    const up = 'async (pool) => { pool.query(sql`select 1`).then(() => pool.query(sql`select 2`)) }';
    const good = await runSection(script({ up }));
    assert.deepEqual([good.reply.type, textOf(good.host)], ['done', ['select 1', 'select 2']]);
    const bad = await runSection(script({ up: 'async (pool) => { pool.query(sql`select 1`) }' }), { answer: failing('42601') });
    assert.deepEqual([bad.reply.type, bad.reply.code], ['failed', '42601']);
});

test('counts transactions that nobody awaited to their section', async () => {
    const pause = 'await new Promise((done) => setTimeout(done, 50));';
    const body = (end) => `async (pool) => { pool.transaction(async (a) => { await a.query(sql\`a\`); ${pause} ${end} }).catch(() => {}); }`;
    const cases = [
        ['up', 'throw new Error("undo");', ['SAVEPOINT slonik_savepoint_1', 'a', 'ROLLBACK TO SAVEPOINT slonik_savepoint_1']],
        ['down', 'await a.query(sql`b`);', ['SAVEPOINT slonik_savepoint_1', 'a', 'b']],
        ['beforeUp', 'await a.query(sql`b`);', ['START TRANSACTION', 'a', 'b', 'COMMIT']],
        ['beforeDown', 'throw new Error("undo");', ['START TRANSACTION', 'a', 'ROLLBACK']],
    ];
    for (const [section, end, texts] of cases) {
        const { reply, host } = await runSection(script({ [section]: body(end) }), { section });
        assert.deepEqual([reply.type, textOf(host)], ['done', texts]);
    }
});

test('fails a section when a transaction does that nobody awaited', async () => {
    const up = 'async (pool) => { pool.transaction(async () => { await new Promise((done) => setTimeout(done, 50)); throw new Error("undo"); }) }';
    const { reply } = await runSection(script({ up }));
    assert.deepEqual([reply.type, reply.message, reply.line], ['failed', 'undo', 3]);
});

test('reports a transaction that nobody awaited and that nothing can end', async () => {
    for (const section of ['up', 'beforeUp']) {
        const { reply } = await runSection(script({ [section]: 'async (pool) => { pool.transaction(() => new Promise(() => {})) }' }), { section });
        assert.match(reply.message, /never resolved/u);
    }
});

test('drops what waits behind a query that failed', async () => {
    const up = 'async (pool) => { setTimeout(() => pool.query(sql`select 2`).catch(() => {}), 1); await pool.query(sql`select 1`) }';
    const answer = () => new Promise((resolve) => { setTimeout(resolve, 100, failing('40001')()); });
    const { reply, host } = await runSection(script({ up }), { answer });
    assert.equal(reply.code, '40001');
    assert.deepEqual(textOf(host), ['select 1']);
});

test('carries megabytes both ways', async () => {
    const big = 'é'.repeat(2_000_000);
    const up = "async (pool) => { const { a } = await pool.one(sql`select ${'é'.repeat(2_000_000)}`); if (a.length !== 2_000_000) throw new Error('short') }";
    const { reply, host } = await runSection(script({ up }), { answer: () => rows({ a: 25 }, [big]) });
    assert.equal(reply.type, 'done');
    assert.equal(host.queries[0].values[0], big);
});

test('sends no text that the other side could not hold', async () => {
    const nul = await runSection(script({ up: "async (pool) => { await pool.query(sql`select ${'a\\0b'}`) }" }));
    assert.match(nul.reply.message, /U\+0000/u);
    const half = await runSection(script({ up: "async (pool) => { await pool.query(sql`select ${'\\ud800'}`) }" }));
    assert.deepEqual(half.host.queries[0].values, ['\u{fffd}']);
});

test('fails a question at once when there is no terminal, and names CI', async () => {
    const head = "import { createInterface } from 'node:readline/promises';";
    const up = 'async () => { await createInterface({ input: process.stdin, output: process.stdout }).question("Sure? ") }';
    const { reply } = await runSection(script({ up }, { head }), { request: { interactive: false } });
    assert.match(reply.message, /no terminal to answer it: with the variable CI/u);
});

test("fails inquirer's question at once, and lets it be when it has nothing to ask", async () => {
    const up = "async () => { await inquirer.prompt({ type: 'confirm', name: 'sure', message: 'Sure?', when: !process.env.CI }) }";
    const file = script({ up }, { head: "import inquirer from 'inquirer';" });
    const { CI, ...env } = process.env;
    const asks = await runSection(file, { env, cwd: installation });
    assert.match(asks.reply.message, /with the variable CI/u);
    assert.equal((await runSection(file, { env: { ...env, CI: 'true' }, cwd: installation })).reply.type, 'done');
});

test('lets a script open its input without asking', async () => {
    const head = "import { createInterface } from 'node:readline';";
    const up = 'async () => { createInterface({ input: process.stdin }).close() }';
    assert.equal((await runSection(script({ up }, { head }))).reply.type, 'done');
});

test('lets a script ask on a terminal', async () => {
    const head = "import { createInterface } from 'node:readline/promises';";
    const up = 'async () => { console.log("said " + await createInterface({ input: process.stdin, output: process.stdout }).question("Sure? ")) }';
    const host = startHost(undefined, { stdin: 'pipe' });
    await host.ready;
    host.child.stdin.write('yes\n');
    assert.equal((await host.run(script({ up }, { head }), 'up', { interactive: true })).type, 'done');
    host.child.stdin.end();
    await host.end();
    assert.match(host.output, /said yes/u);
});

test('calls Ctrl-C an interruption, also where inquirer signals itself', async () => {
    const cases = ['process.kill(process.pid, "SIGINT"); await new Promise(() => {})', 'throw Object.assign(new Error("closed"), { name: "ExitPromptError" })'];
    for (const text of cases) {
        const { reply } = await runSection(script({ up: `async () => { ${text} }` }));
        assert.deepEqual([reply.type, reply.interrupted], ['failed', true]);
    }
});

test('gives a script the environment of dbalt', async () => {
    const env = { ...process.env, DB_URL: 'postgres://here' };
    const { host } = await runSection(script({ up: 'async () => console.log(process.env.DB_URL)' }), { env });
    assert.equal(host.output, 'postgres://here\n');
});

test('keeps the pipe from what a script starts', async () => {
    const head = "import { spawn } from 'node:child_process';";
    const up = "async () => { spawn('sleep', ['30'], { detached: true, stdio: 'ignore' }).unref(); }";
    const before = Date.now();
    await withHost(undefined, async (host) => {
        await host.run(script({ up }, { head }));
        await host.end();
    });
    assert.ok(Date.now() - before < 10_000);
});
