"""The clock of a Databricks statement, held at one moment: its words for now become literals."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from recon.sqlscript.databricks_words import Edit, edited

if TYPE_CHECKING:
    from datetime import datetime

    from recon.sqlscript.databricks_text import Statement, Word

# https://docs.databricks.com/sql/language-manual/functions/current_timestamp and its neighbours. The first
# two need no brackets.
_BARE = {"CURRENT_TIMESTAMP", "CURRENT_DATE"}
_MOMENTS = {"CURRENT_TIMESTAMP", "NOW", "GETDATE", "LOCALTIMESTAMP"}
_DAYS = {"CURRENT_DATE", "CURDATE"}


def pinned(statement: Statement, now: datetime | None) -> Statement:
    """The statement with `now` in the place of every call that asks for the time; unchanged for None.

    `now` is a wall clock of the session's time zone, as literals are read.
    """
    if now is None:
        return statement
    words = statement.words
    edits = [edit for at in range(len(words)) if (edit := _literal(words, at, now))]
    return replace(statement, text=edited(statement.text, tuple(edits))) if edits else statement


def _literal(words: tuple[Word, ...], at: int, now: datetime) -> Edit | None:
    key = words[at].key
    if key not in _MOMENTS | _DAYS or (at and words[at - 1].key in {".", "AS"}):
        return None
    following = [w.key for w in words[at + 1 : at + 3]]
    called = following == ["(", ")"]
    if not called and (key not in _BARE or following[:1] in (["."], ["("])):
        return None
    end = words[at + 2].end if called else words[at].end
    date = f"DATE'{now:%Y-%m-%d}'"
    moment = f"TIMESTAMP'{now:%Y-%m-%d %H:%M:%S.%f}'"
    return Edit(words[at].start, end, date if key in _DAYS else moment)
