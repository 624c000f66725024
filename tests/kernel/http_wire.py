# SPDX-License-Identifier: BSD-3-Clause
"""HTTP/1.1 on a bare socket: what the tests send is exactly what they say, and answers are read one by one."""


def get(path, *fields):
    return "\r\n".join([f"GET {path} HTTP/1.1", "Host: sluice.test", *fields, "", ""]).encode()


class Answers:
    """Reads answers, in order, from a connected socket, which stays the caller's to close."""

    def __init__(self, connection):
        self.connection = connection
        self.unread = bytearray()

    def next(self):
        """(status, fields, body) of the next answer; fields by lower-case name."""
        status = int(self._line().split()[1])
        fields = {}
        while line := self._line():
            name, _, value = line.partition(":")
            fields[name.lower()] = value.strip()
        return status, fields, self.read(int(fields.get("content-length", 0)))

    def read(self, count):
        """Exactly `count` bytes."""
        while len(self.unread) < count:
            assert self._more(), f"the stream ended {count - len(self.unread)} bytes early"
        return self._take(count)

    def rest(self):
        """Everything until the peer closes."""
        while self._more():
            pass
        return self._take(len(self.unread))

    def _line(self):
        while (end := self.unread.find(b"\r\n")) < 0:
            assert len(self.unread) < 65536 and self._more(), f"no line: {bytes(self.unread[:200])!r}"
        return self._take(end + 2)[:-2].decode("latin-1")

    def _more(self):
        part = self.connection.recv(1 << 18)
        self.unread += part
        return bool(part)

    def _take(self, count):
        taken = bytes(self.unread[:count])
        del self.unread[:count]
        return taken
