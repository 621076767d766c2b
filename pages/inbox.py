"""What needs a look: the latest run of every table and variant."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from recon import api
from recon.report.vocabulary import plural
from recon.ui import fmt, lists, shell, url

if TYPE_CHECKING:
    from recon.model import Project

shell.begin()

_DEMO = Path(__file__).parents[1] / "demo"
COLUMNS = ("table", "variant", "verdict", "engine", "equal", "trend", "cells", "rows", "age", "owner", "open")


def page() -> None:
    """An invitation when nothing has run; otherwise the board, which updates itself while runs are active."""
    url.keep("show", "q")
    project = api.project()
    st.header("Review inbox", anchor=False)
    runs = api.runs()
    if not runs:
        _first(project)
    elif any(not r.state.over for r in runs):
        _live()
    else:
        _board(project)


def _first(project: Project) -> None:
    variants = sum(len(t.variants) for t in project.tables)
    text = (
        f"{fmt.md(project.name)}: {plural(len(project.tables), 'table')}, {plural(variants, 'variant')}. "
        "A run executes the Synapse original and one conversion over the same inputs and compares both."
    )
    with shell.empty(":material/inbox:", "No runs yet", text):
        label = "Run the demo" if project.folder == _DEMO else "Run all variants"
        if st.button(label, type="primary", icon=":material/play_circle:", key="start_all"):
            api.start_all()
            st.rerun()


@st.fragment(run_every=1.5)
def _live() -> None:
    with shell.boundary():
        if all(r.state.over for r in api.runs()):
            st.rerun()
        _board(api.project())


def _board(project: Project) -> None:
    lines = lists.latest(project, api.runs())
    _tiles(lines)
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        group = st.segmented_control(
            "Show",
            lists.GROUPS,
            default="All",
            required=True,
            key="show",
            bind="query-params",
            label_visibility="collapsed",
        )
        text = st.text_input(
            "Find a table",
            placeholder="Find a table, variant, owner",
            type="search",
            live=True,
            label_visibility="collapsed",
            key="q",
            bind="query-params",
            width=280,
        )
    shown = lists.matching(lines, group=group or "All", text=text or "")
    if not shown:
        with shell.empty(":material/filter_alt_off:", "Nothing here", "No run matches. Clear the filter."):
            st.page_link(shell.NEW_RUN, label="Start a run", icon=":material/play_circle:")
        return
    lists.show(shown, COLUMNS, datetime.now(UTC), key="inbox", alt=f"{plural(len(shown), 'run')} to review")


def _tiles(lines: list[lists.Line]) -> None:
    groups = Counter(line.group for line in lines)
    total = len(lines)
    with st.grid(4, gap="small"):
        st.metric("Differences", groups["Differences"], border=True, icon=":material/report:")
        st.metric("No verdict", groups["No verdict"], border=True, icon=":material/warning:")
        st.metric("Match", f"{groups['Match']} of {total}", border=True, icon=":material/verified:")
        st.metric("In progress", groups["In progress"], border=True, icon=":material/progress_activity:")


page()
