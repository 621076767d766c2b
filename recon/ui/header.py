"""The top of a run's page: title, badges, actions, verdict, likely causes, five numbers."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Literal

import streamlit as st

from recon import api
from recon.model_result import Verdict
from recon.report import wording
from recon.report.findings import findings
from recon.report.vocabulary import NONE
from recon.ui import approval, finding, fmt, load, shell, verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from recon.model import Run
    from recon.model_result import Result
    from recon.report.facts import Facts
    from recon.report.findings import Finding

EXPORTS = (  # format, label, icon
    ("pdf", "Report (PDF)", ":material/picture_as_pdf:"),
    ("csv", "Differences (CSV, exact)", ":material/csv:"),
    ("excel-csv", "Differences (CSV for Excel)", ":material/table:"),
    ("totals-csv", "Control totals (CSV)", ":material/functions:"),
    ("json", "Result (JSON)", ":material/data_object:"),
)
_MIME = {"pdf": "application/pdf", "json": "application/json"}
_CAUSES = 3  # likely causes shown at once
_SAID = "EXECUTION_ERROR"  # the error itself, which stands above the causes


def title(run: Run, facts: Facts | None) -> None:
    """Name, badges, one line about the run, and what can be done with it."""
    with st.container(horizontal=True, vertical_alignment="bottom", horizontal_alignment="distribute"):
        with st.container(gap="xxsmall", width="content"):
            with st.container(horizontal=True, vertical_alignment="center", gap="small"):
                st.header(fmt.md(run.table), anchor=False, width="content")
                st.badge(f"Variant {fmt.badge(run.variant)}", icon=":material/code:", color="blue")
                _approximation_badge(facts)
            st.caption(" · ".join(fmt.md(p) for p in _line(run, facts) if p))
        with st.container(horizontal=True, width="content", gap="small"):
            _actions(run, facts)


def _approximation_badge(facts: Facts | None) -> None:
    label = verdict.approximation(facts.result) if facts else ""
    if facts and label:
        st.badge(
            fmt.badge(label),
            icon=":material/approval_delegation:",
            color="orange",
            help=fmt.md(facts.approximation),
        )


def _line(run: Run, facts: Facts | None) -> tuple[str, ...]:
    took = ""
    if run.started_at and run.finished_at:
        took = fmt.duration((run.finished_at - run.started_at).total_seconds())
    keys = facts.keys if facts else ()
    return (
        run.id,
        fmt.when(run.started_at or run.asked_at),
        took,
        f"started by {run.by}" if run.by else "",
        facts.result.engine if facts else "",
        f"compared on {', '.join(keys)}" if keys else "",
    )


def _actions(run: Run, facts: Facts | None) -> None:
    again(run)
    with st.popover("Link", icon=":material/link:", help="A link to exactly this view"):
        st.code(st.context.url or f"/run?run={run.id}", language=None, wrap_lines=True)
    if facts:
        with st.popover("Export", icon=":material/download:"):
            for name, label, icon in EXPORTS:
                st.download_button(
                    label,
                    data=load.export_later(run, name),
                    file_name=file_name(run, name),
                    mime=_MIME.get(name, "text/csv"),
                    key=f"export_{name}",
                    icon=icon,
                    on_click="ignore",
                    width="stretch",
                )


def file_name(run: Run, name: str) -> str:
    """A download's name: letters, digits and dashes only, whatever the table is called."""
    stem = "-".join((run.table, run.variant, run.id))
    safe = "".join(c if c.isascii() and (c.isalnum() or c in "-_.") else "_" for c in stem)
    endings = {"pdf": ".pdf", "csv": ".csv", "excel-csv": "-excel.csv", "totals-csv": "-totals.csv"}
    return safe + endings.get(name, ".json")


def again(run: Run, *, primary: bool = False) -> None:
    """The button that asks for the same run once more and leads to its progress."""
    kind = "primary" if primary else "secondary"
    if st.button("Run again", icon=":material/replay:", key="again", type=kind):
        if approval.needed(run.table):
            st.switch_page(shell.NEW_RUN, query_params={"table": run.table, "variant": run.variant})
        started = api.start(run.table, run.variant)
        st.switch_page(shell.NEW_RUN, query_params={"job": started.id})


def judgement(facts: Facts) -> None:
    """The verdict's sentence, the likely causes, and what was only approximated."""
    verdict.show(facts.verdict, fmt.md(facts.sentence))
    result = facts.result
    for sentence in wording.filtered(result):
        st.warning(fmt.md(sentence), icon=":material/filter_alt:")
    for sentence in wording.confirmed(result):
        st.caption(f":material/fact_check: {fmt.md(sentence)}")
    rest = wording.unexplained(result)
    if rest or wording.likely(result):
        with st.container(border=True, gap="small"):
            _causes(facts.run, findings(result))
            for line in rest[:_CAUSES]:
                st.markdown(f":gray-badge[not explained] {fmt.md(line)}")
            if len(rest) > _CAUSES:
                _folded("More that is not explained", ":material/help:", rest[_CAUSES:], "unexplained")
    with st.container(horizontal=True, gap="small"):
        _folded("Reasons for the verdict", ":material/format_list_bulleted:", result.reasons, "reasons")
        _folded("Not compared", ":material/visibility_off:", facts.not_compared, "not_compared")
        ignored = tuple(f"{', '.join(names)}: {reason}" for reason, names in facts.left_out)
        _folded("Ignored with a reason", ":material/filter_alt_off:", ignored, "ignored")
        others = tuple(note for note in result.notes if note not in facts.scope)
        notes = ((facts.approximation,) if facts.approximation else ()) + others
        _folded("What was approximated", ":material/approval_delegation:", notes, "notes")


def _causes(run: Run, found: Sequence[Finding]) -> None:
    """The likely causes: the first few, the others behind one click."""
    if found:
        st.markdown("**Likely causes**")
    for one in found[:_CAUSES]:
        finding.draw(run, one)
    if len(found) > _CAUSES:
        with st.expander(f"{len(found) - _CAUSES} more", key="causes"):
            for one in found[_CAUSES:]:
                finding.draw(run, one)


def _folded(label: str, icon: str, lines: tuple[str, ...], key: str) -> None:
    if lines:
        with st.popover(f"{label} ({len(lines)})", icon=icon, key=key, type="tertiary"):
            st.markdown("\n".join(f"- {fmt.md(line)}" for line in lines))


_HELP = {
    "Rows compared": "Paired rows and rows that only one side has.",
    "Rows fully equal": "Rows equal in every compared column, of all rows. Floored, never rounded up.",
    "Differing cells": "Cells of paired rows that are not equal under their column's rule. All rows counted.",
    "Missing · extra rows": "Rows only in Synapse · rows only in Databricks.",
    "Columns differing": "Compared columns with at least one differing cell.",
}


def tiles(facts: Facts, earlier: tuple[Run, Result] | None) -> None:
    """The five numbers, each with its change against the previous finished run."""
    changes = deltas(facts.result, earlier[1]) if earlier else (None,) * 5
    with st.grid(5, gap="small", min_column_width=170):
        for tile, change in zip(facts.tiles, changes, strict=True):
            compared = earlier is not None and change is not None and tile.value != NONE
            st.metric(
                tile.label,
                tile.value,
                delta=change if compared else None,
                delta_color=_direction(tile.label),
                delta_description=f"vs {earlier[0].id}" if compared and earlier else None,
                border=True,
                height="stretch",
                help=f"{_HELP[tile.label]} {fmt.md(tile.note)}",
            )


def _direction(label: str) -> Literal["normal", "inverse", "off"]:
    """More rows is neither good nor bad, more equal rows is good, more differences is bad."""
    match label:
        case "Rows compared":
            return "off"
        case "Rows fully equal":
            return "normal"
        case _:
            return "inverse"


def deltas(now: Result, before: Result) -> tuple[int | str | None, ...]:
    """What changed since the earlier run, in the order of the tiles; None where either has no number."""
    if now.failure or before.failure:
        return (None,) * 5
    return (
        _total(now) - _total(before),
        _points(now.rows_equal_percentage, before.rows_equal_percentage),
        _cells(now) - _cells(before),
        (now.rows.missing + now.rows.extra) - (before.rows.missing + before.rows.extra),
        _columns(now) - _columns(before),
    )


def _points(now: float | None, before: float | None) -> int | str | None:
    if now is None or before is None:
        return None
    change = Decimal(str(now)) - Decimal(str(before))
    return f"{change:+.2f} pp" if change else 0


def _total(result: Result) -> int:
    return result.rows.paired + result.rows.missing + result.rows.extra


def _cells(result: Result) -> int:
    return sum(c.mismatches for c in result.columns)


def _columns(result: Result) -> int:
    return sum(1 for c in result.columns if c.mismatches)


def stopped(run: Run, facts: Facts | None) -> None:
    """A run that is over but says nothing about the data: why, and how to go on."""
    look = verdict.STATES[run.state]
    failure = facts.result.failure if facts else None
    reason = (failure.error if failure else "") or run.error or run.message
    where = f" in the step {failure.step}" if failure else ""
    said = f"{look.word}{where}. {reason}".strip()
    verdict.show(Verdict.INCONCLUSIVE, fmt.md(said) + "\n\nNothing is said about the data.")
    hint = (failure.hint if failure else "") or run.hint
    if hint:
        st.info(fmt.md(hint), title="What to do", icon=":material/lightbulb:")
    found = [one for one in findings(facts.result) if one.code != _SAID] if facts else []
    if found:
        with st.container(border=True, gap="small"):
            _causes(run, found)
