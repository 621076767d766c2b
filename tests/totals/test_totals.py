"""Control totals against Python's own exact arithmetic."""

from __future__ import annotations

import math
import random
import sys
from decimal import Decimal, localcontext
from fractions import Fraction

import pytest

from recon.compare.samples import MASK
from recon.errors import SpecError
from recon.model import Rule, TextPolicy
from recon.model_result import Totals
from tests.compare.tables import table


def test_a_difference_of_one_and_a_cent(totals):
    one = totals.column(("decimal(18,2)", ["123456789.01"]), ("decimal(18,2)", ["123456790.02"]))
    assert (one.baseline.sum, one.candidate.sum, one.difference) == ("123456789.01", "123456790.02", "1.01")
    assert one.differs == ("sum", "min", "max") and not one.equal


def test_bigints_beyond_2_to_the_63(totals):
    high = [2**63 - 1] * 5
    found = totals.column(("bigint", high), ("bigint", [*high[1:], 2**63 - 2]))
    assert found.baseline.sum == str(5 * (2**63 - 1))
    assert found.difference == "-1" and found.differs == ("distinct", "sum", "min")
    low = totals.column(("bigint", [-(2**63)] * 3)).baseline
    assert (low.sum, low.min, low.max) == (str(-3 * 2**63), str(-(2**63)), str(-(2**63)))
    assert totals.column(("ubigint", [2**64 - 1] * 3)).baseline.sum == str(3 * (2**64 - 1))


@pytest.mark.parametrize(("precision", "scale"), [(38, 10), (38, 0), (38, 38), (38, 37), (25, 2), (24, 12)])
def test_decimals_at_their_limits(totals, precision, scale):
    kind, top = f"decimal({precision},{scale})", 10**precision - 1
    with localcontext() as context:
        context.prec = 100
        most = Decimal(top).scaleb(-scale)
        found = totals.column((kind, [most] * 9 + [-most]), (kind, [most] * 10))
        assert Decimal(found.baseline.sum) == 8 * most and Decimal(found.candidate.sum) == 10 * most
        assert Decimal(found.difference) == 2 * most
        assert (Decimal(found.baseline.min), Decimal(found.baseline.max)) == (-most, most)
    assert len(found.baseline.sum.partition(".")[2]) == scale


def test_decimals_too_wide_for_one_type_on_both_sides(totals):
    found = totals.column(("decimal(38,30)", ["12345678.5"]), ("decimal(38,0)", [10**38 - 1]))
    assert found.difference == str(Decimal("99999999999999999999999999999987654320.5")) + "0" * 29


@pytest.mark.parametrize("seed", range(8))
def test_random_decimals(totals, seed):
    rng = random.Random(seed)
    precision = rng.choice([9, 18, 27, 38])
    scale = rng.randrange(precision + 1)
    units = [rng.choice([None, rng.randrange(-(10**precision) + 1, 10**precision)]) for _ in range(60)]
    values = [None if u is None else Decimal(u).scaleb(-scale, _WIDE) for u in units]
    known = [u for u in units if u is not None]
    found = totals.column((f"decimal({precision},{scale})", values)).baseline
    assert Fraction(found.sum) == Fraction(sum(known), 10**scale)
    assert Fraction(found.min) == Fraction(min(known), 10**scale)
    assert Fraction(found.max) == Fraction(max(known), 10**scale)
    assert (found.rows, found.nulls, found.distinct) == (60, units.count(None), len(set(known)))


with localcontext() as _wide:
    _wide.prec = 100
    _WIDE = _wide.copy()


@pytest.mark.parametrize("seed", range(8))
def test_random_doubles_are_summed_exactly(totals, seed):
    """Against math.fsum, which rounds the exact sum once; half of the values cancel."""
    rng = random.Random(seed)
    spread = [5, 60, 600, 1000][seed % 4]
    values = [math.ldexp(rng.uniform(-1, 1), rng.randint(-spread, spread)) for _ in range(200)]
    values += [-v for v in values[:100]] + [0.1] * 10
    rng.shuffle(values)
    found = totals.column(("double", values)).baseline
    assert found.sum == repr(math.fsum(values))
    assert (found.min, found.max) == (repr(min(values)), repr(max(values)))


def test_the_ends_of_doubles(totals):
    tiny, huge = 5e-324, sys.float_info.max
    assert totals.column(("double", [tiny, huge, -huge, tiny])).baseline.sum == repr(2 * tiny)
    assert totals.column(("double", [huge, huge])).baseline.sum.startswith("3.59538626972463")
    assert totals.column(("double", [1e100, 1.0, -1e100])).baseline.sum == "1.0"
    assert totals.column(("double", [0.0, -0.0])).differs == ()


def test_the_order_of_floats_makes_no_difference(totals):
    values = [0.1, 0.2, 0.3, 1e16, -1e16] * 40
    assert totals.column(("double", values), ("double", values[::-1])).equal


def test_one_ulp(totals):
    found = totals.column(("double", [1.0, 2.0]), ("double", [math.nextafter(1.0, 2), 2.0]))
    assert found.differs == ("sum", "min") and found.difference == repr(2**-52)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([math.nan, 1.0], ("nan", "1.0", "nan")),
        ([math.inf, 1.0], ("inf", "1.0", "inf")),
        ([-math.inf, 1.0], ("-inf", "-inf", "1.0")),
        ([-math.inf, math.inf], ("nan", "-inf", "inf")),
        ([math.nan], ("nan", "nan", "nan")),
        ([-math.inf], ("-inf", "-inf", "-inf")),
    ],
)
def test_floats_that_are_no_number(totals, values, expected):
    found = totals.column(("double", values)).baseline
    assert (found.sum, found.min, found.max) == expected
    assert totals.column(("double", values)).equal


def test_a_four_byte_float_is_the_binary_number_it_holds(totals):
    found = totals.column(("float", [0.1, 0.1]), ("double", [0.1, 0.1]))
    assert found.baseline.sum == "0.20000000298023224" and found.candidate.sum == "0.2"
    assert "sum" in found.differs


def test_a_decimal_beside_a_float(totals):
    assert totals.column(("decimal(9,2)", ["0.50", "1.25"]), ("double", [0.5, 1.25])).equal
    unequal = totals.column(("decimal(9,1)", ["0.1"]), ("double", [0.1]))
    assert unequal.differs == ("distinct", "sum", "min", "max")[1:]
    assert (unequal.baseline.sum, unequal.candidate.sum) == ("0.1", "0.1")


def test_an_integer_beside_a_float(totals):
    found = totals.column(("int", [1, 2]), ("double", [1.0, 2.0]))
    assert found.equal and (found.baseline.sum, found.candidate.sum) == ("3", "3.0")


def test_no_rows(totals):
    empty = totals.column(("decimal(18,2)", []))
    assert empty.baseline == empty.candidate == Totals() and empty.equal and empty.difference is None
    half = totals.column(("int", []), ("int", [0]))
    assert half.differs == ("rows", "distinct", "sum", "min", "max") and half.difference is None


@pytest.mark.parametrize("kind", ["int", "decimal(38,10)", "double", "text", "date", "bool", "null", "list"])
def test_nothing_but_nulls(totals, kind):
    found = totals.column((kind, [None, None]))
    assert found.baseline == Totals(rows=2, nulls=2) and found.equal


def test_a_null_is_not_zero(totals):
    found = totals.column(("int", [0, 5]), ("int", [None, 5]))
    assert found.difference == "0" and found.differs == ("nulls", "distinct", "min")


def test_booleans_count_as_0_and_1(totals):
    found = totals.column(("bool", [True, True, False, None]), ("int", [1, 1, 0, None]))
    assert found.equal
    assert found.baseline == Totals(rows=4, nulls=1, distinct=2, sum="2", min="0", max="1")


def test_text_orders_by_code_point(totals):
    words = ["é", "Z", "a", "\U0001f600", "\ufffd", "", None]
    found = totals.column(("text", words)).baseline
    assert found == Totals(rows=7, nulls=1, distinct=6, sum=None, min="", max="\U0001f600")
    assert totals.column(("text", words[:3])).baseline.min == "Z"


def test_a_trailing_blank_and_the_rule_that_forgives_it(totals):
    sides = ("text", ["b", "a"]), ("text", ["b ", "a"])
    assert totals.column(*sides).differs == ("max",)
    assert totals.column(*sides, rule=Rule(text=(TextPolicy.TRAILING_SPACES,))).equal
    assert totals.column(*sides, declared=("char(2)", "")).equal


def test_dates_times_and_bytes(totals):
    dates = totals.column(("date", [0, 1]), ("ts", [0, 86_400_000_000]))
    assert dates.equal and dates.baseline.max == "1970-01-02 00:00:00" and dates.baseline.sum is None
    assert totals.column(("date", [0, 1])).baseline.min == "1970-01-01"
    late = totals.column(("ts", [253402300799999999]), ("ts", [253402300799999998]))
    assert late.differs == ("min", "max") and late.candidate.max == "9999-12-31 23:59:59.999998"
    assert totals.column(("time", [1])).baseline.min == "00:00:00.000001"
    assert totals.column(("binary", [b"\x00\xff", b"\x01"])).baseline.max == "0x01"


def test_text_beside_a_number_is_read(totals):
    found = totals.column(
        ("decimal(9,2)", ["1.50", "-20.25", "3", "-1"]), ("text", ["1.5", " -2.025e1", "3.000", "-1"])
    )
    assert found.equal and found.difference == "0.00"
    read = found.candidate
    assert (read.sum, read.min, read.max) == ("-16.75", "-20.25", "3.00")
    long = totals.column(
        ("decimal(38,10)", ["1"]), ("text", ["123456789012345678901234567890.12345678901234567890"])
    )
    assert long.candidate.sum == "123456789012345678901234567890.1234567890123456789"
    negative = totals.column(("int", [-5, -70]), ("text", ["-5", "-70"]))
    assert negative.equal and (negative.candidate.min, negative.candidate.max) == ("-70", "-5")


def test_what_cannot_be_read_is_said(totals):
    found = totals.column(("int", [1, 2]), ("text", ["1", "two"]))
    assert found.candidate.unread == 1 and found.candidate.sum is found.candidate.min is None
    assert "1 unreadable" in found.note and found.baseline.sum == "3" and found.difference is None
    floats = totals.column(("double", [1.0, 2.0]), ("text", ["1", "two"]))
    assert floats.candidate.unread == 1 and floats.candidate.sum is None
    dates = totals.column(("date", [0]), ("text", ["soon"]))
    assert dates.candidate.unread == 1 and dates.candidate.max is None
    endless = totals.column(("int", [1]), ("text", ["1e60"]))
    assert endless.candidate.unread == 1 and not endless.equal


def test_only_what_is_unreadable_differs(totals):
    """Rows, NULLs and distinct agree; a column with a value that was not totalled is still not equal."""
    found = totals.column(("int", [1]), ("text", ["one"]))
    assert found.differs == ("unread",) and not found.equal


def test_sensitive_columns_are_masked(totals):
    salaries = ("decimal(9,2)", [str(n) + ".50" for n in range(9)])
    found = totals.column(salaries, rule=Rule(sensitive=True))
    assert found.baseline == Totals(rows=9, distinct=9, sum="40.50", min=MASK, max=MASK)
    assert "sensitive" in found.note
    few = totals.column(("int", [4711]), ("int", [4712]), rule=Rule(sensitive=True))
    assert (few.baseline.sum, few.difference) == (MASK, MASK) and "471" not in repr(few)
    assert few.differs == ("sum", "min", "max")
    fewer = ("decimal(9,2)", [*salaries[1][:-1], None])
    lost = totals.column(salaries, fewer, rule=Rule(sensitive=True))
    assert (lost.baseline.sum, lost.candidate.sum, lost.difference) == (MASK, MASK, MASK)
    assert "sum" in lost.differs


def test_columns_come_in_the_baselines_order_and_only_compared_ones(totals):
    one = table(k=("int", [1]), a=("int", [1]), gone=("int", [1]), skip=("int", [1]))
    other = table(skip=("int", [2]), a=("int", [1]), k=("int", [1]), new=("int", [1]))
    found = totals.all(one, other, keys=["k"], rules={"skip": Rule(ignore="set at load")})
    assert [c.column for c in found] == ["k", "a"]


def test_more_columns_than_one_query_takes(totals):
    data = table(**{f'c"{i}': ("int", [i, None]) for i in range(45)})
    found = totals.all(data, data)
    assert [(c.column, c.baseline.sum) for c in found] == [(f'c"{i}', str(i)) for i in range(45)]


def test_by_segment(totals):
    one = table(r=("text", ["A", "A", "B", None]), v=("decimal(9,2)", ["1.10", "2.20", "5", "7"]))
    other = table(r=("text", ["A", "B", "B", "C"]), v=("decimal(9,2)", ["1.10", "5", "1", "7"]))
    found = [c for c in totals.all(one, other, segment="R") if c.column == "v"]
    assert [(c.segment, c.baseline.sum, c.candidate.sum, c.difference) for c in found] == [
        ("A", "3.30", "1.10", "-2.20"),
        ("B", "5.00", "6.00", "1.00"),
        ("C", None, "7.00", None),
        ("NULL", "7.00", None, None),
    ]
    assert found[2].baseline == Totals()


def test_segments_always_add_up(totals):
    n = 400
    data = table(
        r=("int", [i % 90 for i in range(n)]),
        v=("int", list(range(n))),
        f=("double", [0.1 * i for i in range(n)]),
    )
    found = totals.all(data, data, segment="r")
    segments = [c for c in found if c.column == "v"]
    assert len(segments) == 60 and segments[-1].segment == "(other)"
    assert sum(int(c.baseline.sum) for c in segments) == sum(range(n))
    assert sum(c.baseline.rows for c in segments) == n


def test_a_segment_that_is_not_there(totals):
    data = table(r=("int", [1]), v=("list", [[1]]))
    with pytest.raises(SpecError, match="names no column"):
        totals.all(data, data, segment="region")
    other = table(r=("binary", [b"1"]), v=("list", [[1]]))
    with pytest.raises(SpecError, match="not compared"):
        totals.all(data, other, segment="r")


def test_distinct_values_may_be_left_uncounted(totals):
    data = table(k=("int", [1, 2]), v=("decimal(9,2)", ["1.10", None]), r=("text", ["A", "B"]))
    [k, v, r] = totals.all(data, data, distinct=False)
    assert [c.baseline.distinct for c in (k, v, r)] == [None] * 3
    assert v.baseline.sum == "1.10" and v.baseline.nulls == 1 and r.baseline.max == "B" and k.equal
    by = totals.all(data, data, distinct=False, segment="r")
    assert [(c.segment, c.baseline.sum, c.baseline.distinct) for c in by if c.column == "v"] == [
        ("A", "1.10", None),
        ("B", None, None),
    ]


def test_where_different_values_are_not_counted_no_sensitive_sum_is_shown(totals):
    """A thousand times the same salary: its sum would give it away."""
    data = table(v=("int", [4711] * 1000))
    [found] = totals.all(data, data, rules={"v": Rule(sensitive=True)}, distinct=False)
    assert found.baseline.sum == MASK and "4711" not in repr(found)


def test_distinct_values_by_segment(totals):
    data = table(r=("text", ["A", "A", "A", "B", "B"]), v=("int", [1, 1, None, 1, 2]))
    found = {c.segment: c.baseline for c in totals.all(data, data, segment="r") if c.column == "v"}
    assert (found["A"].distinct, found["B"].distinct) == (1, 2)
