# SPDX-License-Identifier: BSD-3-Clause
"""What goes wrong: closed ports, clients that die, a server that is told to end, a server that is killed."""
import signal
import socket
import struct
import time

import pytest

from http_wire import Answers, get
from space import DEVICE, SLUICE


def wait_for(what, seconds=20):
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline, "it did not come to pass"
        time.sleep(0.05)


def test_a_closed_port_refuses_at_once(clean_server, family):
    began = time.monotonic()
    with pytest.raises(ConnectionRefusedError):
        clean_server.space.connect(family, port=81)
    assert time.monotonic() - began < 1


def test_a_client_killed_in_the_middle_leaves_nothing(server, tmp_path):
    path = tmp_path / "got"
    client = server.space.start("curl", "-sS", "--limit-rate", "1M", "-o", path, server.url("/large.bin"))
    wait_for(lambda: path.exists() and path.stat().st_size > 100000)
    client.kill()
    server.is_healthy()
    wait_for(lambda: server.connections_open() == 0)


def test_a_reset_in_the_middle_leaves_nothing(server, family):
    connection = server.space.connect(family)
    connection.sendall(get("/large.bin"))
    connection.recv(1000)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()
    server.is_healthy(family)
    wait_for(lambda: server.connections_open() == 0)


def test_a_vanished_client_does_not_hold_up_the_rest(own_clean_server):
    """No FIN, no RST, no answer to ARP: the host is gone.  The server goes on with the others and ends in time."""
    server, gone = own_clean_server, "198.18.0.3"
    server.space.run("ip", "addr", "add", f"{gone}/15", "dev", DEVICE)
    connection = server.space.socket()
    with connection:
        connection.bind((gone, 0))
        connection.connect((SLUICE["ipv4"], 80))
        connection.sendall(get("/large.bin"))
        connection.recv(1000)
        server.space.run("ip", "addr", "del", f"{gone}/15", "dev", DEVICE)
        server.is_healthy()
        server.finish()


def test_sigterm_lets_a_transfer_end(own_server, family):
    server = own_server
    whole = (server.site / "medium.bin").read_bytes()
    with server.space.connect(family) as connection:
        connection.sendall(get("/medium.bin"))
        answers = Answers(connection)
        first = answers.read(10)
        server.program.signal(signal.SIGTERM)
        time.sleep(0.3)
        everything = first + answers.rest()
    assert everything.startswith(b"HTTP/1.1 200 ")
    assert everything.partition(b"\r\n\r\n")[2] == whole
    ended = time.monotonic()
    server.has_ended_in_order()
    assert time.monotonic() - ended < (4 if server.wire.is_lossy else 1), "it waited for its deadline"


def test_sigterm_does_not_wait_for_ever(own_clean_server):
    with own_clean_server.space.connect() as connection:
        connection.sendall(get("/large.bin"))
        connection.recv(1000)  # and never again
        own_clean_server.finish()


def test_sigterm_refuses_newcomers(own_clean_server):
    with own_clean_server.space.connect() as busy:
        busy.sendall(get("/large.bin"))
        busy.recv(1000)
        own_clean_server.program.signal(signal.SIGTERM)
        time.sleep(0.3)
        with pytest.raises(ConnectionRefusedError):
            own_clean_server.space.connect()
    own_clean_server.has_ended_in_order()


def test_a_killed_server_leaves_no_client_hanging(own_clean_server, family):
    """After SIGKILL the next server knows nothing of the connection, and its RST tells the client."""
    server = own_clean_server
    with server.space.connect(family) as connection:
        connection.sendall(get("/plaintext"))
        assert Answers(connection).next()[0] == 200
        server.program.kill()
        connection.sendall(get("/plaintext"))
        server.start()
        with pytest.raises(ConnectionResetError):
            connection.recv(1)
    server.is_healthy(family)
