"""A slow, obvious comparison in plain Python, without SQL: what the true one must agree with.

It knows the contract, not the implementation: values become Python values that are equal exactly when the
contract says so. Only the order in which the surplus of a repeated key pairs up is taken over from it; that
one is of texts wherever values of two kinds meet that no SQL type holds together.
"""

from __future__ import annotations

import math
import re
import struct
import unicodedata
from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta
from decimal import Decimal, localcontext
from fractions import Fraction

from recon.model import EXACT, TextPolicy, ToleranceKind

NUMBERS = {"tinyint", "utinyint", "smallint", "int", "bigint", "ubigint", "bool", "double", "float"}
INSTANTS = {"date", "ts", "tz", "ms", "ns"}
EPOCH = datetime(1970, 1, 1)
BLANKS = " \t\n\r\f\v"
CLOCK = r"([01]\d|2[0-3]):([0-5]\d)(?::([0-5]\d)(?:[.,](\d+))?)?"


def is_number(kind):
    return kind in NUMBERS or kind.startswith("decimal(")


def is_float(kind):
    return kind in {"double", "float"}


def family(kind):
    """`text:ts` is a text that was declared as a timestamp and is read as one."""
    _, _, read = kind.partition(":")
    kind = read or kind
    if kind in {"text", "uuid", "null"}:
        return "text"
    return "number" if is_number(kind) else "instant" if kind in INSTANTS else kind


def comparable(kind, other):
    """Whether values of the two kinds have a common reading."""
    one, two = family(kind), family(other)
    if one == two:
        return one not in {"map", "duration", "wide"}
    return "text" in {one, two} and not {one, two} & {"list", "struct", "map", "duration", "wide"}


def as_number(value):
    if isinstance(value, float):
        return value if math.isnan(value) or math.isinf(value) else Fraction(value)
    return Fraction(int(value) if isinstance(value, bool) else value)


def single(value):
    """The nearest number that 4 bytes hold."""
    return struct.unpack("f", struct.pack("f", value))[0]


def as_instant(value):
    """Microseconds since 1970, UTC; an integer is nanoseconds, which are cut."""
    if isinstance(value, int):
        return value // 1000
    if not isinstance(value, datetime):
        value = datetime(value.year, value.month, value.day)
    if value.tzinfo:
        value = value.astimezone(UTC).replace(tzinfo=None)
    return (value - EPOCH) // timedelta(microseconds=1)


def as_time(value):
    return ((value.hour * 60 + value.minute) * 60 + value.second) * 1_000_000 + value.microsecond


def read_number(text, *, other):
    plain = text.strip(BLANKS)
    if other == "bool" and plain.lower() in {"t", "true", "y", "yes"}:
        return Fraction(1)
    if other == "bool" and plain.lower() in {"f", "false", "n", "no"}:
        return Fraction(0)
    if is_float(other) and re.fullmatch(r"[+-]?(nan|inf|infinity)", plain, re.IGNORECASE):
        return float(plain)
    if not re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,4})?", plain, re.ASCII):
        return None
    if other == "float":
        return as_number(single(float(plain)))
    return as_number(float(plain)) if is_float(other) else Fraction(Decimal(plain))


def read_instant(text):
    plain = text.strip(BLANKS)
    zoned = rf"(\d{{4}}-\d\d-\d\d|\d{{8}})(?:[T ]+{CLOCK}\s*(Z|[+-]\d\d(?::?\d\d)?)?)?"
    found = re.fullmatch(zoned, plain, re.ASCII)
    if not found:
        return None
    day, hour, minute, second, fraction, zone = found.groups()
    try:
        midnight = datetime.strptime(day, "%Y-%m-%d" if "-" in day else "%Y%m%d")
    except ValueError:
        return None
    seconds = (int(hour or 0) * 60 + int(minute or 0)) * 60 + int(second or 0)
    if zone and zone != "Z":
        digits = zone[1:].replace(":", "").ljust(4, "0")
        seconds -= int(zone[0] + "1") * (int(digits[:2]) * 3600 + int(digits[2:]) * 60)
    return as_instant(midnight) + seconds * 1_000_000 + int((fraction or "").ljust(6, "0")[:6])


def read_time(text):
    found = re.fullmatch(CLOCK, text.strip(BLANKS), re.ASCII)
    if not found:
        return None
    hour, minute, second, fraction = found.groups()
    seconds = (int(hour) * 60 + int(minute)) * 60 + int(second or 0)
    return seconds * 1_000_000 + int((fraction or "").ljust(6, "0")[:6])


def read_bytes(text):
    found = re.fullmatch(r"(?:0[xX])?((?:[0-9A-Fa-f]{2})*)", text.strip(BLANKS), re.ASCII)
    return bytes.fromhex(found[1]) if found else None


# Whether they look past case, past accents, and past width; all of them look past trailing blanks.
COLLATIONS = {
    "SQL_Latin1_General_CP1_CI_AS": (True, False, True),
    "Latin1_General_100_CI_AI": (True, True, True),
    "Latin1_General_100_CS_AS": (False, False, True),
    "Latin1_General_100_BIN2": (False, False, False),
}


def collated(text, name):
    """The text as the collation sees it, for Latin letters."""
    case, accents, width = COLLATIONS[name]
    if width:
        text = "".join(chr(ord(c) - 0xFEE0) if "！" <= c <= "～" else c for c in text)
    if accents:
        text = "".join(c for c in unicodedata.normalize("NFD", text) if not unicodedata.combining(c))
    return (text.lower() if case else text).rstrip(" ")


def looked_past(text, rule, padded):
    if TextPolicy.NFC in rule.text:
        text = unicodedata.normalize("NFC", text)
    if rule.collation:
        text = collated(text, rule.collation)
    if TextPolicy.CASE in rule.text:
        text = text.lower()
    if padded or TextPolicy.TRAILING_SPACES in rule.text:
        text = text.rstrip(" ")
    return None if text == "" and TextPolicy.EMPTY_IS_NULL in rule.text else text


def read(text, kind, other):
    """A text as the other side's kind, or as the one it was declared as; None if it cannot be read."""
    wanted = kind.partition(":")[2] or other.partition(":")[2] or other
    if is_number(wanted):
        return read_number(text, other=wanted)
    readers = {"instant": read_instant, "time": read_time, "binary": read_bytes}
    return readers[family(wanted)](text)


def canonical(value, kind, other, rule=EXACT, padded=False, guid=False):
    """None, or a value that is equal to another exactly when the contract says so."""
    if value is None:
        return None
    if isinstance(value, str):
        value = looked_past(value, rule, padded)
        if value is not None and guid and family(kind) == family(other) == "text":
            return value.upper()
        if value is None or family(kind) == family(other) == "text":
            return value
        known = read(value, kind, other)
        value = ("unreadable", value) if known is None else known
    elif is_number(kind):
        value = as_number(single(value) if kind == "float" else value)
    elif family(kind) == "instant":
        value = as_instant(value)
    elif kind == "time":
        value = as_time(value)
    return "nan" if isinstance(value, float) and math.isnan(value) else value


def within(tolerance, one, other, kinds):
    """Whether two unequal canonical values are within the tolerance."""
    if any(v is None or isinstance(v, str | tuple) for v in (one, other)):
        return False
    if any(isinstance(v, float) for v in (one, other)):  # an infinity
        return False
    if tolerance.kind is ToleranceKind.ULP:
        four_bytes = "double" not in kinds and kinds <= {"float", "text"}
        return abs(step(float(one), four_bytes) - step(float(other), four_bytes)) <= tolerance.amount
    amount = Fraction(tolerance.amount)
    if tolerance.kind is ToleranceKind.SECS:
        return abs(one - other) <= amount * 1_000_000
    if tolerance.kind is ToleranceKind.PCT:
        amount /= 100
    if any(map(is_float, kinds)):
        one, other, amount = float(one), float(other), float(amount)
    bound = amount if tolerance.kind is ToleranceKind.ABS else amount * max(abs(one), abs(other))
    return abs(one - other) <= bound


def step(value, four_bytes):
    """How many floats lie between 0 and the value."""
    bits = struct.unpack("<i" if four_bytes else "<q", struct.pack("<f" if four_bytes else "<d", abs(value)))[
        0
    ]
    return -bits if value < 0 else bits


# --- The order in which the surplus of a repeated key pairs up ----------------------------------------

DIGITS = {"bool": 1, "tinyint": 3, "utinyint": 3, "smallint": 5, "int": 10, "bigint": 19, "ubigint": 20}


def size(kind):
    """Digits before and after the point."""
    if kind.startswith("decimal("):
        precision, scale = map(int, kind[8:-1].split(","))
        return precision - scale, scale
    return DIGITS.get(kind, 0), 0


def printed(kind, other):
    """Whether the values of such columns sort by their text, and as floats or as exact decimals."""
    if "text" in (kind, other):
        return "" if kind == other else "float" if is_float(kind) or is_float(other) else "exact"
    if family(kind) != "number":
        return ""
    sizes = size(kind), size(other)
    if is_float(kind) or is_float(other):
        plain = all(
            is_float(k) or (s == 0 and d <= 15) for k, (d, s) in zip((kind, other), sizes, strict=True)
        )
        return "" if plain else "exact"
    return "exact" if max(d for d, _ in sizes) + max(s for _, s in sizes) > 38 else ""


def decimal_text(value):
    """The shortest exact text of a fraction of a power of ten."""
    with localcontext(prec=1000):
        text = format(Decimal(value.numerator) / Decimal(value.denominator), "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def number_text(value, kind, other, how):
    """The text of a number by which it sorts: a float that is no decimal of the other's scale has an "f"."""
    if value == "nan" or isinstance(value, float):
        plain = "nan" if value == "nan" else repr(value)
        return plain if how == "float" else f"f{plain}"
    if how == "float":
        return repr(float(value))
    if is_float(kind) and (value * 2 ** size(other)[1]).denominator != 1:
        return f"f{float(value)!r}"
    return decimal_text(value)


def place(value, kind, other):
    """Sorts as the engine does: NULL first, NaN last, an unreadable text as "?" and itself."""
    if value is None:
        return (0,)
    how = printed(kind, other)
    if isinstance(value, tuple):
        return 1, "?" + value[1]
    if how and family(kind if kind != "text" else other) == "number":
        return 1, number_text(value, kind, other, how)
    if how:  # as text: bytes by their digits, moments as they are written
        return 1, value.hex().upper() if isinstance(value, bytes) else moment_text(value, kind, other)
    return (2,) if value == "nan" and family(kind) == "number" else (1, value)


def moment_text(value, kind, other):
    if "time" in (kind, other):
        return str((EPOCH + timedelta(microseconds=value)).time())
    return str(EPOCH + timedelta(microseconds=value))


def as_it_is(value):
    """Sorts raw values: floats by their text, because 0.0 and -0.0 have no order."""
    if value is None:
        return (0,)
    return (1, repr(value)) if isinstance(value, float) else (1, value)


class Oracle:
    """columns: (name, baseline kind, candidate kind, rule); rows: tuples of Python values."""

    def __init__(self, columns, keys, baseline, candidate):
        self.columns, self.whole = columns, not keys
        self.keys = [i for i, c in enumerate(columns) if c[0] in keys or not keys]
        self.order = sorted(range(len(columns)), key=lambda i: columns[i][0])
        self.sides = [[self.row(r, side) for r in rows] for side, rows in enumerate((baseline, candidate))]
        self.pairs, self.missing, self.extra = [], 0, 0
        self.pair()

    def row(self, raw, side):
        kinds = [(c[1 + side], c[2 - side]) for c in self.columns]
        rules = [c[3] for c in self.columns]
        normal = tuple(canonical(v, *k, rule) for v, k, rule in zip(raw, kinds, rules, strict=True))
        strict = tuple(canonical(v, *k) for v, k in zip(raw, kinds, strict=True))
        order = [place(normal[i], *kinds[i]) for i in self.order] + [as_it_is(raw[i]) for i in self.order]
        return normal, strict, order

    def key(self, row):
        return tuple(row[0][i] for i in self.keys)

    def pair(self):
        groups = defaultdict(lambda: ([], []))
        for side, rows in enumerate(self.sides):
            for row in rows:
                groups[self.key(row)][side].append(row)
        for one, other in groups.values():
            if len(one) > 1 or len(other) > 1:
                one, other = sorted(one, key=lambda r: r[2]), sorted(other, key=lambda r: r[2])
                one, other = self.take_equal(one, other)
            self.pairs += zip(one, other, strict=False)
            self.missing += max(0, len(one) - len(other))
            self.extra += max(0, len(other) - len(one))

    def take_equal(self, one, other):
        left = Counter(r[0] for r in one) & Counter(r[0] for r in other)
        taken = []
        for rows in (one, other):
            budget, equal, rest = left.copy(), defaultdict(list), []
            for row in rows:
                budget[row[0]] -= 1
                (equal[row[0]] if budget[row[0]] >= 0 else rest).append(row)
            taken.append((equal, rest))
        for normal, rows in taken[0][0].items():
            self.pairs += zip(rows, taken[1][0][normal], strict=True)
        return taken[0][1], taken[1][1]

    def equal(self, i, one, other):
        _, kind, other_kind, rule = self.columns[i]
        if one[0][i] == other[0][i]:
            return True
        return bool(rule.tolerance) and within(rule.tolerance, one[0][i], other[0][i], {kind, other_kind})

    def rows(self):
        differing = sum(any(not self.equal(i, *p) for i in range(len(self.columns))) for p in self.pairs)
        repeats = [sum(n > 1 for n in Counter(map(self.key, rows)).values()) for rows in self.sides]
        nulls = [sum(None in self.key(r) for r in rows) * (not self.whole) for rows in self.sides]
        return {
            "baseline": len(self.sides[0]),
            "candidate": len(self.sides[1]),
            "paired": len(self.pairs),
            "equal": len(self.pairs) - differing,
            "differing": differing,
            "missing": self.missing,
            "extra": self.extra,
            "duplicate_keys": tuple(repeats),
            "null_keys": tuple(nulls),
        }

    def column(self, i):
        wrong = [p for p in self.pairs if not self.equal(i, *p)]
        return {
            "mismatches": len(wrong),
            "forgiven": sum(self.equal(i, *p) and p[0][1][i] != p[1][1][i] for p in self.pairs),
            "baseline_null": sum(p[0][0][i] is None for p in wrong),
            "candidate_null": sum(p[1][0][i] is None for p in wrong),
        }
