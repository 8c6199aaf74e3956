import { checkQuery } from './pool.mjs';
import { normalise } from './values.mjs';

/* Sections that are nothing but queries, one awaited after the other, with nothing but constants of the script filled in:
 *
 *     async (pool) => { await pool.query(sql`alter table ${users} add column age integer`); }
 *
 * What such a one asks can be known without running it, and nothing that it does can be seen but that. */

const space = /(?:\s|\/\/.*\n|\/\*(?:[^*]|\*(?!\/))*\*\/)*/u.source;
const template = /sql\s*`(?:[^`$\\]|\$(?!\{)|\$\{\s*\w+\s*\})*`/u.source;
const head = /async\s*(?:function\s*)?(?!sql\b)\w*\s*\(\s*(?!sql\b)(\w+)\s*\)\s*(?:=>\s*)?/u.source;
const onlyQueries = new RegExp(`^${head}\\{(?:${space}await\\s+\\1\\.query\\(${space}${template}${space}\\);)+${space}\\}$`, 'u');
const importsSql = /^import \{(?:[\w\s,]*,)?\s*sql\s*(?:,[\w\s,]*)?\} from ['"](?:dbalt|slonik|@silverhand\/slonik)['"]/mu;
const mostText = 256 * 1024; /* characters: what dbalt keeps of scripts to come */

const isConstant = (name, source) => new RegExp(`\\bconst\\s+${name}\\s*=`, 'u').test(source) && !new RegExp(`\\b(?:let|var)\\s+${name}\\b`, 'u').test(source);

function isOnlyQueries(section, source) {
    const text = Function.prototype.toString.call(section);
    const names = [...text.matchAll(/\$\{\s*(\w+)\s*\}/gu)].map(([, name]) => name);
    return onlyQueries.test(text) && importsSql.test(source) && names.every((name) => isConstant(name, source));
}

/* The texts that a section asks, without values, or undefined. The source is that of its script. */
export async function listQueries(section, source) {
    const texts = [];
    const query = async (token) => {
        checkQuery(token);
        if (token.values.length > 0 || token.sql.includes('\0'))
            throw new Error('this query takes more than its text');
        texts.push(normalise(token.sql).toWellFormed());
    };
    try {
        if (!isOnlyQueries(section, source))
            return undefined;
        await section({ query });
        return texts.join('').length <= mostText ? texts : undefined;
    } catch {
        return undefined; /* what is wrong with it is told when it runs */
    }
}
