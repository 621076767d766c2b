"""T-SQL's aggregates and window functions.

https://learn.microsoft.com/en-us/sql/t-sql/functions/aggregate-functions-transact-sql
SUM and AVG of int stay int, AVG of a decimal is cut at its scale, NULLs sort lowest.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from recon.connectors.local.tsql.arithmetic import quotient
from recon.connectors.local.tsql.collate import folded
from recon.connectors.local.tsql.duck import cast, fn, minus, num, whole
from recon.connectors.local.tsql.expr import known, refuse_unknown, register, unified, value
from recon.connectors.local.tsql.fn_sequence import numbered
from recon.connectors.local.tsql.functions import Call, function, result
from recon.connectors.local.tsql.scope import Typed
from recon.connectors.local.tsql.sort_order import ordered, sort_key
from recon.sqlscript import tsql_types as types
from recon.sqlscript.tsql_options import NEXT_VALUE
from recon.sqlscript.tsql_types import Family, SqlType

if TYPE_CHECKING:
    from collections.abc import Callable

    from recon.connectors.local.tsql.duck import Tree
    from recon.connectors.local.tsql.scope import Env

    Over = Callable[[Tree], Tree]

_RANKS = {"ROW_NUMBER", "RANK", "DENSE_RANK", "NTILE"}
_SHARES = {"CUME_DIST", "PERCENT_RANK"}
_NEIGHBOURS = {"LAG", "LEAD", "FIRST_VALUE", "LAST_VALUE"}
_IGNORING: dict[str, type[exp.Expr]] = {
    "LAG": exp.Lag,
    "LEAD": exp.Lead,
    "FIRST_VALUE": exp.FirstValue,
    "LAST_VALUE": exp.LastValue,
}
AGGREGATES = frozenset(
    {"SUM", "AVG", "MIN", "MAX", "COUNT", "COUNT_BIG", "STDEV", "STDEVP", "VAR", "VARP", "STRING_AGG"}
    | {"APPROX_COUNT_DISTINCT", "GROUPING", "GROUPING_ID"}
)


def has_aggregate(node: Tree) -> bool:
    """Whether a value is computed over a group (a window function is not)."""
    if isinstance(node, exp.Window):
        return any(has_aggregate(p) for p in _window_parts(node))
    if isinstance(node, exp.Anonymous) and str(node.this).upper() in AGGREGATES:
        return True
    if isinstance(node, (exp.Subquery, exp.Select, exp.SetOperation)):
        return False
    return any(has_aggregate(child) for child in node.iter_expressions())


def _window_parts(node: exp.Window) -> list[Tree]:
    inner = node.this
    arguments = list(inner.expressions) if isinstance(inner, exp.Anonymous) else [inner]
    return arguments + list(node.args.get("partition_by") or []) + [p for p in [node.args.get("order")] if p]


def _plain(tree: Tree) -> Tree:
    return tree


def aggregate(call: Call, over: Over = _plain) -> Typed:
    """An aggregate of its one argument. `over` turns DuckDB's aggregates into window functions."""
    if call.name in {"COUNT", "COUNT_BIG"}:
        return _count(call, over)
    call.arity(1)
    argument, distinct = _argument(call)
    given = value(call.env, argument)
    if given.type.family is Family.NULL or given.type.family is Family.BIT:
        return call.env.refuse(call.node, f"{call.name} of {given.type}", "8117")
    if call.name in {"MIN", "MAX"}:
        return _extreme(call, given, over)
    if given.type.family not in {Family.INTEGER, Family.DECIMAL, Family.MONEY, Family.FLOAT}:
        return call.env.refuse(call.node, f"{call.name} of {given.type}", "8117")
    if call.name == "SUM":
        return _sum(given, distinct, over)
    if call.name == "AVG":
        return _average(given, distinct, over)
    return _spread(call, given, distinct, over)


def _argument(call: Call) -> tuple[Tree, bool]:
    first = call.argument(0)
    if isinstance(first, exp.Distinct):
        if len(first.expressions) != 1:
            refuse_unknown(call.env, call.node)
        return first.expressions[0], True
    return first, False


def _distinct(tree: Tree, distinct: bool) -> Tree:
    return exp.Distinct(expressions=[tree]) if distinct else tree


def _count(call: Call, over: Over) -> Typed:
    call.arity(1)
    argument, distinct = _argument(call)
    if isinstance(argument, exp.Star):
        counted: Tree = exp.Star()
    else:
        given = value(call.env, argument)
        counted = _distinct(folded(call.env, given.tree, given.type) if distinct else given.tree, distinct)
    return result(over(fn("count", counted)), types.BIGINT if call.name == "COUNT_BIG" else types.INT)


def _extreme(call: Call, given: Typed, over: Over) -> Typed:
    name = call.name.lower()
    if given.type.family is Family.TEXT:
        key = ordered(call.env, call.node, given.tree, given.type)
        return Typed(over(fn(f"arg_{name}", given.tree, key)), given.type)
    return Typed(over(fn(name, given.tree)), given.type)


def _total_type(kind: SqlType) -> SqlType:
    if kind.family is Family.INTEGER:
        return types.BIGINT if kind.name == "bigint" else types.INT
    if kind.family is Family.DECIMAL:
        return types.decimal(38, kind.scale)
    return types.MONEY if kind.family is Family.MONEY else types.FLOAT


def _sum(given: Typed, distinct: bool, over: Over) -> Typed:
    return result(over(fn("sum", _distinct(given.tree, distinct))), _total_type(given.type))


def _average(given: Typed, distinct: bool, over: Over) -> Typed:
    total = over(fn("sum", _distinct(given.tree, distinct)))
    rows = fn("nullif", over(fn("count", _distinct(given.tree, distinct))), num(0))
    kind = _total_type(given.type)
    if given.type.family is Family.FLOAT:
        return result(over(fn("avg", _distinct(cast(given.tree, "DOUBLE"), distinct))), types.FLOAT)
    if given.type.family is Family.INTEGER:
        return result(whole(cast(total, "HUGEINT"), rows), kind)
    to = kind if given.type.family is Family.MONEY else types.decimal(38, max(given.type.scale, 6))
    count = types.decimal(19, 0)
    whole_type = types.decimal(38, given.type.scale)
    cut = quotient(Typed(cast(total, whole_type), whole_type), Typed(cast(rows, count), count), to)
    return Typed(cut, to)


def _spread(call: Call, given: Typed, distinct: bool, over: Over) -> Typed:
    names = {"STDEV": "stddev_samp", "STDEVP": "stddev_pop", "VAR": "var_samp", "VARP": "var_pop"}
    call.env.note(call.node, f"{call.name} is a float whose last digits may differ")
    return Typed(over(fn(names[call.name], _distinct(cast(given.tree, "DOUBLE"), distinct))), types.FLOAT)


@function("SUM", "AVG", "MIN", "MAX", "COUNT", "COUNT_BIG", "STDEV", "STDEVP", "VAR", "VARP")
def _grouped(call: Call) -> Typed:
    return aggregate(Call(call.env.ungrouped(), call.node, call.name, call.args))


@function("APPROX_COUNT_DISTINCT")
def _approx(call: Call) -> Typed:
    call.env.note(call.node, "APPROX_COUNT_DISTINCT counts exactly here")
    given = value(call.env.ungrouped(), call.argument(0))
    key = folded(call.env, given.tree, given.type)
    return result(fn("count", exp.Distinct(expressions=[key])), types.BIGINT)


@function("STRING_AGG")
def _string_agg(call: Call) -> Typed:
    call.env.note(call.node, "STRING_AGG without WITHIN GROUP puts its parts in no certain order")
    return _joined(call, [])


def _joined(call: Call, order: list[Tree]) -> Typed:
    call.arity(2)
    inner = Call(call.env.ungrouped(), call.node, call.name, call.args)
    given, separator = inner.text(0), inner.text(1)
    last = exp.Order(this=separator.tree, expressions=order) if order else separator.tree
    kind = types.varchar(types.MAX if given.type.length == types.MAX else 8000, given.type.national)
    return Typed(fn("string_agg", given.tree, last), kind)


@register(exp.WithinGroup)
def _within_group(env: Env, node: Tree) -> Typed:
    inner = node.this
    if not isinstance(inner, exp.Anonymous) or str(inner.this).upper() != "STRING_AGG":
        return env.refuse(node, f"{inner.sql('tsql')} WITHIN GROUP needs an OVER")
    call = Call(env, node, "STRING_AGG", tuple(inner.expressions))
    return _joined(call, order_terms(env.ungrouped(), node.expression))


@function("GROUPING", "GROUPING_ID")
def _grouping(call: Call) -> Typed:
    if call.name == "GROUPING":
        call.arity(1)
    given = [value(call.env.ungrouped(), a) for a in call.args]
    keys = [folded(call.env, g.tree, g.type) for g in given]
    return result(fn("grouping", *keys), types.INT)


def order_terms(env: Env, order: Tree, *, matters: bool = True) -> list[Tree]:
    """ORDER BY as DuckDB's: NULLs lowest, text under the collation. Constants such as (SELECT NULL) go.

    `matters`: whether the order decides which rows or values come out (then text order gets its note).
    """
    terms: list[Tree] = []
    for item in order.expressions:
        known(env, item, "this", "desc", "nulls_first")
        if isinstance(item.this, exp.Subquery) and not item.this.this.args.get("from_"):
            continue
        given = value(env, item.this)
        terms.append(ordered_term(env, item, given, matters=matters))
    return terms


def ordered_term(env: Env, item: Tree, given: Typed, *, matters: bool) -> Tree:
    """One sorted value, in the direction of `item`."""
    down = bool(item.args.get("desc"))
    key = ordered(env, item, given.tree, given.type) if matters else sort_key(env, given.tree, given.type)
    return exp.Ordered(this=key, desc=down, nulls_first=not down)


@register(exp.Window)
def _window(env: Env, node: Tree) -> Typed:
    known(env, node, "this", "partition_by", "order", "spec", "over")
    keys = [value(env, p) for p in node.args.get("partition_by") or []]
    partition = [folded(env, k.tree, k.type) for k in keys]
    order = node.args.get("order")
    terms = order_terms(env, order) if order else []
    spec = node.args.get("spec")

    def over(tree: Tree) -> Tree:
        sorting = exp.Order(expressions=terms) if terms else None
        return exp.Window(
            this=tree, partition_by=partition, order=sorting, spec=_frame(env, spec), over="OVER"
        )

    inner = node.this
    ignoring = isinstance(inner, exp.IgnoreNulls)
    if isinstance(inner, (exp.IgnoreNulls, exp.RespectNulls)):
        inner = inner.this
    if isinstance(inner, exp.WithinGroup):
        return _percentile(env, inner, over)
    if not isinstance(inner, exp.Anonymous):
        refuse_unknown(env, node)
    call = Call(env, node, str(inner.this).upper(), tuple(inner.expressions))
    if call.name == NEXT_VALUE:
        return numbered(call, over(fn("row_number")))
    if call.name == "ROW_NUMBER" and not terms:
        env.note(node, "ROW_NUMBER without an order numbers the rows as they come")
    return _over(call, over, ignoring)


def _over(call: Call, over: Over, ignoring: bool) -> Typed:
    if call.name in _RANKS:
        arguments = [call.integer(0).tree] if call.name == "NTILE" else []
        return result(over(fn(call.name.lower(), *arguments)), types.BIGINT)
    if call.name in _SHARES:
        return Typed(over(fn(call.name.lower())), types.FLOAT)
    if call.name in _NEIGHBOURS:
        return _neighbour(call, over, ignoring)
    if call.name in AGGREGATES and call.name not in {"STRING_AGG", "GROUPING", "GROUPING_ID"}:
        return aggregate(call, over)
    return call.env.refuse(call.node, f"{call.name} OVER is not supported")


def _neighbour(call: Call, over: Over, ignoring: bool) -> Typed:
    given = call.value(0)
    arguments = [given.tree]
    if call.name in {"LAG", "LEAD"}:
        call.arity(1, 3)
        arguments.append(call.integer(1).tree if len(call.args) > 1 else num(1))
        if len(call.args) > 2:
            default = unified(call.env, call.node, [given, call.value(2)])[1]
            arguments.append(cast(default.tree, given.type))
    else:
        call.arity(1)
    made = fn(call.name.lower(), *arguments)
    if ignoring:  # sqlglot prints IGNORE NULLS for its own classes only
        kind = _IGNORING[call.name]
        extra = dict(zip(("offset", "default"), arguments[1:], strict=False))
        made = exp.IgnoreNulls(this=kind(this=given.tree, **extra))
    return Typed(over(made), given.type)


def _frame(env: Env, spec: Tree | None) -> Tree | None:
    if spec is None:
        return None
    for side in ("start", "end"):
        edge = spec.args.get(side)
        if not (edge is None or isinstance(edge, (str, exp.Literal))):
            env.refuse(spec, "a window frame needs constants")
    return spec.copy()


def _percentile(env: Env, node: Tree, over: Over) -> Typed:
    """https://learn.microsoft.com/en-us/sql/t-sql/functions/percentile-cont-transact-sql"""
    inner = node.this
    name = str(inner.this).upper()
    if name not in {"PERCENTILE_CONT", "PERCENTILE_DISC"} or len(node.expression.expressions) != 1:
        return env.refuse(node, f"{name} WITHIN GROUP with OVER is not supported")
    item = node.expression.expressions[0]
    given = value(env, item.this)
    share = env.ctx.session.evaluate(value(env, inner.expressions[0]).tree)
    at = num(str(share))
    if item.args.get("desc"):
        at = minus(num(1), at)
    if name == "PERCENTILE_CONT":
        return result(over(fn("quantile_cont", cast(given.tree, "DOUBLE"), at)), types.FLOAT)
    return result(over(fn("quantile_disc", given.tree, at)), given.type)
