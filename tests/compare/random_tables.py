"""Random tables, how they are compared, and the laws of counting that every result obeys."""

from __future__ import annotations

import math
import os
from datetime import UTC, date, datetime, time
from decimal import Decimal

import pyarrow as pa
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st

from recon.model import Rule, TextPolicy, Tolerance, ToleranceKind
from recon.model_result import WHOLE_ROW, Verdict
from tests.compare import tables
from tests.compare.oracle import COLLATIONS, is_float, is_number

INSTANTS = [datetime(2024, 1, 31), datetime(2024, 1, 31, 0, 0, 1), datetime(9999, 12, 31, 23, 59, 59, 999999)]
POOLS = {
    "smallint": [0, 1, -32768],
    "int": [0, 1, -1, 2, 20240131],
    "bigint": [0, 1, -1, 2**53 + 1, 2**53, 2**63 - 1],
    "ubigint": [0, 1, 2**64 - 1],
    "bool": [True, False],
    "decimal(9,2)": [Decimal("0.00"), Decimal("1.50"), Decimal("-1.50"), Decimal("1.51")],
    "decimal(38,10)": [Decimal("1.5"), Decimal("0.0000000001"), Decimal("9999999999999999999999999999.0")],
    "decimal(38,0)": [Decimal(1), Decimal("99999999999999999999999999999999999999"), Decimal(-1), Decimal(0)],
    "double": [0.0, -0.0, math.nan, 1.5, 0.1, math.nextafter(0.1, 1), math.inf, 1.0, float(2**53), 1e300],
    "float": [0.0, 1.5, math.nan, 2.0, 2.000000238418579],
    "text": [
        "", "a", "A", "a ", " a", "1", "1.50", "01", "true", "x1", "é", "e\u0301", "É", "Ａ", "2024-01-31", "NaN",
        "1e0", "0x00FF", "00ff", "12:00", "12:00:00.5", "2", "1.500000000000000000000000000001", "ß", "Σ",
    ],
    "date": [date(2024, 1, 31), date(2024, 2, 29), date(9999, 12, 31)],
    "ts": INSTANTS,
    "tz": [i.replace(tzinfo=UTC) for i in INSTANTS],
    "time": [time(12), time(12, 0, 0, 500_000), time(23, 59, 59, 999_999)],
    "binary": [b"", b"\x00\xff", b"\xab", b"a"],
}  # fmt: skip
PAIRS = [(k, k) for k in POOLS] + [
    ("int", "bigint"), ("int", "decimal(9,2)"), ("int", "double"), ("bigint", "double"), ("bool", "int"),
    ("decimal(9,2)", "double"), ("decimal(9,2)", "decimal(38,10)"), ("decimal(38,10)", "decimal(38,0)"),
    ("float", "double"), ("date", "ts"), ("ts", "tz"), ("date", "tz"), ("decimal(9,2)", "text"),
    ("int", "text"), ("double", "text"), ("bool", "text"), ("date", "text"), ("ts", "text"), ("tz", "text"),
    ("time", "text"), ("binary", "text"), ("float", "text"), ("bigint", "decimal(38,0)"), ("bigint", "ubigint"),
    ("ubigint", "decimal(38,0)"), ("bool", "decimal(9,2)"), ("float", "decimal(9,2)"), ("decimal(38,10)", "double"),
    ("decimal(38,0)", "text"), ("smallint", "int"), ("bool", "double"),
]  # fmt: skip
KEYS = [
    ("int", "int"), ("int", "bigint"), ("text", "text"), ("date", "ts"), ("decimal(9,2)", "int"), ("int", "text"),
    ("double", "double"), ("binary", "binary"),
]  # fmt: skip
NUMERIC = [ToleranceKind.ABS, ToleranceKind.REL, ToleranceKind.PCT]
AMOUNTS = st.sampled_from([Decimal("0.01"), Decimal("0.5"), Decimal(0)])


def text_rule(draw):
    policies = draw(st.lists(st.sampled_from(list(TextPolicy)), unique=True, max_size=2))
    return Rule(text=tuple(policies), collation=draw(st.sampled_from(["", "", *COLLATIONS])))


def rule_for(draw, pair, *, tolerant):
    kinds = [k for k in pair if k != "text"]
    if "text" in pair and draw(st.booleans()):
        return text_rule(draw)
    if not (tolerant and kinds and draw(st.integers(0, 3)) == 0):  # large in SQL, so not too often
        return Rule()
    if all(is_number(k) for k in kinds):
        kind = draw(st.sampled_from([*NUMERIC, *[ToleranceKind.ULP] * any(map(is_float, kinds))]))
        amount = Decimal(draw(st.integers(0, 2))) if kind is ToleranceKind.ULP else draw(AMOUNTS)
        return Rule(tolerance=Tolerance(kind, amount))
    if kinds[0] == "binary":
        return Rule()
    return Rule(tolerance=Tolerance(ToleranceKind.SECS, Decimal(1)))


@st.composite
def cases(draw):
    keyed = draw(st.booleans())
    keys = draw(st.lists(st.sampled_from(KEYS), min_size=1, max_size=2)) if keyed else []
    values = draw(st.lists(st.sampled_from(PAIRS), min_size=not keyed, max_size=2))
    if draw(st.booleans()):
        values = [p[::-1] for p in values]
    columns = [(f"k{i}", *p, rule_for(draw, p, tolerant=False)) for i, p in enumerate(keys)]
    columns += [(f"v{i}", *p, rule_for(draw, p, tolerant=keyed)) for i, p in enumerate(values)]
    kinds = [[c[side] for c in columns] for side in (1, 2)]

    def row(side):
        return st.tuples(*(st.none() | st.sampled_from(POOLS[k]) for k in kinds[side]))

    baseline = draw(st.lists(row(0), max_size=7))
    candidate = draw(st.lists(row(1), max_size=3))
    if kinds[0] == kinds[1] or draw(st.booleans()):
        for values in baseline:  # most rows arrive, some twice
            if all(a == b for a, b in zip(*kinds, strict=True)):
                candidate += [values] * draw(st.sampled_from([0, 1, 1, 1, 2]))
    return columns, [c[0] for c in columns if c[0][0] == "k"], baseline, draw(st.permutations(candidate))


def arrow(columns, rows, side):
    data = [[r[i] for r in rows] for i in range(len(columns))]
    return pa.Table.from_arrays(
        [tables.column(c[1 + side], v) for c, v in zip(columns, data, strict=True)], [c[0] for c in columns]
    )


def run(bench, columns, keys, baseline, candidate, **spec):
    return bench.compare(
        arrow(columns, baseline, 0),
        arrow(columns, candidate, 1),
        keys=keys,
        rules={c[0]: c[3] for c in columns},
        **spec,
    )


def counts(rows):
    return {
        **{
            n: getattr(rows, n)
            for n in ("baseline", "candidate", "paired", "equal", "differing", "missing", "extra")
        },
        "duplicate_keys": (rows.duplicate_keys.baseline, rows.duplicate_keys.candidate),
        "null_keys": (rows.null_keys.baseline, rows.null_keys.candidate),
    }


def cells(column):
    return {n: getattr(column, n) for n in ("mismatches", "forgiven", "baseline_null", "candidate_null")}


def obey_the_laws(result):
    rows = result.rows
    assert rows.baseline == rows.paired + rows.missing
    assert rows.candidate == rows.paired + rows.extra
    assert rows.paired == rows.equal + rows.differing
    for column in result.columns:
        assert column.mismatches == sum(k.cells for k in column.causes)
        assert column.mismatches <= rows.differing
        found = [c.mismatches for c in result.segments.cells if c.column == column.name]
        assert sum(found) == column.mismatches
    whole = [c for c in result.segments.cells if c.column == WHOLE_ROW]
    assert sum(c.mismatches for c in whole) == rows.missing + rows.extra
    assert sum(c.rows for c in whole) == rows.paired + rows.missing + rows.extra
    clean = rows.differing == rows.missing == rows.extra == 0
    assert (result.verdict is Verdict.MATCH) == (clean and rows.baseline > 0)
    assert (result.match_percentage == 100.0) == (clean and rows.baseline > 0)


MANY = settings(
    max_examples=500 if os.environ.get("CI") else 100,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],  # cases are small as they are; making them smaller takes minutes
)
SOME = settings(MANY, max_examples=40 if os.environ.get("CI") else 12)
