"""A likely cause in short lines, as a reviewer asks: what, where, why, which script says so, what to do.

Pure: the page and the PDF print the same lines. Nothing of a hint is left out, only its order is kept apart.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from recon.report import wording

if TYPE_CHECKING:
    from collections.abc import Sequence

    from recon.model_result import Cause, LintHit, Result

_LINK = re.compile(r"\s*\bSee (https://\S+)$")
_BREAK = re.compile(r"(?<=[.;:])\s+")
# A clause that begins with one of these tells the reader to do something.
_ORDERS = frozenset(
    {
        *(
            "add",
            "cast",
            "check",
            "clean",
            "compare",
            "declare",
            "decide",
            "double",
            "drop",
            "ignore",
            "look",
        ),
        *("name", "read", "round", "say", "set", "sort", "start", "use", "widen", "wrap", "write"),
    }
)
_IF_SO = ("if it is,", "otherwise look", "and correct", "for months use", "or accept")


@dataclass(frozen=True, slots=True)
class TextLine:
    """What one script says about a finding. `file` is its bare name; `line` counts from 1."""

    hit: LintHit
    file: str
    line: int
    snippet: str
    message: str  # empty where the finding's own words say it


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A cause to be read line by line. Every text is plain; empty means that there is nothing to say."""

    scope: str
    what: str
    where: str
    why: str
    texts: tuple[TextLine, ...]
    todo: str
    link: str
    code: str
    confidence: str
    severity: str


def findings(result: Result) -> tuple[Finding, ...]:
    """The causes that give a reason, the most likely first."""
    return tuple(finding(cause, result.lint) for cause in wording.likely(result))


def finding(cause: Cause, lint: Sequence[LintHit]) -> Finding:
    """One cause, with the lines of both scripts that explain it (the first of each side)."""
    advice = cause.advice or cause.hint
    found = _LINK.search(advice)
    what, why, todo = _parts(_LINK.sub("", advice))
    hits: dict[str, LintHit] = {}
    for hit in lint:
        if cause.scope in hit.explains and hit.line:
            hits.setdefault(hit.side, hit)
    return Finding(
        scope=wording.concerned(cause),
        what=what,
        where=_where(cause),
        why=why,
        texts=_texts([hits[side] for side in sorted(hits, reverse=True)], what),
        todo=todo,
        link=found[1] if found else "",
        code=cause.cause,
        confidence=cause.confidence,
        severity=cause.severity,
    )


def _texts(hits: Sequence[LintHit], what: str) -> tuple[TextLine, ...]:
    """A line for each hit; what was said already is not said again."""
    out: list[TextLine] = []
    for hit in hits:
        told = hit.message.rstrip(".") in what or any(hit.message == t.message for t in out)
        message = "" if told else hit.message
        out.append(TextLine(hit, hit.file.rsplit("/", 1)[-1], hit.line, hit.snippet, message))
    return tuple(out)


def _where(cause: Cause) -> str:
    extent = wording.extent(cause)
    which = "" if cause.where in (cause.advice or cause.hint) else cause.where
    return ": ".join(part for part in (extent, which) if part)


def _parts(advice: str) -> tuple[str, str, str]:
    """A hint's first clause, what explains it, and from the first order on what to do."""
    clauses = _clauses(advice)
    at = next((n for n, c in enumerate(clauses) if n and _orders(c)), len(clauses))
    what, why, todo = (_sentence(" ".join(part)) for part in (clauses[:1], clauses[1:at], clauses[at:]))
    return what, why, todo


def _clauses(text: str) -> list[str]:
    """Pieces that end in a full stop, a semicolon or a colon and a blank, outside of brackets."""
    out: list[str] = []
    for piece in _BREAK.split(text.strip()):
        opened = bool(out) and out[-1].count("(") > out[-1].count(")")
        if opened:
            out[-1] = f"{out[-1]} {piece}"
        else:
            out.append(piece)
    return out


def _orders(clause: str) -> bool:
    words = re.match(r"[A-Za-z]+", clause)
    return clause.lower().startswith(_IF_SO) or bool(words and words[0].lower() in _ORDERS)


def _sentence(text: str) -> str:
    """Beginning with a capital, ending in a full stop; a name or a number at the start stays as it is."""
    bare = text.rstrip(":;. ")
    if not bare:
        return ""
    plain = re.match(r"[a-z]+ ", bare)
    return f"{bare[0].upper() + bare[1:] if plain else bare}."
