"""A T-SQL value to a DuckDB expression with its T-SQL type. What is not known here is refused.

`value` and `predicate` are the two doors: T-SQL has conditions and values, and never one for the other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from sqlglot import exp

from recon.connectors.local.tsql.arithmetic import bitwise, calculate, negative
from recon.connectors.local.tsql.collate import collation
from recon.connectors.local.tsql.convert import convert
from recon.connectors.local.tsql.duck import binary, cast, constant, fn, num, subquery, text
from recon.connectors.local.tsql.scope import Typed
from recon.connectors.local.tsql.units import PECULIAR, peculiar
from recon.sqlscript import tsql_types as types
from recon.sqlscript.tsql_types import Family, SqlType, parse_type, united

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from recon.connectors.local.tsql.duck import Tree
    from recon.connectors.local.tsql.scope import Env

_VALUES: dict[type[Tree], Callable[[Env, Tree], Typed]] = {}
_BIGGEST_INT = 2_147_483_647


def value(env: Env, node: Tree) -> Typed:
    """The node as a value."""
    handler = _VALUES.get(type(node))
    if handler is None:
        refuse_unknown(env, node)
    made = handler(env, node)
    if env.groups is not None:
        stand_in = env.groups.get(made.tree.sql("duckdb"))
        if stand_in is not None:
            return Typed(stand_in, made.type)
    return made


def refuse_unknown(env: Env, node: Tree) -> NoReturn:
    """Say that recon does not know this construct."""
    shown = node.sql("tsql")
    shown = shown if len(shown) <= 60 else shown[:57] + "..."
    env.refuse(node, f"{shown} is not supported here")


def known(env: Env, node: Tree, *allowed: str) -> None:
    """Refuse a node that carries more than the parts named."""
    for key, part in node.args.items():
        if part and key not in allowed and not key.startswith("_"):
            env.refuse(node, f"{type(node).__name__.upper()} with {key.strip('_').upper()} is not supported")


def register(*kinds: type[Tree]) -> Callable[[Callable[[Env, Tree], Typed]], Callable[[Env, Tree], Typed]]:
    """Make a function the handler of node types."""

    def keep(handler: Callable[[Env, Tree], Typed]) -> Callable[[Env, Tree], Typed]:
        _VALUES.update(dict.fromkeys(kinds, handler))
        return handler

    return keep


def type_of(env: Env, node: Tree, kind: Tree | None) -> SqlType:
    """The type that a CAST names; `varchar` alone is varchar(30) there."""
    if kind is None:
        env.refuse(node, "a type is expected here")
    try:
        return parse_type(kind.sql("tsql"), default_length=30)
    except ValueError as error:
        env.refuse(node, str(error))


def unified(env: Env, node: Tree, values: Sequence[Typed]) -> list[Typed]:
    """Branches brought to their common type."""
    kinds = [v.type for v in values]
    target = kinds[0]
    try:
        for kind in kinds[1:]:
            target = united(target, kind)
    except ValueError as error:
        env.refuse(node, str(error), "206")
    return [convert(env, node, v, target) for v in values]


# --- Constants and names ------------------------------------------------------------------


@register(exp.Literal)
def _literal(env: Env, node: Tree) -> Typed:
    written = str(node.this)
    if node.args.get("is_string"):
        _note_letters(env, node, written)
        return Typed(text(written), types.varchar(len(written)), literal=True)
    if "e" in written.lower():
        return Typed(cast(num(written), types.FLOAT), types.FLOAT, literal=True)
    if "." not in written and int(written) <= _BIGGEST_INT:
        return Typed(num(written), types.INT, literal=True)
    whole, _, fraction = written.partition(".")
    digits = len(whole.lstrip("0")) + len(fraction)
    if digits > 38:
        env.refuse(node, "a number with more than 38 digits", "1007")
    kind = types.decimal(max(digits, 1), len(fraction))
    return Typed(cast(num(written.rstrip(".")), kind), kind, literal=True)


@register(exp.National)
def _national(env: Env, node: Tree) -> Typed:
    written = node.this if isinstance(node.this, str) else node.this.name
    _note_letters(env, node, written)
    return Typed(text(written), types.varchar(len(written), national=True), literal=True)


def _note_letters(env: Env, node: Tree, written: str) -> None:
    if not written.isascii() and peculiar(written) and not collation(env.ctx.session.collation).binary:
        env.note(node, PECULIAR)


@register(exp.HexString)
def _hex(env: Env, node: Tree) -> Typed:
    digits = str(node.this)
    digits = digits if len(digits) % 2 == 0 else "0" + digits
    kind = SqlType("varbinary", length=max(len(digits) // 2, 1))
    return Typed(fn("unhex", text(digits)), kind)


@register(exp.Null)
def _null(env: Env, node: Tree) -> Typed:
    return Typed(exp.Null(), types.NULL)


@register(exp.Paren)
def _paren(env: Env, node: Tree) -> Typed:
    inner = value(env, node.this)
    return inner if inner.literal else Typed(exp.Paren(this=inner.tree), inner.type)


@register(exp.Column)
def _column(env: Env, node: Tree) -> Typed:
    known(env, node, "this", "table", "db", "catalog")
    if not isinstance(node.this, exp.Identifier):
        refuse_unknown(env, node)
    parts = [identifier(p) for p in (node.args.get("db"), node.args.get("table")) if p]
    return env.find(node, node.this.name, tuple(parts))


def identifier(node: Tree) -> str:
    """A name as the script writes it: `#t` keeps its #."""
    prefix = "##" if node.args.get("global_") else "#" if node.args.get("temporary") else ""
    return prefix + node.name


@register(exp.Parameter, exp.SessionParameter)
def _variable(env: Env, node: Tree) -> Typed:
    system = isinstance(node.this, exp.Parameter)
    named = ("@@" if system else "@") + (node.this.name if system else node.name)
    if env.ctx.bound is not None and not system:
        held = env.ctx.bound.get(named.casefold())
        return held or env.refuse(node, f"the variable {named} is not declared", "137")
    found = env.ctx.variables.get(named)
    if found is None:
        return env.refuse(node, f"the variable {named} is not declared", "137")
    kind, held = found
    return Typed(constant(held, kind), kind)


# --- Operators ------------------------------------------------------------------------------


@register(exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Mod)
def _arithmetic(env: Env, node: Tree) -> Typed:
    kind = type(node)
    assert issubclass(kind, exp.Binary)  # noqa: S101 (for the type checker: registered above)
    return calculate(env, node, kind, value(env, node.this), value(env, node.expression))


@register(exp.BitwiseAnd, exp.BitwiseOr, exp.BitwiseXor)
def _bitwise(env: Env, node: Tree) -> Typed:
    loose = (exp.Add, exp.Sub, exp.BitwiseAnd, exp.BitwiseOr, exp.BitwiseXor)
    if isinstance(node.this, loose) or isinstance(node.expression, loose):
        # T-SQL reads + - & | ^ from left to right, the parser does not.
        return env.refuse(node, "brackets are needed where &, | or ^ meets another operator")
    name = "and" if isinstance(node, exp.BitwiseAnd) else "or" if isinstance(node, exp.BitwiseOr) else "xor"
    return bitwise(env, node, name, value(env, node.this), value(env, node.expression))


@register(exp.BitwiseNot)
def _bitwise_not(env: Env, node: Tree) -> Typed:
    inner = value(env, node.this)
    if inner.type.family is Family.BIT:
        return Typed(exp.Not(this=exp.Paren(this=inner.tree)), inner.type)
    if inner.type.family is not Family.INTEGER:
        return env.refuse(node, f"{inner.type} has no bits to turn", "8117")
    return Typed(cast(exp.BitwiseNot(this=exp.Paren(this=inner.tree)), inner.type), inner.type)


@register(exp.Neg)
def _negative(env: Env, node: Tree) -> Typed:
    return negative(env, node, value(env, node.this))


@register(exp.Collate)
def _collate(env: Env, node: Tree) -> Typed:
    inner = value(env, node.this)
    if inner.type.family is not Family.TEXT:
        return env.refuse(node, f"COLLATE on {inner.type}", "447")
    named = node.expression.name
    if named.upper() in {"DATABASE_DEFAULT", "CATALOG_DEFAULT"}:
        named = env.ctx.session.collation
    collation(named)
    kind = SqlType(inner.type.name, length=inner.type.length, collation=named)
    return Typed(inner.tree, kind, inner.literal, explicit=True)


# --- Choice and conversion --------------------------------------------------------------------


@register(exp.Cast, exp.TryCast)
def _cast(env: Env, node: Tree) -> Typed:
    known(env, node, "this", "to", "safe")
    kind = type_of(env, node, node.args.get("to"))
    return convert(env, node, value(env, node.this), kind, safe=isinstance(node, exp.TryCast))


@register(exp.Convert)
def _convert(env: Env, node: Tree) -> Typed:
    known(env, node, "this", "expression", "style", "safe")
    kind = type_of(env, node, node.this)
    style = _style(env, node)
    safe = bool(node.args.get("safe"))
    return convert(env, node, value(env, _present(env, node)), kind, style=style, safe=safe)


def _present(env: Env, node: Tree) -> Tree:
    inner = node.args.get("expression")
    return inner if isinstance(inner, exp.Expr) else env.refuse(node, "a value is expected here")


def _style(env: Env, node: Tree) -> int | None:
    written = node.args.get("style")
    if written is None:
        return None
    if isinstance(written, exp.Literal) and str(written.this).isdigit():
        return int(written.this)
    found = env.ctx.session.evaluate(value(env, written).tree)
    if isinstance(found, int):
        return found
    return env.refuse(node, "the style of CONVERT must be a whole number")


@register(exp.Subquery)
def _scalar(env: Env, node: Tree) -> Typed:
    known(env, node, "this")
    if node.this.args.get("for_") is not None:
        return env.ctx.joined(env, node.this)
    query = env.ctx.query(env, node.this)
    if len(query.outputs) != 1:
        return env.refuse(node, "a query used as a value must have one column", "116")
    return Typed(subquery(query.tree), query.outputs[0].type)


def concat_all(pieces: Sequence[Tree]) -> Tree:
    """Texts one after the other; NULL if one is."""
    made = pieces[0]
    for piece in pieces[1:]:
        made = binary(exp.DPipe, made, piece)
    return made
