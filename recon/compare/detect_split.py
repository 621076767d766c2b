"""Rows whose keys do not line up: one side tells them apart by case or blanks, or has a default for NULL."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from sqlglot import exp

from recon.compare import dialect as d
from recon.compare import queries
from recon.compare import trees as t
from recon.compare.answers import one_row
from recon.compare.causes import LIKELY, POSSIBLE
from recon.compare.forms import Form
from recon.compare.queries import CLASSIFIED
from recon.compare.signs import FEW

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

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


def defaulted_key(alone: Alone) -> Iterator[Cause]:
    """The reason, if extra rows have NULL in a column of the key and missing rows one value, or the other way
    round, and they line up by the rest of the key: a default for NULL was lost, or added.
    """
    plan = alone.plan
    for i in () if plan.whole or alone.twice else plan.keys:
        for null, full in _BOTH:
            system, other = ("Databricks", "Synapse") if null == "c" else ("Synapse", "Databricks")
            [found] = alone.engine.query(_lined_up(alone, i, null, full))
            pairs = found["pairs_"]
            if pairs < FEW or found["nulls"] != pairs or found["least"] != found["most"]:
                continue
            said = alone.cause(
                "NULL_NOT_HANDLED",
                2 * pairs,
                alone.rows.missing + alone.rows.extra,
                side=system,
                value=f" in the key where {other} has one value"
                + ("" if plan.compared[i].rule.sensitive else f", {found['least']}"),
            )
            yield replace(said, scope=plan.compared[i].name)
            return


_BOTH: Final[tuple[tuple[Which, Which], ...]] = (("c", "b"), ("b", "c"))


def _lined_up(alone: Alone, i: int, null: Which, full: Which) -> exp.Select:
    """One row: `nulls`, the rows of the one side with NULL in that column of the key; `pairs_` of them and
    rows of the other side with a value there, the rest of the key being the same; `least` and `most` of these
    values.
    """
    plan = alone.plan
    others = [n for n in plan.keys if n != i]

    def rows(which: Which, empty: bool) -> exp.Select:
        cell = queries.in_form(plan, i, which, t.column(f"{which}{i}"))
        keys = [t.named(queries.in_form(plan, n, which, t.column(f"{which}{n}")), f"k{n}") for n in others]
        there = "b" if which == "c" else "c"
        held = t.is_null(cell) if empty else t.not_null(cell)
        where = t.all_of(t.negate(t.column(f"in_{there}")), held)
        return t.select([t.named(d.as_text(cell), "v"), *keys], t.table(CLASSIFIED), where=where)

    on = t.all_of(*(t.same(t.column(f"k{n}", "a"), t.column(f"k{n}", "z")) for n in others))
    pairs = t.select(
        [
            t.named(t.rows_counted(), "pairs_"),
            t.named(exp.Min(this=t.column("v", "z")), "least"),
            t.named(exp.Max(this=t.column("v", "z")), "most"),
        ],
        t.inner(rows(null, empty=True), "a"),
        joins=[t.join(t.inner(rows(full, empty=False), "z"), on)],
    )
    nulls = t.select([t.named(t.rows_counted(), "nulls")], t.inner(rows(null, empty=True), "x"))
    columns = [t.column(c, "p") for c in ("pairs_", "least", "most")]
    always = exp.true()
    return t.select(
        [*columns, t.column("nulls", "n")], t.inner(pairs, "p"), joins=[t.join(t.inner(nulls, "n"), always)]
    )


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
