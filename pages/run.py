"""One run: what it says, and everything behind it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from recon import api
from recon.ui import details, fmt, header, keys, live, load, overview, shell, totals, url

if TYPE_CHECKING:
    from recon.model import Run

shell.begin()


def page() -> None:
    """Read the address, then draw the state that the run is in."""
    url.keep("run", "tab", "col", "seg", "kind", "key", "line")
    run_id = st.query_params.get("run", "")
    run = api.run(run_id) if run_id else _newest()
    if run is None:
        _unknown(run_id)
    elif not run.state.over:
        _at_work(run)
    else:
        _over(run)


def _newest() -> Run | None:
    """Without a run in the address: the newest one that has finished, and the address says so."""
    run = next((r for r in api.runs() if r.state.over), None)
    if run:
        st.query_params["run"] = run.id
    return run


def _unknown(run_id: str) -> None:
    if not run_id:
        with shell.empty(":material/grid_on:", "No result yet", "A result appears here when a run is over."):
            st.page_link(shell.INBOX, label="Go to the inbox", icon=":material/inbox:")
        return
    text = f"{fmt.md(run_id)} is not in this store. It may have been deleted, or belong to another project."
    with shell.empty(":material/search_off:", "Run not found", text):
        st.page_link(shell.HISTORY, label="Look in the history", icon=":material/history:")


def _at_work(run: Run) -> None:
    header.title(run, None)
    st.info("This run is not over, so there is no result yet.", icon=":material/progress_activity:")
    st.page_link(
        shell.NEW_RUN, label="Watch its progress", icon=":material/monitoring:", query_params={"job": run.id}
    )


def _over(run: Run) -> None:
    result = load.result(run)
    facts = load.facts(run) if result else None
    header.title(run, facts)
    if facts is None or facts.result.failure:
        header.stopped(run, facts)
        live.draw(run, api.events(run.id))
        details.sql_and_log(run, facts)
        return
    header.judgement(facts)
    keys.notice(facts)
    before = api.previous(run.id)
    earlier = load.result(before) if before else None
    header.tiles(facts, (before, earlier) if before and earlier else None)
    names = ["Overview", "Rows", "Columns", "Totals", "Schema", "SQL & log"]
    tabs = st.tabs(names, key="tab", bind="query-params")
    draw = (
        lambda: overview.show(run, facts),
        lambda: details.rows(facts),
        lambda: details.columns(facts),
        lambda: totals.show(facts),
        lambda: details.schema(facts),
        lambda: details.sql_and_log(run, facts),
    )
    for tab, show in zip(tabs, draw, strict=True):
        if tab.open:
            with tab:
                show()


page()
