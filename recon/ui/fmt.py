"""Words and numbers as the screens print them. Pure: no Streamlit."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime, timedelta

_MARKUP = re.compile(r"([\\`*_\[\]:$<>#|~!&{}()+.\-])")
_BREAKS = re.compile(r"[\r\n\t\v\f\x85\u2028\u2029]+")
_JOINER = "\u2060"  # shows nothing; keeps ":a:", "->" and "www." from becoming a picture, an arrow, a link
_SUBSTITUTED = re.compile(r"<->|->|<-|--|>=|<=|~=|:(?=\w)|(?<=\w):|(?i:www(?=\.))|@(?=\w)")


def md(text: str) -> str:
    """A name or value for a place that reads Markdown: shown literally, on one line.

    Streamlit also replaces emoji codes, icons, arrows and bare links *after* parsing, where a backslash no
    longer helps; those get an invisible word joiner.
    """
    flat = _BREAKS.sub(" ", text)
    apart = _SUBSTITUTED.sub(lambda m: m[0][0] + _JOINER + m[0][1:], flat)
    return _MARKUP.sub(r"\\\1", apart)


def badge(text: str) -> str:
    """The same for `st.badge`, which escapes brackets itself."""
    return md(text).replace("\\[", "[").replace("\\]", "]")


def when(at: datetime | None) -> str:
    """`5 Nov 2026 09:14 UTC`; empty when it has not happened."""
    return f"{at.day} {at:%b %Y %H:%M} UTC" if at else ""


def duration(seconds: float) -> str:
    """`0.4 s`, `12 s`, `3 min 05 s`, `2 h 07 min`."""
    if seconds < 10:
        return f"{max(seconds, 0):.1f} s"
    whole = int(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes} min {rest:02d} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02d} min"


def age(past: timedelta) -> str:
    """How long ago, in one unit: `just now`, `5 min ago`, `3 h ago`, `2 days ago`."""
    seconds = int(past.total_seconds())
    if seconds < 60:
        return "just now"
    if seconds < 3600:
        return f"{seconds // 60} min ago"
    if seconds < 86400:
        return f"{seconds // 3600} h ago"
    days = seconds // 86400
    return "1 day ago" if days == 1 else f"{days} days ago"


def key_text(key: Mapping[str, str | None], *, names: bool = True) -> str:
    """A key on one line: its values, with their names when it has several; NULL and '' in words."""
    words = [(name, _spelled(value)) for name, value in key.items()]
    if len(words) == 1 or not names:
        return " · ".join(value for _, value in words)
    return " · ".join(f"{name} {value}" for name, value in words)


def _spelled(value: str | None) -> str:
    if value is None:
        return "NULL"
    return value or "(empty string)"


def shorten(text: str, most: int = 28) -> str:
    """The text cut to `most` characters, with an ellipsis where it was longer."""
    return text if len(text) <= most else text[: most - 1] + "…"
