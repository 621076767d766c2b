"""FORMAT in the en-US culture: the common patterns of dates and numbers.

https://learn.microsoft.com/en-us/sql/t-sql/functions/format-transact-sql
https://learn.microsoft.com/en-us/dotnet/standard/base-types/custom-date-and-time-format-strings
https://learn.microsoft.com/en-us/dotnet/standard/base-types/standard-numeric-format-strings
https://learn.microsoft.com/en-us/dotnet/standard/base-types/custom-numeric-format-strings
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sqlglot import exp

from recon.connectors.local.tsql.duck import binary, case, cast, fn, is_null, num, text, times
from recon.connectors.local.tsql.expr import concat_all, value
from recon.connectors.local.tsql.functions import Call, function
from recon.connectors.local.tsql.scope import Typed
from recon.connectors.local.tsql.units import once
from recon.sqlscript import tsql_types as types
from recon.sqlscript.tsql_types import Family

if TYPE_CHECKING:
    from recon.connectors.local.tsql.duck import Tree

_LETTERS = {
    "yyyy": "%Y",
    "yy": "%y",
    "MMMM": "%B",
    "MMM": "%b",
    "MM": "%m",
    "M": "%-m",
    "dddd": "%A",
    "ddd": "%a",
    "dd": "%d",
    "d": "%-d",
    "HH": "%H",
    "H": "%-H",
    "hh": "%I",
    "h": "%-I",
    "mm": "%M",
    "m": "%-M",
    "ss": "%S",
    "s": "%-S",
    "fff": "%g",
    "ffffff": "%f",
    "tt": "%p",
}
# Letters with a meaning in .NET, and signs that quote or mark something: all else stands for itself.
_MEANING = frozenset("dfFghHKmMstyz%\\'\"")
_STANDARD = {"d": "%-m/%-d/%Y", "s": "%Y-%m-%dT%H:%M:%S"}
_MOST = 15  # digits behind the point


@function("FORMAT")
def _format(call: Call) -> Typed:
    """Text, NULL for NULL. ProgramError for a pattern or a culture that is not known here."""
    call.arity(2, 3)
    given, pattern = call.value(0), value(call.env, call.args[1])
    if len(call.args) == 3 and value(call.env, call.args[2]).tree.name.lower() != "en-us":
        return call.env.refuse(call.node, "FORMAT with a culture other than en-US is not supported here")
    if not pattern.literal:
        return call.env.refuse(call.node, "FORMAT with a computed pattern is not supported here")
    written = pattern.tree.name
    if given.type.family in {Family.DATE, Family.STAMP}:
        made = _dated(call, given, written)
    elif given.type.family in {Family.INTEGER, Family.DECIMAL, Family.MONEY}:
        made = once(given.tree, lambda tree: _numbered(call, Typed(tree, given.type), written))
    else:
        call.env.refuse(call.node, f"FORMAT of {given.type} is not supported here")
    return Typed(case((is_null(given.tree), exp.Null()), default=made), types.varchar(4000, national=True))


def _unknown(call: Call, pattern: str) -> Tree:
    return call.env.refuse(call.node, f"FORMAT with the pattern {pattern!r} is not supported here")


def _dated(call: Call, given: Typed, pattern: str) -> Tree:
    if len(pattern) == 1:
        known = _STANDARD.get(pattern)
        return (
            fn("strftime", cast(given.tree, "TIMESTAMP"), text(known)) if known else _unknown(call, pattern)
        )
    out: list[str] = []
    at = 0
    while at < len(pattern):
        run = len(pattern[at:]) - len(pattern[at:].lstrip(pattern[at]))
        letters = pattern[at : at + run]
        if letters in _LETTERS:
            out.append(_LETTERS[letters])
        elif letters[0] in _MEANING:
            return _unknown(call, pattern)
        else:
            out.append(letters)
        at += run
    return fn("strftime", cast(given.tree, "TIMESTAMP"), text("".join(out)))


def _numbered(call: Call, given: Typed, pattern: str) -> Tree:
    kind, digits = pattern[:1].upper(), pattern[1:]
    if kind in _STANDARD_NUMBERS and (digits.isdigit() or not digits) and int(digits or 2) <= _MOST:
        return _STANDARD_NUMBERS[kind](call, given, digits)
    if custom := re.fullmatch(r"(#,##0|#,#|#,0|0+)(?:\.(0+))?", pattern):
        rounded = _rounded(given.tree, len(custom[2] or ""))
        if custom[1][0] == "#":
            return _without_zero(_thousands(rounded)) if custom[1] == "#,#" else _thousands(rounded)
        return _filled(rounded, len(pattern))
    if custom := re.fullmatch(r"(#|0)\.(#+)", pattern):
        spelled = fn("rtrim", fn("rtrim", _rounded(given.tree, len(custom[2])), text("0")), text("."))
        return spelled if custom[1] == "0" else _without_zero(spelled)
    return _unknown(call, pattern)


def _whole(call: Call, given: Typed, digits: str) -> Tree:
    if given.type.family is not Family.INTEGER:
        return _unknown(call, "D" + digits)
    return _filled(_rounded(given.tree, 0), int(digits or 0))


def _fixed(_: Call, given: Typed, digits: str) -> Tree:
    return _rounded(given.tree, int(digits or 2))


def _grouped(_: Call, given: Typed, digits: str) -> Tree:
    return _thousands(_rounded(given.tree, int(digits or 2)))


def _currency(_: Call, given: Typed, digits: str) -> Tree:
    """Negative amounts stand in brackets."""
    amount = _thousands(_rounded(fn("abs", given.tree), int(digits or 2)))
    below = binary(exp.LT, given.tree, num(0))
    return case(
        (below, concat_all([text("($"), amount, text(")")])), default=concat_all([text("$"), amount.copy()])
    )


def _share(call: Call, given: Typed, digits: str) -> Tree:
    call.env.note(call.node, "the blank before the % of FORMAT is not proven here")
    return concat_all([_thousands(_rounded(times(given.tree, num(100)), int(digits or 2))), text(" %")])


_STANDARD_NUMBERS = {"D": _whole, "F": _fixed, "N": _grouped, "C": _currency, "P": _share}


def _rounded(tree: Tree, digits: int) -> Tree:
    """The text of a number with so many digits behind the point, rounded half away from zero."""
    return cast(cast(tree, types.decimal(38, digits)), "VARCHAR")


def _filled(spelled: Tree, width: int) -> Tree:
    """Zeros up to a width, which does not count the sign."""
    bare = fn("ltrim", spelled, text("-"))
    size = cast(fn("greatest", num(width), fn("length", bare)), types.INT)
    sign = case((fn("starts_with", spelled.copy(), text("-")), text("-")), default=text(""))
    return concat_all([sign, fn("lpad", bare.copy(), size, text("0"))])


def _without_zero(spelled: Tree) -> Tree:
    """# shows no digit where the whole part is 0."""
    return fn("regexp_replace", spelled, text(r"^(-?)0(\.|$)"), text(r"\1\2"))


def _thousands(spelled: Tree) -> Tree:
    """Commas between each three digits before the point: from the back, on the text, so nothing is lost."""
    whole = fn("split_part", spelled, text("."), num(1))
    rest = fn("substring", spelled, exp.Add(this=fn("length", whole), expression=num(1)))
    backward = fn("regexp_replace", fn("reverse", whole), text(r"(\d{3})"), text(r"\1,"), text("g"))
    forward = fn("regexp_replace", fn("reverse", backward), text(r"^(-?),"), text(r"\1"))
    return exp.DPipe(this=forward, expression=rest)
