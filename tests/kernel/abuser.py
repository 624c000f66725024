#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""
Clients that mean harm, by the thousand, from one thread:

    abuser.py --target 198.18.0.1 --seconds 8 --source 198.18.1.1 --source 198.18.1.2 heads:2000 silent:500

Each opens a connection and then does as its kind does until it is cut off, or until the time is up.  What became of them is
written as one line of JSON: for each kind how many opened, how each ended, and how long they lasted from their connect.
"""
import argparse
import collections
import json
import resource
import select
import socket
import time

TICK_SECONDS = 0.25
OPENING_PAUSE_SECONDS = 0.01
HEAD = b"GET /plaintext HTTP/1.1\r\nHost: sluice.test\r\n"
LARGE = b"GET /bytes/100000000 HTTP/1.1\r\nHost: sluice.test\r\n\r\n"
POST = b"POST /echo HTTP/1.1\r\nHost: sluice.test\r\nContent-Length: 100000\r\n\r\n"
WHOLE = HEAD + b"\r\n"
ANSWER = b"Hello, World!"
PIPELINED = 100000

# What is said at once; what at each tick; how much is read at each tick (None: everything, at once).
KINDS = {
    "silent": (b"", b"", None),
    "heads": (HEAD, b"X-a: b\r\n", None),
    "bodies": (POST, b"a", None),
    "readers": (LARGE, b"", 64),
    "shut": (LARGE, b"", 0),
    "pipelines": (WHOLE * 1500, b"", 0),
    "greedy": (b"", b"", None),
    "idle": (WHOLE, b"", None),
}


class Client:
    """One connection, and what it has to say."""

    def __init__(self, kind, target, source):
        self.kind = kind
        self.said, self.drip, self.read_bytes = KINDS[kind]
        self.unsaid = self.said if kind != "greedy" else WHOLE * PIPELINED
        self.ending = None
        self.answers = 0
        self.tail = b""
        family = socket.AF_INET6 if ":" in target else socket.AF_INET
        self.socket = socket.socket(family, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
        if self.read_bytes is not None:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2304)
        self.socket.setsockopt(socket.IPPROTO_IP, socket.IP_BIND_ADDRESS_NO_PORT, 1)
        self.socket.bind((source, 0))
        self.began = time.monotonic()
        self.opened = self.ended = None
        self.socket.connect_ex((target, 80))

    def interest(self):
        """Ends come by themselves; what is to be read, or said, is asked for."""
        reads = select.EPOLLIN if self.read_bytes is None else 0
        return reads | select.EPOLLRDHUP | (select.EPOLLOUT if self.unsaid or self.opened is None else 0)

    def end(self, how):
        self.ending, self.ended = how, time.monotonic()

    def attempt(self, work, *arguments):
        try:
            return work(*arguments)
        except BlockingIOError:
            return None
        except OSError:
            self.end("reset" if self.opened else "refused")
            return None

    def say(self):
        if self.unsaid:
            count = self.attempt(self.socket.send, self.unsaid[:1 << 16])
            self.unsaid = self.unsaid[count or 0:]

    def read(self, most):
        part = self.attempt(self.socket.recv, most)
        if part == b"":
            self.end("closed")
        elif part:
            text = self.tail + part
            self.answers += text.count(ANSWER)
            self.tail = text[-len(ANSWER) + 1:]

    def happens(self, events):
        if self.opened is None and events & select.EPOLLOUT:
            self.opened = time.monotonic()
        if self.read_bytes is None and events & select.EPOLLIN:
            self.read(1 << 18)
        if self.ending is None and events & (select.EPOLLERR | select.EPOLLHUP):
            self.end("reset" if self.opened else "refused")
        if self.ending is None and events & select.EPOLLRDHUP:
            self.end("closed")
        if self.ending is None and events & select.EPOLLOUT:
            self.say()

    def tick(self):
        if self.opened is None or self.ending:
            return
        if self.drip and not self.unsaid:
            self.attempt(self.socket.send, self.drip)
        if self.read_bytes:
            self.read(self.read_bytes)


class Crowd:
    """All of them, and the loop."""

    def __init__(self, arguments):
        self.arguments = arguments
        wanted = [(name, int(count)) for name, count in (kind.split(":") for kind in arguments.kinds)]
        # By turns, so that all kinds are there from the beginning.
        self.to_come = collections.deque(name for place in range(max(count for _, count in wanted))
                                         for name, count in wanted if place < count)
        self.clients = {}
        self.epoll = select.epoll()

    def open_some(self, seconds):
        """As many as there should be by now."""
        for _ in range(min(int(seconds * self.arguments.rate) + 1 - len(self.clients), len(self.to_come))):
            source = self.arguments.source[len(self.clients) % len(self.arguments.source)]
            client = Client(self.to_come.popleft(), self.arguments.target, source)
            self.clients[client.socket.fileno()] = client
            self.epoll.register(client.socket, client.interest())

    def handle(self, descriptor, events):
        client = self.clients[descriptor]
        client.happens(events)
        if client.ending:
            self.epoll.unregister(client.socket)
        else:
            self.epoll.modify(client.socket, client.interest())

    def tick(self):
        for client in self.clients.values():
            was = client.ending
            client.tick()
            if client.ending and not was:
                self.epoll.unregister(client.socket)

    def run(self):
        began = next_tick = time.monotonic()
        while time.monotonic() < began + self.arguments.seconds:
            self.open_some(time.monotonic() - began)
            for descriptor, events in self.epoll.poll(OPENING_PAUSE_SECONDS if self.to_come else TICK_SECONDS / 2):
                self.handle(descriptor, events)
            if time.monotonic() >= next_tick:
                self.tick()
                next_tick = max(next_tick + TICK_SECONDS, time.monotonic())

    def told(self):
        said = {}
        for kind in KINDS:
            clients = [client for client in self.clients.values() if client.kind == kind]
            lasted = sorted(client.ended - client.began for client in clients if client.ended and client.opened)
            if clients:
                said[kind] = {"count": len(clients), "opened": sum(client.opened is not None for client in clients),
                              "endings": collections.Counter(client.ending or "alive" for client in clients),
                              "answers": sum(client.answers for client in clients),
                              "lasted": [lasted[0], lasted[len(lasted) // 2], lasted[-1]] if lasted else None}
        return said


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--target", required=True)
    parser.add_argument("--source", action="append", required=True)
    parser.add_argument("--seconds", type=float, required=True)
    parser.add_argument("--rate", type=float, default=4000, help="connections opened in a second")
    parser.add_argument("kinds", nargs="+", metavar="KIND:COUNT", help=", ".join(KINDS))
    crowd = Crowd(parser.parse_args())
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    crowd.run()
    print(json.dumps(crowd.told()), flush=True)


if __name__ == "__main__":
    main()
