from __future__ import annotations

import csv
import io
import json

import pytest

from recon.errors import SettingsError
from recon.report import FORMATS, codec, export
from recon.report.facts import Difference
from tests.report import factory
from tests.report.factory import facts_of

VALUES = ("=1+1", "+1", "-12.50", "@SUM(A1)", "\tx", "\rx", "\nx", "＝1", "a,b", 'say "hi"', "two\r\nlines", r"\N", "<NULL>",
          "", " padded ", "007", "ünïcode 東京 🚚", None)  # fmt: skip


def rows() -> tuple[Difference, ...]:
    return tuple(
        Difference(key={"id": str(n), "table": value, "=k": None}, column="=c", segment="2024-01", kind="value",
                   baseline=value, candidate=None if n % 2 else "x")
        for n, value in enumerate(VALUES)
    )  # fmt: skip


def exact_cells(line: str) -> list[str | None]:
    """A reader that knows the exact format: quoted is a value, a bare backslash N is NULL."""
    cells: list[str | None] = []
    rest = line
    while rest:
        if rest.startswith('"'):
            end = 1
            while rest[end] != '"' or rest[end : end + 2] == '""':
                end += 2 if rest[end] == '"' else 1
            cells.append(rest[1:end].replace('""', '"'))
            rest = rest[end + 1 :]
        else:
            assert rest.startswith(r"\N")
            cells.append(None)
            rest = rest[2:]
        rest = rest.removeprefix(",")
    return cells


def test_exact_csv_brings_back_every_value_untouched_and_null_apart() -> None:
    facts = facts_of(factory.executive(), differences=rows())
    text = export(facts, "csv").data.decode("utf-8")
    assert text.startswith(
        '"run_id","table","variant","kind","column","segment","id","key: table","=k","synapse","databricks"\r\n'
    )
    body = text.split("\r\n", 1)[1].replace("two\r\nlines", "two\x01lines")
    lines = [exact_cells(line.replace("\x01", "\r\n")) for line in body.removesuffix("\r\n").split("\r\n")]
    assert [line[9] for line in lines] == list(VALUES)
    assert [line[7] for line in lines] == list(VALUES)
    assert {line[8] for line in lines} == {None}
    assert [line[10] for line in lines] == [None if n % 2 else "x" for n in range(len(VALUES))]
    assert lines[0][:6] == [
        "20261105-103107-4f2a",
        "fact_executive_summary",
        "null_income",
        "value",
        "=c",
        "2024-01",
    ]
    assert len(list(csv.reader(io.StringIO(text, newline="")))) == len(VALUES) + 1


def test_excel_csv_runs_no_formula_and_says_null_in_words() -> None:
    facts = facts_of(factory.executive(), differences=rows())
    data = export(facts, "excel-csv").data
    assert data.startswith(b"\xef\xbb\xbf")
    read = list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))
    assert all(not cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n")) for line in read for cell in line)
    values = [line[9] for line in read[1:]]
    assert values[0] == "'=1+1" and values[2] == "'-12.50" and values[7] == "'＝1"
    assert values[8:12] == ["a,b", 'say "hi"', "two\r\nlines", r"\N"]
    assert values[-1] == "<NULL>" and values[13] == ""
    assert read[0][8] == "'=k" and read[1][4] == "'=c"


def test_the_csv_says_whether_it_is_complete() -> None:
    result = factory.executive()
    part = export(facts_of(result, differences=rows()), "csv")
    assert (
        part.filename == "fact_executive_summary-null_income-20261105-103107-4f2a-differences-18-of-16053.csv"
    )
    assert part.note == (
        "A stored sample: 18 of 16,053 differences. 1,204 cells equal only by a rule: not among them."
    )
    none = export(facts_of(factory.match(), differences=()), "excel-csv")
    assert none.filename.endswith("-differences-0-of-0.excel.csv")
    assert none.note == "Complete: all 0 differences."
    assert none.data.decode("utf-8-sig").count("\r\n") == 1


def test_a_run_without_differences_still_names_its_key_columns() -> None:
    header = export(facts_of(factory.match(), differences=()), "csv").data.decode().split("\r\n")[0]
    assert header.split(",")[6:10] == [f'"{key}"' for key in factory.KEYS]


def test_json_export_is_the_result_itself() -> None:
    result = factory.hostile()
    made = export(facts_of(result), "json")
    assert codec.loads(made.data.decode()) == result
    assert json.loads(made.data)["verdict"] == "NO MATCH"
    assert made.mime == "application/json"


def test_names_of_files_are_harmless() -> None:
    for form in FORMATS:
        name = export(facts_of(factory.hostile()), form).filename
        assert name.isascii() and not set(name) & set("/\\:*?\"<>| '$`#;&()") and not name.startswith(".")


def test_an_approximation_is_labelled_in_every_format() -> None:
    facts = facts_of(factory.executive(approximate=True, engine="DuckDB 2.0.0"))
    assert all("Approximation: DuckDB 2.0.0" in export(facts, form).note for form in FORMATS)


def test_an_unknown_format_is_refused_with_the_known_ones() -> None:
    with pytest.raises(SettingsError, match="'xlsx'") as caught:
        export(facts_of(factory.match()), "xlsx")
    assert caught.value.hint == "The formats are pdf, csv, excel-csv, json, totals-csv, html, junit."
