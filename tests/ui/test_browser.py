"""The dashboard in a real browser: what only a browser can show to be true."""

from __future__ import annotations

import os
import re
from dataclasses import replace
from pathlib import Path

import pytest

from recon import api
from recon.model import RunState, Step
from recon.model_result import Failure, Verdict
from recon.ui.fmt import md
from tests.browser import CHROMIUM, ROOT, serve, settled
from tests.conftest import wait_for
from tests.ui.sample import HOSTILE, sample_result
from tests.ui.stories import AtWork, keep

playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
expect = playwright.expect
expect.set_options(timeout=20_000)  # a busy machine is slow, not wrong

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine: make test-deps"),
]

MAP = ".st-key-heat .nsewdrag[data-subplot=xy]"


@pytest.fixture
def server(home, tmp_path):
    """A fresh server over the store of this test; nobody has asked it anything yet."""
    process, base = serve(ROOT / "app.py", tmp_path / "server.log")
    yield base
    process.terminate()
    process.wait(timeout=20)


def click_cell(page, row: int, column: int, *, rows: int, columns: int, across: float = 0.5) -> None:
    """Click one cell of the map, `across` of its width from its left edge."""
    expect(page.locator(MAP)).to_have_count(1, timeout=30_000)  # a redrawn chart is there twice for a moment
    box = page.locator(MAP).bounding_box()
    x = box["x"] + box["width"] * (column + across) / columns
    y = box["y"] + box["height"] * (row + 0.5) / rows
    page.mouse.click(x, y)


def chosen(page, key: str):
    """What a selectbox shows."""
    return page.locator(f".st-key-{key} input")


# --- the frame -----------------------------------------------------------------------------


def test_a_deep_link_is_right_as_the_very_first_request(home, server, visit):
    run_id = keep(sample_result(), table="orders", variant="faithful")
    page = visit(f"{server}run?run={run_id}&col=customer_name&seg=2025-02")
    expect(page.get_by_text("NO MATCH")).to_be_visible()
    expect(page.get_by_role("link", name="Review inbox")).to_be_visible()
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.get_by_text("Page not found")).to_have_count(0)
    assert page.title() == "Recon review"
    assert f"run={run_id}&col=customer_name&seg=2025-02" in page.url
    expect(chosen(page, "w_col")).to_have_value("customer_name")
    expect(chosen(page, "w_seg")).to_have_value("2025-02")


def test_names_are_shown_as_they_are(tmp_path, monkeypatch, visit):
    names = [
        HOSTILE,
        "a -- b -> c <- d >= e ~= f",
        ":smile: :material/home: :streamlit:",
        "www.example.com http://example.com ada@example.com",
        "1. x",
        "- x",
        "# x",
        "> x",
        "| a | b |",
        "{x}[y](z)!",
        "<script>x</script> &amp; &lt;",
        "~~x~~ __y__ ^z^",
    ]
    script = tmp_path / "names.py"
    script.write_text(
        "import streamlit as st\nfrom recon.ui.fmt import badge, md\n"
        f"names = {names!r}\n"
        "for n, name in enumerate(names):\n"
        "    with st.container(key=f'name{n}'):\n"
        "        st.markdown(md(name))\n        st.caption(md(name))\n        st.error(md(name))\n"
        "        st.header(md(name), anchor=False)\n        st.badge(badge(name))\n",
        "utf-8",
    )
    process, base = serve(script, tmp_path / "server.log")
    try:
        page = visit(base)
        for n, name in enumerate(names):
            shown = page.locator(f".st-key-name{n}").inner_text().replace("\u2060", "")
            lines = [line for line in shown.splitlines() if line.strip()]
            assert lines == [name] * 5, md(name)
            assert page.locator(f".st-key-name{n} a").count() == 0
    finally:
        process.terminate()
        process.wait(timeout=20)


# --- one run -------------------------------------------------------------------------------


def test_a_click_on_the_map_selects_and_back_undoes_it(home, server, visit):
    run_id = keep(sample_result(), table="orders", variant="faithful")
    page = visit(f"{server}run?run={run_id}")
    shape = {"rows": 5, "columns": 12}
    click_cell(page, 1, 2, **shape)
    expect(page).to_have_url(re.compile("col=customer_name&seg=2025-03"))
    expect(chosen(page, "w_col")).to_have_value("customer_name")
    expect(page.get_by_text("95 differing cells in this selection.")).to_be_visible()
    expect(page.locator(".rx tbody tr")).to_have_count(25)
    expect(page.locator(".rx tbody tr").first).to_contain_text("Acme <b>Corp</b>··")
    expect(page.locator(".st-key-heat .shapelayer path")).to_have_count(1)
    click_cell(page, 0, 8, across=0.1, **shape)
    expect(page).to_have_url(re.compile("col=income_amount&seg=2025-09"))
    expect(page.locator(".rx tbody tr").first).to_contain_text("NULL")
    page.go_back()
    expect(page).to_have_url(re.compile("col=customer_name&seg=2025-03"))
    expect(chosen(page, "w_col")).to_have_value("customer_name")
    expect(chosen(page, "w_seg")).to_have_value("2025-03")
    expect(page.locator(".rx tbody tr").first).to_contain_text("Acme")
    page.go_back()
    expect(chosen(page, "w_col")).to_have_value("(all)")
    page.go_forward()
    expect(chosen(page, "w_col")).to_have_value("customer_name")


def test_paging_keeps_the_map_and_kinds_filter(home, server, visit):
    run_id = keep(sample_result(), table="orders", variant="faithful")
    page = visit(f"{server}run?run={run_id}&col=customer_name")
    expect(page.locator(MAP)).to_have_count(1, timeout=30_000)
    page.evaluate("document.querySelector('.st-key-heat .js-plotly-plot').setAttribute('data-kept', 'yes')")
    first = page.locator(".rx tbody tr").first.inner_text()
    page.get_by_role("button", name="Page 2").click()
    expect(page.locator(".rx tbody tr").first).not_to_have_text(first)
    expect(page.locator(".st-key-heat [data-kept=yes]")).to_have_count(1)
    page.get_by_role("button", name="Clear").click()
    expect(page).not_to_have_url(re.compile("col="))
    page.locator(".st-key-kind").get_by_text("Case", exact=True).click()
    expect(page).to_have_url(re.compile("kind="))
    expect(page.get_by_text("12 differing cells in this selection.")).to_be_visible()


def test_a_row_opens_in_a_drawer_and_has_a_link(home, server, visit):
    run_id = keep(sample_result(), table="orders", variant="faithful")
    page = visit(f"{server}run?run={run_id}&col=customer_name&seg=2025-02")
    keys = page.get_by_role("combobox", name="Open one row")
    keys.scroll_into_view_if_needed()
    keys.click()
    keys.press_sequentially("1-0")
    expect(page.get_by_role("option").first).to_have_text("1-0")
    keys.press("Enter")
    drawer = page.get_by_role("dialog")
    expect(drawer.get_by_text("2 differing columns")).to_be_visible()
    expect(drawer.locator(".rx tbody tr")).to_have_count(2)
    expect(page).to_have_url(re.compile("key="))
    link = page.url
    drawer.get_by_label("Close").click()
    expect(drawer).to_have_count(0)
    expect(page).not_to_have_url(re.compile("key="))
    expect(visit(link).get_by_role("dialog").get_by_text("2 differing columns")).to_be_visible()


def test_exports_are_made_on_the_click(home, server, visit):
    run_id = keep(sample_result(), table="orders", variant="faithful")
    page = visit(f"{server}run?run={run_id}")
    page.get_by_role("button", name="Export").click()
    for label, start in (
        ("Report (PDF)", b"%PDF-"),
        ("Result (JSON)", b"{"),
        ("CSV for Excel", b"\xef\xbb\xbf"),
    ):
        with page.expect_download(timeout=60_000) as download:
            page.get_by_role("button", name=label).click()
        assert Path(download.value.path()).read_bytes().startswith(start)
        assert run_id in download.value.suggested_filename


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_both_themes_colour_chart_and_table(home, server, visit, scheme, tmp_path):
    run_id = keep(sample_result(), table="orders", variant="faithful")
    page = visit(f"{server}run?run={run_id}&col=income_amount&seg=2025-09", scheme)
    background = {"light": "rgb(255, 255, 255)", "dark": "rgb(15, 20, 25)"}[scheme]
    null_colour = {"light": "rgb(163, 50, 122)", "dark": "rgb(208, 85, 155)"}[scheme]
    expect(page.locator("[data-testid=stApp]")).to_have_css("background-color", background)
    expect(page.locator(".rx tbody .dot").first).to_have_css("background-color", null_colour)
    dots = page.locator(".st-key-heat .subplot.x2y2 .scatterlayer .point")
    expect(dots.first).to_be_attached(timeout=30_000)
    fills = {dots.nth(n).evaluate("e => getComputedStyle(e).fill") for n in range(dots.count())}
    assert null_colour in fills
    shots = Path(os.environ.get("RECON_SCREENSHOTS") or tmp_path)
    assert len(page.screenshot(path=shots / f"run-{scheme}.png")) > 20_000


# --- a run at work -------------------------------------------------------------------------


def test_reload_and_a_second_visitor_lose_nothing(home, server, visit):
    with AtWork(table="orders", variant="faithful") as work:
        first = visit(f"{server}new_run?job={work.id}")
        expect(first.get_by_text("Extract from Synapse").first).to_be_visible()
        work.say(Step.EXECUTE, 2)
        expect(first.get_by_text("execute goes on").first).to_be_visible(timeout=10_000)
        first.reload()
        settled(first)
        expect(first.get_by_text("execute goes on").first).to_be_visible()
        second = visit(f"{server}new_run?job={work.id}", "dark")
        expect(second.get_by_text("execute goes on").first).to_be_visible()
        first.context.close()
        work.end(sample_result())
        expect(second.get_by_role("button", name="Open the result")).to_be_visible(timeout=15_000)
        second.get_by_role("button", name="Open the result").click()
        expect(second).to_have_url(re.compile(f"/run\\?run={work.id}"))
        expect(second.get_by_text("NO MATCH")).to_be_visible()


def test_a_run_can_be_cancelled_and_stays_cancelled(home, server, visit):
    with AtWork(table="orders", variant="faithful") as work:
        page = visit(f"{server}new_run?job={work.id}")
        page.get_by_role("button", name="Cancel run").click()
        assert work.wait_for_cancel()
        expect(page.get_by_role("button", name="Cancelling")).to_be_disabled()
        stopped = Failure(step="extract", error="cancelled during extract", kind="Cancelled")
        work.end(
            replace(sample_result(), verdict=Verdict.INCONCLUSIVE, failure=stopped), state=RunState.CANCELLED
        )
        expect(page.get_by_text("Cancelled").first).to_be_visible(timeout=15_000)
        expect(page.get_by_role("button", name="Run again")).to_be_visible()
        assert api.run(work.id).state is RunState.CANCELLED


# --- the whole way, on the real engines ------------------------------------------------------


def test_from_the_inbox_to_the_rows_of_a_cell(home, server, visit):
    page = visit(server)
    expect(page.get_by_role("button", name="Run all variants")).to_be_visible()
    page.get_by_role("link", name="New run").click()
    expect(page.get_by_role("button", name="Start run")).to_be_visible(timeout=20_000)
    chosen(page, "variant").click()
    page.get_by_role("option", name="null_amount").click()
    expect(page).to_have_url(re.compile("variant=null_amount"))
    page.get_by_role("button", name="Start run").click()
    expect(page).to_have_url(re.compile("job=RUN-0001"))
    page.get_by_role("button", name="Open the result").click(timeout=60_000)
    expect(page).to_have_url(re.compile("/run\\?run=RUN-0001"))
    result = wait_for(lambda: api.result("RUN-0001"))
    expect(page.get_by_text(str(result.verdict), exact=True)).to_be_visible()
    amounts = next(c.mismatches for c in result.columns if c.name == "amount")
    notes = next(c.mismatches for c in result.columns if c.name == "note")
    assert (amounts, notes) == (24, 40)
    segments = list(dict.fromkeys(c.segment for c in result.segments.cells))
    cell = next(c for c in result.segments.cells if c.column == "note" and c.mismatches)
    click_cell(page, 0, segments.index(cell.segment), rows=2, columns=len(segments))
    expect(page).to_have_url(re.compile(f"col=note&seg={cell.segment}"))
    expect(page.locator(".rx tbody tr")).to_have_count(cell.mismatches)
    expect(page.locator(".rx tbody tr").first).to_contain_text("·")
    page.go_back()
    expect(chosen(page, "w_col")).to_have_value("(all)")


def test_the_inbox_runs_everything_and_follows_it(home, server, visit):
    page = visit(server)
    page.get_by_role("button", name="Run all variants").click()
    expect(page.get_by_test_id("stMetric").nth(2)).to_contain_text("of 5", timeout=20_000)
    wait_for(
        lambda: len(api.runs()) == 5 and all(r.state.over for r in api.runs()), 120, "the end of all runs"
    )
    expect(page.get_by_test_id("stMetric").nth(3)).to_contain_text(
        re.compile(r"progress0\s*$"), timeout=20_000
    )
    matches = sum(1 for r in api.runs() if r.verdict == Verdict.MATCH)
    expect(page.get_by_test_id("stMetric").nth(2)).to_contain_text(f"{matches} of 5")
