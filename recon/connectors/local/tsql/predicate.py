"""T-SQL conditions: comparisons under the collation, IN, LIKE, BETWEEN, EXISTS."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from recon.connectors.local.tsql.collate import common, folded, like
from recon.connectors.local.tsql.convert import convert
from recon.connectors.local.tsql.duck import binary, case, cast, is_null, negate, subquery, wrap
from recon.connectors.local.tsql.expr import known, refuse_unknown, register, unified, value
from recon.connectors.local.tsql.scope import Typed
from recon.connectors.local.tsql.sort_order import in_order
from recon.sqlscript import tsql_types as types
from recon.sqlscript.tsql_types import Family, SqlType, united

if TYPE_CHECKING:
    from collections.abc import Callable

    from recon.connectors.local.tsql.duck import Tree
    from recon.connectors.local.tsql.scope import Env

_EXACT = {Family.INTEGER, Family.BIT, Family.DECIMAL, Family.MONEY}


def predicate(env: Env, node: Tree) -> Tree:
    """The node as a condition."""
    handler = _CONDITIONS.get(type(node))
    if handler is None:
        refuse_unknown(env, node)
    return handler(env, node)


def filtering(env: Env, node: Tree) -> Tree:
    """The condition of a WHERE. A part that can fail is asked only where the parts that cannot hold.

    `WHERE ISNUMERIC(x) = 1 AND CAST(x AS int) > 5`: T-SQL promises no order, yet such code is common and
    works there, while DuckDB asks the parts in any order.
    """
    parts = _conjuncts(predicate(env, node))
    risky = [p for p in parts if _can_fail(p)]
    safe = [p for p in parts if not _can_fail(p)]
    if not risky or not safe:
        return _all_of(parts)
    return _all_of([*safe, case((_all_of(safe), _all_of(risky)), default=exp.false())])


def _conjuncts(tree: Tree) -> list[Tree]:
    if isinstance(tree, exp.Paren):
        return _conjuncts(tree.this) if isinstance(tree.this, (exp.And, exp.Paren)) else [tree]
    if isinstance(tree, exp.And):
        return [*_conjuncts(tree.this), *_conjuncts(tree.expression)]
    return [tree]


def _all_of(parts: list[Tree]) -> Tree:
    made = parts[0]
    for part in parts[1:]:
        made = binary(exp.And, made, part)
    return made


def _can_fail(tree: Tree) -> bool:
    calls = (str(n.this) for n in tree.find_all(exp.Anonymous))
    return tree.find(exp.IntDiv, exp.Div, exp.Mod) is not None or "error" in calls


def compared(env: Env, node: Tree, kind: type[exp.Binary], a: Typed, b: Typed) -> Tree:
    """`a = b` and its kin between values of any two types that T-SQL compares."""
    left, right, meet = comparable(env, node, a, b)
    if meet.family is Family.TEXT and kind not in {exp.EQ, exp.NEQ, exp.NullSafeEQ, exp.NullSafeNEQ}:
        return in_order(env, node, kind, left, right, meet)
    return binary(kind, folded(env, left, meet), folded(env, right, meet))


def comparable(env: Env, node: Tree, a: Typed, b: Typed) -> tuple[Tree, Tree, SqlType]:
    """Both values as DuckDB can compare them, and the type under which they meet."""
    one, two = a.type.family, b.type.family
    if one is Family.TEXT and two is Family.TEXT:
        return a.tree, b.tree, common(env, node, a, b)
    if one in _EXACT and two in _EXACT:
        return _plain(a), _plain(b), types.INT
    try:
        meet = united(a.type, b.type)
    except ValueError as error:
        env.refuse(node, str(error), "206")
    if meet.family is Family.DECIMAL and Family.TEXT in {one, two}:
        # Text takes on the type of the decimal it is compared with.
        meet = a.type if one is Family.DECIMAL else b.type
    return convert(env, node, a, meet).tree, convert(env, node, b, meet).tree, meet


def _plain(x: Typed) -> Tree:
    return cast(x.tree, "INT") if x.type.family is Family.BIT else x.tree


def _comparison(env: Env, node: Tree) -> Tree:
    known(env, node, "this", "expression")
    kind = type(node)
    assert issubclass(kind, exp.Binary)  # noqa: S101 (for the type checker: see _CONDITIONS)
    if isinstance(node.expression, (exp.All, exp.Any)):
        return _quantified(env, node, kind)
    return compared(env, node, kind, value(env, node.this), value(env, node.expression))


def _quantified(env: Env, node: Tree, kind: type[exp.Binary]) -> Tree:
    """`x > ALL (SELECT ..)`: false if it fails for a row, else unknown if a row cannot tell. ANY likewise.

    https://learn.microsoft.com/en-us/sql/t-sql/language-elements/all-transact-sql
    """
    every = isinstance(node.expression, exp.All)
    query = env.ctx.query(env, node.expression.this)
    if len(query.outputs) != 1:
        return env.refuse(node, "the query of ALL, ANY or SOME must have one column", "116")
    alias = env.ctx.alias("q")
    member = Typed(exp.Column(this=_name("c0"), table=_name(alias)), query.outputs[0].type)
    holds = compared(env, node, kind, value(env, node.this), member)

    def some(condition: Tree) -> Tree:
        rows = exp.select(exp.Literal.number("1")).from_(subquery(query.tree.copy(), alias))
        return exp.Exists(this=rows.where(condition))

    decides = some(negate(holds.copy()) if every else holds.copy())
    unknown = some(is_null(exp.Paren(this=holds.copy())))
    outcome = exp.false() if every else exp.true()
    otherwise = exp.true() if every else exp.false()
    return case((decides, outcome), (unknown, cast(exp.Null(), types.BIT)), default=otherwise)


def _logic(env: Env, node: Tree) -> Tree:
    kind = type(node)
    assert issubclass(kind, exp.Binary)  # noqa: S101 (for the type checker: see _CONDITIONS)
    return binary(kind, predicate(env, node.this), predicate(env, node.expression))


def _not(env: Env, node: Tree) -> Tree:
    return negate(exp.Paren(this=predicate(env, node.this)))


def _paren(env: Env, node: Tree) -> Tree:
    return exp.Paren(this=predicate(env, node.this))


def _is(env: Env, node: Tree) -> Tree:
    if not isinstance(node.expression, exp.Null):
        refuse_unknown(env, node)
    return is_null(value(env, node.this).tree)


def _between(env: Env, node: Tree) -> Tree:
    known(env, node, "this", "low", "high")
    subject = value(env, node.this)
    low = compared(env, node, exp.GTE, subject, value(env, node.args["low"]))
    high = compared(env, node, exp.LTE, subject, value(env, node.args["high"]))
    return exp.Paren(this=exp.And(this=low, expression=high))


def _in(env: Env, node: Tree) -> Tree:
    known(env, node, "this", "expressions", "query")
    subject = value(env, node.this)
    if node.args.get("query") is not None:
        return _in_query(env, node, subject)
    if not node.expressions:
        refuse_unknown(env, node)
    tests = [compared(env, node, exp.EQ, subject, value(env, m)) for m in node.expressions]
    made = tests[0]
    for test in tests[1:]:
        made = exp.Or(this=made, expression=test)
    return exp.Paren(this=made)


def _in_query(env: Env, node: Tree, subject: Typed) -> Tree:
    inner = node.args["query"]
    query = env.ctx.query(env, inner.this if isinstance(inner, exp.Subquery) else inner)
    if len(query.outputs) != 1:
        return env.refuse(node, "the query of an IN must have one column", "116")
    alias = env.ctx.alias("q")
    member = Typed(
        exp.Column(this=exp.to_identifier("c0", quoted=True), table=_name(alias)), query.outputs[0].type
    )
    left, right, meet = comparable(env, node, subject, member)
    chosen = exp.select(folded(env, right, meet)).from_(subquery(query.tree, alias))
    return exp.In(this=wrap(folded(env, left, meet)), query=exp.Subquery(this=chosen))


def _name(alias: str) -> exp.Identifier:
    return exp.to_identifier(alias, quoted=True)


def _like(env: Env, node: Tree) -> Tree:
    escape = ""
    if isinstance(node, exp.Escape):
        known(env, node, "this", "expression")
        escape = node.expression.name
        node = node.this
        if not isinstance(node, exp.Like):
            refuse_unknown(env, node)
    known(env, node, "this", "expression", "negate")
    subject, pattern = value(env, node.this), value(env, node.expression)
    both = [_as_text(env, node, subject), _as_text(env, node, pattern)]
    made = like(env, node, both[0], both[1], escape)
    return negate(made) if node.args.get("negate") else made


def _as_text(env: Env, node: Tree, x: Typed) -> Typed:
    if x.type.family is Family.TEXT:
        return x
    return convert(env, node, x, types.varchar(8000))


def _exists(env: Env, node: Tree) -> Tree:
    known(env, node, "this")
    query = env.ctx.query(env, node.this)
    return exp.Exists(this=query.tree)


def _and_nothing_else(env: Env, node: Tree) -> Tree:
    """A bit is no condition in T-SQL: error 4145."""
    return env.refuse(node, "a condition is expected here", "4145")


_CONDITIONS: dict[type[Tree], Callable[[Env, Tree], Tree]] = {
    **dict.fromkeys((exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE), _comparison),
    **dict.fromkeys((exp.NullSafeEQ, exp.NullSafeNEQ), _comparison),
    **dict.fromkeys((exp.And, exp.Or), _logic),
    **dict.fromkeys((exp.Like, exp.Escape), _like),
    **dict.fromkeys((exp.Column, exp.Literal), _and_nothing_else),
    exp.Not: _not,
    exp.Paren: _paren,
    exp.Is: _is,
    exp.Between: _between,
    exp.In: _in,
    exp.Exists: _exists,
}


@register(exp.Case)
def _case(env: Env, node: Tree) -> Typed:
    known(env, node, "this", "ifs", "default")
    subject = node.this
    tests: list[Tree] = []
    branches: list[Tree] = []
    for when in node.args["ifs"]:
        if subject is None:
            tests.append(predicate(env, when.this))
        else:
            tests.append(compared(env, when, exp.EQ, value(env, subject), value(env, when.this)))
        branches.append(when.args["true"])
    default = node.args.get("default")
    made = unified(env, node, [value(env, b) for b in (*branches, *([default] if default else []))])
    pairs = zip(tests, (m.tree for m in made), strict=False)
    return Typed(case(*pairs, default=made[-1].tree if default else None), made[0].type)
