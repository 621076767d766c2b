"""The overview figure and the counts of a selection."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest

from recon.model_result import WHOLE_ROW, Result, RowCounts, Segments, Verdict
from recon.report.heatmap import heatmap
from recon.report.vocabulary import KINDS
from recon.ui import figures, selection
from recon.ui.selection import Selection
from tests.ui.sample import HOSTILE, MONTHS, sample_result


@pytest.fixture
def result() -> Result:
    return sample_result()


@pytest.fixture
def heat(result):
    return heatmap(result)


def test_a_click_anywhere_on_the_map_names_column_and_segment(heat):
    squares = figures.overview(heat).data[1]
    cells = {
        (round(x), y): tuple(d[:2]) for x, y, d in zip(squares.x, squares.y, squares.customdata, strict=True)
    }
    assert cells == {
        (x, y): (row.column, segment)
        for y, row in enumerate(heat.rows)
        for x, segment in enumerate(heat.segments)
    }
    steps = sorted(set(squares.x))
    width = figures._MAP_WIDTH / len(heat.segments)
    assert max(b - a for a, b in itertools.pairwise(steps)) * width <= figures._SQUARE + 1


def test_the_map_is_drawn_in_levels_of_a_log_scale(heat):
    fig = figures.overview(heat)
    drawn = fig.data[0]
    assert (drawn.zmin, drawn.zmax) == (0, 9)
    income = [row.column for row in heat.rows].index("income_amount")
    assert drawn.z[income][0] == 0
    assert drawn.z[income][8] == 9  # 68 %
    assert drawn.text[income][8] == "68"
    region = [row.column for row in heat.rows].index("region")
    assert drawn.z[region][0] == 3  # 0.1 %
    assert drawn.text[region][0] == ""


def test_rows_come_worst_first_and_equal_columns_are_left_out(heat):
    names = [row.column for row in heat.rows]
    assert names == ["income_amount", "customer_name", HOSTILE, "region", WHOLE_ROW]
    assert list(figures.overview(heat).layout.yaxis.range) == [len(names) - 0.5, -0.5]


def test_kinds_are_dots_with_their_own_symbol_on_a_log_axis(heat):
    fig = figures.overview(heat)
    dots = {t.name: t for t in fig.data if t.name}
    assert set(dots) == {"Value", "Null vs value", "Missing row", "Whitespace", "Case"}
    assert fig.layout.xaxis2.type == "log"
    styles = {k.label: k for k in KINDS}
    for name, trace in dots.items():
        assert trace.marker.symbol == styles[name].symbol
        assert trace.marker.color == figures.slot_colour(styles[name].slot)
    assert tuple(dots["Null vs value"].x) == (2720,)


def test_names_from_data_are_never_markup_in_the_figure(heat):
    fig = figures.overview(heat)
    shown = [
        *fig.layout.yaxis.ticktext,
        *(d[2] for t in fig.data if t.customdata is not None for d in t.customdata),
    ]
    assert not any("<" in text for text in shown)
    assert any("&lt;b&gt;" in text for text in shown)


def test_segments_that_look_like_dates_or_numbers_are_labels(heat):
    axis = figures.overview(heat).layout.xaxis
    assert axis.type == "linear"
    assert list(axis.ticktext) == list(MONTHS)


def test_the_selected_cell_is_outlined(heat):
    cell = figures.overview(heat, ("customer_name", "2025-02")).layout.shapes[0]
    assert (cell.x0, cell.x1, cell.y0, cell.y1) == (0.5, 1.5, 0.5, 1.5)
    row = figures.overview(heat, ("customer_name", "")).layout.shapes[0]
    assert (row.x0, row.x1) == (-0.5, 11.5)
    assert not figures.overview(heat, ("gone", "2025-02")).layout.shapes
    assert not figures.overview(heat).layout.shapes


def test_without_segments_only_the_kinds_are_drawn(result):
    fig = figures.overview(heatmap(replace(result, segments=Segments())))
    assert not [t for t in fig.data if t.type == "heatmap"]
    assert {t.name for t in fig.data if t.name} >= {"Value", "Case"}


def test_sixty_columns_by_sixty_segments_stay_small(result):
    months = [f"s{n}" for n in range(60)]
    base = result.columns[1]
    columns = tuple(replace(base, name=f"c{n}", mismatches=1000 - n) for n in range(70))
    cells = tuple(
        replace(result.segments.cells[0], segment=s, column=c.name) for c in columns for s in months
    )
    wide = heatmap(replace(result, columns=columns, segments=replace(result.segments, cells=cells)))
    fig = figures.overview(wide)
    assert len(fig.data[0].z) == 60
    assert len(fig.data[1].x) == 60 * 60
    assert wide.hidden == 11  # ten columns and the missing rows
    assert len(fig.layout.xaxis.tickvals) <= 12


def test_the_pointer_says_counts_and_floored_shares(heat):
    words = {row.column: [figures.words(c) for c in row.cells] for row in heat.rows}
    assert words["income_amount"][8] == "680 of 1,000 rows differ (68.00 %)"
    assert words["income_amount"][0] == "none of 1,000 rows differs"
    assert words["region"][0] == "1 of 1,000 rows differs (0.10 %)"


def test_the_figure_in_one_sentence(heat):
    assert figures.takeaway(heat) == (
        "5 columns shown; the worst is income_amount with 2,720 differences in 4 of 12 segments."
    )


# --- counts of a selection ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("chosen", "cells", "rows"),
    [
        (Selection(), 2720 + 285 + 210 + 12, 12),
        (Selection("income_amount"), 2720, 0),
        (Selection("income_amount", "2025-09"), 680, 0),
        (Selection("income_amount", "2025-01"), 0, 0),
        (Selection("", "2025-11"), 681, 6),
        (Selection("", "", ("whitespace", "case")), 297, 0),
        (Selection("", "", ("missing",)), 0, 12),
        (Selection("", "", ("extra",)), 0, 0),
        (Selection(WHOLE_ROW, "2025-12"), 0, 6),
        (Selection("income_amount", "2025-09", ("null_vs_value",)), 680, 0),
        (Selection("", "2025-09", ("case",)), None, 0),
    ],
)
def test_counts_are_exact_or_not_claimed(result, chosen, cells, rows):
    assert selection.cells(result, chosen) == cells
    assert selection.rows(result, chosen) == rows


def test_a_sample_never_looks_like_everything(result):
    assert selection.sentence(result, Selection("income_amount"), 400) == (
        "**2,720 differing cells** in this selection. Showing a stored sample of 400."
    )
    assert selection.sentence(result, Selection("region"), 12) == "**12 differing cells** in this selection."
    assert "3,227 differing cells and 12 missing or extra rows" in selection.sentence(
        result, Selection(), 332
    )
    unknown = selection.sentence(result, Selection("", "2025-09", ("case",)), 1)
    assert unknown.startswith("**1 stored difference**")


def test_a_match_has_no_map():
    equal = sample_result()
    quiet = replace(
        equal,
        verdict=Verdict.MATCH,
        rows=RowCounts(baseline=1, candidate=1, paired=1, equal=1),
        columns=tuple(replace(c, mismatches=0, causes=()) for c in equal.columns),
    )
    assert heatmap(quiet) is None
