"""Names of tables found by the words around them, where no tree can be had: blocks, and odd statements.

Less is understood here than in a tree, so more is refused.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from recon.sqlscript.databricks_words import Name

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from recon.model import TableRef
    from recon.sqlscript.databricks_text import Statement, Word

# The words that a table's name follows.
_BEFORE = {"FROM", "JOIN", "INTO", "TABLE", "UPDATE", "VIEW", "OVERWRITE", "EXISTS", "USING", "LIKE", "CLONE"}
# Calls in which FROM is followed by a value: https://docs.databricks.com/sql/language-manual/functions/extract
_CALLS = {"EXTRACT", "TRIM", "SUBSTRING", "SUBSTR", "OVERLAY", "POSITION"}
_ENDS = {
    "WHERE",
    "GROUP",
    "HAVING",
    "ORDER",
    "LIMIT",
    "UNION",
    "EXCEPT",
    "INTERSECT",
    "WINDOW",
    "QUALIFY",
    ";",
    ")",
}


def dotted(statement: Statement) -> Iterator[Name]:
    """The dotted names that stand where a table does."""
    words = statement.words
    for at, name in _names(words):
        if len(name.parts) > 1 and _is_table(words, at):
            yield name


def outside_calls(statement: Statement) -> Iterator[Name]:
    """The dotted names that are called as functions."""
    words = statement.words
    for at, name in _names(words):
        after = at + 2 * len(name.parts) - 1
        called = after < len(words) and words[after].key == "("
        if len(name.parts) > 1 and called and not _is_table(words, at):
            yield name


def moved_by_words(statement: Statement) -> list[tuple[int, int, TableRef]]:
    """Where each dotted table's name begins, where its last part begins, and what it names.

    ProgramError when tables are joined by commas: behind a comma a table looks like a column.
    """
    words = statement.words
    found = [(at, name) for at, name in _names(words) if len(name.parts) > 1]
    tables = [(at, name) for at, name in found if _is_table(words, at)]
    for at in range(1, len(words)):
        if words[at - 1].key in {"FROM", "JOIN"}:
            _refuse_commas(statement, words, at)
    keys = {_last_two(name.parts) for _, name in tables}
    moved = [(name.start, _own(words, at, len(name.parts)), name.ref) for at, name in tables]
    for at, name in found:
        lengths = [n for n in (2, 3) if len(name.parts) > n and _last_two(name.parts[:n]) in keys]
        if lengths and not _is_table(words, at):  # a column with its table's whole name before it
            table = Name(name.parts[: lengths[0]], name.start, name.end)
            moved.append((name.start, _own(words, at, lengths[0]), table.ref))
    return moved


def _last_two(parts: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(part.casefold() for part in parts[-2:])


def _names(words: Sequence[Word]) -> Iterator[tuple[int, Name]]:
    """Each name with its place among the words."""
    at = 0
    while at < len(words):
        if not words[at].name or (at and words[at - 1].key == "."):
            at += 1
            continue
        end, parts = at, [words[at].text]
        while end + 2 < len(words) and words[end + 1].key == "." and words[end + 2].name:
            end += 2
            parts.append(words[end].text)
        yield at, Name(tuple(parts), words[at].start, words[end].end)
        at = end + 1


def _own(words: Sequence[Word], at: int, parts: int) -> int:
    """Where the last of a name's parts begins."""
    return words[at + 2 * (parts - 1)].start


def _is_table(words: Sequence[Word], at: int) -> bool:
    before = words[at - 1].key if at else ""
    if before not in _BEFORE:
        return False
    if before == "FROM":
        return not _of_a_value(words, at - 1)
    if before == "LIKE":  # CREATE TABLE a LIKE b; elsewhere a comparison
        return words[0].key == "CREATE" and [w.key for w in words].index("LIKE") == at - 1
    return before != "USING" or any(w.key == "MERGE" for w in words[:at])


def _of_a_value(words: Sequence[Word], at: int) -> bool:
    """Whether this FROM belongs to IS DISTINCT FROM, or to a call as EXTRACT(DAY FROM x)."""
    if at and words[at - 1].key == "DISTINCT":
        return at > 1 and words[at - 2].key in {"IS", "NOT"}
    depth = 0
    for place in range(at - 1, -1, -1):
        depth += {")": 1, "(": -1}.get(words[place].key, 0)
        if depth < 0:
            return place > 0 and words[place - 1].key in _CALLS
    return False


def _refuse_commas(statement: Statement, words: Sequence[Word], at: int) -> None:
    depth = 0
    for word in words[at:]:
        depth += {"(": 1, ")": -1}.get(word.key, 0)
        if depth < 0 or (depth == 0 and word.key in _ENDS | {"JOIN", "SELECT", "VALUES", "SET", "ON", "AS"}):
            return
        if depth == 0 and word.key == ",":
            raise statement.refuse(
                "tables joined by commas cannot be told from columns here",
                at=word.start,
                hint="Write JOIN ... ON, or CROSS JOIN.",
            )
