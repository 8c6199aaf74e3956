import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sql } from '../../node/sql.mjs';
import { real } from './logto.mjs';

const { sql: theirs } = await real('@silverhand/slonik');
const date = new Date(Date.UTC(2024, 1, 29, 12, 30));

/* Each case is written once, for both tags. */
const cases = {
    'plain text': (s) => s`select 1`,
    'values': (s) => s`select ${1}, ${'a'}, ${true}, ${null}`,
    'an identifier': (s) => s`select * from ${s.identifier(['a b', 'c"d'])}`,
    'a fragment, renumbered': (s) => s`select ${1}, ${s`f(${2}, ${3})`}, ${4}`,
    'fragments in fragments': (s) => s`a ${'x'} ${s`b ${'y'} ${s`c ${'z'} $1`}`}`,
    'a join of values': (s) => s`in (${s.join([1, 'b', null], s`, `)})`,
    'a join of fragments': (s) => s`${0} ${s.join([s`(${1}, ${2})`, s`(${3})`, 4], s`, `)} ${5}`,
    'a join of identifiers': (s) => s`(${s.join(['a', 'b'].map((name) => s.identifier([name])), s`, `)})`,
    'jsonb': (s) => s`${s.jsonb({ a: [1, null, 'x'], b: { c: true } })} ${s.jsonb([])} ${s.jsonb(null)} ${s.jsonb('a')} ${s.jsonb(0)}`,
    'json': (s) => s`${s.json({ a: undefined, b: 'é"\\' })}`,
    'raw': (s) => s`select ${s.raw('now()')} -- ${s.raw("'$'")}`,
    'a literal': (s) => s`${s.literalValue("it's")} ${s.literalValue('a\\b')}`,
    'an array': (s) => s`${1} ${s.array([1, 2], 'int4')} ${s.array(['a'], s`text[]`)} ${s.array([Buffer.from('x')], 'bytea')}`,
    'unnest': (s) => s`${0} ${s.unnest([[1, 'a'], [2, null]], ['int4', 'text'])} ${9}`,
    'unnest of arrays and qualified types': (s) => s`${s.unnest([[[1], 'a']], ['int4[]', ['public', 'kind']])}`,
    'binary': (s) => s`${s.binary(Buffer.from('x'))}`,
    'a date': (s) => s`${s.date(date)}`,
    'a timestamp': (s) => s`${s.timestamp(date)}`,
    'undefined': (s) => s`${undefined}`,
    'an object': (s) => s`${{ a: 1 }}`,
    'a token of another kind': (s) => s`${{ type: 'OTHER' }}`,
    'a Date': (s) => s`${date}`,
    'an array without a type': (s) => s`${[1]}`,
    'an empty join': (s) => s`${s.join([], s`,`)}`,
    'undefined in a join': (s) => s`${s.join([undefined], s`,`)}`,
    'an object in a join': (s) => s`${s.join([{}], s`,`)}`,
    'undefined as jsonb': (s) => s`${s.jsonb(undefined)}`,
    'a class as jsonb': (s) => s`${s.jsonb(new Map())}`,
    'a function as jsonb': (s) => s`${s.jsonb(() => {})}`,
    'a number as identifier': (s) => s`${s.identifier([1])}`,
    'text as binary': (s) => s`${s.binary('x')}`,
    'a number as date': (s) => s`${s.date(1)}`,
    'a number as timestamp': (s) => s`${s.timestamp(1)}`,
    'an object in an array': (s) => s`${s.array([{}], 'text')}`,
    'text in an array of bytea': (s) => s`${s.array(['x'], 'bytea')}`,
    'an array of a type with values': (s) => s`${s.array([1], s`${1}[]`)}`,
    'an array without member type': (s) => s`${s.array([1])}`,
    'tuples too short': (s) => s`${s.unnest([[1]], ['int4', 'text'])}`,
    'an object in a tuple': (s) => s`${s.unnest([[{}]], ['int4'])}`,
    'a parameter without its value': (s) => s`${{ type: 'SLONIK_TOKEN_SQL', sql: '$1 $2', values: [1] }}`,
    'parameters that begin at 2': (s) => s`${{ type: 'SLONIK_TOKEN_SQL', sql: '$2', values: [1, 2] }}`,
};

const outcome = (make, tag) => {
    try {
        return make(tag);
    } catch (error) {
        return `${error.name}: ${error.message}`;
    }
};

for (const [name, make] of Object.entries(cases))
    test(`says of ${name} what slonik says`, () => {
        assert.deepEqual(outcome(make, sql), outcome(make, theirs));
    });

test('offers fragment, which newer slonik has', () => {
    assert.deepEqual(sql`a ${sql.fragment`b ${1}`}`, { type: 'SLONIK_TOKEN_SQL', sql: 'a b $1', values: [1] });
});
