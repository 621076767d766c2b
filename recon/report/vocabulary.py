"""The words, numbers and colours that every page and report shares. Pure: text and integers in, text out.

A share is floored and never rounded up: "100 %" is said only of everything, "0 %" only of nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_FLOOR, Decimal
from fractions import Fraction

from recon.model_result import Kind, Verdict

# --- Levels of the heatmap ----------------------------------------------------------------

LEVELS = (
    Fraction(0),
    Fraction(1, 10_000),
    Fraction(1, 1_000),
    Fraction(1, 100),
    Fraction(1, 10),
    Fraction(1, 2),
    Fraction(1),
)
"""The largest share of each level, 0 to 6: steps of a log scale, with exact zero on its own."""

LEVEL_LABELS = ("0", "≤0.01 %", "≤0.1 %", "≤1 %", "≤10 %", "≤50 %", ">50 %")

LEVEL_STEP = 1.5
"""Level times this is the place on the ten colours of a scale, 0 to 9."""

SCALE_LIGHT = (
    "#EEF1F4", "#FFE3C2", "#FFCB98", "#FDB36B", "#F5944A",
    "#EC7420", "#D25916", "#B93D0B", "#912B05", "#6B1A02",
)  # fmt: skip
SCALE_DARK = (
    "#1E2630", "#4A2A18", "#693517", "#8A3F12", "#AC5417",
    "#D06A1C", "#E38834", "#F6A54A", "#FCC78B", "#FFE9C4",
)  # fmt: skip


def level(share_numerator: int, rows: int) -> int:
    """The level 0..6 of `share_numerator` of `rows`, in exact integers. 0 means exactly none.

    ValueError when the share is not between nothing and everything.
    """
    if not 0 <= share_numerator <= rows:
        raise ValueError(f"{share_numerator} of {rows} rows is no share")
    if share_numerator == 0:
        return 0
    share = Fraction(share_numerator, rows)
    return next(number for number, bound in enumerate(LEVELS) if share <= bound)


def _channels(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def _mix(first: str, second: str) -> str:
    """Halfway between two colours, as a browser draws it between two stops."""
    pairs = zip(_channels(first), _channels(second), strict=True)
    return "#" + "".join(f"{(a + b + 1) // 2:02X}" for a, b in pairs)


def _ramp(scale: tuple[str, ...]) -> tuple[str, ...]:
    """One colour a level, at `LEVEL_STEP` stops on the ten colours."""
    return tuple(
        scale[n // 2] if n % 2 == 0 else _mix(scale[n // 2], scale[n // 2 + 1])
        for n in (int(2 * LEVEL_STEP * step) for step in range(len(LEVELS)))
    )


RAMP_LIGHT = _ramp(SCALE_LIGHT)
RAMP_DARK = _ramp(SCALE_DARK)


def _luminance(colour: str) -> float:
    """Relative luminance, https://www.w3.org/TR/WCAG22/#dfn-relative-luminance."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in _unit(colour)]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _unit(colour: str) -> tuple[float, ...]:
    return tuple(channel / 255 for channel in _channels(colour))


def contrast(one: str, other: str) -> float:
    """Contrast ratio of two colours, 1 to 21, https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio."""
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


def ink_on(colour: str) -> str:
    """Black or white, whichever reads better on `colour`."""
    return max(("#000000", "#FFFFFF"), key=lambda ink: contrast(ink, colour))


# --- Kinds of difference ------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class KindStyle:
    """How a kind of difference looks: its word, its symbol (Plotly's name) and its colours.

    Kinds of one family share a colour and differ in symbol. `slot` is the colour's place, from 1, among
    the seven categorical colours of the theme. `hard` kinds change what the data says.
    """

    kind: Kind
    label: str
    symbol: str
    light: str
    dark: str
    hard: bool
    slot: int


KINDS = (
    KindStyle(Kind.VALUE, "Value", "diamond", "#D55E00", "#FF7A2E", hard=True, slot=1),
    KindStyle(Kind.NULL_VS_VALUE, "Null vs value", "circle", "#A3327A", "#D0559B", hard=True, slot=2),
    KindStyle(Kind.TYPE, "Type", "square", "#E69F00", "#F5C242", hard=True, slot=3),
    KindStyle(Kind.UNREADABLE, "Unreadable", "triangle-down", "#E69F00", "#F5C242", hard=True, slot=3),
    KindStyle(Kind.MISSING, "Missing row", "x", "#27303B", "#E6EAF0", hard=True, slot=4),
    KindStyle(Kind.EXTRA, "Extra row", "hourglass", "#27303B", "#E6EAF0", hard=True, slot=4),
    KindStyle(Kind.ROUNDING, "Rounding", "triangle-up", "#0072B2", "#2F86D0", hard=False, slot=5),
    KindStyle(Kind.WHITESPACE, "Whitespace", "cross", "#56B4E9", "#8CCDF5", hard=False, slot=6),
    KindStyle(Kind.CASE, "Case", "star", "#009E73", "#1FB58B", hard=False, slot=7),
)
"""All kinds in the order of every legend and table: hard ones (warm colours) before soft ones (cool)."""

_STYLES = {style.kind: style for style in KINDS}


def kind_style(kind: str) -> KindStyle:
    """The style of a kind by its name in a result. ValueError when there is no such kind."""
    return _STYLES[Kind(kind)]


# --- Verdicts -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class VerdictStyle:
    """How a verdict looks on paper: its sign, the colour of its word, of its edge and of its band."""

    verdict: Verdict
    icon: str  # tick | list | part | cross | unknown
    ink: str
    edge: str
    band: str


VERDICTS = (
    VerdictStyle(Verdict.MATCH, "tick", "#14532F", "#1F7A4D", "#E4F3EA"),
    VerdictStyle(Verdict.ACCEPTED, "list", "#083F78", "#0B5CAD", "#E5EFF9"),
    VerdictStyle(Verdict.PARTIAL, "part", "#6E3400", "#B25400", "#FCF0E1"),
    VerdictStyle(Verdict.NO_MATCH, "cross", "#8A1F10", "#C0341D", "#FBE9E7"),
    VerdictStyle(Verdict.INCONCLUSIVE, "unknown", "#3A4552", "#5B6776", "#ECEFF3"),
)

_VERDICTS = {style.verdict: style for style in VERDICTS}


def verdict_style(verdict: Verdict) -> VerdictStyle:
    """The style of a verdict."""
    return _VERDICTS[verdict]


# --- Numbers in words ---------------------------------------------------------------------

NONE = "–"
"""What stands where there is no number: nothing was counted."""


def share_text(numerator: int, denominator: int) -> str:
    """The share in percent with two decimals, floored: "93.81 %", "<0.01 %", "100 %", or a dash of nothing.

    "100 %" is said only when the two are equal, "0 %" only when the numerator is 0. ValueError when the
    share is not between nothing and everything.
    """
    if not 0 <= numerator <= denominator:
        raise ValueError(f"{numerator} of {denominator} is no share")
    if denominator == 0:
        return NONE
    if numerator == 0:
        return "0 %"
    if numerator == denominator:
        return "100 %"
    hundredths = 10_000 * numerator // denominator
    if hundredths == 0:
        return "<0.01 %"
    return f"{hundredths // 100:,}.{hundredths % 100:02d} %"


def percent_text(percentage: float | None, *, differs: bool) -> str:
    """A result's percentage (floored already) as text. It is never "100 %" while something differs."""
    if percentage is None:
        return NONE
    exact = Decimal(str(percentage))
    if exact >= 100:
        return ">99.99 %" if differs else "100 %"
    return f"{exact.quantize(Decimal('0.01'), rounding=ROUND_FLOOR)} %"


def count_text(n: int) -> str:
    """A count with thousands separators: "48,286,240"."""
    return f"{n:,}"


def short_count(n: int) -> str:
    """A count in at most four digits for a chart, floored: "9,999", "12.3 k", "1.24 M", "48.2 M"."""
    if abs(n) < 10_000:
        return count_text(n)
    power, unit = next(p for p in _UNITS if abs(n) >= p[0])
    sign, whole = "-" if n < 0 else "", abs(n)
    decimals = max(0, 3 - len(str(whole // power)))
    scaled = whole * 10**decimals // power
    head, tail = divmod(scaled, 10**decimals)
    return f"{sign}{head:,}" + (f".{tail:0{decimals}d}" if decimals else "") + f" {unit}"


_UNITS = ((10**12, "T"), (10**9, "B"), (10**6, "M"), (10**3, "k"))


def plural(n: int, one: str, many: str = "") -> str:
    """A count with its noun: "1 row", "1,290 rows"."""
    return f"{count_text(n)} {one if n == 1 else many or one + 's'}"


def bytes_text(n: int) -> str:
    """A size in binary units, floored to one decimal: "9,000 B", "1.2 MiB"."""
    if n < 10_240:
        return f"{n:,} B"
    power, unit = next(
        p for p in ((2**40, "TiB"), (2**30, "GiB"), (2**20, "MiB"), (2**10, "KiB")) if n >= p[0]
    )
    tenths = 10 * n // power
    return f"{tenths // 10:,}.{tenths % 10} {unit}"
