#!/usr/bin/env bats
# Alterations in JavaScript: their queries run inside dbalt's transaction, and their failures are told like any other.

load helper
load terminal

# script FILE [UP [DOWN]]: bodies of its functions
script() {
    printf "import { sql } from 'dbalt';\n\nexport default {\n    up: async (pool) => {\n%s\n    },\n    down: async (pool) => {\n%s\n    },\n};\n" \
        "${2:-}" "${3:-}" | alteration "$1"
}

# fails_whole UP MESSAGE: what was done in the same transaction before is undone
fails_whole() {
    query 'create table log (what text)'
    script 1.0.0-1-a.js "await pool.query(sql\`insert into log values ('before')\`);
$1"
    expect 1 deploy latest
    err '"up" of 1.0.0-1-a.js failed: '
    err "$2"
    err '1.0.0-1-a.js'
    err 'nothing of "up" was kept'
    same "$(query 'select count(*) from log')" 0
    same "$(deployed)" ''
    same "$(events)" 'fail 1-a'
}

@test "they deploy and roll back, among SQL alterations" {
    makes_table 1.0.0-1-first 1.0.0-3-third
    script 1.0.0-2-second.mjs 'await pool.query(sql`create table second (id integer)`);' 'await pool.query(sql`drop table second`);'
    expect 0 deploy latest
    same "$(tables)" 'first second third'
    same "$(query "select kind from dbalt.alteration order by sequence" | paste -sd ' ')" 'sql javascript sql'
    expect 0 check
    expect 0 rollback-to-timestamp 1
    same "$(tables)" first
}

@test "a script may be a link to another place within the folder" {
    mkdir "$DBALT_DIR/.data"
    script .data/1.0.0-1-a.mjs "await pool.query(sql\`create table \${sql.identifier([name])} (id integer)\`);"
    script .data/1.0.0-2-b.mjs "throw new Error('wrong');"
    sed -i "1i import { name } from './name.mjs';" "$DBALT_DIR"/.data/1.0.0-1-a.mjs
    echo "export const name = 'linked';" >"$DBALT_DIR/.data/name.mjs"
    ln -s .data/1.0.0-1-a.mjs .data/1.0.0-2-b.mjs "$DBALT_DIR"
    expect 1 deploy latest
    same "$(tables)" linked
    err 'wrong'
    err '.data/1.0.0-2-b.mjs:5:'
}

@test "what a script prints is output" {
    script 1.0.0-1-a.js "console.log('from the script');"
    expect 0 deploy latest
    out 'from the script'
}

@test "a script finds the URL in its environment, also when only an option gave it" {
    script 1.0.0-1-a.js "console.log('at', process.env.DB_URL);"
    local url=$DB_URL
    unset DB_URL
    expect 0 deploy latest --db-url "$url"
    out "at $url"
}

@test "nothing is written where the scripts are" {
    script 1.0.0-1-a.js 'await pool.query(sql`create table a (x integer)`);' 'await pool.query(sql`drop table a`);'
    chmod a-w alterations
    expect 0 deploy latest
    expect 0 rollback-to-timestamp 0.5
    chmod u+w alterations
    same "$(deployed)" ''
}

@test "TypeScript runs where Node strips types, and is refused with the remedy where it does not" {
    local nodes
    nodes=$("$BATS_TEST_DIRNAME/../logto/fetch")/node_modules
    echo "import { sql } from 'dbalt';
type Pool = { query(query: unknown): Promise<unknown> };
export default { up: async (pool: Pool) => { await pool.query(sql\`create table typed (x integer)\`); } };" | alteration 1.0.0-1-a.ts
    PATH=$nodes/node20/bin:$PATH expect 2 deploy latest
    err 'cannot read TypeScript: install Node 22.13 or newer, or the package "sucrase" beside the scripts'
    PATH=$nodes/node22/bin:$PATH expect 0 deploy latest
    same "$(tables)" typed
}

@test "an exception undoes all, and is told with its line" {
    fails_whole "        throw new Error('all wrong');" 'all wrong'
    err '1.0.0-1-a.js:6'
}

@test "a query that fails is told with what the database said" {
    fails_whole 'await pool.query(sql`select nonsense`);' 'column "nonsense" does not exist'
    err 'SQLSTATE 42703'
}

@test "a query that fails is told with the database's detail and hint" {
    fails_whole "await pool.query(sql\`do \$\$ begin raise 'wrong' using detail = 'why it is', hint = 'what to do'; end \$\$\`);" wrong
    err 'detail: why it is'
    err 'hint: what to do'
}

@test "a query's failure that a script swallows is told with its place" {
    fails_whole 'try { await pool.query(sql`select 1/0`); } catch {}' 'division by zero'
    err 'SQLSTATE 22012'
    err '1.0.0-1-a.js:6'
    err 'the script went on behind it, in a transaction that was aborted'
    err 'select 1/0'
}

@test "a failure is harmless that a savepoint was rolled back behind" {
    script 1.0.0-1-a.js 'await pool.transaction((inner) => inner.query(sql`select 1/0`)).catch(() => {});
await pool.query(sql`create table a (x integer)`);
await pool.query(sql`commit`).catch(() => {});'
    expect 0 deploy latest
    same "$(tables)" a
}

@test "a script that ends its process is a failure" {
    fails_whole 'process.exit(0);' 'process.exit'
}

@test "a script that is killed is a failure" {
    fails_whole "process.kill(process.pid, 'SIGKILL');" 'killed by signal 9'
}

@test "a script that never resolves is a failure" {
    fails_whole 'await new Promise(() => undefined);' 'never resolved'
}

@test "COMMIT in a script is a failure" {
    fails_whole 'await pool.query(sql`commit`);' 'COMMIT cannot stand in a script'
}

@test "a script in an endless loop is ended" {
    export DATABASE_STATEMENT_TIMEOUT=500
    fails_whole 'for (;;) ;' 'neither ended nor queried anything for 0.5 s'
}

@test "a statement that takes too long is ended, as Logto ends it" {
    export DATABASE_STATEMENT_TIMEOUT=300
    fails_whole 'await pool.query(sql`select pg_sleep(300)`);' 'statement timeout'
    has_no_sleeper
}

@test "a person may take any time to answer what a script asks" {
    export DATABASE_STATEMENT_TIMEOUT=1000
    alteration 1.0.0-1-a.js <<'JS'
import { createInterface } from 'node:readline/promises';
import { sql } from 'dbalt';

export default {
    up: async (pool) => {
        const { limit } = await pool.one(sql`select current_setting('idle_in_transaction_session_timeout') as limit`);
        const terminal = createInterface({ input: process.stdin, output: process.stdout });
        const answer = await terminal.question(`limit ${limit}, sure? `);
        terminal.close();
        await pool.query(sql`create table answers as select ${answer}::text as answer`);
    },
};
JS
    on_terminal deploy latest
    sees 'limit 0, sure?'
    keys yes Enter
    ends 0
    same "$(query 'select answer from answers')" yes

    script 1.0.0-2-b.js "await pool.query(sql\`create table found as select current_setting('idle_in_transaction_session_timeout') as value\`);"
    expect 0 deploy latest
    same "$(query 'select value from found')" 11s
}

@test "there is no limit when there should be none" {
    export DATABASE_STATEMENT_TIMEOUT=DISABLE_TIMEOUT
    script 1.0.0-1-a.js "await pool.query(sql\`create table found as select current_setting('statement_timeout') as value\`);"
    expect 0 deploy latest
    same "$(query 'select value from found')" 0
}

@test "a megabyte of output goes through" {
    script 1.0.0-1-a.js "console.log('x'.repeat(1024 * 1024));"
    expect 0 deploy latest
    [ "${#output}" -ge 1048576 ]
}

@test "a serialization failure is tried again, with the script from its beginning" {
    query 'create sequence tries'
    script 1.0.0-1-a.js "const { n } = await pool.one(sql\`select nextval('tries') as n\`);
if (n < 3)
    await pool.query(sql\`do \$\$ begin raise exception 'again' using errcode = '40001'; end \$\$\`);"
    expect 0 deploy latest
    same "$(query 'select last_value from tries')" 3
    same "$(deployed)" 1-a
}

@test "a lock that is not to be had is waited for again, and told" {
    query 'create table held (id integer)'
    # shellcheck disable=SC2016
    local plain='await pool.query(sql`alter table held add column age integer`);' body
    for body in "$plain" "if (true) $plain"; do
        script 1.0.0-1-a.js "$body"
        hold 'lock table held'
        expect 1 deploy latest --lock-timeout=0.1 --lock-retries=2
        err 'trying again (2 of 2)'
        err '1.0.0-1-a.js:5:'
        err 'canceling statement due to lock timeout'
        let_go
        same "$(events)" 'fail 1-a'
        query 'delete from dbalt.event'
    done
}

@test "a script that is nothing but queries fails like any other" {
    query 'create table held (id integer)'
    # shellcheck disable=SC2016
    local first='await pool.query(sql`insert into log values (2)`);' body place
    query 'create table log (id integer unique deferrable initially deferred)'
    for body in \
        'await pool.query(sql`insert into nowhere values (1)`);|6:12 relation "nowhere" does not exist' \
        'await pool.query(sql`insert into log values (3); insert intoo log values (4)`);|6:12 syntax error at or near "intoo"' \
        'await pool.query(sql`commit`);|6:12 COMMIT cannot stand in a script' \
        'await pool.query(sql`copy log from stdin`);|6:12 COPY' \
        'await pool.query(sql`vacuum log`);|6:12 VACUUM cannot run inside a transaction block' \
        'await pool.query(sql`insert into log values (2)`);| duplicate key value'; do
        script 1.0.0-1-a.js "$first
${body%%|*}"
        expect 1 deploy latest
        place=${body##*|}
        err "${place#* }"
        [ -z "${place%% *}" ] || err "1.0.0-1-a.js:${place%% *}"
        err 'nothing of "up" was kept'
        same "$(query 'select count(*) from log')" 0
        same "$(events)" 'fail 1-a'
        query 'delete from dbalt.event'
    done
}

@test "each query is a text of its own, travelling or not" {
    local way
    for way in '' --no-pipeline; do
        # Before a query is sent, what looks like a comment goes, inside literals too.
        script 1.0.0-1-a.js "await pool.query(sql\`create table one as select 'a--b' as x\`);
await pool.query(sql\`create table two as select 'c--d' as x\`);"
        # shellcheck disable=SC2086
        expect 1 deploy latest $way
        err 'unterminated quoted string'
        err '1.0.0-1-a.js:5:'
        same "$(tables)" ''
        script 1.0.0-1-a.js "await pool.query(sql\`select 1 /* x\`);
await pool.query(sql\`create table two (id integer) */\`);"
        # shellcheck disable=SC2086
        expect 1 deploy latest $way
        err 'unterminated /* comment'
    done
}

@test "queries that are asked at once are each a text of its own" {
    script 1.0.0-1-a.js "await Promise.all([pool.query(sql\`create table one as select 'a--b' as x\`), pool.query(sql\`create table two as select 'c--d' as x\`)]);"
    expect 1 deploy latest
    err 'unterminated quoted string'
    same "$(tables)" ''
    # How a text is read, the one before may change.
    script 1.0.0-1-a.js "await Promise.all([pool.query(sql\`set standard_conforming_strings = off\`), pool.query(sql\`create table a as select 'a\\\\'b' as x\`)]);"
    expect 0 deploy latest
    same "$(query 'select x from a')" "a'b"
    script 1.0.0-2-b.js "await pool.query(sql\`set standard_conforming_strings = off\`);
await pool.query(sql\`create table b as select 'a\\\\'b' as x\`);"
    expect 0 deploy latest --no-pipeline
    same "$(query 'select x from b')" "a'b"
}

@test "what a script throws away is not waited for, and what fails of it has its place" {
    query 'create table t (id integer primary key, other integer references t deferrable initially deferred)'
    # shellcheck disable=SC2016
    local good='await pool.query(sql`insert into t values (${2}, ${1})`);' failing='await pool.query(sql`insert into t values (${1})`);' \
        other='await pool.query(sql`insert into t values (3); insert into t values (4)`);' look='await pool.any(sql`select 1`);' body
    # What the script looks at stands nowhere, behind, or before.
    for body in "$good|$failing|$failing|$other" "$good|$failing|$failing|$look" "$good $failing|$look|$failing|$failing" "$look|$good $failing|$failing|$look $other"; do
        script 1.0.0-1-a.js "$(tr '|' '\n' <<<"$body" | sed 's,^,        ,')"
        expect 1 deploy latest
        err '1.0.0-1-a.js:7:'
        err 'Key (id)=(1) already exists'
        err 'nothing of "up" was kept'
        same "$(query 'select count(*) from t')" 0
    done
    script 1.0.0-1-a.js "$good"
    expect 1 deploy latest # what is deferred fails behind the script
    err 'Key (other)=(1) is not present'
    same "$(query 'select count(*) from t')" 0
    # shellcheck disable=SC2016
    script 1.0.0-1-a.js "$good
$failing
$other" 'await pool.query(sql`delete from t where id > ${1}`);
await pool.query(sql`delete from t`);'
    expect 0 deploy latest
    same "$(query 'select string_agg(id::text, $$,$$ order by id) from t')" 1,2,3,4
    expect 0 rollback 0.0.0 --yes
    same "$(query 'select count(*) from t')" 0
}

@test "what the database says in another encoding is told all the same" {
    query "create table names (name text); insert into names values ('ä');
           create function speak_latin() returns void language plpgsql as 'begin execute ''set client_'' || ''encoding = latin1''; end'"
    # shellcheck disable=SC2016
    local fails='await pool.query(sql`select name::integer from names`);' set
    # shellcheck disable=SC2016
    for set in 'await pool.query(sql`set client_encoding = latin1`);' 'await pool.query(sql`select speak_latin()`);'; do
        script 1.0.0-1-a.js "$set
$fails"
        expect 1 deploy latest
        err 'invalid input syntax for type integer'
        err '22P02'
        err '1.0.0-1-a.js:6:'
    done
    script 1.0.0-1-a.js "await pool.query(sql\`select speak_latin()\`);
const [row] = await pool.any(sql\`select name, 1 as number from names\`);
console.log(Object.keys(row).join(), row.number);"
    expect 0 deploy latest
    out 'name,number 1'
}

@test "what cannot be read is told with its place, whatever went on behind it" {
    local body
    # shellcheck disable=SC2016
    local good='await pool.query(sql`create table x (id integer)`);' wrong='await pool.query(sql`slct 1`);' look='await pool.one(sql`select 1 as one`);' \
        sets='await pool.query(sql`set local work_mem = 1024`);' open='await pool.query(sql`select $a$`);'
    for body in "$good|$wrong" "$good|$wrong|$look" "$look $good|$wrong|$look" "$sets $good|$wrong|$look" "$good|$open" "$good|$open|$look"; do
        script 1.0.0-1-a.js "$(tr '|' '\n' <<<"$body" | sed 's,^,        ,')"
        expect 1 deploy latest
        err '1.0.0-1-a.js:6:'
        same "$(tables)" ''
    done
}

@test "a script that keeps something in memory waits for its queries, and another try finds no more than was done" {
    query "create sequence tries; create table log (what text)"
    printf "import { sql } from 'dbalt';\nlet isDone = false;\nconst once = async (pool) => {\n    if (isDone) {\n        return;\n    }\n%s\n    isDone = true;\n};\nexport default {\n    up: async (pool) => {\n        await once(pool);\n        await pool.query(sql\`insert into log values ('up')\`);\n        await once(pool);\n    },\n};\n" \
        "    await pool.query(sql\`do \$\$ begin perform setval('tries', nextval('tries')); if currval('tries') < 3 then raise exception 'not yet' using errcode = '40001'; end if; insert into log values ('once'); end \$\$\`);" |
        alteration 1.0.0-1-a.js
    script 1.0.0-2-b.js "await pool.query(sql\`insert into log values ('b')\`);"
    expect 0 deploy latest
    err 'trying again (1 of 5): not yet'
    same "$(query 'select what from log' | paste -sd ,)" once,up,b
}

@test "a failure of class 40 is tried again, whatever comes behind the 40" {
    query 'create sequence tries'
    script 1.0.0-1-a.js "await pool.query(sql\`do \$\$ begin perform setval('tries', nextval('tries')); if currval('tries') < 3 then raise exception 'not yet' using errcode = '40002'; end if; end \$\$\`);"
    script 1.0.0-2-b.js "await pool.query(sql\`do \$\$ begin perform setval('tries', nextval('tries')); if currval('tries') < 6 then raise exception 'not yet' using errcode = '40003'; end if; end \$\$\`);"
    expect 0 deploy latest
    err 'trying again (2 of 5): not yet'
    same "$(deployed)" '1-a 2-b'
}

@test "an invalid index that a failed beforeUp left is built again" {
    query 'create table t (x integer); insert into t values (1), (1)'
    alteration 1.0.0-1-a.js <<'JS'
import { sql } from 'dbalt';

export default {
    beforeUp: async (pool) => {
        await pool.query(sql`create unique index concurrently if not exists t_x on t (x)`);
    },
    up: async () => {},
    down: async () => {},
};
JS
    expect 1 deploy latest
    same "$(query "select indisvalid from pg_index where indexrelid = 't_x'::regclass")" f
    query 'delete from t'
    expect 0 deploy latest
    err 'Dropped the invalid index t_x'
    same "$(query "select indisvalid from pg_index where indexrelid = 't_x'::regclass")" t
}

# ended PID: an orphan may stay a zombie until somebody takes note of it
ended() { ! grep -q '^State:.[^Z]' "/proc/$1/status" 2>/dev/null; }

# ends_with_dbalt WHAT BODY: when dbalt is killed in the midst of a script that has said "here"
ends_with_dbalt() {
    printf "import fs from 'node:fs';\nimport process from 'node:child_process';\n%s\n" "$2" | alteration 1.0.0-1-a.js
    start deploy deploy latest
    until_true 30 grep -q here deploy.out
    local node
    node=$(tr -d ' ' <"/proc/$pid/task/$pid/children")
    [[ $(readlink "/proc/$node/exe") == *node* ]] || show "no node: $(tr '\0' ' ' <"/proc/$node/cmdline")"
    kill -KILL "$pid"
    finish deploy "$pid"
    until_true 10 ended "$node" || {
        kill -KILL "$node"
        show "node outlives dbalt: $1"
    }
}

# up BODY: a script with nothing but that
up() { echo "export default { up: async (pool) => { console.log('here'); $1 } };"; }

@test "node ends with a dbalt that is killed, whatever the script does" {
    export DATABASE_STATEMENT_TIMEOUT=DISABLE_TIMEOUT
    mkfifo never
    ends_with_dbalt 'endless loop' "$(up 'for (;;) ;')"
    ends_with_dbalt 'loop that survives signals' "$(up "for (const name of ['SIGTERM', 'SIGIO', 'SIGHUP']) globalThis.process.on(name, () => {}); for (;;) ;")"
    ends_with_dbalt 'endless import' "console.log('here'); for (;;) ;"
    ends_with_dbalt 'timer' "$(up 'await new Promise((resolve) => { setInterval(() => {}, 1000); });')"
    ends_with_dbalt 'synchronous read' "$(up "fs.readFileSync('never');")"
    ends_with_dbalt 'child of its own' "$(up "process.execSync('until [ -e stop ]; do sleep 0.1; done');")"
    touch stop
}

@test "node ends with a dbalt that is killed while a person is asked" {
    alteration 1.0.0-1-a.js <<'JS'
import { createInterface } from 'node:readline/promises';

export default {
    up: async () => {
        await createInterface({ input: process.stdin, output: process.stdout }).question(`sure, ${process.pid} of ${process.ppid}? `);
    },
};
JS
    on_terminal deploy latest
    sees 'sure, '
    local found
    found=$(seen)
    [[ $found =~ sure,\ ([0-9]+)\ of\ ([0-9]+) ]]
    kill -KILL "${BASH_REMATCH[2]}"
    until_true 10 ended "${BASH_REMATCH[1]}"
}

# What a process has open besides what it was started with; anonymous ones, such as an epoll, cannot be told apart.
open_in() { find "/proc/$1/fd" -type l ! -name '[012]' -printf '%l\n' | grep -v '^anon_inode:' | sort -u; }

@test "node inherits no descriptor, and the password stands in its environment alone" {
    script 1.0.0-1-a.js 'await pool.query(sql`select pg_sleep(300)`);'
    start_slow deploy deploy latest --db-url "$(url_with "$DB_URL" "$database" postgres:geheim)"
    local node
    node=$(tr -d ' ' <"/proc/$pid/task/$pid/children")
    [[ $(readlink "/proc/$node/exe") == *node* ]] || show "no node: $(tr '\0' ' ' <"/proc/$node/cmdline")"
    [ "$(open_in "$pid" | grep -c '^socket:')" -ge 3 ] # two connections and the channel of the host
    [ "$(open_in "$node" | grep -c '^socket:')" -ge 2 ]
    same "$(comm -12 <(open_in "$pid") <(open_in "$node"))" ""
    same "$(grep -ca geheim "/proc/$node/cmdline")" 0
    same "$(grep -ca geheim "/proc/$node/environ")" 1
    kill -INT "$pid"
    finish deploy "$pid"
    same "$status" 130
}

@test "beforeUp commits by itself" {
    alteration 1.0.0-1-a.js <<'JS'
import { sql } from 'dbalt';

export default {
    beforeUp: async (pool) => {
        await pool.query(sql`create table before (id integer)`);
        await pool.query(sql`create index concurrently i on before (id)`);
    },
    up: async () => {
        throw new Error('later');
    },
};
JS
    expect 1 deploy latest
    same "$(tables)" before
    same "$(deployed)" ''
}

@test "one without a way back stops a roll back before it begins" {
    makes_table 1.0.0-2-second
    echo 'export default { up: async () => {} };' | alteration 1.0.0-1-a.js
    expect 0 deploy latest
    expect 2 rollback-to-timestamp 0.5
    err 'exports no function "down"'
    same "$(deployed)" '1-a 2-second'
}

@test "a script may catch what the database says of its query, with the names of what it is about" {
    query 'create table t (x integer constraint is_there not null, constraint t_unique unique (x)); insert into t values (1)'
    alteration 1.0.0-1-a.js <<'JS'
import { sql, UniqueIntegrityConstraintViolationError, NotNullIntegrityConstraintViolationError } from 'dbalt';

const caught = async (promise) => promise.then(() => 'nothing', (error) => error);

export default {
    beforeUp: async (pool) => {
        const twice = await caught(pool.query(sql`insert into t values (${1})`));
        const empty = await caught(pool.query(sql`insert into t values (null)`));
        const { code, schema, table, constraint } = twice.originalError;
        console.log(twice instanceof UniqueIntegrityConstraintViolationError, twice.constraint, code, schema, table, constraint);
        console.log(empty instanceof NotNullIntegrityConstraintViolationError, empty.originalError.column, empty.originalError.constraint);
    },
    up: async () => {},
};
JS
    expect 0 deploy latest
    out 'true t_unique 23505 public t t_unique'
    out 'true x undefined'
}

@test "queries that are not awaited go together, and each has its own answer" {
    query 'create table t (x integer unique)'
    script 1.0.0-1-a.js "const [, { rowCount }, { x }, , many] = await Promise.all([
    pool.query(sql\`insert into t values (1)\`), pool.query(sql\`insert into t select generate_series(2, 4)\`),
    pool.one(sql\`select x from t where x = \${3}\`), pool.query(sql\`insert into t values (5); insert into t values (6)\`),
    pool.anyFirst(sql\`select x from t order by x\`)]);
console.log('got', rowCount, x, many.join());"
    script 1.0.0-2-b.js "const outcomes = await pool.transaction((inner) => Promise.allSettled([
    inner.query(sql\`insert into t values (7)\`), inner.query(sql\`insert into t values (1)\`),
    inner.query(sql\`insert into t values (8)\`)]).then((all) => { console.log(all.map((one) => one.reason?.code ?? one.reason?.constraint ?? one.status).join()); throw new Error('back'); })).catch((error) => error.message);
console.log(outcomes, (await pool.oneFirst(sql\`select count(*) from t\`)));"
    expect 0 deploy latest
    out 'got 3 3 1,2,3,4,5,6'
    out 'fulfilled,t_x_key,25P02'
    out 'back 6'
}

@test "nothing runs outside the transaction, also when the first query cannot be read" {
    script 1.0.0-1-a.js "await pool.query(sql\`selekt 1\`).catch(() => {});
await pool.query(sql\`create table outside (x integer)\`).catch(() => {});"
    expect 1 deploy latest
    err 'syntax error at or near "selekt"'
    same "$(tables)" ''
    same "$(deployed)" ''
}

@test "what somebody else did before the first query is not done again" {
    alteration 1.0.0-1-a.js <<'JS'
import { execFileSync } from 'node:child_process';
import { sql } from 'dbalt';

const rival = "insert into dbalt.alteration (identity, release, name, kind, deployed_by, host, version) values ('1-a', '1.0.0', 'a', 'javascript', 'x', 'y', 'z')";

export default {
    up: async (pool) => {
        execFileSync('psql', ['-Xqc', rival, process.env.DB_URL]);
        await pool.query(sql`create table once (x integer)`).catch(() => {});
        await pool.query(sql`create table twice (x integer)`).catch(() => {});
    },
};
JS
    script 1.0.0-2-b.js 'await pool.query(sql`create table next (x integer)`);'
    expect 0 deploy latest
    err 'Somebody else did it meanwhile'
    same "$(tables)" next
    same "$(deployed)" '1-a 2-b'
}

# ---- Logto's state

keeps_state() {
    query 'create table systems (key text primary key, value jsonb not null)'
    [ -z "${1-}" ] || query "insert into systems values ('alterationState', '{\"timestamp\": $1, \"updatedAt\": \"2026-01-02T03:04:05.678Z\"}')"
}
state() { query "select value->'timestamp' from systems where key = 'alterationState'"; }

@test "Logto's state is adopted and written along" {
    keeps_state 1
    script 1.0.0-1-a.js "throw new Error('twice');"
    script 1.0.0-2-b.js '' ''
    script next-3-c.js '' ''
    expect 3 check
    err 'next-3-c.js'
    expect 0 deploy next
    err 'Adopting 1 alteration that Logto deployed'
    same "$(state)" 3
    expect 0 status
    out_matches '1-?.* a +deployed +2026-01-02 03:04:05Z .*logto'
    expect 0 rollback-to-timestamp 2
    same "$(state)" 2
}

@test "Logto's state and the change are one transaction" {
    keeps_state 1
    script 1.0.0-2-b.js "throw new Error('no');"
    expect 1 deploy latest
    same "$(state)" 1
}

@test "what Logto deployed can be repaired before it is adopted" {
    keeps_state 2
    script 1.0.0-1-a.js '' ''
    script 1.0.0-2-b.js '' ''
    expect 0 repair 1-a
    same "$(query "select to_regclass('dbalt.alteration')")" ''
    expect 0 repair --accept --yes 1-a
    err 'Adopting 2 alterations that Logto deployed'
    same "$(query "select identity, up_sha256 is not null from dbalt.alteration order by identity" | paste -sd ' ')" '1-a|t 2-b|f'
    query "update systems set value = value || '{\"timestamp\": 1}'"
    expect 0 repair --forget --yes 1-a
    same "$(deployed)" ''
    expect 3 check
    err '1.0.0-1-a.js'
    err '1.0.0-2-b.js'
}

@test "without Logto's row there is none, unless asked for" {
    keeps_state
    script 1.0.0-2-b.js '' ''
    expect 0 deploy latest
    same "$(state)" ''
    expect 0 rollback-to-timestamp 1
    expect 0 deploy latest --state logto
    same "$(state)" 2
}

@test "another application's table named systems is told, with the remedy" {
    script 1.0.0-1-a.js 'await pool.query(sql`create table a (x integer)`);'
    local other
    for other in 'table systems (id integer, value text)' 'table systems (key integer, value jsonb)' 'view systems as select 1 as key'; do
        query "create $other"
        expect 6 deploy latest
        err "annot read the alteration state"
        err "--state=dbalt leaves it alone"
        query "drop ${other%% *} systems"
    done
    query 'create table systems (id integer)'
    expect 0 deploy latest --state=dbalt
    expect 0 check --state=dbalt
    same "$(deployed)" 1-a
}

@test "Logto's row stays as it is with --state dbalt" {
    keeps_state 1
    script 1.0.0-1-a.js '' ''
    script 1.0.0-2-b.js '' ''
    expect 0 deploy latest --state dbalt
    same "$(state)" 1
    same "$(deployed)" '1-a 2-b'
}

@test "the folder of a Logto installation is found" {
    local folder
    unset DBALT_DIR
    rmdir alterations
    for folder in packages/schemas/alterations-js node_modules/@logto/schemas/alterations-js; do
        mkdir -p "$folder"
        echo 'export default { up: async () => {} };' >"$folder/1.0.0-1-from-${folder%%/*}.js"
        expect 0 list
        same "$output" "1.0.0-1-from-${folder%%/*}.js"
    done
    mkdir alterations
    expect 0 list
    same "$output" ''
}

@test "a transaction that nobody awaits ends before its section does" {
    query 'create table log (what text)'
    script 1.0.0-1-a.mjs "await pool.query(sql\`insert into log values ('0')\`);
pool.transaction(async (inner) => {
    await inner.query(sql\`insert into log values ('half')\`);
    await new Promise((done) => setTimeout(done, 50));
    throw new Error('undo');
}).catch(() => {});"
    script 1.0.0-2-b.mjs "pool.transaction(async (inner) => {
    await new Promise((done) => setTimeout(done, 50));
    await inner.query(sql\`insert into log values ('late')\`);
});"
    expect 0 deploy latest
    same "$(query 'select what from log order by what' | paste -sd ' ')" '0 late'
}

@test "a transaction of beforeUp that can never end is undone, and its failure is noted" {
    query 'create table log (what text)'
    alteration 1.0.0-1-a.mjs <<'JS'
import { sql } from 'dbalt';

export default {
    beforeUp: async (pool) => {
        pool.transaction(async (inner) => {
            await inner.query(sql`insert into log values ('half')`);
            await new Promise(() => {});
        });
    },
    up: async () => {},
};
JS
    expect 1 deploy latest
    err 'never resolved'
    same "$(query 'select count(*) from log')" 0
    same "$(events | paste -sd ' ')" 'step-begun 1-a step-failed 1-a fail 1-a'
}

@test "an error that comes late is told beside the failure of a script that travelled, whose place stays" {
    script 1.0.0-1-a.mjs "setTimeout(() => { throw new Error('late throw'); }, 100);"
    cat >"$DBALT_DIR/1.0.0-2-b.mjs" <<'JS'
import { sql } from 'dbalt';
export default {
  up: async (pool) => {
    await pool.query(sql`select pg_sleep(1)`);
    await pool.query(sql`insert into nowhere values (1)`);
  },
};
JS
    expect 1 deploy latest
    err '1.0.0-2-b.mjs:5:'
    err 'relation "nowhere" does not exist'
    err 'an error of 1.0.0-1-a.mjs, which was done before, came late: late throw'
    same "$(deployed)" 1-a
}

@test "an error that comes when its script is done says whose it is" {
    script 1.0.0-1-a.mjs "setTimeout(() => { throw new Error('late throw'); }, 100);"
    script 1.0.0-2-b.mjs 'await new Promise((done) => setTimeout(done, 60_000));'
    expect 1 deploy latest
    err '"up" of 1.0.0-2-b.mjs failed: an error of 1.0.0-1-a.mjs, which was done before, came late: late throw'
    err '1.0.0-1-a.mjs:5:'
    same "$(deployed)" 1-a
}
