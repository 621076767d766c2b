"""What the self-test found stands in the reports of later runs, and a comparer that failed it proves nothing."""

from __future__ import annotations

import io
import json
import re
from dataclasses import replace
from functools import partial

import pytest
from pypdf import PdfReader
from typer.testing import CliRunner

from recon import api, cli
from recon.errors import SettingsError
from recon.model_result import Verdict
from recon.selftest import Defect, SelftestResult, record, selftest
from recon.selftest.defects import DEFECTS
from tests.conftest import wait_for

FOUND = SelftestResult(planted=60, found=60, false_alarms=0, defects=(), clean=())
LINE = r"60 of 60 planted defects found, 0 false alarms \(recon \S+ on DuckDB \S+, 20\d\d-\S+ \S+ UTC\)"


def run(variant):
    asked = api.start("orders", variant)
    return wait_for(lambda: (r := api.run(asked.id)) and r.state.over and r, what="the end")


def pdf_text(run_id):
    pages = PdfReader(io.BytesIO(api.export(run_id, "pdf").data)).pages
    return re.sub(r"\s+", " ", " ".join(page.extract_text() for page in pages))


def test_a_later_run_says_what_was_found(home):
    record.keep(FOUND, home)
    done = run("faithful")
    said = json.loads(api.export(done.id, "json").data)["selftest"]
    assert done.verdict == Verdict.MATCH
    assert re.fullmatch(LINE, said)
    assert said.replace(" ", "") in pdf_text(done.id).replace(" ", "")
    assert said.encode() in api.export(done.id, "html").data


@pytest.mark.parametrize("fault", [{"found": 59}, {"false_alarms": 1}])
def test_a_comparer_that_failed_proves_no_agreement(home, fault):
    record.keep(replace(FOUND, **fault), home)
    done = run("faithful")
    assert done.verdict == Verdict.INCONCLUSIVE
    assert api.result(done.id).reasons[0].startswith("the comparer's self-test failed: ")
    assert run("null_amount").verdict in {Verdict.PARTIAL, Verdict.NO_MATCH}, "a difference stays one"


def test_a_run_says_that_nothing_was_tested(home):
    done = run("faithful")
    assert (done.verdict, api.result(done.id).selftest) == (Verdict.MATCH, "")
    assert "not run: `recon selftest`".replace(" ", "") in pdf_text(done.id).replace(" ", "")


def test_what_was_found_is_kept(tmp_path):
    assert record.latest(tmp_path) is None
    kept = record.keep(FOUND, tmp_path / "new")
    assert record.latest(tmp_path / "new") == kept
    assert (kept.ok, kept.doubts) == (True, ())
    again = record.keep(replace(FOUND, found=1), tmp_path / "new")
    assert record.latest(tmp_path / "new") == again != kept
    assert [f.name for f in (tmp_path / "new").iterdir()] == ["selftest.json"]


def test_a_clean_copy_that_was_no_match_is_a_failure(tmp_path):
    clean = Defect(
        name="clean", column="", planted_cells=0, found_cells=0, expected_kind="", found_kind="", ok=False
    )
    assert not record.keep(replace(FOUND, clean=(clean,)), tmp_path).ok


@pytest.mark.parametrize("change", ['"of": "recon 0.0.1 on DuckDB 0.1"', None])
def test_other_versions_and_damaged_files_do_not_count(tmp_path, caplog, change):
    record.keep(FOUND, tmp_path)
    file = tmp_path / "selftest.json"
    text = file.read_text(encoding="utf-8")
    file.write_text(re.sub(r'"of": "[^"]*"', change, text) if change else text[:20], encoding="utf-8")
    assert record.latest(tmp_path) is None
    assert ("selftest.json is not what" in caplog.text) == (change is None)


def test_the_command_keeps_it(tmp_path, monkeypatch):
    monkeypatch.setenv("RECON_HOME", str(tmp_path))
    monkeypatch.setattr(
        "recon.selftest.selftest", partial(selftest, cases=DEFECTS[:5])
    )  # all are tested elsewhere
    done = CliRunner().invoke(cli.app, ["selftest"])
    assert done.exit_code == 0, done.output
    kept = record.latest(tmp_path)
    assert kept and kept.ok and kept.planted == kept.found == 5
    assert f"{kept.found} of {kept.planted} defects found, 0 false alarms" in done.output


def test_a_home_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(SettingsError, match=r"cannot be kept in .*file"):
        record.keep(FOUND, tmp_path / "file" / "home")
