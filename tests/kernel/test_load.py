# SPDX-License-Identifier: BSD-3-Clause
"""sluice-load against the kernel's stack: nginx on the other side of the TAP device."""
import json
import os
import signal
import time

import pytest

from conftest import NETWORK, Wire, check_kernel_saw_no_error, need
from space import DEVICE, KERNEL, url

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

# The kernel sends a lost SYN-ACK again after 1 s, 3 s, 7 s and so on: no connection is given up for that.
PATIENCE = {"clean": [], "lossy": ["--connect-timeout", "60s", "--response-timeout", "60s", "--drain", "60s"]}


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


def load(space, wire, folder, *options, family="ipv4", port=80):
    """Starts sluice-load against the kernel's side."""
    target = f"[{KERNEL[family]}]:{port}" if family == "ipv6" else f"{KERNEL[family]}:{port}"
    program = space.start(wire.load, *NETWORK, *wire.options, *PATIENCE[wire.name], "--target", target, "--json",
                          folder / "load.json", "--path", "/hello", *options, environment=wire.environment)
    deadline = time.monotonic() + 20
    while "LOWER_UP" not in space.run("ip", "link", "show", DEVICE).stdout and program.is_running():
        assert time.monotonic() < deadline, "the device did not come up"
        time.sleep(0.02)
    space.link_up()
    return program


def results(program, wire, folder, status=0, timeout=90):
    """What it wrote down, once it has ended."""
    assert program.wait(timeout) == status, program.log()[-4000:]
    wire.check_faults(program)
    return json.loads((folder / "load.json").read_text())


def outcomes(report, what):
    """The ledger of connections or requests, without what did not happen."""
    ledger = report["total"][what]
    counts = {name: count for name, count in ledger["outcomes"].items() if count}
    assert sum(counts.values()) == ledger["attempted"], ledger
    return counts


def test_connections_to_nginx(space, wire, nginx, tmp_path, family):
    count = 500 if wire.is_lossy else 5000
    report = results(load(space, wire, tmp_path, "--mode", "cps", "--count", count, "--concurrency", 32,
                          family=family), wire, tmp_path)
    assert outcomes(report, "connections") == {"success": count}
    check_kernel_saw_no_error(space, wire)


def test_the_server_may_close_first(space, wire, nginx, tmp_path):
    count = 300 if wire.is_lossy else 3000
    report = results(load(space, wire, tmp_path, "--mode", "cps", "--close", "server", "--count", count,
                          "--concurrency", 32), wire, tmp_path)
    assert outcomes(report, "connections") == {"success": count}
    check_kernel_saw_no_error(space, wire)


@pytest.mark.parametrize("pipeline", [1, 8])
def test_requests_to_nginx(space, wire, nginx, tmp_path, family, pipeline):
    count = 4000 if wire.is_lossy else 40000
    report = results(load(space, wire, tmp_path, "--mode", "rps", "--count", count, "--concurrency", 16,
                          "--pipeline", pipeline, family=family), wire, tmp_path)
    done = outcomes(report, "requests")
    assert done.pop("success") >= count
    assert not done
    check_kernel_saw_no_error(space, wire)


def test_large_answers_from_nginx(space, wire, nginx, tmp_path, site):
    count = 4 if wire.is_lossy else 20
    report = results(load(space, wire, tmp_path, "--mode", "cps", "--count", count, "--concurrency", 2,
                          "--path", "/medium.bin"), wire, tmp_path)
    assert outcomes(report, "connections") == {"success": count}
    assert report["total"]["body_bytes"] == count * (site / "medium.bin").stat().st_size
    check_kernel_saw_no_error(space, wire)


def test_a_closed_port_is_counted_as_refused(space, tmp_path, family):
    wire = Wire("clean")
    report = results(load(space, wire, tmp_path, "--mode", "cps", "--count", 200, "--concurrency", 8, family=family,
                          port=81), wire, tmp_path, status=1)
    assert outcomes(report, "connections") == {"refused": 200}


def test_an_address_nobody_has_is_counted_as_unreachable(space, tmp_path):
    wire = Wire("clean")
    program = space.start(wire.load, *NETWORK, "--target", "198.18.0.99:80", "--json", tmp_path / "load.json",
                          "--mode", "cps", "--count", 8, "--concurrency", 8)
    report = results(program, wire, tmp_path, status=1)
    assert outcomes(report, "connections") == {"unreachable": 8}


def test_a_server_killed_in_the_middle_is_told(space, nginx, tmp_path):
    """nginx dies: connections are reset and new ones refused, each counted; nothing hangs."""
    wire = Wire("clean")
    program = load(space, wire, tmp_path, "--mode", "cps", "--duration", "2s", "--concurrency", 16)
    time.sleep(1.5)
    for pid in space.run("pgrep", "-P", nginx.process.pid).stdout.split():
        os.kill(int(pid), signal.SIGKILL)
    nginx.kill()
    report = results(program, wire, tmp_path, status=1)
    done = outcomes(report, "connections")
    assert done["success"] > 100 and done["refused"] > 100, done


def test_sigint_ends_a_run_with_its_report(space, nginx, tmp_path):
    wire = Wire("clean")
    program = load(space, wire, tmp_path, "--mode", "rps", "--duration", "60s", "--concurrency", 16)
    time.sleep(2)
    program.signal(signal.SIGINT)
    report = results(program, wire, tmp_path, timeout=15)
    assert outcomes(report, "requests")["success"] > 100
