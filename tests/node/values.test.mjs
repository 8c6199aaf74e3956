import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { camelCase, normalise, readArray, readInterval, readResult, readerOf, writeValue } from '../../node/values.mjs';
import { installation, real } from './logto.mjs';

const theirFile = (name) => pathToFileURL(path.join(installation, 'node_modules', name)).href;

/* Small, and the same in each run. */
function* randomTexts(alphabet, count) {
    let seed = 1;
    const next = (limit) => {
        seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
        return seed % limit;
    };
    for (let i = 0; i < count; i++)
        yield Array.from({ length: 1 + next(9) }, () => alphabet[next(alphabet.length)]).join('');
}

test('turns names into camelCase as slonik does', async () => {
    const { default: camelcase } = await import(theirFile('camelcase/index.js'));
    const names = ['created_at', 'a', '_', '__', '_a', 'a_', 'a1_b2', 'oidc_2fa', 'a_1', 'a1b', '1a', 'x__y'];
    for (const name of [...names, ...randomTexts('ab_19', 5000)])
        assert.equal(camelCase(name), camelcase(name), name);
    for (const name of ['createdAt', 'a b', '?column?', 'größe', ''])
        assert.equal(camelCase(name), name);
});

test('normalises queries as slonik does, inside literals too', async () => {
    const { stripComments } = await import(theirFile('@silverhand/slonik/dist/src/interceptors/createQueryNormalizationInterceptor/helpers.js'));
    for (const text of ["select 'a -- b'\n, 1 /* x\n */ , 2", '--only', ' a\t\n b ', ...randomTexts('-/*\n a\'', 5000)])
        assert.equal(normalise(text), stripComments(text));
    const folder = path.join(installation, 'node_modules/@logto/schemas/alterations-js');
    for (const name of readdirSync(folder).filter((name) => name.endsWith('.js'))) {
        const text = readFileSync(path.join(folder, name), 'utf8');
        assert.equal(normalise(text), stripComments(text));
    }
});

test('writes values as node-postgres does', async () => {
    const { default: utils } = await import(theirFile('pg/lib/utils.js'));
    const values = [null, 1, 1.5, -0, 1e21, true, false, '', 'a"b\\c', [], [1, null, 'a"\\,{}'], [[1], [2]], [[true, null]]];
    for (const value of values)
        assert.deepEqual(writeValue(value), utils.prepareValue(value));
    assert.equal(writeValue(Buffer.from('é')), '\\xc3a9');
    assert.equal(writeValue([Buffer.from('é')]), '{"\\\\xc3a9"}');
});

test('reads arrays', () => {
    const cases = [
        ['{}', []],
        ['{a,b}', ['a', 'b']],
        ['{NULL,"NULL",""}', [null, 'NULL', '']],
        ['{"a,b","c\\"d","e\\\\f","{}"}', ['a,b', 'c"d', 'e\\f', '{}']],
        ['{{1,2},{3,4}}', [['1', '2'], ['3', '4']]],
        ['[2:3]={x,y}', ['x', 'y']],
        ['{"line\nbreak",é}', ['line\nbreak', 'é']],
    ];
    for (const [text, array] of cases)
        assert.deepEqual(readArray(text, String), array);
});

test('reads values as slonik does', async () => {
    const slonik = await real('@silverhand/slonik');
    const { getTypeParser } = await real('pg-types');
    const overrides = new Map(slonik.createTypeParserPreset().map(({ name, parse }) => [name, parse]));
    const cases = [
        [16, 'bool', 't', 'f'],
        [20, 'int8', '1', '-9007199254740993'],
        [21, 'int2', '-1'],
        [23, 'int4', '2147483647'],
        [25, 'text', 'x', ''],
        [26, 'oid', '4294967295'],
        [114, 'json', '{"a": [1, null]}', '"x"', 'null'],
        [700, 'float4', '1.5', 'NaN', 'Infinity'],
        [701, 'float8', '-1e-07'],
        [1082, 'date', '2024-02-29'],
        [1114, 'timestamp', '2024-02-29 12:30:00', '2024-02-29 12:30:00.123456', 'infinity'],
        [1184, 'timestamptz', '2024-02-29 12:30:00+00', '2024-02-29 12:30:00.123+05:30'],
        [1700, 'numeric', '1.10', 'NaN'],
        [2950, 'uuid', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'],
        [3802, 'jsonb', '{"a": {"b": "é"}}'],
        [17, 'bytea', '\\xc3a9'],
        [1000, '_bool', '{t,f,NULL}'],
        [1007, '_int4', '{1,2}'],
        [1009, '_text', '{a,"b c",NULL}'],
        [1015, '_varchar', '{a}'],
        [1003, '_name', '{a,b}'],
        [3807, '_jsonb', '{"{\\"a\\": 1}"}'],
    ];
    for (const [oid, name, ...texts] of cases)
        for (const text of texts)
            assert.deepEqual(readerOf(oid)(text), (overrides.get(name) ?? getTypeParser(oid))(text), `${name} ${text}`);
});

test('reads arrays of what slonik reads its own way', () => {
    assert.deepEqual(readerOf(1016)('{1,NULL,3}'), [1, null, 3]);
    assert.deepEqual(readerOf(1231)('{1.5,2}'), [1.5, 2]);
    assert.deepEqual(readerOf(1185)('{"2024-02-29 12:30:00+00"}'), [Date.UTC(2024, 1, 29, 12, 30)]);
    assert.deepEqual(readerOf(1182)('{2024-02-29}'), ['2024-02-29']);
});

test('reads intervals as slonik does', async () => {
    const slonik = await real('@silverhand/slonik');
    const { parse } = slonik.createTypeParserPreset().find(({ name }) => name === 'interval');
    for (const text of ['00:00:01.5', '1 day', '3 days 04:05:06.789', '1 year 2 mons 3 days', '1 mon', '01:00:00', '00:00:00'])
        assert.ok(Math.abs(readInterval(text) - parse(text)) < 1, text);
    assert.equal(readInterval('-00:00:02'), -2);
    assert.equal(readInterval('-1 days +02:00:00'), -79_200);
});

test('gives rows with their new names, fields with their own', () => {
    const fields = [{ name: 'created_at', type: 1184 }, { name: 'n', type: 20 }, { name: '?column?', type: 25 }];
    const message = { command: 'SELECT', rowCount: 1, fields, rows: [['1970-01-01 00:00:01+00', null, 'x']] };
    assert.deepEqual(readResult(message), {
        command: 'SELECT',
        fields: [{ dataTypeId: 1184, name: 'created_at' }, { dataTypeId: 20, name: 'n' }, { dataTypeId: 25, name: '?column?' }],
        notices: [],
        rowCount: 1,
        rows: [{ createdAt: 1000, n: null, '?column?': 'x' }],
    });
});

test('lets the last of two columns of one name win, as node-postgres does', () => {
    const fields = [{ name: 'id', type: 23 }, { name: 'id', type: 23 }];
    assert.deepEqual(readResult({ fields, rows: [['1', '2']] }).rows, [{ id: 2 }]);
});

test('gives neither rows nor a count for several statements', () => {
    const { rows, rowCount } = readResult({});
    assert.deepEqual([rows, rowCount], [[], 0]);
});
