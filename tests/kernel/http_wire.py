# SPDX-License-Identifier: BSD-3-Clause
"""HTTP/1.1 on a bare socket: what the tests send is exactly what they say, and answers are read one by one."""


def get(path, *fields):
    return "\r\n".join([f"GET {path} HTTP/1.1", "Host: sluice.test", *fields, "", ""]).encode()


class Answers:
    """Reads answers, in order, from a connected socket."""

    def __init__(self, connection):
        self.file = connection.makefile("rb")

    def next(self):
        """(status, fields, body) of the next answer; fields by lower-case name."""
        status = int(self._line().split()[1])
        fields = {}
        while line := self._line():
            name, _, value = line.partition(":")
            fields[name.lower()] = value.strip()
        body = self.file.read(int(fields.get("content-length", 0)))
        assert len(body) == int(fields.get("content-length", 0)), "the answer ended early"
        return status, fields, body

    def _line(self):
        line = self.file.readline(65536)
        assert line.endswith(b"\r\n"), f"no line: {line!r}"
        return line[:-2].decode("latin-1")

    def rest(self):
        """Everything until the peer closes."""
        return self.file.read()
