"""Upper case, lower case and Unicode form NFC in Spark, code point for code point as DuckDB has them."""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from itertools import count
from typing import TYPE_CHECKING, Final

from sqlglot import exp

from recon.compare import trees as t
from recon.compare.spark import unicode_tables as tables
from recon.compare.spark.build import cast, each_item, let, minus, plus, rest, times, whole

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_WORD: Final = re.compile(r"([0-9A-F]+)\+(\d+)(?:/(\d))?(?::(-?\d+))?")
_ASCII: Final = r"\A[\x00-\x7F]*\z"
_L, _V, _T, _S = (
    0x1100,
    0x1161,
    0x11A7,
    0xAC00,
)  # Hangul: https://www.unicode.org/versions/Unicode14.0.0/ch03.pdf
_LS, _VS, _TS = 19, 21, 28
_CASES: Final = {"lower": tables.LOWER, "upper": tables.UPPER}
_numbers = count()


def variables() -> dict[str, tuple[str, exp.Expr]]:
    """What a session must know under these names: type and value. Written into each query they would be most
    of it.
    """
    texts = {
        **{
            f"recon_{name}_{n}": side
            for name, table in _CASES.items()
            for n, side in enumerate(_mapping(table))
        },
        "recon_nfc_sensitive": _sensitive(),
    }
    maps = {
        "recon_nfc_decomposed": {chr(code): _full(code) for code in _codes(tables.DECOMPOSED)},
        "recon_nfc_classes": {chr(c): str(unicodedata.combining(chr(c))) for c in _codes(tables.COMBINING)},
        "recon_nfc_pairs": _pairs(),
    }
    return {name: ("STRING", t.text(value)) for name, value in texts.items()} | {
        name: ("MAP<STRING, STRING>", _map(table)) for name, table in maps.items()
    }


def _map(table: dict[str, str]) -> exp.Expr:
    sides = (t.call("split", t.text("|".join(x)), t.text("[|]")) for x in (table, table.values()))
    return t.call("map_from_arrays", *sides)


def lowered(value: exp.Expr) -> exp.Expr:
    """In lower case."""
    return _mapped(value, exp.Lower, "lower")


def uppered(value: exp.Expr) -> exp.Expr:
    """In upper case."""
    return _mapped(value, exp.Upper, "upper")


def _mapped(value: exp.Expr, plain: type[exp.Lower | exp.Upper], name: str) -> exp.Expr:
    def change(x: exp.Expr) -> exp.Expr:
        simple = exp.RegexpLike(this=t.own(x), expression=t.text(_ASCII))
        letters = [t.column(f"recon_{name}_{n}") for n in (0, 1)]
        return t.case((simple, plain(this=t.own(x))), otherwise=t.call("translate", x, *letters))

    return let(value, change)


@cache
def _mapping(table: str) -> tuple[str, str]:
    """The letters that have another case, and those they become."""
    pairs = [
        (code, code + int(distance))
        for first, many, step, distance in _WORD.findall(table)
        for code in range(int(first, 16), int(first, 16) + int(many) * int(step or 1), int(step or 1))
    ]
    return "".join(chr(a) for a, _ in pairs), "".join(chr(b) for _, b in pairs)


def _codes(table: str) -> Iterator[int]:
    for first, many, _, _ in _WORD.findall(table):
        yield from range(int(first, 16), int(first, 16) + int(many))


# --- NFC: https://www.unicode.org/reports/tr15/#Description_Norm ---


def composed(value: exp.Expr) -> exp.Expr:
    """In form NFC. Spark has no function for it: most texts cannot change and are seen by a pattern, the
    others are decomposed, put in canonical order and composed, one code point after the other.
    """

    def change(x: exp.Expr) -> exp.Expr:
        sensitive = exp.RegexpLike(this=t.own(x), expression=t.column("recon_nfc_sensitive"))
        codes = let(_decomposed(x), lambda d: let(_points(d), lambda p: _composed(_in_order(p))))
        return t.case((t.is_null(x), exp.null()), (sensitive, codes), otherwise=x)

    return let(value, change)


@cache
def _sensitive() -> str:
    """A class of all code points that NFC may change or move: without one of them a text is in NFC."""
    points = {*_codes(tables.COMBINING), *_singles(), *(_seconds())}
    points |= {*range(_V, _V + _VS), *range(_T + 1, _T + _TS)}
    ordered = sorted(points)
    runs: list[list[int]] = []
    for point in ordered:
        if runs and runs[-1][1] + 1 == point:
            runs[-1][1] = point
        else:
            runs.append([point, point])
    return "[" + "".join(rf"\x{{{a:X}}}-\x{{{b:X}}}" for a, b in runs) + "]"


def _full(code: int) -> str:
    return unicodedata.normalize("NFD", chr(code))


@cache
def _singles() -> frozenset[int]:
    """Code points that NFC replaces wherever they stand."""
    return frozenset(c for c in _codes(tables.DECOMPOSED) if unicodedata.normalize("NFC", chr(c)) != chr(c))


@cache
def _pairs() -> dict[str, str]:
    """Two code points that compose, and what they become; Hangul aside."""
    found: dict[str, str] = {}
    for code in _codes(tables.DECOMPOSED):
        parts = unicodedata.decomposition(chr(code)).split()
        if len(parts) == 2 and code not in _singles():
            found["".join(chr(int(p, 16)) for p in parts)] = chr(code)
    return found


def _seconds() -> set[int]:
    return {ord(pair[1]) for pair in _pairs()}


def _looked_up(key: exp.Expr, table: str) -> exp.Expr:
    """What the table has for the key, or NULL."""
    return t.call("try_element_at", t.column(f"recon_nfc_{table}"), key)


def _split(x: exp.Expr) -> exp.Expr:
    return t.call("split", x, t.text(""))


def _decomposed(x: exp.Expr) -> exp.Expr:
    """Each code point as its canonical decomposition; Hangul syllables stay, they only ever grow."""
    each = each_item(_split(x), lambda c: t.first_known(_looked_up(c, "decomposed"), c))
    return t.call("array_join", each, t.text(""))


def _struct(**fields: exp.Expr) -> exp.Expr:
    return t.call("named_struct", *(p for name, value in fields.items() for p in (t.text(name), value)))


def _field(value: exp.Expr, name: str) -> exp.Expr:
    return exp.Dot(this=t.own(value), expression=exp.to_identifier(name))


def _folded(items: exp.Expr, start: exp.Expr, step: exp.Lambda) -> exp.Expr:
    return t.call("aggregate", items, start, step)


def _step(build: Callable[[exp.Expr, exp.Expr], exp.Expr]) -> exp.Lambda:
    names = (f"a{next(_numbers)}", f"c{next(_numbers)}")
    body = build(*(t.column(n) for n in names))
    return exp.Lambda(this=body, expressions=[exp.to_identifier(n) for n in names])


def _points(x: exp.Expr) -> exp.Expr:
    """The code points as structs: combining class k and the code point c, in order."""

    def point(c: exp.Expr) -> exp.Expr:
        known = t.first_known(_looked_up(c, "classes"), t.text("0"))
        return _struct(k=cast(known, "INT"), c=c)

    return each_item(_split(x), point)


def _in_order(points: exp.Expr) -> exp.Expr:
    """Runs of combining marks sorted by class, marks of one class in their order.

    g counts the starters so far, n the code points: sorted by (g, k, n), where a starter's k is 0.
    """

    def add(acc: exp.Expr, p: exp.Expr) -> exp.Expr:
        starts = t.case((t.equals(_field(p, "k"), t.number(0)), t.number(1)), otherwise=t.number(0))
        group = plus(_field(acc, "g"), starts)
        item = _struct(g=group, k=_field(p, "k"), n=_field(acc, "n"), c=_field(p, "c"))
        items = t.call("array_append", _field(acc, "items"), item)
        return _struct(g=group.copy(), n=plus(_field(acc, "n"), t.number(1)), items=items)

    empty = exp.Cast(
        this=t.call("array"),
        to=exp.DataType.build("ARRAY<STRUCT<g: INT, k: INT, n: INT, c: STRING>>", dialect="databricks"),
    )
    start = _struct(g=t.number(0), n=t.number(0), items=empty)
    return t.call("sort_array", _field(_folded(points, start, _step(add)), "items"))


def _composed(points: exp.Expr) -> exp.Expr:
    """`out` is done, `s` the last starter, `m` the marks after it, `k` the class of the last mark or -1."""

    def add(acc: exp.Expr, p: exp.Expr) -> exp.Expr:
        k, c, s = _field(p, "k"), _field(p, "c"), _field(acc, "s")
        open_ = t.operator(exp.LT, _field(acc, "k"), k)
        together = t.case((open_, _together(s, c)), otherwise=exp.null())
        return let(cast(together, "STRING"), lambda new: _next(acc, k, c, new))

    empty = t.text("")
    start = _struct(out=empty, s=empty, m=empty, k=t.number(-1))
    done = _folded(points, start, _step(add))
    return let(done, lambda d: t.call("concat", *(_field(d, n) for n in ("out", "s", "m"))))


def _next(acc: exp.Expr, k: exp.Expr, c: exp.Expr, new: exp.Expr) -> exp.Expr:
    out, s, m = (_field(acc, n) for n in ("out", "s", "m"))
    composed_ = _struct(out=out, s=new, m=m, k=_field(acc, "k"))
    starter = _struct(out=t.call("concat", out, s, m), s=c, m=t.text(""), k=t.number(-1))
    mark = _struct(out=out, s=s, m=t.call("concat", m, c), k=k)
    return t.case((t.not_null(new), composed_), (t.equals(k, t.number(0)), starter), otherwise=mark)


def _together(s: exp.Expr, c: exp.Expr) -> exp.Expr:
    """What a starter and a code point compose to, or NULL."""
    codes = [t.call("ascii", x) for x in (s, c)]
    leading, vowel = minus(codes[0], t.number(_L)), minus(codes[1], t.number(_V))
    syllable, trailing = minus(codes[0], t.number(_S)), minus(codes[1], t.number(_T))
    both = plus(times(plus(times(leading, t.number(_VS)), vowel), t.number(_TS)), t.number(_S))
    longer = plus(codes[0], trailing)
    two = t.all_of(_from(leading, 0, _LS), _from(vowel, 0, _VS))
    three = t.all_of(
        _from(syllable, 0, _LS * _VS * _TS),
        t.equals(rest(syllable, t.number(_TS)), t.number(0)),
        _from(trailing, 1, _TS),
    )
    return t.case(
        (two, _character(both)),
        (three, _character(longer)),
        otherwise=_looked_up(t.call("concat", s, c), "pairs"),
    )


def _from(value: exp.Expr, low: int, end: int) -> exp.Expr:
    return t.all_of(t.operator(exp.GTE, value, t.number(low)), t.operator(exp.LT, value, t.number(end)))


def _character(code: exp.Expr) -> exp.Expr:
    """The character of a code point of three bytes in UTF-8."""
    parts = [
        plus(t.number(224), whole(code, t.number(4096))),
        plus(t.number(128), rest(whole(code, t.number(64)), t.number(64))),
        plus(t.number(128), rest(code, t.number(64))),
    ]
    return t.call(
        "decode", t.call("unhex", t.call("concat", *(t.call("hex", p) for p in parts))), t.text("UTF-8")
    )
