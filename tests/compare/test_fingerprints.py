"""Fingerprints only skip: whatever way the rows are found, the same is said of them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from recon.compare import examples, fingerprints
from recon.model_result import Verdict
from tests.compare.tables import kinds, table, value
from tests.compare.zoo import TRAPS, run

ROWS = 4_000


def big(change=None, *, drop=(), twice=()):
    """Rows of a key of two columns, a text, a float and a decimal; `change` maps some rows to other values."""
    rows = [[i % 7, i // 7, f"text {i % 50}", i / 3, f"{i % 90}.25"] for i in range(ROWS)]
    for at, (column, new) in (change or {}).items():
        rows[at][column] = new
    rows = [r for i, r in enumerate(rows) if i not in drop]
    rows += [rows[i] for i in twice]
    a, b, text, number, amount = zip(*rows, strict=True)
    return table(
        a=("int", a), b=("bigint", b), text=("text", text), number=("double", number),
        amount=("decimal(38,2)", amount),
    )  # fmt: skip


def said(result):
    """Everything but how it was found, and which rows a cause concerns: that needs all their columns."""
    return replace(result, method="", causes=())


SIDES = {
    "equal": (big(), big()),
    "few": (big(), big({5: (2, "other"), 1999: (4, "0.26"), 2000: (3, None)})),
    "every row": (big(), big(dict.fromkeys(range(ROWS), (4, "91.50")))),
    "two columns": (big(), big({i: (2 + i % 2, None) for i in range(0, ROWS, 2)})),
    "missing and extra": (big(drop={7, 8, 9}), big(drop={100}, change={3000: (2, "x")})),
    "half missing": (big(), big(drop=set(range(0, ROWS, 2)))),
    "repeated keys": (big(twice=[1, 2, 2]), big({9: (2, "z")}, twice=[1, 2])),
    "repeated alike": (big(twice=[1, 2]), big({9: (2, "z")}, twice=[1, 2])),
}


@pytest.mark.parametrize("name", SIDES)
@pytest.mark.parametrize("small", [0, 1_000, 500_000])
def test_every_way_says_the_same(bench, monkeypatch, tmp_path, name, small):
    one, other = SIDES[name]
    truth = bench.compare(one, other, keys=["a", "b"], exact=True, differences=tmp_path / "truth.parquet")
    monkeypatch.setattr(fingerprints, "SMALL", small)
    found = bench.compare(one, other, keys=["a", "b"], differences=tmp_path / "found.parquet")
    assert said(found) == said(truth)
    assert (tmp_path / "found.parquet").read_bytes() == (tmp_path / "truth.parquet").read_bytes()
    assert (found.method, truth.method) == ("fingerprint+pairs", "pairs")


@pytest.mark.parametrize("trap", TRAPS, ids=[t.name for t in TRAPS])
def test_no_trap_is_missed_among_many_rows(bench, monkeypatch, trap):
    truth = run(trap, bench, exact=True)
    monkeypatch.setattr(fingerprints, "SMALL", 0)
    monkeypatch.setattr(examples, "_MANY", 0)
    assert said(run(trap, bench)) == said(truth)


@pytest.mark.parametrize("most", [0, 1, 3, 400])
@pytest.mark.parametrize("file", [True, False])
def test_ranking_only_small_numbers_keeps_the_same_examples(bench, monkeypatch, tmp_path, most, file):
    one, other = SIDES["two columns"]
    place = tmp_path / "cells.parquet" if file else None
    truth = bench.compare(one, other, keys=["a", "b"], sample_rows=most, differences=place)
    monkeypatch.setattr(examples, "_MANY", 0)
    assert bench.compare(one, other, keys=["a", "b"], sample_rows=most, differences=place) == truth


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("-0.01", "0.00"),  # DuckDB's hash of a 128-bit integer is the XOR of its halves' hashes: 0 for both
        ("0.00", "184467440737095516.17"),  # 2^64 + 1
        ("92233720368547758.09", "166020696663385964544.05"),  # halves exchanged: 5 and 9
    ],
)
def test_wide_decimals_that_hash_alike_are_told_apart(bench, one, other):
    found = bench.cells(("decimal(38,2)", [one, "1.00"]), ("decimal(38,2)", [other, "1.00"]))
    assert (found.verdict, value(found).mismatches) == (Verdict.NO_MATCH, 1)


def test_values_that_rows_exchanged_are_found(bench):
    """Sums of hashes agree too often where rows swap values, unless each is hashed once more."""
    swapped = [i ^ 1 for i in range(ROWS)]
    keys = ("int", list(range(ROWS)))
    one = table(k=keys, v=("int", list(range(ROWS))), w=("int", list(range(ROWS))))
    other = table(k=keys, v=("int", swapped), w=("int", list(range(ROWS))))
    found = bench.compare(one, other, keys=["k"])
    assert value(found, "v").mismatches == ROWS
    assert value(found, "w").mismatches == 0


def test_values_that_columns_exchanged_are_found(bench):
    numbers = list(range(1, ROWS))
    keys = ("int", numbers)
    one = table(k=keys, v=("int", numbers), w=("int", [0] * len(numbers)))
    other = table(k=keys, v=("int", [0] * len(numbers)), w=("int", numbers))
    found = bench.compare(one, other, keys=["k"])
    assert (value(found, "v").mismatches, value(found, "w").mismatches) == (ROWS - 1, ROWS - 1)


@pytest.mark.parametrize(("kind", "values"), [
    ("bigint", [0, 1, -1, 2**63 - 1]), ("double", [0.0, 1.0]), ("text", ["", "NULL", "\\N"]),
    ("decimal(38,0)", ["0", "-1"]), ("bool", [False, True]), ("binary", [b"", b"\0"]),
])  # fmt: skip
def test_null_is_no_value_to_a_fingerprint(bench, kind, values):
    found = bench.cells((kind, values), (kind, [None] * len(values)))
    assert kinds(found) == {"null_vs_value": len(values)}
