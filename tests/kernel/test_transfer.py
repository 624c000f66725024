# SPDX-License-Identifier: BSD-3-Clause
"""Long streams, compared by their SHA-256; and wrk's many connections."""
import os
import re

import pytest

from conftest import MIB, need, sha256
from space import SLUICE

SECONDS_MAX = 110


@pytest.fixture(scope="module")
def transfers(shared_server, tmp_path_factory):
    """Both streams over both families, begun together: each has its own congestion window, and waits for nobody."""
    server, folder = shared_server, tmp_path_factory.mktemp("transfers")
    sent = folder / "sent"
    sent.write_bytes(os.urandom(16 * MIB))
    curl = ["curl", "-sS", "--max-time", SECONDS_MAX, "-o"]
    begun = {}
    for family in SLUICE:
        down, echo = folder / f"down-{family}", folder / f"echo-{family}"
        begun["down", family] = (
            server.space.start(*curl, down, server.url("/large.bin", family)), down, server.site / "large.bin")
        begun["echo", family] = (
            server.space.start(*curl, echo, "--data-binary", f"@{sent}", server.url("/echo", family)), echo, sent)
    return begun


def arrives_intact(transfer):
    program, got, expected = transfer
    assert program.wait(SECONDS_MAX + 5) == 0, program.log()
    assert sha256(got) == sha256(expected)


def test_64_mib_down(server, transfers, family):
    arrives_intact(transfers["down", family])


def test_16_mib_up_and_back(server, transfers, family):
    arrives_intact(transfers["echo", family])


def test_wrk_64_connections(server, family):
    need("wrk", "wrk")
    said = server.space.run("wrk", "-t1", "-c64", "-d2s", "--timeout", "10s", server.url("/plaintext", family)).stdout
    requests = int(re.search(r"(\d+) requests in", said)[1])
    assert requests > 1000, said
    assert "Socket errors" not in said and "Non-2xx" not in said, said
    server.is_healthy(family)
