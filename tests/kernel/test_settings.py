# SPDX-License-Identifier: BSD-3-Clause
"""
The kernel with its settings varied, in both roles, over both families, on the faulty wire: what two sides agree on follows
the settings, and bytes stay what they were.  Every pair of values meets in the ordinary run; with SLUICE_FULL=1 in the
environment, every combination.
"""
import hashlib
import itertools
import os
import socket
import struct
import threading

import pytest

from bulk import use_cubic
from conftest import BUILD, NETWORK, Server, Wire, check_kernel_saw_no_error, lend, sha256, show_logs
from http_wire import Answers, get
from space import DEVICE, KERNEL, SLUICE, Space

KIB = 1 << 10
ECHO_PORT = 7
SECONDS_MAX = 60

# By default, and otherwise.
SETTINGS = {
    "tcp_timestamps": ("1", "0"),
    "tcp_sack": ("1", "0"),
    "tcp_window_scaling": ("1", "0"),
    "tcp_ecn": ("1", "0"),
    "tcp_dsack": ("1", "0"),
    "tcp_syncookies": ("1", "2"),  # 2: for every SYN
    "tcp_rmem": ("4096 131072 6291456", "4096 8192 16384"),
}


def pairwise(count):
    """
    Six rows of switches in which every two switches take all four combinations: the first row is all off, and in the
    other five each switch is on in three, no two in the same three.
    """
    columns = list(itertools.combinations(range(5), 3))[:count]
    assert len(columns) == count
    return [(0,) * count, *(tuple(int(row in column) for column in columns) for row in range(5))]


def name_of(row):
    changed = [f"{name.removeprefix('tcp_')}={value.split()[-1]}"
               for (name, values), on in zip(SETTINGS.items(), row) for value in [values[on]] if on]
    return ",".join(changed) or "defaults"


ROWS = list(itertools.product((0, 1), repeat=len(SETTINGS))) if os.environ.get("SLUICE_FULL") \
    else pairwise(len(SETTINGS))


def agreed(connection):
    """From tcpi_options of struct tcp_info."""
    options = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 8)[5]
    return {"tcp_timestamps": bool(options & 1), "tcp_sack": bool(options & 2), "tcp_window_scaling": bool(options & 4),
            "tcp_ecn": bool(options & 8)}


def expected(settings, is_server, speaks_ecn):
    """What the kernel and Sluice should have agreed on."""
    on = {name: settings[name] == "1" for name in ("tcp_timestamps", "tcp_sack", "tcp_window_scaling", "tcp_ecn")}
    on["tcp_ecn"] = on["tcp_ecn"] and speaks_ecn
    if is_server and settings["tcp_syncookies"] == "2" and not on["tcp_timestamps"]:
        # The kernel's cookies keep all but the MSS in a timestamp.
        on = dict.fromkeys(on, False)
    return on


def receive(connection, count):
    digest = hashlib.sha256()
    while count:
        part = connection.recv(min(count, 1 << 18))
        assert part, f"the stream ended {count} bytes early"
        digest.update(part)
        count -= len(part)
    return digest.hexdigest()


class Peer(threading.Thread):
    """A kernel's side of one connection; join() raises what went wrong."""

    def __init__(self, work, *arguments):
        super().__init__(daemon=True)
        self.work, self.arguments, self.wrong = work, arguments, None
        self.start()

    def run(self):
        try:
            self.work(*self.arguments)
        except BaseException as wrong:
            self.wrong = wrong

    def finish(self):
        self.join(SECONDS_MAX)
        assert not self.is_alive(), "it did not end"
        if self.wrong:
            raise self.wrong


def check_agreed(connection, options, wire):
    """A SYN that is sent again after a loss no longer asks for ECN (RFC 3168 section 6.1.1.1)."""
    found = agreed(connection)
    if os.environ.get("SLUICE_COOKIES") == "always" and not options["tcp_timestamps"]:
        # Our cookies hold no ECN then, and of the kernel's scales, which follow its buffers, 0 and those from 8 on.
        options = {**options, **{name: found[name] and options[name] for name in ("tcp_ecn", "tcp_window_scaling")}}
    if wire.is_lossy and not found["tcp_ecn"]:
        options = {**options, "tcp_ecn": False}
    assert found == options


def client(server, family, sent, options):
    """The kernel opens: a file down, then bytes up and back."""
    connection = server.space.socket(family, timeout=SECONDS_MAX)
    use_cubic(connection)
    with connection:
        connection.connect((SLUICE[family], 80))
        check_agreed(connection, options, server.wire)
        connection.sendall(get("/medium.bin", f"Range: bytes=0-{len(sent) - 1}"))
        status, _, body = Answers(connection).next()
        assert (status, body) == (206, (server.site / "medium.bin").read_bytes()[:len(sent)])
        connection.sendall(f"POST /echo HTTP/1.1\r\nHost: sluice.test\r\nContent-Length: {len(sent)}\r\n\r\n".encode())
        sender = Peer(connection.sendall, sent)
        assert hashlib.sha256(Answers(connection).next()[2]).digest() == hashlib.sha256(sent).digest()
        sender.finish()


def echo(listener, options, wire):
    """Sluice opens: everything goes back."""
    connection, _ = listener.accept()
    with connection:
        connection.settimeout(SECONDS_MAX)
        check_agreed(connection, options, wire)
        while part := connection.recv(1 << 16):
            connection.sendall(part)


@pytest.fixture(scope="module")
def wire():
    return Wire("lossy")


@pytest.fixture(scope="module")
def server_for_all(wire, site, tmp_path_factory):
    with Space(str(tmp_path_factory.mktemp("server"))) as space:
        server = Server(space, wire, site)
        yield server
        server.finish()
        check_kernel_saw_no_error(space, wire)


@pytest.fixture
def server(server_for_all, request):
    yield from lend(server_for_all, request)


@pytest.fixture
def talkers(wire, tmp_path, request):
    """Where sluice-talk opens connections to the kernel's listeners."""
    with Space(str(tmp_path)) as space:
        yield space
        show_logs(request, space.programs)
        check_kernel_saw_no_error(space, wire)


def set_all(space, settings):
    space.run("sysctl", "-qw", *(f"net.ipv4.{name}={value}" for name, value in settings.items()))
    for network in ("198.18.0.0/15", "2001:2::/48"):  # as ours on this wire, see conftest.Wire
        space.run("ip", "route", "replace", network, "dev", DEVICE, "rto_min", "20ms")


def listen(space, family):
    listener = space.socket(family, timeout=SECONDS_MAX)
    use_cubic(listener)
    listener.bind((KERNEL[family], ECHO_PORT))
    listener.listen()
    return listener


def talk(space, wire, *options):
    return space.start(os.path.join(BUILD, "tests", "sluice-talk"), *NETWORK, *wire.options, *options,
                       environment=wire.environment)


def speaks_ecn(space, wire):
    return "--ecn" in space.run(wire.httpd, "--help").stdout


def converse(server, talkers, settings, tmp_path):
    """Both roles over both families at once: every byte arrives, and what was agreed on is what the settings say."""
    wire, ecn = server.wire, speaks_ecn(talkers, server.wire)
    # Windows of a few segments, without timestamps: the kernel, too, waits for one backed-off timeout after another.
    sent = os.urandom((512 if settings["tcp_rmem"] == SETTINGS["tcp_rmem"][0] else 128) * KIB)
    (tmp_path / "sent").write_bytes(sent)
    set_all(server.space, settings)
    set_all(talkers, settings)
    peers = []
    for family in SLUICE:
        peers.append(Peer(client, server, family, sent, expected(settings, False, ecn)))
        peers.append(Peer(echo, listen(talkers, family), expected(settings, True, ecn), wire))
    targets = [f"{KERNEL['ipv4']}:{ECHO_PORT}", f"[{KERNEL['ipv6']}]:{ECHO_PORT}"]
    program = talk(talkers, wire, *(part for target in targets for part in ("--target", target)),
                   *(["--ecn", "ask"] if ecn else []), "--send", tmp_path / "sent", "--receive", tmp_path / "received")
    for peer in peers:
        peer.finish()
    assert program.wait(SECONDS_MAX) == 0, program.log()
    for index in range(len(targets)):
        assert sha256(tmp_path / f"received.{index}") == hashlib.sha256(sent).hexdigest()


@pytest.mark.parametrize("row", ROWS, ids=map(name_of, ROWS))
def test_bytes_survive_and_options_follow_the_settings(server, talkers, tmp_path, row):
    converse(server, talkers, {name: values[on] for (name, values), on in zip(SETTINGS.items(), row)}, tmp_path)


@pytest.mark.parametrize("ecn", ["0", "1"])
def test_ecn_is_agreed_on_by_those_who_want_it(own_clean_server, tmp_path, ecn):
    """On a wire that loses no SYN, so that it must be."""
    with Space(str(tmp_path)) as talkers:
        converse(own_clean_server, talkers, {name: values[0] for name, values in SETTINGS.items()} | {"tcp_ecn": ecn},
                 tmp_path)
        check_kernel_saw_no_error(talkers, own_clean_server.wire)
