"""Patterns that both dialects spell alike: order, ties, windows, grouping, collation, plain operators."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from recon.sqlscript.lint.families import is_whole
from recon.sqlscript.lint.found import DUCKDB, LOCAL, Found, calls_of, literal, unwrapped
from recon.sqlscript.tsql_types import Family

if TYPE_CHECKING:
    from collections.abc import Iterator

    from recon.sqlscript.lint.found import Look, Rule

_RANKING = {"ROW_NUMBER", "FIRST_VALUE", "LAST_VALUE", "LAG", "LEAD", "NTILE", "FIRST", "LAST"}
_CUT = {"FLOOR", "INT", "BIGINT", "CEIL", "CEILING"}


def divide(node: exp.Expr, look: Look) -> Iterator[Found]:
    """`/`: whole numbers, decimals and money divide in other ways on the two systems."""
    kinds = [look.kind(node.args[part]) for part in ("this", "expression")]
    families = {kind.family for kind in kinds if kind}
    if families & {Family.FLOAT, Family.DATE, Family.STAMP}:
        return
    if Family.MONEY in families:
        yield Found("MONEY_PRECISION", node, _MONEY)
    elif Family.DECIMAL in families and len([k for k in kinds if k]) == 2:
        hides = "" if look.tsql else DUCKDB
        yield Found("DECIMAL_ROUNDING", node, _DECIMAL, certain=False, hides=hides)
    elif all(is_whole(kind) for kind in kinds):
        if not (not look.tsql and _cut(node)):
            yield Found("INT_DIVISION", node, _INTEGERS)
    elif not families & {Family.DECIMAL, Family.TEXT} and not _cut(node):
        yield Found("INT_DIVISION", node, _PERHAPS_INTEGERS, certain=False)


_MONEY = (
    "money keeps four decimals through / and *, a DECIMAL(19,4) in Databricks many more: cast each "
    "intermediate result to DECIMAL(19,4)"
)
_DECIMAL = (
    "T-SQL cuts a decimal quotient off at the result's scale, Databricks rounds it half up: the last digit "
    "may differ"
)
_INTEGERS = (
    "division of integers: T-SQL drops the fraction, Databricks keeps it (DOUBLE). Use DIV, or "
    "CAST(a / b AS INT)"
)
_PERHAPS_INTEGERS = (
    "if both sides are integers, T-SQL drops the fraction of this division, Databricks keeps it"
)


def _cut(node: exp.Expr) -> bool:
    """Whether the fraction is dropped right away."""
    parent = node.parent
    while isinstance(parent, exp.Paren):
        parent = parent.parent
    if isinstance(parent, (exp.Cast, exp.TryCast)):
        return parent.to.is_type(*exp.DataType.INTEGER_TYPES)
    return isinstance(parent, exp.Anonymous) and parent.name.upper() in _CUT


def multiply(node: exp.Expr, look: Look) -> Iterator[Found]:
    """`*` of money."""
    kinds = [look.kind(node.args[part]) for part in ("this", "expression")]
    families = {k.family for k in kinds if k}
    if look.tsql and Family.MONEY in families and Family.INTEGER not in families:
        yield Found("MONEY_PRECISION", node, _MONEY, certain=False)


def average(node: exp.Expr, look: Look) -> Iterator[Found]:
    """AVG of whole numbers and of decimals."""
    inner = node.expressions[0] if node.expressions else None
    kind = look.kind(inner)
    if is_whole(kind):
        if look.tsql or not _cut(node):
            yield Found(
                "AVG_INT", node, "AVG of integers is an integer in T-SQL, with a fraction in Databricks"
            )
    elif kind is None:
        if look.tsql:
            said = "AVG of an integer column is an integer in T-SQL, with a fraction in Databricks"
            yield Found("AVG_INT", node, said, certain=False)
    elif kind.family is Family.DECIMAL:
        said = (
            "T-SQL cuts an average of decimals off, Databricks rounds it half up: the last digit may differ"
        )
        yield Found("DECIMAL_ROUNDING", node, said, certain=False, hides="" if look.tsql else DUCKDB)
    elif kind.family is Family.FLOAT:
        yield Found("FLOAT_NOISE", node, _NOISE, certain=False)


_NOISE = "a sum of floats depends on the order of the rows: the last digits may differ from run to run"


def total(node: exp.Expr, look: Look) -> Iterator[Found]:
    """SUM of floats."""
    kind = look.kind(node.expressions[0]) if node.expressions else None
    if kind and kind.family is Family.FLOAT:
        yield Found("FLOAT_NOISE", node, _NOISE, certain=False)


# --- Order ------------------------------------------------------------------------------------


def limited(node: exp.Expr, look: Look) -> Iterator[Found]:
    """TOP and LIMIT: without ORDER BY any rows may come."""
    query = node.parent
    if not isinstance(query, exp.Query):
        return
    word = "TOP" if look.tsql else "LIMIT"
    options = node.args.get("limit_options")
    if isinstance(options, exp.LimitOptions) and (
        options.args.get("percent") or options.args.get("with_ties")
    ):
        what = "PERCENT (rounds the number of rows up)" if options.args.get("percent") else "WITH TIES"
        said = f"TOP ... {what} has no counterpart in LIMIT: use RANK() <= n, or ceil(n * count / 100)"
        yield Found("TOP_VARIANTS", node, said)
    if query.args.get("order") or literal(node.args.get("expression")) == "0" or _only_existence(query):
        return
    if not _one_row(query):
        said = f"{word} without ORDER BY: which rows it takes is not defined, on either system"
        yield Found("NONDETERMINISTIC_ORDER", node, said, hides=LOCAL, place=query)


def _only_existence(query: exp.Expr) -> bool:
    at = query.parent
    while isinstance(at, (exp.Subquery, exp.Paren)):
        at = at.parent
    return isinstance(at, exp.Exists)


def _one_row(query: exp.Expr) -> bool:
    """Whether it has one row whatever it reads: aggregates without GROUP BY, or no FROM."""
    if not query.args.get("from_"):
        return True
    selects = query.selects if isinstance(query, exp.Query) else []
    whole = all(any(name in _WHOLE for name, _ in calls_of(s)) for s in selects)
    return bool(selects) and whole and not query.args.get("group")


_WHOLE = {"COUNT", "SUM", "MIN", "MAX", "AVG", "COUNT_BIG"}


def window(node: exp.Expr, look: Look) -> Iterator[Found]:
    """Ranking and picking by an order that may have ties, or by none."""
    call = unwrapped(node.this)
    inner = call.this if isinstance(call, (exp.IgnoreNulls, exp.RespectNulls)) else call
    name = inner.name.upper() if isinstance(inner, exp.Anonymous) else ""
    if name not in _RANKING:
        return
    order = node.args.get("order")
    keys = [o.this for o in order.expressions] if isinstance(order, exp.Order) else []
    if not any(key.find(exp.Column) for key in keys):
        said = f"{name} without an order of its own numbers or picks rows as they come"
        yield Found("NONDETERMINISTIC_ORDER", node, said, hides=LOCAL)
    else:
        said = (
            f"where rows tie in this order, {name} picks one of them by chance: order by a unique column too"
        )
        yield Found("NONDETERMINISTIC_ORDER", node, said, certain=False)


def grouping(node: exp.Expr, look: Look) -> Iterator[Found]:
    """ROLLUP and CUBE over no rows."""
    word = type(node).__name__.upper()
    said = f"{word} over no rows gives no row on Spark; other systems give a row of totals"
    yield Found("EMPTY_GROUPING", node, said, certain=False, hides="" if look.tsql else DUCKDB)


SHARED_NODES: dict[type[exp.Expr], Rule] = {
    exp.Div: divide,
    exp.Mul: multiply,
    exp.Limit: limited,
    exp.Fetch: limited,
    exp.Window: window,
    exp.Rollup: grouping,
    exp.Cube: grouping,
}
SHARED_CALLS: dict[str, Rule] = {"AVG": average, "SUM": total}
