"""Compared values as HTML: each side's text exactly as the engine gave it, the differing characters marked.

Pure: strings in, HTML out. Every character that comes from data is escaped or spelled out; nothing is
trimmed, rounded or re-formatted. A browser grid would draw `23:59:59.9999999` as the next day and drop
trailing blanks, which is why compared values appear nowhere else.
"""

from __future__ import annotations

import html
import json
import re
import unicodedata
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import TYPE_CHECKING

from recon.model_result import Kind
from recon.report.vocabulary import KINDS, kind_style
from recon.ui.fmt import key_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

LONGEST = 400  # characters of a value shown in a row before it is cut around its first difference
_NUMBER = re.compile(r"[+-]?\d*\.?\d*(?:[eE][+-]?\d+)?")
_COLOURS = sorted({(k.slot, k.light, k.dark) for k in KINDS})
_LEAD = 60  # characters kept before the first difference of a cut value
_SPELLED = {" ": "·", "\t": "→", "\n": "⏎\n", "\r": "␍", "\u00a0": "⍽"}
_INVISIBLE = {"Cc", "Cf", "Zs", "Zl", "Zp", "Cs", "Co", "Cn"}
_COMBINING = {"Mn", "Me"}  # spelled out where they differ: "é" of one character or of two looks the same
_JOINER = "\u200d"  # holds an emoji together; harmless where both sides have it


@dataclass(frozen=True, slots=True)
class Line:
    """One row of a diff table."""

    key: Mapping[str, str | None]
    column: str
    baseline: str | None
    candidate: str | None
    kind: str


def cell_pair(baseline: str | None, candidate: str | None, *, longest: int = LONGEST) -> tuple[str, str]:
    """Both sides as HTML, the characters that differ inside `<mark>`.

    NULL and the empty string become chips in words. Values longer than `longest` are cut around their
    first difference, and say how many characters were left out.
    """
    if not baseline or not candidate:
        return _whole(baseline, candidate, longest), _whole(candidate, baseline, longest)
    first = _first_difference(baseline, candidate)
    b, c = _Window.around(baseline, first, longest), _Window.around(candidate, first, longest)
    left: list[str] = [b.before]
    right: list[str] = [c.before]
    for same, one, other in _pieces(b.text, c.text):
        left.append(_piece(one, marked=not same))
        right.append(_piece(other, marked=not same))
    return "".join([*left, b.after]), "".join([*right, c.after])


def value(text: str | None, *, longest: int = LONGEST) -> str:
    """One value alone, nothing marked, invisible characters spelled out."""
    if not text:
        return _chip(text)
    window = _Window.around(text, 0, longest)
    return window.before + _visible(window.text, blanks=False) + window.after


def diff_table(lines: Sequence[Line], *, longest: int = LONGEST, with_key: bool = True) -> str:
    """Synapse's value beside Databricks' value, one differing cell a row; keys can be left out."""
    rows = "".join(_row(line, longest, with_key) for line in lines)
    names = " · ".join(dict.fromkeys(name for line in lines for name in line.key))
    head = (
        (f'<th scope="col">{_visible(names, blanks=False)}</th>' if with_key else "")
        + f'<th scope="col">Column</th><th scope="col">{side_head("s", "Synapse")}</th>'
        + f'<th scope="col">{side_head("t", "Databricks")}</th><th scope="col">Kind</th>'
    )
    widths = (19, 15, 27, 27, 12) if with_key else (19, 33, 33, 15)
    return table("Differing cells, Synapse value beside Databricks value", widths, head, rows)


def rows_table(
    caption: str, names: Sequence[str], rows: Iterable[Sequence[str | None]], *, side: str = ""
) -> str:
    """Whole rows of one side (`side` is `s`, `t` or empty): a column for each name."""
    head = "".join(f'<th scope="col">{html.escape(n)}</th>' for n in names)
    body = "".join(
        "<tr>" + "".join(f'<td class="v {side}" dir="auto">{value(v)}</td>' for v in row) + "</tr>"
        for row in rows
    )
    return '<div class="rx-wide">' + table(caption, (), head, body) + "</div>"


def _row(line: Line, longest: int, with_key: bool) -> str:
    if line.kind in (Kind.MISSING, Kind.EXTRA):
        baseline, candidate = (_one_sided(side, line.key) for side in (line.baseline, line.candidate))
    else:
        baseline, candidate = cell_pair(line.baseline, line.candidate, longest=longest)
    style = kind_style(line.kind)
    key = (
        f'<td class="k" dir="auto">{_visible(key_text(line.key, names=False), blanks=False)}</td>'
        if with_key
        else ""
    )
    return (
        f'<tr>{key}<td class="k" dir="auto">{_visible(line.column, blanks=False)}</td>'
        f'<td class="v s" dir="auto">{baseline}</td><td class="v t" dir="auto">{candidate}</td>'
        f'<td><span class="hd"><span class="dot kind-{style.slot}"></span>{html.escape(style.label)}'
        "</span></td></tr>"
    )


def _one_sided(row: str | None, key: Mapping[str, str | None]) -> str:
    """A missing or extra row: the side that has it tells its values by name; the key stands beside it."""
    if row is None:
        return '<span class="chip null">no such row</span>'
    values: dict[str, str | None] = json.loads(row)
    return " · ".join(
        f'<span class="ws">{_visible(n, blanks=False)}</span> {value(v, longest=60)}'
        for n, v in values.items()
        if n not in key
    )


def table(caption: str, widths: Sequence[int], head: str, body: str) -> str:
    """A table in the style of all tables of compared values; head and body are HTML, widths percent."""
    columns = "".join(f'<col style="width:{w}%">' for w in widths)
    return (
        f'{_style()}<table class="rx{"" if widths else " free"}"><caption>{html.escape(caption)}</caption>'
        f"<colgroup>{columns}</colgroup><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    )


def side_head(css: str, name: str) -> str:
    """A side's name with its colour: css is s for Synapse, t for Databricks."""
    return f'<span class="hd"><span class="dot side-{css}"></span>{name}</span>'


@dataclass(frozen=True, slots=True)
class _Window:
    """The part of a long value that is shown, and what is said about the rest."""

    before: str
    text: str
    after: str

    @classmethod
    def around(cls, text: str, first: int, longest: int) -> _Window:
        if len(text) <= longest:
            return cls("", text, "")
        start = max(0, min(first - _LEAD, len(text) - longest))
        end = start + longest
        return cls(_left_out(start), text[start:end], _left_out(len(text) - end))


def _left_out(n: int) -> str:
    return f'<span class="chip">… {n:,} characters …</span>' if n else ""


def _first_difference(a: str, b: str) -> int:
    return next((n for n, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))


def _pieces(one: str, other: str) -> list[tuple[bool, str, str]]:
    """Both texts cut into parts that are the same and parts that are not.

    Numbers, and texts with little in common, are compared from both ends only: single digits that happen
    to recur in the middle say nothing.
    """
    matcher = SequenceMatcher(None, one, other, autojunk=False)
    alike = not (_NUMBER.fullmatch(one) and _NUMBER.fullmatch(other)) and matcher.ratio() >= 0.5
    if alike:
        return [(op == "equal", one[i:j], other[k:m]) for op, i, j, k, m in matcher.get_opcodes()]
    start = _first_difference(one, other)
    shortest = min(len(one), len(other)) - start
    end = min(_first_difference(one[::-1], other[::-1]), shortest)
    middle = one[start : len(one) - end], other[start : len(other) - end]
    tail = one[len(one) - end :]
    return [(True, one[:start], other[:start]), (False, *middle), (True, tail, tail)]


def _whole(text: str | None, other: str | None, longest: int) -> str:
    if not text:
        return _chip(text)
    window = _Window.around(text, 0, longest)
    return window.before + _piece(window.text, marked=text != other) + window.after


def _chip(text: str | None) -> str:
    return f'<span class="chip null">{"NULL" if text is None else "empty string"}</span>'


def _piece(text: str, *, marked: bool) -> str:
    if not text:
        return ""
    if not marked:
        return _visible(text, blanks=False)
    names = " ".join(f"U+{ord(c):04X}" for c in text) if len(text) <= 4 and not text.isascii() else ""
    title = f' title="{names}"' if names else ""  # letters that look alike are told apart by their number
    return f"<mark{title}>{_visible(text, blanks=True)}</mark>"


def _visible(text: str, *, blanks: bool) -> str:
    """Escaped text; invisible characters as `U+202E`, and with `blanks` also spaces, tabs and newlines."""
    return "".join(_character(c, blanks) for c in text)


def _character(c: str, blanks: bool) -> str:
    if c in _SPELLED and (blanks or c not in " \t\n"):
        return f'<span class="ws">{_SPELLED[c]}</span>'
    if c in " \t\n":
        return c
    category = unicodedata.category(c)
    if category in _INVISIBLE or (blanks and category in _COMBINING):
        return c if c == _JOINER and not blanks else f'<span class="ws">U+{ord(c):04X}</span>'
    return html.escape(c)


def _style() -> str:
    """One sheet for light and dark: tints are translucent, lines are mixed from the text's own colour."""
    dots = "".join(
        f".rx .kind-{slot}{{background:light-dark({light},{dark})}}" for slot, light, dark in _COLOURS
    )
    return f"<style>{_CSS}{dots}</style>"


_CSS = """
.rx{width:100%;table-layout:fixed;border-collapse:separate;border-spacing:0;font-size:.86rem;line-height:1.35}
.rx.free{table-layout:auto}
.rx-wide{overflow-x:auto}
.rx caption{position:absolute;left:-9999px}
.rx th{text-align:left;font-weight:600;padding:.42rem .6rem;overflow-wrap:anywhere;
 border-bottom:1px solid color-mix(in srgb,currentColor 22%,transparent)}
.rx td{padding:.36rem .6rem;vertical-align:top;
 border-bottom:1px solid color-mix(in srgb,currentColor 12%,transparent)}
.rx td.v,.rx td.k{font-family:"Source Code Pro",ui-monospace,monospace;font-size:.82rem;
 overflow-wrap:anywhere;unicode-bidi:isolate}
.rx td.v{white-space:pre-wrap}
.rx.free th,.rx.free td.v{white-space:pre;overflow-wrap:normal}
.rx td.s{border-left:3px solid #0072B2}
.rx td.t{border-left:3px solid #D55E00}
.rx mark{color:inherit;border-radius:2px;padding:0 1px}
.rx td.s mark{background:rgb(0 114 178/.26);box-shadow:inset 0 -2px 0 #0072B2}
.rx td.t mark{background:rgb(213 94 0/.26);box-shadow:inset 0 -2px 0 #D55E00}
.rx .chip{border:1px dashed color-mix(in srgb,currentColor 45%,transparent);border-radius:3px;
 padding:0 .35em;font-size:.78rem;white-space:nowrap}
.rx .null{font-style:italic;opacity:.75}
.rx .ws{opacity:.7}
.rx .hd{display:inline-flex;align-items:center;gap:.4rem}
.rx .dot{width:.62rem;height:.62rem;border-radius:2px;display:inline-block;flex:none}
.rx .side-s{background:#0072B2}
.rx .side-t{background:#D55E00}
"""
