"""Control totals and the key's story as they are printed: exact, grouped, what differs first."""

from __future__ import annotations

import csv
import io
from dataclasses import replace

import pytest

from recon.model_result import ColumnTotals, KeyProposal, SideCounts, Totals, Uniqueness
from recon.report import export, keys, totals
from recon.report.layout import MOST_TOTALS, layout
from recon.report.pdf import render_pdf
from tests.report import factory
from tests.report.factory import facts_of

AMOUNT = ColumnTotals(
    column="amount",
    baseline=Totals(rows=3, nulls=0, distinct=3, sum="123456789.01", min="-7.00", max="123456000.00"),
    candidate=Totals(rows=3, nulls=1, distinct=3, sum="123456790.02", min="-7.00", max="123456000.00"),
    difference="1.01",
    differs=("nulls", "sum"),
)
NOTE = ColumnTotals(
    column='no"te',
    baseline=Totals(rows=3, distinct=2, min="", max="=1+1"),
    candidate=Totals(rows=3, distinct=2, min="", max="1234567"),
    differs=("max",),
)
SECRET = ColumnTotals(
    column="iban",
    baseline=Totals(rows=3, distinct=None, min="***", max="***"),
    candidate=Totals(rows=3, distinct=None, min="***", max="***"),
    note="the column is sensitive: values are masked",
)


def with_totals(*found):
    return replace(factory.executive(), control_totals=found)


def test_exact_numbers_with_separators_and_a_signed_difference():
    lines = {(x.column, x.total): x for x in totals.lines(with_totals(AMOUNT, NOTE))}
    amount = lines["amount", "sum"]
    assert (amount.baseline, amount.candidate, amount.difference) == (
        "123,456,789.01",
        "123,456,790.02",
        "+1.01",
    )
    assert amount.differs and amount.number
    assert lines["amount", "nulls"].difference == "+1" and lines["amount", "min"].difference == ""
    assert lines["amount", "min"].baseline == "-7.00" and not lines["amount", "min"].differs
    assert lines[totals.ALL_ROWS, "rows"].baseline == "3"


def test_a_text_of_digits_is_no_number():
    most = next(x for x in totals.lines(with_totals(NOTE)) if x.total == "max")
    assert (most.baseline, most.candidate, most.difference, most.number) == ("=1+1", "1234567", "", False)


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        ("1234567.890", "1,234,567.890"),
        ("-1000", "-1,000"),
        ("999", "999"),
        ("1e+22", "1e+22"),
        ("nan", "nan"),
    ],
)
def test_grouping_changes_no_digit(number, shown):
    assert totals.grouped(number) == shown and shown.replace(",", "") == number


def test_what_differs_and_what_is_said_of_it():
    found = with_totals(AMOUNT, NOTE, SECRET)
    assert [(x.column, x.total) for x in totals.differing(totals.lines(found))] == [
        ("amount", "sum"),
        ("amount", "nulls"),
        ('no"te', "max"),
    ]
    assert totals.takeaway(found) == "The control totals of 2 of 3 columns differ."
    assert totals.takeaway(with_totals(SECRET)) == "The control totals of all 1 column agree on both sides."
    assert totals.takeaway(with_totals()) == ""
    assert totals.notes(found) == (
        "iban: the column is sensitive: values are masked",
        "Distinct values were not counted: there are too many rows.",
    )


def test_segments_say_their_own_rows():
    segments = [replace(AMOUNT, segment=name) for name in ("A", "B")]
    lines = totals.lines(with_totals(*segments))
    assert [(x.column, x.segment) for x in lines if x.total == "rows"] == [("amount", "A"), ("amount", "B")]


def test_the_csv_holds_every_total_untouched():
    made = export(facts_of(with_totals(AMOUNT, NOTE, SECRET)), "totals-csv")
    assert made.filename.endswith("-totals.csv") and "2 of 3 columns differ" in made.note
    text = made.data.decode()
    rows = [tuple(r) for r in csv.reader(io.StringIO(text, newline=""))]
    assert rows[0][3:] == ("segment", "column", "total", "synapse", "databricks", "difference")
    found = {(r[4], r[5]): r[6:] for r in rows[1:]}
    assert found["amount", "sum"] == ("123456789.01", "123456790.02", "1.01")
    assert found["amount", "rows"] == ("3", "3", "0") and found["amount", "distinct"] == ("3", "3", "0")
    assert found['no"te', "max"] == ("=1+1", "1234567", r"\N")
    assert found["iban", "distinct"] == (r"\N", r"\N", r"\N")
    assert r',"distinct",\N,\N,\N' in text  # a NULL without quotes


def test_without_totals_every_format_still_prints():
    facts = facts_of(factory.match())
    assert export(facts, "totals-csv").note == "No control totals were taken in this run."
    assert layout(facts)["totals"]["rows"] == []


def test_the_pdf_shows_what_differs_first_and_counts_the_rest():
    many = [replace(AMOUNT, column=f"c{n}", differs=()) for n in range(MOST_TOTALS)]
    page = layout(facts_of(with_totals(*many, AMOUNT)))["totals"]
    names = [r["column"].replace("\u200b", "") for r in page["rows"]]
    assert names[:3] == ["amount", "amount", totals.ALL_ROWS]
    assert len(page["rows"]) == MOST_TOTALS
    assert page["more"] == "246 further totals in the CSV of control totals."
    wide = replace(AMOUNT, difference="9" * 38, baseline=replace(AMOUNT.baseline, sum="9" * 38))
    row = layout(facts_of(with_totals(wide)))["totals"]["rows"][0]
    assert [v.replace("\u200b", "").replace(",", "") for v in row["values"][::2]] == [
        "9" * 38,
        "+" + "9" * 38,
    ]
    assert render_pdf(facts_of(with_totals(AMOUNT, NOTE, SECRET)), system_fonts=False).startswith(b"%PDF")


# --- the key --------------------------------------------------------------------------------


def unique(rows=10, distinct=10, nulls=0, duplicated=0):
    return Uniqueness(rows=rows, distinct=distinct, null_rows=nulls, duplicated_keys=duplicated)


def proposal(*columns, added=(), one=None, other=None):
    one, other = one or unique(), other or unique()
    return KeyProposal(
        columns=columns,
        added=added,
        baseline=one,
        candidate=other,
        unique=one.unique and other.unique,
        found=9,
    )


def run(baseline, candidate, *proposals, identical=False):
    found = factory.executive()
    counts = SideCounts(baseline=baseline, candidate=candidate)
    rows = replace(found.rows, duplicate_keys=counts)
    return replace(found, rows=rows, key_proposals=proposals, identical_rows=identical)


def test_a_key_that_repeats_says_what_to_add():
    more = [proposal("a", "b", added=("b",)), proposal("a", "c", "d", added=("c", "d"))]
    assert keys.advice(run(12, 1, *more), ("a",)) == (
        "a repeats: 12 keys in Synapse and 1 in Databricks occur more than once.",
        "Adding b makes the key unique on both sides; so does adding c with d.",
    )


def test_a_key_that_is_one_in_synapse_is_not_to_be_changed():
    said = keys.advice(run(0, 3, proposal("a", "b", added=("b",))), ("a",))
    assert said == (
        "a identifies every row in Synapse, but 3 keys occur more than once in Databricks: the conversion gives "
        "rows that the procedure does not.",
        "The repeated rows differ in b.",
    )
    copies = keys.advice(run(0, 1, identical=True), ("a", "b"))
    assert "a and b identify every row" in copies[0] and "1 key occurs more than once" in copies[0]
    assert "equal in every column" in copies[1]


def test_what_helps_on_one_side_only():
    half = proposal("a", "b", added=("b",), other=unique(distinct=8, duplicated=2))
    said = keys.advice(run(4, 4, half, identical=True), ("a",))
    assert (
        said[1]
        == "Adding b makes the key unique in Synapse; in Databricks 2 keys still occur more than once."
    )
    assert "not in Databricks" in keys.advice(run(4, 0, half), ("a",))[0]
    assert "No further columns" in keys.advice(run(1, 1), ("a",))[1]


def test_nothing_is_said_of_a_good_key():
    assert keys.advice(run(0, 0), ("a",)) == ()
    assert keys.advice(run(0, 0), ()) == ()


def test_a_run_without_a_key_could_have_one():
    assert keys.advice(run(0, 0, proposal("a", "b")), ("a", "b", "c")) == (
        "No key is named. a and b would identify every row on both sides.",
    )
    one_side = proposal("a", other=unique(distinct=9, duplicated=1))
    assert "in Synapse only" in keys.advice(run(0, 0, one_side), ())[0]


def test_a_proposal_in_a_line():
    assert (
        keys.summary(proposal("a"))
        == "unique on both sides · no NULLs · 90.00 % of Synapse's keys are in Databricks"
    )
    worse = proposal("a", one=unique(nulls=1), other=unique(distinct=9, duplicated=1))
    assert keys.summary(worse) == (
        "unique in Synapse, 1 key repeats in Databricks · NULL in Synapse 10.00 %, in Databricks none · "
        "90.00 % of Synapse's keys are in Databricks"
    )
    alone = replace(proposal("a"), candidate=None, found=None)
    assert keys.summary(alone) == "unique · no NULLs"


@pytest.mark.parametrize("name", ["plain", 'quo"te', "back\\slash", "new\nline", "ключ", "\x7f"])
def test_the_toml_line_names_exactly_these_columns(name):
    import tomllib

    assert tomllib.loads(keys.toml_line((name, "b"))) == {"keys": [name, "b"]}
