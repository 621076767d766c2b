"""The control totals of a run as lines to print: what differs, by how much, and everything else. Pure.

Numbers keep every digit; their integer part gets thousands separators where it is a sum, least or greatest
of numbers. Texts are shown as they are.
"""

from __future__ import annotations

import io
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from recon.report.csvfile import cell
from recon.report.vocabulary import NONE, count_text, plural

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from recon.model_result import ColumnTotals, Result, Totals

_NUMBER = re.compile(r"(-?)(\d+)(\.\d+)?")
NAMES = {
    "rows": "Rows",
    "sum": "Sum",
    "nulls": "NULLs",
    "distinct": "Distinct values",
    "min": "Smallest",
    "max": "Largest",
    "unread": "Unreadable",
}
ALL_ROWS = "(all columns)"


@dataclass(frozen=True, slots=True, kw_only=True)
class TotalLine:
    """One total of one column on both sides. A side that holds nothing, or was not counted, has a dash.

    `difference` is Databricks less Synapse, with its sign, where both are numbers; else empty.
    """

    column: str
    segment: str
    total: str  # a key of NAMES
    baseline: str
    candidate: str
    difference: str
    differs: bool
    number: bool  # to be set to the right

    @property
    def name(self) -> str:
        """The total in words."""
        return NAMES[self.total]


def lines(result: Result) -> tuple[TotalLine, ...]:
    """Every total that says something, column by column in Synapse's order.

    The rows, which are the same for each column, come once, first, where there are no segments.
    """
    totals = result.control_totals
    once = tuple(_line(t, "rows", ALL_ROWS) for t in totals[:1] if not t.segment)
    return (*once, *(line for t in totals for line in _column(t)))


def _column(totals: ColumnTotals) -> Iterable[TotalLine]:
    if totals.segment:
        yield _line(totals, "rows", totals.column)
    for name in ("sum", "nulls", "distinct", "min", "max", "unread"):
        one, other = getattr(totals.baseline, name), getattr(totals.candidate, name)
        if name in ("nulls", "distinct") or one or other:
            yield _line(totals, name, totals.column)


def _line(totals: ColumnTotals, name: str, column: str) -> TotalLine:
    one, other = getattr(totals.baseline, name), getattr(totals.candidate, name)
    numbers = totals.baseline.sum is not None or totals.candidate.sum is not None
    counted = name not in ("sum", "min", "max")
    return TotalLine(
        column=column,
        segment=totals.segment,
        total=name,
        baseline=_shown(one, numbers=numbers),
        candidate=_shown(other, numbers=numbers),
        difference=_signed(_difference(totals, name) or "") if name in totals.differs else "",
        differs=name in totals.differs,
        number=counted or numbers,
    )


def _shown(value: str | int | None, *, numbers: bool) -> str:
    if value is None:
        return NONE
    if isinstance(value, int):
        return count_text(value)
    return grouped(value) if numbers else value or "(empty)"


def grouped(number: str) -> str:
    """A decimal number with thousands separators before the point; any other text as it is.

    >>> grouped("-1234567.890")
    '-1,234,567.890'
    """
    found = _NUMBER.fullmatch(number)
    return f"{found[1]}{int(found[2]):,}{found[3] or ''}" if found else number


def _difference(totals: ColumnTotals, name: str) -> str | None:
    """Databricks less Synapse, exactly; None where that is not known or means nothing."""
    one, other = getattr(totals.baseline, name), getattr(totals.candidate, name)
    if isinstance(one, int) and isinstance(other, int):
        return str(other - one)
    return totals.difference if name == "sum" else None


def _signed(number: str) -> str:
    return f"+{grouped(number)}" if number[:1].isdigit() else grouped(number)


def differing(found: Iterable[TotalLine]) -> tuple[TotalLine, ...]:
    """Those that differ: columns in their order."""
    return tuple(line for line in found if line.differs)


def takeaway(result: Result) -> str:
    """One sentence about all of them; empty when none were taken."""
    whole = [t for t in result.control_totals if not t.segment] or list(result.control_totals)
    if not whole:
        return ""
    names = dict.fromkeys(t.column for t in whole)
    off = dict.fromkeys(t.column for t in whole if not t.equal)
    if not off:
        return f"The control totals of all {plural(len(names), 'column')} agree on both sides."
    return f"The control totals of {len(off)} of {plural(len(names), 'column')} differ."


def notes(result: Result) -> tuple[str, ...]:
    """What could not be totalled or is masked, column by column, and what was not counted at all."""
    said = dict.fromkeys(f"{t.column}: {t.note}" for t in result.control_totals if t.note)
    uncounted = any(_uncounted(s) for t in result.control_totals for s in (t.baseline, t.candidate))
    return (*said, *(("Distinct values were not counted: there are too many rows.",) if uncounted else ()))


def _uncounted(side: Totals) -> bool:
    return side.distinct is None


_HEADER = ("run_id", "table", "variant", "segment", "column", "total", "synapse", "databricks", "difference")


def totals_csv(result: Result, run: Sequence[str]) -> bytes:
    r"""One header line, then one line a total: segment, column, total, both sides and their difference.

    Values are exact and untouched, as in the CSV of differences; what is not known is `\N`. `run` are the
    run's id, table and variant.
    """
    out = io.StringIO(newline="")
    out.write(",".join(map(cell, _HEADER)) + "\r\n")
    for totals in result.control_totals:
        for line in (_line(totals, "rows", totals.column), *_column(totals)):
            one, other = getattr(totals.baseline, line.total), getattr(totals.candidate, line.total)
            values = [None if v is None else str(v) for v in (one, other)]
            row = (*run, totals.segment, line.column, line.total, *values, _difference(totals, line.total))
            out.write(",".join(map(cell, row)) + "\r\n")
    return out.getvalue().encode("utf-8")
