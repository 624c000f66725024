# SPDX-License-Identifier: BSD-3-Clause
"""Every finding of claims.py from a bad sample, and a claim that is false as stub.py sees it."""
import os
import subprocess
import sys
import tempfile

import pytest

FOLDER = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(FOLDER))
sys.path.insert(0, FOLDER)

import claims  # noqa: E402
import stub    # noqa: E402

CODE = """static uint32_t thing_count(const struct thing *thing,
			    uint32_t first)
{
	if (first)
		return 1;
	return thing->count;
}

struct thing *thing_make(void)
{
	return 0;
}

void thing_drop(struct thing *thing)
{
	free(thing);
}
"""
TEST = """CLAIMS(MUST_1, RFC5961_3_2)
static void test_counts(void **state)
{
}
	cmocka_unit_test(test_counts),
"""
ROW = "| MUST-1 | counts | met | `thing_count` | `core/thing: test_counts` |"
OTHER = "| 5961 3.2 | counts | met | `thing_count` | `core/thing: test_counts` |"


def write(root, path, text):
    path = os.path.join(root, path)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


@pytest.fixture
def tree(tmp_path, monkeypatch):
    """A tree of one function, one test, one requirement and one section, without findings."""
    monkeypatch.setattr(claims, "NUMBERED", {"MUST": 1})
    monkeypatch.setattr(claims, "COMPANIONS", ["5961"])
    write(tmp_path, "lib/core/thing.c", CODE)
    write(tmp_path, "lib/core/RFC9293.md", "| requirement | asks |\n|---|---|\n" + ROW + "\n")
    write(tmp_path, "lib/core/RFCS.md", OTHER + "\n")
    write(tmp_path, "tests/core/test_thing.c", TEST)
    return tmp_path


def findings(tree):
    return [finding.what for finding in claims.findings(str(tree))]


def test_good_sample(tree):
    assert findings(tree) == []


@pytest.mark.parametrize("row, what", [
    (ROW.replace("thing_count", "no_such"), "no function no_such()"),
    (ROW.replace("test_counts", "test_nothing"), "no test"),
    (ROW.replace("core/thing: ", ""), "is no test"),
    (ROW.replace("met", "perhaps"), "status 'perhaps'"),
    ("| MUST-1 | counts | deviates | — | because |", "deviates, and no reason"),
    (ROW.replace("counts |", " |", 1), "says not what it asks"),
    (ROW.replace("MUST-1", "MUST"), "is no requirement"),
    (ROW.replace("MUST-1", "MUST-2"), "has no row for MUST-1"),
    (ROW + "\n" + ROW.replace("MUST-1", "MUST-2"), "MUST-2 is not in Appendix B"),
    (ROW + "\n" + ROW.replace("MUST-1", "SHLD-1"), "does not claim SHLD_1"),
    ("", "claims MUST_1, and no row says so"),
])
def test_bad_rows(tree, row, what):
    write(tree, "lib/core/RFC9293.md", row + "\n")
    assert any(what in finding for finding in findings(tree))


def test_missing_companion(tree):
    write(tree, "lib/core/RFCS.md", "")
    assert any("no row of RFC 5961" in finding for finding in findings(tree))


@pytest.mark.parametrize("claim, what", [
    ("CLAIMS(MUST_1)", "does not claim RFC5961_3_2"),
    ("CLAIMS(MUST_1, RFC5961_3_2, MAY_1, MAY_2)", "claims 4, 3 at most"),
    ("CLAIMS(MUST_1, RFC5961_3_2, MAY_1)", "claims MAY_1, and no row says so"),
    ("CLAIMS(MUST_1, RFC5961_3_2)\n\n/* far away */", "unreadable"),
])
def test_bad_claims(tree, claim, what):
    write(tree, "tests/core/test_thing.c", TEST.replace("CLAIMS(MUST_1, RFC5961_3_2)", claim))
    assert any(what in finding for finding in findings(tree))


def test_a_test_that_does_not_run(tree):
    write(tree, "tests/core/test_thing.c", TEST.replace("cmocka_unit_test(test_counts),", ""))
    assert any("no test" in finding for finding in findings(tree))


def test_two_functions_of_a_name(tree):
    write(tree, "lib/core/other.c", CODE)
    assert any("more than one thing_count()" in finding for finding in findings(tree))


@pytest.mark.parametrize("name, body", [
    ("thing_count", "\treturn (uint32_t){0};\n"), ("thing_make", "\treturn (struct thing *){0};\n"), ("thing_drop", "")])
def test_stubbed_text(tree, name, body):
    function = claims.functions(str(tree))[name][0]
    stubbed = stub.stub(CODE, function)
    assert stubbed[function.body:].startswith(body + "}\n")
    assert stubbed.count("\n}\n") == 3 and stubbed[:function.body] == CODE[:function.body]


def test_real_tables():
    assert [str(finding) for finding in claims.findings(ROOT)] == []


BUILT = os.path.join(ROOT, "build/compile_commands.json")


@pytest.mark.skipif(not os.path.exists(BUILT), reason="build/ is not there")
@pytest.mark.parametrize("symbol, proven", [("time_wait_take_over", True), ("cookie_timestamp_offset", False)])
def test_real_stubs(symbol, proven):
    row = claims.Row("lib/core/RFC9293.md", 1, "MUST-13", "", "met", symbol, "core/time_wait: test_lasts_2msl")
    with tempfile.TemporaryDirectory() as work:
        build = stub.Build(os.path.join(ROOT, "build"), work)
        wrong = list(stub.try_symbol(build, symbol, claims.functions(ROOT)[symbol][0], [row]))
    assert bool(wrong) != proven


def test_runs_by_hand():
    ran = subprocess.run([sys.executable, os.path.join(FOLDER, "claims.py")], stdout=subprocess.PIPE, text=True, check=False)
    assert ran.returncode == 0 and "0 findings" in ran.stdout
