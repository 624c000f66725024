# SPDX-License-Identifier: BSD-3-Clause
"""sluice-load against the kernel's stack: nginx on the other side of the TAP device."""
import json
import os
import signal
import time

import pytest

from conftest import NETWORK, check_kernel_saw_no_error, need
from space import KERNEL, SLUICE, url

NGINX = """
user root;
daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log stderr;
events {{ worker_connections 2048; }}
http {{
    access_log off;
    keepalive_requests 100000000;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    server {{
        listen {ipv4}:80 backlog=2048;
        listen [{ipv6}]:80 backlog=2048;
        root {site};
        location = /hello {{ return 200 "Hello, World!"; }}
    }}
}}
"""


@pytest.fixture
def nginx(space, site, tmp_path):
    need("nginx", "nginx-light")
    (tmp_path / "nginx.conf").write_text(NGINX.format(folder=tmp_path, site=site, **KERNEL))
    program = space.start("nginx", "-c", tmp_path / "nginx.conf", "-p", tmp_path)
    deadline = time.monotonic() + 10
    while space.run("curl", "-s", "-o", "/dev/null", url(KERNEL["ipv4"], "/hello"), check=False).returncode:
        assert program.is_running() and time.monotonic() < deadline, program.log()
        time.sleep(0.05)
    return program


class Load:
    """One run of sluice-load and what it wrote down."""

    def __init__(self, space, wire, folder, target, *options):
        self.json = folder / "load.json"
        self.wire = wire
        self.program = space.start(wire.load, *NETWORK, "--json", self.json, *options, target,
                                   environment=wire.environment)
        deadline = time.monotonic() + 20
        while "state UP" not in space.run("ip", "link", "show", "slu0").stdout and self.program.is_running():
            assert time.monotonic() < deadline
            space.link_up()
            time.sleep(0.05)
        space.link_up()

    def wait(self, timeout=60):
        status = self.program.wait(timeout)
        self.wire.check_faults(self.program)
        return status, json.loads(self.json.read_text())
