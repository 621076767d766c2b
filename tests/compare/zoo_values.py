"""Traps of values and columns: NULL, types, rules, names and shapes."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime
from decimal import Decimal

from recon.model import Rule, TextPolicy
from recon.model_result import Verdict
from tests.compare.trap import Trap, tolerance, value

MATCH, PARTIAL, NO, UNSURE = Verdict.MATCH, Verdict.PARTIAL, Verdict.NO_MATCH, Verdict.INCONCLUSIVE
NULLED = {"null_vs_value": 1}
BIG = 2**53
LONG = "n" * 200
NAMES = (
    'quo"te', "dot.ted", "[brackets]", "`ticks`", "semi;--", "'apostrophe'", "select", "from", "b0", "c0", "v0",
    "w0", "x0", "d0", "k0", "n", "m", "h", "seg", "in_b", "in_c", "here", "repeated", " leading", "trailing ",
    "two  blanks", "tab\tbed", "new\nline", "😀", "ünï", "e\u0301", "%s", "{x}", "$1", "\\n", "*", "Case", "case", LONG,
    LONG + "x", "(whole row)", "NULL", "_", "1st", "t",
)  # fmt: skip
HOSTILE = tuple((name, "int") for name in ("k", *NAMES))

VALUES = [
    # --- NULL is never a value ----------------------------------------------------------------------
    Trap(
        "NULL against 0 under a tolerance", "d7 5: NULL == 0 under a threshold", "k int, v int", [(1, None), (2, 0)],
        [(1, 0), (2, None)], NO, rules={"v": tolerance("abs", "1000")}, differing=2, kinds={"v": {"null_vs_value": 2}},
    ),
    Trap(
        "NULL against 1900-01-01", "d7 5", "k int, v date", [(1, None)], [(1, date(1900, 1, 1))], NO, differing=1,
        kinds={"v": NULLED},
    ),
    Trap(
        "texts that others use for NULL", "d7 18: a sentinel equals NULL", "k int, v text",
        list(enumerate(["NULL", "<null>", "\\N", "", "?", "∅", "None", "nan", "__NULL__", "(null)"])),
        [(n, None) for n in range(10)], NO, differing=10, kinds={"v": {"null_vs_value": 10}},
    ),
    Trap(
        "NaN against NULL", "features 12", "k int, v double", [(1, math.nan), (2, None)], [(1, None), (2, math.nan)], NO,
        differing=2, kinds={"v": {"null_vs_value": 2}},
    ),
    Trap(
        "a column of NULL on one side", "features 9", "k int, v int", [(1, None), (2, None)], [(1, 0), (2, None)], NO,
        equal=1, differing=1, kinds={"v": NULLED},
    ),
    Trap(
        "the empty text that became NULL, forgiven", "features 9", "k int, v text", [(1, ""), (2, "x"), (3, "")],
        [(1, None), (2, "x"), (3, "y")], NO, rules={"v": Rule(text=(TextPolicy.EMPTY_IS_NULL,))}, equal=2, differing=1,
        kinds={"v": NULLED}, forgiven={"v": 1},
    ),
    # --- Numbers, texts, times through types --------------------------------------------------------
    Trap(
        "money through four bytes", "d7 10: float32 on money", "k int, v decimal(18,2)", [(1, Decimal("123456789.01"))],
        [(1, 123456790.02)], NO, others="k int, v double", differing=1, kinds={"v": value(1)}, wrong={"changed": {"v"}},
    ),
    Trap(
        "2^53 + 1", "d7 17: decimal compared as float", "k int, v bigint, w decimal(38,0)", [(1, BIG + 1, Decimal(BIG + 1))],
        [(1, BIG, Decimal(BIG))], NO, differing=1, kinds={"v": value(1), "w": value(1)},
    ),
    Trap(
        "2^53 + 1 as a key", "d7 17", "k bigint, v int", [(BIG, 1), (BIG + 1, 2)], [(BIG, 1), (BIG + 2, 2)], NO, equal=1,
        missing=1, extra=1,
    ),
    Trap(
        "fractions of seconds dropped", "d7 11", "k int, v ts", [(1, datetime(2024, 1, 31, 12, 0, 0, 123000))],
        [(1, datetime(2024, 1, 31, 12, 0, 0))], NO, differing=1, kinds={"v": value(1)},
    ),
    Trap(
        "fractions of seconds kept", "d7 11", "k int, v ms", [(1, datetime(2024, 1, 31, 12, 0, 0, 997000))],
        [(1, datetime(2024, 1, 31, 12, 0, 0, 997000))], MATCH, others="k int, v ts", equal=1,
    ),
    Trap(
        "a scale lowered without a word", "d7 14: precision lowered without saying so", "k int, v decimal(18,4)",
        [(1, Decimal("1.6666")), (2, Decimal("2.5000"))], [(1, Decimal("1.67")), (2, Decimal("2.50"))], NO,
        others="k int, v decimal(18,2)", equal=1, differing=1, kinds={"v": {"rounding": 1}}, wrong={"changed": {"v"}},
    ),
    Trap(
        "thousands separators", "d7 20: FORMAT 'N' follows the locale", "k int, v decimal(18,2)", [(1, Decimal("1234.50"))],
        [(1, "1,234.50")], NO, others="k int, v text", differing=1, kinds={"v": {"unreadable": 1}}, wrong={"changed": {"v"}},
    ),
    Trap(
        "INT against BIGINT", "d7 16: a changed type drops the column", "k int, v int", [(1, 5), (2, 6)], [(1, 5), (2, 7)], NO,
        others="k int, v bigint", equal=1, differing=1, kinds={"v": value(1)}, wrong={"changed": {"v"}},
    ),
    Trap(
        "types that cannot be compared, and a column that differs", "d7 16: a type clash aborts the diff",
        "k int, v binary, w int", [(1, b"a", 1)], [(1, date(2024, 1, 1), 2)], NO, others="k int, v date, w int", differing=1,
        kinds={"w": value(1)}, wrong={"incomparable": {"v"}, "changed": {"v"}},
    ),
    Trap(
        "types that cannot be compared, the rest equal", "d7 25: an unsupported type compared as text", "k int, v binary",
        [(1, b"2024-01-01")], [(1, date(2024, 1, 1))], UNSURE, others="k int, v date", equal=1,
        wrong={"incomparable": {"v"}, "changed": {"v"}},
    ),
    Trap(
        "a declared type that nobody knows", "d7 25", "k int, v text", [(1, "POINT (1 2)")], [(1, "POINT (1 2)")], MATCH,
        declared=((("v", "geography"),), (("v", "STRING"),)), equal=1, wrong={"changed": {"v"}},
    ),
    Trap(
        "integer division", "d6: 7/2", "k int, v int", [(1, 3), (2, 4)], [(1, 3.5), (2, 4.0)], NO, others="k int, v double",
        equal=1, differing=1, kinds={"v": value(1)}, wrong={"changed": {"v"}},
    ),
    Trap(
        "truth as text", "d6: boolean text", "k int, v bool", [(1, True), (2, False)], [(1, "true"), (2, "true")], NO,
        others="k int, v text", equal=1, differing=1, kinds={"v": value(1)}, wrong={"changed": {"v"}},
    ),
    Trap(
        "floats as text", "d6: double 1e10 as text", "k int, v double", [(1, 1e10), (2, 5.0)], [(1, "1.0E10"), (2, "5")], MATCH,
        others="k int, v text", equal=2, wrong={"changed": {"v"}},
    ),
    Trap(
        "no digit of 9,000", "d4: only the first 4,000 characters hashed", "k int, v text", [(1, "9" * 9000)],
        [(1, "9" * 8999 + "8")], NO, differing=1, kinds={"v": value(1)},
    ),
    Trap(
        "bytes and characters", "d4: byte against character length", "k int, v text", [(1, "é"), (2, "😀")], [(1, "é"), (2, "😀 ")],
        NO, equal=1, differing=1, kinds={"v": {"whitespace": 1}},
    ),
    Trap(
        "an offset that is no difference", "d4: DATETIMEOFFSET not in UTC", "k int, v text",
        [(1, "2024-01-31 12:00:00.0000000 +01:00")], [(1, datetime(2024, 1, 31, 11, tzinfo=UTC))], MATCH, others="k int, v tz",
        declared=((("v", "datetimeoffset(7)"),), (("v", "TIMESTAMP"),)), equal=1,
    ),
    Trap(
        "a minus before zero", "d6: -0.0", "k int, v double", [(1, -0.0)], [(1, 0.0)], MATCH, equal=1,
    ),
    # --- Rules --------------------------------------------------------------------------------------
    Trap(
        "half a percent", "d7 7: '0.5%' crashes", "k int, v decimal(18,2)",
        [(1, Decimal(200)), (2, Decimal(200)), (3, Decimal(0))], [(1, Decimal(199)), (2, Decimal("198.99")), (3, Decimal(0))],
        NO, rules={"v": tolerance("pct", "0.5")}, equal=2, differing=1, kinds={"v": value(1)}, forgiven={"v": 1},
    ),
    Trap(
        "a tolerance against zero", "features 16: zero denominator", "k int, v double", [(1, 0.0), (2, 0.0)],
        [(1, 1e-300), (2, 0.0)], NO, rules={"v": tolerance("pct", "50")}, equal=1, differing=1, kinds={"v": value(1)},
    ),
    Trap(
        "everything forgiven is a match that says so", "contracts 4", "k int, v double", [(1, 1.0), (2, 2.0)],
        [(1, 1.001), (2, 1.999)], MATCH, rules={"v": tolerance("abs", "0.01")}, equal=2, forgiven={"v": 2},
    ),
    Trap(
        "padding forgiven in every row", "features 11", "k int, v text", [(n, "ab   ") for n in range(50)],
        [(n, "ab") for n in range(50)], MATCH, declared=((("v", "char(5)"),), ()), equal=50, forgiven={"v": 50},
    ),
    Trap(
        "a leading blank under a policy for trailing ones", "features 11", "k int, v text", [(1, " a "), (2, "a ")],
        [(1, "a"), (2, "a")], NO, rules={"v": Rule(text=(TextPolicy.TRAILING_SPACES,))}, equal=1, differing=1,
        kinds={"v": {"whitespace": 1}}, forgiven={"v": 1},
    ),
    Trap(
        "one second of tolerance, beside another column", "features 16", "k int, v ts, w ts",
        [(1, datetime(2024, 1, 31), datetime(2024, 1, 31))], [(1, datetime(2024, 1, 31, 0, 0, 1), datetime(2024, 1, 31, 0, 0, 1))],
        NO, rules={"v": tolerance("secs", "1")}, differing=1, kinds={"w": value(1)}, forgiven={"v": 1},
    ),
    Trap(
        "a column left out with a reason", "features 21", "k int, v int, loaded int", [(1, 1, 7)], [(1, 1, 8)], MATCH,
        rules={"loaded": Rule(ignore="load time")}, equal=1, wrong={"ignored": {"loaded"}}, match=100.0,
    ),
    Trap(
        "a renamed column", "features 21", "k int, RegionName text", [(1, "DE")], [(1, "FR")], NO, others="k int, region_name text",
        rules={"RegionName": Rule(databricks="region_name")}, differing=1, kinds={"RegionName": value(1)},
    ),
    # --- Schema and names ---------------------------------------------------------------------------
    Trap(
        "a column more", "d7 9: an extra target column", "k int, v int", [(1, 1)], [(1, 1, 1)], PARTIAL,
        others="k int, v int, w int", equal=1, wrong={"extra": {"w"}}, match=100.0,
    ),
    Trap(
        "a column less", "d7 9", "k int, v int, w int", [(1, 1, 1)], [(1, 1)], PARTIAL, others="k int, v int", equal=1,
        wrong={"missing": {"w"}},
    ),
    Trap(
        "columns in another order and case", "d4: case-variant names", "Id int, A int, b int", [(1, 2, 3)], [(3, 2, 1)], MATCH,
        others="B int, a int, ID int", keys=("id",), equal=1,
    ),
    Trap(
        "names that differ only in case", "d4", "k int, a int, A int", [(1, 2, 3)], [(1, 3, 2)], MATCH, others="k int, A int, a int",
        equal=1,
    ),
    Trap(
        "hostile names, all equal", "issue: hostile column names", HOSTILE, [tuple(range(len(HOSTILE)))],
        [tuple(range(len(HOSTILE)))], MATCH, equal=1,
    ),
    Trap(
        "hostile names, all different", "issue: hostile column names", HOSTILE, [tuple(range(len(HOSTILE)))],
        [(0, *range(2, len(HOSTILE) + 1))], NO, differing=1, kinds={n: value(1) for n in NAMES},
    ),
    Trap(
        "hostile names as keys", "issue: hostile column names", HOSTILE, [tuple(range(len(HOSTILE)))],
        [(*range(len(HOSTILE) - 1), 99)], NO, keys=NAMES, missing=1, extra=1,
    ),
    Trap(
        "hostile names under rules", "issue: hostile column names", (("k", "int"), ('a"b', "int"), ("c.d", "text")),
        [(1, 5, "x ")], [(1, 6, "x")], MATCH, rules={'a"b': tolerance("abs", "1"), "c.d": Rule(text=(TextPolicy.TRAILING_SPACES,))},
        equal=1, forgiven={'a"b': 1, "c.d": 1},
    ),
    # --- Shapes -------------------------------------------------------------------------------------
    Trap("no rows on either side", "d7 21: approved because nothing was checked", "k int, v int", [], [], UNSURE, match=None),
    Trap("no rows in the candidate", "semantics EMPTY_SIDE", "k int, v int", [(1, 1), (2, 2)], [], NO, missing=2, match=0.0),
    Trap("no rows in the baseline", "semantics EMPTY_SIDE", "k int, v int", [], [(1, 1)], NO, extra=1, match=0.0),
    Trap("one column, which is the key", "issue: one column", "k int", [(1,), (2,)], [(2,), (1,)], MATCH, equal=2),
    Trap("one column, another row", "issue: one column", "k int", [(1,)], [(2,)], NO, missing=1, extra=1),
    Trap("one column, no key", "issue: one column", "v text", [("a",), (None,)], [(None,), ("a",)], MATCH, keys=(), equal=2),
    Trap(
        "nothing in common", "contracts 4", "a int", [(1,), (2,)], [(1,)], NO, others="b int", keys=(), equal=1, missing=1,
        repeated=(1, 0), wrong={"missing": {"a"}, "extra": {"b"}}, match=None,
    ),
    Trap(
        "95 % exactly is no partial match", "contracts 4", "k int, v int", [(n, n) for n in range(10)],
        [(n, n + (n == 3)) for n in range(10)], NO, equal=9, differing=1, kinds={"v": value(1)}, match=95.0,
    ),
    Trap(
        "one row in ten thousand is no 100 %", "d5: rounded up to 100 %", "k int, v int", [(n, n) for n in range(10_001)],
        [(n, n + (n == 3)) for n in range(10_001)], PARTIAL, equal=10_000, differing=1, kinds={"v": value(1)}, match=99.99,
    ),
]  # fmt: skip
