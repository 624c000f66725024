# SPDX-License-Identifier: BSD-3-Clause
"""Long streams, compared by their SHA-256; and wrk's many connections."""
import os
import re

from conftest import MIB, need, sha256


def test_64_mib_down(server, family, tmp_path):
    server.curl("-o", tmp_path / "got", server.url("/large.bin", family))
    assert sha256(tmp_path / "got") == sha256(server.site / "large.bin")


def test_16_mib_up_and_back(server, family, tmp_path):
    (tmp_path / "sent").write_bytes(os.urandom(16 * MIB))
    server.curl("--data-binary", f"@{tmp_path}/sent", "-o", tmp_path / "got", server.url("/echo", family))
    assert sha256(tmp_path / "got") == sha256(tmp_path / "sent")


def test_wrk_64_connections(server, family):
    need("wrk", "wrk")
    said = server.space.run("wrk", "-t1", "-c64", "-d4s", "--timeout", "10s", server.url("/plaintext", family)).stdout
    requests = int(re.search(r"(\d+) requests in", said)[1])
    assert requests > 1000, said
    assert "Socket errors" not in said and "Non-2xx" not in said, said
    server.is_healthy(family)
