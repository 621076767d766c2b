"""Find sets of columns that tell all known rows apart, cheapest first. Pure: no engine, no names.

Columns are ranked by what they cost; a set of columns is an int, bit r for the column of rank r. Two rows are
told apart by the columns in which they differ, so a key must share a column with the *difference* of every
pair of rows. Only a few pairs are looked at: a set that these do not refute is counted over all rows
elsewhere, and rows that refute it there are learned. What is returned is a candidate, never a claim.
"""

from __future__ import annotations

from heapq import heappop, heappush
from itertools import islice
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

MOST_LOOKED_AT: Final = 20_000  # sets, in one search


def ranks(columns: int) -> tuple[int, ...]:
    """The columns of a set, ascending."""
    return tuple(r for r in range(columns.bit_length()) if columns >> r & 1)


class Search:
    """All sets of `start` and up to `widest` more columns, in the order of the sum of their costs.

    `costs` are positive and ascend. A set comes after all of its subsets, so those that are accepted are
    minimal: supersets of an accepted one are left out.
    """

    def __init__(self, costs: Sequence[float], *, start: int = 0, widest: int) -> None:
        self._costs = costs
        self._widest = start.bit_count() + widest
        self._all = (1 << len(costs)) - 1
        self._differences: list[int] = []  # none holds another; the smallest first
        self._accepted: list[int] = []
        self._known: set[int] = set()
        # cost, set, its parent's cost, its parent, and the columns by which the parent is still to be widened
        self._heap: list[tuple[float, int, float, int, int]] = [(0.0, start, 0.0, start, 0)]

    def learn(self, differences: Iterable[int]) -> None:
        """Take in what tells some pairs of rows apart."""
        for new in differences:
            if any(old & new == old for old in self._differences):
                continue
            self._differences = [old for old in self._differences if old & new != new]
            self._differences.append(new)
        self._differences.sort(key=int.bit_count)

    def accept(self, columns: int) -> None:
        """Leave out from now on what holds all of these columns."""
        self._accepted.append(columns)

    @property
    def hopeless(self) -> bool:
        """Whether two rows are known that no column tells apart."""
        return self._differences[:1] == [0]

    def candidate(self) -> int | None:
        """The cheapest set that no known pair refutes; the same one again until it is learned from or
        accepted. None when there is no other, or when too many were looked at.
        """
        while self._heap and len(self._known) < MOST_LOOKED_AT and not self.hopeless:
            cost, columns, *_ = self._heap[0]
            done = columns in self._known or any(key & columns == key for key in self._accepted)
            unhit = None if done else next((d for d in self._differences if not d & columns), None)
            if columns and not done and unhit is None:
                return columns
            _, _, above, parent, rest = heappop(self._heap)
            self._widen(above, parent, rest)
            if not done:
                self._known.add(columns)
                if columns.bit_count() < self._widest:
                    self._widen(cost, columns, self._all if unhit is None else unhit)
        return None

    def _widen(self, cost: float, columns: int, by: int) -> None:
        """Put in the set with the cheapest of these columns; the next follows when that is taken out."""
        if by:
            cheapest = by & -by
            wider = cost + self._costs[cheapest.bit_length() - 1]
            heappush(self._heap, (wider, columns | cheapest, cost, columns, by ^ cheapest))


class Sample:
    """Some rows of one side, by rank of column; equal values as the same small number.

    All rows must be different rows of the table: a row that came twice would look like a duplicate.
    """

    def __init__(self, columns: Iterable[Iterable[str | None]]) -> None:
        self._columns = [_coded(values) for values in columns]

    def differences(self, columns: int, most: int = 4) -> list[int]:
        """What tells apart some of the pairs of rows that agree on these columns; empty if none do."""
        return list(islice((self._difference(a, b) for a, b in self._agreeing(columns)), most))

    def _agreeing(self, columns: int) -> Iterator[tuple[int, int]]:
        chosen = [self._columns[i] for i in ranks(columns)]
        last: dict[tuple[int, ...], int] = {}
        for row, key in enumerate(zip(*chosen, strict=True)):
            if key in last:
                yield last[key], row
            last[key] = row

    def _difference(self, one: int, other: int) -> int:
        return sum(1 << i for i, values in enumerate(self._columns) if values[one] != values[other])


def _coded(values: Iterable[str | None]) -> list[int]:
    codes: dict[str | None, int] = {}
    return [codes.setdefault(v, len(codes)) for v in values]
