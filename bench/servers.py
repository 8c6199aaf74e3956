"""Databases to measure on: a throw-away PostgreSQL server with default settings, and SQLite files. Each run gets a new database;
none is dropped, since on ext4 dropping one slows the creation of every later one."""
import dataclasses
import os
import pathlib
import pwd
import re
import subprocess
import time
import urllib.parse


@dataclasses.dataclass(frozen=True)
class Database:
    """Where a PostgreSQL database is: a folder with the socket, or a host name, and a port."""

    host: str
    port: int
    name: str
    user: str = "bench"

    @property
    def url(self):
        # Nobody asks for TLS, which would cost some of them a round trip and others not.
        if self.host.startswith("/"):
            return f"postgresql://{self.user}@/{self.name}?host={urllib.parse.quote(self.host)}&port={self.port}&sslmode=disable"
        return f"postgresql://{self.user}@{self.host}:{self.port}/{self.name}?sslmode=disable"

    @property
    def environment(self):
        return {"PGHOST": self.host, "PGPORT": str(self.port), "PGUSER": self.user, "PGDATABASE": self.name, "PGSSLMODE": "disable"}


class Postgres:
    def __init__(self, folder):
        self.folder = folder
        self.folder.mkdir()
        self.count = 0
        self.step_down = []
        if os.getuid() == 0:  # the server refuses to run as root
            nobody = pwd.getpwnam("nobody")
            os.chown(self.folder, nobody.pw_uid, nobody.pw_gid)
            self.step_down = ["setpriv", f"--reuid={nobody.pw_uid}", f"--regid={nobody.pw_gid}", "--clear-groups"]
        programs = pathlib.Path(subprocess.check_output(["pg_config", "--bindir"], text=True).strip())
        data = self.folder / "data"
        self.control = [*self.step_down, programs / "pg_ctl", "-D", data]
        self._call([*self.step_down, programs / "initdb", "-D", data, "-U", "bench", "-A", "trust", "--locale=C.UTF-8"])
        options = f"-k '{self.folder}' -c listen_addresses='' -c track_wal_io_timing=on"
        self._call([*self.control, "-w", "-l", self.folder / "log", "-o", options, "start"])
        self.postmaster = int((data / "postmaster.pid").read_text().split()[0])
        self.socket = self.folder / ".s.PGSQL.5432"

    def _call(self, command):
        subprocess.run(command, cwd=self.folder, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)

    def at(self, name):
        return Database(str(self.folder), 5432, name)

    def query(self, name, *statements):
        """What psql prints for each of these statements."""
        options = [option for statement in statements for option in ("-c", statement)]
        return subprocess.check_output(["psql", "-XqAt", "-v", "ON_ERROR_STOP=1", *options, self.at(name).url], text=True).strip()

    def new_database(self):
        """An empty one. A checkpoint, so that none that is due because of earlier runs falls into the next."""
        self.count += 1
        name = f"bench_{self.count}"
        self.query("postgres", f"create database {name}", "checkpoint")
        return self.at(name)

    def dump(self, database, leave_out):
        """All that is in a database but what `leave_out`, options of pg_dump, names: as SQL."""
        options = ["--no-owner", "--no-privileges", *leave_out]
        text = subprocess.check_output(["pg_dump", *options, self.at(database.name).url], text=True)
        # Newer ones of pg_dump put a random key into these.
        return re.sub(r"(?m)^(\\(un)?restrict .*|--.*|)\n", "", text)

    def backend_memory(self, database):
        """KB that the biggest backend of a database has of its own at this moment: not what all of them share."""
        biggest = 0
        for pid in self._backends(f"{database.name} "):
            own = re.search(r"^RssAnon:\s*(\d+) kB", _read(f"/proc/{pid}/status"), re.MULTILINE)
            biggest = max(biggest, int(own[1]) if own else 0)
        return biggest

    def cpu(self):
        """Seconds of CPU that all backends so far have used, when the last one is gone."""
        while any(True for _ in self._backends("")):
            time.sleep(0.001)
        # Of the processes that ended, which their parent has in its account.
        fields = _read(f"/proc/{self.postmaster}/stat").rsplit(")", 1)[1].split()
        return (int(fields[13]) + int(fields[14])) / os.sysconf("SC_CLK_TCK")

    def log(self):
        """Of the server's log, so far: how many flushes, seconds that these took, and MB."""
        flushes, flushing, written = self.query("postgres", "select wal_sync, wal_sync_time, wal_bytes from pg_stat_wal").split("|")
        return int(flushes), float(flushing) / 1000, int(written) / (1 << 20)

    def _backends(self, name):
        """The processes that serve a database, or, without a name, any."""
        for pid in _read(f"/proc/{self.postmaster}/task/{self.postmaster}/children").split():
            if f": bench {name}" in _read(f"/proc/{pid}/cmdline"):
                yield pid

    def stop(self):
        self._call([*self.control, "-w", "-m", "immediate", "stop"])


class Sqlite:
    def __init__(self, folder):
        self.folder = folder
        self.folder.mkdir()
        self.count = 0

    def new_database(self):
        self.count += 1
        file = self.folder / f"bench_{self.count}.db"
        file.touch()
        return file

    @staticmethod
    def dump(file, leave_out):
        """The schema and all rows, but for the tables whose names begin with `leave_out`."""
        tables = subprocess.check_output(
            ["sqlite3", file, "select name from sqlite_schema where type = 'table' order by name"], text=True).split()
        kept = [table for table in tables if leave_out is None or not table.startswith(leave_out)]
        return "\n".join(sorted(subprocess.check_output(["sqlite3", file, ".dump " + " ".join(kept)], text=True).splitlines()))

    def stop(self):
        pass


def _read(path):
    """A file of /proc, or nothing when its process is gone."""
    try:
        return pathlib.Path(path).read_text(errors="replace")
    except OSError:
        return ""
