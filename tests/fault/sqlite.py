"""dbalt on SQLite, disturbed at a system call that writes, or by a disk that is full."""
import collections
import contextlib
import os
import pathlib
import re
import resource
import shutil
import signal
import sqlite3
import tempfile
import typing

from outcome import STEP_IS_TRUE, differences
from program import Program, Task, run_until_done

MEMORY = "/dev/shm"  # a disk that syncs at once
CALLS = ("pwrite64", "write", "fsync", "fdatasync", "ftruncate", "unlink")
TASKS = [Task("sqlite", verb) for verb in ("deploy", "rollback")]
MODES = ("delete", "wal")

LOOKS = {
    ("4-outside", "before-up", 1): "select exists (select 1 from done where what = 'before up')",
    ("4-outside", "before-up", 2): "select 0",  # VACUUM may as well run again
    ("4-outside", "before-down", 1): "select exists (select 1 from done where what = 'before down')",
}

HISTORY = """
    select identity, release, name, kind, before_up_sha256, up_sha256, down_sha256, before_down_sha256, down, before_down, deployed_by, host, version
    from dbalt_alteration order by sequence"""
TRUTHS = "select kind, identity, sha256 from dbalt_event where kind not like 'step-%' and kind <> 'fail' order by sequence"
STEPS = """
    select identity || ' ' || section || ' ' || step, group_concat(replace(kind, 'step-', ''), ' ')
    from (select * from dbalt_event where kind like 'step-%' order by sequence) group by 1"""


class Fault(typing.NamedTuple):
    """What strace injects into the system call, or the size that no file may pass."""

    name: str
    injection: str = ""
    calls: tuple = ()


FAULTS = [
    Fault("kill", "signal=SIGKILL:when={}", CALLS),
    Fault("disk full", "error=ENOSPC:when={}+", ("pwrite64", "ftruncate")),
    Fault("disk fails", "error=EIO:when={}", ("pwrite64", "fsync", "fdatasync", "ftruncate", "unlink")),
]
SHARE = 2
LIMITED = Fault("file too big")
LIMIT_STEP = 1024


def read(file):
    with contextlib.closing(sqlite3.connect(file)) as database:
        outcome = {
            "integrity": database.execute("pragma integrity_check").fetchall(),
            "foreign keys": database.execute("pragma foreign_key_check").fetchall(),
            "schema": database.execute("select type, name, tbl_name, sql from sqlite_schema order by type, name").fetchall(),
            "journal mode": database.execute("pragma journal_mode").fetchall(),
        }
        tables = [name for kind, name, _, _ in outcome["schema"] if kind == "table"]
        for table in tables:
            if not table.startswith(("dbalt_", "sqlite_")):
                outcome[f"rows of {table}"] = sorted(map(repr, database.execute(f"select * from {table}")))
        if "dbalt_event" in tables:
            outcome["history"] = database.execute(HISTORY).fetchall()
            outcome["truths"] = database.execute(TRUTHS).fetchall()
            for step, states in database.execute(STEPS):
                outcome[f"step {step}"] = "ended once" if STEP_IS_TRUE.match(states) else states
    return outcome


class Place:
    """A file for one run after the other."""

    def __init__(self, dbalt):
        self.dbalt = dbalt
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="dbalt-fault.", dir=MEMORY if os.access(MEMORY, os.W_OK) else None))
        self.file = self.folder / "test.db"
        self.url = f"sqlite:{self.file}"

    def close(self):
        shutil.rmtree(self.folder)

    def prepare(self, start):
        for each in self.folder.glob("*"):
            each.unlink()
        self.file.write_bytes(start)

    def start(self, arguments):
        return Program([self.dbalt], arguments, self.url)

    def has_run(self, *step):
        with contextlib.closing(sqlite3.connect(self.file)) as database:
            return bool(database.execute(LOOKS[step]).fetchone()[0])

    def run_until_done(self, task):
        return run_until_done(task, self.start, self.has_run)


class Reference(typing.NamedTuple):
    start: bytes
    end: dict
    counts: dict  # system call -> how often it is made
    size: int  # of the largest file


def record(place, task, mode):
    """Does the task without a fault, and counts the system calls that write."""
    place.prepare(b"")
    with contextlib.closing(sqlite3.connect(place.file)) as database:
        database.execute(f"pragma journal_mode = {mode}")
        database.execute("create table ours (x)")
        database.commit()
    if task.verb == "rollback":
        trouble = place.run_until_done(Task(task.folder, "deploy"))
        if trouble:
            raise SystemExit(trouble)
    start = place.file.read_bytes()
    place.prepare(start)
    log = place.folder / "log"
    program = Program(["strace", "-o", log, "-e", f"trace={','.join(CALLS)}", place.dbalt], task.arguments, place.url)
    status = program.wait(120)
    if status != 0:
        raise SystemExit(f"{task} fails without a fault: {program.give_up() if status is None else program.text}")
    counts = collections.Counter(re.findall(r"^(\w+)\(", log.read_text(errors="replace"), re.MULTILINE))
    log.unlink()
    return Reference(start, read(place.file), counts, place.file.stat().st_size + LIMIT_STEP)


def points(reference):
    """(fault, system call, the how manieth) and, for files that may not grow, the size."""
    for fault in FAULTS:
        for call in fault.calls:
            for number in range(1, reference.counts[call] + 1):
                yield fault, call, number
    for size in range(0, reference.size, LIMIT_STEP):
        yield LIMITED, "file size", size


def disturb(place, task, reference, point):
    """What is wrong, as a list of texts."""
    fault, call, number = point
    place.prepare(reference.start)
    if fault is LIMITED:
        program = Program([place.dbalt], task.arguments, place.url, lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (number, resource.RLIM_INFINITY)))
    else:
        injection = f"inject={call}:{fault.injection.format(number)}"
        program = Program(["strace", "-o", "/dev/null", "-e", f"trace={call}", "-e", injection, place.dbalt], task.arguments, place.url)
    status = program.wait(120)
    if status is None:
        return [program.give_up()]
    allowed = (-signal.SIGKILL,) if fault.name == "kill" else (0, 1, 6)
    wrong = [] if status in allowed else [f"it ended with {status}"]
    if status == 0:
        wrong += [f"it ended well, but {each}" for each in differences(reference.end, read(place.file))]

    trouble = place.run_until_done(task)
    wrong += [trouble] if trouble else []
    wrong += differences(reference.end, read(place.file))
    if wrong:
        wrong.append(f"the disturbed one ended with {status} and said: {program.text}")
    return wrong
