/* Logto as the test set-up installs it: DBALT_TEST_LOGTO is a folder with node_modules/@logto/cli. */
import { execFileSync } from 'node:child_process';
import { chownSync, mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

export const installation = process.env.DBALT_TEST_LOGTO ?? '/var/tmp/dbalt-logto';

/* A package of that installation, as @silverhand/slonik gets it. */
export async function real(name) {
    const cli = createRequire(path.join(installation, 'package.json'));
    const slonik = createRequire(cli.resolve('@silverhand/slonik'));
    const file = name === '@silverhand/slonik' ? cli.resolve(name) : slonik.resolve(name);
    const module = await import(pathToFileURL(file).href);
    return { ...module.default, ...module };
}

/* PostgreSQL: roles belong to a cluster and their names to a dump, so what is to be compared is in clusters of its own, under
 * one database name. PostgreSQL does not run as root: nobody runs it then. */
const binaries = process.env.DBALT_TEST_POSTGRES_BIN ?? '/usr/lib/postgresql/15/bin';
const isRoot = process.getuid() === 0;
const [nobody, nogroup] = [65_534, 65_534];
const clusters = mkdtempSync(path.join(os.tmpdir(), 'dbalt-logto-'));
if (isRoot)
    chownSync(clusters, nobody, nogroup);

const postgres = (program, ...options) =>
    execFileSync(path.join(binaries, program), options, { ...(isRoot && { uid: nobody, gid: nogroup }), cwd: clusters, stdio: ['ignore', 'pipe', 'ignore'] });

const freePort = () => new Promise((resolve) => {
    const server = net.createServer().listen(0, '127.0.0.1', () => {
        const { port } = server.address();
        server.close(() => resolve(port));
    });
});

/* An own cluster, empty or a copy of a stopped one, with the URL of its database `logto`. */
export async function startCluster(name, original) {
    const folder = path.join(clusters, name);
    const port = await freePort();
    if (original === undefined)
        postgres('initdb', '-D', folder, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--locale=C.UTF-8');
    else
        execFileSync('cp', ['-a', original.folder, folder]);
    const settings = `-p ${port} -c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c fsync=off`;
    postgres('pg_ctl', '-D', folder, '-w', '-o', settings, '-l', path.join(clusters, `${name}.log`), 'start');
    return {
        folder,
        url: `postgresql://postgres@127.0.0.1:${port}/logto`,
        stop: () => postgres('pg_ctl', '-D', folder, '-w', '-m', 'fast', 'stop'),
    };
}

export function removeClusters() {
    rmSync(clusters, { recursive: true, force: true });
}

/* The official command line; DB_URL because one script reads it, CI because two ask. */
export function official({ url }, ...options) {
    return execFileSync(path.join(installation, 'node_modules/.bin/logto'), ['db', ...options, '--db-url', url],
        { encoding: 'utf8', env: { ...process.env, CI: 'true', DB_URL: url, NO_COLOR: '1' }, stdio: ['ignore', 'pipe', 'pipe'] });
}

export function runSql({ url }, sql) {
    return execFileSync(path.join(binaries, 'psql'), ['-X', '-q', '-A', '-t', '-v', 'ON_ERROR_STOP=1', '-d', url, '-c', sql], { encoding: 'utf8' });
}

export function dumpSchema({ url }) {
    const options = ['--schema-only', '--exclude-schema=dbalt', '-d', url];
    return execFileSync(path.join(binaries, 'pg_dump'), options, { encoding: 'utf8', maxBuffer: 1e8 })
        .replaceAll(/^\\(un)?restrict .*$/gmu, '\\$1restrict'); /* newer ones write a random key */
}

/* One `down` makes `USER:admin:admin` for the admins of an organisation, and needs one: with an id of at most 9 characters. */
export const addAdmin = `
    insert into users (tenant_id, id, username) values ('admin', 'u1', 'admin');
    insert into users_roles (tenant_id, id, user_id, role_id)
        select 'admin', 'ur-' || name, 'u1', id from roles where tenant_id = 'admin' and name in ('user', 'default:admin');
    insert into organization_user_relations values ('admin', 't-admin', 'u1'), ('admin', 't-default', 'u1');
    insert into organization_role_user_relations (tenant_id, organization_id, organization_role_id, user_id)
        values ('admin', 't-admin', 'admin', 'u1'), ('admin', 't-default', 'admin', 'u1');`;
