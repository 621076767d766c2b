"""The Overview tab: the map, the selection in three views (click, selectboxes, URL), the differing cells."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import streamlit as st

from recon import api
from recon.model_result import WHOLE_ROW
from recon.report.vocabulary import NONE, kind_style, plural
from recon.ui import diff, figures, fmt, selection, shell, url
from recon.ui.selection import Selection

if TYPE_CHECKING:
    from recon.model import Run
    from recon.report.facts import Difference, Facts
    from recon.report.heatmap import Heatmap

PAGE = 25
MOST_PAGES = 400  # the pager's limit; a stored sample is far smaller


def show(run: Run, facts: Facts) -> None:
    """Everything below the tab's name."""
    heat = facts.heatmap
    if heat is None:
        with st.container(border=True):
            st.markdown(":material/check_circle: No cell and no row differs.")
        return
    st.subheader("Where the differences are", anchor=False)
    st.caption(_caption(heat))
    # The chart's place comes first but is filled last: the selectboxes below decide what it outlines.
    chart = st.container()
    with st.container(border=True):
        chosen = _controls(facts, heat)
        _cells(run, facts, chosen)
    chart.plotly_chart(
        figures.overview(heat, (chosen.column, chosen.segment)),
        key="heat",
        on_select=_pick,
        selection_mode="points",
        config={"displayModeBar": False},
        alt=figures.takeaway(heat),
    )
    with st.expander(
        "Show the map as a table", icon=":material/table:", key="map_table", on_change="rerun"
    ) as f:
        if f.open:
            _map_table(heat)


def _caption(heat: Heatmap) -> str:
    parts: list[str] = []
    if heat.segments:
        by = f" (by {fmt.md(heat.grouping)})" if heat.grouping else ""
        parts.append(
            f"Each cell: share of the rows of one {fmt.md(heat.segment_column)}{by} whose value differs. "
            "Click a cell to see its rows."
        )
    else:
        parts.append("No column divides the rows into segments, so only the kinds of difference are drawn.")
    if heat.equal:
        parts.append(f"{plural(heat.equal, 'column')} without any difference not shown.")
    if heat.hidden:
        parts.append(f"{plural(heat.hidden, 'more column')} in the Columns tab.")
    return " ".join(parts)


def _pick() -> None:
    """A click on the map or on a dot. A redrawn figure reports an empty selection: not a wish."""
    points: list[dict[str, Any]] = st.session_state["heat"]["selection"]["points"]
    data = points[0].get("customdata") if points else None
    if data:
        url.choose(data[0], data[1] or url.ALL)


def _clear() -> None:
    st.session_state["kind"] = []
    url.choose(url.ALL, url.ALL)


def _controls(facts: Facts, heat: Heatmap) -> Selection:
    """Column, segment and kinds, seeded from the URL."""
    columns = [row.column for row in heat.rows]
    for unknown in url.pull(columns, heat.segments):
        st.toast(f"{fmt.md(unknown)} is not part of this run", icon=":material/link_off:")
    kinds = {str(style.kind): style.label for style, _ in facts.kinds}
    with st.container(horizontal=True, vertical_alignment="bottom"):
        column = st.selectbox("Column", [url.ALL, *columns], key="w_col", on_change=url.push, width=230)
        segment = url.ALL
        if heat.segments:
            segment = st.selectbox(
                "Segment", [url.ALL, *heat.segments], key="w_seg", on_change=url.push, width=170
            )
        picked = st.pills(
            "Kind of difference",
            list(kinds),
            format_func=lambda k: kinds[k],
            selection_mode="multi",
            key="kind",
            bind="query-params",
            width="content",
        )
        st.button("Clear", icon=":material/filter_alt_off:", type="tertiary", on_click=_clear, key="clear")
    blank = {url.ALL: ""}
    return Selection(blank.get(column, column), blank.get(segment, segment), tuple(picked))


@st.fragment
def _cells(run: Run, facts: Facts, chosen: Selection) -> None:
    """The stored differing cells of the selection, a page at a time. Paging leaves the figure alone."""
    with shell.boundary():
        _stored(run, facts, chosen)


def _stored(run: Run, facts: Facts, chosen: Selection) -> None:
    pager = f"pager {chosen}"  # another selection starts at its first page
    number = int(st.session_state.get(pager, 1))
    page = _page(run, chosen, number)
    st.markdown(selection.sentence(facts.result, chosen, page.stored))
    if not page.rows:
        st.info("No stored difference for this selection.", icon=":material/check_circle:")
        return
    table = st.container(gap=None)
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        st.caption(
            "Middle dots mark blanks · NULL and the empty string are spelled out · "
            f"{fmt.md(_rules(facts, chosen))}",
            width="content",
        )
        pages = min(-(-page.stored // PAGE), MOST_PAGES)
        if pages > 1:
            st.pagination(pages, key=pager)
    table.html(diff.diff_table([_line(d) for d in page.rows]))
    _story(run, page.rows)


def _page(run: Run, chosen: Selection, number: int) -> api.Page:
    return api.differences(
        run.id,
        column=chosen.column,
        segment=chosen.segment,
        kinds=chosen.kinds,
        offset=(number - 1) * PAGE,
        limit=PAGE,
    )


def _rules(facts: Facts, chosen: Selection) -> str:
    if not chosen.column or chosen.column == WHOLE_ROW:
        return "each column by its own rule"
    rule = next((c.rule for c in facts.columns if c.name == chosen.column), NONE)
    return f"rule of {chosen.column}: {rule}"


def _line(d: Difference) -> diff.Line:
    return diff.Line(d.key, d.column, d.baseline, d.candidate, d.kind)


def _story(run: Run, shown: tuple[Difference, ...]) -> None:
    """One row in full: chosen from the page shown, or named by the URL."""
    keys = {selection.key_json(d.key): fmt.key_text(d.key) for d in shown}
    linked = st.query_params.get("key", "")

    def chosen() -> None:
        picked = st.session_state["w_key"]
        if picked:
            st.query_params["key"] = picked

    st.session_state["w_key"] = linked if linked in keys else None
    st.selectbox(
        "Open one row",
        list(keys),
        format_func=lambda k: keys[k],
        key="w_key",
        on_change=chosen,
        placeholder="Choose a key of this page to see all its differing columns",
        width=520,
    )
    if linked:
        row_story(run, linked)


def _closed() -> None:
    st.query_params.pop("key", None)


@st.dialog("One row", width="large", position="right", icon=":material/table_rows:", on_dismiss=_closed)
def row_story(run: Run, key: str) -> None:
    """Everything that is stored about one key, in a drawer."""
    with shell.boundary():
        _row_story(run, key)


def _row_story(run: Run, key: str) -> None:
    parsed = selection.parse_key(key)
    page = api.differences(run.id, key=key, limit=1000) if parsed else None
    if parsed is None or page is None or not page.rows:
        st.warning("No stored difference has this key.", icon=":material/link_off:")
        return
    for name, value in parsed.items():
        st.caption(fmt.md(name))
        st.code("NULL" if value is None else value, language=None)
    st.markdown(
        f"**{plural(page.stored, 'differing column')}** stored for this row. The others are equal or "
        "lie outside the stored sample."
    )
    st.html(diff.diff_table([_line(d) for d in page.rows], longest=4000, with_key=False))
    kinds = dict.fromkeys(d.kind for d in page.rows)
    st.caption("Kinds: " + ", ".join(kind_style(k).label for k in kinds))


def _map_table(heat: Heatmap) -> None:
    """The same numbers for keyboard and screen reader: differing rows of each column by segment."""
    names = heat.segments or ("all rows",)
    st.dataframe(
        {
            "Column": [row.column for row in heat.rows],
            "Total": [row.total for row in heat.rows],
            **{
                f"{name}\u200b" if name in ("Column", "Total") else name: [
                    row.cells[n].mismatches if row.cells else row.total for row in heat.rows
                ]
                for n, name in enumerate(names)
            },
        },
        hide_index=True,
        alt=figures.takeaway(heat),
    )
