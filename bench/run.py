#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""
Runs the figures of bench/README.md one at a time and states each as a fraction of what the wire allows.

A figure is the median of several runs.  A run is thrown away and repeated if the hypervisor took more than 1 % of the
machine's time meanwhile, or other programs more than 2 %, since it measured somebody else; or if the two CPUs were not
as far apart before it as after, since a virtual machine's CPUs are two threads of one core now and two cores a second
later, and the wire costs three times as much then.  Runs of the two kinds are never mixed.  With --quick, which is not
to be quoted, such a run counts and is marked.
"""
import argparse
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
from typing import Callable, NamedTuple

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
STOLEN_MAX = 0.01  # by other guests of the hypervisor
OTHERS_MAX = 0.02  # by other programs on this machine
ATTEMPTS_PER_RUN = 6
PROBE_SECONDS = 0.3
SAME_CORE_CYCLES_MAX = 500  # of a cache line's way to the other CPU and back
OTHER_CORE_CYCLES_MIN = 700
CONNECTIONS_MIN = 65536  # records of a worker; more for a figure with more connections
SERVER_BUSY_MIN = 0.95  # below this the generator was the limit


class Plan(NamedTuple):
    """How much to measure."""
    runs: int
    seconds: float
    warm_up_seconds: float
    keeps_disturbed: bool  # runs that measured somebody else, too: counted, and said so
    floods: dict  # the parts of bench/floods.c and how much of each


FULL = Plan(runs=7, seconds=2, warm_up_seconds=1, keeps_disturbed=False,  # short: CPUs are moved every few seconds
            floods={"cost": [], "forged": ["--tries-shift", "28"], "honest": ["--seconds", "30"]})
QUICK = Plan(runs=1, seconds=1, warm_up_seconds=0.5, keeps_disturbed=True,
             floods={"cost": [], "forged": ["--tries-shift", "22"], "honest": ["--seconds", "2"]})


class Figure(NamedTuple):
    """One thing measured: `run` gives a flat dictionary of numbers, `headline` is the one that the median is of."""
    what: str
    headline: str
    run: Callable
    pairs: int = 0  # packet pairs that one unit must cost at the server; 0: no limit is stated
    two_cpus: bool = True
    runs: int = 0  # that count, for one that takes minutes; 0: as planned


class Failed(Exception):
    """A program did not do what it was run for."""


# ---- Running ---------------------------------------------------------------------------------------------


def execute(command, where):
    """Runs a program and returns its stdout."""
    done = subprocess.run(command, cwd=where, capture_output=True, text=True, timeout=600)
    if done.returncode != 0:
        raise Failed(f"{' '.join(command)}: exit {done.returncode}\n{done.stdout.strip()}\n{done.stderr.strip()}")
    return done.stdout


class Time(NamedTuple):
    """Seconds of CPU time since some moment: the machine's, what others took of it, and what our programs did."""
    all: float
    stolen: float
    busy: float
    ours: float

    @classmethod
    def now(cls):
        with open("/proc/stat", encoding="ascii") as file:
            user, nice, system, idle, wait, irq, soft, stolen = (int(field) / os.sysconf("SC_CLK_TCK")
                                                                 for field in file.readline().split()[1:9])
        used = [resource.getrusage(whose) for whose in (resource.RUSAGE_CHILDREN, resource.RUSAGE_SELF)]
        busy = user + nice + system + irq + soft
        return cls(all=busy + idle + wait + stolen, stolen=stolen, busy=busy,
                   ours=sum(usage.ru_utime + usage.ru_stime for usage in used))

    def shares_since(self, start):
        """What other guests and other programs took since then, as shares of the machine."""
        span = max(0.01, self.all - start.all)
        others = (self.busy - start.busy) - (self.ours - start.ours)
        return (self.stolen - start.stolen) / span, max(0.0, others / span)


def run_wire_for(seconds, build):
    return json.loads(execute([f"{build}/bench/wire", "--seconds", str(seconds)], ROOT))


def placement(wires):
    """Where the two CPUs were, by all the probes of a run: "one core", "two cores", or None if they moved."""
    cycles = [wire[key] for wire in wires for key in ("line_round_trip_cycles", "line_round_trip_cycles_after")]
    if max(cycles) <= SAME_CORE_CYCLES_MAX:
        return "one core"
    return "two cores" if min(cycles) >= OTHER_CORE_CYCLES_MIN else None


def try_run(figure, plan, build):
    """One run between two probes: its numbers, where the CPUs were (None: they moved), and what disturbed it, or None."""
    start = Time.now()
    before = run_wire_for(PROBE_SECONDS, build) if figure.two_cpus else None
    numbers = figure.run(plan, build)
    after = run_wire_for(PROBE_SECONDS, build) if figure.two_cpus else None
    stolen, others = Time.now().shares_since(start)
    numbers["stolen"] = stolen
    where = "one worker"
    if figure.two_cpus:
        where = placement([before, after])
        numbers["wire_cycles_per_pair"] = (before["cycles_per_pair"] + after["cycles_per_pair"]) / 2
    if stolen > STOLEN_MAX:
        return numbers, where, "stolen"
    if others > OTHERS_MAX:
        return numbers, where, "crowded"
    return numbers, where, None if where else "moved"


def gather_runs(figure, plan, build):
    """Runs until one placement has as many as planned: (placement, runs, counts of those thrown away)."""
    kept, thrown = {}, {"stolen": 0, "crowded": 0, "moved": 0}
    wanted = min(plan.runs, figure.runs or plan.runs)
    for _ in range(wanted * ATTEMPTS_PER_RUN):
        numbers, where, disturbed = try_run(figure, plan, build)
        if disturbed and not plan.keeps_disturbed:
            thrown[disturbed] += 1
            continue
        if disturbed:
            numbers["disturbed"] = disturbed
            where = where or "moved"
        kept.setdefault(where, []).append(numbers)
        if len(kept[where]) >= wanted:
            return where, kept[where], thrown
    runs = wanted * ATTEMPTS_PER_RUN
    raise Failed(f"this machine was not left alone: of {runs} runs {thrown['stolen']} lost time to other guests, "
                 f"{thrown['crowded']} to other programs, and during {thrown['moved']} its CPUs were moved: "
                 "try again later")


def run_wire(plan, build):
    return run_wire_for(plan.seconds, build)


def run_table(_plan, build):
    """One row per table, its name in front of each number."""
    numbers = {}
    for line in execute([f"{build}/bench/table", "1000000"], ROOT).splitlines():
        row = json.loads(line)
        if not row.pop("right"):
            raise Failed(f"{row['name']} answered wrongly")
        name = row.pop("name")
        numbers.update({f"{name}: {key}": value for key, value in row.items()})
    ours = numbers["lib/core/table.h: hit_burst"]
    numbers["rte_hash cycles for ours, hit_burst"] = numbers["rte_hash, both families: hit_burst"] / ours
    return numbers


def run_load(mode, unit, concurrency):
    """A run of sluice-load against the server in its own process, over the same kind of wire."""
    def run(plan, build):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "report.json")
            execute([f"{build}/app/sluice-load", "--loopback", "--mode", mode, "--concurrency", str(concurrency),
                     "--connections", str(max(CONNECTIONS_MIN, concurrency * 5 // 4)),
                     "--warm-up", f"{plan.warm_up_seconds}s", "--duration", f"{plan.seconds}s", "--json", path], ROOT)
            with open(path, encoding="utf-8") as file:
                return load_numbers(json.load(file), unit)
    return run


def load_numbers(report, unit):
    """What a report of sluice-load says about the server, for each connection or request that succeeded."""
    server = next(worker["window"] for worker in report["workers"] if worker["job"] == "server")
    counters, ledger = server["counters"], report["window"][unit]
    successes = ledger["outcomes"]["success"]
    if not successes:
        raise Failed(f"no {unit} succeeded")
    return {
        f"{unit}_per_second": report["figures"][f"{unit}_per_second"],
        "busy_cycles": server["busy_cycles"] / successes,
        "server_busy_fraction": server["busy_fraction"],
        "packets": (counters["packets_received"] + counters["packets_sent"]) / successes,
        "connections_open": server["gauges"]["connections"],
        "failures": sum(ledger["outcomes"].values()) - successes,
        "retransmits": counters["retransmits_timeout"] + counters["retransmits_fast"] + counters["retransmits_syn"],
        "time_wait_recycled": report["time_wait_recycled"],
        "timestamps": report["settings"]["timestamps"],
        "checksums": "in software at both ends",  # what a ring grants, whatever was asked for
        "mtu": report["settings"]["mtu"],
    }


def run_floods(plan, build):
    """One worker under each flood: every part's numbers in one dictionary."""
    numbers = {}
    for part, options in plan.floods.items():
        numbers.update(json.loads(execute([f"{build}/bench/floods", "--part", part, *options], ROOT)))
    return numbers


def run_crowds(_plan, build):
    return json.loads(execute([f"{build}/bench/crowds"], ROOT))


FIGURES = {
    "wire": Figure("an echo of packets, no stack: the limit", "cycles_per_pair", run_wire),
    "cps": Figure("connections, one request each", "connections_per_second",
                  run_load("cps", "connections", 256), pairs=3),
    "rps_1k": Figure("keep-alive requests on 1,000 connections, visited in turn", "requests_per_second",
                     run_load("rps", "requests", 1000), pairs=1),
    "rps_100k": Figure("keep-alive requests on 100,000 connections, visited in turn", "requests_per_second",
                       run_load("rps", "requests", 100000), pairs=1),
    "table": Figure("the connection table beside rte_hash, a million entries", "lib/core/table.h: hit_burst",
                    run_table, two_cpus=False),
    "floods": Figure("one worker under floods of spoofed SYNs, ACKs and RSTs", "syn_cycles", run_floods,
                     two_cpus=False, runs=3),
    "crowds": Figure("millions in TIME-WAIT, half-open, idle", "time_wait_turn_us_max", run_crowds, two_cpus=False, runs=3),
}


# ---- Stating ---------------------------------------------------------------------------------------------


def median_run(runs, headline):
    """The run whose headline is the median: its other numbers belong to it."""
    return sorted(runs, key=lambda numbers: numbers[headline])[len(runs) // 2]


def state(figure, runs, where, thrown):
    """The figure as it will be quoted."""
    values = [numbers[figure.headline] for numbers in runs]
    result = {"what": figure.what, **median_run(runs, figure.headline), "cpus": where, "runs": len(runs),
              "lowest": min(values), "highest": max(values), "thrown_away": sum(thrown.values())}
    if figure.pairs:
        result["pairs"] = figure.pairs
        result["limit_fraction"] = result["wire_cycles_per_pair"] * figure.pairs / result["busy_cycles"]
    if result.get("server_busy_fraction", 1) < SERVER_BUSY_MIN:
        result["generator_was_the_limit"] = True
    return result


def measure(name, plan, build):
    figure = FIGURES[name]
    where, runs, thrown = gather_runs(figure, plan, build)
    return state(figure, runs, where, thrown)


def number(value):
    if isinstance(value, float) and abs(value) < 1000:
        return f"{value:.3g}" if abs(value) < 1 else f"{value:.1f}"
    return f"{value:,.0f}" if isinstance(value, (int, float)) and not isinstance(value, bool) else str(value)


def print_result(name, result):
    print(f"{name}: {result['what']}")
    for key, value in result.items():
        if key != "what":
            print(f"    {key:44} {number(value)}")
    sys.stdout.flush()


def text_of(command):
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    return done.stdout.strip() if done.returncode == 0 else ""


def cpu_model():
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        return next((line.split(":", 1)[1].strip() for line in file if line.startswith("model name")), "unknown")


def describe_machine():
    with open("/proc/meminfo", encoding="ascii") as file:
        memory = dict(line.split(":", 1) for line in file)
    return {"cpu": cpu_model(), "cores": os.cpu_count(), "kernel": platform.release(),
            "memory": memory["MemTotal"].strip(), "hugepages_free": int(memory["HugePages_Free"]),
            "dpdk": text_of(["pkg-config", "--modversion", "libdpdk"]),
            "compiler": text_of(["cc", "--version"]).split("\n")[0]}


def describe_commit():
    commit = text_of(["git", "rev-parse", "--short=12", "HEAD"]) or "unknown"
    return commit + (" with changes" if text_of(["git", "status", "--porcelain", "-uno"]) else "")


# ---- Building --------------------------------------------------------------------------------------------


def build_programs(build, names):
    """Builds what the figures need, in `build`, configured if it is not."""
    if not os.path.exists(os.path.join(ROOT, build, "build.ninja")):
        execute(["meson", "setup", build], ROOT)
    targets = {"wire": "bench/wire", "table": "bench/table", "floods": "bench/floods", "crowds": "bench/crowds"}
    wanted = sorted({"bench/wire"} | {targets.get(name, "app/sluice-load") for name in names})
    execute(["ninja", "-C", build, *wanted], ROOT)


def read_arguments():
    parser = argparse.ArgumentParser(description="Runs the figures of bench/README.md.")
    parser.add_argument("--only", default=",".join(FIGURES), metavar="NAME,...", help="figures: " + ", ".join(FIGURES))
    parser.add_argument("--quick", action="store_true", help="one short run of each: to see that it works")
    parser.add_argument("--json", metavar="FILE", help="write the results there as well; -: to stdout")
    parser.add_argument("--build", default="build", metavar="DIR", help="where to build (build)")
    arguments = parser.parse_args()
    arguments.names = arguments.only.split(",")
    for name in arguments.names:
        if name not in FIGURES:
            parser.error(f"no figure named {name}; there are {', '.join(FIGURES)}")
    if arguments.json and arguments.json != "-":
        try:
            open(arguments.json, "a", encoding="utf-8").close()  # now, and not after all the measuring
        except OSError as problem:
            parser.error(f"--json: cannot write '{arguments.json}': {problem.strerror}")
    return arguments


def write_json(results, path):
    text = json.dumps(results, indent=2) + "\n"
    if path == "-":
        sys.stdout.write(text)
        return
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def main():
    arguments = read_arguments()
    plan = QUICK if arguments.quick else FULL
    results = {"machine": describe_machine(), "commit": describe_commit(), "quick": arguments.quick, "figures": {}}
    failed = 0
    try:
        build_programs(arguments.build, arguments.names)
    except Failed as failure:
        sys.exit(f"bench: {failure}")
    for name in arguments.names:
        try:
            result = measure(name, plan, arguments.build)
        except (Failed, subprocess.TimeoutExpired, KeyError) as failure:
            print(f"{name}: not measured: {failure!r}" if isinstance(failure, KeyError)
                  else f"{name}: not measured: {failure}", file=sys.stderr)
            failed += 1
            continue
        results["figures"][name] = result
        if arguments.json != "-":
            print_result(name, result)
    if arguments.json:
        write_json(results, arguments.json)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
