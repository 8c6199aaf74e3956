"""dbalt on PostgreSQL, disturbed at a message."""
import contextlib
import time
import typing

import outcome
from program import Program, Task, run_until_done
from proxy import Point, Proxy

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

TASKS = [Task(folder, verb) for folder in ("plain", "outside", "javascript") for verb in ("deploy", "rollback")]


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

    def wait_ended(self, seconds=20):
        """Until the server has ended the session, as it ends all when one was killed: before that, a new one would be ended too."""
        deadline = time.monotonic() + seconds
        with contextlib.suppress(OSError):
            while time.monotonic() < deadline:
                self.session.query("select 1")
                time.sleep(0.01)

    def connect_again(self):
        """After the server was restarted, or whatever befell the session."""
        self.server.revive()
        self.session.close()
        self.session = self.server.session(self.name)

    def sessions(self):
        """What the others in the database do, and wait for."""
        return [
            text
            for (text,) in self.session.query(
                "select concat_ws(' ', pid, application_name, state, wait_event_type, wait_event, 'blocked by ' || nullif(pg_blocking_pids(pid), '{}')::text, query)"
                " from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()"
            )
        ]

    def prepare(self, start):
        # A run that was broken off may have left some, which would be in the way.
        self.session.query("select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()")
        self.session.query("set client_min_messages = warning; drop schema if exists dbalt cascade; drop schema public cascade; create schema public")
        self.session.query(start)
        self.session.query("discard all")

    def run(self, arguments, port=None):
        return Program([self.dbalt], arguments, self.server.url(self.name, port))

    def run_until_done(self, task):
        return run_until_done(task, self.run, self.has_run)

    def has_run(self, *step):
        return self.session.query(LOOKS[step])[0][0] == "t"

    def has(self, identity):
        return self.session.query(f"select exists (select from dbalt.alteration where identity = '{identity}')")[0][0] == "t"


class Reference(typing.NamedTuple):
    """How a task begins and ends when nothing disturbs it."""

    start: str  # SQL
    end: dict
    points: list


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
            raise SystemExit(f"{task} fails without a fault: {program.give_up() if status is None else program.text}")
        results.append(outcome.read(place.session))
    unlike = outcome.differences(*results)
    if unlike:
        raise SystemExit(f"{task} ends otherwise every time: {unlike}")
    return Reference(start, results[0], points_of(proxy.log))


def points_of(log):
    """Before every message; and behind it, unless that is before the next one on the same way."""
    points = []
    for place, message in enumerate(log):
        follower = log[place + 1][:2] if place + 1 < len(log) else None
        points += [Point(*message, is_after) for is_after in ((False, True) if follower != message[:2] else (False,))]
    return points
