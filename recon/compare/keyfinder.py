"""Propose keys: which columns identify a row on both sides, and which are missing from a key that does not.

Whether a set of columns is unique is always counted, over all rows; samples only show which sets are not
worth counting. Keys are equal as the comparison pairs them: in the common form of both sides, NULL with NULL.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from recon.compare import keycosts, keyqueries
from recon.compare.keysearch import Sample, Search, ranks
from recon.compare.pairing import one_row
from recon.compare.plan import make_plan
from recon.compare.queries import SIDES
from recon.compare.spec import Side, Spec
from recon.errors import SpecError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlglot import exp

    from recon.compare.plan import Plan
    from recon.compare.queries import Which
    from recon.ports import Comparer

MOST_COUNTED: Final = 40  # sets counted over all rows, in one search
_SAMPLED_CELLS: Final = 2_000_000
_FEWEST_ROWS, _MOST_ROWS = 1_000, 5_000  # of a sample
_SPARE: Final = 3  # sets looked for beyond those asked for: NULLs and shared keys may rank them otherwise
_REPEATS, _NULLS, _NOT_FOUND = 2.0, 3.0, 3.0  # in columns' costs: what speaks against a proposed key


@dataclass(frozen=True, slots=True, kw_only=True)
class Uniqueness:
    """How far some columns identify the rows of one side, counted over all of them.

    `distinct` counts different keys (NULL is like NULL), `null_rows` the rows with a NULL in any of the
    columns, `duplicated_keys` the keys that occur more than once.
    """

    rows: int
    distinct: int
    null_rows: int
    duplicated_keys: int

    @property
    def unique(self) -> bool:
        """Whether each row has a key of its own."""
        return self.rows == self.distinct


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyProposal:
    """Columns that may serve as a key, in the baseline's spelling and order.

    `unique` says that they identify every row on both sides (on the only one, without a candidate);
    otherwise they do on one side, and repeat on the other. `found` counts the baseline's different keys
    that the candidate has too, None without a candidate.
    """

    columns: tuple[str, ...]
    baseline: Uniqueness
    candidate: Uniqueness | None
    unique: bool
    found: int | None

    @property
    def share_found(self) -> float | None:
        """What part of the baseline's keys the candidate has, 0 to 1; 1 only if it has all."""
        if self.found is None or not self.baseline.distinct:
            return None
        return self.found / self.baseline.distinct if self.found < self.baseline.distinct else 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Duplicates:
    """Why a key is not one. `now` says how far the keys identify a row.

    `additions` are the columns that make it unique, fewest and likeliest first, each counted over all rows;
    empty when the key is unique already or when nothing was found. `identical` says that rows were seen
    which are equal in every column that can be in a key: then no column can help.
    """

    keys: tuple[str, ...]
    now: Uniqueness
    additions: tuple[tuple[str, ...], ...]
    identical: bool


def propose_keys(
    engine: Comparer, baseline: Side, candidate: Side | None, *, limit: int = 5, widest: int = 4
) -> tuple[KeyProposal, ...]:
    """At most `limit` keys of at most `widest` columns that both sides have, best first; () if none is known.

    No column of a proposal can be left out. What is unique on one side only is proposed too, marked as not
    unique: a conversion that repeats rows must not hide the key. Ranked by how key-like names and types are,
    by NULLs, by the share of keys found in the candidate, and by width. The work is bounded (some 40 sets
    counted in each of two or three searches), so on a wide table a key may be overlooked.

    SpecError for a limit or width below 1; EngineError when the engine fails.
    """
    if limit < 1 or widest < 1:
        raise SpecError(f"limit = {limit}, widest = {widest}", hint="Both must be 1 or more.")
    bench = _bench(engine, baseline, candidate, ())
    if not bench.ranked or not bench.uniqueness("b", 1).rows:
        return ()
    found = _search(bench, bench.sides, limit=limit, widest=widest).keys
    if bench.both:
        for which in SIDES:
            if which == "b" or not found:
                found |= _search(bench, (which,), limit=limit, widest=widest).keys
    proposals = [bench.proposal(columns) for columns in sorted(found)]
    return tuple(sorted(proposals, key=bench.rank)[:limit])


def explain_duplicates(
    engine: Comparer, side: Side, keys: Sequence[str], *, limit: int = 5, widest: int = 3
) -> Duplicates:
    """Which columns, at most `widest` of them, must be added to `keys` so that they identify every row.

    `keys` come back in the side's spelling and order. SpecError when there are none, or one names no column,
    or one that cannot be a key; EngineError when the engine fails.
    """
    if not keys:
        raise SpecError("no key is named", hint="Name the key's columns, or ask for proposals.")
    bench = _bench(engine, side, None, tuple(keys))
    chosen = [rank for rank, i in enumerate(bench.ranked) if bench.plan.compared[i].key]
    if len(chosen) < len(keys):
        raise SpecError(
            f"the key {', '.join(keys)} holds a column that cannot be a key",
            hint="Name columns of numbers, texts, dates or times.",
        )
    start = sum(1 << rank for rank in chosen)
    names = bench.names(start)
    now = bench.uniqueness("b", start)
    if now.unique or not now.rows:
        return Duplicates(keys=names, now=now, additions=(), identical=False)
    done = _search(bench, ("b",), start=start, limit=limit, widest=widest)
    best = sorted(done.keys, key=lambda columns: (bench.cost(columns), columns))[:limit]
    added = tuple(bench.names(columns & ~start) for columns in best)
    return Duplicates(keys=names, now=now, additions=added, identical=done.identical)


@dataclass(slots=True)
class _Bench:
    """Both sides, and what was counted so far. Sets of columns are by rank, as in the search."""

    engine: Comparer
    plan: Plan
    tables: dict[Which, Side]
    ranked: tuple[int, ...]  # the numbers of the columns that can be in a key, the cheapest first
    costs: tuple[float, ...]  # by rank
    _samples: dict[Which, Sample] = field(default_factory=dict["Which", Sample])
    _learned: dict[Which, list[int]] = field(default_factory=dict["Which", list[int]])
    _counted: dict[tuple[Which, int], Uniqueness] = field(
        default_factory=dict[tuple["Which", int], Uniqueness]
    )

    @property
    def sides(self) -> tuple[Which, ...]:
        return tuple(self.tables)

    @property
    def both(self) -> bool:
        return len(self.tables) > 1

    def numbers(self, columns: int) -> list[int]:
        """A set's columns as the plan numbers them, in the baseline's order."""
        return sorted(self.ranked[r] for r in ranks(columns))

    def names(self, columns: int) -> tuple[str, ...]:
        return tuple(self.plan.compared[i].name for i in self.numbers(columns))

    def cost(self, columns: int) -> float:
        return sum(self.costs[r] for r in ranks(columns))

    def learned(self, which: Which) -> list[int]:
        """The differences seen so far between rows of a side; at first those of a few rows."""
        if which not in self._learned:
            self._learned[which] = self._sample(which).differences(0)
        return self._learned[which]

    def refuted(self, sides: Sequence[Which], columns: int) -> list[int]:
        """Differences between sampled rows of one side that agree in these columns."""
        for which in sides:
            seen = self._sample(which).differences(columns)
            if seen:
                self.learned(which).extend(seen)
                return seen
        return []

    def refuting(self, which: Which, columns: int) -> list[int]:
        """Differences between rows that agree in these columns, found among all rows."""
        query = keyqueries.repeated_rows(self.plan, which, self.tables[which].table, self.numbers(columns))
        seen = self._taken(query).differences(columns, most=30)
        self.learned(which).extend(seen)
        return seen

    def uniqueness(self, which: Which, columns: int) -> Uniqueness:
        known = self._counted.get((which, columns))
        if known is None:
            query = keyqueries.uniqueness(self.plan, which, self.tables[which].table, self.numbers(columns))
            known = self._counted[which, columns] = Uniqueness(**one_row(self.engine, query))
        return known

    def repeating(self, sides: Sequence[Which], columns: int) -> Which | None:
        """The first of the sides on which the columns are not unique."""
        for which in sides:
            if not self.uniqueness(which, columns).unique:
                return which
        return None

    def proposal(self, columns: int) -> KeyProposal:
        counted = [self.uniqueness(which, columns) for which in self.sides]
        tables = [side.table for side in self.tables.values()]
        found = None
        if self.both:
            query = keyqueries.shared_keys(self.plan, (tables[0], tables[1]), self.numbers(columns))
            found = one_row(self.engine, query)["keys"]
        return KeyProposal(
            columns=self.names(columns),
            baseline=counted[0],
            candidate=counted[1] if self.both else None,
            unique=all(u.unique for u in counted),
            found=found,
        )

    def rank(self, proposal: KeyProposal) -> tuple[float, tuple[str, ...]]:
        """What the columns cost, and what speaks against the key: repeats, NULLs, keys of one side only."""
        own = (rank for rank, i in enumerate(self.ranked) if self.plan.compared[i].name in proposal.columns)
        cost = sum(self.costs[rank] for rank in own)
        for counted in (proposal.baseline, proposal.candidate):
            if counted is not None and counted.rows:
                cost += (0.0 if counted.unique else _REPEATS) + _NULLS * counted.null_rows / counted.rows
        share = proposal.share_found
        return cost + (0.0 if share is None else _NOT_FOUND * (1 - share)), proposal.columns

    def _sample(self, which: Which) -> Sample:
        if which not in self._samples:
            most = max(_FEWEST_ROWS, min(_MOST_ROWS, _SAMPLED_CELLS // len(self.ranked)))
            query = keyqueries.some_rows(self.plan, which, self.tables[which].table, most)
            self._samples[which] = self._taken(query)
        return self._samples[which]

    def _taken(self, query: exp.Query) -> Sample:
        answer = self.engine.query(query)
        return Sample(answer.column(f"s{i}").to_pylist() for i in self.ranked)


def _bench(engine: Comparer, baseline: Side, candidate: Side | None, keys: tuple[str, ...]) -> _Bench:
    """Without a candidate the baseline stands beside itself, so that each column has a form."""
    other = candidate if candidate is not None else replace(baseline, columns=())
    stored = engine.columns(baseline.table), engine.columns(other.table)
    plan = make_plan(Spec(keys=keys), baseline, other, stored)
    tables: dict[Which, Side] = {"b": baseline} if candidate is None else {"b": baseline, "c": candidate}
    costs = keycosts.of_columns(plan)
    ranked = sorted(keyqueries.usable(plan), key=lambda i: costs[i])
    return _Bench(engine, plan, tables, tuple(ranked), tuple(costs[i] for i in ranked))


@dataclass(frozen=True, slots=True)
class _Found:
    keys: set[int]
    identical: bool


def _search(bench: _Bench, sides: Sequence[Which], *, start: int = 0, limit: int, widest: int) -> _Found:
    """The cheapest minimal sets that are unique on all of these sides."""
    search = Search(bench.costs, start=start, widest=widest)
    search.learn(d for which in sides for d in bench.learned(which))
    found: set[int] = set()
    counted = 0
    while len(found) < limit + _SPARE and counted < MOST_COUNTED:
        columns = search.candidate()
        if columns is None:
            break
        seen = bench.refuted(sides, columns)
        if not seen:
            counted += 1
            against = bench.repeating(sides, columns)
            if against is None:
                found.add(columns)
                search.accept(columns)
                continue
            seen = bench.refuting(against, columns)
        search.learn(seen)
    return _Found(found, search.hopeless)
