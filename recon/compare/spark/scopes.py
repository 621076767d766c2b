"""What columns a part of a query can name, with their types."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from recon.compare.spark.build import Value
from recon.compare.spark.kinds import UNKNOWN, refused

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlglot import exp

    from recon.compare.spark.kinds import Kind

Columns: TypeAlias = "tuple[tuple[str, Kind], ...]"


@dataclass(slots=True)
class Scope:
    """The relations of a FROM by alias, each with its columns in order; and what a SELECT calls its own."""

    relations: dict[str, Columns] = field(default_factory=dict[str, "Columns"])
    own: dict[str, Kind] = field(default_factory=dict[str, "Kind"])
    _known: dict[tuple[str, str], Kind] = field(default_factory=dict[tuple[str, str], "Kind"])

    def add(self, alias: str, columns: Columns) -> None:
        """One more relation."""
        if alias in self.relations:
            raise refused(f"two relations called {alias}")
        self.relations[alias] = columns
        for name, kind in columns:
            self._known[alias, name] = kind
            self._known.setdefault(("", name), kind)

    def column(self, node: exp.Column) -> Value:
        """A column by its name. EngineError for one that is not there."""
        kind = self._known.get((node.table, node.name))
        if kind is None and not node.table:
            kind = self.own.get(node.name)
        if kind is None:
            raise refused(f"the column {node.table}.{node.name}, which no relation has")
        if kind == UNKNOWN:
            raise refused(f"the type of the column {node.name}")
        return Value(node.copy(), kind)

    def star(self, alias: str) -> Columns:
        """All columns of a relation, or of all of them."""
        if alias:
            return self.relations[alias]
        return tuple(c for columns in self.relations.values() for c in columns)


def named(names: Sequence[str], columns: Columns) -> Columns:
    """The columns under other names, by position."""
    if len(names) != len(columns):
        raise refused(f"{len(names)} names for {len(columns)} columns")
    return tuple((name, kind) for name, (_, kind) in zip(names, columns, strict=True))


def merged(parts: Sequence[Columns], wider: Mapping[int, Kind]) -> Columns:
    """The columns of a UNION: the names of the first part, the types that hold all."""
    return tuple((name, wider[n]) for n, (name, _) in enumerate(parts[0]))
