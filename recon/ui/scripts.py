"""The two scripts of a run with marks where the systems differ; `place` picks one of them by the address.

The HTML is made of strings alone: what comes from a script is escaped, invisible characters are spelled out.
"""

from __future__ import annotations

import html
import re
import unicodedata
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import streamlit as st

from recon.report.vocabulary import plural
from recon.ui import fmt

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from streamlit.delta_generator import DeltaGenerator

    from recon.model import Run, Script
    from recon.model_result import LintHit

PARAMETER = "line"
_AROUND = 3  # lines shown before and after the place that the address names
_TAB = "SQL & log"


def link(run: Run, hit: LintHit) -> str:
    """Markdown that leads to a hit's line in the SQL tab."""
    query = urlencode({"run": run.id, "tab": _TAB, PARAMETER: address(hit)})
    return f"[{fmt.md(_name(hit.file))} line {hit.line}](?{query})"


def code(text: str) -> str:
    """A piece of a script as Markdown code, on one line: longer than any run of backticks in it."""
    flat = " ".join(text.split())
    longest = max((len(run) for run in re.findall("`+", flat)), default=0)
    fence = "`" * (longest + 1)
    return f"{fence} {flat} {fence}" if longest else f"{fence}{flat}{fence}"


def address(hit: LintHit) -> str:
    """How the address names a line of a script: `synapse-12`."""
    return f"{hit.side}-{hit.line}"


def asked(hits: Iterable[LintHit]) -> tuple[LintHit, ...]:
    """The hits on the line that the address names."""
    wanted = st.query_params.get(PARAMETER, "")
    return tuple(hit for hit in hits if wanted and address(hit) == wanted)


def focus(original: Script, variant: Script, hits: Sequence[LintHit]) -> None:
    """The line that the address names, with the lines around it and what is to be said about it."""
    mine = asked(hits)
    if not mine:
        return
    script = original if mine[0].side == "synapse" else variant
    first = max(mine[0].line - _AROUND, 1)
    with st.container(border=True, key="place"):
        st.markdown(f"**{fmt.md(_name(script.path))}, line {mine[0].line}**")
        for hit in mine:
            st.markdown(_said(hit))
        st.html(marked(script, [h for h in hits if h.side == mine[0].side], first, mine[0].line + _AROUND))


def draw(place: DeltaGenerator, side: str, script: Script, hits: Sequence[LintHit]) -> None:
    """One script: its lines with marks, and below what each mark says."""
    mine = [hit for hit in hits if hit.side == side.casefold() and hit.file == script.path]
    place.markdown(f"**{side}** · {fmt.md(script.path)}")
    if not mine:
        language = "python" if script.path.endswith(".py") else "sql"
        place.code(script.text, language=language, line_numbers=True, height=520)
        return
    with place.container(height=520, key=f"script {side}"):
        st.html(marked(script, mine))
    with place.expander(f"{plural(len(mine), 'place')} to look at", icon=":material/ink_marker:"):
        st.markdown("\n".join(f"- line {hit.line}: {_said(hit)}" for hit in mine))


def _said(hit: LintHit) -> str:
    sure = "" if hit.certain else " (possible)"
    feeds = f" It feeds {fmt.md(', '.join(hit.columns))}." if hit.columns else ""
    confirmed = f" The data confirms it for {fmt.md(', '.join(hit.explains))}." if hit.explains else ""
    hides = f" {fmt.md(hit.engine)} does not show it." if hit.hides else ""
    snippet = f"{fmt.md(hit.snippet)}: " if hit.snippet else ""
    return f"**{fmt.md(hit.code)}**{sure} {snippet}{fmt.md(hit.message)}.{feeds}{confirmed}{hides}"


def _name(path: str) -> str:
    return path.rsplit("/", 1)[-1]


# --- HTML ---------------------------------------------------------------------------------------


def marked(script: Script, hits: Iterable[LintHit], first: int = 1, last: int = 0) -> str:
    """The lines `first` to `last` (0: the end) as HTML, the hits of each line marked and told in a title."""
    by_line: dict[int, list[LintHit]] = {}
    for hit in hits:
        by_line.setdefault(hit.line, []).append(hit)
    lines = script.text.split("\n")
    rows = [
        _row(number, lines[number - 1].rstrip("\r"), by_line.get(number, []))
        for number in range(first, min(last or len(lines), len(lines)) + 1)
    ]
    return _table(f"{script.path} with marks where the systems differ", rows)


def numbered(title: str, lines: Iterable[tuple[int, str]]) -> str:
    """Lines with their numbers as HTML; 0 is a line without one."""
    return _table(title, [_row(number or "", line, ()) for number, line in lines])


def _table(title: str, rows: Sequence[str]) -> str:
    caption = html.escape(title)
    return f"<style>{_CSS}</style><table class='rs'><caption>{caption}</caption>{''.join(rows)}</table>"


def _row(number: int | str, line: str, hits: Sequence[LintHit]) -> str:
    css = " class='hit'" if hits else ""
    said = html.escape(" | ".join(f"{h.code}: {h.message}" for h in hits), quote=True)
    title = f' title="{said}"' if hits else ""
    return f"<tr{css}{title}><th scope='row'>{number}</th><td dir='auto'>{_marks(line, hits)}</td></tr>"


def _marks(line: str, hits: Sequence[LintHit]) -> str:
    """The line with its marked parts; what overlaps is one mark."""
    spans = [(h.column - 1, h.column - 1 + len(h.snippet)) for h in hits if h.column and h.snippet]
    out, at = [""], 0
    for begin, end in sorted(spans):
        begin, end = max(begin, at), min(end, len(line))
        if begin < end:
            out += [_visible(line[at:begin]), "<mark>", _visible(line[begin:end]), "</mark>"]
            at = end
    return "".join([*out, _visible(line[at:])]) or " "


def _visible(text: str) -> str:
    """Escaped; characters that steer the text's direction, or show nothing, by their number."""
    hidden = {"Cf", "Cc", "Co"}
    return "".join(
        f"<i>U+{ord(c):04X}</i>" if c != "\t" and unicodedata.category(c) in hidden else html.escape(c)
        for c in text
    )


_CSS = """
.rs{border-collapse:collapse;font-family:"Source Code Pro",ui-monospace,monospace;font-size:.8rem;
 line-height:1.45;width:100%}
.rs caption{position:absolute;left:-9999px}
.rs th{text-align:right;font-weight:400;opacity:.55;padding:0 .7rem 0 .3rem;user-select:none;
 vertical-align:top;width:1%}
.rs td{white-space:pre-wrap;overflow-wrap:anywhere;unicode-bidi:isolate;tab-size:4}
.rs tr.hit th{opacity:1;font-weight:600;border-left:3px solid #b45309}
.rs tr.hit{background:rgb(180 83 9/.08)}
.rs mark{color:inherit;background:rgb(180 83 9/.28);border-radius:2px;cursor:help}
"""
