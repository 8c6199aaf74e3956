-- The history of deployments, layout 1. :schema is its schema as an identifier, :'schema' its name as a literal;
-- $1, $2 ... are filled in as literals. What is called is named with its schema, and operands have the very types that an operator of
-- pg_catalog has: else one that another role put into "public" may fit better, and run in the deployer's name.

-- statement: create
-- A schema that somebody else made for the deployer needs no right to create one.
DO $dbalt$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_catalog.pg_namespace WHERE nspname = :'schema') THEN
        CREATE SCHEMA :schema;
    END IF;
END
$dbalt$;
CREATE TABLE IF NOT EXISTS :schema.layout (
    single boolean PRIMARY KEY DEFAULT true CHECK (single),
    version integer NOT NULL,
    oldest_reader integer NOT NULL
);
CREATE TABLE IF NOT EXISTS :schema.alteration (
    identity text PRIMARY KEY,
    sequence bigint GENERATED ALWAYS AS IDENTITY,
    release text NOT NULL,
    name text NOT NULL,
    kind text NOT NULL,
    before_up_sha256 text,
    up_sha256 text,
    down_sha256 text,
    before_down_sha256 text,
    down text,
    before_down text,
    deployed_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
    took bigint NOT NULL DEFAULT 0,
    deployed_by text NOT NULL,
    host text NOT NULL,
    version text NOT NULL
);
CREATE TABLE IF NOT EXISTS :schema.event (
    sequence bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
    kind text NOT NULL,
    identity text NOT NULL,
    release text,
    section text,
    step integer,
    sha256 text,
    message text,
    done_by text NOT NULL,
    host text NOT NULL,
    version text NOT NULL
);
CREATE TABLE IF NOT EXISTS :schema.holder (
    single boolean PRIMARY KEY DEFAULT true CHECK (single),
    held_by text NOT NULL,
    host text NOT NULL,
    pid text NOT NULL,
    backend text,
    since timestamptz NOT NULL
);
CREATE TABLE IF NOT EXISTS :schema.foreign_state (
    single boolean PRIMARY KEY DEFAULT true CHECK (single),
    "timestamp" numeric NOT NULL
);
INSERT INTO :schema.layout (version, oldest_reader) VALUES (1, 1) ON CONFLICT DO NOTHING;

-- statement: read-layout
SELECT version, oldest_reader FROM :schema.layout;

-- statement: read
SELECT identity, sequence, release, kind, before_up_sha256, up_sha256, down_sha256, before_down_sha256,
       (down IS NOT NULL)::integer,
       pg_catalog.to_char(deployed_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'), took, deployed_by, host, version
FROM :schema.alteration
ORDER BY sequence;

-- statement: read-stored
SELECT down, before_down FROM :schema.alteration WHERE identity = $1;

-- What was sent behind another alteration must not go in when the COMMIT of that one failed, or when the deploy lock was lost meanwhile
-- (nobody holds it then: it could be had): then there is no key.
-- statement: guard-deploy
INSERT INTO :schema.alteration (identity, release, name, kind, before_up_sha256, up_sha256, down_sha256, before_down_sha256,
                                down, before_down, deployed_by, host, version)
VALUES (CASE WHEN $14 = '' OR (EXISTS (SELECT FROM :schema.alteration WHERE identity = $14)
                               AND NOT pg_catalog.pg_try_advisory_xact_lock_shared(pg_catalog.hashtextextended('dbalt:' || :'schema', 0)))
             THEN $1 END, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13);

-- statement: finish-deploy
-- A script that removed its own row must not be committed without: no row, no identity for a column that must have one.
WITH deployed AS (
    UPDATE :schema.alteration
    SET took = extract(epoch FROM pg_catalog.clock_timestamp() - deployed_at)::numeric * 1000.0
    WHERE identity = $1
    RETURNING identity
)
INSERT INTO :schema.event (kind, identity, release, sha256, done_by, host, version)
VALUES ('deploy', (SELECT identity FROM deployed), $2, $3, $4, $5, $6);

-- statement: guard-rollback
-- No row, no identity: the NOT NULL of the event stops the second of two who roll back.
WITH gone AS (
    DELETE FROM :schema.alteration WHERE identity = $1 RETURNING identity, release
)
INSERT INTO :schema.event (kind, identity, release, done_by, host, version)
VALUES ('rollback', (SELECT identity FROM gone
                     WHERE $5 = '' OR (NOT EXISTS (SELECT FROM :schema.alteration WHERE identity = $5)
                       AND NOT pg_catalog.pg_try_advisory_xact_lock_shared(pg_catalog.hashtextextended('dbalt:' || :'schema', 0)))),
        (SELECT release FROM gone), $2, $3, $4);

-- statement: release
UPDATE :schema.alteration SET release = $2 WHERE identity = $1;

-- statement: accept
UPDATE :schema.alteration
SET before_up_sha256 = $2, up_sha256 = $3, down_sha256 = $4, before_down_sha256 = $5, down = $6, before_down = $7
WHERE identity = $1;

-- statement: forget
DELETE FROM :schema.alteration WHERE identity = $1;

-- statement: event
INSERT INTO :schema.event (kind, identity, release, section, step, sha256, message, done_by, host, version)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10);

-- statement: read-steps
SELECT kind, step, sha256, pg_catalog.to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
FROM :schema.event
WHERE identity = $1
  AND section = $2
  AND kind IN ('step-begun', 'step-done', 'step-failed', 'step-skipped')
  AND sequence > coalesce((SELECT pg_catalog.max(sequence) FROM :schema.event WHERE identity = $1 AND kind IN ('deploy', 'rollback')), 0)
ORDER BY sequence;

-- statement: hold
INSERT INTO :schema.holder (held_by, host, pid, backend, since)
VALUES ($1, $2, $3, $4, pg_catalog.clock_timestamp())
ON CONFLICT DO NOTHING;

-- statement: release-hold
DELETE FROM :schema.holder WHERE host = $1 AND pid = $2;

-- statement: read-holder
SELECT held_by, host, pid, pg_catalog.to_char(since AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'), backend FROM :schema.holder;

-- Logto keeps {"timestamp": ..., "updatedAt": ...} in "systems", its first releases in "_logto_configs". A query names its table, and
-- this one is not known: query_to_xml() runs the one that fits.
-- statement: read-state
SELECT substring(x FROM '<t>([^<]*)</t>'), substring(x FROM '<u>([^<]*)</u>'),
       CASE WHEN pg_catalog.to_regclass('systems') IS NOT NULL THEN 'systems' ELSE 'configs' END
FROM (SELECT coalesce(pg_catalog.to_regclass('systems'), pg_catalog.to_regclass('_logto_configs')) AS name) AS place,
     LATERAL (SELECT pg_catalog.query_to_xml(pg_catalog.format(
         'SELECT value OPERATOR(pg_catalog.->>) ''timestamp'' AS t, value OPERATOR(pg_catalog.->>) ''updatedAt'' AS u FROM %s
          WHERE key OPERATOR(pg_catalog.=) ''alterationState''', name), false, false, '')::text AS x WHERE name IS NOT NULL) AS found
WHERE x LIKE '%<t>%';

-- statement: read-remembered
SELECT "timestamp" FROM :schema.foreign_state;

-- statement: write-state
-- 0 is not written, as Logto does not; then what the row still says, if it is there, is what Logto goes by.
DO $dbalt$
DECLARE
    place regclass := coalesce(pg_catalog.to_regclass('systems'), pg_catalog.to_regclass('_logto_configs'));
    written numeric := $1;
BEGIN
    IF place IS NOT NULL AND written > 0::numeric THEN
        EXECUTE pg_catalog.format(
            'INSERT INTO %s (key, value) VALUES (''alterationState'', %L) ON CONFLICT (key) DO UPDATE SET value = excluded.value', place,
            pg_catalog.jsonb_build_object(
                'timestamp', written, 'updatedAt', pg_catalog.to_char(pg_catalog.clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')));
    ELSIF place IS NOT NULL THEN
        EXECUTE pg_catalog.format(
            'SELECT (value OPERATOR(pg_catalog.->>) ''timestamp'')::numeric FROM %s WHERE key OPERATOR(pg_catalog.=) ''alterationState''
             AND pg_catalog.jsonb_typeof(value OPERATOR(pg_catalog.->) ''timestamp'') = ''number''', place) INTO written;
    END IF;
    INSERT INTO :schema.foreign_state ("timestamp") VALUES (coalesce(written, 0))
    ON CONFLICT (single) DO UPDATE SET "timestamp" = excluded."timestamp";
END
$dbalt$;

-- statement: find-state
SELECT CASE WHEN pg_catalog.to_regclass('systems') IS NOT NULL THEN 'systems'
            WHEN pg_catalog.to_regclass('_logto_configs') IS NOT NULL THEN 'configs' ELSE '' END;

-- The search path is that of to_regclass(): where this finds a table, write-state would find the same. It takes a third of the time.
-- statement: write-systems
INSERT INTO systems (key, value)
VALUES ('alterationState',
        pg_catalog.jsonb_build_object(
            'timestamp', $1::numeric, 'updatedAt', pg_catalog.to_char(pg_catalog.clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')))
ON CONFLICT (key) DO UPDATE SET value = excluded.value;

-- Where there is a "systems", that counts: nothing to remember, which is refused, before the other table is touched.
-- statement: remember-configs
INSERT INTO :schema.foreign_state ("timestamp") VALUES (CASE WHEN pg_catalog.to_regclass('systems') IS NULL THEN $1::numeric END)
ON CONFLICT (single) DO UPDATE SET "timestamp" = excluded."timestamp";

-- statement: write-configs
INSERT INTO _logto_configs (key, value)
VALUES ('alterationState',
        pg_catalog.jsonb_build_object(
            'timestamp', $1::numeric, 'updatedAt', pg_catalog.to_char(pg_catalog.clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')))
ON CONFLICT (key) DO UPDATE SET value = excluded.value;

-- statement: remember-state
INSERT INTO :schema.foreign_state ("timestamp") VALUES ($1)
ON CONFLICT (single) DO UPDATE SET "timestamp" = excluded."timestamp";

-- statement: adopt
INSERT INTO :schema.alteration (identity, release, name, kind, deployed_by, deployed_at, host, version)
VALUES ($1, $2, $3, $4, $5, coalesce(nullif($6, '')::timestamptz, pg_catalog.clock_timestamp()), '', '')
ON CONFLICT DO NOTHING;
