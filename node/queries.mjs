import { checkQuery, openPool } from './pool.mjs';
import { normalise } from './values.mjs';

/* What sections ask that can be known before they run.
 *
 * There are those that are nothing but queries, one awaited after the other, with nothing but constants of the script filled in:
 *
 *     async (pool) => { await pool.query(sql`alter table ${users} add column age integer`); }
 *
 * and those of scripts that can do nothing but query (quiet.mjs), as long as they look at no answer but the name of the database. */

const space = /(?:\s|\/\/.*\n|\/\*(?:[^*]|\*(?!\/))*\*\/)*/u.source;
const template = /sql\s*`(?:[^`$\\]|\$(?!\{)|\$\{\s*\w+\s*\})*`/u.source;
const head = /async\s*(?:function\s*)?(?!sql\b)\w*\s*\(\s*(?!sql\b)(\w+)\s*\)\s*(?:=>\s*)?/u.source;
const onlyQueries = new RegExp(`^${head}\\{(?:${space}await\\s+\\1\\.query\\(${space}${template}${space}\\);)+${space}\\}$`, 'u');
const importsSql = /^import \{(?:[\w\s,]*,)?\s*sql\s*(?:,[\w\s,]*)?\} from ['"](?:dbalt|slonik|@silverhand\/slonik)['"]/mu;
const mostText = 256 * 1024; /* characters: what dbalt keeps of scripts to come */
const mostQueries = 1000; /* more, it does not send ahead */

const isConstant = (name, source) => new RegExp(`\\bconst\\s+${name}\\s*=`, 'u').test(source) && !new RegExp(`\\b(?:let|var)\\s+${name}\\b`, 'u').test(source);

/* Whether a section is such a one; the source is that of its script. */
export function isOnlyQueries(section, source) {
    const text = Function.prototype.toString.call(section);
    const names = [...text.matchAll(/\$\{\s*(\w+)\s*\}/gu)].map(([, name]) => name);
    return onlyQueries.test(text) && importsSql.test(source) && names.every((name) => isConstant(name, source));
}

const named = (database) => ({ type: 'answer', command: 'SELECT', rowCount: 1, fields: [{ name: 'current_database', type: 19 }], rows: [[database]] });

/* The answer to a query that asks for no more than the name of the database, where that is known, or undefined. */
export function answerKnown(text, database) {
    return database !== undefined && /^ ?select current_database\(\);? ?$/i.test(text) ? named(database) : undefined;
}

/* The texts that a section asks of the database of that name, which can do nothing but query; undefined where they depend on answers, or
 * have values. */
export async function listQueries(section, database) {
    const texts = [];
    let length = 0;
    const refuse = () => {
        throw new Error('what it asks cannot be known before it runs');
    };
    const query = async (token) => {
        checkQuery(token);
        length += token.sql.length;
        if (token.values.length > 0 || token.sql.includes('\0') || length > mostText || texts.length === mostQueries)
            refuse();
        texts.push(normalise(token.sql).toWellFormed());
    };
    const { pool } = openPool(async (text) => answerKnown(text, database) ?? refuse(), true);
    try {
        await section({ ...pool, query });
        return texts.length > 0 ? texts : undefined;
    } catch {
        return undefined; /* what is wrong with it is told when it runs */
    }
}
