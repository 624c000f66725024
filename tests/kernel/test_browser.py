# SPDX-License-Identifier: BSD-3-Clause
"""A browser renders a page and its parts from Sluice."""
import struct

from conftest import need


def chromium(server, tmp_path, *what):
    return server.space.run(
        "chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
        "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
        f"--user-data-dir={tmp_path}/profile", *what, server.url("/"), timeout=90,
        cwd=tmp_path).stdout


def test_a_page_is_rendered(server, tmp_path):
    need("chromium", "chromium")
    page = chromium(server, tmp_path, "--dump-dom")
    assert ">ready 321x123 rgb(1, 2, 3)<" in page, page
    chromium(server, tmp_path, f"--screenshot={tmp_path}/page.png", "--window-size=640,480")
    picture = (tmp_path / "page.png").read_bytes()
    assert picture[:8] == b"\x89PNG\r\n\x1a\n"
    assert struct.unpack(">II", picture[16:24]) == (640, 480)
    assert len(picture) > 1000
