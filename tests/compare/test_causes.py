"""Each seeded defect gets its name on at least 99 % of its cells; clean data and mere noise get none."""

from __future__ import annotations

import random
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest

from recon.compare.causes import CATALOGUE
from recon.model import Rule
from recon.model_result import WHOLE_ROW, Severity
from tests.compare.seeded import MORE, SEEDED
from tests.compare.tables import table

N = range(1, 9)
OF_ROWS = {
    "EMPTY_SIDE", "EMPTY_GROUPING", "KEY_FORMAT", "JOIN_FANOUT", "UNION_ALL", "DUPLICATE_ROWS",
    "BOUNDARY_INCLUSIVE", "DROPPED_JOIN", "MISSING_FILTER", "NULL_JOIN_KEY", "JOIN_TYPE",
}  # fmt: skip
OF_SCHEMA = {"COLUMN_MISSING", "COLUMN_EXTRA", "COLUMN_RENAMED"}
OF_SEVERAL_COLUMNS = {"COLUMN_SWAPPED", "CASE_LOGIC_CHANGED"}
CASES = [*SEEDED.items(), *MORE]
OF_ALL_ROWS = {"VOLATILE_FUNCTION", "SURROGATE_KEY", "HASH_FUNCTION", "FLAG_INVERTED"}


@pytest.fixture(scope="module")
def seeded(bench):
    """All seeded columns of one length in one comparison: the causes and mismatches by number of the case."""
    found = {}
    for length in sorted({len(column[1]) for _, column in CASES}):
        numbers = [n for n, (_, column) in enumerate(CASES) if len(column[1]) == length]
        key = ("int", list(range(length)))
        ours = table(k=key, **{f"v{n}": CASES[n][1][:2] for n in numbers})
        theirs = table(k=key, **{f"v{n}": CASES[n][1][2:] for n in numbers})
        result = bench.compare(ours, theirs, keys=["k"])
        wrong = {c.name: c.mismatches for c in result.columns}
        for n in numbers:
            found[n] = ([c for c in result.causes if c.scope == f"v{n}"], wrong[f"v{n}"])
    return found


@pytest.mark.parametrize("n", range(len(CASES)), ids=[f"{n} {code}" for n, (code, _) in enumerate(CASES)])
def test_a_seeded_defect_gets_its_name(seeded, n):
    code, (_, values, _, _) = CASES[n]
    [cause], wrong = seeded[n]
    assert (cause.cause, cause.severity) == (code, CATALOGUE[code].severity)
    assert wrong == len(values)
    assert cause.cells >= 0.99 * len(values) and cause.share >= 99
    assert "{" not in cause.hint


def test_a_flag_of_zero_and_one_may_be_inverted(bench):
    def flags(n, same=()):
        one = [i % 3 == 0 for i in range(n)]
        other = [flag if i in same else not flag for i, flag in enumerate(one)]
        return [table(k=("int", list(range(n))), v=("int", [int(f) for f in side])) for side in (one, other)]

    [cause] = bench.compare(*flags(40), keys=["k"]).causes
    assert (cause.cause, cause.cells) == ("FLAG_INVERTED", 40)
    [cause] = bench.compare(*flags(40, same=range(12)), keys=["k"]).causes
    assert cause.cause != "FLAG_INVERTED", "one group of rows differs, not the flag's meaning"


FEW = [
    (code, c) for code, c in CASES if code not in OF_ALL_ROWS and code not in {"DATEPART_BASE", "ROUNDING"}
]


@pytest.mark.parametrize(("code", "column"), FEW[::3], ids=[code for code, _ in FEW[::3]])
def test_a_defect_of_a_part_of_the_rows_gets_its_name_too(bench, code, column):
    kind, values, other_kind, others = column
    equal = [(v, w) for v, w in zip(values, others, strict=True) if kind == other_kind]
    clean = [v for v, _ in equal] * 3
    result = bench.cells((kind, [*values, *clean]), (other_kind, [*others, *clean]))
    [cause] = result.causes
    assert (cause.cause, cause.cells) == (code, result.columns[1].mismatches)


def test_the_catalogue_is_seeded_in_full_and_speaks_plainly():
    assert set(CATALOGUE) == {*SEEDED, *OF_ROWS, *OF_SCHEMA, *OF_SEVERAL_COLUMNS}
    for entry in CATALOGUE.values():
        assert entry.confidence in {"certain", "likely", "possible"}
        assert isinstance(entry.severity, Severity)
        assert (entry.hint.endswith(".") and not entry.link) or entry.link.startswith("https://")
        words = entry.hint.replace("left(x", "").lower().split()
        assert not {"source", "target", "left", "right"} & set(words)


def test_the_catalogue_is_in_the_documentation():
    page = (Path(__file__).parents[2] / "docs" / "causes.md").read_text(encoding="utf-8")
    rows = [line for line in page.splitlines() if line.startswith("| `")]
    assert rows == [
        f"| `{e.code}` | {e.severity} | {e.confidence} | {e.hint.replace('|', chr(92) + '|')}"
        f"{f' [more]({e.link})' if e.link else ''} |"
        for e in CATALOGUE.values()
    ]


def hint(bench, column):
    kind, values, other_kind, others = column
    return bench.cells((kind, values), (other_kind, others)).causes[0].hint


def test_numbers_and_values_are_named(bench):
    assert "Synapse + 7.25 in every one of the 40 cells" in hint(bench, SEEDED["CONSTANT_SHIFT"])
    assert hint(bench, SEEDED["DATEDIFF_BOUNDARY"]).startswith(
        "Databricks is Synapse + -1 in every one of the 40 cells. If they come from DATEDIFF"
    )
    assert "is 100 times" in hint(bench, SEEDED["SCALE_FACTOR"])
    assert "is 0.01 (a hundredth) times" in hint(
        bench, next(c for code, c in MORE if code == "SCALE_FACTOR" and c[0] == "double")
    )
    assert "-5 or -4 hours" in hint(bench, SEEDED["TIMEZONE_SHIFT"])
    assert "America/New_York" in hint(bench, SEEDED["TIMEZONE_SHIFT"])
    assert "at 11 characters" in hint(bench, SEEDED["STRING_TRUNCATION"])
    assert "Databricks has NULL where Synapse has 0.00 in every one" in hint(
        bench, SEEDED["NULL_NOT_HANDLED"]
    )
    assert "separated by bars" in hint(bench, SEEDED["STRING_AGG_ORDER"])
    assert "-1 day in" in hint(
        bench, next(c for code, c in MORE if code == "CONSTANT_SHIFT" and c[0] == "date")
    )


MIXED = [
    (("TRAILING_SPACE", 60), ("COLLATION_CASE", 40)),
    (("TRAILING_SPACE", 40), ("STRING_TRUNCATION", 30), ("NULL_NOT_HANDLED", 30)),
    (("EMPTY_STRING_NULL", 50), ("UNICODE_FORM", 50)),
    (("SCALE_FACTOR", 60), ("SIGN_FLIP", 40)),
    (("SCALE_FACTOR", 40), ("CONSTANT_SHIFT", 30), ("NULL_NOT_HANDLED", 30)),
    (("TIMEZONE_SHIFT", 70), ("END_OF_TIME", 30)),
    (("TIMEZONE_SHIFT", 40), ("DATETIME_PRECISION", 40), ("NULL_NOT_HANDLED", 20)),
]  # fmt: skip


@pytest.mark.parametrize("parts", MIXED, ids=["+".join(code for code, _ in parts) for parts in MIXED])
def test_a_column_may_have_several_reasons(bench, parts):
    typed = next(SEEDED[code] for code, _ in parts if code != "NULL_NOT_HANDLED")
    ours, theirs, expected = [], [], {}
    for code, share in parts:
        _, values, _, others = SEEDED[code] if code != "NULL_NOT_HANDLED" else (0, typed[1], 0, [None] * 40)
        pairs = list(zip(values, others, strict=True))
        ours += [v for v, _ in pairs[:share]]
        theirs += [w for _, w in pairs[:share]]
        expected[code] = len(pairs[:share])
    result = bench.cells((typed[0], ours), (typed[2], theirs))
    found = {c.cause: c.cells for c in result.causes}
    assert set(found) == set(expected)
    assert sum(found.values()) == len(ours) == result.columns[1].mismatches
    assert all(abs(found[code] - n) <= 1 for code, n in expected.items())


def test_two_columns_exchanged(bench):
    ours = table(k=("int", list(N)), a=("int", [n * n for n in N]), b=("int", [7 * n for n in N]))
    theirs = table(k=("int", list(N)), a=("int", [7 * n for n in N]), b=("int", [n * n for n in N]))
    causes = bench.compare(ours, theirs, keys=["k"]).causes
    assert [(c.cause, c.scope, c.cells) for c in causes] == [
        ("COLUMN_SWAPPED", "a", 7),
        ("COLUMN_SWAPPED", "b", 7),
    ]
    assert "Databricks has the values of b in this column" in causes[0].hint


def test_three_columns_in_another_order(bench):
    values = {"a": [13 * n + 1 for n in N], "b": [n * n % 31 + 100 for n in N], "c": [39 * n + 3 for n in N]}
    ours = table(k=("int", list(N)), **{name: ("int", v) for name, v in values.items()})
    theirs = table(k=("int", list(N)), **{n: ("int", values[m]) for n, m in zip("abc", "bca", strict=True)})
    causes = bench.compare(ours, theirs, keys=["k"]).causes
    assert [(c.cause, c.scope, c.cells) for c in causes] == [("COLUMN_SWAPPED", n, 8) for n in "abc"]
    assert ["values of " + m in c.hint for c, m in zip(causes, "bca", strict=True)] == [True] * 3
    shifted = table(k=("int", list(N)), a=("int", values["b"]), b=("int", values["c"]), c=("int", [7, 1] * 4))
    causes = bench.compare(ours, shifted, keys=["k"]).causes
    assert [(c.cause, c.scope) for c in causes[:2]] == [("COLUMN_SWAPPED", "a"), ("COLUMN_SWAPPED", "b")]
    assert causes[2].cause != "COLUMN_SWAPPED"


def test_one_value_in_two_columns_is_no_other_order(bench):
    ours = table(k=("int", list(N)), a=("int", [n * n for n in N]), b=("int", [0] * 8))
    theirs = table(k=("int", list(N)), a=("int", [0] * 8), b=("int", [11 * n % 7 + 1 for n in N]))
    causes = bench.compare(ours, theirs, keys=["k"]).causes
    assert "COLUMN_SWAPPED" not in {c.cause for c in causes}


def test_what_nothing_explains_is_said_to_be_unexplained_and_comes_last(bench):
    [cause] = bench.cells(("int", [1, 2, 3, 4]), ("int", [7, 2, 11, 90])).causes
    assert (cause.cause, cause.cells, cause.share, cause.confidence) == ("VALUE_DIFF", 3, 100.0, "possible")
    assert cause.hint.startswith("Unexplained")
    ours = table(k=("int", list(N)), v=("int", [7 * n for n in N]), gone=("int", list(N)))
    theirs = table(k=("int", list(N)), v=("int", [None, None, None, None, 9, 77, 81, 2]))
    found = bench.compare(ours, theirs, keys=["k"]).causes
    assert [(c.cause, c.cells) for c in found] == [
        ("NULL_NOT_HANDLED", 4),
        ("COLUMN_MISSING", 0),
        ("VALUE_DIFF", 4),
    ]


def test_one_cell_proves_no_constant(bench):
    assert [c.cause for c in bench.cells(("int", [5]), ("int", [50])).causes] == ["VALUE_DIFF"]
    same = bench.cells(("int", [5] * 20), ("int", [50] * 20))  # one value: factor, offset or another value
    assert [c.cause for c in same.causes] == ["VALUE_DIFF"]
    [two] = bench.cells(("text", ["a", "b "]), ("text", ["a ", "b"])).causes
    assert (two.cause, two.confidence) == ("TRAILING_SPACE", "possible")


@pytest.mark.parametrize("cells", [1, 2])
def test_one_cell_of_a_4_byte_float_is_proof(bench, cells):
    ours = [0.1 + n if n < cells else 0.5 * n for n in range(20)]
    [cause] = bench.cells(("double", ours), ("float", ours)).causes
    assert (cause.cause, cause.cells, cause.confidence) == ("FLOAT_PRECISION", cells, "possible")


def test_equal_doubles_are_not_shifted_nor_scaled(bench):
    cents = [Decimal(n) * 2 / 7 for n in range(1, 61)]
    ours = [v.quantize(Decimal("0.01"), "ROUND_DOWN") for v in cents]
    rounded = bench.cells(("decimal(18,2)", ours), ("double", [round(float(v), 2) for v in cents]))
    assert {c.cause for c in rounded.causes} == {"DECIMAL_ROUNDING", "TYPE_CHANGED"}
    noisy = [float(v) * (1 + 1e-13 * (n % 3)) for n, v in enumerate(ours)]
    found = bench.cells(("decimal(18,2)", ours), ("double", noisy)).causes
    assert {c.cause for c in found} == {"FLOAT_NOISE", "TYPE_CHANGED"}


def test_a_default_or_a_guess_is_no_rounding(bench):
    ours = [n * 0.0123 for n in range(1, 41)]
    for theirs in ([0.0] * 40, [float(n % 2) for n in range(40)]):
        causes = bench.cells(("double", ours), ("double", theirs)).causes
        assert "DECIMALS_LOST" not in {c.cause for c in causes}


def test_nulls_of_another_reason_stay_apart_from_exchanged_days(bench):
    ours = [date(2024, 3, 4 + n % 8) for n in range(20)] + [date(2024, 5, 7)] * 30
    theirs = [date(2024, 4 + n % 8, 3) for n in range(20)] + [None] * 30
    found = {c.cause: c.cells for c in bench.cells(("date", ours), ("date", theirs)).causes}
    assert found == {"NULL_NOT_HANDLED": 30, "DATE_FORMAT_PARSE": 20}


NOISE = {
    "digit": ("int", lambda r: r.randint(0, 9)),
    "number": ("int", lambda r: r.randint(-1000, 1000)),
    "large": ("bigint", lambda r: r.randint(0, 10**12)),
    "money": ("decimal(18,2)", lambda r: Decimal(r.randint(-(10**6), 10**6)).scaleb(-2)),
    "float": ("double", lambda r: r.gauss(0, 100)),
    "word": ("text", lambda r: "".join(r.choice("abcdefgh ") for _ in range(r.randint(1, 12)))),
    "code": ("text", lambda r: r.choice("ABCD")),
    "digits": ("text", lambda r: f"{r.randint(0, 999_999):06}"),
    "date": ("date", lambda r: date(2020, 1, 1) + timedelta(days=r.randint(0, 2000))),
    "time": ("ts", lambda r: datetime(2020, 1, 1) + timedelta(seconds=r.randint(0, 10**8))),
    "flag": ("bool", lambda r: r.random() < 0.5),
}


@pytest.mark.parametrize("name", NOISE)
def test_noise_gets_no_reason(bench, name):
    kind, draw = NOISE[name]
    for n in (12, 300):
        r = random.Random(n)
        ours, theirs = ([draw(r) for _ in range(n)] for _ in range(2))
        result = bench.cells((kind, ours), (kind, theirs))
        assert [(c.cause, c.where) for c in result.causes] == [("VALUE_DIFF", "")]


def test_a_match_needs_no_cause(bench):
    data = table(k=("int", [1, 1, 2]), v=("text", ["a", "a", None]))
    assert bench.compare(data, data, keys=["k"]).causes == ()


def test_many_cells_are_counted_exactly_though_only_some_are_looked_at(bench):
    n = 60_000
    ours = pa.table(
        {"k": range(n), "v": [f"name {i % 977}" for i in range(n)], "w": [i % 1000 for i in range(n)]}
    )
    theirs = pa.table({
        "k": range(n),
        "v": [f"name {i % 977} " if i % 5 else f"NAME {i % 977}" for i in range(n)],
        "w": [(i % 1000) * 100 if i % 3 else None if i % 2 else 7 * (i % 13) + 1 for i in range(n)],
    })  # fmt: skip
    result = bench.compare(ours, theirs, keys=["k"])
    found = {(c.scope, c.cause): c for c in result.causes}
    assert found["v", "TRAILING_SPACE"].cells == 48_000 and found["v", "TRAILING_SPACE"].share == 80.0
    assert found["v", "COLLATION_CASE"].cells == 12_000
    wrong = next(c for c in result.columns if c.name == "w")
    assert found["w", "NULL_NOT_HANDLED"].cells == 10_000 == wrong.candidate_null
    factor = sum(1 for i in range(n) if i % 3 and i % 1000)
    assert found["w", "SCALE_FACTOR"].cells == factor
    assert sum(c.cells for (scope, _), c in found.items() if scope == "w") == wrong.mismatches
    assert found["w", "VALUE_DIFF"].cells == wrong.mismatches - factor - 10_000


def test_a_sensitive_column_is_never_quoted(bench):
    ours = table(k=("int", list(range(40))), v=("text", [f"secret{n} " for n in range(40)]))
    theirs = table(k=("int", list(range(40))), v=("text", [f"secret{n}" for n in range(20)] + [None] * 20))
    result = bench.compare(ours, theirs, keys=["k"], rules={"v": Rule(sensitive=True)})
    assert {c.cause for c in result.causes} == {"TRAILING_SPACE", "NULL_NOT_HANDLED"}
    assert not any("secret" in f"{c.hint}{c.where}" for c in result.causes)
    salary = bench.cells(("int", [777] * 20), ("int", [None] * 20), rule=Rule(sensitive=True))
    assert "777" not in f"{salary.causes[0].hint}{salary.causes[0].where}"
    assert salary.causes[0].scope != WHOLE_ROW
