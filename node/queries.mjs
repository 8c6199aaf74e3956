import { checkQuery } from './pool.mjs';
import { normalise } from './values.mjs';

/* Sections that are nothing but queries, one awaited after the other, with nothing but names filled in:
 *
 *     async (pool) => { await pool.query(sql`alter table ${users} add column age integer`); }
 *
 * What such a one asks can be known without running it, and nothing that it does can be seen but that. */

const space = /(?:\s|\/\/.*\n|\/\*(?:[^*]|\*(?!\/))*\*\/)*/u.source;
const template = /sql\s*`(?:[^`$\\]|\$(?!\{)|\$\{\s*\w+\s*\})*`/u.source;
const head = /async\s*(?:function\s*)?\w*\s*\(\s*(\w+)\s*\)\s*(?:=>\s*)?/u.source;
const onlyQueries = new RegExp(`^${head}\\{(?:${space}await\\s+\\1\\.query\\(${space}${template}${space}\\);)+${space}\\}$`, 'u');

/* The texts that a section asks, without values, or undefined. */
export async function listQueries(alteration, section) {
    const texts = [];
    const query = async (token) => {
        checkQuery(token);
        if (token.values.length > 0 || token.sql.includes('\0'))
            throw new Error('this query takes more than its text');
        texts.push(normalise(token.sql).toWellFormed());
    };
    try {
        if (!onlyQueries.test(Function.prototype.toString.call(alteration[section])))
            return undefined;
        await alteration[section]({ query });
        return texts;
    } catch {
        return undefined; /* what is wrong with it is told when it runs */
    }
}
