"""One statement of a script on its way to Databricks: every table in it moved into the run's world.

This is what keeps production tables safe: a statement in which a name cannot be proven to stay inside is
refused with its line, before any statement of its script is sent.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from recon.connectors.cloud.engine_words import dotted, moved_by_words, outside_calls
from recon.connectors.ledger import Ledger
from recon.model import TableRef
from recon.sqlscript.databricks_meaning import Kind, Meaning, meaning
from recon.sqlscript.databricks_words import Edit, Reader, edited

if TYPE_CHECKING:
    from recon.connectors.cloud.engine_names import Names
    from recon.errors import ProgramError
    from recon.sqlscript.databricks_text import Statement
    from recon.sqlscript.databricks_words import Name

# Left out on Databricks too: they show or keep something, and change no row.
_SHOWS = {"SHOW", "DESCRIBE", "DESC", "EXPLAIN", "CACHE", "UNCACHE", "CLEAR", "REFRESH"}
_SYSTEM = {"system", "session", "information_schema"}
_CHANGES = {Kind.INSERT, Kind.MERGE, Kind.UPDATE, Kind.DELETE, Kind.TRUNCATE, Kind.ALTER}
_WRITES = _CHANGES | {Kind.CREATE_TABLE, Kind.CREATE_VIEW, Kind.RENAME}


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """A statement ready to be sent. An empty `text` has nothing to send."""

    statement: Statement  # as its author wrote it
    text: str
    kind: Kind
    note: str = ""
    schemas: tuple[str, ...] = ()  # that must exist before
    changes: tuple[TableRef, ...] = ()  # tables that exist, and of which the world must have its own copy
    wrote: tuple[TableRef, ...] = ()
    dropped: tuple[TableRef, ...] = ()
    use: str | None = None  # the schema that the script is in from now on


@dataclass(slots=True)
class Mover:
    """Moves the statements of one script, in their order."""

    names: Names
    _catalogs: Ledger = field(default_factory=Ledger)
    _functions: set[tuple[str, str]] = field(default_factory=set[tuple[str, str]])
    _catalog: str = ""

    def move(self, statement: Statement) -> Move:
        """ProgramError with file and line for what is refused."""
        what = meaning(statement)
        if what.kind is Kind.IDLE or statement.words[0].key in _SHOWS:
            note = what.note or f"{statement.words[0].key} left out: it changes no data"
            return Move(statement=statement, text="", kind=Kind.IDLE, note=note)
        if what.kind is Kind.USE:
            return self._use(statement, what)
        if what.kind is Kind.CREATE_SCHEMA:
            return Move(statement=statement, text="", kind=what.kind, schemas=(what.schema,))
        self._refuse(statement, what)
        function = self._function(statement)
        edits = self._edits(statement, what)
        if function is not None:
            edits = {**edits, function.start: function}
        self._check(statement, edits)
        return self._moved(statement, what, edited(statement.text, tuple(edits.values())))

    # --- What it does to the world ---

    def _moved(self, statement: Statement, what: Meaning, text: str) -> Move:
        acts = [act for act in what.inner or (what,) if act.table is not None and not act.temporary]
        return Move(
            statement=statement,
            text=text,
            kind=what.kind,
            schemas=tuple(self._table(act.table).schema for act in acts if act.kind in _WRITES),
            changes=tuple(self._table(act.table) for act in acts if act.kind in _CHANGES or act.replace),
            wrote=tuple(self._result(act) for act in acts if act.kind in _WRITES),
            dropped=tuple(self._table(act.table) for act in acts if act.kind in {Kind.DROP, Kind.RENAME}),
        )

    def _table(self, name: Name | None) -> TableRef:
        return self.names.local(name.ref) if name else TableRef(schema="", name="")

    def _result(self, act: Meaning) -> TableRef:
        if act.renamed is None:
            return self._table(act.table)
        there = self._table(act.table)
        new = act.renamed.ref
        return self.names.local(TableRef(schema=new.schema or there.schema, name=new.name))

    def _use(self, statement: Statement, what: Meaning) -> Move:
        if what.catalog:
            if self._catalog and self._catalog.casefold() != what.catalog.casefold():
                raise statement.refuse(
                    f"uses the catalog {what.catalog} after {self._catalog}",
                    hint="A conversion may work in one catalog only.",
                )
            self._catalog = what.catalog
        if not what.schema:
            return Move(statement=statement, text="", kind=Kind.USE)
        self.names.current = what.schema
        return Move(statement=statement, text="", kind=Kind.USE, schemas=(what.schema,), use=what.schema)

    # --- Names ---

    def _edits(self, statement: Statement, what: Meaning) -> dict[int, Edit]:
        """What is put in place of the first parts of each name, by its place in the text."""
        heads = [name for name in (what.table, what.renamed) if name is not None]
        found = None if what.kind in {Kind.BLOCK, Kind.SETTING} else self._by_tree(statement)
        if found is None:
            places = moved_by_words(statement)
            found = {start: self._edit(statement, start, ref, end) for start, end, ref in places}
        if what.kind is not Kind.BLOCK:
            for name in heads:
                if len(name.parts) > 1:
                    own = name.end - len(_last(statement, name))
                    found[name.start] = self._edit(statement, name.start, name.ref, own)
            if what.renamed is not None and len(what.renamed.parts) == 1:  # it stays in its schema
                start = what.renamed.start
                found[start] = Edit(start, start, self.names.prefix(self._result(what).schema))
        return found

    def _by_tree(self, statement: Statement) -> dict[int, Edit] | None:
        """By sqlglot's tree; None when it cannot read the text."""
        try:
            tree = sqlglot.parse_one(statement.text, read="databricks")
        except SqlglotError:
            return None
        if isinstance(tree, exp.Command) or any(True for _ in tree.find_all(exp.Command)):
            return None
        tables = [t for t in tree.find_all(exp.Table) if t.db and t.db.casefold() not in _SYSTEM]
        tables = [t for t in tables if t.catalog.casefold() not in _SYSTEM]
        found: dict[int, Edit] = {}
        for table in tables:
            ref = TableRef(schema=table.db, name=table.name, catalog=table.catalog)
            start, own = _start(table.args.get("catalog") or table.args["db"]), _start(table.this)
            if start < 0 or own < 0:
                raise self._unproven(statement, ref)
            found[start] = self._edit(statement, start, ref, own)
        keys = {(t.db.casefold(), t.name.casefold()) for t in tables}
        for column in tree.find_all(exp.Column):
            if column.db and (column.db.casefold(), column.table.casefold()) in keys:
                start, own = (
                    _start(column.args.get("catalog") or column.args["db"]),
                    _start(column.args["table"]),
                )
                ref = TableRef(schema=column.db, name=column.table, catalog=column.catalog)
                found[start] = self._edit(statement, start, ref, own)
        return found

    def _edit(self, statement: Statement, start: int, ref: TableRef, own: int) -> Edit:
        """Catalog and schema of a name, up to the table's own name, become those of the world."""
        other = self._catalogs.meet(ref) if ref.catalog else ""
        if other:
            raise statement.refuse(
                f"{ref} and {other}.{ref.schema}.{ref.name} would be one table here",
                at=start,
                hint="Only one catalog at a time can be stood in for.",
            )
        return Edit(start, own, self.names.prefix(ref.schema))

    # --- What is refused ---

    def _refuse(self, statement: Statement, what: Meaning) -> None:
        words = statement.words
        outside = {Kind.USE, Kind.CREATE_SCHEMA, Kind.RENAME} & {act.kind for act in what.inner}
        if outside or (what.kind is Kind.BLOCK and any(w.key == "FUNCTION" for w in words)):
            said = ", ".join(sorted(str(kind).upper() for kind in outside)) or "FUNCTION"
            raise statement.refuse(f"{said} inside BEGIN ... END is not supported", hint="Move it out.")
        for word, following in itertools.pairwise(words):
            if word.key == "IDENTIFIER" and following.key == "(":
                raise statement.refuse(
                    "a name made at run time, IDENTIFIER(...), cannot be checked",
                    at=word.start,
                    hint="Write the name itself.",
                )
            lasting = word.key == "GLOBAL" and following.key in {"TEMP", "TEMPORARY"}
            if lasting or word.text.casefold() == "global_temp":
                raise statement.refuse(
                    "global temporary views are seen by everybody on the cluster",
                    at=word.start,
                    hint="Use a temporary view.",
                )

    def _function(self, statement: Statement) -> Edit | None:
        """The edit that moves the name of CREATE FUNCTION or DROP FUNCTION; None for other statements."""
        reader = Reader(statement)
        made = reader.take("CREATE")
        if not made and not reader.take("DROP"):
            return None
        reader.take("OR", "REPLACE")
        temporary = reader.take("TEMPORARY") or reader.take("TEMP")
        if not reader.take("FUNCTION"):
            return None
        _ = reader.take("IF", "NOT", "EXISTS") or reader.take("IF", "EXISTS")
        name = reader.name()
        if temporary:
            return None
        ref = self.names.local(name.ref)
        self._functions.add((ref.schema.casefold(), ref.name.casefold()))
        if len(name.parts) < 2:
            return None
        return self._edit(statement, name.start, name.ref, name.end - len(_last(statement, name)))

    def _check(self, statement: Statement, edits: dict[int, Edit]) -> None:
        """Refuse calls of foreign functions, and what stands where a table does and was not moved."""
        for name in outside_calls(statement):
            ref = name.ref
            own = (ref.schema.casefold(), ref.name.casefold()) in self._functions
            if own and name.start not in edits:
                end = name.end - len(_last(statement, name))
                edits[name.start] = self._edit(statement, name.start, ref, end)
            elif not own and name.start not in edits and ref.schema.casefold() not in _SYSTEM:
                raise statement.refuse(
                    f"the function {ref} is not part of the run",
                    at=name.start,
                    hint="Create it in the script, without a schema.",
                )
        for name in dotted(statement):
            if name.start not in edits and name.parts[0].casefold() not in _SYSTEM:
                raise self._unproven(statement, name.ref, name.start)

    def _unproven(self, statement: Statement, ref: TableRef, at: int = 0) -> ProgramError:
        return statement.refuse(
            f"{ref}: cannot be moved into the run's own schemas",
            at=at,
            hint="Write the statement more plainly, or name the table without its schema after USE.",
        )


def _start(node: exp.Expr | str | None) -> int:
    """The node's first character in the text; -1 when sqlglot does not say."""
    return int(node.meta.get("start", -1)) if isinstance(node, exp.Expr) else -1


def _last(statement: Statement, name: Name) -> str:
    """A name's last part as it is written, with its back-ticks."""
    last = next(w for w in reversed(statement.words) if w.end == name.end)
    return statement.text[last.start : last.end]
