import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { folder, rows, runSection, script, withHost, write } from './fixture.mjs';
import { installation } from './logto.mjs';
import { nodeUnderTest } from './host-client.mjs';

const major = Number(execFileSync(nodeUnderTest, ['--version'], { encoding: 'utf8' }).slice(1).split('.')[0]);

/* A folder laid out as Logto's image: scripts whose imports are installed for its CLI alone. */
function image() {
    const root = path.join(folder, 'image');
    mkdirSync(path.join(root, 'packages/cli/node_modules/@silverhand'), { recursive: true });
    write('image/packages/cli/package.json', '{"name": "@logto/cli", "type": "module"}');
    write('image/packages/cli/node_modules/only-there/package.json', '{"name": "only-there", "type": "module", "exports": {"import": "./index.js"}}');
    write('image/packages/cli/node_modules/only-there/index.js', "export const where = 'there';\n");
    symlinkSync(path.join(installation, 'node_modules/@silverhand/slonik'), path.join(root, 'packages/cli/node_modules/@silverhand/slonik'));
    write('image/packages/schemas/package.json', '{"name": "@logto/schemas", "type": "module"}');
    return root;
}
const root = image();

test('resolves from @logto/cli what does not resolve from the script', async () => {
    const file = write('image/packages/schemas/alterations-js/1.0.0-1-a.js',
        "import { sql } from '@silverhand/slonik';\nimport { where } from 'only-there';\n"
        + 'export default { up: async (pool) => { console.log(where); await pool.query(sql`select ${1}`) } };');
    const { reply, host } = await runSection(file);
    assert.deepEqual([reply.type, host.output, host.queries.length], ['done', 'there\n', 1]);
});

test('finds @logto/cli from the working directory too', async () => {
    const file = script({ up: 'async () => console.log(where)' }, { head: "import { where } from 'only-there';" });
    assert.equal((await runSection(file, { cwd: root })).host.output, 'there\n');
    assert.equal((await runSection(file)).reply.type, 'failed');
});

test('names the package that is nowhere', async () => {
    const { reply } = await runSection(script({}, { head: "import 'no-such-package';" }));
    assert.match(reply.message, /no-such-package/u);
    assert.equal(reply.stack, '');
});

test("offers its own sql as dbalt, and as a slonik that is not installed", async () => {
    for (const name of ['dbalt', '@silverhand/slonik', 'slonik']) {
        const head = `import { sql, NotFoundError } from '${name}';`;
        const up = 'async (pool) => { await pool.one(sql`select ${1}`).catch((error) => console.log(error instanceof NotFoundError)) }';
        const { reply, host } = await runSection(script({ up }, { head }), { answer: () => rows({ n: 23 }) });
        assert.deepEqual([reply.type, host.output], ['done', 'true\n'], name);
    }
});

test('offers its own sql to the files beside a script too', async () => {
    write('beside/deep.mjs', "import { sql } from 'dbalt';\nexport const one = sql`select 1`;\n");
    write('beside/near.mjs', "export { one } from './deep.mjs';\n");
    for (const imports of ["import { one } from './beside/near.mjs';", "import { sql } from 'dbalt';\nimport { one } from './beside/near.mjs';"]) {
        const { reply, host } = await runSection(script({ up: 'async (pool) => { await pool.any(one); }' }, { head: imports }));
        assert.deepEqual([reply, host.turns], [{ type: 'done', known: [] }, [['select 1']]], imports);
    }
});

test("throws the errors of the script's own slonik", async () => {
    const file = write('image/packages/schemas/alterations-js/1.0.0-2-b.js',
        "import { sql, NotFoundError, InvalidInputError } from '@silverhand/slonik';\n"
        + 'export default { up: async (pool) => {\n'
        + '  await pool.one(sql`select 1`).catch((error) => console.log(error instanceof NotFoundError));\n'
        + '  await pool.any(sql` `).catch((error) => console.log(error instanceof InvalidInputError));\n'
        + '} };');
    const { host } = await runSection(file, { answer: () => rows({ n: 23 }) });
    assert.equal(host.output, 'true\ntrue\n');
});

test('imports ahead what needs the hooks, while it is asked for', async () => {
    const file = script({ up: 'async () => console.log(typeof sql)' });
    await withHost(() => rows({}), async (host) => {
        host.write({ type: 'expect', section: 'up', paths: [file] });
        assert.deepEqual(await host.load(file), { type: 'loaded', known: [{ path: file, sections: ['up'] }] });
        assert.equal((await host.run(file)).type, 'done');
        await host.end(); /* what it printed has its own pipe */
        assert.equal(host.output, 'function\n');
    });
});

test('imports a module once, however often it runs', async () => {
    const file = write('once.mjs', "import { sql } from 'dbalt';\nconsole.log('imported');\nexport default { up() {}, down() {} };");
    await withHost(undefined, async (host) => {
        for (const reply of [await host.load(file), await host.run(file), await host.run(file, 'down')])
            assert.notEqual(reply.type, 'failed');
        await host.end(); /* what it printed has its own pipe */
        assert.equal(host.output, 'imported\n');
    });
});

test('imports the scripts to come while others work, and keeps their failures for their turn', async () => {
    const good = write('ahead/good.mjs', "console.log('good');\nexport default { up() { console.log('up') } };");
    const bad = write('ahead/bad.mjs', "console.log('bad');\nthrow new Error('mine');");
    const first = script({ up: 'async (pool) => { await pool.query(sql`select 1`); console.log("first"); }' });
    const answer = () => new Promise((resolve) => { setTimeout(resolve, 200, {}); });
    await withHost(answer, async (host) => {
        host.write({ type: 'expect', section: 'up', paths: [bad, path.join(folder, 'nowhere.mjs'), good] });
        assert.equal((await host.run(first)).type, 'done');
        assert.equal((await host.run(bad)).message, 'mine');
        assert.equal((await host.run(good)).type, 'done');
        await host.end(); /* what it printed has its own pipe */
        assert.equal(host.output.replace('first\n', ''), 'bad\ngood\nup\n');
    });
});

/* A folder of scripts that has the slonik of the installation. */
function withSlonik(name) {
    mkdirSync(path.join(folder, name, 'node_modules/@silverhand'), { recursive: true });
    symlinkSync(path.join(installation, 'node_modules/@silverhand/slonik'), path.join(folder, name, 'node_modules/@silverhand/slonik'));
    return name;
}

test('hears dbalt between two scripts to come', async () => {
    const name = withSlonik('busy');
    const imported = path.join(folder, name, 'imported');
    const busy = `appendFileSync('${imported}', 'x');\nfor (const end = Date.now() + 200; Date.now() < end;);`;
    const [first, ...others] = [1, 2, 3, 4, 5].map((number) => write(`${name}/1.0.0-${number}-a.mjs`,
        `import { sql } from '@silverhand/slonik';\nimport { appendFileSync } from 'node:fs';\n${busy}\nexport default { up() {} };`));
    await withHost(undefined, async (host) => {
        host.write({ type: 'expect', section: 'up', paths: [first, ...others] });
        while (!existsSync(imported))
            await new Promise(setImmediate);
        assert.equal((await host.load(first)).type, 'loaded');
        assert.ok(readFileSync(imported, 'utf8').length <= others.length);
    });
});

test('takes a script for what Node takes it for, with the slonik that is replaced too', async () => {
    const name = withSlonik('common');
    const common = write(`${name}/1.0.0-1-a.js`,
        "const { format } = require('node:util');\nmodule.exports = { up: async () => { console.log(format('%s', 'common')); } };");
    write(`${name}/modules/package.json`, '\uFEFF{"type": "module"}');
    write(`${name}/modules/name.js`, "export const name = 'helper';\n");
    const inPackage = write(`${name}/modules/1.0.0-1-a.js`,
        "\uFEFF#!/usr/bin/env node\nimport { sql } from '@silverhand/slonik';\nimport { name } from './name.js';\n"
        + "export default {\n  up: async () => console.log(name, import.meta.url),\n  down: async () => { throw new Error('down'); },\n};");
    for (const [file, said] of [[common, 'common\n'], [inPackage, `helper ${pathToFileURL(inPackage)}\n`]])
        await withHost(undefined, async (host) => {
            assert.equal((await host.run(file)).type, 'done');
            if (file === inPackage) {
                const { message, line, source } = await host.run(file, 'down');
                assert.deepEqual([message, line, source], ['down', 6, "  down: async () => { throw new Error('down'); },"]);
            }
            await host.end();
            assert.equal(host.output, said);
        });
    assert.match((await runSection(`${name}/modules/1.0.0-2-b.js`)).reply.message, /1\.0\.0-2-b\.js/u);
    const broken = write(`${name}/modules/1.0.0-3-c.js`, 'export default {\n  up() {\n};\n');
    const { reply } = await runSection(broken);
    assert.deepEqual([reply.file, reply.line], [broken, 3]);
});

/* What a module of the package asks for, in turn: what is plain, and what one could take for it. */
const asked = [
    './a.js', './sub/b.js', './sub/d.js', '../lib/a.js', './sub/../a.js', './a.b.js', './nested/module/e.js', './nested/module/f.js',
    './link.js', './elsewhere.js', './linked/b.js', './linked/d.js', './dangling.js', '../linked-lib/a.js',
    './a.js?query', './a.js#fragment', './a.js?', './%61.js', './sub/%2e%2e/a.js', './sub%2fb.js', './a%20b.js', './a b.js', '.\\a.js', './\ta.js',
    './/a.js', './sub//b.js', './a.js/', './A.js', './a', './sub', './sub/', './folder.js', './.js', './..js', '.js', './', '.', '..',
    './nowhere.js', './nowhere/a.js', './sub/nowhere.js', './a.js/b.js', '../../../../../../../../../../../../a.js',
    './nested/m.mjs', './nested/m.mjs?.js', './nested/common.js', './nested/again.js', './typeless/syntax.js', './typeless/common.js',
    './c.cjs', './patched.js', './m.mjs', './data.json', './n.node', './w.wasm', 'package', '#own', 'file:a.js', 'data:text/javascript,import "./a.js"',
];
const asksFor = `
import { ask, required } from 'package';
const seen = [];
const instance = (module) => (seen.includes(module) ? seen.indexOf(module) : seen.push(module) - 1);
const outcome = async (work) => {
    try {
        const result = await work();
        return typeof result === 'string' ? result : [instance(result), result.url ?? result.default];
    } catch (error) {
        return [error.name, error.code, error.message];
    }
};
export default { up: async () => {
    const { ask: askWithQuery } = await ask.load('./index.js?query');
    for (const round of [1, 2])
        for (const specifier of ${JSON.stringify(asked)}) {
            const works = [
                () => ask.load(specifier), () => ask.load(specifier, { with: { type: 'json' } }), () => askWithQuery.load(specifier),
                () => ask.resolve(specifier), () => ask.load(ask.resolve(specifier)),
                () => required(specifier), () => ask.require(specifier), () => ask.require.resolve(specifier),
            ];
            for (const work of works)
                console.log(JSON.stringify([round, specifier, String(work), await outcome(work)]));
        }
} };
`;

/* A package with what asks, and what there is to ask for; beside it the script. */
function writeAsking(name) {
    const lib = `${name}/node_modules/package/lib`;
    const files = {
        '../package.json': '{"name": "package", "type": "module", "exports": "./lib/index.js", "imports": {"#own": "./lib/a.js"}}',
        'index.js': `import { createRequire } from 'node:module';
            export { default as required } from './require.cjs';
            export const ask = {
                load: (specifier, options) => import(specifier, options),
                resolve: (specifier) => import.meta.resolve(specifier),
                require: createRequire(import.meta.url),
            };`,
        'require.cjs': `const Module = require('node:module');
            const find = Module._resolveFilename;
            Module._resolveFilename = (request, ...others) => find(request === './patched.js' ? './c.cjs' : request, ...others);
            module.exports = (specifier) => require(specifier);`,
        'sub/d.js': "export { url } from '../a.js';\nimport './b.js';\n",
        'nested/package.json': '{"type": "commonjs"}',
        'nested/module/package.json': '{"type": "module"}',
        'typeless/package.json': '{}',
        'data.json': '{"a": 1}',
        'n.node': 'no',
        'w.wasm': '\0asm\x01\0\0\0',
        '.js': '\0asm\x01\0\0\0',
    };
    const modules = ['a.js', 'a b.js', 'a.b.js', '..js', 'm.mjs', 'patched.js', 'sub/b.js', 'nested/m.mjs', 'nested/module/e.js', 'nested/module/f.js'];
    for (const file of [...modules, 'typeless/syntax.js', '../outside.js'])
        files[file] = 'export const { url } = import.meta;';
    for (const file of ['nested/common.js', 'nested/again.js', 'typeless/common.js', 'c.cjs'])
        files[file] = 'module.exports = __filename;';
    for (const [file, text] of Object.entries(files))
        write(`${lib}/${file}`, text);
    mkdirSync(path.join(folder, lib, 'folder.js'));
    const links = { 'link.js': 'a.js', 'elsewhere.js': '../outside.js', linked: 'sub', 'dangling.js': 'gone.js', '../linked-lib': 'lib' };
    for (const [link, target] of Object.entries(links))
        symlinkSync(target, path.join(folder, lib, link));
    return write(`${name}/1.0.0-1-a.mjs`, asksFor);
}

test('resolves what a package imports as Node does, with the slonik that is replaced too', async () => {
    const [plain, replaced] = await Promise.all(['nodes', withSlonik('hooks')].map(async (name) => {
        const { reply, host } = await runSection(writeAsking(name));
        assert.deepEqual([reply.type, reply.message, host.errors.replaceAll(/^\(node:.*\n|^\(Use .*\n/gmu, '')], ['done', undefined, '']);
        return host.output.replaceAll(`/${name}/`, '/').split('\n');
    }));
    assert.equal(plain.length, 2 * 8 * asked.length + 1);
    assert.equal(replaced.length, plain.length);
    for (const [index, line] of plain.entries())
        assert.equal(replaced[index], line);
});

test('imports inquirer when it asks', async () => {
    const name = withSlonik('asking');
    write(`${name}/node_modules/inquirer/package.json`, '{"name": "inquirer", "type": "module", "exports": "./index.js"}');
    write(`${name}/node_modules/inquirer/index.js`,
        "console.log('imported');\nexport default { name: 'real', prompt: async (question, answers) => ({ ...answers, ...(question.when ?? { sure: question.message }) }) };");
    const imported = 'imported\n';
    const cases = [
        ["{ message: 'a', when: false }, { b: 1 }", '', '{"b":1}\n', major >= 22 ? '' : imported],
        ["[{ message: 'a', when: false }]", '', '{}\n', major >= 22 ? '' : imported],
        ["{ message: 'a' }, { b: 1 }", '', '{"b":1,"sure":"a"}\n', imported],
        ["{ message: 'a', when: false }", ' + inquirer.name', '{}real\n', imported],
    ];
    for (const [index, [question, more, said, heard]] of cases.entries()) {
        const file = write(`${name}/1.0.0-${index}-a.mjs`,
            "import inquirer from 'inquirer';\nimport { sql } from '@silverhand/slonik';\n"
            + `export default { up: async () => console.log(JSON.stringify(await inquirer.prompt(${question}))${more}) };`);
        const { reply, host } = await runSection(file);
        assert.deepEqual([reply.type, host.output], ['done', heard + said], question);
    }
});

const testWhere = (condition, ...rest) => condition && test(...rest);

testWhere(major >= 22, "asks somebody's own hooks, with the slonik that is replaced too", async () => {
    const name = withSlonik('hooked');
    const hooks = write(`${name}/hooks.mjs`, "import module from 'node:module';\nmodule.registerHooks({ resolve: (specifier, context, next) =>\n"
        + "    (specifier === './b.js' ? { url: \"data:text/javascript,export default 'theirs'\", format: 'module', shortCircuit: true } : next(specifier, context)) });\n");
    write(`${name}/node_modules/beside/package.json`, '{"name": "beside", "type": "module", "exports": "./a.js"}');
    write(`${name}/node_modules/beside/a.js`, "export { default } from './b.js';");
    write(`${name}/node_modules/beside/b.js`, "export default 'real';");
    const file = write(`${name}/1.0.0-1-a.mjs`,
        "import which from 'beside';\nimport { sql } from '@silverhand/slonik';\nexport default { up: async () => console.log(which) };");
    const env = { ...process.env, NODE_OPTIONS: `--import "${hooks}"` };
    const { reply, host } = await runSection(file, { env });
    assert.deepEqual([reply.type, host.output], ['done', 'theirs\n'], reply.message);
});

const typed = "import { sql } from 'dbalt';\nimport { table } from './utils/table.js';\nimport type { Pool } from './nowhere.js';\n"
    + 'type Row = { n: number };\n'
    + 'export default {\n  up: async (pool: Pool) => { const row: Row = await pool.one(sql`select n from ${sql.identifier([table])}`); console.log(row.n) },\n'
    + "  down: async () => { throw new Error('typed' as string) },\n};\n";

const stripsTypes = major >= 22;

testWhere(stripsTypes, 'runs TypeScript', async () => {
    write('typed/utils/table.ts', "export const table: string = 'a';\n");
    const file = write('typed/1.0.0-1-a.ts', typed);
    await withHost(() => rows({ n: 23 }, ['7']), async (host) => {
        assert.deepEqual(await host.load(file), { type: 'loaded', known: [{ path: file, sections: ['up', 'down'] }] });
        assert.equal((await host.run(file)).type, 'done');
        const reply = await host.run(file, 'down');
        assert.deepEqual([reply.message, reply.file, reply.line], ['typed', file, 7]);
        await host.end(); /* what it printed has its own pipe */
        assert.deepEqual([host.output, host.errors, host.queries[0].sql], ['7\n', '', 'select n from "a"']);
    });
});

testWhere(stripsTypes, 'runs TypeScript that is more than types, and keeps its places', async () => {
    const file = write('typed/1.0.0-2-b.ts',
        'enum Kind { A = "a" }\ntype Row = {\n  n: number;\n};\nexport default { up: async () => {\n  throw new Error(Kind.A);\n} };\n');
    const { reply } = await runSection(file);
    assert.deepEqual([reply.message, reply.file, reply.line, reply.source], ['a', file, 6, '  throw new Error(Kind.A);']);
});

testWhere(!stripsTypes, 'runs TypeScript through sucrase where Node cannot', async () => {
    write('sucrase/node_modules/sucrase/package.json', '{"name": "sucrase", "main": "index.js"}');
    write('sucrase/node_modules/sucrase/index.js',
        "exports.transform = (source, { transforms }) => ({ code: source.replaceAll(/^import type.*$|^type .*$/gmu, '').replaceAll(/: (string|Pool|Row)\\b| as string/gu, '') });");
    write('sucrase/utils/table.ts', "export const table: string = 'a';\n");
    const file = write('sucrase/1.0.0-1-a.ts', typed);
    await withHost(() => rows({ n: 23 }, ['7']), async (host) => {
        const reply = await host.run(file);
        assert.equal(reply.type, 'done', reply.message);
        assert.equal((await host.run(file, 'down')).line, 7);
        await host.end(); /* what it printed has its own pipe */
        assert.equal(host.output, '7\n');
    });
});

testWhere(!stripsTypes, 'says what TypeScript needs where neither is there', async () => {
    const { reply } = await runSection(write('plain/1.0.0-1-a.ts', 'export default { up: async (): Promise<void> => {} };'));
    assert.match(reply.message, /install Node 22.13 or newer, or the package "sucrase" beside the scripts/u);
});
