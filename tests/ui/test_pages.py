"""Every page in every state, through the frame, over a real store."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from recon import api
from recon.model import RunState
from recon.model_result import Cause, Failure, Result, RowCounts, Segments, Verdict
from recon.ui import load
from recon.ui.selection import key_json
from tests.ui.sample import HOSTILE, sample_result
from tests.ui.stories import begin, keep

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def _fresh_caches():
    st.cache_resource.clear()
    st.cache_data.clear()


def open_page(name: str = "inbox", *, cold: bool = False, **query: str) -> AppTest:
    """The page as a visitor with that address sees it.

    AppTest forgets before every run that `st.navigation` is in use, as if each were a fresh server's first
    request. A `cold` page is tested like that. Elsewhere the frame is started from a folder without
    `pages/`, which has no such first request: the guard would take every click for one and start over.
    """
    if cold:
        app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=30).run()
    else:
        app = AppTest.from_string("from recon.ui import shell\nshell.frame()", default_timeout=30).run()
    for key, value in query.items():
        app.query_params[key] = value
    app.switch_page(str(ROOT / "pages" / f"{name}.py")).run()
    assert not app.exception, [e.message for e in app.exception]
    return app


def matching() -> Result:
    """A result without any difference."""
    found = sample_result()
    return replace(
        found,
        verdict=Verdict.MATCH,
        reasons=(),
        rows=RowCounts(baseline=12000, candidate=12000, paired=12000, equal=12000),
        columns=tuple(replace(c, mismatches=0, causes=()) for c in found.columns),
        segments=Segments(
            column="order_month", cells=tuple(replace(c, mismatches=0) for c in found.segments.cells)
        ),
        match_percentage=100.0,
        rows_equal_percentage=100.0,
        causes=(),
        row_samples=(),
        duplicate_samples=(),
        approximate=False,
        engine="Spark 4.3.0",
        notes=(),
    )


def texts(app: AppTest) -> str:
    """All that is written on the page."""
    kinds = (
        "markdown",
        "caption",
        "error",
        "warning",
        "info",
        "success",
        "header",
        "subheader",
        "html",
        "code",
    )
    return "\n".join(str(e.value) for kind in kinds for e in app.get(kind))


@pytest.mark.parametrize("name", ["inbox", "run", "new_run", "history"])
def test_a_fresh_servers_first_request_is_drawn_inside_the_frame(home, name):
    app = open_page(name, cold=True, run="RUN-9999", job="RUN-9999")
    assert texts(app)
    assert "RUN-9999" not in app.query_params.values() or name in ("run", "new_run")


# --- inbox ---------------------------------------------------------------------------------


def test_an_empty_store_invites_to_run_everything(home):
    app = open_page()
    assert [b.label for b in app.button] == ["Run all variants"]
    assert "2 tables, 5 variants" in texts(app)
    assert not app.dataframe


def test_the_inbox_lists_the_latest_run_of_each_variant(home):
    keep(sample_result(), table="orders", variant="faithful")
    keep(matching(), table="orders", variant="faithful")
    keep(sample_result(), table="orders", variant="null_amount")
    app = open_page()
    assert [m.value for m in app.metric] == ["1", "0", "1 of 5", "0"]
    listed = app.dataframe[0].value.set_index(["table", "variant"])
    assert len(listed) == 5
    assert listed.loc[("orders", "faithful"), "verdict"] == ["MATCH"]
    assert list(listed.loc[("orders", "faithful"), "trend"]) == [74.09, 100.0]
    assert listed.loc[("orders", "null_amount"), "verdict"] == ["NO MATCH"]
    assert listed.loc[("orders", "null_amount"), "engine"] == ["Approximation"]
    assert listed.loc[("totals", "faithful"), "verdict"] == ["Not run yet"]


def test_the_inbox_can_be_filtered_to_nothing(home):
    keep(matching(), table="orders", variant="faithful")
    app = open_page()
    app.text_input(key="q").set_value("no such table").run()
    assert not app.dataframe
    assert "Nothing here" in texts(app)
    app.text_input(key="q").set_value("tot").run()
    assert list(app.dataframe[0].value["table"]) == ["totals"]


def test_the_inbox_shows_runs_at_work(home):
    begin(table="orders", variant="faithful")
    app = open_page()
    assert [m.value for m in app.metric] == ["0", "0", "0 of 5", "1"]
    assert ["Running"] in list(app.dataframe[0].value["verdict"])


def test_a_broken_project_is_told_with_every_mistake(home, tmp_path):
    toml = tmp_path / "project/tables/orders/table.toml"
    toml.write_text(
        toml.read_text("utf-8").replace("owner =", "ownr =").replace("segment =", "segmnt ="), "utf-8"
    )
    app = open_page()
    assert app.error[0].proto.title == "The project folder needs attention"
    assert "ownr" in app.error[0].value
    assert "segmnt" in app.error[0].value
    assert "Nothing was changed" in app.error[0].value
    assert "Traceback" not in texts(app)


def test_a_broken_setting_is_told(home, monkeypatch):
    monkeypatch.setenv("RECON_MODE", "clowd")
    app = open_page()
    assert app.error[0].proto.title == "A setting needs attention"
    assert "clowd" in app.error[0].value


# --- one run -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "call"),
    [
        (Verdict.MATCH, "success"),
        (Verdict.ACCEPTED, "info"),
        (Verdict.PARTIAL, "warning"),
        (Verdict.NO_MATCH, "error"),
        (Verdict.INCONCLUSIVE, "warning"),
    ],
)
def test_each_verdict_has_its_word_and_icon(home, said, call):
    base = matching() if said is Verdict.MATCH else sample_result()
    run_id = keep(replace(base, verdict=said), table="orders", variant="faithful")
    app = open_page("run", run=run_id)
    alert = app.get(call)[0]
    assert alert.proto.title == said.value
    assert alert.icon.startswith(":material/")


def test_a_run_shows_its_numbers_and_what_changed(home):
    keep(matching(), table="orders", variant="faithful")
    run_id = keep(sample_result(), table="orders", variant="faithful")
    app = open_page("run", run=run_id)
    assert [(m.label, m.value) for m in app.metric] == [
        ("Rows compared", "12,012"),
        ("Rows fully equal", "74.09 %"),
        ("Differing cells", "3,227"),
        ("Missing · extra rows", "12 · 0"),
        ("Columns differing", "4 of 13"),
    ]
    assert [m.delta for m in app.metric] == ["12", "-25.91 pp", "3227", "12", "4"]
    assert "vs RUN-0001" in app.metric[2].proto.delta_description


def test_likely_causes_stand_under_the_verdict(home):
    run_id = keep(sample_result(), table="orders", variant="faithful")
    shown = texts(open_page("run", run=run_id))
    assert "Wrap it in COALESCE" in shown
    assert "NULL\\_NOT\\_HANDLED" in shown


def test_an_approximation_says_so(home):
    run_id = keep(sample_result(), table="orders", variant="faithful")
    app = open_page("run", run=run_id)
    assert "Approximation \\(DuckDB\\)" in texts(app)
    assert "NUMERIC division was only approximated" in texts(app)
    run_id = keep(matching(), table="orders", variant="faithful")
    assert "Approximation" not in texts(open_page("run", run=run_id))


def test_a_link_opens_exactly_its_evidence(home):
    run_id = keep(sample_result(), table="orders", variant="faithful")
    app = open_page("run", run=run_id, col="customer_name", seg="2025-02")
    assert app.selectbox(key="w_col").value == "customer_name"
    assert app.selectbox(key="w_seg").value == "2025-02"
    assert "**95 differing cells** in this selection. Showing a stored sample of 40." in texts(app)
    assert "Acme &lt;b&gt;Corp&lt;/b&gt;" in app.html[0].value


def test_a_link_with_unknown_values_falls_back(home):
    run_id = keep(sample_result(), table="orders", variant="faithful")
    app = open_page("run", run=run_id, col="gone", seg="2025-02")
    assert app.selectbox(key="w_col").value == "(all)"
    assert app.selectbox(key="w_seg").value == "2025-02"
    assert "gone" in app.toast[0].value


def test_choosing_a_column_moves_the_address(home):
    run_id = keep(sample_result(), table="orders", variant="faithful")
    app = open_page("run", run=run_id)
    app.selectbox(key="w_col").select("region").run()
    assert app.query_params["col"] == "region"
    assert app.query_params["run"] == run_id
    assert "**12 differing cells** in this selection." in texts(app)
    app.button(key="clear").click().run()
    assert "col" not in app.query_params
    assert app.selectbox(key="w_col").value == "(all)"


def test_kinds_narrow_the_table(home):
    run_id = keep(sample_result(), table="orders", variant="faithful")
    app = open_page("run", run=run_id)
    app.pills(key="kind").select("case").run()
    assert "**12 differing cells** in this selection." in texts(app)
    assert "Whitespace" not in app.html[0].value.split("</style>")[1]


def test_the_pager_shows_the_next_page(home):
    run_id = keep(sample_result(), table="orders", variant="faithful")
    app = open_page("run", run=run_id, col="customer_name", seg="2025-02")
    first = app.html[0].value
    app.get("pagination")[0].set_value(2).run()
    assert app.html[0].value != first
    assert ">1-39<" in app.html[0].value


def test_missing_rows_stand_in_the_table_with_their_values(home):
    run_id = keep(sample_result(), table="orders", variant="faithful")
    app = open_page("run", run=run_id, col="(whole row)", seg="2025-11")
    assert "**6 missing or extra rows** in this selection." in texts(app)
    table = app.html[0].value.split("</style>")[1]
    assert "no such row" in table
    assert "&lt;b&gt;" in table
    assert "12.50" in table


def test_a_row_is_told_in_full(home):
    run_id = keep(sample_result(), table="orders", variant="faithful")
    app = open_page("run", run=run_id, key='{"order_key":"1-0"}')
    assert "**2 differing columns** stored for this row" in texts(app)
    drawer = app.html[-1].value.split("</style>")[1]
    assert "customer_name" in drawer
    assert "region" in drawer


def test_a_link_to_a_row_that_is_not_stored_says_so(home):
    run_id = keep(sample_result(), table="orders", variant="faithful")
    for key in ('{"order_key":"none"}', "{broken"):
        assert "No stored difference has this key" in texts(open_page("run", run=run_id, key=key))


def test_hostile_names_are_text_everywhere(home):
    run_id = keep(sample_result(), table="orders", variant="faithful")
    app = open_page("run", run=run_id, col=HOSTILE)
    shown = texts(app)
    assert HOSTILE not in "\n".join(e.value for e in [*app.error, *app.markdown, *app.caption])
    assert "<b>*c*" not in shown.split("</style>")[-1]


@pytest.mark.parametrize(
    ("tab", "expected"),
    [
        ("Rows", "12,000 rows = 12,000 paired"),
        ("Columns", "14 columns"),
        ("Schema", "Type differs"),
        ("SQL & log", "usp_Load_FACT_ORDERS"),
    ],
)
def test_every_tab_opens(home, tab, expected):
    run_id = keep(sample_result(), table="orders", variant="faithful")
    app = open_page("run", run=run_id, tab=tab)
    tables = "\n".join(str(t.value.to_dict()) for t in app.table)
    assert expected in texts(app) + tables
    assert not app.selectbox  # the overview is not computed


def test_missing_and_repeated_rows_are_listed(home):
    run_id = keep(sample_result(), table="orders", variant="faithful")
    app = open_page("run", run=run_id, tab="Rows")
    missing, repeated = (h.value.split("</style>")[1] for h in app.html)
    assert "NULL" in missing
    assert "empty string" in missing
    assert "12 rows. Showing a stored sample of 1." in texts(app)
    assert ">2<" in repeated
    assert ">3<" in repeated


def test_the_columns_come_worst_first_with_exact_counts(home):
    run_id = keep(sample_result(), table="orders", variant="faithful")
    listed = open_page("run", run=run_id, tab="Columns").dataframe[0].value
    assert list(listed["Differing"][:4]) == [2720, 285, 210, 12]
    assert list(listed["Equal %"][:4]) == ["77.33 %", "97.62 %", "98.25 %", "99.90 %"]
    assert listed["Kinds"][0] == "Null vs value 2,720"


def test_a_match_says_that_nothing_differs(home):
    run_id = keep(matching(), table="orders", variant="faithful")
    app = open_page("run", run=run_id)
    assert "No cell and no row differs" in texts(app)
    assert not app.get("plotly_chart")


@pytest.mark.parametrize("state", [RunState.FAILED, RunState.CANCELLED])
def test_a_run_that_stopped_says_why_and_offers_another(home, state):
    stopped = replace(
        matching(),
        verdict=Verdict.INCONCLUSIVE,
        failure=Failure(step="execute", error="faithful.sql:3: no *such* column", hint="Check the name."),
    )
    run_id = keep(stopped, table="orders", variant="faithful", state=state)
    app = open_page("run", run=run_id)
    assert app.warning[0].proto.title == "INCONCLUSIVE"
    assert "no \\*such\\* column" in app.warning[0].value
    assert "Nothing is said about the data" in app.warning[0].value
    assert app.info[0].value == "Check the name\\."
    assert app.button(key="again")
    assert not app.metric
    assert "Likely causes" not in texts(app)


def test_a_run_that_stopped_names_the_likely_cause_beside_the_error(home):
    causes = tuple(
        Cause(cause=code, scope="(whole row)", confidence="likely", hint=hint)
        for code, hint in (
            ("TINYINT", "tinyint goes to 255 in T-SQL."),
            ("EXECUTION_ERROR", "It says: overflow."),
        )
    )
    failure = Failure(step="execute", error="faithful.sql:3: overflow")
    stopped = replace(matching(), verdict=Verdict.INCONCLUSIVE, failure=failure, causes=causes)
    app = open_page("run", run=keep(stopped, table="orders", variant="faithful", state=RunState.FAILED))
    assert "Likely causes" in texts(app)
    assert "Tinyint goes to 255" in texts(app)
    assert "It says" not in texts(app), "the error stands above already"


def test_an_interrupted_run_says_why(home):
    long_ago = datetime.now(UTC) - timedelta(minutes=5)
    run_id = begin(table="orders", variant="faithful", clock=lambda: long_ago)
    app = open_page("run", run=run_id)
    assert app.warning[0].value.startswith("Interrupted")
    assert app.button(key="again")


def test_a_run_at_work_leads_to_its_progress(home):
    run_id = begin(table="orders", variant="faithful")
    app = open_page("run", run=run_id)
    assert "not over" in app.info[0].value
    assert [link.value for link in app.page_link] == ["Watch its progress"]


def test_an_unknown_run_is_not_an_error(home):
    app = open_page("run", run="RUN-9999")
    assert "Run not found" in texts(app)
    assert [link.value for link in app.page_link] == ["Look in the history"]


def test_without_a_run_the_newest_result_opens(home):
    assert "No result yet" in texts(open_page("run"))
    keep(matching(), table="orders", variant="faithful")
    newest = keep(sample_result(), table="orders", variant="null_amount")
    app = open_page("run")
    assert app.query_params["run"] == newest
    assert app.error[0].proto.title == "NO MATCH"


def test_parameters_of_other_pages_are_dropped(home):
    run_id = keep(matching(), table="orders", variant="faithful")
    app = open_page("run", run=run_id, job="RUN-0003", q="x")
    assert set(app.query_params) == {"run"}


def test_every_export_is_made_when_asked_for_and_never_raises(home, monkeypatch):
    run_id = keep(sample_result(), table="orders", variant="faithful")
    app = open_page("run", run=run_id)
    assert len(app.get("download_button")) == 5
    run = api.run(run_id)
    assert load.export_later(run, "csv")().count(b"\n") > 300
    assert load.export_later(run, "excel-csv")().startswith(b"\xef\xbb\xbf")
    assert b'"NO MATCH"' in load.export_later(run, "json")()
    assert load.export_later(run, "pdf")().startswith(b"%PDF-")
    assert b"could not be made" in load.export_later(replace(run, id="RUN-9999"), "pdf")()


# --- new run -------------------------------------------------------------------------------


def test_the_form_says_what_will_happen(home):
    app = open_page("new_run")
    assert app.selectbox(key="table").value == "orders"
    assert "run dbo" in str(app.table[0].value.to_dict())
    assert app.button(key="start").label == "Start run"


def test_a_link_fills_the_form(home):
    app = open_page("new_run", table="orders", variant="null_amount")
    assert app.selectbox(key="variant").value == "null_amount"
    app = open_page("new_run", table="no such table")
    assert app.selectbox(key="table").value == "orders"


def test_a_second_run_of_the_same_variant_is_asked_twice(home):
    run_id = begin(table="orders", variant="broken")
    app = open_page("new_run", table="orders", variant="broken")
    assert run_id in app.warning[0].value
    assert app.button(key="start").label == "Start another run"


def test_progress_is_told_and_can_be_cancelled(home):
    run_id = begin(table="orders", variant="faithful")
    app = open_page("new_run", job=run_id)
    assert "Extract from Synapse" in app.progress[0].text
    assert [str(s) for s in app.table[0].value["State"]][:2] == [":blue[**Running**]", ":gray[Waiting]"]
    app.button(key="cancel").click().run()
    assert api.run(run_id).cancel_asked
    assert app.button(key="cancel").label == "Cancelling"
    assert app.button(key="cancel").disabled


def test_a_finished_job_leads_to_its_result(home):
    run_id = keep(matching(), table="orders", variant="faithful")
    app = open_page("new_run", job=run_id)
    assert app.button(key="open_result")
    app.button(key="open_result").click().run()
    assert app.query_params["run"] == run_id
    assert app.success[0].proto.title == "MATCH"


def test_an_unknown_job_is_not_an_error(home):
    assert "Run not found" in texts(open_page("new_run", job="RUN-9999"))


# --- history -------------------------------------------------------------------------------


def test_the_history_lists_every_run_newest_first(home):
    assert "No runs yet" in texts(open_page("history"))
    keep(matching(), table="orders", variant="faithful")
    keep(sample_result(), table="orders", variant="null_amount")
    keep(matching(), table="totals", variant="faithful")
    app = open_page("history")
    assert list(app.dataframe[0].value["run"]) == ["RUN-0003", "RUN-0002", "RUN-0001"]
    app.selectbox(key="table").select("orders").run()
    assert list(app.dataframe[0].value["run"]) == ["RUN-0002", "RUN-0001"]
    app.segmented_control(key="show").set_value("Differences").run()
    assert list(app.dataframe[0].value["run"]) == ["RUN-0002"]
    app.selectbox(key="variant").select("faithful").run()
    assert "No run matches these filters" in texts(app)


# --- real runs -----------------------------------------------------------------------------


def test_the_inbox_of_real_runs(finished_project):
    listed = open_page().dataframe[0].value.set_index(["table", "variant"])
    assert listed.loc[("orders", "faithful"), "verdict"] == ["MATCH"]
    assert listed.loc[("orders", "faithful"), "equal"] == "100 %"
    assert listed.loc[("orders", "broken"), "verdict"] == ["Failed"]
    assert listed.loc[("orders", "broken"), "equal"] == "–"
    assert listed.loc[("orders", "null_amount"), "cells"] == "64"
    assert listed.loc[("orders", "null_amount"), "engine"] == ["Approximation"]


def test_real_differences_are_counted_and_shown_character_by_character(finished_project):
    run = finished_project["orders/null_amount"]
    app = open_page("run", run=run.id, col="note")
    assert "**40 differing cells** in this selection." in texts(app)
    table = app.html[0].value.split("</style>")[1]
    assert table.count("<mark>") == 25
    assert "·</span></mark>" in table
    app = open_page("run", run=run.id, col="amount")
    assert "**24 differing cells** in this selection." in texts(app)
    assert app.html[0].value.count(">NULL</span>") == 24


def test_the_table_of_a_real_map_sums_to_the_result(finished_project):
    run = finished_project["orders/null_amount"]
    heat = load.facts(run).heatmap
    assert {r.column: sum(c.mismatches for c in r.cells) for r in heat.rows} == {"note": 40, "amount": 24}


def test_every_stored_row_of_a_real_run_has_its_story(finished_project):
    run = finished_project["orders/null_amount"]
    page = api.differences(run.id, limit=100)
    assert page.stored == 64
    for found in page.rows:
        told = api.differences(run.id, key=key_json(found.key), limit=100).rows
        assert found in told


def test_missing_rows_of_a_real_run(finished_project):
    app = open_page("run", run=finished_project["orders/left_join"].id, tab="Rows")
    assert "Only in Databricks (12)" in texts(app)
    assert app.html[0].value.split("</style>")[1].count("<tr>") == 13


def test_a_real_failure_names_the_file_and_the_line(finished_project):
    app = open_page("run", run=finished_project["orders/broken"].id)
    assert "broken\\.sql\\:" in app.warning[0].value
    assert "no\\_such\\_column" in app.warning[0].value
    assert "broken.sql" in texts(app)


def test_a_real_match_is_a_match(finished_project):
    app = open_page("run", run=finished_project["totals/faithful"].id)
    assert app.success[0].proto.title == "MATCH"
    assert app.metric[1].value == "100 %"
