#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Breaks the stack on purpose, one line at a time, and asks the simulator to notice.

Each row of mutants_table.py is a fault that a programmer could make.  The tree is copied to a temporary directory, built
once, and then for each fault: the line is changed, the simulator alone is built again, and seeds run until one fails.  A
fault that no seed catches means that an oracle, or the dice, is missing something.

    tests/sim/mutants.py [--seeds N] [--jobs N] [--only NAME] [--list] [--check] [--keep DIRECTORY]
"""

import argparse
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

from mutants_table import MUTANTS

ROOT = pathlib.Path(__file__).resolve().parents[2]
MESON_OPTIONS = ["-Dtests=true", "-Dc_args=-DSLUICE_ASSERTS", "-Doptimization=2", "-Ddebug=false"]


def run(command, **more):
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, **more)


def copy_tree(to):
    """Every file that git knows or would take: what is being worked on is what is tested."""
    listed = run(["git", "ls-files", "-co", "--exclude-standard", "-z"], cwd=ROOT).stdout
    for name in filter(None, listed.split("\0")):
        source = ROOT / name
        if source.is_file():
            (to / name).parent.mkdir(parents=True, exist_ok=True)
            if not (to / name).exists() or (to / name).read_bytes() != source.read_bytes():
                shutil.copy(source, to / name)  # with the time of now, so that it is built


def set_up(tree):
    made = run(["meson", "setup", "build", *MESON_OPTIONS], cwd=tree)
    if made.returncode:
        sys.exit(made.stdout)


def build(tree, jobs):
    return run(["ninja", "-C", "build", f"-j{jobs}", "tests/sim"], cwd=tree)


def simulate(tree, seeds, jobs):
    """(caught, what the simulator said first)"""
    command = ["build/tests/sim", "--seeds", f"1..{seeds}", "--jobs", str(jobs), "--keep-going", "1"]
    try:
        done = run(command, cwd=tree, timeout=900)
    except subprocess.TimeoutExpired:
        return True, "hung"
    said = re.search(r"^(seed \d+ .*|.*not so:.*|the seed took too long.*)$", done.stdout, re.MULTILINE)
    return done.returncode != 0, said.group(1) if said else done.stdout.strip()[-200:]


def mutate(tree, mutant):
    """Changes one place; returns the text as it was."""
    path = tree / mutant.file
    text = path.read_text()
    path.write_text(text.replace(mutant.old, mutant.new))
    return text


def try_mutant(tree, mutant, options):
    text = mutate(tree, mutant)
    began = time.monotonic()
    try:
        built = build(tree, options.jobs)
        if built.returncode:
            sys.exit(f"{mutant.name}: does not build\n{built.stdout}")
        caught, said = simulate(tree, options.seeds, options.jobs)
    finally:
        (tree / mutant.file).write_text(text)
    print(f"{'caught' if caught else 'MISSED'}  {mutant.name}  ({time.monotonic() - began:.0f} s)  {said if caught else ''}", flush=True)
    return caught


def check_table():
    names = [mutant.name for mutant in MUTANTS]
    if len(set(names)) != len(names):
        sys.exit("mutants_table.py: a name is used twice")
    for mutant in MUTANTS:
        count = (ROOT / mutant.file).read_text().count(mutant.old)
        if count != 1:
            sys.exit(f"mutants_table.py: {mutant.name}: its text is found {count} times in {mutant.file}; bring it up to date")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=400, help="seeds per mutant, at most (default %(default)s)")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--only", help="mutants whose name contains this")
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--check", action="store_true", help="only whether every row still fits the tree")
    parser.add_argument("--keep", help="use this directory and leave it, to build faster next time")
    options = parser.parse_args()
    check_table()
    if options.check:
        return 0
    mutants = [mutant for mutant in MUTANTS if not options.only or options.only in mutant.name]
    if options.list:
        for mutant in mutants:
            print(f"{mutant.name:32} {mutant.file}")
        return 0
    tree = pathlib.Path(options.keep or tempfile.mkdtemp(prefix="sluice-mutants-")).resolve()
    try:
        copy_tree(tree)
        if not (tree / "build").exists():
            set_up(tree)
        built = build(tree, options.jobs)
        if built.returncode:
            sys.exit(built.stdout)
        caught, said = simulate(tree, options.seeds, options.jobs)
        if caught:
            sys.exit(f"the tree as it is fails already: {said}")
        missed = [mutant.name for mutant in mutants if not try_mutant(tree, mutant, options)]
    finally:
        if not options.keep:
            shutil.rmtree(tree, ignore_errors=True)
    print(f"{len(mutants) - len(missed)} caught, {len(missed)} missed{': ' if missed else ''}{', '.join(missed)}")
    return 1 if missed else 0


if __name__ == "__main__":
    os.environ.setdefault("PYTHONDONTWRITEBYTECODE", "1")
    sys.exit(main())
