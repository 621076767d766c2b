"""Control totals and keys on the pages: the Totals tab, the key's story, the key of a new run."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import streamlit as st

from recon import api
from recon.model_result import ColumnTotals, KeyProposal, SideCounts, Totals, Uniqueness, Verdict
from recon.report import totals
from recon.ui.totals import totals_table
from tests.ui.sample import HOSTILE, sample_result
from tests.ui.stories import keep
from tests.ui.test_pages import open_page, texts

AMOUNT = ColumnTotals(
    column="amount",
    baseline=Totals(rows=3, distinct=3, sum="123456789.01", min="-1.00", max="9.00"),
    candidate=Totals(rows=3, distinct=3, sum="123456790.02", min="-1.00", max="9.00"),
    difference="1.01",
    differs=("sum",),
)
TEXT = ColumnTotals(
    column=HOSTILE,
    baseline=Totals(rows=3, distinct=2, min="<b>a</b>", max="x"),
    candidate=Totals(rows=3, distinct=2, min="<b>a</b>", max="y"),
    differs=("max",),
)
FINE = ColumnTotals(column="fine", baseline=Totals(rows=3), candidate=Totals(rows=3))


@pytest.fixture(autouse=True)
def _fresh_caches():
    st.cache_resource.clear()
    st.cache_data.clear()


def table_of(*found):
    lines = totals.lines(replace(sample_result(), control_totals=found))
    return totals_table([[line] for line in lines])


def plain(markdown: str) -> str:
    """Markdown as it is read."""
    return markdown.replace("\\", "").replace("\u2060", "")


def proposal(*columns, added=()):
    side = Uniqueness(rows=10, distinct=10, null_rows=0, duplicated_keys=0)
    return KeyProposal(columns=columns, baseline=side, candidate=side, unique=True, found=10, added=added)


# --- the table ------------------------------------------------------------------------------


def test_numbers_stand_to_the_right_with_every_digit():
    html = table_of(AMOUNT)
    assert '<td class="v s n">123,456,789.01</td><td class="v t n">123,456,790.02</td>' in html
    assert '<td class="v n">+1.01</td>' in html


def test_names_and_values_are_never_markup():
    html = table_of(TEXT)
    assert "<b>" not in html and "&lt;b&gt;" in html
    assert "<mark" in html  # texts that differ have their difference marked


# --- the tab --------------------------------------------------------------------------------


def totals_of(app):
    return next(str(e.value) for e in app.get("html") if "Control totals" in str(e.value))


def test_what_differs_comes_first_and_everything_is_one_click_away(home):
    run = keep(
        replace(sample_result(), control_totals=(AMOUNT, TEXT, FINE)), table="orders", variant="faithful"
    )
    app = open_page("run", run=run, tab="Totals")
    assert "The control totals of 2 of 3 columns differ" in plain(texts(app))
    assert "123,456,790.02" in totals_of(app) and "fine" not in totals_of(app)
    app.segmented_control(key="totals_view").set_value("Every total").run()
    assert not app.exception
    assert "fine" in totals_of(app) and "-1.00" in totals_of(app)


def test_equal_totals_are_shown_whole(home):
    run = keep(replace(sample_result(), control_totals=(FINE,)), table="orders", variant="faithful")
    app = open_page("run", run=run, tab="Totals")
    assert "agree on both sides" in texts(app) and "fine" in totals_of(app)
    assert not app.segmented_control


def test_a_run_without_totals_says_so(home):
    run = keep(sample_result(), table="orders", variant="faithful")
    app = open_page("run", run=run, tab="Totals")
    assert any("No control totals were taken" in i.value for i in app.info)


def test_hundreds_of_columns_come_in_pages(home):
    many = tuple(replace(AMOUNT, column=f"amount_{n:03}") for n in range(45))
    run = keep(replace(sample_result(), control_totals=many), table="orders", variant="faithful")
    html = totals_of(open_page("run", run=run, tab="Totals"))
    assert "amount_019" in html and "amount_020" not in html


# --- the key of a run -----------------------------------------------------------------------


def key_of(repeats, *proposals, verdict=Verdict.NO_MATCH):
    found = sample_result()
    rows = replace(found.rows, duplicate_keys=SideCounts(baseline=repeats, candidate=repeats))
    return replace(found, rows=rows, key_proposals=proposals, verdict=verdict)


def test_a_key_that_repeats_is_said_on_top_with_what_to_add(home):
    found = key_of(4, proposal("order_id", "line_no", added=("line_no",)))
    run = keep(found, table="orders", variant="faithful")
    app = open_page("run", run=run, tab="Rows")
    said = plain(texts(app))
    assert "order_id repeats: 4 keys in Synapse" in said
    assert "Adding line_no makes the key unique on both sides" in said
    assert any(c.value == 'keys = ["order_id", "line_no"]' for c in app.code)
    assert "Keys that would do" in said


def test_a_good_key_is_not_talked_about(home):
    run = keep(key_of(0), table="orders", variant="faithful")
    assert "makes the key unique" not in texts(open_page("run", run=run, tab="Rows"))


# --- the key of a new run -------------------------------------------------------------------


def test_the_form_offers_the_keys_that_the_last_run_found(home, monkeypatch):
    keep(
        key_of(4, proposal("order_id", "month_key", added=("month_key",))), table="orders", variant="faithful"
    )
    asked = {}
    monkeypatch.setattr(api, "start", lambda *args, **more: asked.update(more) or api.runs()[0])
    app = open_page("new_run", table="orders", variant="faithful")
    radio = app.radio[0]
    assert plain(radio.options[0]) == "The table's: order_id"
    assert plain(radio.options[1]) == "order_id, month_key"
    radio.set_value(1).run()
    assert not app.exception
    assert any(c.value == 'keys = ["order_id", "month_key"]' for c in app.code)
    app.button(key="start").click().run()
    assert asked["keys"] == ("order_id", "month_key")


def test_the_form_says_why_it_has_nothing_to_offer(home):
    app = open_page("new_run", table="orders", variant="faithful")
    assert "Nothing is known about its rows yet" in texts(app)
    assert not app.radio


def test_the_form_looks_into_the_baselines_file_when_asked(home):
    file = Path(api.project_folder()) / "tables/totals/table.toml"
    text = file.read_text("utf-8").replace('"query"', '"table"').replace('keys = ["month_key"]', "keys = []")
    file.write_text(text.replace("version = 1", 'version = 1\nsynapse = "stg.ORDERS"'), "utf-8")
    app = open_page("new_run", table="totals", variant="faithful")
    assert not app.radio
    app.button(key="look_for_keys").click().run()
    assert not app.exception
    assert [plain(o) for o in app.radio[0].options[:2]] == ["None: whole rows as a multiset", "order_id"]
