#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""
Fresh fuzzing: builds the targets with clang's libFuzzer, AddressSanitizer and UBSan, and lets each look for new inputs from the
corpus on.  An input that stops a target is kept, printed, and with it the command that replays it; the exit status is then 1.

    tests/fuzz/fuzz.py                       ten minutes in all
    tests/fuzz/fuzz.py --minutes 60          in all, over the targets
    tests/fuzz/fuzz.py --target wire         one target
    tests/fuzz/fuzz.py --keep                afterwards the corpora take in what was found, as few inputs as say the same
"""
import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
CORPUS = os.path.join(HERE, "corpus")
# One input in 20 s is an input that loops; of the corpus, each costs every test run its time.
INPUT_SECONDS_MAX = 20
KEPT_BYTES_MAX = 12000  # of a corpus, all inputs together
# What each is worth: the more there is behind it, the longer it looks.
WEIGHT = {"client": 2, "frame": 1, "httpd": 2, "options": 0.3, "response": 1, "segment": 4, "wire": 6}
DICTIONARY = {"httpd": "http.dict", "response": "http.dict", "client": "http.dict"}


def build(directory):
    options = ["-Dtests=true", "-Dfuzz=true", "-Dbuildtype=debug", "-Doptimization=2", "-Dwerror=false",
               "-Db_sanitize=address,undefined", "-Db_lundef=false",
               "-Dc_args=-DSLUICE_ASSERTS -fsanitize=fuzzer-no-link -fno-sanitize-recover=undefined"]
    if not os.path.exists(os.path.join(directory, "build.ninja")):
        compiler = "ccache clang-14" if shutil.which("ccache") else "clang-14"
        subprocess.run(["meson", "setup", directory, ROOT] + options, check=True, stdout=subprocess.DEVNULL,
                       env=dict(os.environ, CC=compiler))
    done = subprocess.run(["ninja", "-C", directory, "fuzz"], capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{done.stdout[-4000:]}\n{directory} does not build; if it is of an older time, remove it")


def corpus_read(target):
    with open(os.path.join(CORPUS, target + ".hex"), encoding="ascii") as file:
        return [bytes.fromhex(line) for line in file.read().split("\n") if line]


def corpus_write(target, inputs):
    with open(os.path.join(CORPUS, target + ".hex"), "w", encoding="ascii") as file:
        file.writelines(sorted((data.hex() + "\n" for data in inputs), key=lambda line: (len(line), line)))


class Target:
    def __init__(self, name, directory, work):
        self.name = name
        self.program = os.path.join(directory, "tests", "fuzz", "fuzz_" + name)
        self.found = os.path.join(work, name)
        self.crashes = os.path.join(directory, "crashes", name)
        os.makedirs(self.found)
        os.makedirs(self.crashes, exist_ok=True)
        for number, data in enumerate(corpus_read(name)):
            with open(os.path.join(self.found, f"corpus-{number}"), "wb") as file:
                file.write(data)

    def run(self, arguments, timeout):
        environment = dict(os.environ, ASAN_OPTIONS="detect_stack_use_after_return=0:allocator_may_return_null=1",
                           UBSAN_OPTIONS="print_stacktrace=1")
        return subprocess.run([self.program] + arguments, capture_output=True, text=True, errors="replace",
                              timeout=timeout, env=environment)

    def fuzz(self, seconds):
        """What is to be said of it, and whether it passed."""
        arguments = [f"-max_total_time={seconds}", "-max_len=600", "-len_control=0", "-entropic=0",
                     f"-timeout={INPUT_SECONDS_MAX}", "-print_final_stats=1", f"-artifact_prefix={self.crashes}/"]
        if self.name in DICTIONARY:
            arguments.append("-dict=" + os.path.join(HERE, DICTIONARY[self.name]))
        done = self.run(arguments + [self.found], seconds + 300)
        runs = [line.split()[-1] for line in done.stderr.splitlines() if line.startswith("stat::number_of_executed")]
        if done.returncode == 0:
            return f"{self.name}: {runs[0] if runs else '?'} inputs, none stops it", True
        said = [line for line in done.stderr.splitlines()
                if any(word in line for word in ("not so", "violates", "ERROR", "SUMMARY", "runtime error", ".c:", "Failure"))]
        kept = [line.split()[-1] for line in done.stderr.splitlines() if "Test unit written to" in line]
        lines = [f"{self.name}: stopped"] + ["    " + line.strip()[:200] for line in said[:16]]
        for path in kept:
            with open(path, "rb") as file:
                lines.append(f"    input: {file.read().hex()}")
            lines.append(f"    replay: {os.path.relpath(self.program)} {os.path.relpath(path)}")
        return "\n".join(lines), False

    def keep(self):
        """Of all inputs, few that reach everything that all reach; small ones first, until there are enough."""
        with tempfile.TemporaryDirectory() as merged:
            self.run(["-set_cover_merge=1", "-use_counters=0", f"-timeout={INPUT_SECONDS_MAX}", merged, self.found], 3600)
            paths = sorted((os.path.join(merged, name) for name in os.listdir(merged)), key=os.path.getsize)
            chosen, total = [], 0
            for path in paths:
                total += os.path.getsize(path)
                if total > KEPT_BYTES_MAX:
                    break
                with open(path, "rb") as file:
                    chosen.append(file.read())
        corpus_write(self.name, set(chosen))
        return len(chosen)


def main():
    parser = argparse.ArgumentParser(description="Fresh fuzzing of every target, or of one.")
    parser.add_argument("--minutes", type=float, default=10, help="in all (10)")
    parser.add_argument("--target", choices=sorted(WEIGHT), help="only this one")
    parser.add_argument("--jobs", type=int, default=len(os.sched_getaffinity(0)), help="targets at a time")
    parser.add_argument("--build", default=os.path.join(ROOT, "build-fuzz"), metavar="DIR")
    parser.add_argument("--keep", action="store_true", help="write what was found into the corpora")
    arguments = parser.parse_args()
    build(arguments.build)
    names = [arguments.target] if arguments.target else sorted(WEIGHT, key=WEIGHT.get, reverse=True)
    share = arguments.minutes * 60 * arguments.jobs / sum(WEIGHT[name] for name in names)
    if arguments.target:
        share /= arguments.jobs
    passed = True
    with tempfile.TemporaryDirectory() as work, ThreadPoolExecutor(arguments.jobs) as pool:
        targets = [Target(name, arguments.build, work) for name in names]
        for text, good in pool.map(lambda target: target.fuzz(max(5, int(share * WEIGHT[target.name]))), targets):
            print(text, flush=True)
            passed = passed and good
        for target in targets if arguments.keep else []:
            print(f"{target.name}: {target.keep()} inputs kept")
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main())
