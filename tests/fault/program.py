"""dbalt as a process, on a set of alterations."""
import contextlib
import os
import pathlib
import re
import signal
import subprocess
import tempfile
import time
import typing

SETS = pathlib.Path(__file__).parent / "sets"
ASKS = re.compile(r'statement (\d+) of "([a-z-]+)" of [0-9.]+-([0-9a-z-]+)\.\w+ was begun')


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

    def give_up(self):
        """Ends it, and all that it started; what they waited for."""
        waits = []
        for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
            with contextlib.suppress(OSError):
                name, state, _, group = re.match(r"\d+ \((.*)\) (\S) (\d+) (\d+)", stat.read_text()).groups()
                if int(group) == self.process.pid:
                    waits.append(f"{name} ({state}) in {(stat.parent / 'wchan').read_text()}")
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        return f"it does not end: {', '.join(waits)}; it said: {self.text}"

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


def run_until_done(task, start, has_run):
    """Runs the command again, as its messages say, until it is done; what is wrong with that. has_run(identity, section, statement) looks."""
    arguments = task.arguments
    for _ in range(4):
        program = start(arguments)
        status = program.wait(240)
        if status is None:
            return f"the command, again: {program.give_up()}"
        if status == 0:
            return None
        asked = ASKS.search(program.text)
        if not asked:
            return f"the command fails again, with {status}: {program.text}"
        statement, section, identity = asked.groups()
        arguments = [*task.arguments, "--resume=skip" if has_run(identity, section, int(statement)) else "--resume=retry"]
    return f"the command asks again and again: {program.text}"
