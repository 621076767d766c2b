"""The query that is run instead of a procedure has to be read before a run starts, and the run says by whom."""

from __future__ import annotations

import hashlib
import re
from dataclasses import replace

import pytest
from typer.testing import CliRunner

from recon import api
from recon.api import asking
from recon.cli import app as cli
from recon.errors import SpecError
from recon.model import Approval, BaselineMode
from recon.model_result import EXTRACTED
from recon.report.facts import facts
from recon.steps.extract import confirmed
from tests.ui.sample import sample_result
from tests.ui.stories import a_run
from tests.ui.test_pages import open_page, texts

TEMPS = """    SELECT order_id, month_key, region_id, amount, note INTO #o FROM stg.ORDERS
    TRUNCATE TABLE dbo.FACT_ORDERS
"""


@pytest.fixture
def project(home, tmp_path):
    """The small project, its orders by a query extracted from the procedure."""
    folder = tmp_path / "project/tables/orders"
    toml = folder / "table.toml"
    toml.write_text(
        toml.read_text("utf-8").replace(
            'mode = "call"\nprocedure = "dbo.usp_Load_FACT_ORDERS"', 'mode = "query"'
        ),
        "utf-8",
    )
    sql = folder / "synapse.sql"
    text = sql.read_text("utf-8").replace("    TRUNCATE TABLE dbo.FACT_ORDERS\n", TEMPS)
    sql.write_text(text.replace("FROM stg.ORDERS o", "FROM #o o"), "utf-8")
    return folder


def query():
    return api.extracted_query(api.project().table("orders"))


def test_the_query_has_its_lines_and_its_temp_tables_inlined(project):
    found = query()
    lines = (project / "synapse.sql").read_text("utf-8").splitlines()
    assert found.sha256 == hashlib.sha256(found.text.encode()).hexdigest()
    assert "[recon_o] AS (" in found.text
    assert "#o" not in found.text
    numbered = dict(found.lines)
    (at,) = (n for n, line in enumerate(lines, 1) if "r.region_id = o.region_id" in line)
    assert "r.region_id = o.region_id" in numbered[at]
    assert "INSERT" in lines[found.line - 1]


def test_a_table_that_calls_its_procedure_or_has_a_plain_query_needs_no_reading(home):
    assert [api.extracted_query(t) for t in api.project().tables] == [None, None]


def test_start_waits_until_the_query_is_confirmed(project):
    app = open_page("new_run", table="orders", variant="faithful")
    shown = texts(app)
    assert "[recon_o]" in shown
    assert query().sha256 in shown
    assert app.button(key="start").disabled
    app.checkbox(key=f"read {query().sha256}").check().run()
    assert not app.button(key="start").disabled


def test_a_refusal_says_its_line_and_nothing_can_start(project):
    sql = project / "synapse.sql"
    sql.write_text(sql.read_text("utf-8").replace("AS\nBEGIN", "AS\nBEGIN\nWHILE 1 = 0 PRINT 'x'"), "utf-8")
    app = open_page("new_run", table="orders", variant="faithful")
    assert app.error[0].proto.title == "No query can be extracted"
    assert re.search(r"synapse\\?\.sql\S*4", app.error[0].value)
    assert app.button(key="start").disabled
    assert not app.checkbox


def test_the_request_keeps_who_read_which_query_and_when(project, monkeypatch):
    monkeypatch.setattr(asking, "ensure_worker", lambda said: None)
    run = api.start("orders", "faithful", by="ann", read=query().sha256)
    kept = api.the_store().project_of(run.id).tables[0].approval
    assert (kept.by, kept.sha256) == ("ann", query().sha256)
    assert kept.at is not None
    unread = api.start("orders", "faithful", by="ann")
    assert api.the_store().project_of(unread.id).tables[0].approval == Approval(sha256=query().sha256)


def test_a_query_that_changed_since_it_was_read_is_not_started(project):
    read = query().sha256
    sql = project / "synapse.sql"
    sql.write_text(sql.read_text("utf-8").replace("@min_amount THEN 0", "@min_amount THEN 1"), "utf-8")
    with pytest.raises(SpecError, match="changed since"):
        api.start("orders", "faithful", read=read)


def test_the_note_stands_with_what_was_compared(project, monkeypatch):
    monkeypatch.setattr(asking, "ensure_worker", lambda said: None)
    run = api.start("orders", "faithful", by="ann", read=query().sha256)
    (note,) = confirmed(api.the_store().project_of(run.id).tables[0])
    assert note.startswith(EXTRACTED)
    assert "ann" in note
    assert query().sha256 in note
    (nobody,) = confirmed(api.the_store().project_of(api.start("orders", "faithful").id).tables[0])
    assert "nobody" in nobody
    assert note in facts(replace(sample_result(), notes=(note,)), a_run()).scope


def test_the_command_line_prints_it(project, tmp_path):
    said = CliRunner().invoke(cli, ["lint", "--extracted"])
    assert said.exit_code == 0, said.output
    assert query().sha256 in said.output
    assert "[recon_o] AS (" in said.output
    sql = project / "synapse.sql"
    sql.write_text(sql.read_text("utf-8").replace("AS\nBEGIN", "AS\nBEGIN\nWHILE 1 = 0 PRINT 'x'"), "utf-8")
    assert CliRunner().invoke(cli, ["lint", "--extracted"]).exit_code == 2


def test_the_mode_is_the_one_under_test(project):
    assert api.project().table("orders").baseline is BaselineMode.QUERY
