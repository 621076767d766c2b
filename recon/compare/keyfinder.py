"""Propose keys: which columns identify a row on both sides, and which are missing from a key that does not.

Whether a set of columns is unique is always asked of all rows; samples only show which sets are not worth
asking about. Keys are equal as the comparison pairs them: in the common form of both sides, NULL with NULL.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING, Final

from recon.compare.keybench import make_bench
from recon.compare.keysearch import Search
from recon.errors import SpecError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from recon.compare.keybench import Bench
    from recon.compare.queries import Which
    from recon.compare.spec import Side, Spec
    from recon.model_result import KeyProposal, Uniqueness
    from recon.ports import Comparer

_MOST_ASKED: Final = 40  # sets that one search asks about among all rows of large sides
_MOST_TRIED: Final = 250  # among a part of them
_SPARE: Final = 3  # sets looked for beyond those asked for: NULLs and shared keys may rank them otherwise
_MANY_ROWS: Final = 40_000_000  # read in all by the questions of one search, about
_MORE_ASKED: Final = 4  # sets asked about once a key is known


@dataclass(frozen=True, slots=True, kw_only=True)
class Duplicates:
    """Why a key is not one. `now` says how far the keys identify a row.

    `additions` are the columns that make it unique, fewest and likeliest first, each judged over all rows;
    empty when the key is unique already or when nothing was found. `identical` says that rows were seen
    which are equal in every column that can be in a key: then no column can help.
    """

    keys: tuple[str, ...]
    now: Uniqueness
    additions: tuple[tuple[str, ...], ...]
    identical: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Extension:
    """What to add to a key that repeats, best first. `identical`: on a side on which it repeats there are
    rows that no column tells apart.
    """

    proposals: tuple[KeyProposal, ...]
    identical: bool


def propose_keys(
    engine: Comparer,
    baseline: Side,
    candidate: Side | None,
    *,
    limit: int = 5,
    widest: int = 4,
    spec: Spec | None = None,
) -> tuple[KeyProposal, ...]:
    """At most `limit` keys of at most `widest` columns that both sides have, best first; () if none is known.

    No column of a proposal can be left out. What is unique on one side only is proposed too, marked as not
    unique: a conversion that repeats rows must not hide the key. Ranked by how key-like names and types are,
    by NULLs, by the share of keys found in the candidate, and by width. The work is bounded (some 40 sets
    asked about in each of two or three searches), so on a wide table a key may be overlooked. The rules of
    `spec` hold: what is renamed pairs, what is ignored is no key.

    SpecError for a limit or width below 1; EngineError when the engine fails.
    """
    _check(limit, widest)
    bench = make_bench(engine, baseline, candidate, (), spec)
    if not bench.ranked or not bench.uniqueness("b", 1).rows:
        return ()
    return bench.best(_found(bench, limit, widest).keys, limit)


def extend_keys(
    engine: Comparer,
    baseline: Side,
    candidate: Side,
    keys: Sequence[str],
    *,
    limit: int = 5,
    widest: int = 3,
    spec: Spec | None = None,
) -> Extension:
    """What to add to `keys`, at most `widest` columns, so that they identify every row of both sides.

    What makes them unique on one side only is proposed too, marked as not unique. Nothing is proposed for
    keys that are unique on both sides, or when one of them cannot be used on a side. SpecError when a key
    names no column; EngineError when the engine fails.
    """
    _check(limit, widest)
    bench = make_bench(engine, baseline, candidate, tuple(keys), spec)
    if bench.start.bit_count() < len(keys) or not keys:
        return Extension(proposals=(), identical=False)
    repeat = [which for which in bench.sides if not bench.uniqueness(which, bench.start).unique]
    if not repeat:
        return Extension(proposals=(), identical=False)
    found = _found(bench, limit, widest)
    return Extension(proposals=bench.best(found.keys, limit), identical=found.identical)


def explain_duplicates(
    engine: Comparer, side: Side, keys: Sequence[str], *, limit: int = 5, widest: int = 3
) -> Duplicates:
    """Which columns, at most `widest` of them, must be added to `keys` so that they identify every row.

    `keys` come back in the side's spelling and order. SpecError when there are none, or one names no column,
    or one that cannot be a key; EngineError when the engine fails.
    """
    _check(limit, widest)
    if not keys:
        raise SpecError("no key is named", hint="Name the key's columns, or ask for proposals.")
    bench = make_bench(engine, side, None, tuple(keys))
    if bench.start.bit_count() < len(keys):
        raise SpecError(
            f"the key {', '.join(keys)} holds a column that cannot be a key",
            hint="Name columns of numbers, texts, dates or times.",
        )
    names = bench.names(bench.start)
    now = bench.uniqueness("b", bench.start)
    if now.unique or not now.rows:
        return Duplicates(keys=names, now=now, additions=(), identical=False)
    done = _search(bench, ("b",), frozenset(), limit=limit, widest=widest)
    best = sorted(done.keys, key=lambda columns: (bench.cost(columns), columns))[:limit]
    added = tuple(bench.names(columns & ~bench.start) for columns in best)
    return Duplicates(keys=names, now=now, additions=added, identical=done.identical)


def _check(limit: int, widest: int) -> None:
    if limit < 1 or widest < 1:
        raise SpecError(f"limit = {limit}, widest = {widest}", hint="Both must be 1 or more.")


@dataclass(frozen=True, slots=True)
class _Found:
    keys: set[int]
    identical: bool


def _found(bench: Bench, limit: int, widest: int) -> _Found:
    """What is unique on both sides, then on the baseline where that takes less (rows that the candidate
    repeats must not push further columns into the key), then, if still nothing was found, on the candidate.
    """
    both = _search(bench, bench.sides, frozenset(), limit=limit, widest=widest)
    found = set(both.keys)
    alone = bench.sides if len(bench.sides) > 1 else ()
    for which in alone:
        if bench.start and bench.uniqueness(which, bench.start).unique:
            continue  # nothing need be added there
        if not found or (which == "b" and not bench.start):
            found |= _search(bench, (which,), frozenset(found), limit=limit, widest=widest).keys
    return _Found(found, both.identical)


def _search(
    bench: Bench, sides: Sequence[Which], known: frozenset[int], *, limit: int, widest: int
) -> _Found:
    """The cheapest minimal sets that are unique on all of these sides; cheaper than those `known` to be."""
    search = Search(bench.costs, start=bench.start, widest=widest)
    search.learn(bench.learned(sides))
    for columns in known:
        search.accept(columns)
    found: set[int] = set()
    rows = sum(bench.uniqueness(which, bench.start or 1).rows for which in sides)
    asked, most = 0, max(limit + _SPARE, min(_MOST_ASKED, _MANY_ROWS // max(rows, 1)))
    dearest = min((bench.cost(columns) for columns in known), default=inf)
    for _ in range(_MOST_TRIED):
        columns = search.candidate()
        if columns is None or len(found) == limit + _SPARE or asked >= most or bench.cost(columns) >= dearest:
            break
        seen = bench.refuted(sides, columns)
        if not seen:
            asked += not bench.cheap(sides)
            seen = bench.repeated(sides, columns)
        if seen:
            search.learn(seen)
        else:
            most = min(most, asked + _MORE_ASKED)
            found.add(columns)
            search.accept(columns)
    return _Found(found, search.hopeless)
