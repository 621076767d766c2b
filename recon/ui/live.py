"""A run at work: its steps as lines (pure) and how they are drawn."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import streamlit as st

from recon.model import RunState, Step
from recon.report.vocabulary import count_text
from recon.ui import fmt
from recon.ui.verdict import STATES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from recon.model import Run, RunEvent

STEPS = {
    Step.EXTRACT: "Extract from Synapse",
    Step.TRANSFER: "Transfer to the lake",
    Step.WORLD: "Open a fresh world",
    Step.EXECUTE: "Run the variant on Databricks",
    Step.VERIFY: "Compare",
    Step.STORE: "Store the result",
}
_ORDER = list(STEPS)
_LOG_LINES = 200


@dataclass(frozen=True, slots=True)
class StepLine:
    """One step of a run: `state` is waiting, running, done, failed, cancelled or interrupted."""

    step: Step
    state: str
    progress: str
    seconds: float | None

    @property
    def name(self) -> str:
        """The step in words."""
        return STEPS[self.step]


def steps(run: Run, events: Sequence[RunEvent], now: datetime) -> list[StepLine]:
    """Each step of the walk in order, from what the run has told so far."""
    told = {s: [e for e in events if e.step is s] for s in _ORDER}
    started = [s for s in _ORDER if told[s]]
    reached = run.step if run.step is not None else (started[-1] if started else None)
    end = run.finished_at or now
    lines: list[StepLine] = []
    for step in _ORDER:
        mine = told[step]
        following = next((told[s][0].at for s in _ORDER[_ORDER.index(step) + 1 :] if told[s]), end)
        seconds = max((following - mine[0].at).total_seconds(), 0.0) if mine else None
        lines.append(StepLine(step, _state(step, reached, run), _progress(mine), seconds))
    return lines


def _state(step: Step, reached: Step | None, run: Run) -> str:
    if run.state is RunState.FINISHED:
        return "done"
    if reached is None or _ORDER.index(step) > _ORDER.index(reached):
        return "waiting"
    if step is not reached:
        return "done"
    return str(run.state) if run.state.over else "running"


def _progress(events: Sequence[RunEvent]) -> str:
    if not events:
        return "—"
    last = events[-1]
    counted = f" · {count_text(last.done)} of {count_text(last.total)}" if last.total else ""
    return last.message + counted


def elapsed(run: Run, now: datetime) -> str:
    """How long the run has been at work, or took."""
    if run.started_at is None:
        return "not started"
    return fmt.duration(((run.finished_at or now) - run.started_at).total_seconds())


def headline(run: Run, now: datetime) -> str:
    """The text above the bar, already escaped: what is happening, and for how long."""
    if run.state is RunState.QUEUED:
        place = f"number {run.queue_position} in the queue" if run.queue_position else "waiting for a worker"
        return f"Queued · {place}"
    step = STEPS[run.step] if run.step else STATES[run.state].word
    said = f" — {fmt.md(run.message)}" if run.message else ""
    return f"{step}{said} · {elapsed(run, now)}"


def log_text(events: Sequence[RunEvent]) -> str:
    """The latest events as lines: UTC time, step, message."""
    kept = events[-_LOG_LINES:]
    return "\n".join(f"{e.at:%H:%M:%S}  {e.step:<8}  {_mark(e)}{_progress([e])}" for e in kept)


def _mark(event: RunEvent) -> str:
    return "" if event.level == "info" else f"{event.level.upper()}: "


def draw(run: Run, events: Sequence[RunEvent], now: datetime | None = None) -> None:
    """The card with bar and steps, and the log below it."""
    now = now or datetime.now(UTC)
    look = STATES[run.state]
    with st.container(border=True):
        with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
            title = f"{run.id} · {fmt.md(run.table)} · {fmt.md(run.variant)}"
            st.subheader(title, anchor=False, width="content")
            st.badge(look.word, icon=look.icon, color=look.colour)
        fraction = 1.0 if run.state is RunState.FINISHED else min(max(run.fraction, 0.0), 1.0)
        st.progress(fraction, text=headline(run, now))
        st.table(
            [_table_line(line) for line in steps(run, events, now)],
            border="horizontal",
            hide_index=True,
            alt=f"Steps of {run.id}",
        )
        if not run.state.over:
            st.caption(
                "The run continues on the server if you close this page or lose the connection. "
                "This link shows the same progress to anyone who opens it."
            )
    with st.expander("Log", icon=":material/terminal:", key="log"):
        st.code(log_text(events) or "Nothing has been said yet.", language=None, wrap_lines=True)


_ICONS = {
    "waiting": ":material/radio_button_unchecked:",
    "running": ":material/progress_activity:",
    "done": ":material/check_circle:",
    "failed": ":material/error:",
    "cancelled": ":material/cancel:",
    "interrupted": ":material/link_off:",
}
_STATE_WORDS = {
    "waiting": ":gray[Waiting]",
    "running": ":blue[**Running**]",
    "done": ":green[Done]",
    "failed": ":red[**Failed**]",
    "cancelled": "**Cancelled**",
    "interrupted": ":orange[**Interrupted**]",
}


def _table_line(line: StepLine) -> dict[str, str]:
    name = f"{_ICONS[line.state]} {line.name}"
    return {
        "Step": f":gray[{name}]" if line.state == "waiting" else name,
        "State": _STATE_WORDS[line.state],
        "Progress": fmt.md(line.progress),
        "Time": "—" if line.seconds is None else fmt.duration(line.seconds),
    }
