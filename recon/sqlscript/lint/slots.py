"""Which column of the target an expression feeds: the way of values and rows through a whole script.

A *slot* is a column of a relation (a table, a temp table, a view, a CTE, a query), or, with an empty name,
its rows. Every expression lands in slots, and slots feed slots. What cannot be resolved leaves its slot
*open*, so that nobody takes an incomplete answer for a whole one.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from sqlglot import exp

from recon.sqlscript.lint.families import type_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from recon.sqlscript.lint.pieces import Piece
    from recon.sqlscript.tsql_types import SqlType

Slot: TypeAlias = tuple[str, str]  # relation, column ("" for its rows), both folded
Columns: TypeAlias = "dict[str, SqlType | None]"  # in order, by folded name
ROWS = ""


@dataclass(slots=True)
class Scope:
    """The relations that names in one query may mean."""

    outer: Scope | None = None
    sources: dict[str, str] = field(default_factory=dict[str, str])  # alias to relation, both folded


@dataclass(frozen=True, slots=True)
class Written:
    """One statement that puts rows into a relation."""

    relation: str
    piece: Piece
    tree: exp.Expr


class Slots:
    """All slots of one script and what feeds what. `known` are the columns of the tables it finds."""

    def __init__(self, known: Mapping[str, Columns], *, tsql: bool) -> None:
        self.columns: dict[str, Columns] = {name: dict(columns) for name, columns in known.items()}
        self.tsql = tsql
        self.writes: list[Written] = []
        self.results: list[Written] = []  # queries whose rows nobody stores
        self.schema = "dbo" if tsql else ""
        self.feeds: dict[Slot, set[Slot]] = {}
        self.stars: dict[str, set[str]] = {}
        self.open: set[Slot] = set()
        self.landing: dict[int, tuple[Slot, ...]] = {}
        self.scopes: dict[int, Scope] = {}
        self.number = 0

    # --- What it says ---

    def landed(self, node: exp.Expr) -> tuple[Slot, ...]:
        """The slots that a part of a statement goes into directly."""
        at: exp.Expr | None = node
        while at is not None:
            if id(at) in self.landing:
                return self.landing[id(at)]
            at = at.parent
        return ()

    def reaches(self, slots: Iterable[Slot], target: str) -> set[str]:
        """The columns of `target` ("" for its rows) that any of the slots feeds, however far away."""
        seen, waiting = set[Slot](), list(slots)
        while waiting:
            slot = waiting.pop()
            if slot in seen:
                continue
            seen.add(slot)
            waiting.extend(self.feeds.get(slot, ()))
            waiting.extend((relation, slot[1]) for relation in self.stars.get(slot[0], ()))
        return {column for relation, column in seen if relation == target}

    def open_columns(self, target: str) -> set[str]:
        """The columns of `target` whose way was not followed to its end."""
        return self.reaches(self.open, target)

    def kind(self, node: exp.Expr | None) -> SqlType | None:
        """The type of a value, where it can be told: not of one that is nested too deeply to be read."""
        try:
            return type_of(node, self._column_type, tsql=self.tsql)
        except RecursionError:
            return None

    def source_of(self, node: exp.Column) -> str:
        """The relation that a column is read from; empty when that cannot be told."""
        found = self.resolve(node, self.scope_of(node))
        return found[0] if len(found) == 1 else ""

    def key(self, table: exp.Table) -> str:
        """A table's name as this script means it, folded."""
        if isinstance(table.this, exp.Parameter):
            return f"@{table.this.name}".casefold()
        name = table.name.casefold()
        if name.startswith(("#", "@")):
            return name
        if isinstance(table.this, exp.Identifier) and table.this.args.get("temporary"):
            return f"#{name}"
        return f"{(table.db or self.schema).casefold()}.{name}"

    def resolve(self, column: exp.Column, scope: Scope | None) -> list[str]:
        """The relations that a column may be of: one when it is certain."""
        table, name = column.table.casefold(), column.name.casefold()
        qualifier = column.args.get("table")
        if isinstance(qualifier, exp.Identifier) and qualifier.args.get("temporary"):
            table = f"#{table}"
        at = scope
        while at is not None:
            if table:
                if table in at.sources:
                    return [at.sources[table]]
            else:
                has = [r for r in at.sources.values() if name in self.columns.get(r, {name: None})]
                sure = [r for r in has if r in self.columns]
                if len(sure) == 1 or has:
                    return sure if len(sure) == 1 else has
            at = at.outer
        return []

    def scope_of(self, node: exp.Expr) -> Scope | None:
        at: exp.Expr | None = node
        while at is not None:
            if id(at) in self.scopes:
                return self.scopes[id(at)]
            at = at.parent
        return None

    def _column_type(self, column: exp.Expr) -> SqlType | None:
        if not isinstance(column, exp.Column):
            return self.columns.get(f"@{column.name}".casefold(), {}).get(ROWS)
        relation = self.source_of(column)
        return self.columns.get(relation, {}).get(column.name.casefold()) if relation else None

    def feed(self, source: Slot, slot: Slot) -> None:
        self.feeds.setdefault(source, set()).add(slot)


def alias_of(item: exp.Expr) -> str:
    """What a table is called in its query."""
    if isinstance(item, exp.Table):
        if not item.alias and isinstance(item.this, exp.Parameter):
            return f"@{item.this.name}".casefold()
        temporary = isinstance(item.this, exp.Identifier) and item.this.args.get("temporary")
        return (item.alias or (f"#{item.name}" if temporary else item.name)).casefold()
    return item.alias.casefold() if hasattr(item, "alias") else ""
