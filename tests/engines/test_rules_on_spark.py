"""Rules and masks mean the same on Spark as on DuckDB, value by value."""

from __future__ import annotations

from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from recon.compare import dialect as d
from recon.compare import rules
from recon.compare import trees as t
from recon.compare.masking import masked
from recon.compare.plan import make_plan
from recon.compare.spec import Side, Spec
from recon.connectors.local.comparer import duckdb_comparer
from recon.connectors.spark.comparer import spark_comparer
from recon.model import Rule, TableRef, Tolerance, ToleranceKind
from tests.compare.tables import column
from tests.compare.test_rules import BIG, TEXTS, TINY

pytestmark = pytest.mark.spark
WORDS = [(one, other) for one, other, _ in TEXTS]
FLOATS = [
    (0.1 + 0.2, 0.3), (TINY, -TINY), (0.0, -0.0), (BIG, float("inf")), (float("nan"), float("nan")),
    (1.0, 1.0000000000000004), (None, 0.0), (-1.5, -1.5000000000000002), (0.0, TINY),
]  # fmt: skip
SINGLES = [(0.5, 0.50000006), (0.5, 0.5000001), (-1.0, 1.0), (None, None), (3.0, 3.0)]
MONEY = [("200.00", "199.00"), ("200.00", "198.99"), ("0.00", "0.01"), (None, "0.00"), ("-5.00", "5.00")]


def tolerance(kind, amount):
    return Rule(tolerance=Tolerance(ToleranceKind(kind), Decimal(amount)))


CASES = [
    (("text", "text"), WORDS, Rule(collation="Latin1_General_100_CI_AI")),
    (("text", "text"), WORDS, Rule(collation="Turkish_100_CI_AS")),
    (("double", "double"), FLOATS, tolerance("ulp", "2")),
    (("float", "float"), SINGLES, tolerance("ulp", "1")),
    (("decimal(18,2)", "decimal(12,2)"), MONEY, tolerance("pct", "0.5")),
    (("text", "text"), [("ada", "bob"), ("bob", "ada"), (None, "ada")], Rule(sensitive=True)),
    (("int", "bigint"), [(1, 2), (2, 1), (None, 1)], Rule(sensitive=True)),
    (("binary", "binary"), [(b"\x00", b"\xff"), (b"\xff", b"\x00"), (None, b"\x00")], Rule(sensitive=True)),
]  # fmt: skip
ROWS = max(len(pairs) for _, pairs, _ in CASES)
NAMES = [f"v{n}" for n in range(len(CASES))]


def write(folder, side):
    """One side as a file; short columns are filled up with NULL."""
    arrays = [column(k[side], [p[side] for p in ps] + [None] * (ROWS - len(ps))) for k, ps, _ in CASES]
    file = folder / f"side{side}.parquet"
    pq.write_table(pa.table([pa.array(range(ROWS)), *arrays], ["k", *NAMES]), file)
    return str(file)


def answers(engine, urls):
    """For each row, in order: whether each column's cells are equal, and what is shown of the masked ones."""
    sides = [TableRef("sides", name) for name in ("b", "c")]
    for side, url in zip(sides, urls, strict=True):
        engine.attach(side, [url])
    spec = Spec(
        rules=dict(zip(NAMES, (rule for _, _, rule in CASES), strict=True)), mask_key="a secret", keys=("k",)
    )
    plan = make_plan(spec, *(Side(table=s) for s in sides), tuple(engine.columns(s) for s in sides))
    columns = [t.column("c0", "b")]
    for i, pair in enumerate(plan.compared[1:], start=1):
        common = plan.common(i)
        cells = [t.column(f"c{i}", which) for which in "bc"]
        forms = [
            rules.normal(common, pair.rule, x, v)
            for x, v in zip((common.baseline, common.candidate), cells, strict=True)
        ]
        columns.append(t.named(rules.equal(common, pair.rule, *forms), f"e{i}"))
        if pair.rule.sensitive:
            printed = [d.hexadecimal(v) if pair.baseline.spelled == "BLOB" else d.as_text(v) for v in cells]
            shown = zip("bc", cells, printed, strict=True)
            columns += [t.named(masked(plan, i, which, v, p), f"{which}m{i}") for which, v, p in shown]
    aliased = [
        t.inner(
            t.select([t.named(t.column(f"c{n}"), f"c{n}") for n in range(len(CASES) + 1)], positioned(s)), w
        )
        for s, w in zip(sides, "bc", strict=True)
    ]
    joined = t.join(aliased[1], t.equals(t.column("c0", "b"), t.column("c0", "c")))
    return engine.query(
        t.sorted_by(t.select(columns, aliased[0], joins=[joined]), [t.ordered(t.column("c0", "b"))])
    )


def positioned(ref):
    from sqlglot import exp

    names = [exp.to_identifier(f"c{n}") for n in range(len(CASES) + 1)]
    rows = t.table(ref)
    rows.set("alias", exp.TableAlias(this=exp.to_identifier("t"), columns=names))
    return rows


def test_both_engines_say_the_same(spark_worlds, tmp_path):
    urls = [write(tmp_path, side) for side in (0, 1)]
    with duckdb_comparer(tmp_path / "duck") as duck:
        expected = answers(duck, urls)
    with spark_comparer(spark_worlds, tmp_path / "spark") as spark:
        found = answers(spark, urls)
    assert found == expected
    equal = {n: [row[f"e{n}"] for row in found] for n in range(1, len(CASES) + 1)}
    assert equal[1][: len(WORDS)] == ["CI_AI" in " ".join(same) for _, _, same in TEXTS]
    assert equal[2][: len(WORDS)] == ["Turkish" in " ".join(same) for _, _, same in TEXTS]
    assert equal[3][: len(FLOATS)] == [True, True, True, False, True, True, False, True, True]
    assert equal[4][: len(SINGLES)] == [True, False, False, True, True]
    assert equal[5][: len(MONEY)] == [True, False, False, False, False]
    marks = [(row["bm6"], row["cm6"]) for row in found[:3]]
    assert marks[0][0] == marks[1][1] == marks[2][1] != marks[0][1] == marks[1][0]
    assert marks[2][0] is None
    assert "ada" not in repr(marks)
