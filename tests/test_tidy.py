# SPDX-License-Identifier: BSD-3-Clause
"""Each rule of tests/tidy catches a bad sample, at its line, and leaves a good tree alone."""
import importlib.machinery
import importlib.util
import os
import shutil
import subprocess

import pytest

HERE = os.path.dirname(os.path.abspath(__file__))


def load_tidy():
    loader = importlib.machinery.SourceFileLoader("tidy", os.path.join(HERE, "tidy"))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("tidy", loader))
    loader.exec_module(module)
    return module


tidy = load_tidy()
tidy.UNTESTED.clear()  # it names files of the real tree

HEAD = "/* SPDX-License-Identifier: BSD-3-Clause */\n/*\n * Why this exists.\n */\n"
HEADER = HEAD + "#pragma once\n\n"
GOOD_FUNCTION = "int good(int value)\n{\n\treturn value;\n}\n"

GOOD = {
    "README.md": "The core is in `lib/core/good.c`, and [its page](lib/core/README.md) explains.\n",
    "LICENSE": "BSD\n",
    "meson.build": "project('x', 'c')\n",
    "meson_options.txt": "\n",
    ".clang-format": open(os.path.join(HERE, "..", ".clang-format")).read(),
    "app/README.md": "Programs.\n",
    "app/httpd/README.md": "The server.\n",
    "app/httpd/main.c": HEAD + '#include <time.h>\n\n#include "lib/sluice.h"\n\n' + GOOD_FUNCTION,
    "bench/README.md": "What is measured.\n",
    "config/README.md": "Limits.\n",
    "config/limits.h": HEADER + "#define ROOM_BYTES 64\n",
    "lib/README.md": "The library.\n",
    "lib/sluice.h": HEADER + "typedef struct {\n\tint id;\n} sluice_conn;\n",
    "lib/base/README.md": "Base.\n",
    "lib/base/assert.h": HEADER + '#define REQUIRE(x) \\\n\tdo { \\\n\t\tfprintf(stderr, "%s", #x); \\\n'
                                  "\t\tabort(); \\\n\t} while (0)\n",
    "lib/core/README.md": "TCP.\n",
    "lib/core/good.c": HEAD + '#include <rte_mbuf_core.h>\n\n#include "lib/base/assert.h"\n\n'
                              "/* time() and malloc() in words are no calls */\n"
                              "static const int primes[] = {2, 3, 5};\n\n" + GOOD_FUNCTION,
    "tests/README.md": "Tests.\n",
    "tests/core/README.md": "Tests of core.\n",
    "tests/core/test_good.c": HEAD + '#include "lib/core/good.h"\n',
}


@pytest.fixture
def tree(tmp_path):
    for path, text in GOOD.items():
        write(tmp_path, path, text)
    subprocess.run([shutil.which("clang-format-14") or "clang-format", "-i", *tmp_path.rglob("*.[ch]")], check=True)
    return tmp_path


def write(root, path, text):
    file = root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


def findings(root):
    tree = tidy.Tree(str(root))
    return [finding for rule in tidy.RULES for finding in rule(tree)]


def test_a_good_tree_has_no_finding(tree):
    assert findings(tree) == []


LONG_FUNCTION = HEAD + "int long_one(int value)\n{\n" + "\tvalue++;\n" * 68 + "\treturn value;\n}\n"
CORE = "lib/core/good.c"
BAD = [
    ("a long function", CORE, LONG_FUNCTION, 5, "long_one() has 72 lines"),
    ("a long file", CORE, HEAD + "int good;\n" * 497, 501, "501 lines"),
    ("a long test", "tests/core/test_good.c", HEAD + "int good;\n" * 697, 701, "701 lines"),
    ("core includes port", CORE, HEAD + '#include "lib/port/device.h"\n', 5, "may not include lib/port/device.h"),
    ("base includes the interface", "lib/base/assert.h", HEADER + '#include "lib/sluice.h"\n', 7, "may not include"),
    ("a program includes the core", "app/httpd/main.c", HEAD + '#include "lib/core/conn.h"\n', 5, "may not include"),
    ("one program includes another", "app/httpd/main.c", HEAD + '#include "app/load/plan.h"\n', 5, "may not include"),
    ("the library includes a test", CORE, HEAD + '#include "tests/sim/wire.h"\n', 5, "may not include"),
    ("a test includes the bench", "tests/core/test_good.c", HEAD + '#include "bench/echo.h"\n', 5, "includes bench/echo.h"),
    ("not by path", CORE, HEAD + '#include "lib/base/none.h"\n', 5, "no such file"),
    ("core includes a device header", CORE, HEAD + "#include <rte_ethdev.h>\n", 5, "<rte_ethdev.h>"),
    ("core includes a clock", CORE, HEAD + "#include <time.h>\n", 5, "<time.h>"),
    ("a program includes DPDK", "app/httpd/main.c", HEAD + "#include <rte_mbuf.h>\n", 5, "<rte_mbuf.h>"),
    ("core allocates", CORE, HEAD + "int good(void)\n{\n\treturn !malloc(1);\n}\n", 7, "malloc()"),
    ("core frees a packet", CORE, HEAD + "int good(void)\n{\n\trte_pktmbuf_free(0);\n}\n", 7, "rte_pktmbuf_free()"),
    ("core reads a clock", CORE, HEAD + "int good(void)\n{\n\treturn (int)time(0);\n}\n", 7, "time()"),
    ("core rolls dice", CORE, HEAD + "int good(void)\n{\n\treturn rand();\n}\n", 7, "rand()"),
    ("core prints", CORE, HEAD + "int good(void)\n{\n\treturn printf(\"\");\n}\n", 7, "printf()"),
    ("core names a device", CORE, HEAD + "int good(void)\n{\n\treturn rte_eth_dev_count();\n}\n", 7, "rte_eth_dev"),
    ("core has threads", CORE, HEAD + "int good(void)\n{\n\treturn pthread_self();\n}\n", 7, "pthread_self()"),
    ("core has thread-locals", CORE, HEAD + "_Thread_local int good;\n", 5, "_Thread_local"),
    ("core has a static", CORE, HEAD + "static int calls;\n", 5, "calls is static"),
    ("core has a static in a function", CORE, HEAD + "int good(void)\n{\n\tstatic int n = 1;\n\n\treturn n++;\n}\n", 7,
     "n is static"),
    ("core has a static pointer", CORE, HEAD + "static const char *name = 0;\n", 5, "name is static"),
    ("a program calls DPDK", "app/httpd/main.c", HEAD + "int good(void)\n{\n\treturn rte_eal_init(0, 0);\n}\n", 7,
     "rte_eal_init()"),
    ("an unbounded copy", "app/httpd/main.c", HEAD + "int good(char *a)\n{\n\tstrcpy(a, a);\n}\n", 7, "strcpy()"),
    ("no SPDX line in C", CORE, "/* a file */\n", 1, "no SPDX line"),
    ("no title", CORE, "/* SPDX-License-Identifier: BSD-3-Clause */\nint good;\n", 2, "no title"),
    ("no pragma once", "config/limits.h", HEAD, 1, "no #pragma once"),
    ("no SPDX line in a script", "tests/x.sh", "#!/bin/sh\necho\n", 1, "no SPDX line"),
    ("left to do", "README.md", "one\n" + "TO" + "DO: two\n", 2, "on main"),
    ("a path of one machine", "README.md", "see /ho" + "me/me/x\n", 1, "a path of one machine"),
    ("a folder outside", "README.md", "see sha" + "red/x\n", 1, "a path of one machine"),
    ("a typedef", CORE, HEAD + "typedef int good;\n", 5, "a typedef"),
    ("no test", "lib/core/other.c", HEAD + GOOD_FUNCTION, 1, "has no test"),
    ("a stray file", "NOTES.md", "Notes.\n", 1, "does not belong to the top level"),
    ("a folder with no page", "lib/wire/frame.h", HEADER, 1, "missing"),
    ("a dead link", "README.md", "\n[here](lib/none.md)\n", 2, "links to lib/none.md"),
    ("a dead name", "README.md", "\n`lib/core/none.c`\n", 2, "names lib/core/none.c"),
    ("not formatted", CORE, HEAD + "int  good;\n", 5, "clang-format"),
]


@pytest.mark.parametrize("path,text,line,what", [row[1:] for row in BAD], ids=[row[0] for row in BAD])
def test_a_bad_sample_is_caught(tree, path, text, line, what):
    write(tree, path, text)
    assert [f for f in findings(tree) if f.line == line and what in f.what], [str(f) for f in findings(tree)]


def test_a_missing_top_level_file_is_caught(tree):
    (tree / "LICENSE").unlink()
    assert [f for f in findings(tree) if f.path == "LICENSE" and "missing" in f.what]


def build(root, source):
    """The four pure archives, the last of which holds `source`."""
    for layer in ("base", "wire", "core", "worker"):
        folder = root / "lib" / layer
        folder.mkdir(parents=True)
        text = source if layer == "worker" else f"int {layer}_fine(int x);\nint {layer}_fine(int x) {{ return x; }}\n"
        (folder / "x.c").write_text(text)
        subprocess.run(["cc", "-O1", "-fPIC", "-c", "x.c", "-o", "x.o"], cwd=folder, check=True)
        subprocess.run(["ar", "rcs", f"lib{layer}.a", "x.o"], cwd=folder, check=True)
    return [finding.what for finding in tidy.check_build(str(root))]


@pytest.mark.parametrize("source,what", [
    ("#include <stdlib.h>\nvoid *take(void) { return malloc(8); }", "lib/worker needs malloc"),
    ("int rte_eth_dev_start(int);\nint take(void) { return rte_eth_dev_start(0); }", "needs rte_eth_dev_start"),
    ("static int calls;\nint take(void) { return calls++; }", "calls in lib/worker can change"),
    ("int calls = 3;\nint take(void) { return calls++; }", "calls in lib/worker can change"),
], ids=["malloc", "device", "bss", "data"])
def test_an_impure_archive_is_caught(tmp_path, source, what):
    assert any(what in found for found in build(tmp_path, source))


def test_pure_archives_have_no_finding(tmp_path):
    assert build(tmp_path, "#include <string.h>\nint core_fine(int x);\nstatic const char *const name[] = {\"a\"};\n"
                           "int take(void *a, int n) { memset(a, n, (unsigned long)n); return core_fine(*name[0]); }") == []


def test_a_stray_export_is_caught(tmp_path):
    build(tmp_path, "int fine;")
    (tmp_path / "y.c").write_text("int sluice_open(void) { return 1; }\nint core_input(void) { return 2; }\n")
    subprocess.run(["cc", "-shared", "-fPIC", tmp_path / "y.c", "-o", tmp_path / "lib" / "libsluice.so"], check=True)
    assert [found.what for found in tidy.check_build(str(tmp_path)) if "exports" in found.what] == ["exports core_input"]
