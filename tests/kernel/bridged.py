# SPDX-License-Identifier: BSD-3-Clause
"""
Two namespaces joined by tests/bridge: the near one is always the kernel's; in the far one either the kernel has the
address too, or Sluice has it, on AF_PACKET over the very same device.  Both sides run before anything that is not
urgent, where the machine allows that: who waits for a processor measures that.
"""
import json
import os
import signal
import subprocess
import sys
import time

from space import DEVICE, KERNEL, PREFIX, SLUICE, Namespace

FOLDER = os.path.dirname(os.path.abspath(__file__))
BUILD = os.path.abspath(os.environ.get("SLUICE_BUILD", os.path.join(FOLDER, "..", "..", "build")))
OFFLOADS_OFF = ("ethtool", "-K", DEVICE, "tx", "off", "tso", "off", "gso", "off", "gro", "off")
SETTINGS = ("net.ipv4.tcp_no_metrics_save=1",)
PORT = 80


def urgently():
    """The words before a command that let it run at once; none where that is not allowed."""
    words = ["chrt", "--rr", "10"]
    return words if not subprocess.run([*words, "true"], capture_output=True).returncode else []


class Bridged:
    """Enter with `with`; options are those of sluice-bridge, in its units."""

    def __init__(self, folder, far_is_sluice, **options):
        self.folder, self.far_is_sluice = folder, far_is_sluice
        self.options = [f"--{name.replace('_', '-')}{'' if value is True else f'={value}'}"
                        for name, value in options.items()]
        self.near, self.far = Namespace(folder), Namespace(folder)
        self.urgently = urgently()

    def __enter__(self):
        self.near.__enter__()
        try:
            self.far.__enter__()
            self.bridge = self.near.start(*self.urgently, os.path.join(BUILD, "tests", "sluice-bridge"), *self.options,
                                          f"{self.near.name}:{DEVICE}", f"{self.far.name}:{DEVICE}", name="bridge")
            wait_for_word(self.bridge, "ready")
            self._kernel_end(self.near, KERNEL)
            if self.far_is_sluice:
                self._bare_end(self.far)
            else:
                self._kernel_end(self.far, SLUICE)
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(self, *_):
        self.near.__exit__()
        self.far.__exit__()

    @staticmethod
    def _kernel_end(space, addresses):
        space.run(*OFFLOADS_OFF)
        space.run("sysctl", "-qw", *SETTINGS)
        space.set_up_neighbours()
        space.link_up(addresses)

    @staticmethod
    def _bare_end(space):
        """The kernel has no address there, and says nothing."""
        space.run(*OFFLOADS_OFF)
        space.run("sysctl", "-qw", f"net.ipv6.conf.{DEVICE}.disable_ipv6=1")
        space.run("ip", "link", "set", DEVICE, "up")

    def start_far(self, *options):
        """Who answers on port 80: sluice-httpd, or the kernel's side of bulk.py."""
        if self.far_is_sluice:
            network = [part for family in SLUICE for part in ("--address", f"{SLUICE[family]}/{PREFIX[family]}")]
            program = self.far.start(*self.urgently, os.path.join(BUILD, "app", "sluice-httpd"), "--port",
                                     f"net_af_packet0,iface={DEVICE}", "--idle", "sleep", *network, *options)
            wait_for_word(program, "listening")
        else:
            program = self.far.start(*self.urgently, sys.executable, os.path.join(FOLDER, "bulk.py"), "serve", PORT)
            wait_for_word(program, "ready")
        deadline = time.monotonic() + 20
        while self.near.run("ping", "-c1", "-W1", SLUICE["ipv4"], check=False).returncode:
            assert program.is_running() and time.monotonic() < deadline, program.log()
        return program

    def ask(self, way, seconds):
        """bulk.py get or post from the near side."""
        done = self.near.run(*self.urgently, sys.executable, os.path.join(FOLDER, "bulk.py"), way, SLUICE["ipv4"],
                             PORT, seconds, timeout=seconds + 60)
        return json.loads(done.stdout)

    def finish(self):
        """What the bridge did."""
        self.bridge.signal(signal.SIGTERM)
        assert self.bridge.wait(10) == 0, self.bridge.log()
        return json.loads(self.bridge.log().splitlines()[-1])


def wait_for_word(program, word, seconds=20):
    deadline = time.monotonic() + seconds
    while word not in program.log():
        assert program.is_running() and time.monotonic() < deadline, f"{program.name}: {program.log()[-3000:]}"
        time.sleep(0.02)
