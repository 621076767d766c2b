"""A variant that tries to leave its world ends its run as INCONCLUSIVE, with place and remedy."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from recon import api
from recon.model_result import Verdict

WAYS_OUT = {
    "path": ("INSERT INTO delta.`/mnt/prod/orders` SELECT * FROM silver.orders;", "/mnt/prod/orders"),
    "schema": ("DROP SCHEMA gold CASCADE;", "DROP SCHEMA"),
    "dynamic": ("EXECUTE IMMEDIATE 'INSERT INTO prod.gold.t SELECT 1';", "EXECUTE"),
}


@pytest.fixture
def project(home, tmp_path):
    folder = tmp_path / "project" / "tables" / "orders" / "variants"
    for name, (text, _) in WAYS_OUT.items():
        (folder / f"{name}.sql").write_text(f"SELECT 1 AS a;\n{text}\n", encoding="utf-8")
    return tmp_path / "project"


def test_the_result_names_the_statement_and_the_way_on(project):
    asked = [a for name in WAYS_OUT for a in ("--variant", name)]
    out = project / "result.json"
    words = ["run", "--project", str(project), "--table", "orders", *asked, "--json", str(out)]
    ended = subprocess.run(
        [sys.executable, "-m", "recon", *words], capture_output=True, text=True, timeout=240
    )
    assert ended.returncode == 3, ended.stderr
    runs = {r["variant"]: r for r in json.loads(out.read_text(encoding="utf-8"))["runs"]}
    assert set(runs) == set(WAYS_OUT)
    for name, (_, says) in WAYS_OUT.items():
        assert runs[name]["verdict"] == Verdict.INCONCLUSIVE
        assert f"variants/{name}.sql:2" in runs[name]["reasons"][0]
        assert says in runs[name]["reasons"][0]
    for run in api.runs():
        failure = api.result(run.id).failure
        assert (failure.kind, failure.step) == ("ProgramError", "execute")
        assert failure.hint
