"""Pieces of DuckDB SQL as sqlglot trees. No text is ever pasted into a statement.

Functions are written as plain calls (`fn`), so that sqlglot prints them as they are and changes nothing.
"""

from __future__ import annotations

from datetime import date, datetime, time
from decimal import Decimal
from typing import TYPE_CHECKING, TypeAlias

from sqlglot import exp

from recon.sqlscript.tsql_types import Family

if TYPE_CHECKING:
    from recon.sqlscript.tsql_types import SqlType

Tree: TypeAlias = exp.Expr
Value: TypeAlias = "str | int | float | bool | Decimal | date | datetime | time | bytes | None"

_PLAIN = {
    "bit": "BOOLEAN",
    "tinyint": "UTINYINT",
    "smallint": "SMALLINT",
    "int": "INT",
    "bigint": "BIGINT",
    "money": "DECIMAL(19, 4)",
    "smallmoney": "DECIMAL(10, 4)",
    "float": "DOUBLE",
    "real": "REAL",
    "date": "DATE",
    "time": "TIME",
    "datetimeoffset": "TIMESTAMPTZ",
    "null": "INT",
}
_BY_FAMILY = {
    Family.TEXT: "VARCHAR",
    Family.GUID: "VARCHAR",  # always upper case, as Synapse prints it
    Family.STAMP: "TIMESTAMP",  # microseconds: a datetime2(7) loses its seventh digit
    Family.BINARY: "BLOB",
}


def duck_type(kind: SqlType) -> exp.DataType:
    """The DuckDB type that holds values of a T-SQL type."""
    if kind.family is Family.DECIMAL:
        return plain_type(f"DECIMAL({kind.precision}, {kind.scale})")
    return plain_type(_BY_FAMILY.get(kind.family) or _PLAIN[kind.name])


def plain_type(name: str) -> exp.DataType:
    """A DuckDB type by its name."""
    return exp.DataType.build(name, dialect="duckdb")


def fn(name: str, *args: Tree) -> Tree:
    """A call of a DuckDB function."""
    return exp.Anonymous(this=name, expressions=list(args))


def num(value: int | Decimal | str) -> Tree:
    """A number, in brackets when it is negative."""
    literal = exp.Literal.number(str(value).lstrip("-"))
    return exp.Paren(this=exp.Neg(this=literal)) if str(value).startswith("-") else literal


def text(value: str) -> Tree:
    """A string."""
    return exp.Literal.string(value)


def name(value: str) -> exp.Identifier:
    """A quoted identifier."""
    return exp.to_identifier(value, quoted=True)


def column(table: str, value: str) -> Tree:
    """A quoted `"table"."column"`."""
    return exp.Column(this=name(value), table=name(table))


def cast(tree: Tree, to: SqlType | str, *, safe: bool = False) -> Tree:
    """CAST, or TRY_CAST, to the DuckDB type of a T-SQL type or to a DuckDB type by name."""
    kind = plain_type(to) if isinstance(to, str) else duck_type(to)
    return exp.TryCast(this=tree, to=kind) if safe else exp.Cast(this=tree, to=kind)


def case(*branches: tuple[Tree, Tree], default: Tree | None = None) -> Tree:
    """CASE WHEN ... THEN ... ELSE ... END."""
    ifs = [exp.If(this=when, true=then) for when, then in branches]
    return exp.Case(ifs=ifs, default=default)


def wrap(tree: Tree) -> Tree:
    """The tree in brackets, unless nothing could come apart."""
    atoms = (exp.Literal, exp.Column, exp.Paren, exp.Anonymous, exp.Cast, exp.Case, exp.Null, exp.Subquery)
    return tree if isinstance(tree, atoms) else exp.Paren(this=tree)


def binary(kind: type[exp.Binary], a: Tree, b: Tree) -> Tree:
    """An operator between two operands."""
    return kind(this=wrap(a), expression=wrap(b))


def plus(a: Tree, b: Tree) -> Tree:
    """The sum a + b."""
    return binary(exp.Add, a, b)


def minus(a: Tree, b: Tree) -> Tree:
    """The difference a - b."""
    return binary(exp.Sub, a, b)


def times(a: Tree, b: Tree) -> Tree:
    """The product a * b."""
    return binary(exp.Mul, a, b)


def whole(a: Tree, b: Tree) -> Tree:
    """The whole quotient, cut toward zero; an error when b is 0."""
    return binary(exp.IntDiv, a, b)


def is_null(tree: Tree) -> Tree:
    """Whether it is NULL."""
    return exp.Is(this=wrap(tree), expression=exp.Null())


def equal(a: Tree, b: Tree) -> Tree:
    """The comparison a = b."""
    return binary(exp.EQ, a, b)


def negate(tree: Tree) -> Tree:
    """The negation of a condition."""
    return exp.Not(this=wrap(tree))


def matches(tree: Tree, pattern: str, flags: str = "") -> Tree:
    """Whether the whole text matches a regular expression."""
    return fn("regexp_full_match", tree, text(pattern), *([text(flags)] if flags else []))


def fail(number: int, message: str) -> Tree:
    """An expression that stops the statement with SQL Server's error number when it is evaluated."""
    return fn("error", text(f"recon:{number}:{message}"))


def subquery(query: Tree, alias: str = "") -> exp.Subquery:
    """A query in brackets, as a value or, with an alias, as a table."""
    made = exp.Subquery(this=query)
    if alias:
        made.set("alias", exp.TableAlias(this=name(alias)))
    return made


def constant(value: Value, kind: SqlType) -> Tree:
    """A value of a known type: what a variable becomes where it is used."""
    if value is None:
        return cast(exp.Null(), kind)
    if isinstance(value, bool):
        return exp.true() if value else exp.false()
    if isinstance(value, bytes):
        return fn("unhex", text(value.hex()))
    if isinstance(value, (int, Decimal)):
        return cast(num(format(value, "f") if isinstance(value, Decimal) else value), kind)
    if isinstance(value, (datetime, time)):
        return cast(text(value.isoformat(*([" "] if isinstance(value, datetime) else []))), kind)
    if isinstance(value, float):
        return cast(text(repr(value)), kind)
    return cast(text(value.isoformat() if isinstance(value, date) else value), kind)
