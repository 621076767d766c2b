"""Where the differences are: differing columns by segment, as page and PDF draw it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from recon.model_result import WHOLE_ROW, Kind, Result, SegmentCell
from recon.report.vocabulary import KINDS, KindStyle, kind_style, level, share_text
from recon.report.wording import compared_columns, differing_columns

if TYPE_CHECKING:
    from collections.abc import Mapping

MOST_COLUMNS = 60


@dataclass(frozen=True, slots=True)
class HeatCell:
    """One column in one segment: `mismatches` of `rows` differ.

    `level` is None where no row was compared: a gap, never a zero. `text` is the whole percent, floored,
    from 1 % on; else empty.
    """

    segment: str
    mismatches: int
    rows: int
    level: int | None
    share: str
    text: str


@dataclass(frozen=True, slots=True)
class HeatRow:
    """One differing column, or `(whole row)` for missing and extra rows. Kinds come in legend order."""

    column: str
    total: int
    kinds: tuple[tuple[KindStyle, int], ...]
    cells: tuple[HeatCell, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Heatmap:
    """Rows worst first, each with one cell a segment. `equal` columns and `hidden` rows are only counted.

    `segment_column` is empty, and rows have no cells, when no column serves as an axis.
    """

    segment_column: str
    grouping: str
    segments: tuple[str, ...]
    rows: tuple[HeatRow, ...]
    equal: int
    hidden: int


def heatmap(result: Result) -> Heatmap | None:
    """The picture, at most `MOST_COLUMNS` rows. None when nothing differs."""
    totals = {column.name: column.mismatches for column in differing_columns(result)}
    if whole := result.rows.missing + result.rows.extra:
        totals[WHOLE_ROW] = whole
    if not totals:
        return None
    worst = sorted(totals, key=lambda name: -totals[name])
    segments = tuple(dict.fromkeys(cell.segment for cell in result.segments.cells))
    by_place = {(cell.column, cell.segment): cell for cell in result.segments.cells}
    paired = _paired(result)
    kinds = _kinds(result)
    rows = tuple(
        HeatRow(name, totals[name], kinds[name], _cells(name, segments, by_place, paired))
        for name in worst[:MOST_COLUMNS]
    )
    return Heatmap(
        segment_column=result.segments.column,
        grouping=result.segments.grouping,
        segments=segments,
        rows=rows,
        equal=sum(1 for c in compared_columns(result) if not c.mismatches),
        hidden=len(worst) - len(rows),
    )


def kind_totals(result: Result) -> tuple[tuple[KindStyle, int], ...]:
    """Differing cells of each kind that occurs, and missing and extra rows, in legend order."""
    counts: dict[Kind, int] = {Kind.MISSING: result.rows.missing, Kind.EXTRA: result.rows.extra}
    for column in result.columns:
        for cause in column.causes:
            kind = Kind(cause.cause)
            counts[kind] = counts.get(kind, 0) + cause.cells
    return tuple((style, counts[style.kind]) for style in KINDS if counts.get(style.kind))


def _kinds(result: Result) -> dict[str, tuple[tuple[KindStyle, int], ...]]:
    kinds = {
        column.name: tuple(
            sorted(
                ((kind_style(cause.cause), cause.cells) for cause in column.causes if cause.cells),
                key=lambda pair: KINDS.index(pair[0]),
            )
        )
        for column in result.columns
    }
    whole = ((Kind.MISSING, result.rows.missing), (Kind.EXTRA, result.rows.extra))
    kinds[WHOLE_ROW] = tuple((kind_style(kind), n) for kind, n in whole if n)
    return kinds


def _paired(result: Result) -> dict[str, int]:
    """Paired rows of each segment: any column's cell tells, `(whole row)` after taking off what it counts."""
    paired: dict[str, int] = {}
    for cell in result.segments.cells:
        paired[cell.segment] = cell.rows - cell.mismatches if cell.column == WHOLE_ROW else cell.rows
    return paired


def _cells(
    name: str,
    segments: tuple[str, ...],
    by_place: Mapping[tuple[str, str], SegmentCell],
    paired: Mapping[str, int],
) -> tuple[HeatCell, ...]:
    cells: list[HeatCell] = []
    for segment in segments:
        found = by_place.get((name, segment))
        mismatches = found.mismatches if found else 0
        rows = found.rows if found else paired[segment]
        cells.append(_cell(segment, mismatches, rows, whole=name == WHOLE_ROW))
    return tuple(cells)


def _cell(segment: str, mismatches: int, rows: int, *, whole: bool) -> HeatCell:
    compared = rows > 0 or whole
    percent = 100 * mismatches // rows if rows else 0
    return HeatCell(
        segment=segment,
        mismatches=mismatches,
        rows=rows,
        level=level(mismatches, rows) if compared else None,
        share=share_text(mismatches, rows),
        text=str(percent) if percent else "",
    )
