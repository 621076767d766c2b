"""The rows among which a search for keys looks, and what it has learned and counted. Asks the engine.

Sets of columns are by rank, as in `keysearch`. Whether a set is unique is asked of all rows; a part of them,
saved as a work table, refutes most of the others at a fraction of the price.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from heapq import heapify, heappop, heappush
from typing import TYPE_CHECKING, Final

from recon.compare import keycosts, keyqueries
from recon.compare.answers import one_row
from recon.compare.keysearch import Sample, ranks
from recon.compare.plan import make_plan
from recon.compare.queries import WORK
from recon.compare.spec import Side, Spec
from recon.model import TableRef
from recon.model_result import KeyProposal, Uniqueness

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlglot import exp

    from recon.compare.keyqueries import Rows
    from recon.compare.plan import Plan
    from recon.compare.queries import Which
    from recon.ports import Comparer

_SAMPLED_CELLS: Final = 2_000_000  # of the rows that are held here
_FEWEST_ROWS, _MOST_ROWS = 1_000, 5_000
_PART_CELLS: Final = 4_000_000  # of the rows that are saved
_FEWEST_SAVED, _MOST_SAVED = 20_000, 200_000
_SOME_REPEATS: Final = 0.3
_REPEATS, _NULLS, _NOT_FOUND = 2.0, 3.0, 3.0  # in columns' costs: what speaks against a proposed key


class Pool:
    """The rows of one side among which sets of columns are judged."""

    def __init__(
        self, engine: Comparer, plan: Plan, which: Which, rows: Rows, numbers: Sequence[int]
    ) -> None:
        """`numbers` are the columns by rank."""
        self._engine, self._plan, self._rows, self._numbers = engine, plan, rows, numbers
        most = max(_FEWEST_SAVED, min(_MOST_SAVED, _PART_CELLS // len(numbers)))
        table = TableRef(WORK, f"key_part_{which}")
        saved = engine.save(keyqueries.at_most(rows(keyqueries.usable(plan)), most), table)
        self._part = keyqueries.saved_rows(table)
        self._whole = saved < most  # the part is all there is
        few = max(_FEWEST_ROWS, min(_MOST_ROWS, _SAMPLED_CELLS // len(numbers)))
        self._sample = self._taken(keyqueries.some_texts(plan, self._part, few))
        self.learned = self._sample.differences(0)

    def refuted(self, columns: Sequence[int], ranked: int) -> list[int]:
        """Differences between rows that agree in these columns, found at little cost; perhaps none."""
        return self._learn(self._sample.differences(ranked) or self._among(self._part, columns, ranked))

    def repeated(self, columns: Sequence[int], ranked: int) -> list[int]:
        """The same, found among all rows: none only if the columns are unique. The dear part."""
        return [] if self._whole else self._learn(self._among(self._rows, columns, ranked))

    @property
    def whole(self) -> bool:
        """Whether the cheap answer is the full one."""
        return self._whole

    def _among(self, rows: Rows, columns: Sequence[int], ranked: int) -> list[int]:
        query = keyqueries.repeated_texts(self._plan, rows, columns)
        return self._taken(query).differences(ranked, most=200)

    def _learn(self, seen: list[int]) -> list[int]:
        self.learned.extend(seen)
        return seen

    def _taken(self, query: exp.Query) -> Sample:
        answer = self._engine.query(query)
        return Sample([row[f"s{i}"] for row in answer] for i in self._numbers)


@dataclass(slots=True)
class Bench:
    """Both sides (or one), the columns by rank, and what was counted so far."""

    engine: Comparer
    plan: Plan
    rows: dict[Which, Rows]
    ranked: tuple[int, ...]  # the numbers of the columns that can be in a key, the cheapest first
    costs: tuple[float, ...]  # by rank
    start: int = 0  # columns that every set holds
    _pools: dict[Which, Pool] = field(default_factory=dict["Which", Pool])
    _counted: dict[tuple[Which, int], Uniqueness] = field(
        default_factory=dict[tuple["Which", int], Uniqueness]
    )

    @property
    def sides(self) -> tuple[Which, ...]:
        return tuple(self.rows)

    def numbers(self, columns: int) -> list[int]:
        """A set's columns as the plan numbers them, in the baseline's order."""
        return sorted(self.ranked[r] for r in ranks(columns))

    def names(self, columns: int) -> tuple[str, ...]:
        return tuple(self.plan.compared[i].name for i in self.numbers(columns))

    def cost(self, columns: int) -> float:
        return sum(self.costs[r] for r in ranks(columns))

    def learned(self, sides: Iterable[Which]) -> list[int]:
        """The differences seen so far between rows of the sides; at first those of a few rows."""
        return [difference for which in sides for difference in self._pool(which).learned]

    def refuted(self, sides: Iterable[Which], columns: int) -> list[int]:
        """Differences between rows of one side that agree in these columns, if little work shows any."""
        numbers = self.numbers(columns)
        return next((seen for w in sides if (seen := self._pool(w).refuted(numbers, columns))), [])

    def repeated(self, sides: Iterable[Which], columns: int) -> list[int]:
        """The same among all rows: empty only if the columns are unique on each of the sides."""
        numbers = self.numbers(columns)
        return next((seen for w in sides if (seen := self._pool(w).repeated(numbers, columns))), [])

    def cheap(self, sides: Iterable[Which]) -> bool:
        """Whether `refuted` knows all rows of the sides."""
        return all(self._pool(which).whole for which in sides)

    def uniqueness(self, which: Which, columns: int) -> Uniqueness:
        known = self._counted.get((which, columns))
        if known is None:
            query = keyqueries.uniqueness(self.rows[which], self.numbers(columns))
            known = self._counted[which, columns] = Uniqueness(**one_row(self.engine, query))
        return known

    def _pool(self, which: Which) -> Pool:
        """What a longer key makes unique is decided by the rows whose short key repeats."""
        if which not in self._pools:
            rows = self.rows[which]
            if self.start:
                table = TableRef(WORK, f"key_repeats_{which}")
                self.engine.save(keyqueries.repeated_rows(self.plan, rows, self.numbers(self.start)), table)
                rows = keyqueries.saved_rows(table)
            self._pools[which] = Pool(self.engine, self.plan, which, rows, self.ranked)
        return self._pools[which]

    def best(self, found: Iterable[int], limit: int) -> tuple[KeyProposal, ...]:
        """The proposals that rank first. What a set's columns cost is the least that its rank can be, so
        only those that may be among the first are counted.
        """
        waiting = [(self.cost(columns), self.names(columns), columns) for columns in found]
        heapify(waiting)
        counted: dict[int, KeyProposal] = {}
        first: list[KeyProposal] = []
        while waiting and len(first) < limit:
            _, names, columns = heappop(waiting)
            if columns in counted:
                first.append(counted[columns])
            else:
                counted[columns] = self._proposal(columns)
                heappush(waiting, (self._rank(counted[columns], columns), names, columns))
        return tuple(first)

    def _proposal(self, columns: int) -> KeyProposal:
        counted = [self.uniqueness(which, columns) for which in self.sides]
        found = None
        if len(counted) > 1:
            query = keyqueries.shared_keys(self.rows["b"], self.rows["c"], self.numbers(columns))
            found = one_row(self.engine, query)["keys"]
        return KeyProposal(
            columns=self.names(columns),
            baseline=counted[0],
            candidate=counted[1] if len(counted) > 1 else None,
            unique=all(u.unique for u in counted),
            found=found,
            added=self.names(columns & ~self.start) if self.start else (),
        )

    def _rank(self, proposal: KeyProposal, columns: int) -> float:
        """What the columns cost, and what speaks against the key: repeats, NULLs, keys of one side only.

        The baseline is what is right: a key there that the candidate repeats a little is the conversion's
        mistake, not the key's.
        """
        cost = self.cost(columns)
        if not proposal.baseline.unique:
            cost += _REPEATS
        elif proposal.candidate is not None and not proposal.candidate.unique:
            repeated = proposal.candidate.rows - proposal.candidate.distinct
            cost += _SOME_REPEATS + _REPEATS * repeated / proposal.candidate.rows
        for counted in (proposal.baseline, proposal.candidate):
            if counted is not None and counted.rows:
                cost += _NULLS * counted.null_rows / counted.rows
        share = proposal.share_found
        return cost + (0.0 if share is None else _NOT_FOUND * (1 - share))


def make_bench(
    engine: Comparer,
    baseline: Side,
    candidate: Side | None,
    keys: Sequence[str] = (),
    spec: Spec | None = None,
) -> Bench:
    """Without a candidate the baseline stands beside itself, so that each column has a form.

    `start` are the keys' columns. Of the spec only its column rules count, without their tolerances: keys
    are equal or not. SpecError when a key names no column, EngineError when the engine fails.
    """
    other = candidate if candidate is not None else replace(baseline, columns=())
    stored = engine.columns(baseline.table), engine.columns(other.table)
    exact = {name: replace(rule, tolerance=None) for name, rule in spec.rules.items()} if spec else {}
    plan = make_plan(Spec(keys=tuple(keys), rules=exact), baseline, other, stored)
    rows: dict[Which, Rows] = {"b": keyqueries.every_row(plan, "b", baseline.table)}
    if candidate is not None:
        rows["c"] = keyqueries.every_row(plan, "c", candidate.table)
    costs = keycosts.of_columns(plan)
    ranked = tuple(sorted(keyqueries.usable(plan), key=lambda i: costs[i]))
    start = sum(1 << rank for rank, i in enumerate(ranked) if plan.compared[i].key)
    return Bench(engine, plan, rows, ranked, tuple(costs[i] for i in ranked), start)
