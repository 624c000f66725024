# SPDX-License-Identifier: BSD-3-Clause
"""
A network namespace of a test's own, with processes inside; and one with a TAP device whose far end a Sluice program
will open.

Nothing leaves the machine: the addresses are RFC 2544's and RFC 5180's, and the namespace has no other link.  Processes
are ended by their id, with the namespace.
"""
import contextlib
import ctypes
import itertools
import os
import shutil
import signal
import socket
import subprocess
import time

CLONE_NEWNET = 0x40000000
DEVICE = "slu0"
SLUICE = {"ipv4": "198.18.0.1", "ipv6": "2001:2::1"}
KERNEL = {"ipv4": "198.18.0.2", "ipv6": "2001:2::2"}
PREFIX = {"ipv4": 15, "ipv6": 48}
FAMILIES = {"ipv4": socket.AF_INET, "ipv6": socket.AF_INET6}

_numbers = itertools.count(1)
_libc = ctypes.CDLL(None, use_errno=True)


def url(host, path="/"):
    """http://HOST/PATH, with brackets where the host is an IPv6 address."""
    return f"http://[{host}]{path}" if ":" in host else f"http://{host}{path}"


class Namespace:
    """Enter with `with`; on leaving, everything in it ends."""

    def __init__(self, folder):
        self.name = f"sluice-{os.getpid()}-{next(_numbers)}"
        self.folder = folder
        self.programs = []

    def __enter__(self):
        subprocess.run(["ip", "netns", "add", self.name], check=True)
        try:
            self.run("ip", "link", "set", "lo", "up")
            self.furnish()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(self, *_):
        for program in reversed(self.programs):
            program.kill()
        for pid in self._pids():  # what our programs left behind: a browser's helpers, say
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        deadline = time.monotonic() + 5
        while self._pids() and time.monotonic() < deadline:
            time.sleep(0.02)
        subprocess.run(["ip", "netns", "del", self.name], check=False)

    def furnish(self):
        """What a kind of namespace has in it from the beginning."""

    def _pids(self):
        listed = subprocess.run(["ip", "netns", "pids", self.name], capture_output=True, text=True)
        return [int(pid) for pid in listed.stdout.split()]

    def set_up_neighbours(self):
        """Addresses are used at once; a question to a neighbour that got lost is asked again at once."""
        self.run("sysctl", "-qw", f"net.ipv6.conf.{DEVICE}.accept_dad=0",
                 f"net.ipv6.conf.{DEVICE}.keep_addr_on_down=1",
                 *(f"net.{family}.neigh.{DEVICE}.{setting}" for family in FAMILIES
                   for setting in ("retrans_time_ms=50", "mcast_solicit=20", "ucast_solicit=20")))

    def link_up(self, addresses=None):
        """Addresses and carrier of the kernel's side; a driver that opens or closes the device takes some of them."""
        for family, address in (addresses or KERNEL).items():
            nodad = ["nodad"] if family == "ipv6" else []
            self.run("ip", "addr", "replace", f"{address}/{PREFIX[family]}", "dev", DEVICE, *nodad)
        self.run("ip", "link", "set", DEVICE, "up")

    def command(self, *arguments):
        return ["ip", "netns", "exec", self.name, *map(str, arguments)]

    def run(self, *arguments, check=True, timeout=60, **options):
        """Runs a command inside and returns it finished, with its output as text."""
        done = subprocess.run(self.command(*arguments), capture_output=True, timeout=timeout,
                              **{"text": True, **options})
        if check and done.returncode:
            raise AssertionError(f"{' '.join(map(str, arguments))}: exit {done.returncode}\n{done.stdout}\n{done.stderr}")
        return done

    def start(self, *arguments, name=None, environment=None):
        """Starts a program inside; its output goes to a log of its own."""
        program = Program(self, [str(argument) for argument in arguments], name or os.path.basename(arguments[0]),
                          environment or {})
        self.programs.append(program)
        return program

    @contextlib.contextmanager
    def inside(self):
        """This thread is inside for a moment: a socket made there stays there."""
        home = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
        away = os.open(f"/run/netns/{self.name}", os.O_RDONLY)
        try:
            self._enter(away)
            yield
        finally:
            self._enter(home)
            os.close(away)
            os.close(home)

    @staticmethod
    def _enter(descriptor):
        if _libc.setns(descriptor, CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), "setns")

    def socket(self, family="ipv4", timeout=20):
        with self.inside():
            made = socket.socket(FAMILIES[family], socket.SOCK_STREAM)
        made.settimeout(timeout)
        return made

    def connect(self, family="ipv4", port=80, timeout=20):
        connected = self.socket(family, timeout)
        connected.connect((SLUICE[family], port))
        return connected

    def tcp_states(self):
        """The states of the kernel's TCP sockets inside, listeners apart."""
        listed = self.run("ss", "-Htan").stdout.splitlines()
        return sorted(line.split()[0] for line in listed if not line.startswith("LISTEN"))


class Space(Namespace):
    """With a TAP device, of which the kernel has the one end and a Sluice program will have the other."""

    def furnish(self):
        # multi_queue is how DPDK's TAP driver opens the device.
        self.run("ip", "tuntap", "add", "dev", DEVICE, "mode", "tap", "multi_queue")
        self.set_up_neighbours()
        self.link_up()


class Program:
    """A process inside a space, with its log; ended by its own id."""

    def __init__(self, space, arguments, name, environment):
        self.name = name
        self.log_path = os.path.join(space.folder, f"{len(space.programs)}-{name}.log")
        with open(self.log_path, "wb") as log:
            # `ip netns exec` replaces itself by the program, so the id is the program's.
            self.process = subprocess.Popen(space.command(*arguments), stdin=subprocess.DEVNULL, stdout=log,
                                            stderr=subprocess.STDOUT, env={**os.environ, **environment})

    def log(self):
        with open(self.log_path, "rb") as file:
            return file.read().decode("utf-8", "replace")

    def is_running(self):
        return self.process.poll() is None

    def signal(self, number):
        if self.is_running():
            os.kill(self.process.pid, number)

    def wait(self, timeout):
        """The exit status; a program that does not end in time fails the test."""
        try:
            return self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"{self.name} did not end within {timeout} s\n{self.log()[-4000:]}") from None

    def stop(self, timeout=15):
        """SIGTERM, and the exit status."""
        self.signal(signal.SIGTERM)
        return self.wait(timeout)

    def kill(self):
        self.signal(signal.SIGKILL)
        self.process.wait()
        # EAL's run-time folder, which a process that is killed cannot take with it.
        shutil.rmtree(f"/var/run/dpdk/sluice-{self.process.pid}", ignore_errors=True)
