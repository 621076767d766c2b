"""Values from one T-SQL type to another, as CAST, CONVERT, assignment and implicit conversion do it.

https://learn.microsoft.com/en-us/sql/t-sql/functions/cast-and-convert-transact-sql
What SQL Server would reject stops the statement here too, with the same error number; TRY_ gives NULL.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from sqlglot import exp

from recon.connectors.local.tsql import code_page, convert_binary, convert_text, convert_time, units
from recon.connectors.local.tsql.duck import (
    binary,
    case,
    cast,
    equal,
    fail,
    fn,
    is_null,
    matches,
    negate,
    num,
    plus,
    text,
    whole,
)
from recon.connectors.local.tsql.scope import Typed
from recon.connectors.local.tsql.watched import watch_values
from recon.sqlscript.tsql_types import MAX, Family, SqlType

if TYPE_CHECKING:
    from collections.abc import Callable

    from recon.connectors.local.tsql.duck import Tree
    from recon.connectors.local.tsql.scope import Env

_INTEGER = r"[+-]?\s*[0-9]+"
_NUMBER = r"[+-]?\s*([0-9]+\.?[0-9]*|\.[0-9]+)"
_FLOAT = r"[+-]?\s*([0-9]+\.?[0-9]*|\.[0-9]+)([eEdD][+-]?[0-9]+)?"
_GUID = r"\{?[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}\}?.*"
_DAY = 86_400_000_000  # microseconds
_NUMBERS = {Family.INTEGER, Family.BIT, Family.DECIMAL, Family.MONEY, Family.FLOAT}


@dataclass(frozen=True, slots=True)
class Conversion:
    """What one conversion needs to know. `safe`: NULL instead of an error. `style`: CONVERT's, 0 if none."""

    env: Env
    node: Tree
    source: SqlType
    to: SqlType
    style: int | None = None
    safe: bool = False

    def failing(self, number: int, message: str) -> Tree:
        """What stands where a value cannot be converted."""
        return cast(exp.Null(), self.to) if self.safe else fail(number, message)

    def checked(self, tree: Tree, test: Tree, good: Tree, number: int = 245) -> Tree:
        """`good` where the test holds, NULL for NULL, an error elsewhere."""
        message = f"Conversion failed when converting a {self.source} value to {self.to}."
        return case(
            (is_null(tree), cast(exp.Null(), self.to)),
            (test, good),
            default=self.failing(number, message),
        )

    def plain(self, tree: Tree) -> Tree:
        """DuckDB's own conversion, which rounds half away from zero and checks the range."""
        return cast(tree, self.to, safe=self.safe)


def convert(
    env: Env, node: Tree, value: Typed, to: SqlType, *, style: int | None = None, safe: bool = False
) -> Typed:
    """`value` as `to`, by the rules of CAST. ProgramError for a pair of types that T-SQL does not convert."""
    if value.type.family is Family.NULL:
        return Typed(cast(exp.Null(), to), to)
    if value.type == to and not to.fixed and style is None:
        return value
    made = _TARGETS[to.family](Conversion(env, node, value.type, to, style, safe), value.tree)
    if isinstance(value.tree, exp.Literal) and Family.TEXT is value.type.family is not to.family:
        made = env.ctx.session.folded(made, to)
    return Typed(made, to)


def assign(env: Env, node: Tree, value: Typed, to: SqlType, column: str) -> Tree:
    """`value` as it is stored in a column. Text that is too long is an error, blanks at its end apart.

    Error 8152: https://learn.microsoft.com/en-us/sql/t-sql/statements/set-ansi-warnings-transact-sql
    """
    long_text = value.type.family is Family.TEXT and to.family is Family.TEXT and to.length != MAX
    if long_text and not MAX < value.type.length <= to.length:
        given = _in_code_page(env, node, value.tree, value.type, to)
        size = units.size(env, fn("rtrim", given, text(" ")), to)
        message = f"String or binary data would be truncated in column {column}."
        kept = units.by_units(env, given, to, lambda t: fn("left", t, num(to.length)))
        tree = case((binary(exp.GT, size, num(to.length)), fail(8152, message)), default=kept)
        return convert_text.padded(tree, to)
    return convert(env, node, value, to).tree


def _clash(c: Conversion) -> Tree:
    if Family.BINARY in {c.source.family, c.to.family}:
        return c.env.refuse(c.node, f"{c.source} to {c.to} is not supported here")
    return c.env.refuse(c.node, f"{c.source} cannot be converted to {c.to}", "529")


def _to_integer(c: Conversion, tree: Tree) -> Tree:
    family = c.source.family
    if family is Family.BINARY:
        return convert_binary.to_number(tree, c.to)
    if family is Family.TEXT:
        bare = fn("trim", tree)
        digits = cast(fn("replace", bare, text(" "), text("")), c.to, safe=c.safe)
        number = case((equal(bare, text("")), num(0)), default=digits)
        return c.checked(tree, matches(bare, f"({_INTEGER})?"), number)
    if family in {Family.DECIMAL, Family.FLOAT}:
        return c.plain(fn("trunc", tree))
    if family in {Family.INTEGER, Family.BIT, Family.MONEY}:
        return c.plain(tree)  # money is rounded, not cut
    if c.source.name in {"datetime", "smalldatetime"}:
        return c.plain(whole(plus(convert_time.since_1900(tree), num(_DAY // 2)), num(_DAY)))
    return _clash(c)


def _to_bit(c: Conversion, tree: Tree) -> Tree:
    if c.source.family is Family.TEXT:
        bare = fn("lower", fn("trim", tree))
        digits = fn("replace", bare, text(" "), text(""))
        zero = matches(digits, r"[+-]?0+|false|")
        return c.checked(tree, matches(bare, f"({_INTEGER})?|true|false"), negate(zero))
    if c.source.family in _NUMBERS:
        return binary(exp.NEQ, tree, num(0))
    return _clash(c)


def _to_decimal(c: Conversion, tree: Tree) -> Tree:
    family = c.source.family
    if family is Family.TEXT:
        bare = fn("replace", fn("trim", tree), text(" "), text(""))
        return c.checked(tree, matches(bare, _NUMBER), c.plain(bare), 8114)
    if family is Family.FLOAT:
        c.env.note(c.node, f"a float that lies half way may round the other way when it becomes {c.to}")
        return c.plain(tree)
    if family is Family.BIT:
        return c.plain(cast(tree, "INT"))
    return c.plain(tree) if family in _NUMBERS else _clash(c)


def _to_money(c: Conversion, tree: Tree) -> Tree:
    if c.source.family is Family.TEXT:
        bare = fn("regexp_replace", tree, text(r"[\s$,]"), text(""), text("g"))
        number = case((equal(bare, text("")), num(0)), default=c.plain(bare))
        return c.checked(tree, matches(bare, f"({_NUMBER})?"), number, 235)
    return _to_decimal(c, tree)


def _to_float(c: Conversion, tree: Tree) -> Tree:
    family = c.source.family
    if family is Family.TEXT:
        bare = fn("replace", fn("trim", tree), text(" "), text(""))
        number = case((equal(bare, text("")), num(0)), default=c.plain(bare))
        return c.checked(tree, matches(bare, f"({_FLOAT})?"), number, 8114)
    if c.source.name in {"datetime", "smalldatetime"}:
        return c.plain(binary(exp.Div, cast(convert_time.since_1900(tree), "DOUBLE"), num(_DAY)))
    return c.plain(tree) if family in _NUMBERS else _clash(c)


def _to_text(c: Conversion, tree: Tree) -> Tree:
    tree = _in_code_page(c.env, c.node, tree, c.source, c.to)
    spelled, length = convert_text.spelled(c.env, c.node, tree, c.source, c.style)
    if c.to.length != MAX and not 0 <= length <= c.to.length:
        if c.source.family in _NUMBERS:
            spelled = _no_room(c, spelled)
        elif c.source.family is Family.TEXT:
            spelled = units.by_units(c.env, spelled, c.to, lambda t: fn("left", t, num(c.to.length)))
        else:
            spelled = fn("left", spelled, num(c.to.length))
    return convert_text.padded(spelled, c.to)


# What the code page 1252 has: https://learn.microsoft.com/en-us/windows/win32/intl/code-page-identifiers
_CP1252 = (
    r"\x00-\x{00FF}\x{20AC}\x{201A}\x{0192}\x{201E}\x{2026}\x{2020}\x{2021}\x{02C6}\x{2030}\x{0160}\x{2039}"
    r"\x{0152}\x{017D}\x{2018}\x{2019}\x{201C}\x{201D}\x{2022}\x{2013}\x{2014}\x{02DC}\x{2122}\x{0161}"
    r"\x{203A}\x{0153}\x{017E}\x{0178}"
)


def _in_code_page(env: Env, node: Tree, tree: Tree, source: SqlType, to: SqlType) -> Tree:
    """Unicode text as varchar: letters that its code page lacks become ?, each unit of them.

    https://learn.microsoft.com/en-us/sql/t-sql/data-types/nchar-and-nvarchar-transact-sql
    """
    literal = isinstance(tree, exp.Literal) and str(tree.this).isascii()
    if not source.national or to.national or literal:
        return tree
    named = (to.collation or env.ctx.session.collation).upper()
    if "UTF8" in named.split("_"):
        env.note(node, f"{source} becomes {to}: its length counts bytes in Synapse, letters here")
        return tree
    env.note(node, f"{source} becomes {to}: letters that its code page lacks become ? or a letter like them")
    if "LATIN1" not in named:
        return tree
    lost = fn("regexp_replace", tree, text(r"[\x{10000}-\x{10FFFF}]"), text("??"), text("g"))
    lost = fn("regexp_replace", lost, text(f"[^{_CP1252}]"), text("?"), text("g"))
    return case((equal(fn("strlen", tree), fn("length", tree)), tree), default=lost)


def _no_room(c: Conversion, spelled: Tree) -> Tree:
    """An integer that does not fit becomes `*`; other numbers are an error, and so are integers in nchar."""
    star = c.source.family in {Family.INTEGER, Family.BIT} and not c.to.national
    message = f"Arithmetic overflow error converting {c.source} to {c.to}."
    long = binary(exp.GT, fn("length", spelled), num(c.to.length))
    return case((long, text("*") if star else c.failing(8115, message)), default=spelled)


def _to_guid(c: Conversion, tree: Tree) -> Tree:
    if c.source.family is Family.GUID:
        return tree
    if c.source.family is Family.TEXT:
        bare = fn("ltrim", tree, text("{"))
        return c.checked(tree, matches(tree, _GUID), fn("upper", fn("left", bare, num(36))), 8169)
    return _clash(c)


def _to_binary(c: Conversion, tree: Tree) -> Tree:
    family = c.source.family
    if family is Family.BINARY:
        return convert_binary.fitted(tree, c.source, c.to)
    if family in {Family.INTEGER, Family.BIT}:
        longer = c.to.fixed and c.to.length > convert_binary.SIZES[c.source.name]
        if longer and c.source.family is Family.INTEGER and c.source.name != "tinyint":
            below = binary(exp.LT, tree, num(0))
            watch_values(c.env, c.node, below, f"a negative {c.source} as {c.to} is not proven here")
        return convert_binary.of_number(tree, c.source, c.to)
    if family is not Family.TEXT:
        return _clash(c)
    if c.style in {1, 2}:
        digits = fn("substring", tree, num(3)) if c.style == 1 else tree
        data = fn("unhex", digits)
    else:
        data = code_page.bytes_of(c.env, tree, c.source)
    return convert_binary.fitted(data, replace(c.source, length=MAX), c.to)


def _to_null(c: Conversion, tree: Tree) -> Tree:
    return tree


def _to_time(c: Conversion, tree: Tree) -> Tree:
    return convert_time.converted(
        c.env, c.node, tree, c.source, c.to, c.style, lambda number, message: c.failing(number, message)
    )


_TARGETS: dict[Family, Callable[[Conversion, Tree], Tree]] = {
    Family.INTEGER: _to_integer,
    Family.BIT: _to_bit,
    Family.DECIMAL: _to_decimal,
    Family.MONEY: _to_money,
    Family.FLOAT: _to_float,
    Family.TEXT: _to_text,
    Family.GUID: _to_guid,
    Family.BINARY: _to_binary,
    Family.DATE: _to_time,
    Family.TIME: _to_time,
    Family.STAMP: _to_time,
    Family.OFFSET: _to_time,
    Family.NULL: _to_null,
}
