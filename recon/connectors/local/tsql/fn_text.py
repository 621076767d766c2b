"""T-SQL's text functions. https://learn.microsoft.com/en-us/sql/t-sql/functions/string-functions-transact-sql"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from sqlglot import exp

from recon.connectors.local.tsql.code_page import OTHER_PAGE, byte, bytes_of, is_1252, letter
from recon.connectors.local.tsql.collate import Collation, collation, like_regex
from recon.connectors.local.tsql.duck import (
    binary,
    case,
    cast,
    equal,
    fail,
    fn,
    is_null,
    minus,
    num,
    plus,
    text,
)
from recon.connectors.local.tsql.expr import concat_all, known, register, value
from recon.connectors.local.tsql.functions import Call, function, guarded, result
from recon.connectors.local.tsql.scope import Typed
from recon.connectors.local.tsql.units import by_units, once, size, spread
from recon.connectors.local.tsql.watched import watch_values
from recon.sqlscript import tsql_types as types
from recon.sqlscript.tsql_types import MAX, Family, SqlType

if TYPE_CHECKING:
    from recon.connectors.local.tsql.duck import Tree
    from recon.connectors.local.tsql.scope import Env

_BYTES = {
    "bit": 1,
    "tinyint": 1,
    "smallint": 2,
    "int": 4,
    "bigint": 8,
    "money": 8,
    "smallmoney": 4,
    "float": 8,
    "real": 4,
    "date": 3,
    "datetime": 8,
    "smalldatetime": 4,
    "uniqueidentifier": 16,
}


def _ignores_case(call: Call, *given: Typed) -> bool:
    return _collation(call, *given).ignores_case


def _collation(call: Call, *given: Typed) -> Collation:
    return collation(
        next((g.type.collation for g in given if g.type.collation), call.env.ctx.session.collation)
    )


def _same(call: Call, tree: Tree, like: Typed) -> Typed:
    return Typed(tree, _varying(like.type))


def _varying(kind: SqlType) -> SqlType:
    """The char becomes a varchar: functions do not keep the padding of their result."""
    return types.varchar(kind.length, kind.national, kind.collation)


@function("LEN")
def _len(call: Call) -> Typed:
    call.arity(1)
    given = call.text(0)
    kind = types.BIGINT if given.type.length == MAX else types.INT
    return result(size(call.env, fn("rtrim", given.tree, text(" ")), given.type), kind)


@function("DATALENGTH")
def _datalength(call: Call) -> Typed:
    call.arity(1)
    given = call.value(0)
    if given.type.family is Family.TEXT:
        units = size(
            call.env, given.tree, replace(given.type, collation="_")
        )  # bytes, whatever the collation
        return result(binary(exp.Mul, units, num(2)) if given.type.national else units, types.INT)
    if given.type.family is Family.BINARY:
        return result(fn("octet_length", given.tree), types.INT)
    if given.type.name not in _BYTES:
        return call.env.refuse(call.node, f"DATALENGTH of {given.type} is not supported")
    return result(case((is_null(given.tree), exp.Null()), default=num(_BYTES[given.type.name])), types.INT)


@function("UPPER", "LOWER", "REVERSE")
def _mapped(call: Call) -> Typed:
    call.arity(1)
    given = call.text(0)
    return _same(call, fn(call.name.lower(), given.tree), given)


@function("LTRIM", "RTRIM")
def _trimmed(call: Call) -> Typed:
    call.arity(1)
    given = call.text(0)
    return _same(call, fn(call.name.lower(), given.tree, text(" ")), given)


@register(exp.Trim)
def _trim(env: Env, node: Tree) -> Typed:
    known(env, node, "this", "expression")
    call = Call(env, node, "TRIM", (node.this, *([node.expression] if node.args.get("expression") else [])))
    given = call.text(0)
    letters = call.text(1).tree if len(call.args) == 2 else text(" ")
    return _same(call, fn("trim", given.tree, letters), given)


@function("LEFT", "RIGHT")
def _side(call: Call) -> Typed:
    call.arity(2)
    given, count = call.text(0), call.integer(1)
    cut = by_units(call.env, given.tree, given.type, lambda t: fn(call.name.lower(), t, count.tree))
    if count.literal:
        length = int(count.tree.name)
        kind = given.type if 0 <= given.type.length <= length else replace(given.type, length=max(length, 1))
        return Typed(cut, _varying(kind))
    negative = binary(exp.LT, count.tree, num(0))
    message = f"Invalid length parameter passed to the {call.name} function."
    return _same(call, guarded(call, 536, negative, cut, message), given)


@function("SUBSTRING")
def _substring(call: Call) -> Typed:
    """Characters before the first count into the length: SUBSTRING('abcdef', 0, 3) is 'ab'."""
    call.arity(3)
    given, start, count = call.text(0), call.integer(1), call.integer(2)

    def made(begin: Tree, wanted: Tree) -> Tree:
        before = fn("least", minus(begin, num(1)), num(0))
        length = fn("greatest", plus(cast(wanted, "BIGINT"), before), num(0))
        first = fn("greatest", begin, num(1))
        cut = by_units(call.env, given.tree, given.type, lambda t: fn("substring", t, first, length))
        any_null = binary(exp.Or, is_null(begin), is_null(wanted))
        message = "Invalid length parameter passed to the SUBSTRING function."
        bad = (binary(exp.LT, wanted, num(0)), fail(537, message))
        return case((any_null, exp.Null()), bad, default=cut)

    tree = once(count.tree, lambda wanted: once(start.tree, lambda begin: made(begin, wanted)))
    kind = given.type
    if count.literal and not 0 <= kind.length <= int(count.tree.name):
        kind = replace(kind, length=max(int(count.tree.name), 1))
    return Typed(tree, _varying(kind))


@function("REPLACE")
def _replace(call: Call) -> Typed:
    """Under a collation that ignores case, REPLACE does too. An empty pattern changes nothing."""
    call.arity(3)
    given, pattern, new = call.text(0), call.text(1), call.text(2)
    kind = types.varchar(8000, given.type.national or new.type.national, given.type.collation)
    kind = replace(kind, length=MAX) if given.type.length == MAX else kind
    if not _ignores_case(call, given, pattern):
        made = fn("replace", given.tree, pattern.tree, new.tree)
    else:
        safe = fn("replace", new.tree, text("\\"), text("\\\\"))
        made = fn("regexp_replace", given.tree, fn("regexp_escape", pattern.tree), safe, text("gi"))
    return Typed(case((equal(pattern.tree, text("")), given.tree), default=made), kind)


@function("CHARINDEX")
def _charindex(call: Call) -> Typed:
    """1-based, 0 when absent or when the text sought is empty."""
    call.arity(2, 3)
    sought, given = call.text(0), call.text(1)
    fold = _ignores_case(call, sought, given)
    wide = given.type if given.type.national else sought.type
    what = spread(call.env, fn("lower", sought.tree) if fold else sought.tree, wide)
    where = spread(call.env, fn("lower", given.tree) if fold else given.tree, wide)
    if len(call.args) == 3:
        start = fn("greatest", call.integer(2).tree, num(1))
        found = fn("strpos", fn("substring", where, start), what)
        offset = minus(plus(found, start), num(1))
        found = case((equal(found, num(0)), num(0)), default=offset)
    else:
        found = fn("strpos", where, what)
    kind = types.BIGINT if given.type.length == MAX else types.INT
    return result(case((equal(what, text("")), num(0)), default=found), kind)


@function("PATINDEX")
def _patindex(call: Call) -> Typed:
    call.arity(2)
    pattern, given = call.text(0), call.text(1)
    if not pattern.literal:
        return call.env.refuse(call.node, "PATINDEX with a computed pattern is not supported")
    written = pattern.tree.name
    flags = "(?is)" if _ignores_case(call, pattern, given) else "(?s)"
    front = "^(.*?)" if written.startswith("%") else "^()"
    back = "" if written.endswith("%") else " *$"
    regex = text(flags + front + like_regex(written.strip("%")) + back)
    where = plus(size(call.env, fn("regexp_extract", given.tree, regex, num(1)), given.type), num(1))
    return result(
        case(
            (is_null(given.tree), exp.Null()),
            (fn("regexp_matches", given.tree, regex), where),
            default=num(0),
        ),
        types.INT,
    )


@function("STUFF")
def _stuff(call: Call) -> Typed:
    call.arity(4)
    given, start, count, new = call.text(0), call.integer(1), call.integer(2), call.text(3)
    outside = binary(
        exp.Or,
        binary(exp.LT, start.tree, num(1)),
        binary(exp.GT, start.tree, size(call.env, given.tree, given.type)),
    )
    bad = exp.Or(this=outside, expression=binary(exp.LT, count.tree, num(0)))
    behind, before = plus(start.tree, count.tree), minus(start.tree, num(1))
    rest = by_units(call.env, given.tree, given.type, lambda t: fn("substring", t, behind))
    front = by_units(call.env, given.tree, given.type, lambda t: fn("left", t, before))
    middle = fn("coalesce", new.tree, text(""))
    made = concat_all([front, middle, rest])
    kind = types.varchar(8000, given.type.national or new.type.national, given.type.collation)
    return Typed(case((bad, exp.Null()), default=made), kind)


@function("REPLICATE")
def _replicate(call: Call) -> Typed:
    call.arity(2)
    given, count = call.text(0), call.integer(1)
    kind = given.type if given.type.length == MAX else replace(_varying(given.type), length=8000)
    repeated = fn("repeat", given.tree, count.tree)
    cut = repeated if kind.length == MAX else fn("left", repeated, num(8000))
    return Typed(case((binary(exp.LT, count.tree, num(0)), exp.Null()), default=cut), kind)


@function("SPACE")
def _space(call: Call) -> Typed:
    call.arity(1)
    count = call.integer(0).tree
    blanks = fn("left", fn("repeat", text(" "), count), num(8000))
    return Typed(case((binary(exp.LT, count, num(0)), exp.Null()), default=blanks), types.varchar(8000))


@function("CHAR", "NCHAR")
def _char(call: Call) -> Typed:
    """The letter of a code: of Unicode, or of the code page. NULL beyond."""
    call.arity(1)
    code = call.integer(0).tree
    if call.name == "NCHAR":
        return Typed(_coded(code, 65535, fn("chr", code)), SqlType("nchar", length=1))
    kind = SqlType("char", length=1)
    made = letter(code)
    if not is_1252(call.env, kind):
        made = case((binary(exp.GT, code, num(127)), fail(0, OTHER_PAGE)), default=fn("chr", code))
    return Typed(_coded(code, 255, made), kind)


def _coded(code: Tree, highest: int, made: Tree) -> Tree:
    outside = binary(exp.Or, binary(exp.LT, code, num(0)), binary(exp.GT, code, num(highest)))
    return case((outside, exp.Null()), default=made)


@function("ASCII", "UNICODE")
def _code(call: Call) -> Typed:
    """The code of the first letter: of Unicode, or of the code page."""
    call.arity(1)
    given = call.text(0)
    code = fn("unicode", given.tree)
    if call.name == "ASCII":
        beyond = fail(0, OTHER_PAGE)
        code = (
            byte(given.tree)
            if is_1252(call.env, given.type)
            else case((binary(exp.GT, code, num(127)), beyond), default=code)
        )
    return result(case((equal(given.tree, text("")), exp.Null()), default=code), types.INT)


@function("CONCAT")
def _concat(call: Call) -> Typed:
    """NULL counts as ''."""
    given = [call.text(i) for i in range(len(call.args))]
    if len(given) < 2:
        call.arity(2, 254)
    return Typed(concat_all([fn("coalesce", g.tree, text("")) for g in given]), _joined(given, 0))


@function("CONCAT_WS")
def _concat_ws(call: Call) -> Typed:
    given = [call.text(i) for i in range(len(call.args))]
    if len(given) < 3:
        call.arity(3, 254)
    separator = fn("coalesce", given[0].tree, text(""))
    return Typed(fn("concat_ws", separator, *(g.tree for g in given[1:])), _joined(given, 8))


def _joined(given: list[Typed], extra: int) -> SqlType:
    national = any(g.type.national for g in given)
    longest = MAX if any(g.type.length == MAX for g in given) else sum(g.type.length + extra for g in given)
    return types.varchar(longest, national)


@function("TRANSLATE")
def _translate(call: Call) -> Typed:
    call.arity(3)
    given, old, new = call.text(0), call.text(1), call.text(2)
    meant = _collation(call, given, old)
    if meant.ignores_accents:
        call.env.note(call.node, "which accents TRANSLATE passes over is not proven here")
    one, other = old.tree, new.tree
    if meant.ignores_case:
        repeated = binary(exp.NEQ, _letters(fn("lower", one)), _letters(one))
        watch_values(
            call.env, call.node, repeated, "TRANSLATE of a letter in both its cases is not proven here"
        )
        one, other = concat_all([fn("lower", one), fn("upper", one)]), concat_all([other, other])
    uneven = binary(exp.NEQ, fn("length", old.tree), fn("length", new.tree))
    message = "The second and third arguments of the TRANSLATE built-in function must be of the same length."
    return _same(call, guarded(call, 9828, uneven, fn("translate", given.tree, one, other), message), given)


def _letters(tree: Tree) -> Tree:
    """How many different letters a text has."""
    return fn("list_unique", fn("str_split", tree, text("")))


@function("QUOTENAME")
def _quotename(call: Call) -> Typed:
    call.arity(1, 2)
    mark = call.args[1].name if len(call.args) == 2 else "["
    opens, closes = {"[": "[]", "]": "[]", "'": "''", '"': '""'}.get(mark, "[]")
    inner = fn("replace", call.text(0).tree, text(closes), text(closes * 2))
    return Typed(concat_all([text(opens), inner, text(closes)]), types.varchar(258, national=True))


@function("STR")
def _str(call: Call) -> Typed:
    """STR(number, length, decimals): right-aligned; stars where it does not fit."""
    call.arity(1, 3)
    length = call.whole_constant(1) if len(call.args) > 1 else 10
    digits = call.whole_constant(2) if len(call.args) > 2 else 0
    if length is None or digits is None:
        return call.env.refuse(call.node, "STR needs constants for length and decimals")
    number = cast(call.as_type(0, types.FLOAT).tree, f"DECIMAL(38, {min(digits, 16)})")
    spelled = cast(number, "VARCHAR")
    fits = binary(exp.LTE, fn("length", spelled), num(length))
    padded = fn("lpad", spelled, num(length), text(" "))
    made = case((is_null(number), exp.Null()), (fits, padded), default=text("*" * length))
    return Typed(made, types.varchar(length))


@function("HASHBYTES")
def _hashbytes(call: Call) -> Typed:
    """Over the bytes of the value: UTF-16 for nvarchar, the code page for varchar."""
    call.arity(2)
    kind = value(call.env, call.args[0]).tree.name.upper()
    given = call.value(1)
    if given.type.family is Family.BINARY:
        data = given.tree
    elif given.type.family is Family.TEXT:
        data = bytes_of(call.env, given.tree, given.type)
    else:
        return call.env.refuse(call.node, f"HASHBYTES of {given.type}: convert it to text first")
    name = {"MD5": "md5", "SHA": "sha1", "SHA1": "sha1", "SHA2_256": "sha256"}.get(kind)
    if name is not None:
        hashed = fn("unhex", fn(name, data))
    elif kind == "SHA2_512":
        hashed = fn(call.env.ctx.session.sha512(), data)
    else:
        return call.env.refuse(call.node, f"HASHBYTES with {kind or 'a computed algorithm'} is not supported")
    return Typed(hashed, SqlType("varbinary", length=8000))
