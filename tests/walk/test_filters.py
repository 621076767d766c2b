"""Filters of the target on both sides, and the warnings where only one side has one."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import pypdf
import pytest
from streamlit.testing.v1 import AppTest
from typer.testing import CliRunner

from recon import api, settings
from recon.api import asking
from recon.cli import app
from recon.errors import SpecError
from recon.model import RunState
from recon.model_result import Verdict
from recon.pipeline import Walk, walk
from recon.progress import Progress
from recon.wiring import Wiring
from tests.conftest import wait_for
from tests.small_project import ORDERS, STRAYS

LATE = '[filter]\nsynapse = "month_key >= 202407"\ndatabricks = "month_key >= 202407"\n'
TOTAL = ORDERS - STRAYS


def write(name, change):
    file = api.project().folder / f"tables/{name}/table.toml"
    file.write_text(change(file.read_text("utf-8")), encoding="utf-8")


def walked(home, table, variant):
    """The result of one run, walked in this process; and the warnings that it said."""
    project, found, chosen = asking._pick(api.project(), table, variant)
    request = replace(project, tables=(replace(found, variants=(chosen,)),))
    scratch = home / "scratch"
    scratch.mkdir(parents=True)
    said = []
    progress = Progress(emit=lambda step, message, done, total, level: said.append((level, message)))
    run = Walk(run_id="RUN-1", project=request, scratch=scratch, differences=scratch / "d.parquet")
    result = walk(run, lambda: Wiring(settings.read()).ports(request, scratch, progress), progress)
    return result, [message for level, message in said if level == "warning"]


def test_both_sides_are_filtered_in_their_own_sql(home):
    write("orders", lambda text: text + LATE)
    found, warned = walked(home, "orders", "faithful")
    assert (found.verdict, found.rows.baseline, found.rows.candidate) == (
        Verdict.MATCH,
        TOTAL // 2,
        TOTAL // 2,
    )
    assert any(
        "rows of Synapse with month_key >= 202407 and the rows of Databricks with month_key >= 202407" in note
        for note in found.notes
    )
    assert not [message for message in warned if "one side" in message]


def test_differences_outside_the_filter_do_not_count(home):
    write(
        "orders",
        lambda text: text + LATE.replace("month_key >= 202407", "amount <> 0 and amount is not null"),
    )
    found, _ = walked(home, "orders", "null_amount")
    assert {c.name: c.mismatches for c in found.columns if c.mismatches}.keys() == {"note"}


@pytest.mark.parametrize("side", ["synapse", "databricks"])
def test_a_filter_on_one_side_warns_and_its_rows_are_missing_or_extra(home, side):
    write("orders", lambda text: text + f'[filter]\n{side} = "month_key >= 202407"\n')
    found, warned = walked(home, "orders", "faithful")
    left = (found.rows.missing, found.rows.extra)
    assert left == ((0, TOTAL // 2) if side == "synapse" else (TOTAL // 2, 0))
    [note] = [n for n in found.notes if "one side only" in n]
    assert "month_key >= 202407" in note
    assert note in warned


def test_the_rows_of_a_query_are_filtered_too(home):
    write("totals", lambda text: text + LATE.replace("month_key", "total > 1 and month_key"))
    found, _ = walked(home, "totals", "faithful")
    assert found.verdict is Verdict.MATCH
    assert found.rows.baseline == 6


def test_a_filter_of_an_input_warns_because_the_procedure_reads_all(home):
    write("orders", lambda text: text.replace('.parquet"', '.parquet"\nfilter = "month_key > \'202406\'"'))
    found, warned = walked(home, "orders", "faithful")
    assert found.rows.missing == TOTAL // 2
    [note] = [n for n in found.notes if "one side only" in n]
    assert (
        "reads of silver.orders the rows with month_key > '202406', the procedure reads all of stg.ORDERS"
        in note
    )
    assert note in warned


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ('[filter]\nsynapse = "month_kee = 1"\n', "filter.synapse cannot be used"),
        ('[filter]\nsynapse = "month_key = "\n', "filter.synapse cannot be used"),
        ('[filter]\nsynapse = "1 = 1; DROP TABLE dbo.FACT_ORDERS"\n', "filter.synapse cannot be used"),
        ('[filter]\ndatabricks = "month_kee = 1"\n', "filter.databricks cannot be used"),
        ('[filter]\ndatabricks = "month_key = "\n', "filter.databricks cannot be used"),
        ('[filter]\ndatabricks = "1 = 1; DROP TABLE gold.fact_orders"\n', "filter.databricks cannot be used"),
    ],
)
def test_a_filter_that_cannot_be_used_stops_the_run_with_its_place(home, change, words):
    write("orders", lambda text: text + change)
    found, _ = walked(home, "orders", "faithful")
    assert (found.verdict, found.failure.kind) == (Verdict.INCONCLUSIVE, "SpecError")
    assert f"tables/orders/table.toml: {words}" in found.failure.error


def test_a_querys_filter_that_cannot_be_used_stops_the_run_with_its_place(home):
    write("totals", lambda text: text + '[filter]\nsynapse = "totl > 1"\n')
    found, _ = walked(home, "totals", "faithful")
    assert "tables/totals/table.toml: filter.synapse cannot be used" in found.failure.error


def test_page_one_of_the_pdf_the_page_and_the_command_line_say_what_was_left_out(home):
    write("orders", lambda text: text + '[filter]\nsynapse = "month_key >= 202407"\n')
    run = api.start("orders", "faithful")
    wait_for(lambda: api.run(run.id).state is RunState.FINISHED)
    pages = pypdf.PdfReader(io.BytesIO(api.export(run.id, "pdf").data)).pages
    first = " ".join(pages[0].extract_text().split())
    assert "Filtered on one side only: of Synapse the rows with month_key >= 202407" in first
    assert any(e.level == "warning" and "one side only" in e.message for e in api.events(run.id))
    assert "Filtered on one side only" in CliRunner().invoke(app, ["show", run.id]).output
    page = AppTest.from_string("from recon.ui import shell\nshell.frame()", default_timeout=30).run()
    page.query_params["run"] = run.id
    page.switch_page(str(Path(__file__).parents[2] / "pages/run.py")).run()
    assert "Filtered on one side only" in "".join(str(element.proto) for element in page.main)


def test_two_files_are_compared_whole(home, tmp_path):
    rules = tmp_path / "rules.toml"
    rules.write_text('version = 1\n[filter]\nsynapse = "a = 1"\n', encoding="utf-8")
    with pytest.raises(SpecError, match="files are compared whole"):
        api.rules_of(rules)
