"""Who watches the comparer: its own SQL, broken in one place at a time, must give itself away.

A mutant is one change of one node of one statement that really ran: `IS NOT DISTINCT FROM` becomes `=`, AND
becomes OR, a NOT is lost, a join or a WHERE ... It is killed when the result of one small table says something
else or the engine refuses. A mutant that lives is a place in which a mistake would go unseen.
"""

from __future__ import annotations

import os

import pytest
from sqlglot import exp

from recon.compare.queries import CLASSIFIED
from recon.compare.samples import CELLS
from recon.errors import EngineError
from recon.model_result import Verdict
from tests.compare.tables import Bench
from tests.compare.trap import Trap, run

# NULL and '' in keys, repeated keys, missing and extra rows, each kind of difference. No rules and no types to
# be read as others: what a value becomes is proven elsewhere, here it is how rows pair and are counted.
BASELINE = [
    ("a", 1, 1, 1), ("a", 2, 5, 1), ("a", 3, None, 1), ("a", 4, 7, 1), (None, 5, 1, 1), ("", 5, 3, 1), (None, None, 1, 1),
    ("b", 1, 1, 1), ("b", 1, 1, 1), ("b", 1, 4, 1), ("b", 2, 1, 1), ("b", 2, 1, 1), ("c", 1, 1, None), ("c", 2, 1, 1),
    ("d", 1, None, None), ("d", 1, None, 2), ("e", 9, 1, 1), (None, 7, 1, 1), (None, 7, 1, 1), ("f", 1, 2, 2), ("f", 1, 3, 3),
    ("g", None, 1, None), ("g", None, 2, None), ("h", 0, 1, 1), ("h", 0, 1, 1), ("h", 0, 1, 1), ("i", 1, None, None), ("k", 1, 1, None), ("k", 2, 1, 5), ("l", 1, 3, None),
    ("l", 1, 4, 5), (None, 8, 1, 1), (None, 8, 2, 1), (None, 8, 3, 1), ("m", 1, 1, 1), ("m", 1, 1, 1),
]  # fmt: skip
CANDIDATE = [
    ("a", 1, 1, 1), ("a", 2, 6, 1), ("a", 3, 0, 1), ("a", 4, None, 1), (None, 5, 1, 1), ("", 5, 4, 1), (None, None, 1, 1),
    ("b", 1, 1, 1), ("b", 1, 1, 1), ("b", 1, 5, 1), ("b", 2, 1, 1), ("c", 1, 1, None), ("c", 3, 1, 1), ("d", 1, None, 2),
    ("d", 1, None, None), ("e", 9, 1, 1), ("e", 9, 1, 1), (None, 7, 2, 1), ("f", 1, 3, 2), ("f", 1, 2, 3),
    ("g", None, 1, None), ("g", None, 2, 0), ("h", 0, 1, 1), ("h", 0, 1, 1), ("i", 1, None, None), ("j", 1, 1, 1), ("k", 1, 1, 5), ("k", 2, 1, None), ("l", 1, 3, 5), ("l", 1, 4, None),
    (None, 8, 2, 1), (None, 8, 3, 1), (None, 8, 9, 1), ("z", 1, 1, 1), ("z", 1, 1, 1),
]  # fmt: skip
TRAP = Trap(
    "a row of every kind", "mutants", "k text, j int, n int, v int", BASELINE, CANDIDATE, Verdict.NO_MATCH, keys=("k", "j"),
)  # fmt: skip


def swapped(kind):
    def mutate(node):
        return kind(**node.args)

    return mutate


def without(name):
    def mutate(node):
        node.set(name, None)
        return node

    return mutate


def other_join(side):
    def mutate(node):
        node.set("side", side)
        return node

    return mutate


def second_branch(node):
    branches = node.args["ifs"]
    return (
        node.args["default"]
        if len(branches) == 1
        else exp.Case(ifs=branches[1:], default=node.args["default"])
    )


# name: which nodes, and what becomes of a copy of one
MUTATIONS = {
    "null-safe equality": (lambda n: type(n) is exp.NullSafeEQ, swapped(exp.EQ)),
    "equality": (lambda n: type(n) is exp.EQ, swapped(exp.NEQ)),
    "and": (lambda n: type(n) is exp.And, swapped(exp.Or)),
    "or": (lambda n: type(n) is exp.Or, swapped(exp.And)),
    "not": (lambda n: type(n) is exp.Not, lambda n: n.this),
    "at most": (lambda n: type(n) is exp.LTE, swapped(exp.LT)),
    "more than": (lambda n: type(n) is exp.GT, swapped(exp.GTE)),
    "full join": (lambda n: type(n) is exp.Join and n.side == "FULL", other_join("LEFT")),
    "left join": (lambda n: type(n) is exp.Join and n.side == "LEFT", other_join(None)),
    "where": (lambda n: type(n) is exp.Select and n.args.get("where"), without("where")),
    "partition": (lambda n: type(n) is exp.Window and n.args.get("partition_by"), without("partition_by")),
    "true": (
        lambda n: type(n) is exp.Boolean and not isinstance(n.parent, exp.Alias),
        lambda n: exp.Boolean(this=not n.this),
    ),
    "first branch": (lambda n: type(n) is exp.Case and n.args.get("default"), second_branch),
}  # fmt: skip


class Mutating:
    """The real engine, but node `place` of the statement `number` is mutated; or none, and all are listed."""

    def __init__(self, engine, number=-1, place=-1, mutation=""):
        self._engine, self._target = engine, (number, place, mutation)
        self.sites, self._number, self._paired, self._over = [], -1, False, False

    def _mutated(self, query, *, listed):
        self._number += 1
        number, place, mutation = self._target
        if self._number != number:
            if listed and not self._over:
                for at, node in enumerate(query.walk()):
                    self.sites += [
                        (self._number, at, name) for name, (fits, _) in MUTATIONS.items() if fits(node)
                    ]
            return query
        copy = query.copy()
        node = list(copy.walk())[place]
        changed = MUTATIONS[mutation][1](node.copy())
        if node is copy:
            return changed
        node.replace(changed.copy())
        return copy

    def query(self, query):
        return self._engine.query(self._mutated(query, listed=self._paired))

    def save(self, query, table):
        self._paired = self._paired or table == CLASSIFIED  # before it: which segments, what to look at
        self._over = self._over or table == CELLS  # what follows keeps examples and looks for causes
        return self._engine.save(self._mutated(query, listed=True), table)

    def __getattr__(self, name):
        return getattr(self._engine, name)


def outcome(engine, folder, exact):
    """Everything that is counted."""
    result = run(TRAP, Bench(engine, folder), exact=exact, sample_rows=0)
    return result.verdict, result.rows, result.columns, result.segments, result.match_percentage


def survivors(bench, exact, step):
    """Of every `step`-th mutant: those that nothing gives away, those that say MATCH, and how many were made."""
    listing = Mutating(bench.engine)
    truth = outcome(listing, bench.folder, exact)
    alive, fooled = [], []
    sites = listing.sites[::step]
    for site in sites:
        try:
            found = outcome(Mutating(bench.engine, *site), bench.folder, exact)
        except (EngineError, KeyError, ValueError, TypeError):
            continue
        alive += [site] * (found == truth)
        fooled += [site] * (found[0] is Verdict.MATCH)
    return alive, fooled, len(sites), len(listing.sites)


STEP = 4 if os.environ.get("CI") else 13


@pytest.mark.timeout(900)
@pytest.mark.parametrize("exact", [False, True], ids=["fingerprints", "exact"])
def test_a_broken_query_gives_itself_away(bench, exact):
    """Not all can: a key that is thought to repeat, or a row counted as open, costs time and changes nothing."""
    alive, fooled, made, sites = survivors(bench, exact, STEP)
    assert sites > 150 and made == -(-sites // STEP)
    assert fooled == []
    assert len(alive) < made * 0.5, alive


def test_the_listing_changes_nothing(bench):
    plain = outcome(bench.engine, bench.folder, exact=True)
    assert outcome(Mutating(bench.engine), bench.folder, exact=True) == plain
    assert plain[0] is Verdict.NO_MATCH
