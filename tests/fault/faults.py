"""What goes wrong at a point of a run, and what must be true behind it."""
import contextlib
import os
import re
import signal
import threading
import time
import typing

import outcome
from proxy import Proxy, Verb

CONNECT_TIMEOUT = 2
ANSWER_TIMEOUT = 3
# It may try for half a minute to find out what became of a COMMIT, and the machine may be busy.
PATIENCE = 120


class Fault(typing.NamedTuple):
    name: str
    act: typing.Callable  # (run, pair) -> Verb
    waits: bool = False  # its runs wait most of their time: many of them go at once
    needs_backend: bool = False  # not while connecting
    is_alone: bool = False  # it takes the server with it
    share: int = 1  # one of so many points is tried,
    begins: int = 0  # from this one on


def kill_program(run, _):
    run.program.signal(signal.SIGKILL)
    run.program.process.wait()
    # Killed before it sent the message; or behind it, and what else was under way arrives.
    return Verb.PASS if run.point.is_after else Verb.CLOSE


def stop_program(run, _):
    run.program.signal(signal.SIGSTOP)
    return Verb.PASS


def delay(_run, _pair):
    time.sleep(0.05)
    return Verb.PASS


def signal_backend(number):
    def act(_, pair):
        with contextlib.suppress(ProcessLookupError):  # behind a goodbye it may have ended
            os.kill(pair.backend, number)
        return Verb.PASS

    return act


def restart_server(run, _):
    run.place.server.crash()
    run.place.server.start()
    return Verb.PASS


# Each point has a reset or a kill, at the least.
FAULTS = [
    Fault("reset", lambda *_: Verb.RESET, share=2),
    Fault("kill", kill_program, share=2, begins=1),
    Fault("delay", delay, share=8),
    Fault("backend ended", signal_backend(signal.SIGTERM), needs_backend=True, share=4),
    Fault("backend killed", signal_backend(signal.SIGKILL), needs_backend=True, is_alone=True, share=16),
    Fault("server restarted", restart_server, is_alone=True, share=32),
    Fault("silence", lambda *_: Verb.SILENCE, waits=True, share=8),
    Fault("outage", lambda *_: Verb.OUTAGE, waits=True, share=16),
    Fault("blackout", lambda *_: Verb.BLACKOUT, waits=True, share=16),
    Fault("stop", stop_program, waits=True, share=16),
]


class Run:
    """One run of a task with a fault, the runs that mend it, and what is wrong with all that."""

    def __init__(self, place, task, reference, fault, point):
        self.place = place
        self.task = task
        self.reference = reference
        self.fault = fault
        self.point = point
        self.program = None
        self.proxy = None
        self.is_started = threading.Event()
        self.is_hit = threading.Event()

    def act(self, pair):
        self.is_started.wait()
        self.is_hit.set()
        return self.fault.act(self, pair)

    def go(self):
        """What is wrong, as a list of texts; None when the point was never reached."""
        self.place.prepare(self.reference.start)
        self.proxy = proxy = Proxy(self.place.server.socket, self.point, self.act)
        limits = ["--connect-timeout", str(CONNECT_TIMEOUT), "--answer-timeout", str(ANSWER_TIMEOUT)]
        self.program = self.place.run([*self.task.arguments, *limits], proxy.port)
        self.is_started.set()
        try:
            wrong = self.wait_stopped() if self.fault.name == "stop" else self.wait_disturbed()
        finally:
            proxy.stop()
            if self.program.process.poll() is None:
                self.program.give_up()
        if proxy.trouble:
            wrong.append(f"the fault could not be made: {proxy.trouble}")
        elif wrong and not self.is_hit.is_set():
            wrong.append("the point was not reached")
        if not wrong and not self.is_hit.is_set():
            return None
        if self.fault.is_alone:
            self.place.wait_ended()
            self.place.connect_again()
        if self.program.has_left_children():
            wrong.append("it left a process behind")

        if not wrong and self.fault.name != "stop":
            wrong += self.untrue_words()
            trouble = self.place.run_until_done(self.task)
            wrong += [trouble] if trouble else []
        others = outcome.wait_alone(self.place.session)
        wrong += [f"another session is left: {other}" for other in others]
        wrong += outcome.differences(self.reference.end, outcome.read(self.place.session))
        if wrong:
            wrong.append(f"the disturbed one ended with {self.program.process.returncode} and said: {self.program.text}")
        return wrong

    def nearest_point(self):
        """What there was of the point that this run did not reach: its last message with that name."""
        count = self.proxy.counts[self.point[:3]]
        return self.point._replace(number=max(count - 1, 0))

    def wait_disturbed(self):
        status = self.program.wait(PATIENCE)
        if status is None:
            return self.give_up()
        # Who is killed while he says goodbye may have been done.
        allowed = {"delay": (0,), "kill": (-signal.SIGKILL, 0)}.get(self.fault.name, (0, 1, 6))
        return [] if status in allowed else [f"it ended with {status}"]

    def wait_stopped(self):
        """Another one takes over when the lease of the stopped one ends; that one wakes up behind it, and must do no harm."""
        deadline = time.monotonic() + PATIENCE
        while not self.is_hit.wait(0.1):
            if self.program.process.poll() is not None:
                return []
            if time.monotonic() > deadline:
                return self.give_up()
        trouble = self.place.run_until_done(self.task)
        self.program.signal(signal.SIGCONT)
        status = self.program.wait(PATIENCE)
        if status is None:
            return ["the stopped one:", *self.give_up()]
        wrong = [trouble] if trouble else []
        return wrong if status in (0, 1, 6) else [*wrong, f"the stopped one ended with {status}"]

    def give_up(self):
        """It does not end: what it waits for, here and on the server."""
        sessions = self.place.sessions() if not self.fault.is_alone else []
        return [self.program.give_up(), *(f"the server saw: {session}" for session in sessions)]

    def untrue_words(self):
        """What it said of the alteration that was cut short, held against the history."""
        text = self.program.text
        deploys = self.task.verb == "deploy"
        wrong = []
        if self.program.process.returncode == 0:
            wrong += [f"it ended well, but {each}" for each in outcome.differences(self.reference.end, outcome.read(self.place.session))]
        done = re.search(r'connection was lost, but "([^"]+)" was (?:deployed|rolled back)', text)
        if done and self.place.has(done[1]) != deploys:
            wrong.append("what it calls done is not")
        undone = re.search(r'nothing of "([^"]+)" was kept: ', text)
        if undone and self.place.has(undone[1]) == deploys:
            wrong.append("what it calls undone is done")
        if "unknown whether" in text and (self.program.process.returncode != 6 or "run the command again, it will find out" not in text):
            wrong.append("it does not know, and does not say so as it must")
        if "unknown whether" in text and self.fault.name not in ("outage", "blackout"):
            wrong.append("it could have found out")
        return wrong
