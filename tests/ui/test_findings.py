"""Findings on the run page: how grave, how much, which rows; what is unexplained stands apart."""

from __future__ import annotations

from dataclasses import replace

from recon.model_result import UNEXPLAINED, Cause, Severity
from tests.ui.sample import sample_result
from tests.ui.stories import keep
from tests.ui.test_pages import open_page, texts


def finding(code: str, severity: str, **more: object) -> Cause:
    given = {
        "scope": "income_amount",
        "confidence": "likely",
        "cells": 31,
        "share": 60.0,
        "hint": f"Hint of {code}.",
    }
    return Cause(cause=code, severity=severity, **(given | more))


def test_a_finding_says_how_grave_how_much_and_which_rows(home):
    found = (
        finding("NULL_NOT_HANDLED", Severity.VALUES, where="all 31 have region = DE, and no other row has"),
        finding("TRAILING_SPACE", Severity.FORM, scope="note_[x]"),
        finding(UNEXPLAINED, Severity.VALUES, scope="fee", cells=7, share=100.0),
    )
    run_id = keep(replace(sample_result(), causes=found), table="orders", variant="faithful")
    shown = texts(open_page("run", run=run_id))
    assert ":orange-badge[wrong values]" in shown and ":blue-badge[representation only]" in shown
    assert "note\\_\\[x\\]" in shown
    shown = shown.replace("\\", "")
    assert "31 cells, 60.00 % of the column" in shown
    assert "all 31 have region = DE, and no other row has" in shown
    assert "VALUE" not in shown and "Hint of VALUE" not in shown
    assert "[not explained] fee" in shown and "7 cells, 100 % of the column" in shown


def test_a_result_written_before_findings_had_a_severity_is_shown(home):
    old = (finding("NULL_NOT_HANDLED", "", share=None),)
    run_id = keep(replace(sample_result(), causes=old), table="orders", variant="faithful")
    shown = texts(open_page("run", run=run_id))
    assert "Hint of NULL" in shown and "31 cells" in shown
