"""Reasons for missing and extra rows, and the condition that tells some rows from the others."""

from __future__ import annotations

import random
from datetime import date, datetime, timedelta

import pyarrow as pa
import pytest

from recon.compare import fingerprints
from recon.model import Rule
from recon.model_result import WHOLE_ROW, Severity
from tests.compare.tables import table

DAY = date(2024, 1, 31)


def orders(n=200, **changed):
    """Orders with a region, an amount, a flag and a day; a whole column may be replaced."""
    columns = {
        "id": ("int", list(range(n))),
        "region": ("text", [("DE", "AT", "CH", "FR", None)[i * 7 % 5] for i in range(n)]),
        "amount": ("decimal(18,2)", [(i * 37 % 101) - 30 for i in range(n)]),
        "closed": ("bool", [i % 11 == 0 for i in range(n)]),
        "day": ("date", [DAY + timedelta(days=i * 13 % 60) for i in range(n)]),
        "loaded": ("ts", [datetime(2024, 1, 1) + timedelta(hours=5 * (i * 13 % 60)) for i in range(n)]),
        "value": ("int", [i * i % 1009 for i in range(n)]),
    }
    return table(**columns | changed)


def wrong_where(data, holds, noise=lambda i: 17 * i + 3):
    """The candidate: another value in the rows that fulfil the condition."""
    rows = data.to_pylist()
    values = [noise(i) % 5000 + 2000 if holds(row) else row["value"] for i, row in enumerate(rows)]
    return data.set_column(data.schema.get_field_index("value"), "value", pa.array(values, pa.int32()))


def only(causes, scope="value"):
    [cause] = [c for c in causes if c.scope == scope]
    return cause


@pytest.mark.parametrize(
    ("holds", "said"),
    [
        (lambda r: r["amount"] < 0, "amount < 0"),
        (lambda r: r["amount"] > 50, "amount > 50"),
        (lambda r: r["region"] == "DE", "region = DE"),
        (lambda r: r["region"] is None, "region = NULL"),
        (lambda r: r["region"] in ("AT", "CH"), "region = AT or CH"),
        (lambda r: r["closed"], "closed = true"),
        (lambda r: r["day"] >= date(2024, 3, 10), "day ≥ 2024-03-10"),
        (lambda r: r["id"] >= 150, "id ≥ 150"),
        (lambda r: date(2024, 2, 10) <= r["day"] <= date(2024, 2, 20), "day from 2024-02-10 to 2024-02-20"),
    ],
)
def test_one_condition_tells_the_differing_rows_apart(bench, holds, said):
    data = orders()
    cause = only(bench.compare(data, wrong_where(data, holds), keys=["id"]).causes)
    n = sum(holds(row) for row in data.to_pylist())
    assert (cause.cause, cause.cells, cause.share) == ("CASE_LOGIC_CHANGED", n, 100.0)
    assert cause.where == f"all {n} have {said}, and no other row has"


def test_most_of_the_differing_rows_share_a_value(bench):
    data = orders(1000)
    exceptions = {3, 333}

    def holds(row):
        return (row["region"] == "DE" and row["id"] % 2 == 0) or row["id"] in exceptions

    assert all(data["region"][i].as_py() != "DE" for i in exceptions)
    cause = only(bench.compare(data, wrong_where(data, holds), keys=["id"]).causes)
    assert cause.cause == "VALUE_DIFF"
    assert cause.where == "98 % of them (100 of 102) have region = DE, against 20 % of all rows"


def test_a_known_reason_says_where_it_holds(bench):
    data = orders()
    nulls = [None if row["region"] == "FR" else row["value"] for row in data.to_pylist()]
    other = data.set_column(data.schema.get_field_index("value"), "value", pa.array(nulls, pa.int32()))
    cause = only(bench.compare(data, other, keys=["id"]).causes)
    assert cause.cause == "NULL_NOT_HANDLED" and "region = FR" in cause.where


def test_no_claim_without_support(bench):
    data = orders()
    few = bench.compare(data, wrong_where(data, lambda r: r["id"] in (5, 10, 15, 20)), keys=["id"])
    assert only(few.causes).where == ""  # four rows, all in one region
    most = bench.compare(data, wrong_where(data, lambda r: r["amount"] > -20), keys=["id"])
    assert only(most.causes).where == ""  # true of nearly every row anyway
    for seed in range(5):
        drawn = set(random.Random(seed).sample(range(200), 8 + 10 * seed))
        spread = bench.compare(data, wrong_where(data, lambda r, drawn=drawn: r["id"] in drawn), keys=["id"])
        assert only(spread.causes).where == ""


def test_a_sensitive_column_is_named_in_no_condition(bench):
    data = orders()
    other = wrong_where(data, lambda r: r["region"] == "DE")
    cause = only(bench.compare(data, other, keys=["id"], rules={"region": Rule(sensitive=True)}).causes)
    assert "region" not in cause.where and "DE" not in cause.where


def test_a_condition_is_counted_over_all_rows(bench):
    n = 40_000
    value = pa.array([i * i % 1009 for i in range(n)])
    region = pa.array([("DE", "AT", "CH", "FR")[i * 7 % 4] for i in range(n)])
    changed = pa.array(
        [
            7 * i % 4999 + 2000 if (i * 7 % 4 == 0 and i % 3) or i % 4001 == 1 else i * i % 1009
            for i in range(n)
        ]
    )
    ours = pa.table({"id": range(n), "region": region, "value": value})
    theirs = pa.table({"id": range(n), "region": region, "value": changed})
    cause = only(bench.compare(ours, theirs, keys=["id"]).causes)
    differing = sum(a != b for a, b in zip(value.to_pylist(), changed.to_pylist(), strict=True))
    german = sum(
        a != b and r == "DE"
        for a, b, r in zip(value.to_pylist(), changed.to_pylist(), region.to_pylist(), strict=True)
    )
    assert differing > german >= 6_600
    assert (
        cause.where
        == f"99 % of them ({german:,} of {differing:,}) have region = DE, against 25 % of all rows"
    )


# --- Rows -----------------------------------------------------------------------------------


def without(data, holds):
    return data.filter(pa.array([not holds(row) for row in data.to_pylist()]))


def row_cause(bench, ours, theirs, keys=("id",)):
    [cause] = bench.compare(ours, theirs, keys=list(keys)).causes
    assert (cause.scope, cause.severity, cause.share) == (WHOLE_ROW, Severity.ROWS, 100.0)
    return cause


def test_an_empty_side(bench):
    data, none = orders(4), orders(4).slice(0, 0)
    lost = row_cause(bench, data, none)
    assert (lost.cause, lost.cells) == ("EMPTY_SIDE", 4) and "Databricks has no rows" in lost.hint
    assert "Synapse has no rows" in row_cause(bench, none, data).hint
    total = table(g=("text", [None]), n=("int", [0]))
    assert row_cause(bench, total, total.slice(0, 0), ["g"]).cause == "EMPTY_GROUPING"


@pytest.mark.parametrize(
    ("holds", "missing", "extra", "said"),
    [
        (lambda r: r["region"] == "FR", "JOIN_TYPE", "MISSING_FILTER", "region = FR"),
        (lambda r: r["region"] is None, "NULL_JOIN_KEY", "JOIN_TYPE", "region = NULL"),
        (lambda r: r["region"] in ("FR", "CH"), "JOIN_TYPE", "MISSING_FILTER", "region = CH or FR"),
        (lambda r: r["amount"] < 0, "JOIN_TYPE", "MISSING_FILTER", "amount < 0"),
        (lambda r: r["closed"], "JOIN_TYPE", "MISSING_FILTER", "closed = true"),
        (lambda r: r["day"] == date(2024, 3, 30), "BOUNDARY_INCLUSIVE", "BOUNDARY_INCLUSIVE", "2024-03-30"),
        (lambda r: r["amount"] == 70, "BOUNDARY_INCLUSIVE", "BOUNDARY_INCLUSIVE", "amount = 70"),
        (
            lambda r: r["loaded"] >= datetime(2024, 1, 13),
            "BOUNDARY_INCLUSIVE",
            "BOUNDARY_INCLUSIVE",
            "2024-01-13",
        ),
    ],
    ids=["value", "NULL", "values", "threshold", "flag", "last date", "largest amount", "last day"],
)
def test_missing_and_extra_rows_that_share_something(bench, holds, missing, extra, said):
    data = orders()
    less = without(data, holds)
    n = data.num_rows - less.num_rows
    lost = row_cause(bench, data, less)
    assert (lost.cause, lost.cells) == (missing, n) and said in f"{lost.hint} {lost.where}"
    added = row_cause(bench, less, data)
    assert (added.cause, added.cells) == (extra, n) and said in f"{added.hint} {added.where}"


def test_a_null_that_all_missing_rows_share_may_be_no_join_key(bench):
    data = orders()
    lost = row_cause(bench, data, without(data, lambda r: r["region"] is None))
    assert (lost.cause, lost.confidence) == ("NULL_JOIN_KEY", "possible")
    assert "If it is joined by" in lost.hint and "If it comes from an outer join" in lost.hint


SCATTERED = (3, 50, 77, 121, 160, 199)


def test_rows_that_share_nothing_stay_unexplained(bench):
    data = orders()
    less = without(data, lambda r: r["id"] in SCATTERED)
    for one, other in ((data, less), (less, data)):
        rest = row_cause(bench, one, other)
        assert (rest.cause, rest.cells, rest.confidence, rest.where) == ("VALUE_DIFF", 6, "possible", "")


def test_what_is_left_of_the_rows_stays_unexplained(bench):
    data = orders()
    less = without(data, lambda r: r["id"] in SCATTERED)
    germans = without(data, lambda r: r["region"] == "DE").num_rows
    ours = without(data, lambda r: r["region"] == "DE" and r["id"] not in SCATTERED)
    wrong = wrong_where(less, lambda r: r["id"] % 50 == 11)
    causes = bench.compare(ours, wrong, keys=["id"]).causes
    told = [(c.cause, c.scope) for c in causes]
    assert told[0] == ("MISSING_FILTER", WHOLE_ROW), "a reason goes before what has none"
    explained, [rest] = causes[0].cells, [c for c in causes if c.scope == WHOLE_ROW][1:]
    assert rest.cause == "VALUE_DIFF" and rest.cells == 6
    assert explained == 200 - germans - sum(
        r["region"] == "DE" for r in data.to_pylist() if r["id"] in SCATTERED
    )
    assert rest.share == int(10_000 * 6 / (6 + explained)) / 100


def test_one_row_is_unexplained_too(bench):
    data = orders()
    assert row_cause(bench, data, data.slice(1)).cause == "VALUE_DIFF"


def test_rows_that_came_twice_leave_the_others_unexplained(bench):
    data = orders(60)
    ours = without(data, lambda r: r["id"] in (7, 31))
    first, *others = bench.compare(ours, pa.concat_tables([data, data.slice(3, 1)]), keys=["id"]).causes
    assert (first.cause, first.cells) == ("DUPLICATE_ROWS", 1)
    assert [(c.cause, c.cells, c.share) for c in others] == [("VALUE_DIFF", 2, 66.66)]


def test_a_dropped_join_and_a_date_key(bench):
    ours = table(
        d=("int", [20240101 + n for n in range(30)]),
        p=("int", [n % 4 for n in range(30)]),
        v=("int", [1] * 30),
    )
    theirs = pa.concat_tables([
        ours, table(d=("int", [20240103, 20240104, 20240106]), p=("int", [99] * 3), v=("int", [1] * 3))
    ])  # fmt: skip
    joined = row_cause(bench, ours, theirs, ["d", "p"])
    assert joined.cause == "DROPPED_JOIN" and "All 3 extra rows have p = 99" in joined.hint
    twice = pa.concat_tables([ours, ours.slice(29, 1).set_column(1, "p", pa.array([8], pa.int32()))])
    last = without(twice, lambda r: r["d"] == 20240130)
    bound = row_cause(bench, twice, last, ["d", "p"])
    assert (bound.cause, bound.confidence) == ("BOUNDARY_INCLUSIVE", "possible")
    assert "last d, 20240130" in bound.hint


def test_duplicates(bench):
    data = orders(60)
    copies = row_cause(bench, data, pa.concat_tables([data, data.slice(0, 40)]))
    assert (copies.cause, copies.cells) == ("UNION_ALL", 40) and "40 keys have duplicate rows" in copies.hint
    one = row_cause(bench, data, pa.concat_tables([data, data.slice(3, 1)]))
    assert (one.cause, one.cells) == ("DUPLICATE_ROWS", 1)
    ours = row_cause(bench, pa.concat_tables([data, data.slice(0, 9)]), data)
    assert (ours.cause, ours.cells) == ("DUPLICATE_ROWS", 9) and "in Synapse" in ours.hint
    germans = data.filter(pa.compute.equal(data["region"], "DE"))
    fanned = row_cause(bench, data, pa.concat_tables([data, germans]))
    assert (fanned.cause, fanned.cells) == ("JOIN_FANOUT", 12) and "region = DE" in fanned.hint
    both = data.filter(pa.compute.is_in(data["region"], pa.array(["DE", "FR"])))
    fanned = row_cause(bench, data, pa.concat_tables([data, both]))
    assert fanned.cause == "JOIN_FANOUT" and "region = DE or FR" in fanned.hint


KEYS = [f"ab{n:04}" for n in range(12)]


@pytest.mark.parametrize(
    ("code", "ours", "theirs"),
    [
        ("KEY_FORMAT", [f"{n:04}" for n in range(12)], [f"{n}" for n in range(12)]),
        ("KEY_FORMAT", KEYS, [f" {k.upper()}" for k in KEYS]),
        ("COLLATION_CASE", [k.upper() for k in KEYS], KEYS),
        ("TRAILING_SPACE", [f"{k}  " for k in KEYS], KEYS),
        ("UNICODE_FORM", [f"é{k}" for k in KEYS], [f"e\u0301{k}" for k in KEYS]),
    ],
)
def test_keys_in_another_form(bench, code, ours, theirs):
    one, other = (table(code=("text", k), v=("int", list(range(12)))) for k in (ours, theirs))
    [cause] = bench.compare(one, other, keys=["code"]).causes
    assert (cause.cause, cause.scope, cause.cells, cause.severity) == (code, "code", 24, Severity.ROWS)


def test_some_keys_in_another_form(bench):
    ours = table(code=("text", [k.upper() if n < 4 else k for n, k in enumerate(KEYS)]), v=("int", [1] * 12))
    theirs = table(code=("text", [*KEYS[:10], "new1", "new2"]), v=("int", [1] * 12))
    causes = bench.compare(ours, theirs, keys=["code"]).causes
    assert (causes[0].cause, causes[0].cells, causes[0].share) == ("COLLATION_CASE", 8, 66.66)


@pytest.mark.parametrize(
    ("code", "spelled"),
    [("COLLATION_CASE", lambda k: k.upper()), ("TRAILING_SPACE", lambda k: k + "  ")],
)
def test_groups_that_fall_apart_by_case_or_blanks(bench, code, spelled):
    one = table(g=("text", KEYS), y=("int", [1] * 12), n=("int", [10] * 12))
    apart = [spelled(k) for k in KEYS[:5]]
    several = table(g=("text", [*KEYS, *apart]), y=("int", [1] * 17), n=("int", [10] * 7 + [5] * 10))
    for ours, theirs, which in ((one, several, "extra"), (several, one, "missing")):
        first, *_ = bench.compare(ours, theirs, keys=["g", "y"]).causes
        assert (first.cause, first.scope, first.cells, first.share) == (code, WHOLE_ROW, 5, 100.0)
        assert first.confidence == "likely" and f"5 {which} rows have the key of a row" in first.hint
    others = table(g=("text", [*KEYS, "new1", "new2", "new3"]), y=("int", [1] * 15), n=("int", [10] * 15))
    assert [c.cause for c in bench.compare(one, others, keys=["g", "y"]).causes] == ["VALUE_DIFF"]
    # the same texts under another second key are other rows
    moved = table(g=("text", [*KEYS, *apart]), y=("int", [1] * 12 + [2] * 5), n=("int", [10] * 17))
    assert code not in {c.cause for c in bench.compare(one, moved, keys=["g", "y"]).causes}


@pytest.mark.parametrize(("kind", "default"), [("int", -1), ("text", "none"), ("date", date(1900, 1, 1))])
def test_a_default_for_null_in_a_key(bench, kind, default):
    values = {
        "int": [5, 6, 7],
        "text": ["a", "b", "c"],
        "date": [DAY, DAY + timedelta(1), DAY + timedelta(2)],
    }[kind]
    held = [values[n % 3] if n % 4 else None for n in range(24)]
    filled = [default if v is None else v for v in held]
    plain, kept = (
        table(g=(kind, column), m=("int", list(range(24))), n=("int", [n * 7 for n in range(24)]))
        for column in (held, filled)
    )
    for ours, theirs, side in ((kept, plain, "Databricks"), (plain, kept, "Synapse")):
        [cause] = bench.compare(ours, theirs, keys=["g", "m"]).causes
        assert (cause.cause, cause.scope, cause.cells, cause.share) == ("NULL_NOT_HANDLED", "g", 12, 100.0)
        assert cause.hint.startswith(f"NULL on one side only: {side} has NULL in the key where")
        assert cause.confidence == "likely" and str(default) in cause.hint


def test_other_keys_beside_null_are_no_default(bench):
    keys = [(None if n % 4 == 0 else n, n) for n in range(24)]
    several = [(100 + n if g is None else g, n) for n, (g, _) in enumerate(keys)]
    others = [(-1, 1000 + n) if g is None else (g, n) for n, (g, _) in enumerate(keys)]
    few = [(-1 if g is None and m < 8 else g, m) for g, m in keys]
    for changed in (several, others, few):
        ours, theirs = (
            table(g=("int", [g for g, _ in k]), m=("int", [m for _, m in k]), v=("int", [1] * 24))
            for k in (keys, changed)
        )
        causes = bench.compare(ours, theirs, keys=["g", "m"]).causes
        assert "NULL_NOT_HANDLED" not in {c.cause for c in causes}


def test_an_empty_key_beside_null(bench):
    ours = table(a=("text", ["", "", "", "x"]), b=("int", [1, 2, 3, 4]), v=("int", [1] * 4))
    theirs = table(a=("text", [None, None, None, "x"]), b=("int", [1, 2, 3, 4]), v=("int", [1] * 4))
    [cause] = bench.compare(ours, theirs, keys=["a", "b"]).causes
    assert (cause.cause, cause.cells) == ("EMPTY_STRING_NULL", 6)


def customers(keys, content=lambda n: n):
    return table(
        sk=("bigint", keys),
        name=("text", [f"B{content(n)}" for n in range(len(keys))]),
        born=("date", [DAY - timedelta(days=37 * n % 900) for n in range(len(keys))]),
        score=("double", [n / 3 if n % 9 else None for n in range(len(keys))]),
    )


@pytest.mark.parametrize("small", [0, 500_000])
def test_a_key_that_is_drawn_anew(bench, monkeypatch, small):
    monkeypatch.setattr(fingerprints, "SMALL", small)  # whether the rows' other values are at hand
    n = 60
    ours = customers(list(range(n)))
    drawn = customers([100 + 7 * i for i in range(n)])
    [cause] = bench.compare(ours, drawn, keys=["sk"]).causes
    assert (cause.cause, cause.scope, cause.cells, cause.share) == ("SURROGATE_KEY", "sk", 120, 100.0)
    assert cause.severity == Severity.ROWS
    # some only: the new rows of an incremental load
    some = customers([i if i < 40 else 100 + i for i in range(n)])
    [cause] = bench.compare(ours, some, keys=["sk"]).causes
    assert (cause.cause, cause.cells) == ("SURROGATE_KEY", 40)


def test_other_rows_are_no_key_that_is_drawn_anew(bench):
    n = 60
    ours, keys = customers(list(range(n))), [100 + 7 * i for i in range(n)]
    others = customers(keys, lambda i: i if i < 50 else 1000 + i)
    two = pa.concat_tables([ours, ours.slice(0, 30).set_column(0, "sk", pa.array(range(500, 530)))])
    again = pa.concat_tables([two.set_column(0, "sk", pa.array(range(1000, 1090)))])
    alike = [table(sk=("int", k), status=("text", ["open"] * n)) for k in (list(range(n)), keys)]
    for one, other in ((ours, others), (two, again), tuple(alike), (ours, customers(keys[:-1]))):
        causes = bench.compare(one, other, keys=["sk"]).causes
        assert "SURROGATE_KEY" not in {c.cause for c in causes}


def test_columns_of_one_side_are_named_after_what_differs(bench):
    one = table(k=("int", [1, 2]), v=("int", [0, 0]), gone=("int", [1, 1]))
    other = table(k=("int", [1, 2]), v=("int", [None, None]), new=("int", [1, 1]))
    found = [(c.cause, c.scope) for c in bench.compare(one, other, keys=["k"]).causes]
    assert found == [("NULL_NOT_HANDLED", "v"), ("COLUMN_MISSING", "gone"), ("COLUMN_EXTRA", "new")]


def test_a_renamed_column(bench):
    ours = table(k=("int", [1, 2, 3]), RegionName=("text", ["a", "b", "c"]), fee=("int", [7, 8, 9]))
    theirs = table(k=("int", [1, 2, 3]), region_name=("text", ["a", "b", "c"]), charge=("int", [7, 8, 9]))
    found = {
        c.scope: c for c in bench.compare(ours, theirs, keys=["k"]).causes if c.cause == "COLUMN_RENAMED"
    }
    assert (
        found["RegionName"].confidence == "likely"
        and 'databricks = "region_name"' in found["RegionName"].hint
    )
    assert found["fee"].confidence == "possible" and "charge" in found["fee"].hint
    other = table(k=("int", [1, 2, 3]), charge=("int", [7, 8, 10]))
    found = bench.compare(table(k=("int", [1, 2, 3]), fee=("int", [7, 8, 9])), other, keys=["k"]).causes
    assert [c.cause for c in found] == ["COLUMN_MISSING", "COLUMN_EXTRA"]
