"""Built-in functions that return a table: STRING_SPLIT, GENERATE_SERIES, OPENJSON."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from recon.connectors.local.tsql.convert import convert
from recon.connectors.local.tsql.duck import binary, case, cast, fn, num, plus
from recon.connectors.local.tsql.expr import refuse_unknown, unified, value
from recon.connectors.local.tsql.scope import Output, Query
from recon.sqlscript import tsql_types as types
from recon.sqlscript.tsql_types import Family

if TYPE_CHECKING:
    from collections.abc import Callable

    from recon.connectors.local.tsql.duck import Tree
    from recon.connectors.local.tsql.scope import Env


def _string_split(env: Env, node: Tree) -> Query:
    """https://learn.microsoft.com/en-us/sql/t-sql/functions/string-split-transact-sql"""
    if len(node.expressions) not in {2, 3}:
        return refuse_unknown(env, node)
    given, separator = (value(env, a) for a in node.expressions[:2])
    numbered = (
        len(node.expressions) == 3 and env.ctx.session.evaluate(value(env, node.expressions[2]).tree) == 1
    )
    pieces = fn("string_split", given.tree, separator.tree)
    parts = fn("unnest", pieces)
    kind = types.varchar(given.type.length, given.type.national)
    cells, outputs = [exp.alias_(parts, "c0", quoted=True)], [Output("value", kind)]
    if numbered:
        places = fn("unnest", fn("range", num(1), plus(fn("len", pieces.copy()), num(1))))
        cells.append(exp.alias_(cast(places, types.BIGINT), "c1", quoted=True))
        outputs.append(Output("ordinal", types.BIGINT))
    return Query(exp.select(*cells), tuple(outputs))


def _generate_series(env: Env, node: Tree) -> Query:
    """https://learn.microsoft.com/en-us/sql/t-sql/functions/generate-series-transact-sql"""
    if len(node.expressions) not in {2, 3}:
        return refuse_unknown(env, node)
    first, last = unified(env, node, [value(env, a) for a in node.expressions[:2]])
    if first.type.family is not Family.INTEGER:
        return env.refuse(node, f"GENERATE_SERIES of {first.type} is not supported")
    step = case((binary(exp.LTE, first.tree, last.tree), num(1)), default=num(-1))
    if len(node.expressions) == 3:
        step = convert(env, node, value(env, node.expressions[2]), first.type).tree
    made = cast(fn("unnest", fn("generate_series", first.tree, last.tree, step)), first.type)
    return Query(exp.select(exp.alias_(made, "c0", quoted=True)), (Output("value", first.type),))


ROW_SETS: dict[str, Callable[[Env, Tree], Query]] = {
    "STRING_SPLIT": _string_split,
    "GENERATE_SERIES": _generate_series,
}
