#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""
What the project says of the RFCs, held against its code and tests.

lib/core/RFC9293.md has a row for each MUST, SHLD, MAY and REC of RFC 9293, lib/core/RFCS.md rows for sections of other
RFCs.  A row that is met names a function of lib/ and a test; any other gives its reason.  A test names its rows by a
macro beside it.  Prints one line per finding and fails if there is any.  tests/claims/stub.py goes further: it takes the
function away and wants the test to fail.
"""
import os
import re
import sys
from typing import NamedTuple

TABLES = {"lib/core/RFC9293.md": "9293", "lib/core/RFCS.md": "others"}
STATUSES = {"met", "deviates", "not offered", "not ours", "not yet"}
CLAIMS_MAX = 3
REASON_CHARACTERS_MIN = 20

# Appendix B: how many there are of each.
NUMBERED = {"MUST": 69, "SHLD": 31, "MAY": 18, "REC": 1}
# The companions of which the second table must speak.
COMPANIONS = ("1122 1191 1337 2018 2883 3042 3168 4821 4861 4987 5482 5681 5927 5961 6056 6191 6298 6528 6582 6675 6928 "
              "6937 7323 8201 8985 9406 9438").split()

ROW = re.compile(r"^\|(.*)\|\s*$")
REQUIREMENT = re.compile(r"(?:MUST|SHLD|MAY|REC)-\d+|\d{3,4} (?:[A-Z]|\d)[\w.]*")
TEST = re.compile(r"`?(\w+)/(\w+): (\w+)`?")
CLAIM = re.compile(r"^CLAIMS\(([^)]*)\)\s*\n(?:static )?void (\w+)\(", re.M)
FUNCTION = re.compile(r"^((?:[A-Za-z_]\w*[ \t\n*]+)+?\**)(\w+)\(([^{};]*)\)\n\{\n", re.M)


class Row(NamedTuple):
    path: str
    line: int
    name: str
    asks: str
    status: str
    symbol: str
    rest: str  # the test, or the reason why there is none

    @property
    def macro(self):
        name = self.name.replace("-", "_").replace(" ", "_").replace(".", "_")
        return name if name[0].isalpha() else "RFC" + name

    @property
    def test(self):
        match = TEST.fullmatch(self.rest)
        return match and match.groups()


class Finding(NamedTuple):
    path: str
    line: int
    what: str

    def __str__(self):
        return f"{self.path}:{self.line}: {self.what}"


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def files_under(root, folder, suffixes):
    for at, folders, names in os.walk(os.path.join(root, folder)):
        folders.sort()
        for name in sorted(names):
            if name.endswith(suffixes):
                yield os.path.relpath(os.path.join(at, name), root)


def rows_of(root, path):
    """The rows of a table; heads and rules are none."""
    for number, line in enumerate(read(os.path.join(root, path)).split("\n"), 1):
        match = ROW.match(line)
        if not match:
            continue
        cells = [cell.strip() for cell in match[1].split("|")]
        if cells[0] in ("", "requirement", "section") or set(cells[0]) <= set("-: "):
            continue
        cells += [""] * (5 - len(cells))
        yield Row(path, number, cells[0], cells[1], cells[2], cells[3].strip("`"), "|".join(cells[4:]))


def tables(root):
    return [row for path in TABLES for row in rows_of(root, path)]


class Function(NamedTuple):
    path: str
    start: int  # of the return type
    body: int   # after its opening brace
    end: int    # of the closing brace
    result: str


def functions(root, folder="lib"):
    """name → the functions of that name that are defined there."""
    found = {}
    for path in files_under(root, folder, (".c", ".h")):
        text = read(os.path.join(root, path))
        for match in FUNCTION.finditer(text):
            end = text.find("\n}\n", match.end() - 1)
            found.setdefault(match[2], []).append(Function(path, match.start(), match.end(), end + 1, match[1].strip()))
    return found


def tests(root):
    """(folder, program, function) → the line and the macros of its claim; and all test functions that run."""
    claimed, running = {}, set()
    for path in files_under(root, "tests", (".c",)):
        folder, name = os.path.split(os.path.relpath(path, "tests"))
        if not name.startswith("test_"):
            continue
        text = read(os.path.join(root, path))
        program = name[len("test_"):-len(".c")]
        running |= {(folder, program, function) for function in re.findall(r"\bcmocka_unit_test\w*\((\w+)", text)}
        for match in CLAIM.finditer(text):
            macros = [macro.strip() for macro in match[1].split(",") if macro.strip()]
            claimed[folder, program, match[2]] = (path, text.count("\n", 0, match.start()) + 1, macros)
        for line in re.findall(r"^CLAIMS\(.*$", text, re.M):
            if len(re.findall(r"^CLAIMS\(", text, re.M)) != len(CLAIM.findall(text)):
                claimed[folder, program, "?"] = (path, 1, [f"unreadable: {line}"])
                break
    return claimed, running


def check_row(row, defined, running):
    if not REQUIREMENT.fullmatch(row.name):
        yield Finding(row.path, row.line, f"'{row.name}' is no requirement or section")
    if not row.asks:
        yield Finding(row.path, row.line, f"{row.name}: says not what it asks")
    if row.status not in STATUSES:
        yield Finding(row.path, row.line, f"{row.name}: status '{row.status}' is none of {', '.join(sorted(STATUSES))}")
    elif row.status != "met":
        if len(row.rest) < REASON_CHARACTERS_MIN:
            yield Finding(row.path, row.line, f"{row.name}: {row.status}, and no reason")
    elif row.symbol not in defined:
        yield Finding(row.path, row.line, f"{row.name}: no function {row.symbol}() in lib/")
    elif len(defined[row.symbol]) > 1:
        yield Finding(row.path, row.line, f"{row.name}: more than one {row.symbol}() in lib/")
    elif not row.test:
        yield Finding(row.path, row.line, f"{row.name}: '{row.rest}' is no test: FOLDER/PROGRAM: FUNCTION")
    elif row.test not in running:
        yield Finding(row.path, row.line, f"{row.name}: no test {row.rest} runs")


def check_numbers(rows):
    named = {row.name for row in rows if row.path.endswith("9293.md")}
    path = "lib/core/RFC9293.md"
    for kind, count in NUMBERED.items():
        for number in range(1, count + 1):
            if f"{kind}-{number}" not in named:
                yield Finding(path, 1, f"has no row for {kind}-{number}")
    for name in sorted(named):
        kind, _, number = name.partition("-")
        if not (kind in NUMBERED and number.isdigit() and 1 <= int(number) <= NUMBERED[kind]):
            yield Finding(path, 1, f"{name} is not in Appendix B")
    spoken = {row.name.split(" ")[0] for row in rows if row.path.endswith("RFCS.md")}
    for companion in COMPANIONS:
        if companion not in spoken:
            yield Finding("lib/core/RFCS.md", 1, f"has no row of RFC {companion}")


def check_claims(rows, claimed):
    """Both ways: a row's test claims it, and what a test claims is a row that names the test."""
    wanted = {(row.test, row.macro) for row in rows if row.status == "met" and row.test}
    for row in rows:
        if row.status == "met" and row.test and row.macro not in claimed.get(row.test, ("", 0, []))[2]:
            yield Finding(row.path, row.line, f"{row.name}: {row.rest} does not claim {row.macro}")
    for test, (path, line, macros) in sorted(claimed.items()):
        if len(macros) > CLAIMS_MAX:
            yield Finding(path, line, f"{test[2]} claims {len(macros)}, {CLAIMS_MAX} at most")
        for macro in macros:
            if (test, macro) not in wanted:
                yield Finding(path, line, f"{test[2]} claims {macro}, and no row says so")


def findings(root):
    rows = tables(root)
    defined = functions(root)
    claimed, running = tests(root)
    for row in rows:
        yield from check_row(row, defined, running)
    yield from check_numbers(rows)
    yield from check_claims(rows, claimed)


def main():
    root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    found = list(findings(root))
    for finding in found:
        print(finding)
    rows = tables(root)
    counts = ", ".join(f"{sum(row.status == status for row in rows)} {status}" for status in sorted(STATUSES))
    print(f"claims: {len(rows)} rows ({counts}), {len(found)} findings")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
