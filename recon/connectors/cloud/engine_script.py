"""A variant's SQL on Databricks: all of it is read and moved first, then sent statement by statement.

The same code runs in two places: here, over a SQL warehouse, and on Databricks itself inside the job of a
PySpark variant. What differs is behind `Hands`.
"""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Protocol

from recon.connectors.cloud.engine_moves import Mover
from recon.connectors.ledger import Ledger
from recon.sqlscript.databricks_meaning import Kind
from recon.sqlscript.databricks_now import pinned
from recon.sqlscript.databricks_text import statements

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from recon.connectors.cloud.engine_moves import Move
    from recon.connectors.cloud.engine_names import Names
    from recon.model import TableRef
    from recon.sqlscript.databricks_text import Cell, Statement

_VARIABLE = re.compile(r"\$\{([^}]+)\}")


class Hands(Protocol):
    """What a script needs of the place where it runs."""

    def send(self, text: str, params: Mapping[str, Any], statement: Statement) -> None:
        """Run one statement, whose names are moved already. ProgramError when it fails."""
        ...

    def make_schema(self, named: str) -> None:
        """Make the world's schema for one of the script, unless the world has made it."""
        ...

    def enter(self, named: str) -> None:
        """Make it the session's current schema."""
        ...

    def own(self, table: TableRef) -> None:
        """See to it that writing into the table changes nothing outside of the world."""
        ...


@dataclass(frozen=True, slots=True)
class Query:
    """A query whose rows nobody has asked for yet."""

    text: str
    params: dict[str, Any]
    statement: Statement


@dataclass(slots=True)
class Script:
    """One variant at work. `ledger` knows what it wrote, `last` the query that it ended with."""

    hands: Hands
    names: Names
    params: dict[str, Any]
    now: datetime | None = None
    ledger: Ledger = field(default_factory=Ledger)
    notes: list[str] = field(default_factory=list[str])
    last: Query | None = None
    mover: Mover = field(init=False)

    def __post_init__(self) -> None:
        self.mover = Mover(self.names)
        self.params = {name.lstrip("@").casefold(): value for name, value in self.params.items()}

    def read(self, cell: Cell, file: str) -> tuple[Move, ...]:
        """The cell's statements, each moved into the world. ProgramError for the first that is refused.

        Nothing is sent. Cells must be read in their order: USE in one of them counts for the next.
        """
        return tuple(self.one(statement) for statement in statements(self._filled(cell.text), file))

    def one(self, statement: Statement) -> Move:
        """A statement, moved."""
        return self.mover.move(pinned(statement, self.now))

    def run(self, move: Move, args: Mapping[str, Any] | None = None) -> Query | None:
        """Do what the statement says. A query is given back, for the caller to ask for its rows."""
        if move.note:
            place = f"{move.statement.file}:{move.statement.line}: " if move.statement.file else ""
            self.notes.append(f"{place}{move.note}")
        for named in dict.fromkeys(move.schemas):
            self.hands.make_schema(named)
        if move.use is not None:
            self.hands.enter(move.use)
        for table in move.changes:
            self.hands.own(table)
        self.last = None
        if not move.text:
            return None
        found = self._args(move.text, move.statement) if args is None else dict(args)
        if move.kind is Kind.QUERY:
            self.last = Query(move.text, found, move.statement)
            return self.last
        self.hands.send(move.text, found, move.statement)
        for table in move.dropped:
            self.ledger.dropped(table)
        for table in move.wrote:
            self.ledger.wrote(table)
        return None

    def _args(self, text: str, statement: Statement) -> dict[str, Any]:
        """The variant's parameters that the statement names, in its own spelling."""
        words = replace(statement, text=text).words
        named = [b.text for a, b in itertools.pairwise(words) if a.key == ":" and b.name]
        return {name: self.params[name.casefold()] for name in named if name.casefold() in self.params}

    def _filled(self, text: str) -> str:
        """`${name}` becomes the parameter's text, as a notebook's widgets do; a name unknown stays."""

        def value(match: re.Match[str]) -> str:
            known = match[1].casefold() in self.params
            return str(self.params[match[1].casefold()]).replace("\n", " ") if known else match[0]

        return _VARIABLE.sub(value, text)
