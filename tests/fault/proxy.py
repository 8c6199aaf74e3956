"""Stands between dbalt and PostgreSQL, knows where the messages end, and does what it is told at one of them."""
import collections
import enum
import os
import selectors
import socket
import struct
import threading
import traceback
import typing

from wire import Splitter, name_of


class Point(typing.NamedTuple):
    """A message, by how many with its name went before it on its way; connections are counted in the order in which they came."""

    connection: int
    side: str  # "F": from the frontend, "B": from the backend
    name: str
    number: int
    is_after: bool  # when the message was forwarded, not before

    def is_at(self, place, _message):
        return self[:4] == place


class Verb(enum.Enum):
    PASS = "go on"
    CLOSE = "end this connection here"
    RESET = "reset this connection"
    OUTAGE = "reset all connections, and refuse new ones"
    SILENCE = "forward nothing any more on the connections that are there"
    BLACKOUT = "forward nothing any more, on new ones neither"


class Stream:
    def __init__(self, side):
        self.side = side
        self.splitter = Splitter(side == "F")


class Pair:
    def __init__(self, number, client, server):
        self.number = number
        self.client = client
        self.server = server
        self.streams = {client: Stream("F"), server: Stream("B")}
        self.backend = None  # the process of the server, once it has told
        self.is_open = True
        self.is_silent = False

    def other(self, end):
        return self.server if end is self.client else self.client


class Proxy(threading.Thread):
    """Listens on 127.0.0.1, at self.port. At the point, act(pair) is called, and answers with a verb."""

    def __init__(self, target, point=None, act=None):
        super().__init__(daemon=True)
        self.target = target
        self.point = point
        self.act = act
        self.log = []  # (connection, side, name, number) of every message
        self.counts = collections.Counter()  # of the messages with a name on a way
        self.pairs = []
        self.was_hit = False
        self.hushed = []  # clients that came in a blackout
        self.network = Verb.PASS
        self.trouble = None  # what ended it before it was stopped
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.selector = selectors.DefaultSelector()
        self.wake_read, self.wake_write = os.pipe()
        self.selector.register(self.listener, selectors.EVENT_READ)
        self.selector.register(self.wake_read, selectors.EVENT_READ)
        self.start()

    def stop(self):
        """Ends the connections that are left, in order."""
        os.write(self.wake_write, b"x")
        self.join()
        os.close(self.wake_read)
        os.close(self.wake_write)

    def run(self):
        try:
            while self.pass_on():
                pass
        except Exception:  # of act()
            self.trouble = traceback.format_exc()
        for pair in self.pairs:
            self.close(pair)
        for client in self.hushed:
            client.close()
        self.listener.close()
        self.selector.close()

    def pass_on(self):
        """What has arrived. False when it is to stop: behind the last words of who has ended before that."""
        is_to_stop = False
        for key, _ in self.selector.select():
            if key.fileobj is self.listener:
                self.accept()
            elif key.fileobj == self.wake_read:
                is_to_stop = True
            elif key.data.is_open:
                self.serve(key.data, key.fileobj)
        return not is_to_stop

    def accept(self):
        client, _ = self.listener.accept()
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        server = socket.socket(socket.AF_UNIX)
        if self.network is Verb.BLACKOUT:
            self.hushed.append(client)
            return
        try:
            if self.network is Verb.OUTAGE:
                raise ConnectionRefusedError
            server.connect(self.target)
        except OSError:
            reset(client)
            server.close()
            return
        pair = Pair(len(self.pairs), client, server)
        self.pairs.append(pair)
        self.selector.register(client, selectors.EVENT_READ, pair)
        self.selector.register(server, selectors.EVENT_READ, pair)

    def serve(self, pair, end):
        try:
            data = end.recv(65536)
        except OSError:
            data = b""
        if pair.is_silent:
            if not data and end is pair.client:
                self.close(pair)
            elif not data:
                self.selector.unregister(end)  # of which a client behind a silent network learns nothing
            return
        if not data:
            self.close(pair)
            return
        for kind, message in pair.streams[end].splitter.feed(data):
            self.forward(pair, end, kind, message)
            if not pair.is_open or pair.is_silent:
                return

    def forward(self, pair, end, kind, message):
        side = pair.streams[end].side
        named = (pair.number, side, name_of(side, kind))
        place = (*named, self.counts[named])
        self.counts[named] += 1
        self.log.append(place)
        if kind == "K" and side == "B":
            pair.backend = struct.unpack_from("!I", message, 5)[0]

        here = self.point is not None and self.point.is_at(place, message)
        self.was_hit = self.was_hit or here
        if here and not self.point.is_after and not self.obey(pair):
            return
        try:
            pair.other(end).sendall(message)
        except OSError:
            pass  # its other side is gone: reading from it says so
        if here and self.point.is_after:
            self.obey(pair)

    def obey(self, pair):
        """Whether the message may still pass."""
        verb = self.act(pair)
        if verb in (Verb.CLOSE, Verb.RESET):
            self.close(pair, is_reset=verb is Verb.RESET)
        elif verb is Verb.OUTAGE:
            self.network = verb
            for each in self.pairs:
                self.close(each, is_reset=True)
        elif verb in (Verb.SILENCE, Verb.BLACKOUT):
            self.network = verb
            for each in self.pairs:
                each.is_silent = True
        return verb is Verb.PASS

    def close(self, pair, is_reset=False):
        if not pair.is_open:
            return
        pair.is_open = False
        for end in (pair.client, pair.server):
            if end.fileno() in self.selector.get_map():
                self.selector.unregister(end)
        if is_reset:
            reset(pair.client)
        pair.client.close()
        # The server gets what was forwarded, and then the end: a reset could take the message with it.
        pair.server.close()


def reset(end):
    end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    end.close()
