# SPDX-License-Identifier: BSD-3-Clause
"""The kernel's clients against sluice-httpd: what curl asks, and what a bare socket can ask beyond it."""
import concurrent.futures
import socket
import time

import pytest

from http_wire import Answers, get
from space import SLUICE


@pytest.mark.parametrize("size", [56, 1400])
def test_ping_answers(clean_server, family, size):
    flag = "-6" if family == "ipv6" else "-4"
    said = clean_server.space.run("ping", flag, "-c5", "-i0.05", "-W1", "-s", size, SLUICE[family]).stdout
    assert "5 received, 0% packet loss" in said


def test_get(server, family):
    body = server.curl(server.url("/small.bin", family), text=False).stdout
    assert body == (server.site / "small.bin").read_bytes()


def test_head_has_the_fields_and_no_body(server, family):
    said = server.curl("--head", server.url("/small.bin", family), text=False).stdout
    assert said.startswith(b"HTTP/1.1 200 ")
    assert b"\r\ncontent-length: 10000\r\n" in said.lower()
    assert said.endswith(b"\r\n\r\n")


def test_a_connection_is_used_again(server):
    done = server.curl("-v", server.url("/plaintext"), server.url("/plaintext"))
    assert done.stdout == "Hello, World!" * 2
    assert "Re-using existing connection" in done.stderr


def test_range(server):
    whole = (server.site / "small.bin").read_bytes()
    done = server.curl("--range", "100-299", "--write-out", "%{stderr}%{http_code}", server.url("/small.bin"),
                       text=False)
    assert (done.stderr, done.stdout) == (b"206", whole[100:300])
    assert server.curl("--range", "-50", server.url("/small.bin"), text=False).stdout == whole[-50:]


def test_post_comes_back(server, family):
    done = server.curl("--data-binary", "name=value&long=" + "x" * 3000, server.url("/echo", family))
    assert done.stdout == "name=value&long=" + "x" * 3000


def test_what_is_not_there_is_404_and_the_connection_goes_on(server):
    done = server.curl("-v", "--write-out", "%{http_code}\n", "-o", "/dev/null", server.url("/none"),
                       "-o", "/dev/null", server.url("/plaintext"))
    assert done.stdout.split() == ["404", "200"]
    assert "Re-using existing connection" in done.stderr


def test_pipelined_requests_are_answered_in_order(server, family):
    whole = (server.site / "small.bin").read_bytes()
    with server.space.connect(family) as connection:
        connection.sendall((get("/plaintext") + get("/small.bin") + get("/none")) * 20)
        answers = Answers(connection)
        for _ in range(20):
            assert answers.next()[::2] == (200, b"Hello, World!")
            assert answers.next()[::2] == (200, whole)
            assert answers.next()[0] == 404


def test_a_request_may_come_byte_by_byte(server):
    with server.space.connect() as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in get("/plaintext"):
            connection.sendall(bytes([byte]))
        assert Answers(connection).next()[::2] == (200, b"Hello, World!")


def test_half_close_then_the_answer_comes(server, family):
    whole = (server.site / "medium.bin").read_bytes()
    with server.space.connect(family) as connection:
        connection.sendall(get("/medium.bin"))
        connection.shutdown(socket.SHUT_WR)
        answers = Answers(connection)
        status, _, body = answers.next()
        assert (status, body) == (200, whole)
        assert answers.rest() == b""


def test_connection_close_is_an_orderly_end(server, family):
    with server.space.connect(family) as connection:
        connection.sendall(get("/plaintext", "Connection: close"))
        answers = Answers(connection)
        assert answers.next()[::2] == (200, b"Hello, World!")
        assert answers.rest() == b""


def test_a_slow_reader_gets_every_byte(own_clean_server):
    """The client's window shuts, and opens again: zero-window probes keep the transfer alive."""
    server = own_clean_server
    whole = (server.site / "medium.bin").read_bytes()
    connection = server.space.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    with connection:
        connection.connect((SLUICE["ipv4"], 80))
        connection.sendall(get("/medium.bin"))
        time.sleep(1.5)
        assert Answers(connection).next()[::2] == (200, whole)
    server.finish()
    assert server.workers()[0]["counters"]["window_probes"] >= 2


def one_visit(space, family):
    with space.connect(family, timeout=60) as connection:
        connection.sendall(get("/plaintext", "Connection: close"))
        answers = Answers(connection)
        assert answers.next()[::2] == (200, b"Hello, World!")
        assert answers.rest() == b""


def test_many_short_connections(server, family):
    visits = 200 if server.wire.is_lossy else 1000
    with concurrent.futures.ThreadPoolExecutor(max_workers=16) as pool:
        for visit in [pool.submit(one_visit, server.space, family) for _ in range(visits)]:
            visit.result()
    server.is_healthy(family)
