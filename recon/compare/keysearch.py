"""Find sets of columns that tell all known rows apart, cheapest first. Pure: no engine, no names.

A set of columns is an int, bit i for column i. Two rows of a table are told apart by the columns in which
they differ, so a key must share a column with the *difference* of every pair of rows. Only a few pairs are
looked at: a set that these do not refute is checked over all rows elsewhere, and rows that refute it there
are learned. What is returned is therefore a candidate, never a claim.
"""

from __future__ import annotations

from heapq import heappop, heappush
from itertools import islice
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

MOST_LOOKED_AT: Final = 20_000  # sets taken from the heap
MOST_KEPT: Final = 300_000  # sets put on it
_PAIRS: Final = 30  # differences learned from one refuted set


def numbers(columns: int) -> tuple[int, ...]:
    """The columns of a set, ascending."""
    return tuple(i for i in range(columns.bit_length()) if columns >> i & 1)


class Search:
    """All sets of `start` and up to `widest` more of the `usable` columns, the cheapest sum of costs first.

    Every cost is positive, so a set comes after all of its subsets: with `accept` the ones that remain are
    minimal.
    """

    def __init__(self, costs: Sequence[float], usable: Iterable[int], *, start: int = 0, widest: int) -> None:
        self._costs = costs
        self._usable = sum(1 << i for i in usable)
        self._widest = start.bit_count() + widest
        self._heap: list[tuple[float, int, int]] = []
        self._seen: set[int] = set()
        self._differences: list[int] = []  # none holds another; the smallest first
        self._accepted: list[int] = []
        self._looked_at = 0
        self._push(0.0, start)

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
        accepted. None when there is no other, or when the work would exceed its bounds.
        """
        while self._heap and self._looked_at < MOST_LOOKED_AT and not self.hopeless:
            cost, _, columns = self._heap[0]
            if any(key & columns == key for key in self._accepted):
                heappop(self._heap)
                continue
            unhit = next((d for d in self._differences if not d & columns), None)
            if unhit is None and columns:
                return columns
            heappop(self._heap)
            self._looked_at += 1
            self._widen(cost, columns, unhit)
        return None

    def _widen(self, cost: float, columns: int, unhit: int | None) -> None:
        """The set with each one of the columns that tell the unhit pair apart; with each one, if none is."""
        if columns.bit_count() < self._widest:
            useful = self._usable if unhit is None else self._usable & unhit
            for i in numbers(useful):
                self._push(cost + self._costs[i], columns | 1 << i)

    def _push(self, cost: float, columns: int) -> None:
        if columns not in self._seen and len(self._seen) < MOST_KEPT:
            self._seen.add(columns)
            heappush(self._heap, (cost, columns.bit_count(), columns))


class Sample:
    """Some rows of one side, by column; each value as a small number that is the same for equal values.

    All rows must be different rows of the table: a row that came twice would look like a duplicate.
    """

    def __init__(self, columns: Iterable[Iterable[str | None]]) -> None:
        self._columns = [_coded(values) for values in columns]

    def differences(self, columns: int) -> list[int]:
        """What tells apart some of the pairs of rows that agree on these columns; empty if none do."""
        return list(islice((self._difference(a, b) for a, b in self._agreeing(columns)), _PAIRS))

    def _agreeing(self, columns: int) -> Iterator[tuple[int, int]]:
        chosen = [self._columns[i] for i in numbers(columns)]
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
