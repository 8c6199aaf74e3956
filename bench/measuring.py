"""Running contenders, one after the other and round by round, and what it took."""
import dataclasses
import os
import pathlib
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
LIMIT = 120  # seconds that one run may take
ENOUGH = 12  # seconds after which a contender gets no more runs in one table
SAMPLE = 0.005  # seconds between two looks at the memory of a backend


class Failure(Exception):
    """A contender could not do its work: one line."""


@dataclasses.dataclass
class Measured:
    wall: float  # seconds
    cpu: float  # seconds, of the client and what it started
    memory: float  # MB, of its biggest process
    round_trips: int = None
    backend: float = None  # MB, of the biggest backend
    server_cpu: float = None  # seconds, of all backends
    flushes: int = None  # of the server's log
    flushing: float = None  # seconds that these took
    logged: float = None  # MB


class Stopwatch:
    def __init__(self, place):
        self.place = place
        self.program = self.compile("timed")

    def compile(self, name, *flags):
        """A program of the bench's own."""
        program = self.place / name
        subprocess.run(["cc", "-std=gnu17", "-O2", "-Wall", "-Wextra", "-Werror", "-o", program, HERE / f"{name}.c", *flags], check=True)
        return program

    def run(self, command, environment=None, folder=None):
        """Runs a command that must succeed."""
        took = self.place / "took"
        took.unlink(missing_ok=True)
        with tempfile.TemporaryFile() as output:
            process = subprocess.Popen(
                [self.program, took, *command], cwd=folder or self.place, env={**os.environ, **(environment or {})},
                stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True)
            try:
                process.wait(LIMIT)
            except subprocess.TimeoutExpired:
                raise Failure(f"more than {LIMIT} s") from None
            finally:
                if process.poll() is None:
                    os.killpg(process.pid, signal.SIGKILL)
                    process.wait()
            wall, cpu, memory, status = took.read_text().split()
            if status != "0":
                output.seek(0)
                said = output.read().decode(errors="replace")[-2000:]
                print(f"[warn] {' '.join(map(str, command))} failed:\n{said}", file=sys.stderr, flush=True)
                raise Failure("failed")
        return Measured(float(wall), float(cpu), int(memory) / 1024)

    def deploy(self, contender, folder, database):
        return self.run(contender.command(folder, database), contender.environment(folder, database))

    def deploy_and_watch(self, contender, folder, database, server):
        """The same, with the memory of the backend, of which samples are taken meanwhile."""
        biggest = 0
        ended = threading.Event()

        def watch():
            nonlocal biggest
            while not ended.wait(SAMPLE):
                biggest = max(biggest, server.backend_memory(database))

        thread = threading.Thread(target=watch)
        thread.start()
        try:
            measured = self.deploy(contender, folder, database)
        finally:
            ended.set()
            thread.join()
        measured.backend = biggest / 1024
        return measured


def compare(contenders, rounds, once, enough=ENOUGH):
    """Runs `once(contender)` for each of them in each round, in another order each time. Who has spent `enough` seconds gets no
    more. Returns what was measured by contender, in order of the rounds; the reason, one line, for a peer that failed."""
    results = {contender: [] for contender in contenders}
    spent = dict.fromkeys(contenders, 0)
    for number in range(rounds):
        shift = number % len(contenders)
        for contender in contenders[shift:] + contenders[:shift]:
            if isinstance(results[contender], str) or spent[contender] > enough:
                continue
            begin = time.monotonic()
            try:
                results[contender].append(once(contender))
            except Failure as failure:
                if not contender.is_peer:
                    sys.exit(f"[error] {contender.name}: {failure}")
                results[contender] = str(failure)
            spent[contender] += time.monotonic() - begin
    return results


def values(runs, attribute):
    return [getattr(run, attribute) for run in runs]


def median(runs, attribute):
    return statistics.median(values(runs, attribute))


def ratios(runs, reference, attribute="wall"):
    """Those of each round by those of another contender in the same round."""
    return [ours / theirs for ours, theirs in zip(values(runs, attribute), values(reference, attribute))]
