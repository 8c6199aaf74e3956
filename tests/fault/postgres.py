"""dbalt on PostgreSQL, disturbed at a message."""
import os
import pathlib
import re
import signal
import subprocess
import tempfile
import threading
import time
import typing

import outcome
from proxy import Point, Proxy, Verb

SETS = pathlib.Path(__file__).parent / "sets"

# What a person would look for when dbalt asks whether a step that was interrupted had run: a query that says so.
LOOKS = {
    ("2-index", "before-up", 1): "select exists (select from pg_index where indexrelid = to_regclass('item_name') and indisvalid)",
    ("2-index", "before-up", 2): "select exists (select from pg_index where indexrelid = to_regclass('item_id_price') and indisvalid)",
    ("2-index", "before-down", 1): "select to_regclass('item_name') is null",
    ("3-steps", "before-up", 1): "select exists (select from done where what = 'before up')",
    ("3-steps", "before-up", 2): "select exists (select from done where what = 'before up, copied')",
    ("3-steps", "before-down", 1): "select exists (select from done where what = 'before down')",
    ("2-module", "before-up", 1): "select exists (select from pg_index where indexrelid = to_regclass('item_name') and indisvalid)",
    ("2-module", "before-down", 1): "select to_regclass('item_name') is null",
}
ASKS = re.compile(r'statement (\d+) of "([a-z-]+)" of [0-9.]+-([0-9a-z-]+)\.\w+ was begun')

# What a message is, as the table calls it. https://www.postgresql.org/docs/15/protocol-message-formats.html
FRONTEND = {"startup": "connecting", "d": "COPY data", "c": "COPY data", "f": "COPY data", "X": "goodbye"}
BACKEND = {
    **dict.fromkeys("RSK", "connecting"),
    **dict.fromkeys("TDn", "row"),
    **dict.fromkeys("12CI", "statement done"),
    "G": "COPY begins",
    "Z": "ready",
    "E": "error",
    "N": "notice",
}


def name_of(side, kind):
    return FRONTEND.get(kind, "query") if side == "F" else BACKEND.get(kind, kind)


class Task(typing.NamedTuple):
    """A command on a set of alterations; 1.0.0 is there when it rolls back to it."""

    folder: str
    verb: str

    def __str__(self):
        return f"{self.verb} of {self.folder}"

    @property
    def arguments(self):
        target = ["deploy", "latest"] if self.verb == "deploy" else ["rollback", "1.0.0", "--yes"]
        return [*target, "--dir", str(SETS / self.folder)]


TASKS = [Task(folder, verb) for folder in ("plain", "outside", "javascript") for verb in ("deploy", "rollback")]


class Program:
    """dbalt, started in a process group of its own."""

    def __init__(self, command, arguments, url, prepare=None):
        self.output = tempfile.TemporaryFile()
        environment = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
        self.process = subprocess.Popen(
            [*command, *arguments, "--db-url", url],
            stdin=subprocess.DEVNULL,
            stdout=self.output,
            stderr=self.output,
            env=environment,
            start_new_session=True,
            preexec_fn=prepare,
        )

    def signal(self, number):
        self.process.send_signal(number)

    def wait(self, seconds):
        """None when it still runs then."""
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            return None

    @property
    def text(self):
        self.output.seek(0)
        return self.output.read().decode(errors="replace")

    def has_left_children(self):
        """Whether its group still has processes, a while after its end."""
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            try:
                os.killpg(self.process.pid, 0)
            except ProcessLookupError:
                return False
            time.sleep(0.01)
        os.killpg(self.process.pid, signal.SIGKILL)
        return True


class Place:
    """A database for one run after the other, and what the undisturbed ones leave in it."""

    def __init__(self, dbalt, server, name):
        self.dbalt = dbalt
        self.server = server
        self.name = name
        session = server.session("postgres")
        session.query(f"create database {name}")
        session.close()
        self.session = server.session(name)

    def connect_again(self):
        """After the server was restarted."""
        self.server.wait_ready()
        self.session.close()
        self.session = self.server.session(self.name)

    def prepare(self, start):
        self.session.query("set client_min_messages = warning; drop schema if exists dbalt cascade; drop schema public cascade; create schema public")
        self.session.query(start)
        self.session.query("discard all")

    def run(self, arguments, port=None):
        return Program([self.dbalt], arguments, self.server.url(self.name, port))

    def run_until_done(self, task):
        """Runs the command again, as its messages say, until it is done; what is wrong with that."""
        arguments = task.arguments
        for _ in range(4):
            program = self.run(arguments)
            status = program.wait(240)
            if status is None:
                program.signal(signal.SIGKILL)
                program.wait(None)
                return f"the command does not end: {program.text}"
            if status == 0:
                return None
            asked = ASKS.search(program.text)
            if not asked:
                return f"the command fails again, with {status}: {program.text}"
            statement, section, identity = asked.groups()
            has_run = self.session.query(LOOKS[identity, section, int(statement)])[0][0] == "t"
            arguments = [*task.arguments, "--resume=skip" if has_run else "--resume=retry"]
        return f"the command asks again and again: {program.text}"

    def has(self, identity):
        return self.session.query(f"select exists (select from dbalt.alteration where identity = '{identity}')")[0][0] == "t"


class Reference(typing.NamedTuple):
    """How a task begins and ends when nothing disturbs it."""

    start: str  # SQL
    end: dict
    points: list  # (Point, name of the message)


def record(place, task):
    """Does the task twice without a fault, and writes down what passes by."""
    place.prepare("")
    if task.verb == "rollback":
        trouble = place.run_until_done(Task(task.folder, "deploy"))
        if trouble:
            raise SystemExit(trouble)
    start = place.server.dump(place.name)
    results = []
    for _ in range(2):
        place.prepare(start)
        proxy = Proxy(place.server.socket)
        program = place.run(task.arguments, proxy.port)
        status = program.wait(120)
        proxy.stop()
        outcome.wait_alone(place.session)
        if status != 0:
            raise SystemExit(f"{task} fails without a fault: {program.text}")
        results.append(outcome.read(place.session))
    unlike = outcome.differences(*results)
    if unlike:
        raise SystemExit(f"{task} ends otherwise every time: {unlike}")
    return Reference(start, results[0], points_of(proxy.log))


def points_of(log):
    """Before every message; and behind it, unless that is before the next one on the same way."""
    points = []
    for place, (connection, side, index, kind) in enumerate(log):
        follower = log[place + 1][:2] if place + 1 < len(log) else None
        for is_after in (False, True) if follower != (connection, side) else (False,):
            points.append((Point(connection, side, index, is_after), name_of(side, kind)))
    return points
