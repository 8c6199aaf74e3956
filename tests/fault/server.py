"""A PostgreSQL server of our own, by a socket in a folder of its own."""
import glob
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import time

from wire import Session

SETTINGS = """
listen_addresses = ''
unix_socket_directories = '{home}'
fsync = off
max_connections = 250
shared_buffers = 64MB
restart_after_crash = on
"""


def find_bin():
    named = os.environ.get("DBALT_TEST_POSTGRES_BIN")
    if named:
        return pathlib.Path(named)
    config = subprocess.run(["pg_config", "--bindir"], capture_output=True, text=True, check=False).stdout.strip()
    for folder in [config, *sorted(glob.glob("/usr/lib/postgresql/*/bin"), reverse=True)]:
        if folder and os.access(f"{folder}/initdb", os.X_OK):
            return pathlib.Path(folder)
    raise SystemExit("there is no PostgreSQL server (initdb) on this machine")


class Server:
    def __init__(self):
        self.bin = find_bin()
        self.home = tempfile.mkdtemp(prefix="dbalt-fault.", dir="/tmp")  # the path of a socket has 107 bytes at most
        self.socket = f"{self.home}/.s.PGSQL.5432"
        self.process = None
        subprocess.run(
            [self.bin / "initdb", "-D", f"{self.home}/data", "-A", "trust", "-U", "postgres", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"],
            stdout=subprocess.DEVNULL,
            check=True,
        )
        with open(f"{self.home}/data/postgresql.conf", "a", encoding="utf-8") as file:
            file.write(SETTINGS.format(home=self.home))
        self.start()

    def start(self):
        with open(f"{self.home}/log", "ab") as log:
            self.process = subprocess.Popen(
                [self.bin / "postgres", "-D", f"{self.home}/data"], stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )
        self.wait_ready()

    def wait_ready(self):
        deadline = time.monotonic() + 60
        while True:
            try:
                self.session("postgres").close()
                return
            except OSError:
                if time.monotonic() > deadline or self.process.poll() is not None:
                    raise
                time.sleep(0.02)

    def revive(self):
        if self.process.poll() is None:
            self.wait_ready()
        else:
            self.start()

    def crash(self):
        """Ends it at once, as "immediate" does; what it had not written to its files must come back from its log."""
        self.process.send_signal(signal.SIGQUIT)
        self.process.wait()

    def close(self):
        self.process.send_signal(signal.SIGINT)
        self.process.wait()
        shutil.rmtree(self.home)

    def session(self, database):
        return Session(self.socket, "postgres", database)

    def url(self, database, port=None):
        if port is None:
            return f"postgres://postgres@/{database}?host={self.home}&port=5432"
        return f"postgres://postgres@127.0.0.1:{port}/{database}?sslmode=disable&gssencmode=disable"

    def dump(self, database):
        """A database as SQL that makes it again."""
        command = [self.bin / "pg_dump", "-h", self.home, "-U", "postgres", "--inserts", database]
        text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        return "".join(line for line in text.splitlines(keepends=True) if not line.startswith("\\"))
