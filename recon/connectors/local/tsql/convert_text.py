"""Values as text, in the styles of CONVERT.

https://learn.microsoft.com/en-us/sql/t-sql/functions/cast-and-convert-transact-sql (date, money and float
styles). Without a style, datetime and smalldatetime use 0, the newer date types 121.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from recon.connectors.local.tsql.duck import binary, case, cast, fn, is_null, num, text
from recon.connectors.local.tsql.watched import watch_values
from recon.sqlscript.tsql_types import Family, SqlType

if TYPE_CHECKING:
    from recon.connectors.local.tsql.duck import Tree
    from recon.connectors.local.tsql.scope import Env

# Style -> date part and time part in strftime's letters. {f3}: milliseconds, {f}: the type's own digits,
# {x}: the same, but nothing where they are zero; {d}: day padded with a blank, {h}: hour of twelve likewise.
_STYLES: dict[int, tuple[str, str]] = {
    0: ("%b {d} %Y", "{h}:%M%p"),
    1: ("%m/%d/%y", ""),
    2: ("%y.%m.%d", ""),
    3: ("%d/%m/%y", ""),
    4: ("%d.%m.%y", ""),
    5: ("%d-%m-%y", ""),
    6: ("%d %b %y", ""),
    7: ("%b %d, %y", ""),
    8: ("", "%H:%M:%S"),
    9: ("%b {d} %Y", "{h}:%M:%S:{f3}%p"),
    10: ("%m-%d-%y", ""),
    11: ("%y/%m/%d", ""),
    12: ("%y%m%d", ""),
    13: ("%d %b %Y", "%H:%M:%S:{f3}"),
    14: ("", "%H:%M:%S:{f3}"),
    20: ("%Y-%m-%d", "%H:%M:%S"),
    21: ("%Y-%m-%d", "%H:%M:%S{f}"),
    22: ("%m/%d/%y", "{h}:%M:%S %p"),
    23: ("%Y-%m-%d", ""),
    24: ("", "%H:%M:%S"),
    25: ("%Y-%m-%d", "%H:%M:%S{f}"),
    100: ("%b {d} %Y", "{h}:%M%p"),
    101: ("%m/%d/%Y", ""),
    102: ("%Y.%m.%d", ""),
    103: ("%d/%m/%Y", ""),
    104: ("%d.%m.%Y", ""),
    105: ("%d-%m-%Y", ""),
    106: ("%d %b %Y", ""),
    107: ("%b %d, %Y", ""),
    108: ("", "%H:%M:%S"),
    109: ("%b {d} %Y", "{h}:%M:%S:{f3}%p"),
    110: ("%m-%d-%Y", ""),
    111: ("%Y/%m/%d", ""),
    112: ("%Y%m%d", ""),
    113: ("%d %b %Y", "%H:%M:%S:{f3}"),
    114: ("", "%H:%M:%S:{f3}"),
    120: ("%Y-%m-%d", "%H:%M:%S"),
    121: ("%Y-%m-%d", "%H:%M:%S{f}"),
    126: ("%Y-%m-%d", "T%H:%M:%S{x}"),
    127: ("%Y-%m-%d", "T%H:%M:%S{x}"),  # Z belongs to a datetimeoffset only
}
_LONGEST = {"bit": 1, "tinyint": 3, "smallint": 6, "int": 11, "bigint": 20, "uniqueidentifier": 36}


def padded(tree: Tree, to: SqlType) -> Tree:
    """Blanks up to the length of a char or nchar."""
    return fn("rpad", tree, num(to.length), text(" ")) if to.fixed else tree


def spelled(env: Env, node: Tree, tree: Tree, kind: SqlType, style: int | None) -> tuple[Tree, int]:
    """The text of a value, and how long it can get (-1: that depends)."""
    family = kind.family
    if family is Family.TEXT:
        return tree, kind.length
    if family is Family.BIT:
        return cast(cast(tree, "INT"), "VARCHAR"), 1
    if family in {Family.INTEGER, Family.GUID}:
        return cast(tree, "VARCHAR"), _LONGEST[kind.name]
    if family is Family.DECIMAL:
        wide = cast(tree, f"DECIMAL({min(max(kind.precision, kind.scale + 1), 38)}, {kind.scale})")
        return cast(wide, "VARCHAR"), kind.precision + 2
    if family is Family.MONEY:
        return _money(env, node, tree, style), -1
    if family is Family.FLOAT:
        return _float(env, node, tree, kind, style), -1
    if family is Family.BINARY:
        return _binary(env, node, tree, style), -1
    return _date(env, node, tree, kind, style), -1


def _money(env: Env, node: Tree, tree: Tree, style: int | None) -> Tree:
    if style in {None, 0}:
        return cast(cast(tree, "DECIMAL(21, 2)"), "VARCHAR")
    if style == 1:
        return fn("format", text("{:,.2f}"), cast(cast(tree, "DECIMAL(21, 2)"), "DOUBLE"))
    if style in {2, 126}:
        return cast(tree, "VARCHAR")
    return env.refuse(node, f"style {style} of money is not supported")


def _float(env: Env, node: Tree, tree: Tree, kind: SqlType, style: int | None) -> Tree:
    """Style 0: at most six digits, `1.23457e+006` for large and small values; 1 and 2: 8 and 16 digits."""
    if style in {None, 0}:
        short = fn("format", text("{:.6g}"), cast(tree, "DOUBLE"))
    elif style in {1, 2, 3}:
        digits = {1: 7, 2: 15, 3: 16 if kind.name == "float" else 8}[style]
        short = fn("format", text(f"{{:.{digits}e}}"), cast(tree, "DOUBLE"))
    else:
        return env.refuse(node, f"style {style} of float is not supported")
    return fn("regexp_replace", short, text(r"e([+-])(\d\d)$"), text(r"e\10\2"))


def _binary(env: Env, node: Tree, tree: Tree, style: int | None) -> Tree:
    if style == 2:
        return fn("hex", tree)
    if style == 1:
        return binary(exp.DPipe, text("0x"), fn("hex", tree))
    return env.refuse(node, "binary as text is supported here only with the styles 1 and 2 of CONVERT")


def _date(env: Env, node: Tree, tree: Tree, kind: SqlType, style: int | None) -> Tree:
    if style is None:
        style = 0 if kind.name in {"datetime", "smalldatetime"} else 121
    if style not in _STYLES or kind.family is Family.OFFSET:
        return env.refuse(node, f"style {style} of {kind} is not supported here")
    day, clock = _STYLES[style]
    if kind.family is Family.DATE:
        clock = ""
    if kind.family is Family.TIME:
        day, clock = "", clock.removeprefix("T")
    stamp = moment(tree, kind)
    if not day and not clock:
        return env.refuse(node, f"style {style} has nothing of {kind}")
    if kind.family is not Family.DATE:
        _watch_clock(env, node, stamp, kind, style)
    both = day + (" " if day and clock and not clock.startswith("T") else "") + clock
    return case((is_null(tree), cast(exp.Null(), "VARCHAR")), default=_formatted(stamp, both, kind))


def _watch_clock(env: Env, node: Tree, stamp: Tree, kind: SqlType, style: int) -> None:
    """Have it noted where the documentation, which speaks of datetime, leaves the text of a time open."""
    older = kind.name in {"datetime", "smalldatetime"}
    clock = _STYLES[style][1]
    if "{x}" in clock and not older and kind.scale:
        whole_second = binary(exp.EQ, fn("strftime", stamp, text("%f")), text("000000"))
        said = f"whether style {style} of {kind} shows a fraction of zeros is not proven here"
        watch_values(env, node, whole_second, said)
    elif "{f3}" in clock and not older:
        env.note(node, f"how style {style} of {kind} shows the fraction of a second is not proven here")
    elif style == 22:
        one_digit = binary(exp.NEQ, fn("strftime", stamp, text("%-I")), fn("strftime", stamp, text("%I")))
        watch_values(env, node, one_digit, "the hour of one digit in style 22 is not proven here")


def moment(tree: Tree, kind: SqlType) -> Tree:
    """Any date or time as a TIMESTAMP; a time lies on 1900-01-01."""
    if kind.family is Family.TIME:
        return binary(exp.Add, cast(text("1900-01-01"), "DATE"), tree)
    if kind.family is Family.OFFSET:
        return fn("timezone", text(kind.zone or "UTC"), tree)
    return cast(tree, "TIMESTAMP")


def own_moment(env: Env, node: Tree, tree: Tree, kind: SqlType) -> Tree:
    """The same where it is shown or taken apart: a datetimeoffset goes by the offset that it was written
    with, which a column does not keep here.
    """
    if kind.family is Family.OFFSET and not kind.zone and tree.find(exp.Column):
        env.note(
            node, "the date and time of a datetimeoffset that was written with an offset is not proven here"
        )
    return moment(tree, kind)


def _formatted(stamp: Tree, pattern: str, kind: SqlType) -> Tree:
    parts: list[Tree] = []
    for piece in pattern.replace("{", "\0{").replace("}", "}\0").split("\0"):
        if piece == "{d}":
            parts.append(fn("lpad", fn("strftime", stamp, text("%-d")), num(2), text(" ")))
        elif piece == "{h}":
            parts.append(fn("lpad", fn("strftime", stamp, text("%-I")), num(2), text(" ")))
        elif piece == "{f3}":
            parts.append(fn("strftime", stamp, text("%g")))
        elif piece == "{f}":
            parts.append(_fraction(stamp, kind))
        elif piece == "{x}":
            shown = _fraction(stamp, kind)
            none = binary(exp.EQ, fn("rtrim", shown.copy(), text(".0")), text(""))
            parts.append(case((none, text("")), default=shown))
        elif piece:
            parts.append(fn("strftime", stamp, text(piece)))
    return fn("concat", *parts)


def _fraction(stamp: Tree, kind: SqlType) -> Tree:
    """The digits behind the second that the type has; the seventh is always 0 here."""
    digits = {"datetime": 3, "smalldatetime": 0}.get(kind.name, kind.scale)
    if digits == 0:
        return text("")
    micros = fn("strftime", stamp, text(".%f"))
    return fn("rpad", fn("left", micros, num(digits + 1)), num(digits + 1), text("0"))
