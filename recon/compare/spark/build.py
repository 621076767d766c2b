"""Nodes in Spark's own spelling, and values with their types."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING

from sqlglot import exp

from recon.compare import trees as t

if TYPE_CHECKING:
    from collections.abc import Callable

    from recon.compare.spark.kinds import Kind

_lambdas = count()


@dataclass(frozen=True, slots=True)
class Value:
    """A tree in Spark's spelling and the DuckDB type of what it stands for."""

    tree: exp.Expr
    kind: Kind


def cast(value: exp.Expr, spelled: str) -> exp.Expr:
    """CAST(value AS spelled), the type in Spark's words; ANSI: an error where it cannot be done."""
    return exp.Cast(this=t.own(value), to=exp.DataType.build(spelled, dialect="databricks"))


def try_cast(value: exp.Expr, spelled: str) -> exp.Expr:
    """The cast, or NULL."""
    return exp.TryCast(this=t.own(value), to=exp.DataType.build(spelled, dialect="databricks"))


def string(value: exp.Expr) -> exp.Expr:
    """Value as Spark prints it."""
    return cast(value, "STRING")


def integer(value: exp.Expr) -> exp.Expr:
    """Value with room for 38 digits."""
    return cast(value, "DECIMAL(38,0)")


def literal(value: str) -> exp.Expr:
    """A text. In a literal Spark takes NUL and digits for an octal number, so NUL goes by its code."""
    parts = value.split("\0")
    if len(parts) == 1:
        return t.text(value)
    pieces: list[exp.Expr] = [t.text(parts[0])]
    for part in parts[1:]:
        pieces += [t.call("char", t.number(0)), t.text(part)]
    return t.call("concat", *pieces)


def let(value: exp.Expr, use: Callable[[exp.Expr], exp.Expr]) -> exp.Expr:
    """`use(value)` with the value computed once: Spark's only way of naming a part of an expression."""
    if isinstance(value, exp.Column | exp.Identifier | exp.Literal):
        return use(value)
    name = f"v{next(_lambdas)}"
    body = exp.Lambda(this=use(t.column(name)), expressions=[exp.to_identifier(name)])
    return t.call("element_at", t.call("transform", t.call("array", value), body), t.number(1))


def each_item(items: exp.Expr, use: Callable[[exp.Expr], exp.Expr]) -> exp.Expr:
    """`use` of every item of an array."""
    name = f"v{next(_lambdas)}"
    body = exp.Lambda(this=use(t.column(name)), expressions=[exp.to_identifier(name)])
    return t.call("transform", items, body)


def less(one: exp.Expr, other: exp.Expr) -> exp.Expr:
    """One < other."""
    return t.operator(exp.LT, one, other)


def plus(one: exp.Expr, other: exp.Expr) -> exp.Expr:
    """One + other."""
    return t.operator(exp.Add, one, other)


def minus(one: exp.Expr, other: exp.Expr) -> exp.Expr:
    """One - other."""
    return t.operator(exp.Sub, one, other)


def times(one: exp.Expr, other: exp.Expr) -> exp.Expr:
    """One * other."""
    return t.operator(exp.Mul, one, other)


def rest(one: exp.Expr, other: exp.Expr) -> exp.Expr:
    """One % other: the sign is that of `one`."""
    return t.operator(exp.Mod, one, other)


def whole(one: exp.Expr, other: exp.Expr) -> exp.Expr:
    """The quotient of integers without its fraction, as BIGINT; it must fit one."""
    return t.operator(exp.IntDiv, one, other)
