"""What the engine answers, as Python takes it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlglot import exp

    from recon.ports import Comparer


def one_row(engine: Comparer, query: exp.Query) -> dict[str, int]:
    """The single row of an answer of whole numbers; a sum of nothing is 0."""
    [row] = engine.query(query)
    return {name: int(value or 0) for name, value in row.items()}
