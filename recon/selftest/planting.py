"""How a defect is planted into a clean candidate, and how what a comparison then says is read.

What is seen in a result is written as counts by (column, kind), see `seen`. A defect is found when the counts
are exactly the expected ones: one cell more is as wrong as one less.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import pyarrow as pa

from recon.model_result import WHOLE_ROW, Comparison, Kind, Verdict
from recon.selftest.data import KEYS, ROWS, Columns

if TYPE_CHECKING:
    from collections.abc import Callable

Seen: TypeAlias = dict[tuple[str, str], int]

REPEATED: Final = "repeated key"
MISSING_COLUMN, EXTRA_COLUMN = "missing column", "extra column"
NOT_COMPARABLE, TYPE_CHANGE = "not comparable", "type change"


def seen(result: Comparison) -> Seen:
    """Everything that a result reports as not alike."""
    counts = {(c.name, cause.cause): cause.cells for c in result.columns for cause in c.causes}
    rows, schema = result.rows, result.schema
    counts[WHOLE_ROW, Kind.MISSING], counts[WHOLE_ROW, Kind.EXTRA] = rows.missing, rows.extra
    counts[WHOLE_ROW, REPEATED] = rows.duplicate_keys.baseline + rows.duplicate_keys.candidate
    for names, kind in (
        (schema.missing_columns, MISSING_COLUMN),
        (schema.extra_columns, EXTRA_COLUMN),
        (schema.not_comparable, NOT_COMPARABLE),
        ([change.column for change in schema.type_changes], TYPE_CHANGE),
    ):
        counts |= {(name, kind): 1 for name in names}
    return {what: count for what, count in counts.items() if count}


@dataclass(frozen=True, slots=True, kw_only=True)
class Planted:
    """A candidate, what is expected to be seen in it, and the verdicts that may be said of it."""

    columns: Columns
    expected: Seen = field(default_factory=dict[tuple[str, str], int])
    types: dict[str, pa.DataType] = field(default_factory=dict[str, pa.DataType])
    keys: tuple[str, ...] = KEYS
    verdicts: tuple[Verdict, ...] = (Verdict.PARTIAL, Verdict.NO_MATCH)


@dataclass(frozen=True, slots=True)
class Defective:
    """A defect by name and the column that it hits; `plant` changes the candidate that it is given."""

    name: str
    column: str
    plant: Callable[[Columns], Planted]


def cells(
    name: str,
    column: str,
    kind: Kind,
    change: Callable[[Any], Any],
    fits: Callable[[Any], bool] = lambda v: v is not None,
    *,
    most: int = 7,
    type_: pa.DataType | None = None,
) -> Defective:
    """Change the first `most` values that fit, in place, spread over the rows."""

    def plant(columns: Columns) -> Planted:
        values = columns[column]
        chosen = [at for at in range(ROWS) if fits(values[at])][:most]
        for at in chosen:
            values[at] = change(values[at])
        expected: Seen = {(column, kind): len(chosen)}
        if type_ is None:
            return Planted(columns=columns, expected=expected)
        return Planted(
            columns=columns, expected={**expected, (column, TYPE_CHANGE): 1}, types={column: type_}
        )

    return Defective(name, column, plant)
