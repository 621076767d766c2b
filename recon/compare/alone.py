"""The rows that only one side has, and what can be asked about them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from recon.compare.detect import cause
from recon.compare.fingerprints import SMALL
from recon.compare.verdict import percentage
from recon.compare.where import Population, columns_at_hand
from recon.model_result import WHOLE_ROW, Cause, RowCounts, Severity

if TYPE_CHECKING:
    from collections.abc import Mapping

    from recon.compare.plan import Plan
    from recon.compare.queries import Which
    from recon.model import TableRef
    from recon.ports import Comparer

_MOST_JOINED: Final = 20_000_000  # rows of a side that are worth reading again


@dataclass(frozen=True, slots=True, kw_only=True)
class Alone:
    """The rows that only one side has. `repeated` counts those, by side, whose key repeats."""

    engine: Comparer
    plan: Plan
    rows: RowCounts
    repeated: Mapping[Which, int]
    tables: Mapping[Which, TableRef]
    touched: tuple[int, ...]
    wide: bool
    twice: bool  # whether any key repeats
    populations: dict[Which, Population] = field(default_factory=dict["Which", Population])

    def count(self, which: Which) -> int:
        """How many rows only that side has."""
        return self.rows.missing if which == "b" else self.rows.extra

    def columns(self) -> list[int]:
        """The columns whose values are at hand for such a row."""
        return columns_at_hand(self.plan, self.touched, wide=self.wide)

    def everything(self, which: Which) -> Population:
        """All rows of a side."""
        if which not in self.populations:
            rows = self.rows.baseline if which == "b" else self.rows.candidate
            columns = columns_at_hand(self.plan, self.touched, wide=self._reachable)
            self.populations[which] = Population(
                self.engine, self.plan, which, self.tables[which], rows, columns
            )
        return self.populations[which]

    @property
    def _reachable(self) -> bool:
        """Whether the values of every column can be had for a different row: they are at hand or, by key, a
        join away. What can be said of a comparison must not depend on how it was made.
        """
        rows = max(self.rows.baseline, self.rows.candidate)
        return rows <= SMALL or (rows <= _MOST_JOINED and not self.twice)

    def cause(self, code: str, cells: int, of: int, where: str = "", **words: str) -> Cause:
        """A reason for `cells` of `of` missing and extra rows."""
        said = cause(code, WHOLE_ROW, cells, **words)
        return replace(said, severity=Severity.ROWS, share=percentage(min(cells, of), of), where=where)
