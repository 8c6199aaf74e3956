"""PostgreSQL's protocol, version 3: where its messages end, and a session of simple queries.

https://www.postgresql.org/docs/15/protocol-message-formats.html
"""
import socket
import struct

# What a message is, as the table calls it.
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


class Splitter:
    """Cuts what one side says into whole messages."""

    def __init__(self, is_frontend):
        self.buffer = b""
        self.is_starting = is_frontend  # a startup packet has no type

    def feed(self, data):
        """Yields type and bytes of every message that is whole now."""
        self.buffer += data
        while True:
            begin = 0 if self.is_starting else 1
            if len(self.buffer) < begin + 4:
                return
            end = begin + struct.unpack_from("!I", self.buffer, begin)[0]
            if len(self.buffer) < end:
                return
            message, self.buffer = self.buffer[:end], self.buffer[end:]
            kind = "startup" if self.is_starting else chr(message[0])
            self.is_starting = False
            yield kind, message


class QueryFailed(Exception):
    pass


class Session:
    """A connection that asks simple queries, without password or TLS, and waits as long as it takes."""

    def __init__(self, path, user, database):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(path)
        self.splitter = Splitter(is_frontend=False)
        words = b"".join(word.encode() + b"\0" for word in ("user", user, "database", database)) + b"\0"
        self.socket.sendall(struct.pack("!II", len(words) + 8, 3 << 16) + words)
        self.answer()

    def close(self):
        self.socket.close()

    def query(self, sql):
        """The rows of all its statements, as lists of texts."""
        text = sql.encode() + b"\0"
        self.socket.sendall(b"Q" + struct.pack("!I", len(text) + 4) + text)
        return self.answer()

    def answer(self):
        rows = []
        failure = None
        while True:
            data = self.socket.recv(65536)
            if not data:
                raise ConnectionError(failure or "the server ended the session")
            for kind, message in self.splitter.feed(data):
                if kind == "D":
                    rows.append(fields_of(message))
                if kind == "E":
                    failure = failure or message_of(message)
                if kind == "Z" and failure:
                    raise QueryFailed(failure)
                if kind == "Z":
                    return rows


def fields_of(message):
    fields = []
    at = 7
    for _ in range(struct.unpack_from("!H", message, 5)[0]):
        length = struct.unpack_from("!i", message, at)[0]
        at += 4
        fields.append(None if length < 0 else message[at : at + length].decode())
        at += max(length, 0)
    return fields


def message_of(message):
    """The primary message of an ErrorResponse."""
    for field in message[5:].split(b"\0"):
        if field[:1] == b"M":
            return field[1:].decode(errors="replace")
    return "an error without a message"
