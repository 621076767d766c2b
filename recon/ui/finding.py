"""One likely cause on the run page: what it is in bold, then a short line for each question about it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from recon.model_result import Severity
from recon.ui import fmt, scripts

if TYPE_CHECKING:
    from recon.model import Run
    from recon.report.findings import Finding, TextLine

_COLOUR: dict[str, str] = {
    Severity.ROWS: "red",
    Severity.VALUES: "orange",
    Severity.RANDOM: "violet",
    Severity.FORM: "blue",
}


def draw(run: Run, found: Finding) -> None:
    """Draw it where Streamlit is writing."""
    st.markdown(markdown(run, found))


def markdown(run: Run, found: Finding) -> str:
    """The finding as Markdown; whatever a script or the data said in it is shown literally."""
    colour = _COLOUR.get(found.severity)
    badge = f":{colour}-badge[{fmt.md(found.severity)}] " if colour else ""
    small = " · ".join(fmt.md(part) for part in (found.code, found.confidence) if part)
    lines = [f"{badge}**{fmt.md(found.scope)} — {fmt.md(found.what)}** :small[:gray[{small}]]"]
    lines += [
        _line(name, fmt.md(text)) for name, text in (("Where", found.where), ("Why", found.why)) if text
    ]
    lines += [_line("Script", _script(run, text)) for text in found.texts]
    todo = fmt.md(found.todo)
    link = f"[Documentation]({found.link})" if found.link else ""
    if todo or link:
        lines.append(_line("What to do" if todo else "Read", " ".join(filter(None, (todo, link)))))
    return "\n".join(lines)


def _line(name: str, text: str) -> str:
    return f"- :gray[{name}:] {text}"


def _script(run: Run, text: TextLine) -> str:
    said = f": {fmt.md(text.message)}" if text.message else ""
    snippet = f" {scripts.code(text.snippet)}" if text.snippet else ""
    return f"{scripts.link(run, text.hit)}{snippet}{said}"
