"""Rows that one side holds as one, the other as several: case or trailing blanks tell their keys apart."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from recon.compare import queries
from recon.compare import trees as t
from recon.compare.answers import one_row
from recon.compare.causes import LIKELY, POSSIBLE
from recon.compare.forms import Form
from recon.compare.queries import CLASSIFIED
from recon.compare.signs import FEW

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlglot import exp

    from recon.compare.alone import Alone
    from recon.compare.queries import Which
    from recon.model_result import Cause

_MOST: Final = 20_000_000  # rows of a side that are worth reading again


def _trimmed(value: exp.Expr) -> exp.Expr:
    return t.call("rtrim", value, t.text(" "))


_FORMS: Final[tuple[tuple[str, str, Callable[[exp.Expr], exp.Expr]], ...]] = (
    ("TRAILING_SPACE", "trailing blanks do not count", _trimmed),
    ("COLLATION_CASE", "case and trailing blanks do not count", lambda v: t.lower(_trimmed(v))),
)


def split_keys(alone: Alone, which: Which) -> Iterator[Cause]:
    """The reason, if nearly all rows that only that side has carry the key of a row of the other side in
    another spelling: a GROUP BY, DISTINCT, UNION or join took them for one there.
    """
    plan, count = alone.plan, alone.count(which)
    other: Which = "c" if which == "b" else "b"
    texts = [i for i in plan.keys if plan.common(i).form is Form.TEXT]
    if not texts or plan.whole or max(alone.rows.baseline, alone.rows.candidate) > _MOST:
        return
    for code, said, form in _FORMS:
        found = one_row(alone.engine, _respelled(alone, which, other, texts, form))["rows_"]
        if 100 * found >= 95 * count:
            kind, holder = ("missing", "Databricks") if which == "b" else ("extra", "Synapse")
            have = "row has" if found == 1 else "rows have"
            cause = alone.cause(code, found, alone.rows.missing + alone.rows.extra, also="")
            hint = (
                f"{found:,} {kind} {have} the key of a row of {holder} once {said}: Synapse's default "
                "collation takes such texts for one in GROUP BY, DISTINCT, UNION and joins, Databricks does "
                "not. Use lower(rtrim(x)) there, or a collation."
            )
            link = cause.hint.partition(" See ")[2]
            sure = LIKELY if found >= FEW else POSSIBLE
            yield replace(cause, hint=f"{hint} See {link}" if link else hint, confidence=sure)
            return


def _respelled(
    alone: Alone, which: Which, other: Which, texts: list[int], form: Callable[[exp.Expr], exp.Expr]
) -> exp.Select:
    """One row, `rows_`: how many of the rows have, in that form, a key of the other side."""
    plan = alone.plan

    def changed(i: int, key: exp.Expr) -> exp.Expr:
        return form(key) if i in texts else key

    mine = [
        t.named(changed(i, queries.in_form(plan, i, which, t.column(f"{which}{i}"))), f"k{i}")
        for i in plan.keys
    ]
    only = t.negate(t.column(f"in_{other}"))
    rows = t.select(mine, t.table(CLASSIFIED), where=only)
    side = queries.side(plan, other, alone.tables[other], plan.keys)
    theirs = [t.named(changed(i, queries.normal(plan, i, other, "s")), f"k{i}") for i in plan.keys]
    every = t.select(theirs, t.inner(side, "s"))
    names = [t.column(f"k{i}") for i in plan.keys]
    distinct = t.select(names, t.inner(every, "e"), group=names)
    on = t.all_of(*(t.same(t.column(f"k{i}", "b"), t.column(f"k{i}", "c")) for i in plan.keys))
    return t.select(
        [t.named(t.rows_counted(), "rows_")], t.inner(rows, "b"), joins=[t.join(t.inner(distinct, "c"), on)]
    )
