"""PIVOT and UNPIVOT, as the GROUP BY and the UNION ALL that they stand for.

https://learn.microsoft.com/en-us/sql/t-sql/queries/from-using-pivot-and-unpivot
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from recon.connectors.local.tsql.expr import known
from recon.connectors.local.tsql.scope import Env

if TYPE_CHECKING:
    from recon.connectors.local.tsql.duck import Tree
    from recon.connectors.local.tsql.scope import Query, Source

_PARTS = (
    "expressions",
    "fields",
    "unpivot",
    "alias",
    "columns",
    "value_columns_first",
    "pivot_column_naming",
)


def turned(env: Env, node: Tree, source: Source) -> Query:
    """The query that a PIVOT or UNPIVOT behind a table is. `source` is the table as it is seen."""
    pivots = node.args["pivots"]
    pivot = pivots[0]
    if len(pivots) != 1 or len(pivot.expressions) != 1 or len(pivot.args["fields"]) != 1:
        env.refuse(node, "PIVOT with one aggregate and one FOR is supported")
    known(env, pivot, *_PARTS)
    inner = node.copy()
    inner.set("pivots", None)
    inner.set("joins", None)
    made = _unpivot if pivot.args.get("unpivot") else _pivot
    return env.ctx.query(env.outer or Env(env.ctx), made(env, pivot, inner, [f.name for f in source.fields]))


def _named(value: str) -> exp.Column:
    return exp.column(value, quoted=True)


def _is(one: str, other: str) -> bool:
    return one.casefold() == other.casefold()


def _pivot(env: Env, pivot: Tree, inner: Tree, columns: list[str]) -> exp.Select:
    """One aggregate for each value, over the groups of all columns that PIVOT does not name."""
    call, field = pivot.expressions[0], pivot.args["fields"][0]
    plain = isinstance(call, exp.Anonymous) and len(call.expressions) == 1
    argument = call.expressions[0] if plain else None
    if not isinstance(argument, exp.Column) or not isinstance(field, exp.In):
        env.refuse(pivot, "PIVOT (aggregate(column) FOR column IN (...)) is supported")
    across = field.this.name
    groups = [c for c in columns if not _is(c, across) and not _is(c, argument.name)]
    cells: list[Tree] = [exp.alias_(_named(c), c, quoted=True) for c in groups]
    for item in field.expressions:
        if not isinstance(item, exp.Column):
            env.refuse(item, "a PIVOT's values are names in brackets")
        meets = exp.EQ(this=_named(across), expression=exp.Literal.string(item.name))
        branch = exp.Case(ifs=[exp.If(this=meets, true=_named(argument.name))])
        total = exp.Anonymous(this=call.this, expressions=[branch])
        cells.append(exp.alias_(total, item.name, quoted=True))
    chosen = exp.select(*cells).from_(inner)
    if groups:
        chosen.set("group", exp.Group(expressions=[_named(c) for c in groups]))
    return chosen


def _unpivot(env: Env, pivot: Tree, inner: Tree, columns: list[str]) -> Tree:
    """One row for each value that is not NULL."""
    called, field = pivot.expressions[0], pivot.args["fields"][0]
    if not isinstance(field, exp.In):
        env.refuse(pivot, "UNPIVOT (value FOR name IN (...)) is supported")
    turned_in = [item.name for item in field.expressions]
    stays = [c for c in columns if not any(_is(c, t) for t in turned_in)]
    parts: list[Tree] = []
    for item in turned_in:
        kind = exp.DataType.build("nvarchar(128)", dialect="tsql")
        label = exp.Cast(this=exp.Literal.string(item), to=kind)
        cells = [exp.alias_(_named(c), c, quoted=True) for c in stays]
        cells.append(exp.alias_(label, field.this.name, quoted=True))
        cells.append(exp.alias_(_named(item), called.name, quoted=True))
        there = exp.Not(this=exp.Paren(this=exp.Is(this=_named(item), expression=exp.Null())))
        parts.append(exp.select(*cells).from_(inner.copy()).where(there))
    made = parts[0]
    for part in parts[1:]:
        made = exp.Union(this=made, expression=part, distinct=False)
    return made
