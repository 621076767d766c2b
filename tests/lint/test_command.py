"""`recon lint`, over real folders."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from recon.cli import app

DEMO = Path(__file__).parents[2] / "demo"


@pytest.fixture
def command(tmp_path, monkeypatch):
    monkeypatch.setenv("RECON_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("RECON_PROJECT", raising=False)

    def go(*arguments: str):
        done = CliRunner().invoke(app, ["lint", *arguments])
        monkeypatch.delenv("RECON_PROJECT", raising=False)
        return done

    return go


def test_hits_are_printed_and_are_no_errors(command):
    done = command("--project", str(DEMO))
    assert done.exit_code == 0
    lines = done.stdout.splitlines()
    wanted = "tables/fact_executive_summary/variants/wrong_rounding.sql:27:10: FLOAT_PRECISION `CAST("
    assert [line for line in lines if line.startswith(wanted)]
    assert lines[-1].startswith("Executive summary migration: 2 tables, 8 variants, no mistakes, ")
    assert len(lines) == len(set(lines))  # the original is read beside every variant, and printed once


def test_the_document_has_every_run(command, tmp_path):
    file = tmp_path / "lint.json"
    assert command("--project", str(DEMO), "--json", str(file)).exit_code == 0
    document = json.loads(file.read_text("utf-8"))
    assert document["mistakes"] == []
    found = {(s["table"], s["variant"]): {h["code"] for h in s["hits"]} for s in document["scripts"]}
    assert len(found) == 8
    assert found["fact_executive_summary", "faithful_sql"] == set()
    assert found["fact_executive_summary", "scd_fanout"] == {"MISSING_FILTER"}


def test_a_mistake_of_the_folder_ends_it(command, tmp_path):
    folder = tmp_path / "project"
    shutil.copytree(DEMO, folder)
    toml = folder / "recon.toml"
    toml.write_text(toml.read_text("utf-8") + "\n[sesion]\n", encoding="utf-8")
    file = tmp_path / "lint.json"
    done = command("--project", str(folder), "--json", str(file))
    assert done.exit_code == 2
    assert "sesion" in done.stderr
    document = json.loads(file.read_text("utf-8"))
    assert (len(document["mistakes"]), document["scripts"]) == (1, [])
