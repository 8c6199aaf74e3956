"""The contenders: how each wants its alterations written, and how it is told to deploy them.

Every one gets the same SQL, an alteration a transaction, and keeps a history of its own, but for the bare shells.
"""
import hashlib
import json
import os
import subprocess

FIRST_TIMESTAMP = 1700000000


def alteration(number):
    """One of a few small changes, five for each table."""
    table = f"item_{number // 5}"
    return (
        f"create table {table} (id integer primary key, name text not null);",
        f"insert into {table} (id, name) values (1, 'one'), (2, 'two; and more'), (3, 'three');",
        f"alter table {table} add column price integer not null default 0;",
        f"create index {table}_name on {table} (name);",
        f"update {table} set price = id * 100;",
    )[number % 5]


def alterations(count):
    return [alteration(number) for number in range(count)]


def big_script(size):
    """One alteration of so many bytes, in single rows."""
    row = "insert into big (text) values ('" + "x" * 200 + "');\n"
    return "create table big (text text);\n" + row * (size // len(row))


def output_of(*command):
    """What a program says of itself, or None when it is not there."""
    try:
        return subprocess.check_output(command, stdin=subprocess.DEVNULL, stderr=subprocess.STDOUT, text=True).strip() or None
    except (OSError, subprocess.CalledProcessError):
        return None


def last_word(text):
    return text.split()[-1] if text else None


def debian_version(package):
    return output_of("dpkg-query", "--show", "--showformat=${Version}", package)


class Contender:
    """What runs a folder of alterations. `leave_out` are options of pg_dump for what is the contender's own."""

    name = None
    leave_out = []
    knows_when_done = True  # it can be run again, and finds nothing to do
    is_peer = True  # another tool, which may not be on this machine: what it says when it fails is reported, no more

    def version(self):
        """None when it is not there."""
        raise NotImplementedError

    def write(self, folder, scripts):
        """Writes the SQL of each alteration, in order, in the contender's own format."""
        raise NotImplementedError

    def command(self, folder, database):
        raise NotImplementedError

    def environment(self, folder, database):
        return {}


class Dbalt(Contender):
    name = "dbalt"
    leave_out = ["--exclude-schema=dbalt"]
    is_peer = False

    def __init__(self, program, *options):
        self.program = program
        self.options = options
        self.name = " ".join(["dbalt", *options])

    def version(self):
        return last_word(output_of(self.program, "--version"))

    def write(self, folder, scripts):
        for number, sql in enumerate(scripts):
            text = f"-- dbalt: up\n{sql}\n\n-- dbalt: down\n"
            (folder / f"1.0.0-{FIRST_TIMESTAMP + number}-change-{number}.sql").write_text(text)

    def command(self, folder, database):
        return [self.program, "deploy", "latest", "--quiet", *self.options, "--dir", folder, "--db-url", database.url]


class DbaltOnSqlite(Dbalt):
    leave_out = "dbalt_"

    def command(self, folder, database):
        return [self.program, "deploy", "latest", "--quiet", *self.options, "--dir", folder, "--db-url", f"sqlite:{database}"]


class Psql(Contender):
    """The least that can be done: one file, each alteration between begin and commit. It would do it all again the next time."""

    name = "psql, bare"
    knows_when_done = False
    is_peer = False

    def version(self):
        return output_of("psql", "--version").split()[2]

    def write(self, folder, scripts):
        (folder / "all.sql").write_text("".join(f"begin;\n{sql}\ncommit;\n" for sql in scripts))

    def command(self, folder, database):
        return ["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-f", folder / "all.sql", database.url]


class PsqlWithHistory(Psql):
    """The same with what every tool has to do besides: a bound for waiting on locks, a row of history, a row of what happened."""

    name = "psql, with a history"
    leave_out = ["--exclude-schema=history"]
    end_of_statement = ";\n"

    def write(self, folder, scripts):
        statements = [
            "create schema history",
            "create table history.alteration (identity text primary key, sequence bigint, release text, name text, sha256 text,"
            " down text, deployed_at timestamptz default now())",
            "create table history.event (number bigint generated always as identity primary key, what text, identity text,"
            " happened_at timestamptz default now())",
        ]
        for number, sql in enumerate(scripts):
            sha256 = hashlib.sha256(sql.encode()).hexdigest()
            identity = f"{FIRST_TIMESTAMP + number}-change-{number}"
            statements += [
                "begin",
                "set local lock_timeout = '5s'",
                "insert into history.alteration (identity, sequence, release, name, sha256, down)"
                f" values ('{identity}', {number}, '1.0.0', 'change-{number}', '{sha256}', '')",
                sql.removesuffix(";"),
                f"insert into history.event (what, identity) values ('deploy', '{identity}')",
                "commit",
            ]
        (folder / "all.sql").write_text(self.end_of_statement.join(statements) + ";\n")


class PsqlAtOnce(PsqlWithHistory):
    """The same in one message, with no round trip between: what the server alone takes. The first error would end it, nobody
    would know where it is, and all of it is in the server's memory: no way to deploy, but a measure."""

    name = "psql, one message"
    end_of_statement = "\\;\n"


class SqliteShell(Contender):
    name = "sqlite3"
    knows_when_done = False
    is_peer = False
    leave_out = None
    write = Psql.write

    def version(self):
        return output_of("sqlite3", "--version").split()[0]

    def command(self, folder, database):
        return ["sqlite3", "-batch", "-bail", database, f".read {folder / 'all.sql'}"]


class NpmPeer(Contender):
    """A peer in the folder that bench/fetch prints."""

    package = None
    program = None  # inside the package

    def __init__(self, installed):
        self.file = installed / "node_modules" / self.package / self.program if installed else None

    def is_there(self):
        return self.file is not None and self.file.is_file()


class NodePeer(NpmPeer):
    def version(self):
        return output_of("node", "-p", f"require('{self.file.parents[1]}/package.json').version") if self.is_there() else None


class Dbmate(NpmPeer):
    name = "dbmate"
    package = "@dbmate/linux-x64"
    program = "bin/dbmate"
    leave_out = ["--exclude-table=schema_migrations"]

    def version(self):
        return last_word(output_of(self.file, "--version")) if self.is_there() else None

    def write(self, folder, scripts):
        for number, sql in enumerate(scripts):
            (folder / f"{20240101000000 + number}_change_{number}.sql").write_text(f"-- migrate:up\n{sql}\n\n-- migrate:down\n")

    def command(self, folder, database):
        return [self.file, "--url", database.url, "--migrations-dir", folder, "--no-dump-schema", "migrate"]


class NodePgMigrate(NodePeer):
    name = "node-pg-migrate"
    package = "node-pg-migrate"
    program = "bin/node-pg-migrate.js"
    leave_out = ["--exclude-table=pgmigrations*"]

    def write(self, folder, scripts):
        for number, sql in enumerate(scripts):
            text = f"-- Up Migration\n{sql}\n\n-- Down Migration\n"
            (folder / f"{FIRST_TIMESTAMP * 1000 + number}_change-{number}.sql").write_text(text)

    def command(self, folder, database):
        # Everything in one transaction, its way unless told otherwise, is other work.
        return ["node", self.file, "up", "--migrations-dir", folder, "--no-single-transaction", "--no-verbose"]

    def environment(self, folder, database):
        return {"DATABASE_URL": database.url}


class GraphileMigrate(NodePeer):
    name = "graphile-migrate"
    package = "graphile-migrate"
    program = "dist/cli.js"
    leave_out = ["--exclude-schema=graphile_migrate"]

    def write(self, folder, scripts):
        committed = folder / "migrations/committed"
        committed.mkdir(parents=True)
        (folder / ".gmrc").write_text(json.dumps({"migrationsFolder": str(folder / "migrations")}))
        previous = "-"
        for number, sql in enumerate(scripts, 1):
            linked = ("" if previous == "-" else previous + "\n") + sql.strip() + "\n"
            own = "sha1:" + hashlib.sha1(linked.encode()).hexdigest()
            (committed / f"{number:06}.sql").write_text(f"--! Previous: {previous}\n--! Hash: {own}\n\n{sql}\n")
            previous = own

    def command(self, folder, database):
        return ["node", self.file, "migrate", "--config", folder / ".gmrc"]

    def environment(self, folder, database):
        return {"DATABASE_URL": database.url}


class SqlMigrate(Contender):
    name = "sql-migrate"
    leave_out = ["--exclude-table=gorp_migrations"]

    def version(self):
        return debian_version("sql-migrate")

    def write(self, folder, scripts):
        (folder / "dbconfig.yml").write_text(
            f"bench:\n    dialect: postgres\n    datasource: ${{BENCH_DATASOURCE}}\n    dir: {folder}/migrations\n")
        (folder / "migrations").mkdir()
        for number, sql in enumerate(scripts):
            text = f"-- +migrate Up\n{sql}\n\n-- +migrate Down\n"
            (folder / f"migrations/{number:06}-change-{number}.sql").write_text(text)

    def command(self, folder, database):
        return ["sql-migrate", "up", f"-config={folder / 'dbconfig.yml'}", "-env=bench"]

    def environment(self, folder, database):
        place = f"host={database.host} port={database.port} user={database.user} dbname={database.name} sslmode=disable"
        return {"BENCH_DATASOURCE": place}


class Alembic(Contender):
    name = "alembic"
    leave_out = ["--exclude-table=alembic_version"]

    def version(self):
        return debian_version("alembic")

    def write(self, folder, scripts):
        (folder / "alembic.ini").write_text("[alembic]\nscript_location = %(here)s\n")
        (folder / "env.py").write_text(
            "import os\n"
            "from alembic import context\n"
            "from sqlalchemy import create_engine\n\n"
            "with create_engine(os.environ['BENCH_URL']).connect() as connection:\n"
            "    context.configure(connection=connection, transaction_per_migration=True)\n"
            "    with context.begin_transaction():\n"
            "        context.run_migrations()\n")
        (folder / "versions").mkdir()
        previous = None
        for number, sql in enumerate(scripts):
            revision = f"r{number:06}"
            (folder / f"versions/{revision}_change_{number}.py").write_text(
                "from alembic import op\n\n"
                f"revision = {revision!r}\n"
                f"down_revision = {previous!r}\n\n\n"
                f"def upgrade():\n    op.execute({sql!r})\n\n\n"
                "def downgrade():\n    pass\n")
            previous = revision

    def command(self, folder, database):
        return ["/usr/bin/alembic", "--config", folder / "alembic.ini", "upgrade", "head"]

    def environment(self, folder, database):
        return {"BENCH_URL": database.url}


class Sqitch(Contender):
    name = "sqitch"
    leave_out = ["--exclude-schema=sqitch"]

    def version(self):
        return debian_version("sqitch")

    def write(self, folder, scripts):
        (folder / "sqitch.conf").write_text("[core]\n\tengine = pg\n[user]\n\tname = Bench\n\temail = bench@example.org\n")
        (folder / "deploy").mkdir()
        plan = ["%syntax-version=1.0.0\n%project=bench\n\n"]
        for number, sql in enumerate(scripts):
            plan.append(f"change-{number} 2023-11-14T22:13:20Z Bench <bench@example.org> # Change {number}\n")
            (folder / f"deploy/change-{number}.sql").write_text(f"begin;\n{sql}\ncommit;\n")
        (folder / "sqitch.plan").write_text("".join(plan))

    def command(self, folder, database):
        return ["sqitch", "--quiet", "--chdir", folder, "deploy", f"db:pg:{database.name}"]

    def environment(self, folder, database):
        # Not the user's own settings, which may name another engine or want every change verified.
        return {**database.environment, "SQITCH_USER_CONFIG": os.devnull, "SQITCH_SYSTEM_CONFIG": os.devnull}


def everybody(program, installed):
    """All contenders on PostgreSQL. The shell with a history comes first: the others are compared with it."""
    return [
        PsqlWithHistory(),
        Psql(),
        PsqlAtOnce(),
        Dbalt(program),
        Dbalt(program, "--no-pipeline"),
        Dbmate(installed),
        NodePgMigrate(installed),
        GraphileMigrate(installed),
        SqlMigrate(),
        Alembic(),
        Sqitch(),
    ]
