"""Traps of rows: counts, duplicates, keys, no keys, and what a hash may hide."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime
from decimal import Decimal

from recon.model import Rule, TextPolicy
from recon.model_result import Verdict
from tests.compare.trap import Trap, value

MATCH, PARTIAL, NO, UNSURE = Verdict.MATCH, Verdict.PARTIAL, Verdict.NO_MATCH, Verdict.INCONCLUSIVE
NULLED = {"null_vs_value": 1}
CORPORATION = [(n, n % 5) for n in range(40)]

ROWS = [
    # --- Row counts, duplicates, keys ---------------------------------------------------------------
    Trap(
        "900 rows against 1,000", "d7 1: the verdict ignores row counts", "k int, v int",
        [(n, n) for n in range(1000)], [(n, n) for n in range(900)], NO, equal=900, missing=100, match=90.0,
    ),
    Trap(
        "more rows than there were", "d7 1", "k int, v int", [(1, 1)], [(1, 1), (2, 2)], NO, equal=1, extra=1, match=50.0,
    ),
    Trap(
        "as many rows, but others", "d7 1", "k int, v int", [(1, 1), (2, 2)], [(1, 1), (3, 2)], NO,
        equal=1, missing=1, extra=1, match=33.33,
    ),
    Trap(
        "three copies against one", "d7 3: 3 copies pass as 1", "k int, v int", [(1, 5)] * 3, [(1, 5)], NO,
        equal=1, missing=2, repeated=(1, 0),
    ),
    Trap(
        "one copy against three", "d7 3", "k int, v int", [(1, 5)], [(1, 5)] * 3, NO, equal=1, extra=2, repeated=(0, 1),
    ),
    Trap(
        "two copies against two", "d7 4: false mismatches for identical duplicates", "k int, v int",
        [(1, 5), (1, 5), (2, 6)], [(2, 6), (1, 5), (1, 5)], MATCH, equal=3, repeated=(1, 1), match=100.0,
    ),
    Trap(
        "two copies against two, one cell off", "d7 4", "k int, v int", [(1, 5), (1, 5)], [(1, 5), (1, 6)], NO,
        equal=1, differing=1, repeated=(1, 1), kinds={"v": value(1)},
    ),
    Trap(
        "a repeated key in another order", "d7 4", "k int, v text", [(1, "a"), (1, "b"), (1, "c")],
        [(1, "c"), (1, "a"), (1, "b")], MATCH, equal=3, repeated=(1, 1),
    ),
    Trap(
        "a join that fans out", "semantics JOIN_FANOUT", "k int, v int", CORPORATION,
        CORPORATION + [r for r in CORPORATION if r[1] == 2], NO, equal=40, extra=8, repeated=(0, 8), match=83.33,
    ),
    Trap(
        "a repeated key on one side, its row equal", "d4: MATCH with extra duplicate rows", "k int, v int",
        [(1, 1), (2, 2)], [(1, 1), (2, 2), (2, 2)], NO, equal=2, extra=1, repeated=(0, 1),
    ),
    Trap(
        "NULL in a key", "d7 15: NULL-key rows vanish", "k int, v int", [(None, 1), (2, 2)], [(None, 9), (2, 2)], NO,
        equal=1, differing=1, nulls=(1, 1), kinds={"v": value(1)},
    ),
    Trap(
        "NULL in a key on both sides, all equal", "d4: a NULL key reported missing on both sides", "k int, v int",
        [(None, 1), (2, 2)], [(None, 1), (2, 2)], MATCH, equal=2, nulls=(1, 1),
    ),
    Trap(
        "all keys NULL", "d7 15", "k int, v int", [(None, 1), (None, 2)], [(None, 2), (None, 1)], MATCH,
        equal=2, repeated=(1, 1), nulls=(2, 2),
    ),
    Trap(
        "all keys NULL, one row lost", "d7 15", "k int, v int", [(None, 1), (None, 2)], [(None, 2)], NO,
        equal=1, missing=1, repeated=(1, 0), nulls=(2, 1),
    ),
    Trap(
        "NULL and the empty text in a key", "features 6", "k text, j text, v int", [(None, "x", 1), ("", "x", 2)],
        [("", "x", 1), (None, "x", 2)], NO, keys=("k", "j"), differing=2, nulls=(1, 1), kinds={"v": value(2)},
    ),
    Trap(
        "NULL moved to the other key", "features 6", "k text, j text, v int", [(None, "x", 1)], [("x", None, 1)], NO,
        keys=("k", "j"), missing=1, extra=1, nulls=(1, 1),
    ),
    Trap(
        "a key that reads the same when joined", "d7 6: hash without separator", "k text, j text, v int",
        [("ab", "c", 1)], [("a", "bc", 1)], NO, keys=("k", "j"), missing=1, extra=1,
    ),
    Trap(
        "keys of other types", "features 10", "k int, v int", [(1, 1), (2, 2)], [(Decimal(1), 1), (Decimal("2.5"), 2)], NO,
        others="k decimal(38,10), v int", equal=1, missing=1, extra=1, wrong={"changed": {"k"}},
    ),
    Trap(
        "keys in another case", "semantics COLLATION_CASE", "k text, v int", [("A", 1)], [("a", 1)], NO, missing=1, extra=1,
    ),
    Trap(
        "keys in another case, which the rule looks past", "features 11", "k text, v int", [("A", 1)], [("a", 1)], MATCH,
        rules={"k": Rule(text=(TextPolicy.CASE,))}, equal=1, forgiven={"k": 1},
    ),
    Trap(
        "a CHAR key without its padding", "semantics CHAR_PADDING", "k text, v int", [("A    ", 1)], [("A", 1)], MATCH,
        declared=((("k", "char(5)"),), (("k", "STRING"),)), equal=1, forgiven={"k": 1},
    ),
    Trap(
        "two keys that the rule makes one", "features 6", "k text, v int", [("A", 1), ("a", 2)], [("a", 2), ("A", 1)], MATCH,
        rules={"k": Rule(text=(TextPolicy.CASE,))}, equal=2, repeated=(1, 1),
    ),
    Trap(
        "NaN and zero as keys", "features 12", "k double, v int", [(math.nan, 1), (-0.0, 2)], [(math.nan, 1), (0.0, 2)],
        MATCH, equal=2,
    ),
    Trap(
        "a date key as a timestamp", "features 13", "k date, v int", [(date(2024, 1, 31), 1)],
        [(datetime(2024, 1, 31, tzinfo=UTC), 1)], MATCH, others="k tz, v int", equal=1, wrong={"changed": {"k"}},
    ),
    Trap(
        "a key that the candidate lacks", "contracts 4", "k int, v int", [(1, 1)], [(1,)], PARTIAL, others="v int",
        equal=1, wrong={"missing": {"k"}},
    ),
    Trap(
        "a key of types that cannot be compared", "contracts 4", "k binary, v int", [(b"1", 1)], [(date(2024, 1, 1), 1)],
        UNSURE, others="k date, v int", equal=1, wrong={"incomparable": {"k"}, "changed": {"k"}},
    ),
    # --- Without a key ------------------------------------------------------------------------------
    Trap(
        "no key, one multiplicity off", "d7 27: tables without a key unquietly validated", "a int, b text",
        [(1, "x"), (1, "x"), (2, "y")], [(1, "x"), (2, "y"), (2, "y")], NO, keys=(), equal=2, missing=1, extra=1,
        repeated=(1, 1), match=50.0,
    ),
    Trap(
        "no key, all the same", "d7 27", "a int, b text", [(1, "x"), (None, None)], [(None, None), (1, "x")], MATCH,
        keys=(), equal=2,
    ),
    Trap(
        "no key, copies that cancel under XOR", "hash traps", "a int", [(1,), (1,)], [(2,), (2,)], NO, keys=(),
        missing=2, extra=2, repeated=(1, 1), match=0.0,
    ),
    Trap(
        "no key, four copies against two and two", "hash traps", "a int", [(1,)] * 4, [(1,), (1,), (2,), (2,)], NO,
        keys=(), equal=2, missing=2, extra=2, repeated=(1, 2),
    ),
    Trap(
        "no key, sums that agree", "hash traps", "a int", [(1,), (4,)], [(2,), (3,)], NO, keys=(), missing=2, extra=2,
    ),
    Trap(
        "no key, columns that agree each for itself", "hash traps", "a int, b int", [(1, 1), (2, 2)], [(1, 2), (2, 1)], NO,
        keys=(), missing=2, extra=2,
    ),
    # --- What a hash may hide -----------------------------------------------------------------------
    Trap(
        "values that read the same when joined", "d7 6: hash without separator", "k int, a text, b text",
        [(1, "ab", "c"), (2, "", "x")], [(1, "a", "bc"), (2, "x", "")], NO, differing=2,
        kinds={"a": value(2), "b": value(2)}, match=33.33,
    ),
    Trap(
        "separators inside the values", "d7 6", "k int, a text, b text",
        [(1, "a|b", "c"), (2, "a\x1fb", "c"), (3, "a\x00", "b"), (4, 'a","b', "c")],
        [(1, "a", "b|c"), (2, "a", "b\x1fc"), (3, "a", "\x00b"), (4, "a", 'b","c')], NO, differing=4,
        kinds={"a": value(4), "b": value(4)},
    ),
    Trap(
        "NULL and the empty text exchanged", "d7 6", "k int, a text, b text", [(1, "", None), (2, None, "")],
        [(1, None, ""), (2, "", None)], NO, differing=2, kinds={"a": {"null_vs_value": 2}, "b": {"null_vs_value": 2}},
    ),
    Trap(
        "NULL between two values", "d7 6", "k int, a text, b text", [(1, "x", None)], [(1, None, "x")], NO, differing=1,
        kinds={"a": NULLED, "b": NULLED},
    ),
    Trap(
        "values exchanged between rows", "hash traps", "k int, v int", [(1, 10), (2, 20), (3, 30)],
        [(1, 20), (2, 10), (3, 30)], NO, equal=1, differing=2, kinds={"v": value(2)},
    ),
    Trap(
        "values exchanged between columns", "semantics COLUMN_SWAPPED", "k int, a int, b int", [(1, 10, 20)], [(1, 20, 10)],
        NO, differing=1, kinds={"a": value(1), "b": value(1)},
    ),
    Trap(
        "values rotated through three columns", "hash traps", "k int, a int, b int, c int", [(1, 1, 2, 3)], [(1, 2, 3, 1)],
        NO, differing=1, kinds={c: value(1) for c in "abc"},
    ),
    Trap(
        "differences that cancel in the sum", "hash traps", "k int, v bigint", [(1, 100), (2, 100)], [(1, 101), (2, 99)], NO,
        differing=2, kinds={"v": value(2)},
    ),
    Trap(
        "each row right, under another key", "hash traps", "k int, a int, b int", [(1, 5, 6), (2, 7, 8)],
        [(1, 7, 8), (2, 5, 6)], NO, differing=2, kinds={"a": value(2), "b": value(2)},
    ),
    Trap(
        "halves of 128 bits", "hash traps", "k int, v decimal(38,0)",
        [(1, Decimal(2**64)), (2, Decimal(2**64 + 5)), (3, Decimal(5 * 2**64 + 7)), (4, Decimal(-(2**64)))],
        [(1, Decimal(0)), (2, Decimal(5)), (3, Decimal(7 * 2**64 + 5)), (4, Decimal(2**64))], NO, differing=4,
        kinds={"v": value(4)},
    ),
    Trap(
        "one bit of 64", "hash traps", "k int, v bigint", [(n, 2**n) for n in range(63)],
        [(n, 2**n + (n == 62)) for n in range(63)], PARTIAL, equal=62, differing=1, kinds={"v": value(1)}, match=99.2,
    ),
    Trap(
        "a single cell among thousands", "d7 8: columns from a sample of 50 rows", "k int, a int, b text",
        [(n, n % 7, "same") for n in range(5000)], [(n, n % 7, "same" if n != 4999 else "other") for n in range(5000)],
        PARTIAL, equal=4999, differing=1, kinds={"b": value(1)}, match=99.99,
    ),
    Trap(
        "a column that differs once, after one that differs always", "d7 8", "k int, a int, b int",
        [(n, n, 1) for n in range(300)], [(n, n + 1, 1 + (n == 299)) for n in range(300)], NO, differing=300,
        kinds={"a": value(300), "b": value(1)},
    ),
    Trap(
        "rows shuffled", "hash traps", "k int, v int", [(n, n * n) for n in range(500)],
        [(n * 7 % 500, (n * 7 % 500) ** 2) for n in range(500)], MATCH, equal=500,
    ),
]  # fmt: skip
