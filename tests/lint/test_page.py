"""The SQL tab of a run: both scripts with marks, and the line that a finding leads to."""

from __future__ import annotations

from dataclasses import replace

import pytest
import streamlit as st

from recon.model import Script
from recon.model_result import LintHit
from recon.ui import scripts
from tests.ui.sample import sample_result
from tests.ui.stories import keep
from tests.ui.test_pages import open_page, texts


def hit(**more) -> LintHit:
    given = {
        "code": "INT_DIVISION",
        "side": "synapse",
        "file": "tables/t/synapse.sql",
        "line": 2,
        "column": 3,
        "snippet": "a / b",
        "message": "division of integers",
    }
    return LintHit(**{**given, **more})


SCRIPT = Script("tables/t/synapse.sql", "SELECT id,\n  a / b AS x,\n  <b>&c AS y\nFROM t")


def test_marks_lie_on_what_they_speak_of():
    made = scripts.marked(SCRIPT, [hit()])
    assert "  <mark>a / b</mark> AS x," in made
    assert 'title="INT_DIVISION: division of integers"' in made
    assert made.count("<mark>") == 1


def test_nothing_of_a_script_is_markup():
    made = scripts.marked(SCRIPT, [hit(line=3, column=3, snippet="<b>&c", message='"><script>')])
    assert "<mark>&lt;b&gt;&amp;c</mark>" in made
    assert "<script>" not in made
    turned = Script("x.sql", "SELECT '\u202e' AS x")
    assert "<i>U+202E</i>" in scripts.marked(turned, [])


def test_overlapping_marks_are_one():
    line = [hit(column=3, snippet="a / b"), hit(code="AVG_INT", column=5, snippet="/ b AS x, ... and more")]
    made = scripts.marked(SCRIPT, line)
    assert made.count("<mark>") == 2
    assert "<mark>a / b</mark><mark> AS x,</mark>" in made


def test_only_the_lines_asked_for():
    made = scripts.marked(SCRIPT, [hit()], 2, 3)
    assert ">2</th>" in made
    assert ">1</th>" not in made
    assert ">4</th>" not in made


@pytest.fixture
def kept(home):
    """Keeps a run of the small project that is over, with these hits; its id."""
    st.cache_resource.clear()
    st.cache_data.clear()

    def go(*hits: LintHit) -> str:
        return keep(replace(sample_result(), lint=hits), table="orders", variant="null_amount")

    return go


ORIGINAL = "tables/orders/synapse.sql"


def test_a_finding_leads_to_its_line(kept):
    run = kept(hit(file=ORIGINAL, explains=("income_amount",)))
    app = open_page("run", run=run)
    said = texts(app)
    assert f"[synapse\\.sql line 2](?run={run}&tab=SQL+%26+log&line=synapse-2)" in said
    assert said.count("&tab=SQL+%26+log&line=") == sum(
        1 for c in sample_result().causes if c.scope == "income_amount"
    )


def test_the_address_opens_the_place(kept):
    app = open_page("run", run=kept(hit(file=ORIGINAL)), tab="SQL & log", line="synapse-2")
    said = texts(app)
    assert "**synapse\\.sql, line 2**" in said
    assert "division of integers" in said
    assert "<table class='rs'>" in said


def test_an_address_of_no_line_opens_none(kept):
    app = open_page("run", run=kept(hit(file=ORIGINAL)), tab="SQL & log", line="synapse-99")
    assert ", line 99" not in texts(app)
    assert "1 place to look at" in [e.label for e in app.expander]


def test_without_hits_the_scripts_stay_plain(kept):
    app = open_page("run", run=kept(), tab="SQL & log")
    assert "class='rs'" not in texts(app)
    assert "CREATE PROCEDURE dbo.usp_Load_FACT_ORDERS" in texts(app)
