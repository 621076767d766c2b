"""Lists of runs: lines (pure), their data frame, and the grid with an Open button."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from recon.model import RunState
from recon.model_result import Verdict
from recon.report.vocabulary import NONE, count_text, percent_text
from recon.ui import fmt, shell
from recon.ui.verdict import COLOURS, WORDS, status

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from streamlit.elements.lib.column_types import ColumnConfig

    from recon.model import Project, Run

TREND = 6  # runs in the small line of a list

OPEN, NEW, PROGRESS = (
    ":material/arrow_forward: Open",
    ":material/play_arrow: New run",
    ":material/monitoring: Progress",
)


@dataclass(frozen=True, slots=True)
class Line:
    """One row: a run, or a table and variant that have none. `trend` is oldest first."""

    table: str
    variant: str
    owner: str
    run: Run | None
    trend: tuple[float, ...] = ()

    @property
    def status(self) -> str:
        """The verdict, or the state the run is in."""
        return status(self.run)

    @property
    def group(self) -> str:
        """What a reviewer filters by."""
        return _GROUPS.get(self.status, "No verdict")


_GROUPS = {
    Verdict.MATCH.value: "Match",
    Verdict.ACCEPTED.value: "Match",
    Verdict.PARTIAL.value: "Differences",
    Verdict.NO_MATCH.value: "Differences",
    "Queued": "In progress",
    "Running": "In progress",
    "Not run yet": "Not run yet",
}
GROUPS = ("All", "Differences", "No verdict", "Match", "In progress", "Not run yet")


def latest(project: Project, runs: Iterable[Run]) -> list[Line]:
    """The latest run of every table and variant of the project, in the project's order."""
    of_pair: dict[tuple[str, str], list[Run]] = {}
    for run in runs:  # newest first
        of_pair.setdefault((run.table, run.variant), []).append(run)
    lines: list[Line] = []
    for table in project.tables:
        for variant in table.variants:
            mine = of_pair.get((table.name, variant.name), [])
            newest = mine[0] if mine else None
            lines.append(Line(table.name, variant.name, table.owner, newest, _trend(mine)))
    return lines


def every(runs: Iterable[Run]) -> list[Line]:
    """A line for each run, newest first."""
    return [Line(run.table, run.variant, run.owner, run) for run in runs]


def matching(lines: Iterable[Line], *, group: str = "All", text: str = "") -> list[Line]:
    """The lines of a group whose table, variant, owner or run id contains the text."""
    wanted = text.strip().casefold()
    return [
        line
        for line in lines
        if group in ("All", line.group)
        and any(
            wanted in t.casefold()
            for t in (line.table, line.variant, line.owner, line.run.id if line.run else "")
        )
    ]


def _trend(newest_first: Sequence[Run]) -> tuple[float, ...]:
    shares = [r.rows_equal_percentage for r in newest_first if r.rows_equal_percentage is not None]
    return tuple(reversed(shares[:TREND]))


def frame(lines: Sequence[Line], now: datetime) -> pd.DataFrame:
    """The lines as columns of text and lists: percentages stay floored, and nothing is re-formatted."""
    runs = [line.run for line in lines]
    return pd.DataFrame(
        {
            "run": [r.id if r else "" for r in runs],
            "table": [line.table for line in lines],
            "variant": [line.variant for line in lines],
            "verdict": [[line.status] for line in lines],
            "engine": [["Approximation"] if r and r.approximate else [] for r in runs],
            "equal": [_equal(r) for r in runs],
            "trend": [list(line.trend) for line in lines],
            "cells": [_number(r, r.differing_cells) if r else NONE for r in runs],
            "rows": [_number(r, r.baseline_rows) if r else NONE for r in runs],
            "age": [fmt.age(now - r.asked_at) if r else NONE for r in runs],
            "asked": [fmt.when(r.asked_at) if r else "" for r in runs],
            "by": [r.by if r else "" for r in runs],
            "owner": [line.owner for line in lines],
            "open": [_action(r) for r in runs],
        }
    )


def _number(run: Run, n: int) -> str:
    """A count of a run whose numbers speak about the data; otherwise a dash."""
    return count_text(n) if run.state is RunState.FINISHED else NONE


def _equal(run: Run | None) -> str:
    if run is None or run.state is not RunState.FINISHED:
        return NONE
    return percent_text(run.rows_equal_percentage, differs=run.differing_cells > 0)


def _action(run: Run | None) -> str:
    if run is None:
        return NEW
    return OPEN if run.state.over else PROGRESS


def show(lines: Sequence[Line], columns: Sequence[str], now: datetime, *, key: str, alt: str) -> None:
    """The grid. Its button leads to the run, its progress, or the form for a first run."""
    goal = f"_{key}_goal"

    def chosen(shown: tuple[Line, ...]) -> None:
        st.session_state[goal] = shown[st.session_state[f"{key}_open"].row]

    st.dataframe(
        frame(lines, now),
        hide_index=True,
        height="content",
        row_height=38,
        key=key,
        alt=alt,
        column_order=[c for c in columns if c != "engine" or any(x.run and x.run.approximate for x in lines)],
        column_config=_columns()
        | {
            "open": st.column_config.ButtonColumn(
                "", key=f"{key}_open", type="tertiary", width=100, on_click=chosen, args=(tuple(lines),)
            ),
        },
    )
    line: Line | None = st.session_state.pop(goal, None)
    if line:
        go(line)


def go(line: Line) -> None:
    """Leave for the page that shows the line's run. Does not return."""
    if line.run is None:
        st.switch_page(shell.NEW_RUN, query_params={"table": line.table, "variant": line.variant})
    if line.run.state.over:
        st.switch_page(shell.RUN, query_params={"run": line.run.id})
    st.switch_page(shell.NEW_RUN, query_params={"job": line.run.id})


def _columns() -> dict[str, ColumnConfig]:
    text = st.column_config.TextColumn
    return {
        "run": text("Run", width=80),
        "table": text("Table", width=175),
        "variant": text("Variant", width=175),
        "verdict": st.column_config.MultiselectColumn("Verdict", options=WORDS, color=COLOURS, width=140),
        "engine": st.column_config.MultiselectColumn(
            "Engine", options=["Approximation"], color=["orange"], width=115,
            help="The engine only stood in for Databricks.",
        ),
        "equal": text("Rows equal", width=85, alignment="right"),
        "trend": st.column_config.LineChartColumn("Last runs", y_min=0, y_max=100, width=80),
        "cells": text("Differing cells", width=105, alignment="right"),
        "rows": text("Rows", width=75, alignment="right"),
        "age": text("Age", width=90),
        "asked": text("Asked", width=150),
        "by": text("By", width=85),
        "owner": text("Owner", width=100),
    }  # fmt: skip
