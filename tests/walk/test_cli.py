"""The command line as a script in CI sees it: exit codes, one line a run, JSON, files."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

ROOT = Path(__file__).parent.parent.parent


def recon(*args, cwd, timeout=120):
    env = os.environ | {"PYTHONPATH": str(ROOT)}
    return subprocess.run(
        [sys.executable, "-m", "recon", *map(str, args)],
        capture_output=True, text=True, env=env, cwd=cwd, timeout=timeout, check=False,
    )  # fmt: skip


@pytest.fixture
def files(tmp_path):
    def write(name, values):
        pq.write_table(pa.table({"id": list(range(len(values))), "v": values}), tmp_path / name)
        return tmp_path / name

    return write


def test_run_all_prints_one_line_a_run_and_the_worst_code(home, tmp_path):
    done = recon("run", "--all", "--json", "out.json", cwd=tmp_path)
    lines = done.stdout.strip().splitlines()
    assert len(lines) == 5, done.stdout + done.stderr
    assert done.returncode == 1
    assert sum("MATCH" in line and "100.00 %" in line for line in lines) == 2
    document = json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))
    assert document["schema_version"] == 1
    assert [r["variant"] for r in document["runs"]] == [
        "broken",
        "faithful",
        "left_join",
        "null_amount",
        "faithful",
    ]
    run = next(r["run_id"] for r in document["runs"] if r["variant"] == "left_join")
    shown = recon("show", run, cwd=tmp_path)
    assert shown.returncode == 1
    assert "12 extra" in shown.stdout
    listed = recon("list", cwd=tmp_path)
    assert listed.returncode == 0
    assert run in listed.stdout
    for form, start in (("pdf", b"%PDF-"), ("csv", b'"'), ("json", b"{")):
        made = recon("export", run, "--format", form, "-o", f"report.{form}", cwd=tmp_path)
        assert made.returncode == 0, made.stderr
        assert (tmp_path / f"report.{form}").read_bytes().startswith(start)
    assert recon("export", run, "--format", "docx", cwd=tmp_path).returncode == 2
    broken = next(r["run_id"] for r in document["runs"] if r["variant"] == "broken")
    assert recon("show", broken, cwd=tmp_path).returncode == 3


@pytest.mark.parametrize(("variant", "code"), [("faithful", 0), ("left_join", 1), ("broken", 3)])
def test_the_exit_code_is_the_verdict(home, tmp_path, variant, code):
    assert recon("run", "--table", "orders", "--variant", variant, cwd=tmp_path).returncode == code


@pytest.mark.parametrize(
    "args",
    [
        ("run",),
        ("run", "--all", "--table", "orders"),
        ("run", "--table", "nowhere"),
        ("run", "--all", "--project", "no/such/folder"),
        ("show", "RUN-9999"),
        ("compare", "no.parquet", "no.parquet"),
    ],
)
def test_usage_and_settings_errors_are_code_2(home, tmp_path, args):
    done = recon(*args, cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr.strip()
    assert "Traceback" not in done.stderr


def test_compare_two_files(files, tmp_path):
    same, other = files("a.parquet", ["x", None, "z"]), files("b.parquet", ["x", "", "z"])
    assert recon("compare", same, same, "--keys", "id", cwd=tmp_path).returncode == 0
    done = recon("compare", same, other, "--keys", "id", "--json", "out.json", cwd=tmp_path)
    assert done.returncode == 1
    document = json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))
    assert document["rows"]["differing"] == 1
    assert document["columns"][1]["causes"][0] == {
        "cause": "null_vs_value", "cells": 1, "hint": document["columns"][1]["causes"][0]["hint"],
    }  # fmt: skip


def test_exact_skips_nothing_by_hash_and_says_the_same(files, tmp_path):
    one, other = files("a.parquet", [0] * 5_000), files("b.parquet", [0] * 4_000 + [1] + [0] * 999)
    said = {}
    for how in ((), ("--exact",)):
        done = recon("compare", one, other, "--keys", "id", "--json", "out.json", *how, cwd=tmp_path)
        assert done.returncode == 1, done.stderr
        document = json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))
        assert document["columns"][1]["mismatches"] == 1
        said[document.pop("method")] = document
    assert set(said) == {"fingerprint+pairs", "pairs"}
    assert said["pairs"] == said["fingerprint+pairs"]


def test_compare_takes_rules_from_a_table_toml(files, tmp_path):
    one, two = files("a.parquet", [1.0, 2.0]), files("b.parquet", [1.004, 2.0])
    rules = tmp_path / "table.toml"
    rules.write_text('version = 1\nkeys = ["id"]\n[columns.v]\ntolerance = "abs 0.005"\n', encoding="utf-8")
    assert recon("compare", one, two, "--keys", "id", cwd=tmp_path).returncode == 1
    assert recon("compare", one, two, "--rules", rules, cwd=tmp_path).returncode == 0


def test_empty_on_both_sides_is_inconclusive(files, tmp_path):
    empty = tmp_path / "e.parquet"
    pq.write_table(pa.table({"id": pa.array([], pa.int64())}), empty)
    assert recon("compare", empty, empty, "--keys", "id", cwd=tmp_path).returncode == 3


def test_lint_reports_every_mistake_with_its_line(home, tmp_path):
    assert recon("lint", cwd=tmp_path).returncode == 0
    file = Path(os.environ["RECON_PROJECT"]) / "tables/orders/table.toml"
    file.write_text(
        file.read_text("utf-8").replace("owner =", "ower =").replace("segment =", "segmnt ="), "utf-8"
    )
    done = recon("lint", cwd=tmp_path)
    assert done.returncode == 2
    assert "table.toml:5" in done.stderr
    assert "table.toml:6" in done.stderr
    assert "owner" in done.stderr


def test_keys_are_proposed_for_one_file_and_for_two(tmp_path):
    lines = pa.table({"order_id": [1, 1, 2, 2], "line_no": [1, 2, 1, 2], "status": ["a", "a", "a", None]})
    pq.write_table(lines, tmp_path / "one.parquet")
    pq.write_table(lines.slice(0, 3), tmp_path / "two.parquet")
    alone = recon("keys", "one.parquet", cwd=tmp_path)
    assert alone.returncode == 0, alone.stderr
    assert "1  order_id, line_no\n   unique · no NULLs" in alone.stdout
    assert alone.stdout.strip().endswith('keys = ["order_id", "line_no"]')
    both = recon("keys", "one.parquet", "two.parquet", "--json", "keys.json", cwd=tmp_path)
    assert "unique on both sides · no NULLs · 75.00 % of Synapse's keys are in Databricks" in both.stdout
    document = json.loads((tmp_path / "keys.json").read_text(encoding="utf-8"))
    assert document["proposals"][0] == {
        "columns": ["order_id", "line_no"],
        "unique": True,
        "baseline": {"rows": 4, "distinct": 4, "null_rows": 0, "duplicated_keys": 0},
        "candidate": {"rows": 3, "distinct": 3, "null_rows": 0, "duplicated_keys": 0},
        "found": 3,
    }


def test_where_no_columns_identify_a_row_the_command_says_so(tmp_path):
    pq.write_table(pa.table({"v": [1, 1]}), tmp_path / "same.parquet")
    done = recon("keys", "same.parquet", cwd=tmp_path)
    assert done.returncode == 0 and "compare without a key" in done.stdout
    assert recon("keys", "absent.parquet", cwd=tmp_path).returncode == 2


def test_compare_takes_control_totals_also_by_a_column(tmp_path):
    from decimal import Decimal

    kind = pa.decimal128(18, 2)
    one = {
        "id": [1, 2, 3],
        "region": ["N", "S", "S"],
        "amount": pa.array([Decimal("123456789.01")] * 3, kind),
    }
    last = [Decimal("123456789.01"), Decimal("123456789.01"), Decimal("123456790.02")]
    pq.write_table(pa.table(one), tmp_path / "one.parquet")
    pq.write_table(pa.table({**one, "amount": pa.array(last, kind)}), tmp_path / "two.parquet")
    done = recon(
        "compare",
        "one.parquet",
        "two.parquet",
        "--keys",
        "id",
        "--by",
        "region",
        "--json",
        "out.json",
        cwd=tmp_path,
    )
    assert done.returncode == 1
    assert "The control totals of 1 of 3 columns differ." in done.stdout
    assert done.stdout.count("+1.01") == 2  # over all rows, and in the south
    document = json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))
    found = {(t["column"], t["segment"]): t for t in document["control_totals"]}
    assert found["amount", "S"]["difference"] == "1.01" and found["amount", "N"]["differs"] == []
    assert found["amount", ""]["baseline"]["sum"] == "370370367.03"
    plain = recon("compare", "one.parquet", "one.parquet", "--keys", "id", "--json", "out.json", cwd=tmp_path)
    assert plain.returncode == 0
    assert json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))["control_totals"] == []


def test_compare_points_to_other_keys_when_the_key_repeats(files, tmp_path):
    one, two = files("a.parquet", ["x", "x"]), files("b.parquet", ["x", "y"])
    done = recon("compare", one, two, "--keys", "v", cwd=tmp_path)
    assert "the key repeats: `recon keys" in done.stdout
    assert "recon keys" not in recon("compare", one, two, "--keys", "id", cwd=tmp_path).stdout
