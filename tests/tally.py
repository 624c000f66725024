# SPDX-License-Identifier: BSD-3-Clause
"""
Reads what a test runner wrote down and prints one line per test: `pass NAME`, `fail NAME` or `skip NAME: reason`.

    tally.py meson PREFIX testlog.json
    tally.py pytest PREFIX junit.xml
    tally.py sum TALLY              the last line of tests/run.sh; fails if anything failed
"""
import json
import sys
import xml.etree.ElementTree as xml

MESON = {"OK": "pass", "EXPECTEDFAIL": "pass", "SKIP": "skip"}
WORST = ["pass", "skip", "fail"]


def read_meson(path):
    with open(path) as file:
        for line in file:
            test = json.loads(line)
            reason = "the test says it cannot run here" if test["result"] == "SKIP" else test["result"].lower()
            yield test["name"], MESON.get(test["result"], "fail"), reason


def read_pytest(path):
    for case in xml.parse(path).getroot().iter("testcase"):
        name = f"{case.get('classname', '').split('.')[-1]}::{case.get('name')}"
        result, reason = "pass", ""
        for child in case:
            if child.tag in ("failure", "error"):
                result, reason = "fail", (child.get("message") or "").split("\n")[0]
            elif child.tag == "skipped" and result == "pass":
                result, reason = "skip", child.get("message") or ""
        yield name, result, reason


def tally(prefix, rows):
    """One line per name: a test that fails in its teardown is listed twice, and its worst result counts."""
    results = {}
    for name, result, reason in rows:
        if WORST.index(result) >= WORST.index(results.get(name, ("pass", ""))[0]):
            results[name] = (result, reason)
    for name, (result, reason) in results.items():
        yield f"{result} {prefix} {name}" + (f": {reason}" if reason and result != "pass" else "")


def add_up(path):
    with open(path) as file:
        lines = file.read().splitlines()
    count = {result: [line for line in lines if line.startswith(result + " ")] for result in WORST}
    for result in ("skip", "fail"):
        for line in count[result]:
            print({"skip": "skipped: ", "fail": "FAILED: "}[result] + line.partition(" ")[2])
    print(f"{len(count['pass'])} passed, {len(count['fail'])} failed, {len(count['skip'])} skipped")
    return 1 if count["fail"] or not lines else 0


def main(what, *arguments):
    if what == "sum":
        return add_up(*arguments)
    prefix, path = arguments
    for line in tally(prefix, {"meson": read_meson, "pytest": read_pytest}[what](path)):
        print(line)
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
