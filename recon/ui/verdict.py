"""How a verdict and a run's state look on the screen: always a word and an icon, never colour alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import streamlit as st

from recon.model import Run, RunState
from recon.model_result import Verdict

if TYPE_CHECKING:
    from collections.abc import Callable

    from recon.model_result import Result

Colour = Literal["red", "orange", "yellow", "blue", "green", "violet", "gray", "grey", "primary"]


@dataclass(frozen=True, slots=True)
class Look:
    """A word with its icon and badge colour."""

    word: str
    icon: str
    colour: Colour


VERDICTS = {
    Verdict.MATCH: Look("MATCH", ":material/verified:", "green"),
    Verdict.ACCEPTED: Look("MATCH with accepted differences", ":material/rule:", "blue"),
    Verdict.PARTIAL: Look("PARTIAL MATCH", ":material/hourglass_bottom:", "orange"),
    Verdict.NO_MATCH: Look("NO MATCH", ":material/report:", "red"),
    Verdict.INCONCLUSIVE: Look("INCONCLUSIVE", ":material/warning:", "yellow"),
}

STATES = {
    RunState.QUEUED: Look("Queued", ":material/schedule:", "gray"),
    RunState.RUNNING: Look("Running", ":material/progress_activity:", "blue"),
    RunState.FINISHED: Look("Finished", ":material/check_circle:", "green"),
    RunState.FAILED: Look("Failed", ":material/error:", "red"),
    RunState.CANCELLED: Look("Cancelled", ":material/cancel:", "gray"),
    RunState.INTERRUPTED: Look("Interrupted", ":material/link_off:", "orange"),
}

WORDS = [*(look.word for look in VERDICTS.values()), *(look.word for look in STATES.values()), "Not run yet"]
"""Every word that `status` can return, in a fixed order, and `COLOURS` beside it."""
COLOURS = [*(v.colour for v in VERDICTS.values()), *(s.colour for s in STATES.values()), "gray"]


def status(run: Run | None) -> str:
    """The one word of a list: the verdict of a finished run, otherwise the state it is in."""
    if run is None:
        return "Not run yet"
    if run.state is RunState.FINISHED and run.verdict:
        return VERDICTS[Verdict(run.verdict)].word
    return STATES[run.state].word


def show(verdict: Verdict, text: str) -> None:
    """The verdict with its sentence (Markdown, escaped by the caller)."""
    look = VERDICTS[verdict]
    calls: dict[Verdict, Callable[..., object]] = {
        Verdict.MATCH: st.success,
        Verdict.ACCEPTED: st.info,
        Verdict.PARTIAL: st.warning,
        Verdict.NO_MATCH: st.error,
        Verdict.INCONCLUSIVE: st.warning,
    }
    calls[verdict](text, title=look.word, icon=look.icon)


def approximation(result: Result) -> str:
    """The badge of a result whose engine only stands in for Databricks; empty when it is the real thing."""
    return f"Approximation ({result.engine.split()[0] or 'local'})" if result.approximate else ""
