"""How rows pair: keys, duplicates, NULL in keys, no keys; and the shapes that conversions really produce."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pyarrow as pa
import pyarrow.compute
import pytest

from recon.errors import SpecError
from recon.model import Rule, TextPolicy, Tolerance, ToleranceKind
from recon.model_result import DuplicateSample, Verdict
from tests.compare.tables import kinds, table, value


def classes(result):
    r = result.rows
    return {
        "paired": r.paired,
        "equal": r.equal,
        "differing": r.differing,
        "missing": r.missing,
        "extra": r.extra,
    }


def rows(paired=0, equal=0, differing=0, missing=0, extra=0):
    return {"paired": paired, "equal": equal, "differing": differing, "missing": missing, "extra": extra}


def test_three_copies_against_one(bench):
    result = bench.compare(
        table(k=("int", [1, 1, 1]), v=("int", [5, 5, 5])), table(k=("int", [1]), v=("int", [5])), keys=["k"]
    )
    assert classes(result) == rows(paired=1, equal=1, missing=2)
    assert (result.rows.duplicate_keys.baseline, result.rows.duplicate_keys.candidate) == (1, 0)
    assert result.duplicate_samples == (DuplicateSample(key={"k": "1"}, baseline=3, candidate=1),)
    assert result.reasons[0] == "2 missing rows: 1 key occurs more than once in Synapse, for example k = 1"


def test_identical_duplicates_match(bench):
    two = table(k=("int", [1, 1, 2]), v=("text", ["a", "a", None]))
    result = bench.compare(two, two, keys=["k"])
    assert classes(result) == rows(paired=3, equal=3)
    assert result.verdict is Verdict.MATCH
    assert result.rows.duplicate_keys.baseline == result.rows.duplicate_keys.candidate == 1


def test_equal_rows_of_a_repeated_key_pair_first_and_the_rest_in_order(bench):
    one = table(k=("int", [1, 1, 1]), v=("int", [1, 2, 3]))
    other = table(k=("int", [1, 1, 1]), v=("int", [3, 1, 9]))
    result = bench.compare(one, other, keys=["k"])
    assert classes(result) == rows(paired=3, equal=2, differing=1)
    [sample] = result.samples
    assert (sample.baseline, sample.candidate) == ("2", "9")


def test_the_rest_of_a_repeated_key_pairs_in_sorted_order_null_first(bench):
    one = table(k=("int", [1] * 4), b=("int", [9, 5, 1, None]), a=("text", ["y", "x", "x", "x"]))
    other = table(k=("int", [1] * 4), b=("int", [6, 2, None, 10]), a=("text", ["x", "x", "z", "y"]))
    result = bench.compare(one, other, keys=["k"])
    # sorted by column name, so by a, then b: x NULL, x 1, x 5, y 9 against x 2, x 6, y 10, z NULL
    assert classes(result) == rows(paired=4, differing=4)
    pairs = {(s.column, s.baseline, s.candidate) for s in result.samples}
    assert pairs == {
        ("b", None, "2"), ("b", "1", "6"), ("b", "5", "10"), ("a", "x", "y"), ("b", "9", None), ("a", "y", "z"),
    }  # fmt: skip


def test_a_repeated_key_within_tolerance(bench):
    rule = Rule(tolerance=Tolerance(ToleranceKind.ABS, Decimal("0.01")))
    one = table(k=("int", [1, 1]), v=("decimal(9,2)", ["1.00", "5.00"]))
    other = table(k=("int", [1, 1]), v=("decimal(9,2)", ["5.00", "1.01"]))
    result = bench.compare(one, other, keys=["k"], rules={"v": rule})
    assert classes(result) == rows(paired=2, equal=2)
    assert value(result).forgiven == 1
    assert result.verdict is Verdict.MATCH


def test_null_in_keys_pairs_with_null_and_never_with_empty(bench):
    one = table(a=("text", ["x", None, None, ""]), b=("int", [None, 1, None, 7]), v=("int", [1, 2, 3, 4]))
    other = table(a=("text", ["x", None, "", ""]), b=("int", [None, 1, None, 7]), v=("int", [1, 9, 3, 4]))
    result = bench.compare(one, other, keys=["a", "b"])
    assert classes(result) == rows(paired=3, equal=2, differing=1, missing=1, extra=1)
    assert (result.rows.null_keys.baseline, result.rows.null_keys.candidate) == (3, 3)
    [missing, extra] = sorted(result.row_samples, key=lambda r: r.kind, reverse=True)
    assert (missing.key, extra.key) == ({"a": None, "b": None}, {"a": "", "b": None})


def test_keys_obey_their_text_rules(bench):
    one = table(code=("text", ["K1   ", "k2"]), v=("int", [1, 2]))
    other = table(code=("text", ["k1", "K2"]), v=("int", [1, 3]))
    strict = bench.compare(one, other, keys=["code"])
    assert classes(strict) == rows(missing=2, extra=2)
    rule = Rule(text=(TextPolicy.TRAILING_SPACES, TextPolicy.CASE))
    result = bench.compare(one, other, keys=["code"], rules={"code": rule})
    assert classes(result) == rows(paired=2, equal=1, differing=1)
    assert value(result, "code").forgiven == 2
    assert result.samples[0].key == {"code": "k2"}


def test_keys_of_different_types_pair_by_value(bench):
    one = table(k=("int", [1, 2, 3]), d=("date", [date(2024, 1, 1)] * 3))
    other = table(
        k=("decimal(38,10)", ["1", "2.0000000001", "3"]), d=("tz", [datetime(2024, 1, 1, tzinfo=UTC)] * 3)
    )
    assert classes(bench.compare(one, other, keys=["k", "d"])) == rows(paired=2, equal=2, missing=1, extra=1)


def test_minus_zero_and_nan_are_one_key_each(bench):
    one = table(k=("double", [0.0, float("nan"), 1.0]))
    other = table(k=("double", [-0.0, float("nan"), 1.0]))
    result = bench.compare(one, other, keys=["k"])
    assert classes(result) == rows(paired=3, equal=3)


def test_keys_joined_without_a_separator_would_be_equal(bench):
    one = table(a=("text", ["ab", "a"]), b=("text", ["c", "bc"]))
    other = table(a=("text", ["a", "abc"]), b=("text", ["bc", ""]))
    assert classes(bench.compare(one, other, keys=["a", "b"])) == rows(paired=1, equal=1, missing=1, extra=1)


def test_without_keys_rows_are_a_multiset(bench):
    one = table(a=("int", [1, 1, 2, None]), b=("text", ["x", "x", None, None]))
    other = table(a=("int", [1, 2, 2, None]), b=("text", ["x", None, None, None]))
    result = bench.compare(one, other)
    assert classes(result) == rows(paired=3, equal=3, missing=1, extra=1)
    assert (result.rows.duplicate_keys.baseline, result.rows.duplicate_keys.candidate) == (1, 1)
    assert result.rows.null_keys.baseline == 0  # no key was named
    assert [c.role for c in result.columns] == ["key", "key"]
    assert {r.kind: r.values for r in result.row_samples} == {
        "missing": {"a": "1", "b": "x"},
        "extra": {"a": "2", "b": None},
    }
    assert result.match_percentage == 60.0  # 6 of 10 cells
    assert result.rows_equal_percentage == 60.0


def test_empty_sides(bench):
    none, some = table(k=("int", []), v=("int", [])), table(k=("int", [1]), v=("int", [2]))
    both = bench.compare(none, none, keys=["k"])
    assert (both.verdict, both.match_percentage, both.rows_equal_percentage) == (
        Verdict.INCONCLUSIVE,
        None,
        None,
    )
    left = bench.compare(some, none, keys=["k"])
    assert (left.verdict, left.match_percentage, classes(left)) == (Verdict.NO_MATCH, 0.0, rows(missing=1))
    right = bench.compare(none, some, keys=["k"])
    assert (right.verdict, classes(right)) == (Verdict.NO_MATCH, rows(extra=1))


def test_137_seeded_differences_in_10_000_rows(bench):
    n = 10_000
    numbers = list(range(n))
    changed = [v + 1 if v % 73 == 0 else v for v in numbers]  # 137 of them
    one = table(k=("bigint", numbers), a=("bigint", numbers), b=("bigint", numbers))
    other = table(k=("bigint", numbers), a=("bigint", changed), b=("bigint", numbers)).take(
        pa.array(numbers[::-1])
    )
    result = bench.compare(one, other, keys=["k"], sample_rows=10)
    assert (value(result, "a").mismatches, value(result, "b").mismatches) == (137, 0)
    assert classes(result) == rows(paired=n, equal=n - 137, differing=137)
    assert len(result.samples) == 10
    assert result.match_percentage == 99.54  # 29 863 of 30 000, floored
    assert result.verdict is Verdict.PARTIAL


# --- Keys that cannot be used -----------------------------------------------------------------


def test_a_key_that_the_candidate_lacks_is_a_finding(bench):
    one = table(k=("int", [1, 2]), g=("int", [1, 1]), v=("int", [1, 2]))
    other = table(g=("int", [1, 1]), v=("int", [1, 2]))
    result = bench.compare(one, other, keys=["k", "g"])
    assert result.verdict is Verdict.PARTIAL
    assert result.schema.missing_columns == ("k",)
    assert any(r.startswith("the key k is missing from Databricks") for r in result.reasons)
    assert classes(result) == rows(paired=2, equal=2)


def test_a_key_that_cannot_be_compared_is_inconclusive(bench):
    one = table(k=("int", [1]), v=("int", [1]))
    other = table(k=("date", [date(1970, 1, 2)]), v=("int", [1]))
    result = bench.compare(one, other, keys=["k"])
    assert result.verdict is Verdict.INCONCLUSIVE
    assert any("key k has types that cannot be compared" in r for r in result.reasons)


def test_nothing_in_common(bench):
    result = bench.compare(table(a=("int", [1, 2])), table(b=("int", [1])), keys=[])
    assert result.verdict is Verdict.NO_MATCH
    assert result.match_percentage is None
    assert (result.schema.missing_columns, result.schema.extra_columns) == (("a",), ("b",))
    assert classes(result) == rows(paired=1, equal=1, missing=1)


@pytest.mark.parametrize(
    ("keys", "rules", "message", "remedy"),
    [
        (["idd"], {}, "the key idd names no column", "Did you mean id?"),
        (["id", "ID"], {}, "named twice", "once"),
        (["id"], {"amout": Rule()}, "names no column", "Did you mean amount?"),
        (["id"], {"amount": Rule(databricks="amnt")}, "names no column of Databricks", "amount"),
        (["id"], {"amount": Rule(), "AMOUNT": Rule()}, "two rules", "Merge"),
        (["id"], {"id": Rule(ignore="because")}, "a key and ignored", "keys"),
        (
            ["id"],
            {"id": Rule(tolerance=Tolerance(ToleranceKind.ABS, Decimal(1)))},
            "tolerance on a key",
            "keys",
        ),
        (
            [],
            {"amount": Rule(tolerance=Tolerance(ToleranceKind.ABS, Decimal(1)))},
            "tolerance on a key",
            "keys",
        ),
    ],
)
def test_a_spec_that_contradicts_the_data(bench, keys, rules, message, remedy):
    data = table(id=("int", [1]), amount=("int", [1]))
    with pytest.raises(SpecError, match=message) as error:
        bench.compare(data, data, keys=keys, rules=rules)
    assert remedy in error.value.hint


def test_segments_that_cannot_be(bench):
    data = table(id=("int", [1]), amount=("int", [1]))
    for segment, rules in (
        ("amnt", {}),
        ("amount", {"amount": Rule(sensitive=True)}),
        ("amount", {"amount": Rule(ignore="x")}),
    ):
        with pytest.raises(SpecError, match="segment"):
            bench.compare(data, data, keys=["id"], segment=segment, rules=rules)


# --- Columns ------------------------------------------------------------------------------------


def test_columns_pair_by_name_in_any_order_and_case(bench):
    one = table(Id=("int", [1]), Total=("int", [5]))
    other = table(TOTAL=("int", [5]), ID=("int", [1]))
    result = bench.compare(one, other, keys=["id"])
    assert [(c.name, c.candidate_name, c.role) for c in result.columns] == [
        ("Id", "ID", "key"),
        ("Total", "TOTAL", "value"),
    ]
    assert result.verdict is Verdict.MATCH


def test_columns_that_differ_only_in_case_pair_by_their_spelling(bench):
    one = pa.Table.from_arrays([pa.array([1]), pa.array([2]), pa.array([3])], ["k", "a", "A"])
    other = pa.Table.from_arrays([pa.array([1]), pa.array([3]), pa.array([2])], ["k", "A", "a"])
    result = bench.compare(one, other, keys=["k"])
    assert [(c.name, c.candidate_name, c.mismatches) for c in result.columns] == [
        ("k", "k", 0),
        ("a", "a", 0),
        ("A", "A", 0),
    ]
    assert result.verdict is Verdict.MATCH


def test_renamed_ignored_missing_and_extra_columns(bench):
    one = table(
        k=("int", [1]), RegionName=("text", ["DE"]), load_ts=("int", [1]), gone=("int", [1]), old=("int", [1])
    )
    other = table(
        k=("int", [1]),
        region_name=("text", ["DE"]),
        load_ts=("int", [2]),
        new=("int", [1]),
        batch=("int", [1]),
    )
    rules = {
        "regionname": Rule(databricks="Region_Name"),
        "load_ts": Rule(ignore="load time"),
        "old": Rule(ignore="not migrated on purpose"),
        "batch": Rule(ignore="written by the job"),
    }
    result = bench.compare(one, other, keys=["k"], rules=rules)
    assert (result.schema.missing_columns, result.schema.extra_columns) == (("gone",), ("new",))
    assert {i.column: i.reason for i in result.schema.ignored} == {
        "load_ts": "load time", "old": "not migrated on purpose", "batch": "written by the job",
    }  # fmt: skip
    assert value(result, "RegionName").candidate_name == "region_name"
    assert value(result, "load_ts").compared == 0
    assert result.verdict is Verdict.PARTIAL
    accepted = {**rules, "gone": Rule(ignore="a"), "new": Rule(ignore="b")}
    assert bench.compare(one, other, keys=["k"], rules=accepted).verdict is Verdict.MATCH


def test_names_of_any_kind(bench):
    names = ["select", "a b", 'quo"te', "semi;--", "b0", "c0", "here", "v1", "ünï", "{x}", "%s", "[id]"]
    one = pa.Table.from_arrays([pa.array([1, 2])] * len(names), names)
    changed = [pa.array([1, 3]) if n == 'quo"te' else pa.array([1, 2]) for n in names]
    result = bench.compare(one, pa.Table.from_arrays(changed, names), keys=["select"])
    assert {c.name: c.mismatches for c in result.columns if c.mismatches} == {'quo"te': 1}
    assert result.samples[0].column == 'quo"te'


@pytest.mark.parametrize(
    ("declared", "changed"),
    [
        (("decimal(18,2)", "DECIMAL(18,2)"), False),
        (("decimal(18, 2)", "decimal(38,2)"), True),
        (("money", "DECIMAL(19,4)"), True),
        (("int", "INT"), False),
        (("int", "BIGINT"), True),
        (("integer", "int"), False),
        (("bit", "BOOLEAN"), False),
        (("tinyint", "smallint"), True),
        (("float", "DOUBLE"), False),
        (("float", "FLOAT"), True),
        (("real", "FLOAT"), False),
        (("float(24)", "FLOAT"), False),
        (("numeric(10,0)", "DECIMAL(10)"), False),
    ],
)
def test_type_changes_of_numbers(bench, declared, changed):
    result = bench.cells(("decimal(9,2)", ["1.00"]), ("decimal(9,2)", ["1.00"]), declared=declared)
    assert [(t.baseline_type, t.candidate_type) for t in result.schema.type_changes] == (
        [declared] if changed else []
    )
    assert (value(result).baseline_type, value(result).candidate_type) == declared
    assert result.verdict is Verdict.MATCH  # a type change alone forbids nothing


@pytest.mark.parametrize(
    ("kind", "declared", "changed"),
    [
        ("text", ("nvarchar(50)", "STRING"), False),
        ("text", ("varchar(50)", "VARCHAR(20)"), True),
        ("text", ("uniqueidentifier", "string"), False),
        ("text", ("nvarchar(max)", "STRING"), False),
        ("ts", ("datetime2(7)", "TIMESTAMP"), False),
        ("ts", ("smalldatetime", "timestamp_ntz"), False),
        ("ts", ("datetimeoffset(7)", "TIMESTAMP"), False),
        ("ts", ("date", "TIMESTAMP"), True),
        ("binary", ("varbinary(16)", "BINARY"), False),
        ("binary", ("timestamp", "BINARY"), False),
    ],
)
def test_type_changes_of_the_rest(bench, kind, declared, changed):
    result = bench.cells((kind, [None]), (kind, [None]), declared=declared)
    assert len(result.schema.type_changes) == changed


# --- What conversions really do -------------------------------------------------------------------


def summary(**changes):
    """A small fact table: 3 months, 4 institutions, 3 corporations, 2 products."""
    keys = [
        (d, i, c, p)
        for d in (20240131, 20240229, 20240331)
        for i in range(4)
        for c in range(3)
        for p in range(2)
    ]
    columns = {
        "date_key": ("int", [k[0] for k in keys]),
        "institution_id": ("int", [k[1] for k in keys]),
        "corporation_id": ("int", [k[2] for k in keys]),
        "product_id": ("int", [k[3] for k in keys]),
        "income_amount": (
            "decimal(18,2)",
            [f"{100 * k[1] + k[2]}.{k[3]}5" if k[1] else "0.00" for k in keys],
        ),
    }
    return table(**{**columns, **{n: (columns[n][0], f(keys, columns[n][1])) for n, f in changes.items()}})


KEYS = ["date_key", "institution_id", "corporation_id", "product_id"]


def test_a_lost_default(bench):
    other = summary(
        income_amount=lambda keys, amounts: [a if k[1] else None for k, a in zip(keys, amounts, strict=True)]
    )
    result = bench.compare(summary(), other, keys=KEYS)
    assert result.reasons == ("income_amount: 18 cells, NULL instead of a value",)
    assert kinds(result, "income_amount") == {"null_vs_value": 18}
    assert (value(result, "income_amount").baseline_null, value(result, "income_amount").candidate_null) == (
        0,
        18,
    )
    assert [c.cause for c in result.causes] == ["NULL_NOT_HANDLED"]
    assert result.segments.column == "date_key"


def test_a_fan_out_over_a_dimension_with_versions(bench):
    data = summary()
    again = data.filter(pa.compute.equal(data["corporation_id"], 2))
    result = bench.compare(data, pa.concat_tables([data, again]), keys=KEYS)
    assert classes(result) == rows(paired=72, equal=72, extra=24)
    assert result.rows.duplicate_keys.candidate == 24
    assert result.reasons[0].startswith(
        "24 extra rows: 24 keys occur more than once in Databricks, for example date_key = "
    )
    assert result.causes[0].cause == "JOIN_FANOUT"
    assert "corporation_id = 2" in result.causes[0].hint
    assert len(result.duplicate_samples) == 24


def test_a_dropped_inner_join(bench):
    data = summary()
    five = data.filter(pa.compute.equal(data["product_id"], 0)).slice(0, 5)
    more = five.set_column(3, "product_id", pa.array([99] * 5, pa.int32()))
    result = bench.compare(data, pa.concat_tables([data, more]), keys=KEYS)
    assert classes(result)["extra"] == 5
    assert result.causes[0].cause == "DROPPED_JOIN"
    assert "All 5 extra rows have product_id = 99" in result.causes[0].hint


def test_scales_differ_and_three_cells_are_off(bench):
    amounts = [Decimal(i).scaleb(-4) for i in range(0, 40_000, 1_000)]
    off = [a + Decimal("0.01") if n in (3, 17, 31) else a for n, a in enumerate(amounts)]
    one = table(id=("int", list(range(40))), b=("decimal(18,4)", amounts))
    other = table(id=("int", list(range(40))), b=("decimal(38,10)", off))
    result = bench.compare(one, other, keys=["id"])
    assert kinds(result, "b") == {"value": 3}
    assert [t.column for t in result.schema.type_changes] == ["b"]
    assert result.causes[0].cause == "CONSTANT_SHIFT"
    assert "0.01" in result.causes[0].hint
    assert {s.baseline for s in result.samples} == {"0.3000", "1.7000", "3.1000"}


def test_the_empty_string_became_null(bench):
    one = table(id=("int", list(range(12))), t=("text", [""] * 10 + ["t6", "x"]))
    other = table(id=("int", list(range(12))), t=("text", [None] * 11 + ["x"]))
    result = bench.compare(one, other, keys=["id"])
    assert (value(result, "t").mismatches, value(result, "t").candidate_null) == (11, 11)
    assert result.causes[0].cause == "EMPTY_STRING_NULL"
    forgiving = bench.compare(one, other, keys=["id"], rules={"t": Rule(text=(TextPolicy.EMPTY_IS_NULL,))})
    assert (value(forgiving, "t").mismatches, value(forgiving, "t").forgiven) == (1, 10)


def test_padded_keys_do_not_line_up(bench):
    one = table(code=("text", [f"K{n:03}    " for n in range(6)]), v=("int", list(range(6))))
    other = table(code=("text", [f"K{n:03}" for n in range(6)]), v=("int", list(range(6))))
    result = bench.compare(one, other, keys=["code"])
    assert classes(result) == rows(missing=6, extra=6)
    assert (result.causes[0].cause, result.causes[0].scope) == ("TRAILING_SPACE", "code")
    padded = bench.compare(one, other, keys=["code"], declared=((("code", "char(8)"),), ()))
    assert padded.verdict is Verdict.MATCH
    assert value(padded, "code").forgiven == 6
