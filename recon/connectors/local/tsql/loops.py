"""A WHILE of a scalar function as one value: each pass is a row of a recursive query.

https://learn.microsoft.com/en-us/sql/t-sql/language-elements/while-transact-sql
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from recon.connectors.local.tsql.duck import binary, case, cast, column, fail, fn, name, num, plus
from recon.connectors.local.tsql.scope import Typed
from recon.sqlscript.tsql_tree import If, Leaf, While, walk

if TYPE_CHECKING:
    from collections.abc import Sequence

    from recon.connectors.local.tsql.duck import Tree

_GUARD, _PASSES = "g", "n"
_MOST = 100_000  # passes of one call; a real function has some dozens


def misfit(loop: While) -> tuple[int, str] | None:
    """What keeps a WHILE from being a query: its line and name. Only SET, SELECT @a = x and IF do not."""
    for one in (loop.condition, *walk((loop.body,))):
        if isinstance(one, While):
            return one.line, "WHILE"
        leaf = one.condition if isinstance(one, If) else one
        if not isinstance(leaf, Leaf):
            continue
        if leaf is one and leaf is not loop.condition and leaf.verb not in {"SET", "SELECT"}:
            return leaf.line, leaf.verb
        if any(token.word == "FROM" for token in leaf.parts):
            return leaf.line, "a query"
    return None


def passed(alias: str, variables: Sequence[Typed]) -> list[Typed]:
    """The variables as a pass of the loop finds them."""
    return [Typed(column(alias, f"v{i}"), v.type) for i, v in enumerate(variables)]


def looped(
    alias: str, guards: Sequence[Tree], start: Sequence[Typed], step: Sequence[Typed], holds: Tree
) -> Tree:
    """The variables after the last pass, as one row of them. Without its guards the loop does not begin.

    DuckDB also computes what a CASE leaves out, so that a loop without end is an error instead of a wait.
    """
    runs = exp.And(this=column(alias, _GUARD), expression=fn("coalesce", holds, exp.false()))
    begun: Tree = exp.true()
    for guard in guards:
        begun = exp.And(this=begun, expression=fn("coalesce", guard.copy(), exp.false()))
    first = exp.select(
        *(
            _cell(i, Typed(case((begun.copy(), v.tree), default=cast(exp.Null(), v.type)), v.type))
            for i, v in enumerate(start)
        ),
        exp.alias_(begun, _GUARD, quoted=True),
        exp.alias_(num(0), _PASSES, quoted=True),
    )
    endless = fail(0, f"a WHILE in a function goes on after {_MOST} passes")
    count = column(alias, _PASSES)
    passes = case((binary(exp.GTE, count, num(_MOST)), endless), default=plus(count.copy(), num(1)))
    rows = exp.Table(this=name(alias))
    later = exp.select(
        *(_cell(i, v) for i, v in enumerate(step)),
        exp.alias_(column(alias, _GUARD), _GUARD, quoted=True),
        exp.alias_(cast(passes, "INT"), _PASSES, quoted=True),
    )
    every = exp.Union(this=first, expression=later.from_(rows.copy()).where(runs.copy()), distinct=False)
    last = exp.select(fn("row", *(v.tree for v in passed(alias, start))))
    last = last.from_(rows).where(exp.Not(this=exp.Paren(this=runs)))
    named = exp.CTE(this=every, alias=exp.TableAlias(this=name(alias)))
    last.set("with_", exp.With(expressions=[named], recursive=True))
    return exp.Subquery(this=last)


def _cell(at: int, value: Typed) -> Tree:
    return exp.alias_(cast(value.tree.copy(), value.type), f"v{at}", quoted=True)


def outcome(held: str, variables: Sequence[Typed]) -> list[Typed]:
    """The variables after the loop, read from the row that `looped` found."""
    return [
        Typed(fn("struct_extract", column(held, "v"), num(i + 1)), v.type) for i, v in enumerate(variables)
    ]
