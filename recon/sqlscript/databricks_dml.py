"""MERGE, UPDATE and DELETE taken apart: targets, conditions and assignments, each as the author wrote it.

https://docs.databricks.com/sql/language-manual/delta-merge-into
https://docs.databricks.com/sql/language-manual/delta-update
https://docs.databricks.com/sql/language-manual/delta-delete-from
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from recon.sqlscript.databricks_words import QUERIES, Name, Reader, split

if TYPE_CHECKING:
    from recon.sqlscript.databricks_text import Statement, Word


class When(StrEnum):
    """Which rows a MERGE clause is about."""

    MATCHED = "matched"
    NOT_MATCHED = "not matched"  # rows that only the origin has
    BY_SOURCE = "not matched by source"  # rows that only the target has


class Action(StrEnum):
    """What a MERGE clause does with them."""

    UPDATE = "update"
    INSERT = "insert"
    DELETE = "delete"


@dataclass(frozen=True, slots=True)
class Assignment:
    """`column = expression`, the expression as written."""

    column: str
    expression: str


@dataclass(frozen=True, slots=True)
class Clause:
    """One WHEN. An empty condition is always true. With `star` the assignments are those of all columns."""

    when: When
    condition: str
    action: Action
    star: bool
    assignments: tuple[Assignment, ...]


@dataclass(frozen=True, slots=True)
class Merge:
    """A MERGE statement. `origin` is what stands behind USING, with its alias."""

    target: Name
    alias: str
    origin: str
    origin_alias: str
    on: str
    clauses: tuple[Clause, ...]


@dataclass(frozen=True, slots=True)
class Update:
    """An UPDATE statement. An empty condition is always true."""

    target: Name
    alias: str
    assignments: tuple[Assignment, ...]
    condition: str


@dataclass(frozen=True, slots=True)
class Delete:
    """A DELETE statement. An empty condition is always true."""

    target: Name
    alias: str
    condition: str


ORIGIN = "recon_origin"  # the alias of a USING query that has none


def merge(statement: Statement) -> Merge:
    """Take a MERGE apart. ProgramError where it is not as the grammar says."""
    reader = Reader(statement)
    reader.need("MERGE", "INTO")
    target = reader.name()
    alias = _alias(reader, "USING") or target.parts[-1]
    reader.need("USING")
    origin, origin_alias, names = _origin(reader)
    reader.need("ON")
    names += [(target.parts, alias)]
    on = _expression(reader, reader.until("WHEN"), names)
    clauses: list[Clause] = []
    while not reader.done:
        clauses.append(_clause(reader, names))
    if not clauses:
        raise reader.unclear("WHEN expected")
    return Merge(target, alias, origin, origin_alias, on, tuple(clauses))


def update(statement: Statement) -> Update:
    """Take an UPDATE apart. ProgramError where it is not as the grammar says."""
    reader = Reader(statement)
    reader.need("UPDATE")
    target = reader.name()
    alias = _alias(reader, "SET") or target.parts[-1]
    names = [(target.parts, alias)]
    reader.need("SET")
    assignments = _assignments(reader, reader.until("WHERE"), names)
    condition = _expression(reader, reader.until(), names) if reader.take("WHERE") else ""
    return Update(target, alias, assignments, condition)


def delete(statement: Statement) -> Delete:
    """Take a DELETE apart. ProgramError where it is not as the grammar says."""
    reader = Reader(statement)
    reader.need("DELETE", "FROM")
    target = reader.name()
    alias = _alias(reader, "WHERE") or target.parts[-1]
    if reader.done:
        return Delete(target, alias, "")
    reader.need("WHERE")
    return Delete(target, alias, _expression(reader, reader.until(), [(target.parts, alias)]))


_Names = list[tuple[tuple[str, ...], str]]


def _alias(reader: Reader, *behind: str) -> str:
    """Move over `[AS] alias`; empty when one of `behind`, or the end, comes next."""
    reader.take("AS")
    if reader.done or reader.peek() in behind:
        return ""
    word = reader.words[reader.at]
    if not word.name:
        raise reader.unclear("an alias expected")
    reader.at += 1
    return word.text


def _origin(reader: Reader) -> tuple[str, str, _Names]:
    begin = reader.at
    names: _Names = []
    if reader.peek() == "(":
        reader.skip()
        default = ORIGIN
    elif reader.peek() in QUERIES:
        raise reader.unclear("a query behind USING needs parentheses")
    else:
        name = reader.name()
        default = name.parts[-1]
        names = [(name.parts, default)]
        if reader.peek() in {"VERSION", "TIMESTAMP", "@"}:
            raise reader.refuse("time travel is not supported: a fresh world has no history")
        if reader.peek() == "(":  # a table function
            reader.skip()
            names = []
    text = reader.text(reader.words[begin : reader.at])
    alias = _alias(reader, "ON")
    columns = f"({reader.text(reader.group())})" if reader.peek() == "(" else ""
    return f"{text} AS {_quoted(alias or default)}{columns}", alias or default, [] if alias else names


def _quoted(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"


def _clause(reader: Reader, names: _Names) -> Clause:
    reader.need("WHEN")
    if reader.take("MATCHED"):
        when = When.MATCHED
    else:
        reader.need("NOT", "MATCHED")
        when = When.BY_SOURCE if reader.take("BY", "SOURCE") else When.NOT_MATCHED
        reader.take("BY", "TARGET")
    condition = _expression(reader, reader.until("THEN"), names) if reader.take("AND") else ""
    reader.need("THEN")
    if reader.take("DELETE"):
        return Clause(when, condition, Action.DELETE, star=False, assignments=())
    if reader.take("UPDATE"):
        reader.need("SET")
        return _star(reader, when, condition, Action.UPDATE) or Clause(
            when,
            condition,
            Action.UPDATE,
            star=False,
            assignments=_assignments(reader, reader.until("WHEN"), names),
        )
    reader.need("INSERT")
    return _star(reader, when, condition, Action.INSERT) or Clause(
        when, condition, Action.INSERT, star=False, assignments=_values(reader, names)
    )


def _star(reader: Reader, when: When, condition: str, action: Action) -> Clause | None:
    if not reader.take("*"):
        return None
    if not reader.done and reader.peek() != "WHEN":
        raise reader.refuse("* EXCEPT is not supported in MERGE", "Write the columns out.")
    return Clause(when, condition, action, star=True, assignments=())


def _values(reader: Reader, names: _Names) -> tuple[Assignment, ...]:
    if reader.peek() != "(":
        raise reader.refuse("INSERT in MERGE needs a list of columns, or *", "Write the columns out.")
    columns = [_column(reader, part, names) for part in split(reader.group())]
    reader.need("VALUES")
    if reader.peek() != "(":
        raise reader.unclear("( expected")
    values = [_expression(reader, part, names) for part in split(reader.group())]
    if len(columns) != len(values):
        raise reader.refuse(f"INSERT names {len(columns)} columns but gives {len(values)} values")
    return tuple(Assignment(c, v) for c, v in zip(columns, values, strict=True))


def _assignments(reader: Reader, part: tuple[Word, ...], names: _Names) -> tuple[Assignment, ...]:
    found: list[Assignment] = []
    for piece in split(part):
        sign = next((i for i, word in enumerate(piece) if word.key == "="), 0)
        if not sign:
            raise reader.unclear("column = expression expected")
        column = _column(reader, piece[:sign], names)
        found.append(Assignment(column, _expression(reader, piece[sign + 1 :], names)))
    return tuple(found)


def _column(reader: Reader, part: tuple[Word, ...], names: _Names) -> str:
    """The column that is assigned to. A field inside of a column is refused."""
    parts = tuple(word.text for word in part if word.key != ".")
    heads = {tuple(p.casefold() for p in head) for full, alias in names for head in (full, (alias,)) if head}
    bare = tuple(p.casefold() for p in parts[:-1])
    suffixes = {head[i:] for head in heads for i in range(len(head))}
    if not parts or (bare and bare not in suffixes):
        raise reader.refuse(
            f"cannot assign to {reader.text(part)}: only to whole columns", "Assign the whole column."
        )
    return parts[-1]


def _expression(reader: Reader, part: tuple[Word, ...], names: _Names) -> str:
    """The words as written; `schema.table.` before a column becomes the alias that the table now has."""
    if not part:
        raise reader.unclear("an expression expected")
    text, out, at = reader.statement.text, list[str](), 0
    while at < len(part):
        size, alias = _qualifier(part, at, names)
        gap = " " if out and part[at - 1].end < part[at].start else ""
        if size:
            out.append(gap + _quoted(alias))
            at += size
        else:
            out.append(gap + text[part[at].start : part[at].end])
            at += 1
    return "".join(out)


def _qualifier(part: tuple[Word, ...], at: int, names: _Names) -> tuple[int, str]:
    """How many words at this place are a table's dotted name in front of a column, and its alias."""
    if at and part[at - 1].key == ".":
        return 0, ""
    for full, alias in names:
        wanted = [piece for name in full for piece in (name.casefold(), ".")]
        found = [word.text.casefold() for word in part[at : at + len(wanted)]]
        if len(full) > 1 and found == wanted:
            return len(wanted) - 1, alias
    return 0, ""
