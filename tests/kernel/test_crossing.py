# SPDX-License-Identifier: BSD-3-Clause
"""
Simultaneous open against the kernel (RFC 9293 figure 7): nobody listens, both bind their ports and connect, and the SYNs
cross on a long wire.
"""
import os
import socket
import time

import pytest

from bridged import BUILD, Bridged
from conftest import kernel_counters, show_logs
from space import DEVICE, KERNEL, PREFIX, SLUICE

PORTS = {"near": 7001, "far": 7002}
DELAY_US = 200000


def place(address, port):
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


@pytest.fixture
def pair(tmp_path, request):
    with Bridged(str(tmp_path), True, delay_us=DELAY_US) as made:
        yield made
        show_logs(request, made.near.programs + made.far.programs)


def begin_to_talk(pair, family, tmp_path):
    """Sluice asks for the kernel's MAC first: its SYN leaves a round trip after this returns at the earliest."""
    program = pair.far.start(os.path.join(BUILD, "tests", "sluice-talk"), "--port", f"net_af_packet0,iface={DEVICE}",
                             "--idle", "sleep", "--address", f"{SLUICE[family]}/{PREFIX[family]}",
                             "--target", place(KERNEL[family], PORTS["near"]),
                             "--local", place(SLUICE[family], PORTS["far"]),
                             "--send", tmp_path / "sent", "--receive", tmp_path / "received")
    deadline = time.monotonic() + 20
    while pair.near.run("cat", f"/sys/class/net/{DEVICE}/statistics/rx_packets").stdout == "0\n":
        assert program.is_running() and time.monotonic() < deadline, program.log()
    return program


def test_both_open_at_once(pair, tmp_path, family):
    sent = os.urandom(50000)
    (tmp_path / "sent").write_bytes(sent)
    mac = pair.far.run("cat", f"/sys/class/net/{DEVICE}/address").stdout.strip()
    pair.near.run("ip", "neigh", "replace", SLUICE[family], "lladdr", mac, "dev", DEVICE)
    connection = pair.near.socket(family)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    connection.bind((KERNEL[family], PORTS["near"]))
    with connection:
        program = begin_to_talk(pair, family, tmp_path)
        connection.connect((SLUICE[family], PORTS["far"]))  # the question has arrived: Sluice's SYN cannot have
        while part := connection.recv(1 << 16):
            connection.sendall(part)
    assert program.wait(20) == 0, program.log()
    assert (tmp_path / "received.0").read_bytes() == sent
    counters = kernel_counters(pair.near)
    assert (counters["Tcp ActiveOpens"], counters["Tcp PassiveOpens"], counters["Tcp AttemptFails"]) == (1, 0, 0)
    assert counters["Tcp InErrs"] == counters["TcpExt TCPSYNChallenge"]
