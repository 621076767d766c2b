"""The zoo: one trap a line, with the exact count of differing and forgiven cells and their kinds."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal

import pytest

from recon.errors import SpecError
from recon.model import Rule, TextPolicy, Tolerance, ToleranceKind
from recon.model_result import Verdict
from tests.compare.tables import kinds, table, value


def tolerance(text):
    kind, amount = text.rstrip("%").split()
    return Rule(tolerance=Tolerance(ToleranceKind(kind), Decimal(amount)))


def text(*policies):
    return Rule(text=policies)


MIDNIGHT = datetime(2024, 1, 31)
LAST = datetime(9999, 12, 31, 23, 59, 59, 999999)
EASTERN = timezone(timedelta(hours=-5))
GUID = "0A1B2C3D-0000-0000-0000-00000000000F"
BIG = 2**53
NINES = "9" * 38

# name: baseline kind and values, candidate kind and values, kinds of difference, then forgiven, rule, declared
ZOO = {
    # NULL is never a value
    "null equals only null": ("int", [None, None, 0], "int", [None, 0, None], {"null_vs_value": 2}),
    "null is not the empty text": ("text", [None, ""], "text", ["", None], {"null_vs_value": 2}),
    "null is not 1900-01-01": ("date", [None], "date", [date(1900, 1, 1)], {"null_vs_value": 1}),
    "null is not nan": ("double", [None, math.nan], "double", [math.nan, None], {"null_vs_value": 2}),
    "null is not within any tolerance": (
        "int", [None, 0], "int", [0, None], {"null_vs_value": 2}, 0, tolerance("abs 1000"),
    ),
    "null is not false": ("bool", [None], "bool", [False], {"null_vs_value": 1}),
    "texts that look like sentinels": (
        "text", ["NULL", "<null>", "\\N", "?", "f", "(null)"], "text", [None] * 6, {"null_vs_value": 6},
    ),
    "an unreadable text is not null": ("text", ["x"], "int", [None], {"null_vs_value": 1}),
    "a column of nothing but null": ("null", [None, None], "int", [None, 1], {"null_vs_value": 1}),
    "null inside a struct": (
        "struct", [{"a": 1, "b": None}, None], "struct", [{"a": 1, "b": None}, {"a": None, "b": None}],
        {"null_vs_value": 1},
    ),
    # Integers, decimals, floats: by exact value
    "bigint beyond double": ("bigint", [BIG, BIG + 1], "bigint", [BIG + 1, BIG + 1], {"value": 1}),
    "bigint beyond double, against decimal": ("bigint", [BIG + 1], "decimal(38,0)", [str(BIG)], {"value": 1}),
    "bigint against the nearest double": (
        "bigint", [BIG + 1, BIG], "double", [float(BIG), float(BIG)], {"type": 1},
    ),
    "unsigned 64 bits": ("ubigint", [2**64 - 1], "decimal(38,0)", [str(2**64 - 1)], {}),
    "int and bigint": ("int", [1, -1], "bigint", [1, -2], {"value": 1}),
    "scales differ, values do not": ("decimal(18,2)", ["1.50", "-0.01"], "decimal(38,6)", ["1.5", "-0.01"], {}),
    "38 digits on both sides": (
        "decimal(38,10)", ["1.0000000001", "1"], "decimal(38,0)", ["1", "1"], {"value": 1},
    ),
    "38 nines": ("decimal(38,0)", [NINES, "-" + NINES], "decimal(38,0)", [NINES, NINES], {"value": 1}),
    "smallest step of 38 decimals": (
        "decimal(38,38)", ["0." + NINES], "decimal(38,37)", ["0." + "9" * 37], {"rounding": 1},
    ),
    "0.1 as decimal is not the double 0.1": ("decimal(9,2)", ["0.10", "0.50"], "double", [0.1, 0.5], {"type": 1}),
    "a quarter is exact in both": ("decimal(38,10)", ["0.25"], "double", [0.25], {}),
    "decimal against a huge double": ("decimal(38,0)", ["1" + "0" * 22, "1"], "double", [1e22, 1e300], {"value": 1}),
    "minus zero": ("double", [-0.0, 0.0], "double", [0.0, -0.0], {}),
    "minus zero as decimal": ("double", [-0.0], "decimal(9,2)", ["0.00"], {}),
    "minus zero as text": ("double", [-0.0, 0.0], "text", ["0", "-0.0"], {}),
    "nan equals nan": ("double", [math.nan, math.nan], "double", [math.nan, 1.0], {"value": 1}),
    "nan of four bytes": ("float", [math.nan], "double", [math.nan], {}),
    "infinities have a sign": ("double", [math.inf, math.inf], "double", [math.inf, -math.inf], {"value": 1}),
    "float noise": ("double", [0.1 + 0.2, 1.0], "double", [0.3, 1.1], {"rounding": 1, "value": 1}),
    "money through four bytes": ("double", [123456789.01], "float", [123456789.01], {"type": 1}),
    "money one dollar off": ("decimal(18,2)", ["123456789.01"], "decimal(18,2)", ["123456790.02"], {"value": 1}),
    "boolean and bit": ("bool", [True, False, True], "int", [1, 0, 2], {"value": 1}),
    "boolean and decimal": ("bool", [True, False], "decimal(9,2)", ["1.00", "0.01"], {"rounding": 0, "value": 1}),
    "integer division": ("int", [3, -3, 0], "double", [3.5, -3.5, 0.5], {"value": 3}),
    "last digit rounded": (
        "decimal(18,2)", ["1.66", "1.00", "1.00"], "decimal(18,2)", ["1.67", "1.02", "1.00"],
        {"rounding": 1, "value": 1},
    ),
    "fraction rounded away": ("decimal(18,4)", ["1.6666"], "decimal(18,2)", ["1.67"], {"rounding": 1}),
    "counts off by one are no rounding": ("int", [5], "int", [6], {"value": 1}),
    # Text: by code point
    "nothing is trimmed": ("text", ["a ", " a", "a\t"], "text", ["a", "a", "a"], {"whitespace": 3}),
    "a leading blank lost": ("text", [" a"], "text", ["a"], {"whitespace": 1}, 0, text(TextPolicy.TRAILING_SPACES)),
    "no-break space": ("text", ["a\u00a0b", "\ufeffa", "a\u200bb"], "text", ["a b", "a", "ab"], {"whitespace": 3}),
    "nothing is folded": ("text", ["A", "É"], "text", ["a", "é"], {"case": 2}),
    "blanks and case together": ("text", ["A "], "text", ["a"], {"whitespace": 1}),
    "nothing is composed": ("text", ["é"], "text", ["e\u0301"], {"value": 1}),
    "emoji and code points beyond 16 bits": ("text", ["😀", "𝒳"], "text", ["😀", "𝒴"], {"value": 1}),
    "NUL characters count": ("text", ["a\x00b"], "text", ["a"], {"value": 1}),
    "longer than any limit": ("text", ["x" * 9000 + "a"], "text", ["x" * 9000 + "b"], {"value": 1}),
    "quotes and SQL in the text": ("text", ["it's; --", '"'], "text", ["it's; --", '"'], {}),
    "wild cards are characters": ("text", ["a%", "a_"], "text", ["ab", "ab"], {"value": 2}),
    "leading zeros": ("text", ["007"], "text", ["7"], {"type": 1}),
    "dates in two forms": ("text", ["2024-01-31"], "text", ["20240131"], {"type": 1}),
    "truth in two forms": ("text", ["true", "1"], "text", ["1", "false"], {"type": 1, "value": 1}),
    # Text against another kind
    "text reads as the exact decimal": (
        "text", ["1.505", "1.51", " 1.510 ", "151e-2", "+1.51"], "decimal(9,2)", ["1.51"] * 5, {"rounding": 1},
    ),
    "what cannot be read": (
        "text", ["abc", "", "1,5", "1_0", "0x1", "--1", "."], "int", [1] * 7, {"unreadable": 7},
    ),
    "digits of other scripts are no number": ("text", ["\u0661"], "int", [1], {"unreadable": 1}),
    "text as double": ("text", ["0.1", "NaN", "-inf", "1.0E10"], "double", [0.1, math.nan, -math.inf, 1e10], {}),
    "text as four bytes": ("text", ["0.1"], "float", [0.1], {}),
    "text as truth": ("bool", [True, False, True, True], "text", ["true", "N", "1", "2"], {"value": 1}),
    "text as date": (
        "date", [date(2024, 1, 31)] * 4, "text", ["2024-01-31", "20240131", "2024-02-30", "2024-01-31 00:00:01"],
        {"unreadable": 1, "type": 1},
    ),
    "text as instant with a zone": (
        "tz", [datetime(2024, 1, 31, 12, tzinfo=UTC)] * 2, "text", ["2024-01-31T13:00:00+01:00", "2024-01-31 12:00:00Z"],
        {},
    ),
    "text as time": ("time", [time(1, 2, 3)] * 2, "text", ["01:02:03", "25:00"], {"unreadable": 1}),
    "text as bytes": ("binary", [b"\x00\xff", b"a"], "text", ["0x00ff", "xyz"], {"unreadable": 1}),
    "a number of 40 digits as text": ("decimal(38,0)", [NINES], "text", ["1" + NINES], {"value": 1}),
    # Dates and times
    "a date is its midnight": (
        "date", [date(2024, 1, 31)] * 2, "ts", [MIDNIGHT, MIDNIGHT + timedelta(hours=5)], {"type": 1},
    ),
    "no zone means UTC": ("ts", [MIDNIGHT], "tz", [MIDNIGHT.replace(tzinfo=UTC)], {}),
    "zones are instants": (
        "tz", [datetime(2024, 1, 31, 19, tzinfo=EASTERN)], "ts", [datetime(2024, 2, 1)], {},
    ),
    "one microsecond": ("ts", [MIDNIGHT], "ts", [MIDNIGHT + timedelta(microseconds=1)], {"rounding": 1}),
    "one second": ("ts", [MIDNIGHT], "ts", [MIDNIGHT + timedelta(seconds=1)], {"value": 1}),
    "the end of time": ("ts", [LAST, LAST], "ts", [LAST, LAST.replace(microsecond=0)], {"value": 1}),
    "the end of time as date and text": ("date", [date(9999, 12, 31)], "text", ["9999-12-31"], {}),
    "the end of time with a seventh digit": ("ts", [LAST], "text", ["9999-12-31 23:59:59.9999999"], {}),
    "the beginning of time": ("date", [date(1, 1, 1)], "ts", [datetime(1, 1, 1)], {}),
    "milliseconds and microseconds": ("ms", [MIDNIGHT], "ts", [MIDNIGHT], {}),
    "nanoseconds are cut": (
        "ns", [1_700_000_000_000_000_999, -1], "ts", [datetime(2023, 11, 14, 22, 13, 20), datetime(1969, 12, 31, 23, 59, 59, 999999)],
        {},
    ),
    "datetime's ticks": ("ts", [MIDNIGHT], "ts", [MIDNIGHT + timedelta(milliseconds=3)], {"rounding": 1}),
    # Binary, GUID, nested
    "bytes are bytes": ("binary", [b"\x00\xff", b"a", b"a\x00"], "binary", [b"\x00\xff", b"A", b"a"], {"value": 2}),
    "lists by their elements": ("list", [[1, 2], [1], []], "list", [[1, 2], [1, None], None], {"value": 1, "null_vs_value": 1}),
    "a guid as text": ("uuid", [b"\x0a" * 16], "text", ["0A0A0A0A-0a0a-0A0A-0A0A-0A0A0A0A0A0A"], {}),
    # Rules
    "char padding is forgiven": (
        "text", ["ab   ", "ab", " x  "], "text", ["ab", "ab", "x"], {"whitespace": 1}, 1, None, ("char(5)", "string"),
    ),
    "char on the other side": ("text", ["ab"], "text", ["ab   "], {}, 1, None, ("varchar(5)", "char(5)")),
    "varchar is not padded": ("text", ["ab "], "text", ["ab"], {"whitespace": 1}, 0, None, ("varchar(5)", "string")),
    "uniqueidentifier ignores case": (
        "text", [GUID, "x"], "text", [GUID.lower(), "y"], {"value": 1}, 0, None, ("uniqueidentifier", "string"),
    ),
    "declared as date, stored as text": (
        "text", ["2024-01-31", "20240131", "soon", "soon"], "text", ["20240131", "2024-02-01", "soon", "later"],
        {"value": 1, "unreadable": 1}, 0, None, ("date", "date"),
    ),
    "trailing spaces": ("text", ["a ", "a\t", "a"], "text", ["a", "a", "a"], {"whitespace": 1}, 1, text(TextPolicy.TRAILING_SPACES)),
    "case": ("text", ["A", "b", "ß"], "text", ["a", "c", "ss"], {"value": 2}, 1, text(TextPolicy.CASE)),
    "empty is null": ("text", ["", "", " "], "text", [None, "x", None], {"null_vs_value": 2}, 1, text(TextPolicy.EMPTY_IS_NULL)),
    "blank is empty is null": (
        "text", ["  "], "text", [None], {}, 1, text(TextPolicy.TRAILING_SPACES, TextPolicy.EMPTY_IS_NULL),
    ),
    "unicode form": ("text", ["é", "é"], "text", ["e\u0301", "e"], {"value": 1}, 1, text(TextPolicy.NFC)),
    "abs at its edge": (
        "decimal(18,4)", ["1.0000", "1.0000", "-0.0050"], "decimal(18,4)", ["1.0050", "1.0051", "0"], {"value": 1}, 2,
        tolerance("abs 0.005"),
    ),
    "abs beyond 38 digits": (
        "decimal(38,2)", ["-5" + "0" * 35, "1.00", "1.00"], "decimal(38,10)", ["5" + "0" * 27, "1.005", "1.0050000001"],
        {"value": 1, "rounding": 1}, 1, tolerance("abs 0.005"),
    ),
    "abs on text read as number": ("text", ["1.000", "x"], "decimal(9,3)", ["1.005", "1.0"], {"unreadable": 1}, 1, tolerance("abs 0.005")),
    "rel is symmetric": ("double", [100.0, 99.0, 98.0], "double", [99.0, 100.0, 100.0], {"value": 1}, 2, tolerance("rel 0.01")),
    "rel on decimals": (
        "decimal(38,10)", ["100", "99", "-100", "0"], "decimal(38,0)", ["99", "98", "100", "1"], {"value": 3}, 1,
        tolerance("rel 0.01"),
    ),
    "half a percent": ("decimal(18,2)", ["200", "200"], "decimal(18,2)", ["199", "198.99"], {"value": 1}, 1, tolerance("pct 0.5%")),
    "zero against something": ("double", [0.0, 0.0], "double", [0.0, 1e-300], {"value": 1}, 0, tolerance("rel 0.1")),
    "infinity is within nothing": ("double", [math.inf, math.nan], "double", [1.0, 1.0], {"value": 2}, 0, tolerance("rel 0.9")),
    "one second of tolerance": (
        "ts", [MIDNIGHT, MIDNIGHT], "tz",
        [(MIDNIGHT + timedelta(seconds=1)).replace(tzinfo=UTC), (MIDNIGHT + timedelta(seconds=1, microseconds=1)).replace(tzinfo=UTC)],
        {"value": 1}, 1, tolerance("secs 1"),
    ),
    "a day of tolerance on dates": (
        "date", [date(2024, 1, 1)] * 2, "date", [date(2024, 1, 2), date(2024, 1, 3)], {"value": 1}, 1, tolerance("secs 86400"),
    ),
    "0.1 + 0.2 within an ulp": ("double", [0.1 + 0.2], "double", [0.3], {}, 1, tolerance("rel 1e-15")),
}  # fmt: skip


KEEPS_SIDES = {name for name, trap in ZOO.items() if len(trap) > 7}  # types declared as T-SQL, as Databricks


@pytest.fixture(scope="module", params=["as written", "swapped"])
def zoo(bench, request):
    """All traps as the columns of one table, short ones filled up with NULL: name -> its column's result."""
    traps = {n: t for n, t in ZOO.items() if request.param == "as written" or n not in KEEPS_SIDES}
    rows = max(len(t[1]) for t in traps.values())
    columns = [{"k": ("int", list(range(rows)))} for _ in range(2)]
    rules, declared = {}, ([], [])
    for name, trap in traps.items():
        sides = [(trap[0], trap[1]), (trap[2], trap[3])]
        for side, (kind, values) in enumerate(sides if request.param == "as written" else sides[::-1]):
            columns[side][name] = (kind, values + [None] * (rows - len(values)))
            if len(trap) > 7:
                declared[side].append((name, trap[7][side]))
        rules[name] = (trap[6] if len(trap) > 6 else None) or Rule()
    result = bench.compare(
        *(table(**c) for c in columns), keys=["k"], rules=rules, declared=tuple(map(tuple, declared))
    )
    assert (result.rows.missing, result.rows.extra, result.rows.paired) == (0, 0, rows)
    return result


@pytest.mark.parametrize("name", ZOO)
def test_zoo(zoo, name):
    if name not in {c.name for c in zoo.columns}:
        assert name in KEEPS_SIDES
        return
    expected, forgiven = ZOO[name][4], (*ZOO[name], 0)[5]
    expected = {kind: cells for kind, cells in expected.items() if cells}
    assert kinds(zoo, name) == expected
    assert value(zoo, name).forgiven == forgiven
    assert value(zoo, name).mismatches == sum(expected.values())
    assert sum(s.column == name for s in zoo.samples) == sum(expected.values())


@pytest.mark.parametrize(
    "name", ["nan equals nan", "char padding is forgiven", "unsigned 64 bits", "abs at its edge"]
)
def test_one_trap_decides_the_verdict(bench, name):
    kind, values, other_kind, others, expected, _, rule, declared = (*ZOO[name], 0, None, ("", ""))[:8]
    if len(ZOO[name]) < 8:
        rule, declared = ZOO[name][6] if len(ZOO[name]) > 6 else None, ("", "")
    result = bench.cells((kind, values), (other_kind, others), rule=rule, declared=declared)
    assert result.rows.differing == sum(expected.values())
    assert (result.verdict is Verdict.MATCH) == (not expected)


@pytest.mark.parametrize(
    ("kind", "values", "other_kind", "others"),
    [
        ("binary", [b"a"], "date", [date(2024, 1, 1)]),
        ("struct", [{"a": 1, "b": "x"}], "int", [1]),
        ("int", [1], "date", [date(1970, 1, 2)]),
        ("bool", [True], "ts", [MIDNIGHT]),
        ("time", [time(1)], "ts", [MIDNIGHT]),
        ("binary", [b"1"], "int", [1]),
        ("list", [[1]], "text", ["[1]"]),
        ("map", [[("a", 1)]], "map", [[("a", 1)]]),
        ("wide", [Decimal("1.00")], "wide", [Decimal("1.00")]),
        ("wides", [[Decimal("1.00")]], "wides", [[Decimal("1.00")]]),
        ("structs of wides", [[{"a": Decimal("1.00")}]], "structs of wides", [[{"a": Decimal("1.00")}]]),
    ],
)
def test_what_cannot_be_compared_is_reported_and_never_matches(bench, kind, values, other_kind, others):
    result = bench.cells((kind, values), (other_kind, others))
    column = value(result)
    assert (column.role, column.compared, column.mismatches) == ("not comparable", 0, 0)
    assert result.schema.not_comparable == ("v",)
    assert result.verdict is Verdict.INCONCLUSIVE
    assert any("v: not compared" in reason for reason in result.reasons)


@pytest.mark.parametrize(
    ("rule", "kind", "remedy"),
    [
        (tolerance("secs 1"), "int", "`abs`"),
        (tolerance("abs 1"), "date", "`secs`"),
        (tolerance("pct 1"), "ts", "`secs`"),
        (tolerance("abs 1"), "text", "text"),
        (tolerance("rel 1"), "binary", "remove"),
        (text(TextPolicy.CASE), "int", "tolerance"),
        (text(TextPolicy.CASE), "date", "tolerance"),
        (tolerance("abs -1"), "int", "from 0 up"),
        (tolerance("abs 1e-19"), "int", "more than 18 digits"),
        (Rule(tolerance=Tolerance(ToleranceKind.ABS, Decimal("NaN"))), "int", "from 0 up"),
    ],
)
def test_a_rule_that_means_nothing_is_refused_with_a_remedy(bench, rule, kind, remedy):
    with pytest.raises(SpecError, match="column v") as error:
        bench.cells((kind, [None]), (kind, [None]), rule=rule)
    assert remedy in f"{error.value} {error.value.hint}"
    assert error.value.hint


def test_a_tolerance_counts_what_it_forgives_and_only_that(bench):
    rule = tolerance("abs 0.01")
    result = bench.cells(
        ("decimal(9,2)", ["1.00", "1.00", "1.00"]), ("decimal(9,2)", ["1.00", "1.01", "1.02"]), rule=rule
    )
    assert (value(result).mismatches, value(result).forgiven, value(result).rule) == (1, 1, "abs 0.01")


def test_samples_show_values_as_the_engine_holds_them(bench):
    shown = {
        ("decimal(9,3)", "1.500", "2.000"): ("1.500", "2.000"),
        ("bool", True, False): ("true", "false"),
        ("binary", b"\x0a\xff", b""): ("0x0AFF", "0x"),
        ("double", 0.1, 1e300): ("0.1", "1e+300"),
        ("ts", MIDNIGHT, LAST): ("2024-01-31 00:00:00", "9999-12-31 23:59:59.999999"),
        ("text", "", "x "): ("", "x "),
        ("bigint", BIG + 1, None): (str(BIG + 1), None),
    }
    for (kind, one, other), expected in shown.items():
        [sample] = bench.cells((kind, [one]), (kind, [other])).samples
        assert (sample.baseline, sample.candidate) == expected
