# SPDX-License-Identifier: BSD-3-Clause
"""
Fixtures: a namespace, the two wires (clean, and with faults each way), a server on Sluice, and what it serves.

    def test_it(server):            # once over each wire; the tests of a file share the server and its namespace
    def test_it(clean_server):      # over the clean wire only; shared likewise
    def test_it(own_server):        # once over each wire; the test may end the server, or break it
    def test_it(own_clean_server):

The programs come from the build directory that SLUICE_BUILD names (build/ by default).
"""
import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import time

import pytest

from space import DEVICE, PREFIX, SLUICE, Space, url

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.path.abspath(os.environ.get("SLUICE_BUILD", os.path.join(ROOT, "build")))
FAULTS = "drop=5,duplicate=5,reorder=5,seed=1"
PACKETS_FOR_EVERY_FAULT = 400  # none of a kind among so many, at 5 %: once in 10^9
MIB = 1 << 20


class Wire:
    """Which build of the programs a test runs, and how much of everything it should ask for."""

    def __init__(self, name):
        self.name = name
        self.is_lossy = name == "lossy"
        folder, ending = (("tests", "-lossy") if self.is_lossy else ("app", ""))
        self.httpd = os.path.join(BUILD, folder, f"sluice-httpd{ending}")
        self.load = os.path.join(BUILD, folder, f"sluice-load{ending}")
        self.environment = {"SLUICE_LOSSY": FAULTS} if self.is_lossy else {}
        # Our least timeouts are cut to the wire's round trip of 2 ms, so that thousands of losses take seconds.
        self.options = ["--rto-min", "20ms", "--rto-initial", "100ms"] if self.is_lossy else []
        # A request that comes twice, and late, opens a connection again whose peer has gone on (lib/core/README.md).
        self.to_be_seen = {"drop_tcp_ack_future"} if self.is_lossy and os.environ.get("SLUICE_COOKIES") == "always" else set()
        if "SLUICE_COOKIES" in os.environ:  # tests/run.sh --cookies
            self.options += ["--cookies", os.environ["SLUICE_COOKIES"]]

    def check_faults(self, program):
        """On the lossy wire, where enough packets went, each kind of fault did happen, in both directions."""
        if not self.is_lossy:
            return
        ways = re.findall(r"^lossy: worker 0 (in|out): passed (\d+) dropped (\d+) duplicated (\d+) delayed (\d+)$",
                          program.log(), re.M)
        assert [way[0] for way in ways] == ["in", "out"], program.log()[-2000:]
        for _, passed, *faults in ways:
            assert int(passed) < PACKETS_FOR_EVERY_FAULT or all(map(int, faults)), ways


def why_not():
    """Why the tests of this folder cannot run here, or None."""
    if os.geteuid():
        return "needs root, for network namespaces"
    if not os.path.exists("/dev/net/tun"):
        return "needs /dev/net/tun: modprobe tun"
    if subprocess.run(["ip", "netns", "list"], capture_output=True).returncode:
        return "needs ip netns: apt-get install iproute2"
    probe = f"sluice-probe-{os.getpid()}"
    if subprocess.run(["ip", "netns", "add", probe], capture_output=True).returncode:
        return "may not make network namespaces (CAP_SYS_ADMIN)"
    subprocess.run(["ip", "netns", "del", probe], check=True)
    return None


def need(tool, package):
    if not shutil.which(tool):
        pytest.skip(f"{tool} is not installed: apt-get install {package}")


@pytest.fixture(scope="session", autouse=True)
def possible():
    reason = why_not()
    if reason:
        pytest.skip(reason)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    report = (yield).get_result()
    setattr(item, f"report_{report.when}", report)


def show_logs(request, programs):
    """What the programs of a test that failed said."""
    if any(getattr(getattr(request.node, f"report_{when}", None), "failed", False) for when in ("setup", "call")):
        for program in programs:
            print(f"---- {program.name}, exit status {program.process.poll()}\n{program.log()[-6000:]}")


@pytest.fixture
def space(tmp_path, request):
    with Space(str(tmp_path)) as made:
        yield made
        programs = list(made.programs)
    show_logs(request, programs)


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    """A document root: a page that needs its parts, and files of random bytes."""
    folder = tmp_path_factory.mktemp("site")
    for name, size in (("large.bin", 64 * MIB), ("medium.bin", 8 * MIB), ("small.bin", 10000)):
        (folder / name).write_bytes(os.urandom(size))
    (folder / "index.html").write_text(
        '<!doctype html><html><head><title>Sluice</title><link rel="icon" href="data:,">'
        '<link rel="stylesheet" href="style.css"></head><body><h1 id="head">waiting</h1>'
        '<img id="picture" src="picture.svg"><script src="script.js"></script></body></html>\n')
    (folder / "style.css").write_text("h1 { color: rgb(1, 2, 3); }\n" + "/* long */\n" * 5000)
    (folder / "picture.svg").write_text('<svg xmlns="http://www.w3.org/2000/svg" width="321" height="123">'
                                        '<rect width="321" height="123" fill="teal"/></svg>\n')
    (folder / "script.js").write_text(
        "window.onload = () => {\n"
        "  const head = document.getElementById('head'), picture = document.getElementById('picture');\n"
        "  head.textContent = `ready ${picture.naturalWidth}x${picture.naturalHeight} ` + getComputedStyle(head).color;\n"
        "};\n")
    return folder


def sha256(path):
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        for part in iter(lambda: file.read(MIB), b""):
            digest.update(part)
    return digest.hexdigest()


NETWORK = ["--port", f"net_tap0,iface={DEVICE}", "--idle", "sleep",
           *(part for family, address in SLUICE.items() for part in ("--address", f"{address}/{PREFIX[family]}"))]


# Gauges of the library that must be 0 once the server has ended.
EMPTY_AT_THE_END = ("connections", "packets_held", "send_chunks_used", "descriptors_used")

# What a kernel never sends us, over a wire that corrupts nothing.
NEVER_DROPPED = {f"drop_{name}" for name in (
    "frame_short", "frame_chained", "ipv4_header", "ipv4_checksum", "ipv4_source_route", "ipv4_fragment", "ipv6_header",
    "ipv6_routing", "ipv6_fragment", "arp", "tcp_header", "tcp_checksum", "tcp_connections_full", "tcp_no_ack",
    "tcp_ack_future", "tcp_text_window", "tcp_text_after_fin", "no_buffer")}


def open_counts(log):
    """The connections open, from each line of the server's `--interval`."""
    return [int(count.replace(",", "")) for count in re.findall(r"^ *[\d.]+ s +([\d,]+) open", log, re.M)]


class Server:
    """sluice-httpd in a space."""

    def __init__(self, space, wire, site):
        self.space, self.wire, self.site = space, wire, site
        self.totals = os.path.join(space.folder, "totals.json")
        self.drain_seconds = 60 if wire.is_lossy else 2
        self.options = [*NETWORK, *wire.options, "--root", str(site), "--content-max", "256Mi", "--body-max", "64Mi",
                        "--drain", f"{self.drain_seconds}s", "--interval", "200ms", "--json", self.totals]
        self.start()

    def start(self):
        self.program = self.space.start(self.wire.httpd, *self.options, environment=self.wire.environment)
        self.wait_until_it_answers()

    def wait_until_it_answers(self, seconds=20):
        deadline = time.monotonic() + seconds
        for family in SLUICE:
            while True:
                if not self.program.is_running():
                    raise AssertionError(f"the server ended at once:\n{self.program.log()[-4000:]}")
                self.space.link_up()
                flag = "-6" if family == "ipv6" else "-4"
                if not self.space.run("ping", flag, "-c1", "-W0.1", SLUICE[family], check=False).returncode:
                    break
                assert time.monotonic() < deadline, f"no answer to ping ({family})\n{self.program.log()[-4000:]}"

    def curl(self, *arguments, check=True, timeout=120, text=True):
        return self.space.run("curl", "-sS", "--max-time", timeout, *arguments, check=check, timeout=timeout + 10,
                              text=text)

    def url(self, path="/", family="ipv4"):
        return url(SLUICE[family], path)

    def is_healthy(self, family="ipv4"):
        assert self.program.is_running(), self.program.log()[-4000:]
        assert self.curl(self.url("/plaintext", family)).stdout == "Hello, World!"

    def connections_open(self):
        """From the next line that the server writes every 200 ms."""
        lines = open_counts(self.program.log())
        deadline = time.monotonic() + 5
        while len(open_counts(self.program.log())) <= len(lines) and time.monotonic() < deadline:
            time.sleep(0.02)
        return open_counts(self.program.log())[-1]

    def finish(self):
        """Ends the server as a service manager would: in order, on time."""
        self.program.signal(signal.SIGTERM)
        self.has_ended_in_order()

    def workers(self):
        """Counters and gauges of the workers, once it has ended."""
        with open(self.totals) as file:
            return json.load(file)["workers"]

    def has_ended_in_order(self):
        """Exit status 0, nothing left over, nothing from the kernel taken for malformed."""
        assert self.program.wait(self.drain_seconds + 5) == 0, self.program.log()[-4000:]
        self.wire.check_faults(self.program)
        for worker in self.workers():
            left = {name: worker["gauges"].get(name, 0) for name in EMPTY_AT_THE_END}
            assert not any(left.values()), left
            malformed = {name: count for name, count in worker["counters"].items()
                         if name in NEVER_DROPPED - self.wire.to_be_seen and count}
            assert not malformed, malformed


def kernel_counters(space):
    """The counters of the namespace, as "Tcp InErrs"."""
    counters = {}
    for table in ("snmp", "netstat"):
        lines = space.run("cat", f"/proc/net/{table}").stdout.splitlines()
        for names, values in zip(lines[::2], lines[1::2]):
            prefix = names.split(":")[0]
            counters |= {f"{prefix} {name}": int(value) for name, value in zip(names.split()[1:], values.split()[1:])}
    six = [line.split() for line in space.run("cat", "/proc/net/snmp6").stdout.splitlines()]
    return counters | {name: int(value) for name, value in six}


def check_kernel_saw_no_error(space, wire):
    """
    The kernel counts what it had to drop as malformed: headers, checksums, lengths.

    It also counts among Tcp InErrs each SYN that it answers by a challenge ACK (RFC 5961 section 4).  A SYN-ACK that
    comes twice is one, so it belongs to a wire that duplicates and loses, and to no other.
    """
    counters = kernel_counters(space)
    errors = {name: counters[name] for name in ("Tcp InErrs", "Tcp InCsumErrors", "Ip InHdrErrors", "Icmp InErrors",
                                                "Icmp InCsumErrors", "Ip6InHdrErrors", "Icmp6InErrors",
                                                "Icmp6InCsumErrors")}
    if wire.is_lossy:
        errors["Tcp InErrs"] -= min(errors["Tcp InErrs"], counters["TcpExt TCPSYNChallenge"])
    assert not {name: count for name, count in errors.items() if count}, "the kernel dropped what Sluice sent"


def serve(space, wire, site):
    """A server, until it ends by itself or at the end."""
    server = Server(space, wire, site)
    yield server
    if server.program.is_running():
        server.finish()
    check_kernel_saw_no_error(space, wire)


def serve_all(wire, site, folder):
    """The same in a namespace of its own."""
    with Space(str(folder)) as space:
        yield from serve(space, wire, site)


def lend(shared, request):
    """A shared server for one test; a new one if an earlier test has ended it, and failed with that."""
    if not shared.program.is_running():
        shared.start()
    yield shared
    show_logs(request, shared.space.programs)
    check_kernel_saw_no_error(shared.space, shared.wire)


@pytest.fixture(params=["clean", "lossy"])
def wire(request):
    return Wire(request.param)


@pytest.fixture(params=list(SLUICE))
def family(request):
    return request.param


@pytest.fixture(scope="module", params=["clean", "lossy"])
def shared_server(request, site, tmp_path_factory):
    yield from serve_all(Wire(request.param), site, tmp_path_factory.mktemp("shared"))


@pytest.fixture(scope="module")
def shared_clean_server(site, tmp_path_factory):
    yield from serve_all(Wire("clean"), site, tmp_path_factory.mktemp("shared"))


@pytest.fixture
def server(shared_server, request):
    yield from lend(shared_server, request)


@pytest.fixture
def clean_server(shared_clean_server, request):
    yield from lend(shared_clean_server, request)


@pytest.fixture
def own_server(space, wire, site):
    yield from serve(space, wire, site)


@pytest.fixture
def own_clean_server(space, site):
    yield from serve(space, Wire("clean"), site)
