"""A slow, obvious comparison in plain Python, without SQL: what the true one must agree with.

It knows the contract, not the implementation: values become Python values that are equal exactly when the
contract says so. Only the order in which the surplus of a repeated key pairs up is taken over from it.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections import Counter, defaultdict
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

from recon.model import TextPolicy, ToleranceKind

NUMBERS = {"int", "smallint", "bigint", "bool", "double", "float"}
EPOCH = datetime(1970, 1, 1)


def is_number(kind):
    return kind in NUMBERS or kind.startswith("decimal(")


def is_float(kind):
    return kind in {"double", "float"}


def as_number(value):
    if isinstance(value, float):
        return value if math.isnan(value) or math.isinf(value) else Fraction(value)
    return Fraction(int(value) if isinstance(value, bool) else value)


def as_instant(value):
    if not isinstance(value, datetime):
        value = datetime(value.year, value.month, value.day)
    if value.tzinfo:
        value = value.astimezone(UTC).replace(tzinfo=None)
    return (value - EPOCH) // timedelta(microseconds=1)


def read_number(text, *, floating, boolean):
    plain = text.strip(" \t\n\r\f\v")
    if boolean and plain.lower() in {"t", "true", "y", "yes"}:
        return Fraction(1)
    if boolean and plain.lower() in {"f", "false", "n", "no"}:
        return Fraction(0)
    if floating and re.fullmatch(r"[+-]?(nan|inf|infinity)", plain, re.IGNORECASE):
        return float(plain)
    if not re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,4})?", plain, re.ASCII):
        return None
    return as_number(float(plain)) if floating else Fraction(Decimal(plain))


def read_instant(text):
    plain = text.strip(" \t\n\r\f\v")
    if re.fullmatch(r"\d{8}", plain, re.ASCII) or re.match(r"\d{4}-\d\d-\d\d(?!\d)", plain, re.ASCII):
        try:
            return as_instant(datetime.fromisoformat(plain))
        except ValueError:
            return None
    return None


def looked_past(text, policies, padded):
    if TextPolicy.NFC in policies:
        text = unicodedata.normalize("NFC", text)
    if TextPolicy.CASE in policies:
        text = text.lower()
    if padded or TextPolicy.TRAILING_SPACES in policies:
        text = text.rstrip(" ")
    return None if text == "" and TextPolicy.EMPTY_IS_NULL in policies else text


def canonical(value, kind, other, policies=(), padded=False):
    """None, or a value that is equal to another exactly when the contract says so."""
    if value is None:
        return None
    if isinstance(value, str):
        value = looked_past(value, policies, padded)
        if value is None or kind == other == "text":
            return value
        if is_number(other):
            read = read_number(value, floating=is_float(other), boolean=other == "bool")
        else:
            read = read_instant(value)
        value = ("unreadable", value) if read is None else read
    elif is_number(kind):
        value = as_number(value)
    elif isinstance(value, date):
        value = as_instant(value)
    return "nan" if isinstance(value, float) and math.isnan(value) else value


def within(tolerance, one, other, floating):
    """Whether two unequal canonical values are within the tolerance."""
    if any(v is None or isinstance(v, str | tuple) for v in (one, other)):
        return False
    if any(isinstance(v, float) for v in (one, other)):  # an infinity
        return False
    amount = Fraction(tolerance.amount)
    if tolerance.kind is ToleranceKind.SECS:
        return abs(one - other) <= amount * 1_000_000
    if tolerance.kind is ToleranceKind.PCT:
        amount /= 100
    if floating:
        one, other, amount = float(one), float(other), float(amount)
    bound = amount if tolerance.kind is ToleranceKind.ABS else amount * max(abs(one), abs(other))
    return abs(one - other) <= bound


def place(value):
    """Sorts as the engine does: NULL first, NaN last."""
    if value is None:
        return (0,)
    if isinstance(value, tuple):  # unreadable
        return 3, value[1]
    return (2,) if value == "nan" else (1, value)


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
        normal = tuple(
            canonical(v, c[1 + side], c[2 - side], c[3].text) for v, c in zip(raw, self.columns, strict=True)
        )
        strict = tuple(canonical(v, c[1 + side], c[2 - side]) for v, c in zip(raw, self.columns, strict=True))
        return normal, strict

    def key(self, row):
        return tuple(row[0][i] for i in self.keys)

    def sorting(self, row):
        return [place(row[0][i]) for i in self.order], [place(row[1][i]) for i in self.order]

    def pair(self):
        groups = defaultdict(lambda: ([], []))
        for side, rows in enumerate(self.sides):
            for row in rows:
                groups[self.key(row)][side].append(row)
        for one, other in groups.values():
            if len(one) > 1 or len(other) > 1:
                one, other = sorted(one, key=self.sorting), sorted(other, key=self.sorting)
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
        floating = is_float(kind) or is_float(other_kind)
        return bool(rule.tolerance) and within(rule.tolerance, one[0][i], other[0][i], floating)

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
