"""`[session] now`: one moment for both sides."""

from __future__ import annotations

from datetime import datetime

import pytest

from recon import project as projects
from recon.model_result import Verdict
from recon.sqlscript.databricks_now import pinned
from recon.sqlscript.databricks_text import statements
from tests.lint.test_explain import run  # noqa: F401 (a fixture)
from tests.small_project import write_small_project

NOON = datetime(2024, 1, 31, 12, 0, 5)
MOMENT = "TIMESTAMP'2024-01-31 12:00:05.000000'"
DAY = "DATE'2024-01-31'"


@pytest.mark.parametrize(
    ("written", "held"),
    [
        ("SELECT current_timestamp() AS x", f"SELECT {MOMENT} AS x"),
        ("SELECT current_timestamp AS x", f"SELECT {MOMENT} AS x"),
        ("SELECT now( ) - INTERVAL 1 DAY", f"SELECT {MOMENT} - INTERVAL 1 DAY"),
        ("SELECT a FROM t WHERE d < current_date", f"SELECT a FROM t WHERE d < {DAY}"),
        ("SELECT Current_Date(), getdate()", f"SELECT {DAY}, {MOMENT}"),
        ("SELECT 'now()', t.now, now FROM t -- now()", "SELECT 'now()', t.now, now FROM t -- now()"),
        ("SELECT a AS current_date FROM t", "SELECT a AS current_date FROM t"),
        ("SELECT t.current_date FROM t", "SELECT t.current_date FROM t"),
    ],
)
def test_words_for_now_become_a_literal(written, held):
    [statement] = statements(written)
    assert pinned(statement, NOON).text + written[len(statement.text) :] == held
    assert pinned(statement, None) is statement


def test_both_sides_have_the_same_clock(run):  # noqa: F811
    tsql = "SELECT id, CAST(GETDATE() AS datetime2(0)) AS x, CAST(SYSDATETIME() AS date) AS y FROM stg.T"
    text = "SELECT id, current_timestamp() AS x, current_date AS y FROM silver.t"
    loose = run(tsql, text)
    assert loose.verdict is not Verdict.MATCH
    held = run(tsql, text, toml="[session]\nnow = 2024-01-31T12:00:05\n")
    assert held.verdict is Verdict.MATCH, held.reasons
    assert [h.code for h in held.lint] == []
    assert not [n for n in held.notes if "time" in n]


def test_a_moment_with_a_zone_is_a_mistake(tmp_path):
    folder = write_small_project(tmp_path)
    toml = folder / "recon.toml"
    for wrong in ("2024-01-31T12:00:05Z", '"2024-01-31"', "2024-01-31"):
        toml.write_text(f'version = 1\nname = "p"\nmode = "local"\n[session]\nnow = {wrong}\n', "utf-8")
        [mistake] = projects.check(folder)[1]
        assert "local date and time" in str(mistake)
        assert "recon.toml:5" in str(mistake)


def test_the_clock_is_part_of_a_request(tmp_path):
    from recon.store import request

    folder = write_small_project(tmp_path)
    toml = folder / "recon.toml"
    toml.write_text(
        'version = 1\nname = "p"\nmode = "local"\n[session]\nnow = 2024-01-31T12:00:05\n', "utf-8"
    )
    there = projects.load(folder)
    assert there.session.now == NOON
    asked = request.dump(there, there.tables[0], there.tables[0].variants[0])
    assert request.load(asked).session.now == NOON
