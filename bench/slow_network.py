"""A network of our own: a proxy in front of a server's socket. What passes arrives half a round trip later, in either direction.

It is a process of its own, so that measuring and delaying do not disturb each other. It has no limit of bandwidth.

Round trips are counted as the longest chain of messages of which each was sent after the one before had arrived: what a
client sends without waiting for an answer costs nothing, and a chain of N takes at least N round trips.
"""
import heapq
import pathlib
import select
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time


class SlowNetwork:
    """A running proxy: listens on 127.0.0.1, port self.port, and leads to a Unix socket."""

    def __init__(self, server, round_trip):
        command = [sys.executable, __file__, str(server), str(round_trip)]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True)
        self.port = int(self.process.stdout.readline())

    def round_trips(self):
        """How many there were since this was last asked."""
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return int(self.process.stdout.readline())

    def stop(self):
        self.process.stdin.close()
        self.process.wait()


def measure(round_trip, count):
    """Seconds that round trips through a proxy take, each measured, and how many it counts: to see that both are right."""
    with tempfile.TemporaryDirectory() as folder:
        address = str(pathlib.Path(folder) / "echo")
        listener = socket.create_server(address, family=socket.AF_UNIX)

        def echo():
            with listener, listener.accept()[0] as peer:
                while data := peer.recv(100):
                    peer.sendall(data)

        thread = threading.Thread(target=echo)
        thread.start()
        network = SlowNetwork(address, round_trip)
        times = []
        with socket.create_connection(("127.0.0.1", network.port)) as client:
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for _ in range(count + 1):
                begin = time.monotonic()
                client.sendall(b"?")
                client.recv(100)
                times.append(time.monotonic() - begin)
        thread.join()
        counted = network.round_trips()
        network.stop()
    # The first has paid for the connection as well: a round trip more.
    return statistics.median(times[1:]), counted - 2


class _Side:
    """One end of a connection that passes through: what it has been sent and not taken yet."""

    def __init__(self, end):
        self.end = end
        self.other = None
        self.waiting = bytearray()
        self.ended = False  # nothing more will come for it


class _Proxy:
    def __init__(self, server, round_trip):
        self.server = server
        self.delay = round_trip / 2
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.due = []  # (when, number, what to do then): a heap
        self.number = 0
        self.readable = {}  # socket -> its side, while it may still say something
        self.writable = {}
        # How long the chain is that led to what the client knows now, and, for each of its connections, to what the server knows.
        self.client_knows = 0
        self.server_knows = {}  # socket of the server -> that

    def later(self, delay, action, *arguments):
        self.number += 1
        heapq.heappush(self.due, (time.monotonic() + delay, self.number, action, arguments))

    def run(self):
        print(self.listener.getsockname()[1], flush=True)
        while True:
            timeout = max(0, self.due[0][0] - time.monotonic()) if self.due else None
            readable, writable, _ = select.select([sys.stdin, self.listener, *self.readable], [*self.writable], [], timeout)
            for end in readable:
                if end is sys.stdin:
                    if not sys.stdin.readline():
                        return
                    print(self.client_knows, flush=True)
                    self.client_knows = 0
                elif end is self.listener:
                    # The handshake of TCP, which loopback does at once, costs a round trip as well.
                    self.later(2 * self.delay, self.accept, self.listener.accept()[0], self.client_knows)
                elif end in self.readable:
                    self.read(self.readable[end])
            for end in writable:
                if end in self.writable:
                    self.write(self.writable[end])
            while self.due and self.due[0][0] <= time.monotonic():
                _, _, action, arguments = heapq.heappop(self.due)
                action(*arguments)

    def accept(self, client, knew):
        server = socket.socket(socket.AF_UNIX)
        server.connect(self.server)
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sides = [_Side(client), _Side(server)]
        sides[0].other, sides[1].other = sides[1], sides[0]
        for side in sides:
            side.end.setblocking(False)
            self.readable[side.end] = side
        self.client_knows = max(self.client_knows, knew + 1)
        self.server_knows[server] = 0

    def read(self, side):
        try:
            data = side.end.recv(1 << 20)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            del self.readable[side.end]
        from_server = side.end in self.server_knows
        chain = self.server_knows[side.end] if from_server else self.client_knows + 1
        self.later(self.delay, self.deliver, side.other, data, from_server, chain)

    def deliver(self, side, data, from_server, chain):
        # Nobody waits for the other to hang up: that is no link of the chain.
        if data and from_server:
            self.client_knows = max(self.client_knows, chain)
        elif data:
            self.server_knows[side.end] = max(self.server_knows[side.end], chain)
        side.waiting += data
        side.ended = side.ended or not data
        self.write(side)

    def write(self, side):
        try:
            while side.waiting:
                del side.waiting[: side.end.send(side.waiting)]
        except BlockingIOError:
            self.writable[side.end] = side
            return
        except OSError:
            side.waiting.clear()
        self.writable.pop(side.end, None)
        if side.ended:
            self.end(side)

    def end(self, side):
        """Nothing more for one side: it is told so. When neither has more to say, both are done with."""
        try:
            side.end.shutdown(socket.SHUT_WR)
        except OSError:
            pass
        if side.other.ended and not side.other.waiting:
            for end in (side.end, side.other.end):
                self.readable.pop(end, None)
                self.writable.pop(end, None)
                self.server_knows.pop(end, None)
                end.close()


if __name__ == "__main__":
    _Proxy(sys.argv[1], float(sys.argv[2])).run()
