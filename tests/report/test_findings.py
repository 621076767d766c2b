"""Findings in words: how grave, how much, which rows; what is unexplained is never shown as a reason."""

from __future__ import annotations

from dataclasses import replace

import pytest

from recon.model_result import UNEXPLAINED, WHOLE_ROW, Cause, Severity
from recon.report import wording
from recon.report.pdf import render_pdf
from tests.report import factory
from tests.report.factory import facts_of
from tests.report.test_pdf import pages

LOST = Cause(
    cause="NULL_NOT_HANDLED",
    scope="income_amount",
    confidence="likely",
    cells=2_771,
    share=98.57,
    severity=Severity.VALUES,
    hint="Add COALESCE.",
    where="all 2,771 have region = DE, and no other row has",
)
JOINED = Cause(
    cause="DROPPED_JOIN",
    scope=WHOLE_ROW,
    confidence="possible",
    cells=1,
    share=100.0,
    severity=Severity.ROWS,
    hint="Look for a join. all 1 have a = 7",
    where="all 1 have a = 7",
)
MISSING = Cause(
    cause="COLUMN_MISSING", scope="x", confidence="certain", hint="Gone.", severity=Severity.VALUES
)
LEFT = Cause(
    cause=UNEXPLAINED,
    scope="income_amount",
    confidence="possible",
    cells=40,
    share=1.42,
    severity=Severity.VALUES,
    hint="Unexplained.",
    where="95 % of them (38 of 40) have day = 1",
)
ALONE = Cause(
    cause=UNEXPLAINED, scope="fee", confidence="possible", cells=1, share=100.0, hint="Unexplained."
)
RESULT = replace(factory.executive(), causes=(LOST, JOINED, MISSING, LEFT, ALONE))


@pytest.mark.parametrize(
    ("cause", "said"),
    [
        (LOST, "2,771 cells, 98.57 % of the column's differing cells"),
        (JOINED, "1 row, 100 % of the missing and extra rows"),
        (MISSING, ""),
        (replace(LOST, share=None), "2,771 cells"),
    ],
)
def test_extent(cause, said):
    assert wording.extent(cause) == said


def test_the_unexplained_is_no_reason():
    assert wording.likely(RESULT) == (LOST, JOINED, MISSING)
    assert wording.unexplained(RESULT) == (
        "income_amount: 40 cells, 1.42 % of the column's differing cells: 95 % of them (38 of 40) have day = 1",
        "fee: 1 cell, 100 % of the column's differing cells",
    )


def test_the_pdf_says_how_grave_and_which_rows():
    first = pages(render_pdf(facts_of(RESULT)))[0]
    reasons, rest = first.split("Not explained", maxsplit=1)
    for words in (
        "Wrong values",
        "Wrong rows",
        "Likely",
        "98.57 % of the column",
        "all 2,771 have region",
    ):
        assert words in reasons
    assert reasons.count("All 1 have a = 7") == 1  # said in the hint already
    assert "Unexplained" not in reasons and "VALUE_DIFF" not in first
    assert "income_amount: 40 cells" in rest and "fee: 1 cell" in rest
