"""Every run, newest first."""

from __future__ import annotations

from datetime import UTC, datetime

import streamlit as st

from recon import api
from recon.report.vocabulary import plural
from recon.ui import lists, shell, url

shell.begin()

COLUMNS = ("run", "asked", "table", "variant", "verdict", "engine", "equal", "cells", "rows", "by", "open")
MOST = 200  # runs listed; older ones are reached through the filters


def page() -> None:
    """Filters, then the list."""
    url.keep("table", "variant", "show")
    st.header("History", anchor=False)
    runs = api.runs(limit=MOST)
    if not runs:
        with shell.empty(":material/history:", "No runs yet", "Every run is listed here, newest first."):
            st.page_link(shell.NEW_RUN, label="Start a run", icon=":material/play_circle:")
        return
    tables = sorted({r.table for r in runs})
    with st.container(horizontal=True, vertical_alignment="bottom"):
        table = st.selectbox("Table", ["All", *tables], key="table", bind="query-params", width=240)
        variants = sorted({r.variant for r in runs if table in ("All", r.table)})
        variant = st.selectbox("Variant", ["All", *variants], key="variant", bind="query-params", width=200)
        groups = [g for g in lists.GROUPS if g != "Not run yet"]
        group = st.segmented_control(
            "Show", groups, default="All", required=True, key="show", bind="query-params"
        )
    asked = {"table": "" if table == "All" else table, "variant": "" if variant == "All" else variant}
    found = lists.matching(lists.every(api.runs(**asked, limit=MOST)), group=group or "All")
    if not found:
        with shell.empty(":material/filter_alt_off:", "Nothing here", "No run matches these filters."):
            st.page_link(shell.HISTORY, label="Show all runs", icon=":material/history:")
        return
    newest = f"The newest {MOST} runs" if len(found) == MOST else plural(len(found), "run")
    st.caption(f"{newest}, newest first. Times are UTC.")
    lists.show(found, COLUMNS, datetime.now(UTC), key="history", alt=newest)


page()
