"""Each seeded defect gets its name; what nothing explains gets none."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest

from recon.compare.causes import CATALOGUE
from recon.model_result import WHOLE_ROW
from tests.compare.tables import table

NOON = datetime(2024, 1, 31, 12, 30)
N = range(1, 9)
SEEDED = {
    "NULL_NOT_HANDLED": ("int", [0] * 8, "int", [None] * 8),
    "EMPTY_STRING_NULL": ("text", [""] * 8, "text", [None] * 8),
    "CHAR_PADDING": ("text", [f"a{n}   " for n in N], "text", [f"a{n}" for n in N]),
    "TRAILING_SPACE": ("text", [f"a{'x' * n} " for n in N], "text", [f"a{'x' * n}" for n in N]),
    "COLLATION_CASE": ("text", [f"A{n}" for n in N], "text", [f"a{n}" for n in N]),
    "UNICODE_FORM": ("text", [f"é{n}" for n in N], "text", [f"e\u0301{n}" for n in N]),
    "STRING_TRUNCATION": ("text", ["abc"] * 8, "text", [f"abc{n}" for n in N]),
    "INT_DIVISION": ("int", [n // 2 for n in (1, 3, 5, 7, 9)], "double", [n / 2 for n in (1, 3, 5, 7, 9)]),
    "DATEDIFF_BOUNDARY": ("int", list(N), "int", [n - 1 for n in N]),
    "SIGN_FLIP": ("decimal(9,2)", list(N), "decimal(9,2)", [-n for n in N]),
    "SCALE_FACTOR": ("decimal(9,2)", list(N), "decimal(9,2)", [100 * n for n in N]),
    "CONSTANT_SHIFT": ("decimal(9,2)", list(N), "decimal(9,2)", [n + Decimal("7.25") for n in N]),
    "DECIMAL_ROUNDING": ("decimal(9,2)", list(N), "decimal(9,2)", [n + Decimal("0.01") * (-1) ** n for n in N]),
    "FLOAT_PRECISION": ("double", [n + 0.1 for n in N], "float", [n + 0.1 for n in N]),
    "FLOAT_NOISE": ("double", [n * 0.1 for n in N], "double", [n * 0.1 * (1 + 1e-13) for n in N]),
    "TIMEZONE_SHIFT": ("ts", [NOON + timedelta(days=n) for n in N], "ts", [NOON + timedelta(days=n, hours=-5) for n in N]),
    "DATETIME_PRECISION": ("ts", [NOON] * 8, "ts", [NOON + timedelta(milliseconds=n % 3 + 1) for n in N]),
    "TIME_DROPPED": ("ts", [NOON + timedelta(minutes=n) for n in N], "date", [date(2024, 1, 31)] * 8),
    "TYPE_CHANGED": ("int", list(N), "text", [f"#{n}" for n in N]),
}  # fmt: skip


@pytest.mark.parametrize("code", SEEDED)
def test_a_seeded_column_defect_gets_its_name(bench, code):
    kind, values, other_kind, others = SEEDED[code]
    result = bench.cells((kind, values), (other_kind, others))
    [cause] = result.causes
    assert (cause.cause, cause.scope, cause.cells) == (code, "v", result.columns[1].mismatches)
    assert cause.cells >= len(values) - 1


def test_the_numbers_are_named(bench):
    def said(code):
        kind, values, other_kind, others = SEEDED[code]
        return bench.cells((kind, values), (other_kind, others)).causes[0].hint

    assert "Synapse + 7.25 in every one of the 8 cells" in said("CONSTANT_SHIFT")
    assert "100 times" in said("SCALE_FACTOR")
    assert "-5 hours" in said("TIMEZONE_SHIFT")
    assert "at 3 characters" in said("STRING_TRUNCATION")


def test_what_nothing_explains_stays_unexplained(bench):
    mixed = bench.cells(("int", [1, 2, 3, 4]), ("int", [7, 2, 11, 90]))
    assert mixed.causes == ()
    half = bench.cells(("int", list(N)), ("int", [None, None, None, 40, 9, 77, 81, 2]))
    assert half.causes == ()


def test_one_cell_proves_no_constant(bench):
    assert bench.cells(("int", [5]), ("int", [50])).causes == ()


def test_rows(bench):
    data = table(k=("int", [1, 2, 3, 4]), g=("text", ["a", "a", "b", None]), v=("int", [1, 2, 3, 4]))
    none = data.slice(0, 0)
    assert [(c.cause, c.scope) for c in bench.compare(data, none, keys=["k"]).causes] == [
        ("EMPTY_SIDE", WHOLE_ROW)
    ]
    assert "Databricks has no rows" in bench.compare(data, none, keys=["k"]).causes[0].hint
    assert "Synapse has no rows" in bench.compare(none, data, keys=["k"]).causes[0].hint
    more = table(
        k=("int", [1, 2, 3, 4, 8, 9]),
        g=("text", ["a", "a", "b", None, "z", "z"]),
        v=("int", [1, 2, 3, 4, 5, 6]),
    )
    [filtered] = bench.compare(data, more, keys=["k"]).causes
    assert (filtered.cause, filtered.cells) == ("MISSING_FILTER", 2)
    assert "g = z" in filtered.hint
    [joined] = bench.compare(more, data, keys=["k"]).causes
    assert joined.cause == "JOIN_TYPE"
    twice = table(
        k=("int", [1, 2, 3, 3, 4]), g=("text", ["a", "a", "b", "b", None]), v=("int", [1, 2, 3, 3, 4])
    )
    [repeated] = bench.compare(data, twice, keys=["k"]).causes
    assert (repeated.cause, repeated.cells) == ("DUPLICATE_ROWS", 1)


def test_keys_in_another_form(bench):
    one = table(code=("text", ["007", "008", "010"]), v=("int", [1, 2, 3]))
    other = table(code=("text", ["7", "8", "10"]), v=("int", [1, 2, 3]))
    cause = bench.compare(one, other, keys=["code"]).causes[0]
    assert (cause.cause, cause.scope) == ("KEY_FORMAT", "code")
    upper = table(code=("text", ["A", "B", "C"]), v=("int", [1, 2, 3]))
    lower = table(code=("text", ["a", "b", "c"]), v=("int", [1, 2, 3]))
    assert bench.compare(upper, lower, keys=["code"]).causes[0].cause == "COLLATION_CASE"


def test_columns_of_one_side_are_named_after_what_differs(bench):
    one = table(k=("int", [1, 2]), v=("int", [0, 0]), gone=("int", [1, 1]))
    other = table(k=("int", [1, 2]), v=("int", [None, None]), new=("int", [1, 1]))
    found = [(c.cause, c.scope) for c in bench.compare(one, other, keys=["k"]).causes]
    assert found == [("NULL_NOT_HANDLED", "v"), ("COLUMN_MISSING", "gone"), ("COLUMN_EXTRA", "new")]


def test_a_match_needs_no_cause(bench):
    data = table(k=("int", [1, 1, 2]), v=("text", ["a", "a", None]))
    assert bench.compare(data, data, keys=["k"]).causes == ()


def test_every_entry_of_the_catalogue_is_seeded_here_and_speaks_plainly():
    rows = {
        "EMPTY_SIDE",
        "KEY_FORMAT",
        "JOIN_FANOUT",
        "DUPLICATE_ROWS",
        "DROPPED_JOIN",
        "MISSING_FILTER",
        "JOIN_TYPE",
    }
    assert set(CATALOGUE) == {*SEEDED, *rows, "COLUMN_MISSING", "COLUMN_EXTRA"}
    for entry in CATALOGUE.values():
        assert entry.confidence in {"certain", "likely", "possible"}
        assert entry.hint.endswith(".")
        assert not re.search(r"\b(source|target|left|right)\b(?!\()", entry.hint)
