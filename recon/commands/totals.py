"""How `recon compare --totals` prints control totals: what differs, or that nothing does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from recon.commands.terminal import out
from recon.report import totals as words

if TYPE_CHECKING:
    from recon.model_result import Result

_MOST = 60  # lines on a terminal


def print_totals(found: Result) -> None:
    """The differing totals in a table; the JSON holds all of them."""
    out.print(Text(f"totals    {words.takeaway(found)}"))
    off = words.differing(words.lines(found))
    if off:
        out.print(_table(off[:_MOST], segments=any(line.segment for line in off)))
    if len(off) > _MOST:
        out.print(Text(f"          … and {len(off) - _MOST:,} more, in the JSON"))
    for note in words.notes(found):
        out.print(Text(f"          {note}"))


def _table(off: tuple[words.TotalLine, ...], *, segments: bool) -> Table:
    table = Table(box=None, header_style="bold", pad_edge=False)
    names = ("Column", *(("Segment",) if segments else ()), "Total")
    for name in names:
        table.add_column(name)
    for name in ("Synapse", "Databricks", "Databricks less Synapse"):
        table.add_column(name, justify="right")
    for line in off:
        where = (line.column, *((line.segment,) if segments else ()), line.name)
        table.add_row(*(Text(v) for v in (*where, line.baseline, line.candidate, line.difference)))
    return table
