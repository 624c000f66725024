# SPDX-License-Identifier: BSD-3-Clause
"""The sums at the end of tests/run.sh come from these: a failure must not be lost on the way."""
import json

import pytest

import tally

JUNIT = """<testsuites><testsuite>
<testcase classname="tests.kernel.test_http" name="test_get[ipv4]"/>
<testcase classname="tests.kernel.test_http" name="test_head"><failure message="assert 1 == 2&#10;more"/></testcase>
<testcase classname="tests.kernel.test_http" name="test_end"/>
<testcase classname="tests.kernel.test_http" name="test_end"><error message="teardown"/></testcase>
<testcase classname="tests.kernel.test_wrk" name="test_wrk"><skipped message="wrk is not installed"/></testcase>
</testsuite></testsuites>"""


def test_pytest_results_are_read(tmp_path):
    (tmp_path / "junit.xml").write_text(JUNIT)
    assert list(tally.tally("kernel", tally.read_pytest(tmp_path / "junit.xml"))) == [
        "pass kernel test_http::test_get[ipv4]", "fail kernel test_http::test_head: assert 1 == 2",
        "fail kernel test_http::test_end: teardown", "skip kernel test_wrk::test_wrk: wrk is not installed"]


@pytest.mark.parametrize("result,line", [
    ("OK", "pass build core/conn"), ("EXPECTEDFAIL", "pass build core/conn"), ("FAIL", "fail build core/conn: fail"),
    ("TIMEOUT", "fail build core/conn: timeout"), ("ERROR", "fail build core/conn: error"),
    ("INTERRUPT", "fail build core/conn: interrupt"), ("UNEXPECTEDPASS", "fail build core/conn: unexpectedpass"),
    ("SKIP", "skip build core/conn: the test says it cannot run here")])
def test_meson_results_are_read(tmp_path, result, line):
    (tmp_path / "log.json").write_text(json.dumps({"name": "core/conn", "result": result}) + "\n")
    assert list(tally.tally("build", tally.read_meson(tmp_path / "log.json"))) == [line]


@pytest.mark.parametrize("lines,status,last", [
    (["pass a", "pass b", "skip c: why"], 0, "2 passed, 0 failed, 1 skipped"),
    (["pass a", "fail b"], 1, "1 passed, 1 failed, 0 skipped"),
    ([], 1, "0 passed, 0 failed, 0 skipped")])
def test_the_last_line_adds_up(tmp_path, capsys, lines, status, last):
    (tmp_path / "tally").write_text("".join(line + "\n" for line in lines))
    assert tally.add_up(tmp_path / "tally") == status
    assert capsys.readouterr().out.splitlines()[-1] == last
