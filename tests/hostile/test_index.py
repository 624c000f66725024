# SPDX-License-Identifier: BSD-3-Clause
"""README.md's index says the truth: each test it names is run by its program, and each test of this folder is named."""
import glob
import os
import re

HERE = os.path.dirname(os.path.abspath(__file__))
TESTS = os.path.dirname(HERE)
CLASSES_LEAST = 53


def rows():
    with open(os.path.join(HERE, "README.md"), encoding="utf-8") as file:
        lines = [line for line in file if line.startswith("| ") and "|---" not in line]
    return [[cell.strip() for cell in line.strip().strip("|").split("|")] for line in lines[1:]]


def named(cell):
    return re.findall(r"`(\w+/test_\w+):(test_\w+)`", cell)


def run_by(program):
    with open(os.path.join(TESTS, program + ".c"), encoding="utf-8") as file:
        return set(re.findall(r"cmocka_unit_test(?:_\w+)?\((test_\w+)", file.read()))


def test_each_class_has_its_row():
    classes = [row[0] for row in rows()]
    assert len(classes) >= CLASSES_LEAST and len(set(classes)) == len(classes)
    assert all(len(row) == 3 and row[1] for row in rows())


def test_each_class_has_a_test():
    assert [row[0] for row in rows() if not named(row[2])] == []


def test_each_test_is_run():
    missing = [f"{program}:{test}" for row in rows() for program, test in named(row[2]) if test not in run_by(program)]
    assert missing == []


def test_nothing_else_stands_in_the_column():
    for row in rows():
        assert " ".join(f"`{program}:{test}`" for program, test in named(row[2])) == row[2]


def test_each_test_here_is_named():
    index = {f"{program}:{test}" for row in rows() for program, test in named(row[2])}
    for path in glob.glob(os.path.join(HERE, "test_*.c")):
        program = "hostile/" + os.path.basename(path)[:-2]
        assert {f"{program}:{test}" for test in run_by(program)} <= index
