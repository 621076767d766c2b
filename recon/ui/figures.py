"""The overview figure: a map of columns by segments beside the kinds of difference. Pure: no Streamlit.

Plotly heatmaps cannot be clicked in Streamlit, so invisible squares lie over the map and carry the column
and segment. Both axes are numbered and labelled by us: a segment called "2024-08" is never read as a date.
No colour is chosen by theme here: `#00000k` stands for the k-th categorical colour of the theme in force and
is replaced in the browser, and the map's levels run over the theme's ten sequential colours.
"""

from __future__ import annotations

import html
import math
from typing import TYPE_CHECKING

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from recon.report.vocabulary import KINDS, LEVEL_LABELS, LEVEL_STEP, count_text, plural, short_count
from recon.ui.fmt import shorten

if TYPE_CHECKING:
    from recon.report.heatmap import HeatCell, Heatmap

ROW = 27  # pixels of one row of the map
_FRAME = 118  # pixels of everything around the rows
_INK = "#000037"  # the theme's darkest gray: readable on both backgrounds
_OUTLINE = "#0072B2"
_BAR = "rgba(128,140,155,.22)"
_UNSEEN = "rgba(0,0,0,0)"
_MAP_WIDTH = 770  # about as wide as the map is drawn; decides how many squares cover a cell
_SQUARE = 26
_LABELS = 12  # at most so many labels under the map


def slot_colour(slot: int) -> str:
    """The placeholder of a categorical colour of the theme, 1 to 10."""
    return f"#{slot:06d}"


def overview(heat: Heatmap, selected: tuple[str, str] = ("", "")) -> go.Figure:
    """The figure; the cell of `selected` (column, segment) is outlined.

    Without segments there is no map, and the kinds take the whole width.
    """
    widths = [0.70, 0.30] if heat.segments else [0.001, 0.999]
    fig = make_subplots(1, 2, shared_yaxes=True, column_widths=widths, horizontal_spacing=0.014)
    if heat.segments:
        fig.add_trace(_map(heat), 1, 1)
        fig.add_trace(_squares(heat), 1, 1)
    fig.add_trace(_totals(heat), 1, 2)
    for trace in _kinds(heat):
        fig.add_trace(trace, 1, 2)
    _axes(fig, heat)
    _words(fig, heat)
    _outline(fig, heat, selected)
    return fig


def _map(heat: Heatmap) -> go.Heatmap:
    n = len(heat.rows)
    return go.Heatmap(
        z=[[None if c.level is None else c.level * LEVEL_STEP for c in row.cells] for row in heat.rows],
        x=list(range(len(heat.segments))),
        y=list(range(n)),
        zmin=0,
        zmax=(len(LEVEL_LABELS) - 1) * LEVEL_STEP,
        xgap=2,
        ygap=2,
        hoverinfo="skip",
        text=[[c.text for c in row.cells] for row in heat.rows],
        texttemplate="%{text}",
        textfont={"size": 10},
        colorbar={
            "orientation": "h", "x": 0, "xanchor": "left", "xpad": 0, "ypad": 0,
            "y": 1 + 20 / (ROW * n), "yref": "paper", "yanchor": "bottom",
            "len": 0.40, "thickness": 8, "ticks": "", "outlinewidth": 0,
            "tickvals": [i * LEVEL_STEP for i in range(len(LEVEL_LABELS))],
            "ticktext": list(LEVEL_LABELS),
            "tickfont": {"size": 11},
        },
    )  # fmt: skip


def _squares(heat: Heatmap) -> go.Scatter:
    """What can be clicked: `customdata` is column, segment and, for the pointer, three escaped texts."""
    per_cell = max(1, math.ceil(_MAP_WIDTH / len(heat.segments) / _SQUARE))
    places = [(i + 0.5) / per_cell - 0.5 for i in range(per_cell)]
    xs: list[float] = []
    ys: list[int] = []
    data: list[list[str]] = []
    for y, row in enumerate(heat.rows):
        for x, cell in enumerate(row.cells):
            point = [
                row.column,
                cell.segment,
                html.escape(row.column),
                html.escape(cell.segment),
                words(cell),
            ]
            xs += [x + place for place in places]
            ys += [y] * per_cell
            data += [point] * per_cell
    return go.Scatter(
        x=xs,
        y=ys,
        mode="markers",
        marker={"symbol": "square", "size": _SQUARE, "color": _UNSEEN},
        customdata=data,
        showlegend=False,
        hovertemplate="<b>%{customdata[2]}</b> · %{customdata[3]}<br>%{customdata[4]}<extra></extra>",
        unselected={"marker": {"opacity": 1}},
    )


def words(cell: HeatCell) -> str:
    """What the pointer says of a cell: "1,290 of 48,286,240 rows differ (<0.01 %)"."""
    if cell.level is None:
        return "nothing was compared here"
    if not cell.mismatches:
        return f"none of {plural(cell.rows, 'row')} differs"
    differ = "differs" if cell.mismatches == 1 else "differ"
    return f"{count_text(cell.mismatches)} of {plural(cell.rows, 'row')} {differ} ({cell.share})"


def _totals(heat: Heatmap) -> go.Bar:
    return go.Bar(
        x=[row.total or None for row in heat.rows],
        y=list(range(len(heat.rows))),
        orientation="h",
        marker_color=_BAR,
        showlegend=False,
        hoverinfo="skip",
    )


def _kinds(heat: Heatmap) -> list[go.Scatter]:
    """One trace a kind that occurs. Dots, not stacked bars: stacking on a log axis lies."""
    traces: list[go.Scatter] = []
    for style in KINDS:
        found = [(y, row.column, n) for y, row in enumerate(heat.rows) for k, n in row.kinds if k == style]
        if not found:
            continue
        traces.append(
            go.Scatter(
                x=[n for _, _, n in found],
                y=[y for y, _, _ in found],
                mode="markers",
                name=style.label,
                marker={"color": slot_colour(style.slot), "symbol": style.symbol, "size": 11},
                cliponaxis=False,
                customdata=[[c, "", html.escape(c), style.label, count_text(n)] for _, c, n in found],
                hovertemplate="<b>%{customdata[2]}</b><br>%{customdata[3]}: %{customdata[4]}<extra></extra>",
                unselected={"marker": {"opacity": 1}},
            )
        )
    return traces


def _axes(fig: go.Figure, heat: Heatmap) -> None:
    n, m = len(heat.rows), len(heat.segments)
    labelled = range(0, m, max(1, math.ceil(m / _LABELS)))
    fig.update_xaxes(
        type="linear", range=[-0.5, m - 0.5], showgrid=False, zeroline=False, fixedrange=True, ticks="",
        tickangle=0, tickfont={"size": 11}, tickvals=list(labelled),
        ticktext=[html.escape(shorten(heat.segments[i], 14)) for i in labelled], row=1, col=1,
    )  # fmt: skip
    most = math.log10(max((row.total for row in heat.rows), default=1) or 1)
    fig.update_xaxes(
        type="log", range=[-0.25, max(most, 1) * 1.03 + 0.05], showgrid=True, zeroline=False,
        fixedrange=True, ticks="", dtick=1 if most < 3.5 else 2, exponentformat="SI",
        tickfont={"size": 11}, title=None, row=1, col=2,
    )  # fmt: skip
    fig.update_yaxes(
        type="linear", range=[n - 0.5, -0.5], showgrid=False, zeroline=False, fixedrange=True, ticks="",
        tickvals=list(range(n)), ticktext=[html.escape(shorten(row.column)) for row in heat.rows],
        tickfont={"size": 13, "color": _INK}, ticklabelstandoff=6,
    )  # fmt: skip


def _words(fig: go.Figure, heat: Heatmap) -> None:
    n = len(heat.rows)
    fig.update_layout(
        height=ROW * n + _FRAME, margin={"l": 4, "r": 64, "t": 46, "b": 72},
        dragmode=False, hoverdistance=30, bargap=0.45,
        legend={
            "orientation": "h", "x": 0, "xanchor": "left", "y": -34 / (ROW * n), "yanchor": "top",
            "font": {"size": 12}, "itemclick": False, "itemdoubleclick": False, "tracegroupgap": 0,
        },
    )  # fmt: skip
    fig.update_layout(showlegend=True)
    for y, row in enumerate(heat.rows):
        fig.add_annotation(
            xref="paper", x=1, xanchor="left", xshift=8, yref="y", y=y, showarrow=False,
            text=short_count(row.total), font={"size": 12},
        )  # fmt: skip


def _outline(fig: go.Figure, heat: Heatmap, selected: tuple[str, str]) -> None:
    """A frame round the selected cell, or round the whole row when only a column is selected."""
    column, segment = selected
    y = next((n for n, row in enumerate(heat.rows) if row.column == column), None)
    if y is None or not heat.segments:
        return
    x = heat.segments.index(segment) if segment in heat.segments else None
    left, right = (-0.5, len(heat.segments) - 0.5) if x is None else (x - 0.5, x + 0.5)
    fig.add_shape(
        type="rect", x0=left, x1=right, y0=y - 0.5, y1=y + 0.5,
        line={"width": 3, "color": _OUTLINE}, row=1, col=1,
    )  # fmt: skip


def takeaway(heat: Heatmap) -> str:
    """The figure in one sentence, for those who cannot see it."""
    worst = heat.rows[0]
    said = f"{plural(len(heat.rows), 'column')} shown; the worst is {worst.column} with "
    said += plural(worst.total, "difference")
    if heat.segments:
        said += (
            f" in {sum(1 for c in worst.cells if c.mismatches)} of {plural(len(heat.segments), 'segment')}"
        )
    return said + "."
