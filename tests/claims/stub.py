#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""
Takes the function of a claim away and wants its test to fail.

    tests/claims/stub.py MUST-13 "5961 3.2"     those rows
    tests/claims/stub.py                        every row that is met

For each function that a row names, its body is replaced in a copy of its file by one that does nothing (and returns
zero); what includes the file is compiled again, the test's program is linked again, and the claimed test alone is run.  A
test that passes all the same proves nothing of that function.  Needs a build directory, whose own files stay as they are.
"""
import argparse
import concurrent.futures
import json
import os
import shlex
import subprocess
import sys
import tempfile

import claims

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
TEST_SECONDS_MAX = 60


def run(command, **options):
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **options)


class Build:
    """A build directory: how its objects are compiled and its programs are linked."""

    def __init__(self, path, work):
        self.path = os.path.abspath(path)
        self.work = work
        with open(os.path.join(self.path, "compile_commands.json"), encoding="utf-8") as file:
            entries = json.load(file)
        self.compile_commands = {entry["output"]: shlex.split(entry["command"]) for entry in entries}
        self.outputs = {os.path.relpath(os.path.join(self.path, entry["file"]), ROOT): entry["output"]
                        for entry in entries}
        self.includes = self._includes()
        self.filter = os.path.join(work, "filter.o")
        self._links = {}
        subprocess.run(["gcc", "-c", "-o", self.filter, os.path.join(ROOT, "tests/claims/filter.c")], check=True)

    def _includes(self):
        """object → the files that it was made from, as paths from the root."""
        found, output = {}, None
        for line in run(["ninja", "-C", self.path, "-t", "deps"]).stdout.split("\n"):
            if line and not line[0].isspace():
                output = line.split(":")[0]
                found[output] = set()
            elif line.strip() and output:
                found[output].add(os.path.relpath(os.path.join(self.path, line.strip()), ROOT))
        return found

    def link(self, test):
        """The last command that ninja would run for a test's program; the objects of its archives in place of these."""
        source = f"tests/{test[0]}/test_{test[1]}.c"
        if source not in self.outputs:
            raise RuntimeError(f"{source} is not built")
        program = os.path.dirname(self.outputs[source])[:-len(".p")]
        if program not in self._links:
            command = run(["ninja", "-C", self.path, "-t", "commands", program]).stdout.strip().split("\n")[-1]
            self._links[program] = self._without_archives(shlex.split(command))
        return self._links[program]

    def _without_archives(self, words):
        words = [word for word in words if not word.startswith(("-Wl,--start-group", "-Wl,--end-group",
                                                               "-Wl,--whole-archive", "-Wl,--no-whole-archive"))]
        out = []
        for word in words:
            if word.endswith(".a") and not os.path.isabs(word):
                out += [name for name in self.compile_commands if name.startswith(word + ".p/")]
            else:
                out.append(word)
        return out

    def compile(self, output, folder, stubbed):
        """Compiles one object again where `stubbed` lies before the real file."""
        command = [word for word in self.compile_commands[output] if word != "-Werror"]
        target = os.path.join(folder, output.replace("/", "_"))
        for index, word in enumerate(command):
            if word == "-o":
                command[index + 1] = target
            elif word in ("-MQ", "-MF"):
                command[index + 1] = target + ".d"
        source = os.path.relpath(os.path.join(self.path, command[-1]), ROOT)
        if source == stubbed:
            command[-1] = os.path.join(folder, stubbed)
        command[-1:-1] = ["-w", "-O0"]
        first = next(index for index, word in enumerate(command) if word.startswith("-I"))
        command.insert(first, "-I" + folder)
        made = run(command, cwd=self.path)
        if made.returncode:
            raise RuntimeError(f"{source} does not compile:\n{made.stdout}")
        return target


def stub(text, function):
    result = " ".join(word for word in function.result.split()
                      if word not in ("static", "inline", "SLUICE_API", "extern"))
    body = "" if result == "void" else f"\treturn ({result}){{0}};\n"
    return text[:function.body] + body + text[function.end:]


def stubbed_objects(build, name, function, folder, objects):
    """object → its stubbed form, of those that are made from the function's file."""
    copy = os.path.join(folder, function.path)
    os.makedirs(os.path.dirname(copy), exist_ok=True)
    with open(copy, "w", encoding="utf-8") as file:
        file.write(stub(claims.read(os.path.join(ROOT, function.path)), function))
    out = {}
    for output in objects:
        if function.path in build.includes.get(output, ()):
            out[output] = build.compile(output, folder, function.path)
    if not out:
        raise RuntimeError(f"nothing is made from {function.path}, which has {name}()")
    return out


def one_test(build, test, folder, replaced):
    """Runs the test, linked with some objects replaced; True: it passed."""
    directory, program, function = test
    command = [replaced.get(word, word) for word in build.link(test)]
    executable = os.path.join(folder, f"{directory}_{program}")
    command[command.index("-o") + 1] = executable
    made = run(command + [build.filter], cwd=build.path)
    if made.returncode:
        raise RuntimeError(f"{program} does not link:\n{made.stdout}")
    try:
        ran = run([executable], cwd=folder, env=dict(os.environ, CLAIMED_TEST=function), timeout=TEST_SECONDS_MAX)
    except subprocess.TimeoutExpired:
        return False
    if ran.returncode == 0 and "1 test(s) run" not in ran.stdout:
        raise RuntimeError(f"{program} did not run {function}")
    return ran.returncode == 0


def try_symbol(build, name, function, rows):
    """(row, what is wrong) for each row that names this function."""
    with tempfile.TemporaryDirectory(dir=build.work) as folder:
        for test in sorted({row.test for row in rows}):
            of_test = [row for row in rows if row.test == test]
            try:
                objects = [word for word in build.link(test) if word.endswith(".o")]
                if not one_test(build, test, folder, {}):
                    yield from ((row, "fails as it is") for row in of_test)
                    continue
                replaced = stubbed_objects(build, name, function, folder, objects)
                if one_test(build, test, folder, replaced):
                    yield from ((row, f"passes without {name}()") for row in of_test)
            except RuntimeError as error:
                yield from ((row, str(error)) for row in of_test)


def main():
    parser = argparse.ArgumentParser(description="Takes claimed functions away and wants the tests to fail.")
    parser.add_argument("--build", default=os.path.join(ROOT, "build"))
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("row", nargs="*", help="MUST-13, \"5961 3.2\"…; all of them if none is named")
    arguments = parser.parse_args()
    rows = [row for row in claims.tables(ROOT) if row.status == "met" and row.test]
    if arguments.row:
        rows = [row for row in rows if row.name in arguments.row]
    defined = claims.functions(ROOT)
    wrong = []
    with tempfile.TemporaryDirectory() as work, concurrent.futures.ThreadPoolExecutor(arguments.jobs) as pool:
        build = Build(arguments.build, work)
        tries = {name: pool.submit(lambda *a: list(try_symbol(*a)), build, name, defined[name][0],
                                   [row for row in rows if row.symbol == name])
                 for name in sorted({row.symbol for row in rows})}
        for name, future in tries.items():
            for row, what in future.result():
                wrong.append(row)
                print(f"{row.path}:{row.line}: {row.name}: {row.rest} {what}", flush=True)
    print(f"stub: {len(rows)} rows, {len(rows) - len(wrong)} proven by a test that fails without their function")
    return 1 if wrong or not rows else 0


if __name__ == "__main__":
    sys.exit(main())
