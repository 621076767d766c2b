"""Signs in texts and bytes: blanks, letters, cuts, escapes, hashes, order of parts, other text forms."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from sqlglot import exp

from recon.compare import compatible, reading
from recon.compare import dialect as d
from recon.compare import trees as t
from recon.compare.causes import POSSIBLE
from recon.compare.detect_time import day_and_month
from recon.compare.forms import Form
from recon.compare.signs import KIND, Sign, Y, Z
from recon.model_result import Kind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from recon.compare.signs import Cells
    from recon.ports import Comparer

_GUID: Final = r"\{?[0-9A-Fa-f]{8}-([0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}\}?"
_HASH: Final = r"(0[xX])?([0-9A-Fa-f]{32}|[0-9A-Fa-f]{40}|[0-9A-Fa-f]{64}|[0-9A-Fa-f]{96}|[0-9A-Fa-f]{128})"
_HASH_BYTES: Final = (16, 20, 32, 48, 64)
_SEPARATORS: Final = {",": "commas", ";": "semicolons", "|": "bars", " ": "blanks"}
_BEYOND_ASCII: Final = r"[^\x{0000}-\x{007F}]"
_GARBLED: Final = r"[^\x{0000}-\x{007F}]|\?"
_MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_CLOCK: Final = r"(?:[T ]+(\d{1,2}):(\d{2})(?::(\d{2}))?(?:[.:,]\d+)?\s*([AaPp][Mm])?\s*Z?)?"
_YEAR_FIRST: Final = rf"\s*(\d{{4}})[-/.]?(\d{{2}})[-/.]?(\d{{2}}){_CLOCK}\s*"
_YEAR_LAST: Final = rf"\s*(\d{{1,2}})[-/. ](\d{{1,2}})[-/. ](\d{{4}}){_CLOCK}\s*"
_DAY_NAMED: Final = rf"\s*(\d{{1,2}})[-/. ]+([A-Za-z]{{3}})[a-z]*[-/., ]+(\d{{4}}){_CLOCK}\s*"
_MONTH_NAMED: Final = rf"\s*([A-Za-z]{{3}})[a-z]*[ ]+(\d{{1,2}}),?[ ]+(\d{{4}}){_CLOCK}\s*"


def text_signs(engine: Comparer, cells: Cells) -> Iterator[Sign]:
    """The signs for this column, in the order of preference."""
    y, z = t.column(Y), t.column(Z)
    match cells.common.form:
        case Form.TEXT:
            lengths = _Lengths(engine, cells)
            yield from _blanks(y, z, lengths)
            yield from _letters(y, z)
            yield _escape(y, z)
            yield Sign(code="CONVERT_STYLE", holds=t.equals(t.column(KIND), t.text(Kind.TYPE)), few=2)
            yield from _parts(y, z)
            yield from _drawn(y, z)
            yield from _cuts(y, z, lengths)
        case Form.GUID:
            yield from _drawn(y, z)
        case Form.BINARY:
            yield _hashes_of_bytes(y, z)
        case _:
            return


def costly_signs(cells: Cells) -> tuple[Cells, list[Sign]]:
    """Signs that read texts as dates and numbers, for what the others leave; and the cells they need."""
    if cells.common.form is not Form.TEXT:
        return cells, []
    derived: dict[str, exp.Expr] = {}
    for name in (Y, Z):
        value = t.column(name)
        plain = t.call("replace", value, t.text(","), t.text(""))
        derived |= {
            f"day_{name}": _day(value, month_first=False),
            f"us_day_{name}": _day(value, month_first=True),
            f"minute_{name}": _minute(value),
            f"number_{name}": reading.numeral(plain),
            f"double_{name}": d.try_type(plain, "DOUBLE"),
            f"readable_{name}": reading.readable_number(plain),
        }
    return replace(cells, derived=derived), [*_other_forms(), *_day_and_month(), _minutes_for_months()]


class _Lengths:
    """How long the texts are where one is the other's beginning, or the other without its padding."""

    def __init__(self, engine: Comparer, cells: Cells) -> None:
        y, z = t.column(Y), t.column(Z)
        columns = {
            "y": t.length(y),
            "z": t.length(z),
            "padded": t.equals(t.call("rtrim", y, t.text(" ")), z),
            "cut": t.call("starts_with", z, y),
            "cut_there": t.call("starts_with", y, z),
        }
        rows = t.select([t.named(v, n) for n, v in columns.items()], t.inner(cells.query(every=False), "r"))
        names = [t.column(n) for n in columns]
        counted = t.select([*names, t.named(t.rows_counted(), "n")], t.inner(rows, "l"), group=names)
        self.rows = [r for r in engine.query(counted) if r["y"] is not None and r["z"] is not None]

    def usual(self, name: str, which: str) -> int | None:
        """The one length that nearly all such texts have; None if there is none."""
        found = Counter[int]()
        for row in self.rows:
            if row[name] and row[which]:
                found[row[which]] += row["n"]
        if not found:
            return None
        length, count = max(found.items(), key=lambda item: (item[1], item[0]))
        return length if 100 * count >= 95 * found.total() else None


def _blanks(y: exp.Expr, z: exp.Expr, lengths: _Lengths) -> Iterator[Sign]:
    trimmed = [t.call("rtrim", v, t.text(" ")) for v in (y, z)]
    padded = lengths.usual("padded", "y")
    if padded is not None:
        full = t.equals(t.length(y), t.number(padded))
        yield Sign(code="CHAR_PADDING", holds=t.all_of(t.equals(trimmed[0], z), full))
    yield Sign(code="TRAILING_SPACE", holds=t.equals(*trimmed), alone=True)


def _letters(y: exp.Expr, z: exp.Expr) -> Iterator[Sign]:
    alike = t.equals(t.lower(y), t.lower(z))
    guids = t.all_of(d.matches(y, _GUID), d.matches(z, _GUID))
    yield Sign(code="GUID_CASE", holds=t.all_of(alike, guids), alone=True)
    yield Sign(code="COLLATION_CASE", holds=alike, alone=True)
    composed = [d.composed(v) for v in (y, z)]
    visible = [d.composed(d.visible(v)) for v in (y, z)]
    yield Sign(code="UNICODE_FORM", holds=t.equals(*composed), alone=True)
    beyond = t.any_of(*(d.found(v, _BEYOND_ASCII) for v in (y, z)))
    written = [d.composed(d.visible(compatible.plain(v))) for v in (y, z)]
    yield Sign(code="UNICODE_FORM", holds=t.all_of(t.equals(*written), beyond), alone=True)
    yield Sign(code="WHITESPACE", holds=t.equals(*visible), alone=True)
    folded = [t.lower(v) for v in visible]
    yield Sign(code="COLLATION_CASE", holds=t.equals(*folded))
    skeletons = [d.replaced(v, _GARBLED, "") for v in (y, z)]
    some = t.operator(exp.GT, t.length(skeletons[0]), t.number(0))
    yield Sign(code="ENCODING", holds=t.all_of(beyond, t.equals(*skeletons), some), alone=True)


def _escape(y: exp.Expr, z: exp.Expr) -> Sign:
    """A backslash and n in a literal: two characters or one."""
    read = y
    for written, meant in (("\\n", "\n"), ("\\t", "\t"), ("\\r", "\r"), ("\\", "")):
        read = t.call("replace", read, t.text(written), t.text(meant))
    has = t.call("contains", y, t.text("\\"))
    return Sign(code="ESCAPE", holds=t.all_of(has, t.equals(read, z)), alone=True)


def _pair(name: str) -> tuple[exp.Expr, exp.Expr]:
    return t.column(f"{name}_{Y}"), t.column(f"{name}_{Z}")


def _other_forms() -> Iterator[Sign]:
    """Dates, floats and money that are written otherwise."""
    readable = t.all_of(*_pair("readable"))
    yield Sign(code="CONVERT_STYLE", holds=t.all_of(readable, t.equals(*_pair("number"))), few=2)
    powers = t.any_of(*(t.call("contains", t.lower(t.column(v)), t.text("e+")) for v in (Y, Z)))
    one, other = _pair("double")
    most = t.operator(exp.Mul, t.magnitude(other), t.number("0.00001"))
    near = t.operator(exp.LTE, t.magnitude(t.operator(exp.Sub, one, other)), most)
    yield Sign(code="CONVERT_STYLE", holds=t.all_of(readable, powers, near), few=2)
    minutes = _pair("minute")
    timed = t.any_of(*(t.equals(m, t.text("")) for m in minutes), t.equals(*minutes))
    for days in ("day", "us_day"):
        holds = t.all_of(t.equals(*_pair(days)), timed)
        yield Sign(code="CONVERT_STYLE", holds=holds, few=2, distinct=2)


def _day_and_month() -> Iterator[Sign]:
    """03/04/2024 beside 04/03/2024. Where 25/12/2024 is beside 12/25/2024, one date is in two styles."""
    one, other = _pair("day")
    turned = t.joined(
        t.call("left", other, t.number(4)),
        t.call("substr", other, t.number(7), t.number(2)),
        t.call("substr", other, t.number(5), t.number(2)),
    )
    exchanged = t.all_of(t.equals(one, turned), t.equals(*_pair("minute")))
    late = t.any_of(
        *(
            t.operator(exp.GT, t.call("substr", one, t.number(start), t.number(2)), t.text("12"))
            for start in (5, 7)
        )
    )
    yield Sign(code="CONVERT_STYLE", holds=exchanged, distinct=2, proofs=(late,))
    swapped = t.all_of(exchanged, t.negate(late))
    lost = t.all_of(t.is_null(t.column(Z)), late)
    yield day_and_month(swapped, lost)


def _day(raw: exp.Expr, *, month_first: bool) -> exp.Expr:
    """The day that a text names, as yyyymmdd; NULL if none. `month_first` decides of 01/02/2024."""

    def two(pattern: str, which: int) -> exp.Expr:
        return t.call("lpad", d.group(raw, pattern, which), t.number(2), t.text("0"))

    def joined(year: exp.Expr, month: exp.Expr, day: exp.Expr) -> exp.Expr:
        return t.joined(year, month, day)

    day, month = (2, 1) if month_first else (1, 2)
    return t.case(
        (
            d.matches(raw, _YEAR_FIRST),
            joined(d.group(raw, _YEAR_FIRST, 1), two(_YEAR_FIRST, 2), two(_YEAR_FIRST, 3)),
        ),
        (
            d.matches(raw, _YEAR_LAST),
            joined(d.group(raw, _YEAR_LAST, 3), two(_YEAR_LAST, month), two(_YEAR_LAST, day)),
        ),
        (
            d.matches(raw, _DAY_NAMED),
            joined(d.group(raw, _DAY_NAMED, 3), _month(d.group(raw, _DAY_NAMED, 2)), two(_DAY_NAMED, 1)),
        ),
        (
            d.matches(raw, _MONTH_NAMED),
            joined(
                d.group(raw, _MONTH_NAMED, 3), _month(d.group(raw, _MONTH_NAMED, 1)), two(_MONTH_NAMED, 2)
            ),
        ),
        otherwise=exp.null(),
    )


def _month(name: exp.Expr) -> exp.Expr:
    branches = [(t.equals(t.lower(name), t.text(m)), t.text(f"{n:02}")) for n, m in enumerate(_MONTHS, 1)]
    return t.case(*branches, otherwise=exp.null())


def _minute(raw: exp.Expr) -> exp.Expr:
    """The time of day that a text names, as hh:mm; '' if none."""
    patterns = (_YEAR_FIRST, _YEAR_LAST, _DAY_NAMED, _MONTH_NAMED)
    branches = [(d.matches(raw, pattern), _hour_and_minute(raw, pattern)) for pattern in patterns]
    return t.case(*branches, otherwise=t.text(""))


def _hour_and_minute(raw: exp.Expr, pattern: str) -> exp.Expr:
    hour = t.call("lpad", d.group(raw, pattern, 4), t.number(2), t.text("0"))
    half = t.lower(d.group(raw, pattern, 7))
    number = d.try_type(hour, "INT")
    later = t.case(
        (t.all_of(t.equals(half, t.text("pm")), t.operator(exp.LT, number, t.number(12))), t.number(12)),
        (t.all_of(t.equals(half, t.text("am")), t.equals(number, t.number(12))), t.number(-12)),
        otherwise=t.number(0),
    )
    said = d.as_text(t.operator(exp.Add, number, later))
    timed = t.joined(t.call("lpad", said, t.number(2), t.text("0")), t.text(":"), d.group(raw, pattern, 5))
    return t.case((t.equals(d.group(raw, pattern, 4), t.text("")), t.text("")), otherwise=timed)


def _minutes_for_months() -> Sign:
    """2024-07 beside 2024-00: the pattern mm, minutes, where MM was meant."""
    y, z = t.column(Y), t.column(Z)
    pattern = r"(\d{4}[-/.]?)(\d{2})(|[-/.]?\d{2}(?:[T ].*)?)"
    months = [d.group(v, pattern, 2) for v in (y, z)]
    rests = [t.joined(d.group(v, pattern, 1), t.text("~"), d.group(v, pattern, 3)) for v in (y, z)]
    dates = t.all_of(*(d.matches(v, pattern) for v in (y, z)), t.equals(*rests))
    other = t.operator(exp.NEQ, *months)
    outside = t.any_of(t.equals(months[1], t.text("00")), t.operator(exp.GT, months[1], t.text("12")))
    return Sign(
        code="DATE_FORMAT_PARSE",
        holds=t.all_of(dates, other),
        words=lambda _: {"value": "The month is another, often no month at all, as if written in minutes"},
        proofs=(outside,),
        proof_least=20,
        least=90,
    )


def _parts(y: exp.Expr, z: exp.Expr) -> Iterator[Sign]:
    for separator, name in _SEPARATORS.items():
        has = t.call("contains", y, t.text(separator))
        same = t.equals(*(d.sorted_parts(v, separator) for v in (y, z)))
        words = {"value": name}
        yield Sign(code="STRING_AGG_ORDER", holds=t.all_of(has, same), words=lambda _, w=words: w, few=2)
    wide = t.call("contains", y, t.text(", "))
    parts = [d.sorted_parts(t.call("replace", v, t.text(", "), t.text(",")), ",") for v in (y, z)]
    holds = t.all_of(wide, t.equals(*parts))
    yield Sign(code="STRING_AGG_ORDER", holds=holds, words=lambda _: {"value": "commas"}, few=2)


def _drawn(y: exp.Expr, z: exp.Expr) -> Iterator[Sign]:
    """Hashes and GUIDs, different in nearly every row."""
    guids = t.all_of(d.matches(y, _GUID), d.matches(z, _GUID))
    yield Sign(
        code="VOLATILE_FUNCTION",
        holds=guids,
        words=lambda _: {"value": "GUIDs, different in nearly every row"},
        rows=90,
        distinct=5,
        few=5,
        least=90,
    )
    hashes = t.all_of(*(d.matches(v, _HASH) for v in (y, z)), t.equals(t.length(y), t.length(z)))
    yield Sign(code="HASH_FUNCTION", holds=hashes, rows=50, least=90, distinct=2)


def _hashes_of_bytes(y: exp.Expr, z: exp.Expr) -> Sign:
    sizes = [t.call("octet_length", v) for v in (y, z)]
    known = t.any_of(*(t.equals(sizes[0], t.number(n)) for n in _HASH_BYTES))
    return Sign(
        code="HASH_FUNCTION", holds=t.all_of(known, t.equals(*sizes)), rows=50, least=90, distinct=2, few=5
    )


def _cuts(y: exp.Expr, z: exp.Expr, lengths: _Lengths) -> Iterator[Sign]:
    """One text is the other's beginning, or both are off by a character at an end."""
    some = t.all_of(*(t.operator(exp.GT, t.length(v), t.number(0)) for v in (y, z)))
    by_one = t.equals(t.magnitude(t.operator(exp.Sub, t.length(y), t.length(z))), t.number(1))
    cut, cut_there = lengths.usual("cut", "y"), lengths.usual("cut_there", "z")
    whole, whole_there = lengths.usual("cut", "z"), lengths.usual("cut_there", "y")
    always_one = (cut is not None and whole == cut + 1) or (
        cut_there is not None and whole_there == cut_there + 1
    )
    index = Sign(
        code="SUBSTRING_INDEX",
        holds=t.all_of(some, t.any_of(t.all_of(by_one, _ends_alike(y, z)), _moved(y, z))),
        confidence=POSSIBLE,
        few=5,
        least=50,
        distinct=2,
    )
    if always_one:
        yield index
    for side, length, shorter, longer in (("Synapse", cut, y, z), ("Databricks", cut_there, z, y)):
        if length:
            holds = t.all_of(
                t.call("starts_with", longer, shorter),
                t.equals(t.length(shorter), t.number(length)),
                t.operator(exp.GT, t.length(longer), t.number(length)),
            )
            said = {"side": side, "count": str(length)}
            yield Sign(code="STRING_TRUNCATION", holds=holds, words=lambda _, w=said: w)
    if not always_one:
        yield index


def _ends_alike(y: exp.Expr, z: exp.Expr) -> exp.Expr:
    """Whether one text is the beginning or the end of the other."""
    return t.any_of(
        *(t.call("starts_with", one, other) for one, other in ((y, z), (z, y))),
        *(t.equals(t.call("right", one, t.length(other)), other) for one, other in ((y, z), (z, y))),
    )


def _moved(y: exp.Expr, z: exp.Expr) -> exp.Expr:
    """Whether one text is the other's window, one character further: abc and bcd."""
    shorter = t.operator(exp.Sub, t.length(y), t.number(1))
    long = t.all_of(t.operator(exp.GTE, t.length(y), t.number(3)), t.equals(t.length(y), t.length(z)))
    turns = [
        t.equals(t.call("substr", one, t.number(2)), t.call("left", other, shorter))
        for one, other in ((y, z), (z, y))
    ]
    return t.all_of(long, t.any_of(*turns))
