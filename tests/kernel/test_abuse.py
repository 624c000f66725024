# SPDX-License-Identifier: BSD-3-Clause
"""
Clients that hold on to the server by the thousand, each in its own way, while an honest one asks every 50 ms: it is answered,
they are cut off in time, and the server's memory is what it said at its start.  With SLUICE_FULL=1, more of them, for longer.
"""
import json
import os
import re
import sys
import threading
import time

import pytest

from conftest import Server, Wire, check_kernel_saw_no_error, need
from http_wire import Answers, get
from space import DEVICE, PREFIX, SLUICE

FULL = bool(os.environ.get("SLUICE_FULL"))
HERE = os.path.dirname(os.path.abspath(__file__))
ATTACKERS = {"ipv4": [f"198.18.1.{number}" for number in range(1, 21)],
             "ipv6": [f"2001:2:0:{number:x}::1" for number in range(1, 21)]}
# Deadlines of the server, in seconds; what is measured of them may be late by LATE, for this machine is not alone.
HEADER, IDLE, PROGRESS, LINGER = 2, 6, 2, 1
LATE = 2.5
P99_SECONDS = 0.5  # measured: 0.02, on two cores that attackers, server and honest client share
QUEUE_PACKETS = 10000
MIB = 1 << 20
OWN_MIB = 64  # of a process: DPDK's code and what it keeps beside packets and records


class Honest(threading.Thread):
    """Asks every 50 ms, in turn: a kept connection, a new one, a head in two pieces, an answer of 20 KB."""

    def __init__(self, space, family="ipv4"):
        super().__init__(daemon=True)
        self.space, self.family = space, family
        self.seconds, self.wrong = [], []
        self.stopping = threading.Event()
        self.kept = None
        self.start()

    def ask(self, number):
        if number % 4 == 0:
            return self.ask_again()
        with self.space.connect(self.family, timeout=10) as connection:
            if number % 4 == 1:
                return self.exchange(connection, [get("/plaintext", "Connection: close")], b"Hello, World!")
            if number % 4 == 2:
                whole = get("/plaintext", "X-long: " + "x" * 2000)
                return self.exchange(connection, [whole[:1500], whole[1500:]], b"Hello, World!")
            return self.exchange(connection, [get("/bytes/20000")], None)

    def ask_again(self):
        """On the kept connection; if that was closed meanwhile, on a new one, as any client does (RFC 9112 section 9.3.1)."""
        for _ in range(2):
            was_kept = self.kept is not None
            self.kept = self.kept or self.space.connect(self.family, timeout=10)
            try:
                return self.exchange(self.kept, [get("/plaintext")], b"Hello, World!")
            except (ConnectionError, AssertionError):
                self.kept.close()
                self.kept = None
                if not was_kept:
                    raise

    @staticmethod
    def exchange(connection, pieces, body):
        for place, piece in enumerate(pieces):
            if place:
                time.sleep(0.005)
            connection.sendall(piece)
        status, _, read = Answers(connection).next()
        assert status == 200 and (read == body or body is None and len(read) == 20000), (status, len(read))

    def run(self):
        number = 0
        while not self.stopping.is_set():
            began = time.monotonic()
            try:
                self.ask(number)
            except (OSError, AssertionError) as wrong:
                self.wrong.append((number % 4, repr(wrong)))
            self.seconds.append(time.monotonic() - began)
            number += 1
            self.stopping.wait(max(0.0, began + 0.05 - time.monotonic()))

    def finish(self, asked_least, p99_seconds=P99_SECONDS):
        """Every request was answered, and 99 of 100 in time."""
        self.stopping.set()
        self.join(30)
        assert not self.wrong, self.wrong[:5]
        assert len(self.seconds) >= asked_least, f"{len(self.seconds)} asked"
        p99 = sorted(self.seconds)[len(self.seconds) * 99 // 100]
        print(f"honest: {len(self.seconds)} answered, median {sorted(self.seconds)[len(self.seconds) // 2] * 1e3:.1f} ms, "
              f"p99 {p99 * 1e3:.1f} ms, longest {max(self.seconds) * 1e3:.1f} ms")
        assert p99 < p99_seconds


class Victim(Server):
    """A server with short deadlines, and what it costs."""

    def __init__(self, space, site, *options):
        self.more = ["--header-timeout", f"{HEADER}s", "--idle-timeout", f"{IDLE}s", "--progress-timeout",
                     f"{PROGRESS}s", "--linger-timeout", f"{LINGER}s", "--min-rate", "20000", *options]
        space.run("ip", "link", "set", DEVICE, "txqueuelen", QUEUE_PACKETS)  # the device must not drop what they send
        super().__init__(space, Wire("clean"), site)
        space.run("ip", "-batch", "-", input="".join(
            f"addr add {address}/{PREFIX[family]} dev {DEVICE} {'nodad' if family == 'ipv6' else ''}\n"
            for family, addresses in ATTACKERS.items() for address in addresses))

    def start(self):
        self.options += self.more
        super().start()
        self.resident_at_first = self.resident()

    def resident(self, which="VmRSS"):
        with open(f"/proc/{self.program.process.pid}/status") as file:
            return int(re.search(rf"^{which}:\s+(\d+) kB", file.read(), re.M)[1]) << 10

    def sums(self):
        """What the library, and the server for its clients and its files, said at the start that they would take, in bytes."""
        library = re.search(r"^(\d+) MiB of memory", self.program.log(), re.M)
        own = re.search(r"; (\d+) MiB for clients; \d+ resources, (\d+) bytes", self.program.log())
        return int(library[1]) * MIB, int(own[1]) * MIB, int(own[2])

    def is_within_its_sums(self):
        with open(f"/proc/{self.program.process.pid}/maps") as file:
            if "libasan" in file.read():
                return  # whose shadow is nobody's sum
        library, own, content = self.sums()
        most = self.resident("VmHWM")
        print(f"resident: {self.resident_at_first >> 20} MiB at first, {most >> 20} at most; "
              f"sums: {library >> 20} + {own >> 20} + {content >> 20}")
        assert most <= library + own + content + OWN_MIB * MIB

    def abuse(self, seconds, *kinds, family="ipv4", sources=None):
        sources = sources or ATTACKERS[family]
        return self.space.start(sys.executable, os.path.join(HERE, "abuser.py"), "--target", SLUICE[family],
                                "--seconds", seconds, *(part for source in sources for part in ("--source", source)),
                                *kinds, name="abuser")

    def count(self):
        """The server's own counters, once it has ended."""
        with open(self.totals) as file:
            return json.load(file)["server"]


def told(abuser, seconds):
    assert abuser.wait(seconds) == 0, abuser.log()[-2000:]
    print(abuser.log())
    return json.loads(abuser.log().splitlines()[-1])


def within(lasted, low, high):
    """From the first to the last that was cut off."""
    assert lasted and low - 0.1 <= lasted[0] and lasted[-1] <= high, lasted


@pytest.fixture
def victim(space, site):
    """Makes the one server of a test, with these options."""
    made = []

    def make(*options):
        made.append(Victim(space, site, *options))
        return made[0]

    yield make
    for server in made:
        if server.program.is_running():
            server.finish()
    check_kernel_saw_no_error(space, Wire("clean"))


@pytest.mark.parametrize("family", list(SLUICE) if FULL else ["ipv4"])
def test_all_at_once(victim, family):
    """Slow heads, silence, slow bodies, slow readers, shut windows, pipelines: from twenty addresses."""
    scale, seconds = (3, 25) if FULL else (1, 7)
    server = victim("--buffers", "8192")  # one for each head, or the oldest would go before their time
    honest = Honest(server.space, family)
    abuser = server.abuse(seconds, f"heads:{2000 * scale}", f"silent:{500 * scale}", f"bodies:{300 * scale}",
                          f"readers:{300 * scale}", f"shut:{300 * scale}", f"pipelines:{300 * scale}", "greedy:2",
                          family=family)
    said = told(abuser, seconds + 20)
    honest.finish(asked_least=seconds * 5)
    for kind, result in said.items():
        assert result["opened"] == result["count"], (kind, result)
    for kind in ("heads", "silent"):
        within(said[kind]["lasted"], HEADER, HEADER + LATE)
    for kind in ("bodies", "readers"):
        within(said[kind]["lasted"], PROGRESS, 2 * PROGRESS + LATE)
    for kind in ("heads", "silent", "bodies", "readers", "shut", "pipelines"):
        assert not said[kind]["endings"].get("alive"), said[kind]
    assert said["greedy"]["answers"] == 2 * 100000
    server.is_within_its_sums()
    server.finish()
    counted = server.count()
    assert counted["timeouts_header"] >= 2500 * scale
    assert counted["timeouts_progress"] >= 900 * scale  # bodies, readers and shut windows


def test_more_than_there_is_memory_for(victim):
    """
    More connections, heads, answers and bytes in flight than there is room for, and no deadline that would end them: the
    honest still find room.
    """
    seconds = 20 if FULL else 6
    server = victim("--connections", "2048", "--buffers", "128", "--exchanges", "256", "--header-timeout", "60s",
                    "--idle-timeout", "60s", "--progress-timeout", "60s", "--chunks-small", "4096", "--chunks-large",
                    "1024")
    honest = Honest(server.space)
    abuser = server.abuse(seconds, "--rate", 1500, "heads:1000", "idle:3500", "silent:3500", "readers:200",
                          "pipelines:200")
    said = told(abuser, seconds + 20)
    # An answer of 20 KB has to wait until those that began before it have had two seconds to show their pace.
    honest.finish(asked_least=seconds * 5, p99_seconds=2 + P99_SECONDS)
    server.is_within_its_sums()
    server.finish()
    counted = server.count()
    assert counted["relief_idle"] > 1000 and counted["relief_heads"] > 100 and counted["timeouts_progress"] > 100
    assert sum(result["endings"].get("alive", 0) for result in said.values()) <= 2048


def test_connections_per_address(victim):
    """The limit is where it was set, for an IPv4 address and for a /64; who is refused is told at once."""
    server = victim("--connections-per-address", "100", "--exempt", f"{ATTACKERS['ipv4'][1]}/32",
                    "--header-timeout", "60s")
    limited = [server.abuse(1.5, "silent:300", sources=ATTACKERS["ipv4"][:1]),
               server.abuse(1.5, "silent:300", family="ipv6", sources=ATTACKERS["ipv6"][:1])]
    exempt = server.abuse(1.5, "silent:300", sources=ATTACKERS["ipv4"][1:2])
    honest = Honest(server.space)
    for abuser in limited:
        result = told(abuser, 20)["silent"]
        assert result["endings"] == {"alive": 100, "reset": 200}
        assert result["lasted"][-1] < 1
    assert told(exempt, 20)["silent"]["endings"] == {"alive": 300}
    honest.finish(asked_least=10)
    server.finish()
    assert server.count()["connections_limited"] == 400


def test_slowhttptest(victim):
    """The well-known tool in its four modes at once, by its own verdict."""
    need("slowhttptest", "slowhttptest")
    seconds, count = (30, 2000) if FULL else (6, 500)
    server = victim()
    honest = Honest(server.space)
    common = ["-c", count, "-r", count, "-l", seconds, "-i", 1, "-p", 3, "-u", server.url("/large.bin")]
    tools = [server.space.start("slowhttptest", *mode, *common, name=f"slowhttptest{mode[0]}")
             for mode in (["-H"], ["-B", "-t", "POST"], ["-R"], ["-X", "-w", 10, "-y", 20, "-n", 1, "-z", 10, "-k", 3])]
    for tool in tools:
        assert tool.wait(seconds + 30) == 0, tool.log()[-2000:]
        assert verdicts(tool) and set(verdicts(tool)) == {"YES"}, tool.log()[-2000:]
    honest.finish(asked_least=seconds * 5)
    server.is_within_its_sums()


def verdicts(tool):
    return re.findall(r"service available:\S*\s+(?:\x1b\[[\d;]*m)*(YES|NO)", tool.log())
