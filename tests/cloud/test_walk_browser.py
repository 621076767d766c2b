"""mode = "cloud" from the dashboard: a run is started in a browser and walks through all real clients."""

from __future__ import annotations

import re

import pytest

from recon import api
from recon.model_result import Verdict
from tests.browser import ROOT, serve
from tests.conftest import end_workers, settle, wait_for
from tests.ui.test_browser import chosen, expect, pytestmark

pytestmark = [*pytestmark, pytest.mark.spark, pytest.mark.timeout(300)]


@pytest.fixture
def server(cloud, demo_folder, tmp_path, monkeypatch):
    """A fresh dashboard over the small demo, with the cloud's settings in its environment."""
    settle(monkeypatch, tmp_path, demo_folder)
    for name, value in cloud.environment("microsoft").items():
        monkeypatch.setenv(name, value)
    process, base = serve(ROOT / "app.py", tmp_path / "server.log")
    yield base
    process.terminate()
    process.wait(timeout=20)
    end_workers()


def test_a_run_in_the_cloud_from_the_dashboard(server, visit, cloud):
    page = visit(f"{server}new_run?table=fact_executive_summary&variant=null_income")
    expect(chosen(page, "variant")).to_have_value("null_income")
    page.get_by_role("button", name="Start run").click()
    expect(page).to_have_url(re.compile("job=RUN-0001"))
    page.get_by_role("button", name="Open the result").click(timeout=200_000)
    expect(page).to_have_url(re.compile("/run\\?run=RUN-0001"))
    result = wait_for(lambda: api.result("RUN-0001"))
    assert result.verdict == Verdict.PARTIAL
    expect(page.get_by_text(str(result.verdict), exact=True)).to_be_visible()
    assert {c.name for c in result.columns if c.mismatches} == {"income_amount"}
    expect(page.get_by_text("income_amount").first).to_be_visible()
    assert result.engine.startswith("Databricks SQL")
    assert cloud.left == ([], set())
    page = visit(f"{server}settings")
    page.get_by_role("button", name="Check now").click()
    expect(page.get_by_text("a table over the file has its rows")).to_be_visible(timeout=120_000)
    expect(page.get_by_text("failed.")).to_have_text(re.compile("None of"))
    assert cloud.left == ([], set())
