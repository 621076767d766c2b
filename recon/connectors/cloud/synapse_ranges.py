"""One table read over several connections side by side, by ranges of one column.

No row is read twice and none is left out, NULLs included, while the table stands still; the ranges are
read by statements of their own, as any parallel unload does.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Final

import pyarrow as pa
from sqlglot import exp

from recon.connectors.cloud.odbc_arrow import Opened, read
from recon.connectors.cloud.odbc_feed import fed
from recon.connectors.cloud.synapse_types import parsed
from recon.connectors.cloud.synapse_words import literal
from recon.errors import ReconError, SpecError
from recon.sqlscript.tsql_types import Family

if TYPE_CHECKING:
    from collections.abc import Sequence

    from recon.connectors.cloud.odbc import Login
    from recon.connectors.cloud.odbc_arrow import Reading
    from recon.model import Column, Scalar

_SPLITS: Final = frozenset({Family.INTEGER, Family.DECIMAL, Family.MONEY, Family.DATE, Family.STAMP})


def splitting(columns: Sequence[Column], name: str, where: str) -> Column:
    """The column to split by. SpecError when there is none of that name, or its values have no distance."""
    found = next((c for c in columns if c.name.casefold() == name.casefold()), None)
    if found is None:
        raise SpecError(f"{where} has no column {name} to split by", hint="Name one of the table's columns.")
    if parsed(found.type).family not in _SPLITS:
        raise SpecError(
            f"{where} cannot be split by {name}, which is {found.type}",
            hint="Split by a column of whole numbers, decimals or dates.",
        )
    return found


def ranges(column: Column, low: Scalar, high: Scalar, parts: int) -> list[exp.Expr]:
    """Predicates that together hold for every row, NULL included, each for one row at most once.

    A single one, always true, comes of values that cannot be split further.
    """
    edges = _edges(low, high, parts)
    cell = exp.column(column.name, quoted=True)
    if not edges:
        return [exp.EQ(this=exp.Literal.number(1), expression=exp.Literal.number(1))]
    below = exp.LT(this=cell.copy(), expression=literal(edges[0]))
    made: list[exp.Expr] = [exp.Paren(this=exp.or_(below, exp.Is(this=cell.copy(), expression=exp.Null())))]
    for begin, end in zip(edges, [*edges[1:], None], strict=True):
        from_here: exp.Expr = exp.GTE(this=cell.copy(), expression=literal(begin))
        upto = exp.LT(this=cell.copy(), expression=literal(end)) if end is not None else None
        made.append(from_here if upto is None else exp.and_(from_here, upto))
    return made


def _edges(low: Scalar, high: Scalar, parts: int) -> list[Scalar]:
    """Values strictly between the ends at which a new range begins, ascending, each once."""
    if isinstance(low, (int, Decimal)) and isinstance(high, (int, Decimal)):
        first, last = int(low), int(high)
        cuts = _cuts(first, last, parts)
        return list(cuts)
    if isinstance(low, date) and isinstance(high, date):
        return [_day(cut, low) for cut in _cuts(low.toordinal(), high.toordinal(), parts)]
    return []


def _cuts(first: int, last: int, parts: int) -> list[int]:
    cuts = {first + (last - first + 1) * at // parts for at in range(1, parts)}
    return sorted(c for c in cuts if first < c <= last)


def _day(ordinal: int, like: date) -> date:
    made = date.fromordinal(ordinal)
    return datetime.combine(made, datetime.min.time()) if isinstance(like, datetime) else made


def read_together(login: Login, readings: Sequence[Reading], held: list[Opened]) -> pa.RecordBatchReader:
    """The rows of all readings as they come. All have begun when this returns; the first error ends all."""
    readers: list[pa.RecordBatchReader] = []
    for reading in readings:
        opened = Opened()
        held.append(opened)
        readers.append(read(login, reading, opened))
    what = readings[0].what
    batches = fed([partial(iter, r) for r in readers], (ReconError, pa.ArrowException), what)
    return pa.RecordBatchReader.from_batches(readers[0].schema, batches)
