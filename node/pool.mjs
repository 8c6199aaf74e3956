import { errorOf, errors, mayRetry } from './errors.mjs';
import { normalise, readResult, writeValue } from './values.mjs';

/* The pool that a section gets: one connection, served in order. In `up` and `down` dbalt has opened the transaction, and
 * `transaction()` is a savepoint; in `beforeUp` and `beforeDown` each query commits itself, and `transaction()` is a real one. */

const retryLimit = 5;
const aborted = '25P02';
const queryTypes = ['SLONIK_TOKEN_SQL', 'SLONIK_TOKEN_FRAGMENT', 'SLONIK_TOKEN_QUERY'];

/* send(text, values) resolves to dbalt's answer or failure. Returns the pool; the transactions that are under way, as promises
 * that never fail; check(), which fails where dbalt's transaction is aborted; explain(), which finds the cause of that; and
 * close(), after which nobody can use the pool. Where there is goOn, nobody looks at what query() returns: it gets the promise, and says
 * what the caller awaits instead; send() is told so. */
export function openPool(send, isTransaction, goOn) {
    const state = { isOpen: true, depth: isTransaction ? 0 : null, outer: null, transactions: new Set(), failure: null };

    const ask = async (text, values, isUnseen) => {
        if (!state.isOpen)
            throw new Error('Cannot use released connection');
        const message = await send(text, values, isUnseen);
        if (message.type === 'failure') {
            const error = errorOf(message);
            state.failure ??= error;
            throw error;
        }
        state.failure = null; /* so the transaction is not aborted, or was rolled back to a savepoint */
        return message;
    };
    const check = async () => {
        if (isTransaction && state.failure !== null)
            await ask('SELECT 1');
    };
    const explain = (error) => (error?.code === aborted && state.failure !== null ? asCause(state.failure) : error);
    const pool = isTransaction ? bind(ask, state, 0, goOn) : bindOutside(ask, state);
    return { pool, transactions: state.transactions, check, explain, close: () => { state.isOpen = false; } };
}

/* The first query that failed in a transaction, when all that the last one can say is that it is aborted. */
function asCause(error) {
    const database = error.originalError ?? error;
    if (database.code !== aborted)
        database.detail = [database.detail, 'the script went on behind it, in a transaction that was aborted'].filter(Boolean).join('\n');
    return error;
}

/* transaction(), whose section is not done before it has ended, whether it is awaited or not. */
function counted(state, transaction) {
    return async (handler, limit = retryLimit) => {
        const work = transaction(handler, limit);
        const ended = work.then(() => {}, () => {}).then(() => { state.transactions.delete(ended); });
        state.transactions.add(ended);
        return work;
    };
}

/* Throws what slonik throws at what is no query. */
export function checkQuery(query) {
    if (!queryTypes.includes(query?.type))
        throw new TypeError('Query must be constructed using `sql` tagged template literal.');
    if (query.sql.trim() === '')
        throw new errors.InvalidInputError('Unexpected SQL input. Query cannot be empty.');
    if (query.sql.trim() === '$1')
        throw new errors.InvalidInputError('Unexpected SQL input. Query cannot be empty. Found only value binding.');
    if (query.values.includes(undefined))
        throw new errors.InvalidInputError('SQL tag cannot be bound an undefined value.');
}

/* The database's error has no frame of the script, since it comes in a later turn: the caller's is kept. */
function withStack(error, caller) {
    error.stack = `${error.name}: ${error.message}\n${caller.stack.slice(caller.stack.indexOf('\n') + 1)}`;
    return error;
}

/* The query methods, over run(text, values), which resolves to an answer. */
function queryMethods(run, goOn) {
    const query = (query, wrap = (text) => text, isUnseen = false) => {
        checkQuery(query);
        const [text, values] = [normalise(wrap(query.sql)), query.values.map(writeValue)];
        if ([text, ...values].some((part) => part?.includes('\0')))
            throw new Error('a query cannot hold the character U+0000');
        const caller = new Error('called here');
        return run(text, values, isUnseen).then(readResult, (error) => {
            throw withStack(error, caller);
        });
    };
    const onlyColumn = (row, Wrong = errors.DataIntegrityError) => {
        const names = Object.keys(row);
        if (names.length !== 1)
            throw new Wrong();
        return names[0];
    };
    const methods = {
        query: async (token) => (goOn === undefined ? query(token) : goOn(query(token, undefined, true))),
        any: async (token) => (await query(token)).rows,
        many: async (token) => {
            const { rows } = await query(token);
            if (rows.length === 0)
                throw new errors.NotFoundError();
            return rows;
        },
        maybeOne: async (token) => {
            const { rows } = await query(token);
            if (rows.length > 1)
                throw new errors.DataIntegrityError();
            return rows[0] ?? null;
        },
        one: async (token) => {
            const row = await methods.maybeOne(token);
            if (row === null)
                throw new errors.NotFoundError();
            return row;
        },
        exists: async (token) => Boolean((await query(token, (text) => `SELECT EXISTS(${text})`)).rows[0].exists),
        anyFirst: async (token) => {
            const { rows } = await query(token);
            return rows.map((row) => row[onlyColumn(rows[0])]);
        },
        manyFirst: async (token) => {
            const rows = await methods.many(token);
            return rows.map((row) => row[onlyColumn(rows[0])]);
        },
        maybeOneFirst: async (token) => {
            const row = await methods.maybeOne(token);
            return row === null ? null : row[onlyColumn(row)];
        },
        oneFirst: async (token) => {
            const row = await methods.one(token);
            return row[onlyColumn(row, errors.UnexpectedStateError)];
        },
    };
    return methods;
}

/* Inside a transaction, `depth` savepoints deep: a connection is of use only while it is the innermost one. */
function bind(ask, state, depth, goOn) {
    const checkDepth = () => {
        if (state.depth !== depth)
            throw new Error('Cannot run a query using parent transaction.');
    };
    return {
        ...queryMethods(async (text, values, isUnseen) => {
            checkDepth();
            return ask(text, values, isUnseen);
        }, goOn),
        transaction: counted(state, async (handler, limit) => {
            checkDepth();
            const savepoint = `slonik_savepoint_${depth + 1}`;
            return retrying(limit, () => bracket({
                begin: () => ask(`SAVEPOINT ${savepoint}`),
                handler: () => handler(bind(ask, state, depth + 1)),
                commit: () => {},
                rollback: () => ask(`ROLLBACK TO SAVEPOINT ${savepoint}`),
                setDepth: (isInside) => { state.depth = isInside ? depth + 1 : depth; },
            }));
        }),
    };
}

/* Outside any transaction. There is one connection, so whoever comes during a transaction() waits for its end. */
function bindOutside(ask, state) {
    const query = async (text, values) => {
        while (state.outer !== null)
            await state.outer;
        return ask(text, values);
    };
    const transaction = counted(state, async (handler, limit) => {
        while (state.outer !== null)
            await state.outer;
        const done = retrying(limit, () => bracket({
            begin: () => ask('START TRANSACTION'),
            handler: () => handler(bind(ask, state, 0)),
            commit: () => ask('COMMIT'),
            rollback: () => ask('ROLLBACK'),
            setDepth: (isInside) => { state.depth = isInside ? 0 : null; },
        }));
        state.outer = done.then(() => {}, () => {}).then(() => { state.outer = null; });
        return done;
    });
    const pool = { ...queryMethods((text, values) => retrying(retryLimit, () => query(text, values))), transaction };
    return { ...pool, connect: async (handler) => handler(pool) };
}

async function bracket({ begin, handler, commit, rollback, setDepth }) {
    setDepth(true);
    try {
        await begin();
        try {
            const result = await handler();
            await commit();
            return result;
        } catch (error) {
            await rollback().catch(() => {}); /* the connection may be gone; what went wrong first counts */
            throw error;
        }
    } finally {
        setDepth(false);
    }
}

async function retrying(limit, attempt) {
    for (let retries = 0; ; retries++) {
        try {
            return await attempt();
        } catch (error) {
            if (!mayRetry(error) || retries >= limit)
                throw error;
        }
    }
}
