"""What the data shows and what the texts say, brought together in whole runs on DuckDB."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from tempfile import mkdtemp

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from recon import project as projects
from recon import settings
from recon.model import Project
from recon.model_result import WHOLE_ROW, Comparison, Result, Severity, Verdict
from recon.pipeline import Walk, walk
from recon.progress import Progress
from recon.steps.explain import explain
from recon.wiring import Wiring
from tests.lint.texts import read

DDL = """CREATE TABLE stg.T (id int NOT NULL, a int, b int, d decimal(10,2), s varchar(10), n varchar(20), dt date,
  ts datetime2(0));
GO
CREATE TABLE dbo.DIM (id int NOT NULL, name varchar(20), rate int);
GO
CREATE TABLE dbo.OUT (id int, x decimal(18,6), s varchar(60));
"""
TOML = """version = 1
{target}keys = ["id"]
[baseline]
mode = "{mode}"
[[inputs]]
synapse = "stg.T"
databricks = "silver.t"
file = "data/t.parquet"
[[inputs]]
synapse = "dbo.DIM"
databricks = "gold.dim"
file = "data/dim.parquet"
{more}"""


@pytest.fixture
def run(tmp_path, monkeypatch):
    """A whole run of a procedure and its conversion over small tables."""
    monkeypatch.setenv("RECON_HOME", str(tmp_path / "home"))

    def go(tsql: str, databricks: str, *, target: bool = False, more: str = "", toml: str = "") -> Result:
        folder = tmp_path / "project"
        (folder / "tables/t/variants").mkdir(parents=True, exist_ok=True)
        (folder / "data").mkdir(exist_ok=True)
        (folder / "recon.toml").write_text(f'version = 1\nname = "p"\nmode = "local"\n{toml}')
        named = 'synapse = "dbo.OUT"\ndatabricks = "gold.out"\n' if target else ""
        mode = "call" if target else "query"
        (folder / "tables/t/table.toml").write_text(TOML.format(target=named, mode=mode, more=more))
        (folder / "tables/t/ddl.sql").write_text(DDL)
        (folder / "tables/t/synapse.sql").write_text(tsql)
        (folder / "tables/t/variants/v1.sql").write_text(databricks)
        _data(folder / "data")
        return _walk(projects.load(folder), tmp_path)

    return go


def _data(folder) -> None:
    days = [date(2024, 1 + n % 12, 1 + n % 28) for n in range(60)]
    columns = {
        "id": pa.array(range(60), pa.int32()),
        "a": pa.array([n * 7 for n in range(60)], pa.int32()),
        "b": pa.array([n % 5 + 1 for n in range(60)], pa.int32()),
        "d": pa.array([Decimal(n * 10 + 5) / 100 for n in range(60)], pa.decimal128(10, 2)),
        "s": pa.array([None if n % 6 == 2 else f"s{n % 4}" for n in range(60)]),
        "n": pa.array([f"name {n}" for n in range(60)]),
        "dt": pa.array(days, pa.date32()),
        "ts": pa.array([datetime(2024, 2, 1 + n % 28, n % 24) for n in range(60)], pa.timestamp("us")),
    }
    pq.write_table(pa.table(columns), folder / "t.parquet")
    dim = {
        "id": pa.array([n % 50 for n in range(55)], pa.int32()),
        "name": pa.array([f"d{n}" for n in range(55)]),
        "rate": pa.array(range(55), pa.int32()),
    }
    pq.write_table(pa.table(dim), folder / "dim.parquet")


def _walk(project: Project, tmp_path) -> Result:
    scratch = Path(mkdtemp(dir=tmp_path))
    wiring, progress = Wiring(settings.read()), Progress(lambda *_: None)
    table = project.tables[0]
    one = replace(project, tables=(replace(table, variants=table.variants[:1]),))
    step = Walk(run_id="RUN-1", project=one, scratch=scratch, differences=tmp_path / "d.parquet")
    return walk(step, lambda: wiring.ports(one, scratch, progress), progress)


def cause(result: Result, scope: str):
    [found] = [c for c in result.causes if c.scope == scope]
    return found


# --- A hit that the data confirms ------------------------------------------------------------


def test_a_confirmed_hit_becomes_the_hint_with_its_line(run):
    found = run("SELECT id, a / b AS x\nFROM stg.T", "SELECT id,\n a / b AS x FROM silver.t")
    reason = cause(found, "x")
    assert (reason.cause, reason.confidence) == ("INT_DIVISION", "certain")
    assert reason.hint.startswith("synapse.sql line 1: `a / b`; v1.sql line 2: `a / b`. ")
    [column] = [c for c in found.columns if c.name == "x"]
    assert f"{column.mismatches} of {column.mismatches} differing cells" in reason.hint
    assert [h.explains for h in found.lint if h.code == "INT_DIVISION"] == [("x",), ("x",)]


def test_a_more_special_construct_gives_the_finding_its_name(run):
    found = run(
        "SELECT b AS id, AVG(a) AS x FROM stg.T GROUP BY b",
        "SELECT b AS id, avg(a) AS x FROM silver.t GROUP BY b",
    )
    reason = cause(found, "x")
    assert (reason.cause, reason.confidence) == ("AVG_INT", "certain")
    assert "AVG of integers is an integer in T-SQL" in reason.hint


def test_null_from_concat_is_told_from_a_lost_default(run):
    found = run("SELECT id, CONCAT(n, s) AS x FROM stg.T", "SELECT id, concat(n, s) AS x FROM silver.t")
    assert cause(found, "x").cause == "CONCAT_NULL"
    assert "CONCAT takes NULL for ''" in cause(found, "x").hint


def test_a_lost_default_names_its_line(run):
    found = run("SELECT id,\n ISNULL(s, '-') AS x FROM stg.T", "SELECT id, s AS x FROM silver.t")
    reason = cause(found, "x")
    assert (reason.cause, reason.confidence) == ("NULL_NOT_HANDLED", "certain")
    assert reason.hint.startswith("synapse.sql line 2: `ISNULL(s, '-')`.")


def test_rows_are_explained_by_what_the_conversion_lost(run):
    found = run(
        "SELECT t.id, t.a AS x FROM stg.T t\nINNER JOIN (SELECT DISTINCT id FROM dbo.DIM) d ON d.id = t.id"
        "\nWHERE t.b > 2",
        "SELECT t.id, t.a AS x FROM silver.t t INNER JOIN (SELECT DISTINCT id FROM gold.dim) d ON d.id = t.id",
    )
    reason = cause(found, WHOLE_ROW)
    assert reason.cause == "MISSING_FILTER"
    assert "synapse.sql line 3: `t.b > 2`" in reason.hint
    assert reason.severity == Severity.ROWS


def test_a_count_without_datediff_is_no_boundary(run):
    """One row less in a count looks like DATEDIFF; the texts know that it is none."""
    found = run(
        "SELECT b AS id, COUNT(*) AS x FROM stg.T WHERE id < 59 GROUP BY b",
        "SELECT b AS id, count(*) AS x FROM silver.t WHERE id <= 59 GROUP BY b",
    )
    reason = cause(found, "x")
    assert reason.cause == "BOUNDARY_INCLUSIVE"
    assert "DATEDIFF" not in reason.hint
    assert "synapse.sql line 1: `id < 59`" in reason.hint


def test_one_more_everywhere_without_datediff_is_a_constant(run):
    found = run("SELECT id, a AS x FROM stg.T", "SELECT id, a + 1 AS x FROM silver.t")
    reason = cause(found, "x")
    assert (reason.cause, reason.confidence) == ("CONSTANT_SHIFT", "possible")
    assert reason.hint == "Databricks is Synapse + 1 in every one of the 60 cells."


def test_a_program_without_datediff_shifts_by_a_constant_too(run):
    found = run("SELECT id, a AS x FROM stg.T", "SELECT id, a - 1 AS x FROM silver.t")
    text = 'result = spark.table("silver.t").selectExpr("id").withColumn("x", {})'
    data = Comparison(**{name: getattr(found, name) for name in Comparison.__dataclass_fields__})
    named = replace(data, causes=(replace(found.causes[0], cause="DATEDIFF_BOUNDARY"),))
    for value, code in (("F.col('a') - 1", "CONSTANT_SHIFT"), ("F.datediff('a', 'b')", "DATEDIFF_BOUNDARY")):
        lint = read("SELECT id, a AS x FROM stg.T", text.format(value), python=True)
        [reason] = explain(named, lint, (), approximate=False, local=True).found.causes
        assert reason.cause == code


def test_datediff_itself_is_confirmed(run):
    found = run(
        "SELECT id, DATEDIFF(month, dt, ts) AS x FROM stg.T",
        "SELECT id, datediff(MONTH, dt, ts) AS x FROM silver.t",
    )
    reason = cause(found, "x")
    assert (reason.cause, reason.confidence) == ("DATEDIFF_BOUNDARY", "likely")
    assert "line 1: `DATEDIFF(month, dt, ts)`" in reason.hint


def test_a_difference_that_the_data_does_not_explain_is_explained_by_the_text(run):
    found = run(
        "SELECT b AS id, PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY a) OVER (PARTITION BY b) AS x, id AS k"
        " FROM stg.T",
        "SELECT t.b AS id, q.x + t.id * 0 AS x, t.id AS k FROM silver.t t JOIN (SELECT b,"
        " percentile_approx(a, 0.5) AS x FROM silver.t GROUP BY b) q ON q.b = t.b",
        more='[columns.k]\nignore = "only tells rows apart"\n',
    )
    reasons = [c for c in found.causes if c.scope == "x"]
    assert [c.cause for c in reasons] == ["APPROX_AGGREGATE"]


def test_the_texts_may_say_why_rows_differ_that_share_nothing(run):
    scattered = "WHERE id NOT IN (3, 17, 41)"
    lost = run(f"SELECT id, a AS x FROM stg.T {scattered}", "SELECT id, a AS x FROM silver.t")
    assert lost.rows.extra == 3
    assert [(c.cause, c.scope, c.confidence) for c in lost.causes] == [
        ("MISSING_FILTER", WHOLE_ROW, "possible")
    ]
    other = run(
        f"SELECT id, a AS x FROM stg.T {scattered}", "SELECT id, a AS x FROM silver.t WHERE id NOT IN (3, 17)"
    )
    assert [(c.cause, c.scope, c.cells) for c in other.causes] == [("VALUE_DIFF", WHOLE_ROW, 1)]


def test_a_hit_of_another_column_confirms_nothing(run):
    found = run("SELECT id, a / b AS x, d AS y FROM stg.T", "SELECT id, a DIV b AS x, -d AS y FROM silver.t")
    reason = cause(found, "y")
    assert reason.cause == "SIGN_FLIP"
    assert "line" not in reason.hint.split(".")[0]
    assert all(h.explains == () for h in found.lint)


DIM = "FROM {} t LEFT JOIN {} d ON d.id = t.id{} WHERE t.id > 10{}"


@pytest.mark.parametrize("moved", [False, True])
def test_an_outer_join_that_was_lost_is_no_null_in_a_join_key(run, moved):
    on = " AND d.rate < 30" if moved else ""
    query = "SELECT t.id, d.name AS s "
    text = DIM.format("silver.t", "gold.dim", "", on)
    found = run(
        query + DIM.format("stg.T", "dbo.DIM", on, ""),
        query + (text if moved else text.replace("LEFT JOIN", "JOIN")),
    )
    reason = cause(found, WHOLE_ROW)
    assert (reason.cause, reason.confidence, reason.cells) == ("JOIN_TYPE", "likely", found.rows.missing)
    assert reason.where == f"all {found.rows.missing} have s = NULL"
    assert "synapse.sql line 1: `" in reason.hint
    assert "NULL joins nothing" not in reason.hint


def test_a_null_in_a_join_key_needs_the_join(run):
    query = "SELECT t.id, t.s AS x FROM {} t{}"
    tsql = " JOIN (SELECT DISTINCT s FROM stg.T) u ON ISNULL(u.s, '') = ISNULL(t.s, '')"
    text = " JOIN (SELECT DISTINCT s FROM silver.t) u ON u.s = t.s"
    joined = run(query.format("stg.T", tsql), query.format("silver.t", text))
    assert [(c.cause, c.confidence) for c in joined.causes] == [("NULL_JOIN_KEY", "likely")]
    unknown = run(query.format("stg.T", ""), "SELECT id, s AS x FROM silver.t WHERE length(s) > 0")
    assert cause(unknown, WHOLE_ROW).cause == "JOIN_TYPE"  # a filter that was added


@pytest.mark.parametrize("value", ["CAST(ROUND(d, 1) AS decimal(10,1))", "a"])
@pytest.mark.parametrize("last", [10, 60])
def test_halves_that_go_to_even_are_rounding(run, value, last):
    """DuckDB has no bround: what it would give is spelled out, and its text is read."""
    step = "1" if value == "a" else "0.1"
    query = f"SELECT id, {value}{{}} AS x FROM {{}} WHERE id < {last}"
    even = f" - CASE WHEN id % 2 = 0 THEN {step} ELSE 0 END"
    found = run(query.format("", "stg.T"), query.format(even, "silver.t"))
    lint = read("SELECT id, ROUND(d, 1) AS x FROM stg.T", "SELECT id, bround(d, 1) AS x FROM silver.t")
    data = Comparison(**{name: getattr(found, name) for name in Comparison.__dataclass_fields__})
    reasons = explain(data, lint, (), approximate=False, local=True).found.causes
    assert [(c.cause, c.confidence, c.cells) for c in reasons] == [("ROUNDING", "likely", last // 2)]
    assert "`bround(d, 1)`" in reasons[0].hint and "rounds halves to" in reasons[0].hint


def test_one_last_digit_is_no_matter_of_a_collation(run):
    one = " + CASE WHEN n = 'name 7' THEN 0.000001 ELSE 0.000000 END"
    found = run(
        "SELECT n AS id, AVG(d) AS x FROM stg.T GROUP BY n",
        f"SELECT n AS id, CAST(avg(d) AS decimal(28,6)){one} AS x FROM silver.t GROUP BY n",
    )
    reason = cause(found, "x")
    assert (reason.cause, reason.confidence, reason.cells) == ("DECIMAL_ROUNDING", "possible", 1)


def test_a_backslash_is_named(run):
    found = run(
        "SELECT id, 'C:\\new\\' + n AS x FROM stg.T", "SELECT id, 'C:\\new\\\\' || n AS x FROM silver.t"
    )
    assert (cause(found, "x").cause, cause(found, "x").confidence) == ("ESCAPE", "likely")


TIED = """SELECT id, x, y FROM (SELECT b AS id, a * a AS x, n AS y, ROW_NUMBER() OVER
(PARTITION BY b ORDER BY {}) AS rn FROM {}) q WHERE rn = 1"""


def test_rows_that_tie_may_bring_other_values(run):
    found = run(TIED.format("b", "stg.T"), TIED.format("b, abs(a - 200)", "silver.t"))
    assert {(c.cause, c.confidence) for c in found.causes} == {("NONDETERMINISTIC_ORDER", "likely")}
    assert {c.scope for c in found.causes} == {"x", "y"}
    unique = run(TIED.format("a", "stg.T"), TIED.format("abs(a - 200)", "silver.t"))
    assert "NONDETERMINISTIC_ORDER" not in {c.cause for c in unique.causes}


def test_rows_that_do_not_tie_are_no_reason(run):
    """The runner has looked: no rows tie, so ROW_NUMBER had no choice."""
    tsql = """SELECT id, x, n FROM (SELECT id, a AS x, n, ROW_NUMBER() OVER (PARTITION BY b ORDER BY a DESC) AS r
        FROM stg.T) q WHERE r <= 5"""
    text = tsql.replace("stg.T", "silver.t").replace("a AS x, n,", "a AS x, concat('x', id * id % 7) AS n,")
    found = run(tsql, text)
    assert {(c.cause, c.scope) for c in found.causes} == {("VALUE_DIFF", "n")}


def test_any_row_of_a_group_may_bring_the_same_shift(run):
    """Of a few rows, that is: what shifts every row is no matter of chance."""
    lint = read(
        "SELECT id, a AS x FROM stg.T", 'result = spark.table("silver.t").dropDuplicates(["id"])', python=True
    )
    query = "SELECT id, a {} AS x, b + {} AS y FROM {}"
    for shift, code in (
        ("CASE WHEN id < 9 THEN 3 ELSE 0 END", "NONDETERMINISTIC_ORDER"),
        ("3", "CONSTANT_SHIFT"),
    ):
        found = run(
            query.format("", 0, "stg.T"),
            query.format(f"+ {shift}", "CASE WHEN id < 30 THEN id % 7 ELSE 0 END", "silver.t"),
        )
        data = Comparison(**{name: getattr(found, name) for name in Comparison.__dataclass_fields__})
        reasons = explain(data, lint, (), approximate=False, local=True).found.causes
        assert {c.scope: c.cause for c in reasons} == {"x": code, "y": "NONDETERMINISTIC_ORDER"}
        assert [c.cells for c in reasons] == sorted((c.cells for c in reasons), reverse=True)


def test_an_update_without_a_choice_is_no_reason(run):
    update = UPDATE.format(where=" WHERE d.id > 4 AND d.id < 50")
    text = TAKEN.format(pick="max", where=" WHERE id > 4 AND id < 50").replace(
        "coalesce(d.rate, 0)", "d.rate * d.rate % 7"
    )
    found = run(update, text, target=True)
    assert found.rows.differing
    assert "UPDATE_FROM_MULTI" not in {c.cause for c in found.causes}


def test_the_texts_say_why_most_rows_differ_where_the_data_explains_few(run):
    """Two rows of one key, and twenty scattered ones that an outer join would have kept."""
    rows = "SELECT {} AS id, t.a AS x FROM {} t {} JOIN {} d ON d.id = t.id AND d.id IN (1, 2, 4, 8, 16, 32, 33, 35)"
    found = run(
        rows.format("CASE WHEN t.id = 58 THEN 57 ELSE t.id END", "stg.T", "LEFT", "dbo.DIM"),
        rows.format("t.id", "silver.t", "", "gold.dim"),
    )
    assert found.rows.duplicate_keys.baseline
    assert found.causes[0].cause == "JOIN_TYPE"


@pytest.mark.parametrize("kept", ["UNION_ALL", "DUPLICATE_ROWS"])
def test_duplicates_are_no_reason_where_no_key_repeats(run, kept):
    data = run("SELECT id, a AS x FROM stg.T", "SELECT id, a AS x FROM silver.t WHERE id NOT IN (3, 17, 41)")
    lint = {
        "UNION_ALL": read(
            "SELECT id, a AS x FROM stg.T", 'result = spark.table("silver.t").union(x)', python=True
        ),
        "DUPLICATE_ROWS": read("SELECT DISTINCT id, a AS x FROM stg.T", "SELECT id, a AS x FROM silver.t"),
    }[kept]
    assert kept in {h.code for h in lint.hits}
    data = Comparison(**{name: getattr(data, name) for name in Comparison.__dataclass_fields__})
    causes = tuple(replace(c, cause="VALUE_DIFF") for c in data.causes)
    reasons = explain(replace(data, causes=causes), lint, (), approximate=False, local=True).found.causes
    assert [c.cause for c in reasons] == ["VALUE_DIFF"]


OPEN = "SELECT id, CASE WHEN {} THEN {} ELSE {} END AS x FROM {}"


def test_a_collation_is_no_reason_where_no_text_has_two_spellings(run):
    """All of stg.T's texts and all constants are spelled in one way only; then in two."""
    tsql = OPEN.format("s = 's1'", "1", "0", "stg.T")
    inverted = run(tsql, OPEN.format("s = 's1'", "id % 3", "id % 5", "silver.t"))
    assert "COLLATION_CASE" in {h.code for h in inverted.lint}
    assert "COLLATION_CASE" not in {c.cause for c in inverted.causes}
    both = "SELECT id, {} AS x, CASE WHEN n = 'NAME 3' THEN 1 ELSE 0 END AS y FROM {}"
    one = run(both.format("CASE WHEN s = 's1' THEN 1 ELSE 0 END", "stg.T"), both.format("id % 3", "silver.t"))
    assert {c.scope: c.cause for c in one.causes} == {"x": "VALUE_DIFF", "y": "COLLATION_CASE"}
    cased = OPEN.format("s = 'S1'", "1", "0", "stg.T")
    [lost] = run(cased, OPEN.format("s = 'S1'", "1", "0", "silver.t")).causes
    assert (lost.cause, lost.scope) == ("COLLATION_CASE", "x")
    upper = run(tsql, OPEN.format("upper(s) = 's1'", "1", "0", "silver.t"))
    assert [c.cause for c in upper.causes] == ["COLLATION_CASE"]


def test_a_null_in_not_in_goes_before_the_empty_side(run):
    found = run(
        "SELECT id, a AS x FROM stg.T WHERE n NOT IN (SELECT CASE WHEN id > 3 THEN name END FROM dbo.DIM)",
        "SELECT t.id, t.a AS x FROM silver.t t LEFT ANTI JOIN gold.dim d ON d.name = t.n",
    )
    assert [(c.cause, c.confidence, c.cells) for c in found.causes] == [
        ("NOT_IN_NULL", "likely", 0),
        ("EMPTY_SIDE", "certain", 60),
    ]
    assert "NOT IN gives no row at all" in found.causes[0].hint


# --- Agreement that proves nothing -----------------------------------------------------------


def test_rows_picked_without_an_order_prove_nothing(run):
    found = run("SELECT TOP 59 id, a AS x FROM stg.T", "SELECT id, a AS x FROM silver.t ORDER BY id LIMIT 59")
    assert found.verdict is Verdict.INCONCLUSIVE
    assert found.rows.equal == found.rows.baseline == 59
    assert found.reasons[0].startswith("not proven locally for: synapse.sql line 1: `")
    assert "TOP without ORDER BY" in found.reasons[0]


def test_a_top_that_had_no_choice_proves_as_much_as_none(run):
    found = run("SELECT TOP 60 id, a AS x FROM stg.T", "SELECT id, a AS x FROM silver.t")
    assert found.verdict is Verdict.MATCH, found.reasons
    one = run("SELECT TOP 1 1 AS id, 2 AS x FROM stg.T", "SELECT 1 AS id, 2 AS x")
    assert one.verdict is Verdict.MATCH, one.reasons


def test_a_top_that_chooses_once_in_a_loop_or_for_each_row_proves_nothing(run):
    each = "SELECT t.id, (SELECT TOP 1 u.a FROM stg.T u WHERE u.id = t.id) AS x FROM stg.T t"
    assert run(each, "SELECT id, a AS x FROM silver.t").verdict is Verdict.INCONCLUSIVE


def test_with_an_order_they_do(run):
    found = run("SELECT TOP 60 id, a AS x FROM stg.T ORDER BY id", "SELECT id, a AS x FROM silver.t")
    assert found.verdict is Verdict.MATCH


def test_what_duckdb_computes_in_another_way_proves_nothing(run):
    query = "SELECT b AS id, {} AS x FROM {} GROUP BY b"
    found = run(query.format("MIN(a)", "stg.T"), query.format("percentile_approx(a, 0.0)", "silver.t"))
    assert found.verdict is Verdict.INCONCLUSIVE
    assert "percentile_approx" in found.reasons[0]


def test_a_difference_stays_a_difference(run):
    found = run("SELECT TOP 60 id, a AS x FROM stg.T", "SELECT id, a + 1 AS x FROM silver.t")
    assert found.verdict in {Verdict.NO_MATCH, Verdict.PARTIAL}
    assert not any("not proven" in reason for reason in found.reasons)


def test_an_ignored_column_needs_no_proof(run):
    found = run(
        "SELECT id, a AS x, NEWID() AS u FROM stg.T",
        "SELECT id, a AS x, uuid() AS u FROM silver.t",
        more='[columns.u]\nignore = "drawn anew in every run"\n',
    )
    assert found.verdict is Verdict.MATCH
    assert [h.code for h in found.lint] == ["VOLATILE_FUNCTION", "VOLATILE_FUNCTION"]


UPDATE = """INSERT INTO dbo.OUT (id, x) SELECT id, 0 FROM stg.T
UPDATE o SET x = d.rate FROM dbo.OUT o JOIN dbo.DIM d ON d.id = o.id{where}
"""
TAKEN = """CREATE OR REPLACE TABLE gold.out AS SELECT t.id, CAST(coalesce(d.rate, 0) AS DECIMAL(18,6)) AS x,
CAST(NULL AS STRING) AS s FROM silver.t t LEFT JOIN (SELECT id, {pick}(rate) AS rate FROM gold.dim{where}
GROUP BY id) d ON d.id = t.id"""


def test_an_update_of_which_several_rows_fit_proves_nothing(run):
    """The runner sees in the data that T-SQL leaves the pick open; which one it took here is chance."""
    verdicts = set()
    for pick in ("min", "max"):
        found = run(UPDATE.format(where=""), TAKEN.format(pick=pick, where=""), target=True)
        verdicts.add(found.verdict)
        if found.verdict is Verdict.INCONCLUSIVE:
            assert "which of them wins is not defined in T-SQL" in found.reasons[0]
    assert Verdict.MATCH not in verdicts
    assert Verdict.INCONCLUSIVE in verdicts


def test_an_update_of_which_one_row_fits_does(run):
    found = run(
        UPDATE.format(where=" AND d.rate >= 5"),
        TAKEN.format(pick="min", where=" WHERE rate >= 5"),
        target=True,
    )
    assert found.verdict is Verdict.MATCH


def test_a_failed_run_still_has_its_hits(run):
    found = run("SELECT id, a / b AS x FROM stg.T", "SELECT id, no_such AS x FROM silver.t")
    assert found.failure is not None
    assert "INT_DIVISION" in {h.code for h in found.lint}
    [reason] = found.causes
    assert (reason.cause, reason.scope, reason.confidence) == ("EXECUTION_ERROR", WHOLE_ROW, "certain")
    assert "no_such" in reason.hint


def test_chance_makes_a_finding_not_deterministic(run):
    found = run("SELECT id, NEWID() AS x FROM stg.T", "SELECT id, uuid() AS x FROM silver.t")
    assert cause(found, "x").severity == Severity.RANDOM
