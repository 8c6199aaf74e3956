-- The history in SQLite: tables dbalt_* of the database itself ("main": a script's temporary table of that name is not meant).
-- Times are ISO 8601 in UTC with milliseconds. Sequences are not AUTOINCREMENT, which would bring a table of SQLite's own
-- (sqlite_sequence) into the user's schema; that of a rolled back alteration may come again, and the order stays right.

-- statement: create
-- The SELECTs refuse what bears one of these names and is somebody else's.
CREATE TABLE IF NOT EXISTS main.dbalt_alteration (
    sequence INTEGER PRIMARY KEY,
    identity TEXT NOT NULL UNIQUE,
    release TEXT NOT NULL,
    name TEXT NOT NULL,
    kind TEXT NOT NULL,
    before_up_sha256 TEXT,
    up_sha256 TEXT,
    down_sha256 TEXT,
    before_down_sha256 TEXT,
    down TEXT,
    before_down TEXT,
    deployed_at TEXT NOT NULL,
    took INTEGER,
    deployed_by TEXT,
    host TEXT,
    version TEXT
);
SELECT dbalt_alteration.identity, dbalt_alteration.up_sha256, dbalt_alteration.deployed_at FROM main.dbalt_alteration WHERE 0;
CREATE TABLE IF NOT EXISTS main.dbalt_event (
    sequence INTEGER PRIMARY KEY,
    at TEXT NOT NULL,
    kind TEXT NOT NULL,
    identity TEXT NOT NULL,
    release TEXT,
    section TEXT,
    step INTEGER,
    sha256 TEXT,
    message TEXT,
    done_by TEXT,
    host TEXT,
    version TEXT
);
SELECT dbalt_event.identity, dbalt_event.section, dbalt_event.done_by FROM main.dbalt_event WHERE 0;
CREATE TABLE IF NOT EXISTS main.dbalt_holder (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    held_by TEXT,
    host TEXT,
    pid TEXT,
    since TEXT NOT NULL,
    backend TEXT
);
SELECT dbalt_holder.held_by, dbalt_holder.since FROM main.dbalt_holder WHERE 0;
CREATE TABLE IF NOT EXISTS main.dbalt_layout (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    version INTEGER NOT NULL,
    oldest_reader INTEGER NOT NULL
);
INSERT OR IGNORE INTO main.dbalt_layout (id, version, oldest_reader) VALUES (1, 1, 1);

-- statement: read-layout
SELECT version, oldest_reader FROM main.dbalt_layout WHERE id = 1;

-- statement: read
SELECT identity, sequence, release, kind, before_up_sha256, up_sha256, down_sha256, before_down_sha256, down IS NOT NULL, deployed_at,
    took, deployed_by, host, version
FROM main.dbalt_alteration ORDER BY sequence;

-- statement: read-stored
SELECT down, before_down FROM main.dbalt_alteration WHERE identity = $1;

-- statement: guard-deploy
INSERT INTO main.dbalt_alteration (identity, release, name, kind, before_up_sha256, up_sha256, down_sha256, before_down_sha256, down,
    before_down, deployed_at, deployed_by, host, version)
VALUES (CASE WHEN $14 = '' OR EXISTS (SELECT 1 FROM main.dbalt_alteration WHERE identity = $14) THEN $1 END,
    $2, $3, $4, $5, $6, $7, $8, $9, $10, strftime('%Y-%m-%dT%H:%M:%fZ', 'now'), $11, $12, $13);

-- A script that removed its own row must not be committed without: no row, no identity for a column that must have one.
-- statement: finish-deploy
UPDATE main.dbalt_alteration SET took = max(0, CAST(round((julianday('now') - julianday(deployed_at)) * 86400000) AS INTEGER))
WHERE identity = $1;
INSERT INTO main.dbalt_event (at, kind, identity, release, sha256, done_by, host, version)
VALUES (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'), 'deploy', (SELECT identity FROM main.dbalt_alteration WHERE identity = $1),
    $2, $3, $4, $5, $6);

-- Who comes second finds no identity for a column that must have one.
-- statement: guard-rollback
INSERT INTO main.dbalt_event (at, kind, identity, release, done_by, host, version)
VALUES (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'), 'rollback',
    (SELECT identity FROM main.dbalt_alteration WHERE identity = $1 AND NOT EXISTS (SELECT 1 FROM main.dbalt_alteration WHERE identity = $5)),
    (SELECT release FROM main.dbalt_alteration WHERE identity = $1), $2, $3, $4);
DELETE FROM main.dbalt_alteration WHERE identity = $1;

-- statement: release
UPDATE main.dbalt_alteration SET release = $2 WHERE identity = $1;

-- statement: accept
UPDATE main.dbalt_alteration
SET before_up_sha256 = $2, up_sha256 = $3, down_sha256 = $4, before_down_sha256 = $5, down = $6, before_down = $7
WHERE identity = $1;

-- statement: forget
DELETE FROM main.dbalt_alteration WHERE identity = $1;

-- statement: event
INSERT INTO main.dbalt_event (at, kind, identity, release, section, step, sha256, message, done_by, host, version)
VALUES (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'), $1, $2, $3, $4, $5, $6, $7, $8, $9, $10);

-- statement: read-steps
SELECT kind, step, sha256, at FROM main.dbalt_event
WHERE identity = $1 AND section = $2 AND step IS NOT NULL
    AND sequence > (SELECT coalesce(max(sequence), 0) FROM main.dbalt_event WHERE identity = $1 AND kind IN ('deploy', 'rollback'))
ORDER BY sequence;

-- statement: hold
INSERT OR IGNORE INTO main.dbalt_holder (id, held_by, host, pid, since, backend)
VALUES (1, $1, $2, $3, strftime('%Y-%m-%dT%H:%M:%fZ', 'now'), $4);

-- statement: release-hold
DELETE FROM main.dbalt_holder WHERE host = $1 AND pid = $2;

-- statement: read-holder
SELECT held_by, host, pid, since, backend FROM main.dbalt_holder WHERE id = 1;
