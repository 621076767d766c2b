"""The one rule that tells some rows from the others: a condition on one column. Pure.

Learned from a part of the rows, so it is a proposal: who prints it counts it over all rows first.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Final, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

Value: TypeAlias = "int | float | Decimal | str | None"

SUPPORT: Final = 5  # rows that a rule is said of at least
LIFT: Final = 2  # times as frequent among these rows as among all
COVERS: Final = 80  # percent of these rows that fulfil it
_CHANCE: Final = 1e-4  # that one of all conditions tried holds so often by luck
_MOST_NAMED: Final = 3  # values in a list
_LONGEST: Final = 60


@dataclass(frozen=True, slots=True)
class Condition:
    """`column` (a number) in relation to values: "null", "=", "in", "<", ">", "<=", ">=" or "between"."""

    column: int
    relation: str
    values: tuple[Value, ...] = ()


@dataclass(frozen=True, slots=True)
class Proposal:
    """A condition with how well it tells the rows apart (1: perfectly)."""

    condition: Condition
    score: float


@dataclass(slots=True)
class Known:
    """The values of one column in a part of all rows, kept so that counting is fast."""

    values: Sequence[Value]
    ordered: bool
    counts: Counter[Value] = field(init=False)
    line: list[float | Decimal | str] = field(init=False)

    def __post_init__(self) -> None:
        self.counts = Counter(self.values)
        known = [v for v in self.values if _is_known(v)]
        self.line = sorted(known) if self.ordered else []  # pyright: ignore[reportArgumentType]  (of one type)

    def holding(self, condition: Condition) -> int:
        """How many of the values fulfil it."""
        values = condition.values
        match condition.relation:
            case "null":
                return self.counts[None]
            case "=" | "in":
                return sum(self.counts[v] for v in values)
            case "<":
                return bisect_left(self.line, values[0])  # pyright: ignore[reportArgumentType]
            case "<=":
                return bisect_right(self.line, values[0])  # pyright: ignore[reportArgumentType]
            case ">":
                return len(self.line) - bisect_right(self.line, values[0])  # pyright: ignore[reportArgumentType]
            case ">=":
                return len(self.line) - bisect_left(self.line, values[0])  # pyright: ignore[reportArgumentType]
            case _:
                low, high = values
                return bisect_right(self.line, high) - bisect_left(self.line, low)  # pyright: ignore[reportArgumentType]


def propose(
    these: Mapping[int, Sequence[Value]], everything: Mapping[int, Known], part: float
) -> list[Proposal]:
    """Conditions that tell these rows from all rows, the best first.

    `these` and `everything` hold values by column; `part` says how many of all rows these are (0 to 1).
    """
    tried = max(1, 6 * len(these))
    found: list[Proposal] = []
    for column, values in these.items():
        base = everything[column]
        every = max(1, len(base.values))
        for condition in _conditions(column, values, ordered=base.ordered):
            here = Known(values, base.ordered).holding(condition)
            there = base.holding(condition)
            score = _score(here, len(values), there, every, part)
            if score is not None and _unlikely(here, len(values), there / every, tried):
                found.append(Proposal(condition, score - _plainness(condition)))
    return sorted(found, key=lambda p: -p.score)


def _conditions(column: int, values: Sequence[Value], *, ordered: bool) -> Iterator[Condition]:
    counts = Counter(values)
    if counts[None]:
        yield Condition(column, "null")
    known = [(v, n) for v, n in counts.most_common() if _is_known(v) and _sayable(v)]
    if known:
        yield Condition(column, "=", (known[0][0],))
        if 2 <= len(known) <= _MOST_NAMED:
            yield Condition(column, "in", tuple(sorted((v for v, _ in known), key=str)))
    if ordered and len(known) > 1 and not counts[None]:
        line = sorted(v for v, _ in known)  # pyright: ignore[reportArgumentType]  (of one type)
        if not isinstance(line[0], str):
            yield Condition(column, "<", (0,))
            yield Condition(column, ">", (0,))
        yield Condition(column, ">=", (line[0],))
        yield Condition(column, "<=", (line[-1],))
        if len(values) >= 2 * SUPPORT:
            yield Condition(column, "between", (line[0], line[-1]))


def _is_known(value: Value) -> bool:
    return value is not None and not (isinstance(value, float) and math.isnan(value))


def _sayable(value: Value) -> bool:
    return not isinstance(value, str) or (len(value) <= _LONGEST and value.isprintable())


def _score(here: int, these: int, there: int, every: int, part: float) -> float | None:
    """The harmonic mean of "how many of these" and "how many of those that fulfil it are these"."""
    if here < SUPPORT or 100 * here < COVERS * these or here * every < LIFT * there * these:
        return None
    covers = here / these
    precise = min(1.0, here / these * part * every / max(there, 1))
    return 2 * covers * precise / (covers + precise)


def _unlikely(here: int, these: int, base: float, tried: int) -> bool:
    """Whether so many of these rows fulfil it would be luck of less than 1 in 10,000 over all conditions."""
    share = here / these
    if base <= 0:
        return True
    if share <= base:
        return False
    spread = share * math.log(share / base)
    if share < 1 and base < 1:
        spread += (1 - share) * math.log((1 - share) / (1 - base))
    return math.log(tried) - these * spread < math.log(_CHANCE)


def _plainness(condition: Condition) -> float:
    """A little off for what is harder to read, so that of equals the plainest is said."""
    return {"null": 0.0, "=": 0.0, "<": 0.001, ">": 0.001, "in": 0.002, ">=": 0.003, "<=": 0.003}.get(
        condition.relation, 0.02
    )


def simplest(low: Decimal, high: Decimal) -> tuple[Decimal, bool]:
    """The number with the fewest digits from `low` to `high`, and whether it is `low` itself."""
    for power in range(max(low.adjusted(), high.adjusted()) + 1, -20, -1):
        step = Decimal(1).scaleb(power)
        multiple = (high / step).to_integral_value(rounding="ROUND_FLOOR") * step
        if multiple >= low:
            return multiple, multiple == low
    return high, low == high
