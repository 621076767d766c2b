"""What rows say for the comments of a draft: keys, and columns that need a thought. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, Final

from recon.compare.plan import make_plan
from recon.compare.spec import Spec
from recon.compare.types import Family

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from recon.compare.plan import Pair, Plan
    from recon.compare.spec import Side
    from recon.model import Column
    from recon.model_result import KeyProposal

_CHORES: Final = re.compile(
    r"(?:^|_)(?:load|loaded|insert|inserted|update|updated|modified|created|etl)(?:_|$)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnPair:
    """A column that deserves a line: why, in words, and the rule that may be right, as lines of TOML."""

    name: str
    why: str
    rule: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What is known from rows. `origin` says from which; `trouble` why not from those of both sides."""

    origin: str = ""
    proposals: tuple[KeyProposal, ...] = ()
    looked: bool = False  # whether keys were looked for at all
    columns: tuple[ColumnPair, ...] = ()
    trouble: str = ""


def pairs_of(
    baseline: Side, candidate: Side, stored: tuple[Sequence[Column], Sequence[Column]]
) -> tuple[ColumnPair, ...]:
    """The columns of two sides that differ by name or type, or that every load sets anew.

    `stored` are the columns as an engine has them. SpecError as for a comparison.
    """
    plan = make_plan(Spec(), baseline, candidate, stored)
    return (*_types(plan), *_one_sided(plan))


def _types(plan: Plan) -> Iterable[ColumnPair]:
    changed = {change.column for change in plan.schema.type_changes}
    for pair in plan.pairs:
        types = f"{pair.baseline.spelled} in Synapse, {pair.candidate.spelled} in Databricks"
        if pair.common is None:
            yield ColumnPair(name=pair.name, why=f"{types}: not comparable", rule=(_IGNORE,))
        elif _CHORES.search(pair.name.casefold()) and pair.baseline.family is Family.INSTANT:
            yield ColumnPair(name=pair.name, why="set by each load?", rule=(_LOADED,))
        elif pair.name in changed:
            yield ColumnPair(name=pair.name, why=types, rule=_rule(pair))


_IGNORE: Final = 'ignore = "why it need not agree"'
_LOADED: Final = 'ignore = "set to the load time on both sides"'


def _rule(pair: Pair) -> tuple[str, ...]:
    """A rule for values that the two types may hold differently; equal values need none."""
    one, other = pair.baseline, pair.candidate
    if one.family is Family.NUMBER and other.family is Family.NUMBER:
        if one.floating or other.floating:
            return ('tolerance = "rel 1e-9"',)
        least = min(one.scale, other.scale)
        return (f'tolerance = "abs {_half(least)}"',) if one.scale != other.scale else ()
    if one.family is Family.INSTANT and other.family is Family.INSTANT:
        return ('tolerance = "secs 1"',)
    if one.family is Family.TEXT and other.family is Family.TEXT:
        return ('text = ["ignore trailing spaces"]',)
    return ()


def _half(scale: int) -> str:
    """Half a unit of the last decimal: what rounding to it can move."""
    return f"0.{'0' * scale}5"


def _one_sided(plan: Plan) -> Iterable[ColumnPair]:
    extra = {name.casefold(): name for name in plan.schema.extra_columns}
    for name in plan.schema.missing_columns:
        near = get_close_matches(name.casefold(), extra, n=1, cutoff=0.6)
        if near:
            renamed = extra.pop(near[0])
            rule = (f'databricks = "{renamed}"',)
            yield ColumnPair(name=name, why=f"only in Synapse; is it {renamed} in Databricks?", rule=rule)
        else:
            yield ColumnPair(name=name, why="only in Synapse", rule=(_IGNORE,))
    for name in extra.values():
        yield ColumnPair(name=name, why="only in Databricks", rule=(_IGNORE,))
