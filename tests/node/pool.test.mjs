import assert from 'node:assert/strict';
import { test } from 'node:test';
import { errors } from '../../node/errors.mjs';
import { openPool } from '../../node/pool.mjs';
import { sql } from '../../node/sql.mjs';
import { real } from './logto.mjs';

const int4 = (...values) => ({
    type: 'answer', command: 'SELECT', rowCount: values.length, fields: [{ name: 'n', type: 23 }], rows: values.map((value) => [String(value)]),
});
const two = { type: 'answer', command: 'SELECT', rowCount: 1, fields: [{ name: 'a', type: 23 }, { name: 'b', type: 23 }], rows: [['1', '2']] };
const failure = (code, message = 'no', more = {}) => ({ type: 'failure', message, code, ...more });

/* A pool whose queries get these answers, in turn, then empty ones. */
function open(answers = [], isTransaction = true) {
    const texts = [];
    const send = async (text) => {
        texts.push(text);
        return answers.shift() ?? { type: 'answer' };
    };
    return { ...openPool(send, isTransaction), texts };
}

test('gives what each method promises, or its error', async () => {
    const cases = [
        ['query', [int4(1, 2)], (result) => assert.deepEqual(result.rows, [{ n: 1 }, { n: 2 }])],
        ['any', [int4()], []], ['any', [int4(1)], [{ n: 1 }]],
        ['many', [int4(1)], [{ n: 1 }]], ['many', [int4()], 'NotFoundError'],
        ['one', [int4(1)], { n: 1 }], ['one', [int4()], 'NotFoundError'], ['one', [int4(1, 2)], 'DataIntegrityError'],
        ['maybeOne', [int4(1)], { n: 1 }], ['maybeOne', [int4()], null], ['maybeOne', [int4(1, 2)], 'DataIntegrityError'],
        ['anyFirst', [int4(1, 2)], [1, 2]], ['anyFirst', [int4()], []], ['anyFirst', [two], 'DataIntegrityError'],
        ['manyFirst', [int4(1)], [1]], ['manyFirst', [int4()], 'NotFoundError'], ['manyFirst', [two], 'DataIntegrityError'],
        ['oneFirst', [int4(1)], 1], ['oneFirst', [int4()], 'NotFoundError'], ['oneFirst', [two], 'UnexpectedStateError'],
        ['maybeOneFirst', [int4(1)], 1], ['maybeOneFirst', [int4()], null], ['maybeOneFirst', [two], 'DataIntegrityError'],
    ];
    for (const [method, answers, expected] of cases) {
        const { pool } = open([...answers]);
        const result = await pool[method](sql`select n`).catch((error) => error.name);
        if (typeof expected === 'function')
            expected(result);
        else
            assert.deepEqual(result, expected, method);
    }
});

test('asks for existence as slonik does', async () => {
    const answer = { type: 'answer', command: 'SELECT', rowCount: 1, fields: [{ name: 'exists', type: 16 }], rows: [['t']] };
    const { pool, texts } = open([answer]);
    assert.equal(await pool.exists(sql`select  1`), true);
    assert.deepEqual(texts, ['SELECT EXISTS(select 1)']);
});

test('refuses what is no query', async () => {
    const cases = [
        ['select 1', /constructed using `sql`/u],
        [undefined, /constructed using `sql`/u],
        [sql``, /Query cannot be empty/u],
        [sql`${1}`, /Found only value binding/u],
        [{ type: 'SLONIK_TOKEN_SQL', sql: 'select $1', values: [undefined] }, /undefined/u],
    ];
    for (const [query, message] of cases) {
        const { pool, texts } = open();
        await assert.rejects(pool.query(query), message);
        assert.deepEqual(texts, []);
    }
});

test('throws the error that slonik throws', async () => {
    const cases = [
        [failure('23505', 'dup', { constraint: 'k' }), 'UniqueIntegrityConstraintViolationError', 'Query violates a unique integrity constraint. dup'],
        [failure('23503'), 'ForeignKeyIntegrityConstraintViolationError', 'Query violates a foreign key integrity constraint. no'],
        [failure('23502'), 'NotNullIntegrityConstraintViolationError', 'Query violates a not NULL integrity constraint. no'],
        [failure('23514'), 'CheckIntegrityConstraintViolationError', 'Query violates a check integrity constraint. no'],
        [failure('22P02'), 'InvalidInputError', 'no'],
        [failure('57014'), 'StatementCancelledError', 'Statement has been cancelled. no'],
        [failure('57014', 'canceling statement due to statement timeout'), 'StatementTimeoutError', /due to a statement_timeout/u],
        [failure('57P01'), 'BackendTerminatedError', 'Backend has been terminated. no'],
        [failure('42P01'), 'error', 'no'],
    ];
    for (const [answer, name, message] of cases) {
        const { pool } = open([answer]);
        await assert.rejects(pool.query(sql`select 1`), { name, message });
    }
    const { pool } = open([failure('23505', 'dup', { constraint: 'k' })]);
    await assert.rejects(pool.query(sql`select 1`), (error) => {
        assert.ok(error instanceof errors.IntegrityConstraintViolationError);
        assert.deepEqual([error.constraint, error.originalError.code], ['k', '23505']);
        return true;
    });
});

test('has the error classes of slonik, with their constructors', async () => {
    const slonik = await real('@silverhand/slonik');
    const original = new Error('why');
    for (const [name, own] of Object.entries(errors)) {
        const theirs = slonik[name];
        if (theirs === undefined)
            continue;
        const [a, b] = [new own(original, 'c'), new theirs(original, 'c')];
        assert.deepEqual([a.name, String(a.message)], [b.name, String(b.message)]);
    }
});

test('makes a transaction in a transaction a savepoint', async () => {
    const { pool, texts } = open();
    const result = await pool.transaction(async (inner) => {
        await inner.query(sql`a`);
        await inner.transaction(async (innermost) => innermost.query(sql`b`));
        await assert.rejects(pool.query(sql`c`), /parent transaction/u);
        return 'result';
    });
    assert.equal(result, 'result');
    assert.deepEqual(texts, ['SAVEPOINT slonik_savepoint_1', 'a', 'SAVEPOINT slonik_savepoint_2', 'b']);
});

test('goes back to the savepoint, and no further', async () => {
    const { pool, texts } = open();
    await assert.rejects(pool.transaction(async () => { throw new Error('mine'); }), /mine/u);
    await pool.query(sql`after`);
    assert.deepEqual(texts, ['SAVEPOINT slonik_savepoint_1', 'ROLLBACK TO SAVEPOINT slonik_savepoint_1', 'after']);
});

test('tries a savepoint again five times after a serialization failure', async () => {
    const { pool, texts } = open();
    let tries = 0;
    await assert.rejects(pool.transaction(async () => { tries++; throw Object.assign(new Error(), { code: '40001' }); }));
    assert.equal(tries, 6);
    assert.equal(texts.length, 12);
});

test('commits a transaction outside one, or rolls it back', async () => {
    const good = open([], false);
    await good.pool.transaction(async (inner) => inner.query(sql`a`));
    assert.deepEqual(good.texts, ['START TRANSACTION', 'a', 'COMMIT']);
    const bad = open([], false);
    await assert.rejects(bad.pool.transaction(async () => { throw new Error('mine'); }), /mine/u);
    assert.deepEqual(bad.texts, ['START TRANSACTION', 'ROLLBACK']);
});

test('keeps other queries of the connection out of a transaction', async () => {
    const { pool, texts } = open([], false);
    await Promise.all([
        pool.transaction(async (inner) => { await inner.query(sql`a`); await inner.query(sql`b`); }),
        pool.query(sql`c`),
        pool.transaction(async (inner) => inner.query(sql`d`)),
        pool.connect(async (connection) => connection.query(sql`e`)),
    ]);
    const first = texts.slice(0, 4);
    assert.deepEqual(first, ['START TRANSACTION', 'a', 'b', 'COMMIT']);
    assert.deepEqual(texts.slice(4).join(' ').replaceAll(/\b[ce]\b ?/gu, '').trim(), 'START TRANSACTION d COMMIT');
});

test('tries a query outside a transaction again after a deadlock', async () => {
    const outside = open([failure('40P01'), int4(1)], false);
    assert.deepEqual(await outside.pool.any(sql`select n`), [{ n: 1 }]);
    const inside = open([failure('40P01'), int4(1)], true);
    await assert.rejects(inside.pool.any(sql`select n`), { code: '40P01' });
});
