"""T-SQL's arithmetic on DuckDB: whole division, exact decimal scales, truncated quotients, overflow.

https://learn.microsoft.com/en-us/sql/t-sql/data-types/precision-scale-and-length-transact-sql
https://learn.microsoft.com/en-us/sql/t-sql/language-elements/divide-transact-sql
A decimal quotient is cut at its scale, a product is rounded (published SQL Server outputs: 2.0/3 = 0.666666).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from recon.connectors.local.tsql.convert import convert
from recon.connectors.local.tsql.convert_time import since_1900
from recon.connectors.local.tsql.duck import (
    binary,
    case,
    cast,
    equal,
    fail,
    fn,
    minus,
    num,
    plus,
    text,
    times,
    whole,
)
from recon.connectors.local.tsql.scope import Typed
from recon.sqlscript import tsql_types as types
from recon.sqlscript.tsql_types import MAX, RANK, Family, SqlType

if TYPE_CHECKING:
    from collections.abc import Callable

    from recon.connectors.local.tsql.duck import Tree
    from recon.connectors.local.tsql.scope import Env

_DAY = 86_400_000_000
_BY_ZERO = "Divide by zero error encountered."
_RESULTS: dict[type[exp.Binary], Callable[[SqlType, SqlType], SqlType]] = {
    exp.Add: types.added,
    exp.Sub: types.added,
    exp.Mul: types.multiplied,
    exp.Div: types.divided,
    exp.Mod: types.remainder,
}


def calculate(env: Env, node: Tree, kind: type[exp.Binary], a: Typed, b: Typed) -> Typed:
    """`a + b` and its kin. ProgramError where T-SQL knows no such operation."""
    a, b = _null_as(env, node, a, b.type), _null_as(env, node, b, a.type)
    if kind is exp.Add and a.type.family is Family.TEXT and b.type.family is Family.TEXT:
        return concatenated(a, b)
    if Family.STAMP in {a.type.family, b.type.family}:
        return _shifted(env, node, kind, a, b)
    higher = a.type if RANK[a.type.name] >= RANK[b.type.name] else b.type
    if higher.family is Family.FLOAT:
        return _float(env, node, kind, a, b, higher)
    if higher.family is Family.DECIMAL:
        return _decimal(env, node, kind, _as_decimal(env, node, a, b), _as_decimal(env, node, b, a))
    if higher.family is Family.MONEY:
        return _money(env, node, kind, convert(env, node, a, higher), convert(env, node, b, higher))
    if higher.family in {Family.INTEGER, Family.BIT}:
        return _integer(env, node, kind, a, b, higher)
    return env.refuse(node, f"{a.type} and {b.type} cannot be calculated with", "206")


def _null_as(env: Env, node: Tree, value: Typed, other: SqlType) -> Typed:
    if value.type.family is not Family.NULL:
        return value
    return convert(env, node, value, types.INT if other.family is Family.NULL else other)


def concatenated(a: Typed, b: Typed) -> Typed:
    """`a + b` of texts; NULL if either is."""
    national = a.type.national or b.type.national
    length = MAX if MAX in {a.type.length, b.type.length} else a.type.length + b.type.length
    kind = types.varchar(length, national, a.type.collation or b.type.collation)
    joined = binary(exp.DPipe, a.tree, b.tree)
    return Typed(fn("left", joined, num(kind.length)) if kind.length not in {MAX, length} else joined, kind)


def _as_decimal(env: Env, node: Tree, value: Typed, other: Typed) -> Typed:
    """A whole constant has as many digits as it is written with; an int column has ten. Text takes on the
    type of the other value; so published outputs: 9.999 * '9.999' is decimal(9,6), 9.99 * '9.999' overflows.

    https://stackoverflow.com/questions/17718721/decimal-precision-and-scale
    """
    if value.type.family is Family.TEXT:
        return convert(env, node, value, other.type)
    if value.literal and value.type.family is Family.INTEGER:
        kind = types.decimal(len(value.tree.name.lstrip("0")) or 1, 0)
        return Typed(cast(value.tree, kind), kind)
    return convert(env, node, value, types.as_decimal(value.type))


def _integer(env: Env, node: Tree, kind: type[exp.Binary], a: Typed, b: Typed, to: SqlType) -> Typed:
    if to.family is Family.BIT:
        return env.refuse(node, "bits cannot be calculated with", "402")
    left, right = convert(env, node, a, to).tree, convert(env, node, b, to).tree
    made = whole(left, right) if kind is exp.Div else binary(kind, left, right)
    return Typed(cast(made, to), to)


def _float(env: Env, node: Tree, kind: type[exp.Binary], a: Typed, b: Typed, to: SqlType) -> Typed:
    left, right = convert(env, node, a, to).tree, convert(env, node, b, to).tree
    if kind is exp.Mod:
        return env.refuse(node, "% needs whole numbers or decimals", "402")
    if kind is exp.Div:
        right = case((equal(right, num(0)), fail(8134, _BY_ZERO)), default=right)
    made = binary(kind, left, right)
    finite = fn("isfinite", made)
    overflow = fail(8115, "Arithmetic overflow error converting expression to data type float.")
    return Typed(cast(case((exp.Not(this=finite), overflow), default=made), to), to)


def _decimal(env: Env, node: Tree, kind: type[exp.Binary], a: Typed, b: Typed) -> Typed:
    to = _RESULTS[kind](a.type, b.type)
    if kind is exp.Div:
        return Typed(quotient(a, b, to), to)
    if kind is exp.Mul and a.type.scale + b.type.scale > 38:
        return env.refuse(node, f"the product of {a.type} and {b.type} has more digits than recon can hold")
    return Typed(cast(binary(kind, a.tree, b.tree), to), to)


def _money(env: Env, node: Tree, kind: type[exp.Binary], a: Typed, b: Typed) -> Typed:
    to = a.type
    if kind is exp.Div:
        return Typed(quotient(a, b, to), to)
    return Typed(cast(binary(kind, a.tree, b.tree), to), to)


def quotient(a: Typed, b: Typed, to: SqlType) -> Tree:
    """`a / b` cut at the scale of `to`, exactly, through 128-bit integers."""
    shift = to.scale - a.type.scale + b.type.scale
    above, below = unscaled(a), unscaled(b)
    if shift >= 0:
        above = times(above, _power(shift))
    else:
        below = times(below, _power(-shift))
    return scaled(whole(above, below), to)


def _power(digits: int) -> Tree:
    return cast(num(10**digits), "HUGEINT")


def unscaled(value: Typed) -> Tree:
    """The digits of a decimal as a whole number."""
    scale = value.type.scale
    if scale == 0:
        return cast(value.tree, "HUGEINT")
    if value.type.precision + scale <= 38:
        return cast(times(value.tree, cast(num(10**scale), types.decimal(scale + 1, 0))), "HUGEINT")
    return cast(fn("replace", cast(value.tree, "VARCHAR"), text("."), text("")), "HUGEINT")


def scaled(digits: Tree, to: SqlType) -> Tree:
    """A whole number with the decimal point put back."""
    if to.scale == 0:
        return cast(digits, to)
    unit = cast(num("0." + "0" * (to.scale - 1) + "1"), types.decimal(to.scale, to.scale))
    return cast(times(cast(digits, "DECIMAL(38, 0)"), unit), to)


def _shifted(env: Env, node: Tree, kind: type[exp.Binary], a: Typed, b: Typed) -> Typed:
    """`datetime + days`: only datetime and smalldatetime can do that."""
    stamp, days = (a, b) if a.type.family is Family.STAMP else (b, a)
    if stamp.type.name == "datetime2" or kind not in {exp.Add, exp.Sub}:
        return env.refuse(node, f"{a.type} and {b.type} cannot be calculated with", "206")
    if days.type.family in {Family.STAMP, Family.TEXT} and days.type.name != "datetime2":
        return _two_stamps(env, node, kind, a, b)
    if (kind is exp.Sub and stamp is b) or days.type.family in {Family.STAMP, Family.DATE, Family.TIME}:
        return env.refuse(node, f"{a.type} and {b.type} cannot be calculated with", "402")
    micros = cast(fn("round", times(cast(days.tree, "DOUBLE"), num(_DAY))), "BIGINT")
    moved = (plus if kind is exp.Add else minus)(since_1900(stamp.tree), micros)
    base = cast(text("1900-01-01"), "TIMESTAMP")
    result = Typed(plus(base, fn("to_microseconds", moved)), types.DATETIME2)
    return convert(env, node, result, stamp.type)


def _two_stamps(env: Env, node: Tree, kind: type[exp.Binary], a: Typed, b: Typed) -> Typed:
    """`datetime + datetime`: both count from 1900-01-01, and so does the result. Text is read as the other.

    https://learn.microsoft.com/en-us/sql/t-sql/language-elements/add-transact-sql
    """
    stamps = [x.type for x in (a, b) if x.type.family is Family.STAMP]
    to = max(stamps, key=lambda stamp: RANK[stamp.name])
    left, right = (since_1900(convert(env, node, x, to).tree) for x in (a, b))
    moved = (plus if kind is exp.Add else minus)(left, right)
    base = cast(text("1900-01-01"), "TIMESTAMP")
    return convert(env, node, Typed(plus(base, fn("to_microseconds", moved)), types.DATETIME2), to)


def bitwise(env: Env, node: Tree, name: str, a: Typed, b: Typed) -> Typed:
    """`a & b`, `a | b`, `a ^ b` on whole numbers."""
    kind = a.type if RANK[a.type.name] >= RANK[b.type.name] else b.type
    if a.type.family is Family.BIT and b.type.family is Family.BIT:
        wide = [cast(x.tree, "INT") for x in (a, b)]
        return Typed(cast(_bits(name, wide[0], wide[1]), "BOOLEAN"), types.BIT)
    if kind.family is not Family.INTEGER:
        return env.refuse(node, f"{a.type} and {b.type} have no bits to work on", "402")
    left, right = convert(env, node, a, kind).tree, convert(env, node, b, kind).tree
    return Typed(cast(_bits(name, left, right), kind), kind)


def _bits(name: str, a: Tree, b: Tree) -> Tree:
    if name == "xor":
        return fn("xor", a, b)
    return binary(exp.BitwiseAnd if name == "and" else exp.BitwiseOr, a, b)


def negative(env: Env, node: Tree, value: Typed) -> Typed:
    """The number `-value`."""
    if value.type.family in {Family.INTEGER, Family.DECIMAL, Family.MONEY, Family.FLOAT}:
        kind = SqlType("smallint") if value.type.name == "tinyint" else value.type
        return Typed(cast(exp.Neg(this=exp.Paren(this=cast(value.tree, kind))), kind), kind)
    return env.refuse(node, f"{value.type} has no sign", "8117")
