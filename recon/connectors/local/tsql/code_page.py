"""Text as bytes: UTF-16 for nvarchar, the collation's code page for varchar.

https://learn.microsoft.com/en-us/sql/t-sql/data-types/char-and-varchar-transact-sql
https://learn.microsoft.com/en-us/windows/win32/intl/code-page-identifiers
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from recon.connectors.local.tsql.collate import named
from recon.connectors.local.tsql.duck import (
    binary,
    case,
    equal,
    fail,
    fn,
    matches,
    minus,
    name,
    negate,
    num,
    plus,
    text,
    whole,
)
from recon.connectors.local.tsql.units import once

if TYPE_CHECKING:
    from collections.abc import Callable

    from recon.connectors.local.tsql.duck import Tree
    from recon.connectors.local.tsql.scope import Env
    from recon.sqlscript.tsql_types import SqlType

_BYTES = [chr(b) for b in range(0x80, 0xA0)]
# The bytes 80 to 9F of code page 1252; those that it leaves free stay the control characters that they are.
_CP1252 = [bytes([b]).decode("cp1252", errors="replace").replace("\ufffd", chr(b)) for b in range(0x80, 0xA0)]
_AS_BYTES = text("".join(_BYTES))
_AS_LETTERS = text("".join(_CP1252))
OTHER_PAGE = "letters beyond ASCII of other code pages than 1252 are not supported here"


def is_1252(env: Env, kind: SqlType) -> bool:
    """Whether varchar of this type has the code page 1252."""
    parts = named(env, kind).upper().split("_")
    return "LATIN1" in parts and "UTF8" not in parts


def letter(tree: Tree) -> Tree:
    """The letter of a byte of code page 1252."""
    return fn("translate", fn("chr", tree), _AS_BYTES.copy(), _AS_LETTERS.copy())


def byte(tree: Tree) -> Tree:
    """The first byte of a text of code page 1252, as a number."""
    code = fn("unicode", fn("translate", tree, _AS_LETTERS.copy(), _AS_BYTES.copy()))
    beyond = fail(0, "a letter that its code page lacks is not supported here")
    return case((binary(exp.GT, code, num(255)), beyond), default=code)


def bytes_of(env: Env, tree: Tree, kind: SqlType) -> Tree:
    """The bytes in which Synapse holds a text."""
    return once(tree, lambda given: _bytes(env, given, kind))


def _bytes(env: Env, given: Tree, kind: SqlType) -> Tree:
    plain = equal(fn("strlen", given), fn("length", given))
    if kind.national:
        doubled = fn("regexp_replace", fn("hex", fn("encode", given)), text("(..)"), text(r"\100"), text("g"))
        return case((plain, fn("unhex", doubled)), default=_each(given, _utf16))
    if "UTF8" in named(env, kind).upper().split("_"):
        return fn("encode", given)
    if not is_1252(env, kind):
        return case((negate(plain), fail(0, OTHER_PAGE)), default=fn("encode", given))
    known = fn("translate", given, _AS_LETTERS.copy(), _AS_BYTES.copy())
    lacking = negate(matches(known, r"[\x00-\x{FF}]*", "s"))
    lost = fail(0, "a letter that its code page lacks is not supported here")
    return case(
        (plain, fn("encode", given)), (lacking, lost), default=_each(known, lambda code: _hex(code, 2))
    )


def _each(given: Tree, spelled: Callable[[Tree], Tree]) -> Tree:
    """The bytes of a text out of the hexadecimal digits for the code of each letter."""
    bound = exp.Lambda(this=spelled(fn("unicode", exp.column("l", quoted=True))), expressions=[name("l")])
    pieces = fn("list_transform", fn("str_split", given, text("")), bound)
    return fn("unhex", fn("array_to_string", pieces, text("")))


def _hex(number: Tree, digits: int) -> Tree:
    return fn("lpad", fn("hex", number), num(digits), text("0"))


def _utf16(code: Tree) -> Tree:
    """Little-endian; two units for a letter beyond U+FFFF."""
    offset = minus(code, num(0x10000))
    pair = [
        plus(num(0xD800), whole(offset, num(1024))),
        plus(num(0xDC00), binary(exp.Mod, offset, num(1024))),
    ]
    return case(
        (binary(exp.LT, code, num(0x10000)), _swapped(code)),
        default=binary(exp.DPipe, *(_swapped(p) for p in pair)),
    )


def _swapped(unit: Tree) -> Tree:
    spelled = _hex(unit, 4)
    return binary(exp.DPipe, fn("right", spelled, num(2)), fn("left", spelled, num(2)))
