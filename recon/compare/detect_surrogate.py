"""Missing and extra rows that are the same rows under another number: the key is a surrogate, drawn anew."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from sqlglot import exp

from recon.compare import dialect as d
from recon.compare import queries
from recon.compare import trees as t
from recon.compare.answers import one_row
from recon.compare.forms import Form
from recon.compare.queries import CLASSIFIED

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from recon.compare.alone import Alone
    from recon.compare.queries import Which
    from recon.model_result import Cause

_FEW: Final = 10  # rows that may agree by chance
_MOST: Final = 20_000_000  # rows of a side that are worth reading again


def surrogate_key(alone: Alone) -> Iterator[Cause]:
    """The reason, if the key is one whole number and nearly all missing rows have, but for it, the values of
    exactly one extra row, which no other row has.
    """
    plan, rows = alone.plan, alone.rows
    contents = [i for i in plan.values if plan.common(i).form is not Form.NESTED]
    if rows.missing != rows.extra or rows.missing < _FEW or max(rows.baseline, rows.candidate) > _MOST:
        return
    if alone.twice or not contents or [plan.common(i).form for i in plan.keys] != [Form.INTEGER]:
        return
    found = one_row(alone.engine, _same_contents(alone, contents))["pairs"]
    if 100 * found >= 95 * rows.missing:
        said = alone.cause("SURROGATE_KEY", 2 * found, rows.missing + rows.extra)
        yield replace(said, scope=plan.compared[plan.keys[0]].name)


def _same_contents(alone: Alone, numbers: Sequence[int]) -> exp.Select:
    """One row, `pairs`: how many contents exactly one missing and exactly one extra row has."""
    # hashed where both sides have become of one type: a hash may differ between types
    content = t.named(d.hash64([t.column(f"v{i}") for i in numbers]), "content")
    rows = t.union([_rows(alone, which, numbers) for which in queries.SIDES])
    hashed = t.select([content, t.column("nb"), t.column("nc")], t.inner(rows, "u"))
    sums = [t.named(exp.Sum(this=t.column(name)), name) for name in ("nb", "nc")]
    groups = t.select(sums, t.inner(hashed, "x"), group=[t.column("content")])
    single = t.all_of(*(t.equals(t.column(name), t.number(1)) for name in ("nb", "nc")))
    return t.select([t.named(t.count_if(single), "pairs")], t.inner(groups, "g"))


def _rows(alone: Alone, which: Which, numbers: Sequence[int]) -> exp.Select:
    """The rows that only that side has: these columns in their form, `v{i}`, and 1 as its number of rows."""
    plan = alone.plan
    mine = t.negate(t.column("in_c" if which == "b" else "in_b"))
    counts = [t.named(t.number(int(side == which)), f"n{side}") for side in queries.SIDES]

    def at_hand(i: int) -> exp.Expr:
        return queries.in_form(plan, i, which, t.column(f"{which}{i}"))

    if alone.wide:
        values = [t.named(at_hand(i), f"v{i}") for i in numbers]
        return t.select([*values, *counts], t.table(CLASSIFIED), where=mine)
    [key] = plan.keys
    keys = t.select([t.named(at_hand(key), "k")], t.table(CLASSIFIED), where=mine)
    side = queries.side(plan, which, alone.tables[which], {*numbers, key})
    on = t.equals(t.column("k", "m"), queries.normal(plan, key, which, "s"))
    values = [t.named(queries.normal(plan, i, which, "s"), f"v{i}") for i in numbers]
    return t.select([*values, *counts], t.inner(side, "s"), joins=[t.join(t.inner(keys, "m"), on)])
