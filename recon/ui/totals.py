"""The Totals tab: control totals of both sides, what differs first."""

from __future__ import annotations

import html
from itertools import groupby
from typing import TYPE_CHECKING

import streamlit as st

from recon.report import totals
from recon.report.totals import NAMES
from recon.ui import diff, fmt

if TYPE_CHECKING:
    from collections.abc import Sequence

    from recon.model_result import Result
    from recon.report.facts import Facts
    from recon.report.totals import TotalLine

PAGE = 20  # columns shown at once
_DIFFERS, _ALL = "What differs", "Every total"


def show(facts: Facts) -> None:
    """A sentence, then the totals as a table, a page of columns at a time."""
    result = facts.result
    lines = totals.lines(result)
    if not lines:
        st.info(
            "No control totals were taken in this run. recon.toml may switch them off with "
            "`control_totals = false`; if they failed, the log says why.",
            icon=":material/info:",
        )
        return
    _sentence(result)
    off = totals.differing(lines)
    view = _ALL
    if off:
        view = st.segmented_control(
            "Totals",
            [_DIFFERS, _ALL],
            default=_DIFFERS,
            required=True,
            key="totals_view",
            label_visibility="collapsed",
        )
    _pages(off if view == _DIFFERS else lines)
    said = totals.notes(result)
    if said:
        st.caption(" · ".join(fmt.md(note) for note in said[:20]))


def _sentence(result: Result) -> None:
    icon = ":material/difference:" if totals.differing(totals.lines(result)) else ":material/check_circle:"
    st.markdown(f"{icon} {fmt.md(totals.takeaway(result))}")
    st.caption(
        "Each side alone, over all its rows, exactly: nothing is paired, no tolerance applies. "
        "Equal totals do not prove that the rows are equal; the verdict does."
    )


@st.fragment
def _pages(lines: Sequence[TotalLine]) -> None:
    """The table, and a pager below it."""
    columns = [list(group) for _, group in groupby(lines, key=lambda line: (line.column, line.segment))]
    table = st.container()
    number, pages = 1, -(-len(columns) // PAGE)
    if pages > 1:
        number = st.pagination(pages, key=f"totals pager {len(columns)}")
    table.html(totals_table(columns[(number - 1) * PAGE : number * PAGE]))


def totals_table(columns: Sequence[Sequence[TotalLine]]) -> str:
    """The lines of each column as HTML: its name once, both sides to the right, what differs marked."""
    head = "".join(
        f'<th scope="col"{css}>{text}</th>'
        for css, text in (
            ("", "Column"),
            ("", "Total"),
            (' class="n"', diff.side_head("s", "Synapse")),
            (' class="n"', diff.side_head("t", "Databricks")),
            (' class="n"', "Databricks less Synapse"),
        )
    )
    body = "".join(_row(line, first=n == 0) for lines in columns for n, line in enumerate(lines))
    caption = "Control totals, Synapse beside Databricks"
    return f"<style>{_CSS}</style>" + diff.table(caption, (22, 12, 24, 24, 18), head, body)


def _row(line: TotalLine, *, first: bool) -> str:
    name = f"{line.column} · {line.segment}" if line.segment else line.column
    align = "n" if line.number else "x"
    if line.differs and not line.number:
        one, other = diff.cell_pair(line.baseline, line.candidate)
    else:
        one, other = (_value(value) for value in (line.baseline, line.candidate))
    difference = html.escape(line.difference.replace("-", "−", 1)) if line.difference else ""
    return (
        f'<tr class="{"off" if line.differs else "same"}{" first" if first else ""}">'
        f"<td>{diff.value(name) if first else ''}</td><td>{html.escape(NAMES[line.total])}</td>"
        f'<td class="v s {align}">{one}</td><td class="v t {align}">{other}</td>'
        f'<td class="v n">{difference}</td></tr>'
    )


def _value(value: str) -> str:
    return diff.value(value)


_CSS = """
.rx th.n{text-align:right}
.rx th.n .hd{justify-content:flex-end}
.rx td.n{text-align:right;font-variant-numeric:tabular-nums}
.rx tr.off td.n:last-child{font-weight:600}
.rx tr.same td:not(:first-child){opacity:.72}
.rx tr.first td:first-child{font-weight:600;overflow-wrap:anywhere}
.rx tr:not(.first) td:first-child{border-bottom-color:transparent}
"""
