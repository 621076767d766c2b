"""Every pair of types, cell by cell: what was written by hand, what the engine says, what plain Python says."""

from __future__ import annotations

import re

import pytest

from recon.model_result import Kind, Verdict
from tests.compare.golden import GOLDEN, PAIRS
from tests.compare.oracle import canonical, comparable
from tests.compare.tables import table, value

# https://learn.microsoft.com/sql/t-sql/data-types/data-types-transact-sql, and the synonyms
TSQL = {
    "bigint", "int", "integer", "smallint", "tinyint", "bit", "decimal", "dec", "numeric", "money", "smallmoney",
    "float", "real", "double precision", "date", "datetime", "datetime2", "smalldatetime", "datetimeoffset", "time",
    "char", "varchar", "char varying", "text", "nchar", "nvarchar", "ntext", "national character", "binary",
    "varbinary", "image", "uniqueidentifier", "xml", "sql_variant", "rowversion", "timestamp", "sysname",
    "hierarchyid", "geometry", "geography",
}  # fmt: skip
# https://docs.databricks.com/sql/language-manual/sql-ref-datatypes.html
DATABRICKS = {
    "BIGINT", "INT", "SMALLINT", "TINYINT", "BOOLEAN", "DECIMAL", "DOUBLE", "FLOAT", "DATE", "TIMESTAMP",
    "TIMESTAMP_NTZ", "TIME", "STRING", "VARCHAR", "CHAR", "BINARY", "VOID", "VARIANT", "ARRAY", "STRUCT",
}  # fmt: skip
NAME = re.compile(r"[a-z_0-9 ]+?(?=$|[(<])", re.IGNORECASE)


def names(side):
    return {NAME.match(p.types[side])[0].strip() for p in PAIRS if p.types[side]}


def test_every_type_of_both_systems_is_in_the_table():
    assert names(0) >= TSQL and names(1) >= DATABRICKS
    assert {p.types[0] for p in PAIRS} >= {f"datetime2({n})" for n in range(8)} | {"float(24)", "float(53)"}
    assert {outcome for p in PAIRS for _, _, outcome in p.cells} >= {"equal", "forgiven", "-"} | {*Kind} - {
        Kind.MISSING,
        Kind.EXTRA,
    }


@pytest.fixture(scope="module")
def results(bench):
    """File -> the comparison of all its pairs, side by side in one table: column `p{n}` is pair n."""
    found = {}

    def result(file):
        if file not in found:
            found[file] = compared(bench, GOLDEN[file])
        return found[file]

    return result


def compared(bench, pairs):
    rows = max(len(p.cells) for p in pairs)
    sides = []
    for side in (0, 1):
        columns = {"k": ("int", list(range(rows)))}
        for n, pair in enumerate(pairs):
            values = [c[side] for c in pair.cells]
            columns[f"p{n}"] = (pair.stored[side], values + [None] * (rows - len(values)))
        sides.append(table(**columns))
    declared = tuple(
        tuple((f"p{n}", p.types[side]) for n, p in enumerate(pairs) if p.types[side]) for side in (0, 1)
    )
    return bench.compare(*sides, keys=["k"], declared=declared)


@pytest.mark.parametrize(("file", "n"), [(f, n) for f, pairs in GOLDEN.items() for n in range(len(pairs))])
def test_the_engine_says_what_was_written_by_hand(results, file, n):
    result, pair, name = results(file), GOLDEN[file][n], f"p{n}"
    column = value(result, name)
    if pair.types[0]:
        assert column.baseline_type == pair.types[0]
    if pair.types[1]:
        assert column.candidate_type == pair.types[1]
    assert ([t.column for t in result.schema.type_changes].count(name) == 1) is pair.changed
    assert (name in result.schema.not_comparable) is not pair.comparable
    assert (column.role == "not comparable") is not pair.comparable
    found = {int(s.key["k"]): s.cause for s in result.samples if s.column == name}
    expected = {row: o for row, (_, _, o) in enumerate(pair.cells) if o not in {"equal", "forgiven", "-"}}
    assert found == expected, pair.name
    assert column.mismatches == len(expected)
    assert column.forgiven == sum(o == "forgiven" for _, _, o in pair.cells)


READ = {
    "date": "date",
    "datetime": "ts",
    "datetime2": "ts",
    "datetimeoffset": "ts",
    "timestamp": "ts",
    "time": "time",
}


def kind(declared, stored):
    """The oracle's word for a column: a text declared as a date or time is read as one."""
    read = READ.get(declared.partition("(")[0].lower(), "") if stored == "text" else ""
    return f"text:{read}" if read else stored


def text_of(value, stored):
    return str(__import__("uuid").UUID(bytes=value)) if stored == "uuid" else value


@pytest.mark.parametrize("pair", PAIRS, ids=[p.name for p in PAIRS])
def test_plain_python_says_the_same(pair):
    kinds = [kind(t, s) for t, s in zip(pair.types, pair.stored, strict=True)]
    assert comparable(*kinds) is pair.comparable
    if not pair.comparable:
        return
    padded = any(re.fullmatch(r"(?i)(national )?n?char(acter)?(\(.*)?", t) for t in pair.types)
    guid = "uniqueidentifier" in pair.types
    for one, other, outcome in pair.cells:
        values = [
            text_of(v, s) if v is not None else None for v, s in zip((one, other), pair.stored, strict=True)
        ]
        ways = ((values[0], *kinds), (values[1], *kinds[::-1]))
        normal = [canonical(*way, padded=padded, guid=guid) for way in ways]
        strict = [canonical(*way, guid=guid) for way in ways]
        said = "equal" if strict[0] == strict[1] else "forgiven" if normal[0] == normal[1] else "differs"
        assert said == (outcome if outcome in {"equal", "forgiven"} else "differs"), (one, other)
        unreadable = any(isinstance(v, tuple) for v in normal) and None not in normal
        assert unreadable == (outcome == Kind.UNREADABLE)
        assert (None in normal and said == "differs") == (outcome == Kind.NULL_VS_VALUE)


def test_a_table_of_them_is_never_a_match(results):
    for file in GOLDEN:
        assert results(file).verdict in {Verdict.PARTIAL, Verdict.NO_MATCH}
