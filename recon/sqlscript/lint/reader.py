"""Both scripts of a run, read: their statements, their ways of values, and where the target is in each."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sqlglot import exp

from recon.model import BaselineMode
from recon.sqlscript.lint.families import spelled
from recon.sqlscript.lint.flow import Flow
from recon.sqlscript.lint.pieces import (
    DATABRICKS,
    SYNAPSE,
    Pieces,
    databricks_pieces,
    script_cells,
    tsql_pieces,
)
from recon.sqlscript.lint.python_rules import python_found
from recon.sqlscript.lint.python_tests import join_kinds, strings, tested
from recon.sqlscript.lint.slots import ROWS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from recon.model import Column, Script, Table, TableRef, Variant
    from recon.sqlscript.lint.pieces import Piece
    from recon.sqlscript.lint.python_rules import PythonFound
    from recon.sqlscript.lint.slots import Columns

_OPERATORS: dict[type[exp.Expr], str] = {
    exp.Div: "/",
    exp.Mul: "*",
    exp.Add: "+",
    exp.Sub: "-",
    exp.DPipe: "||",
    exp.Cast: "CAST",
    exp.TryCast: "CAST",
    exp.Convert: "CONVERT",
    exp.Case: "CASE",
    exp.CurrentTimestamp: "CURRENT_TIMESTAMP",
    exp.CurrentDate: "CURRENT_DATE",
}


@dataclass(slots=True, kw_only=True)
class Reading:
    """One script, read. `columns`: Synapse's spelling of the target's columns, by this side's folded name."""

    side: str
    script: Script
    flow: Flow
    pieces: Pieces
    target: str = ""
    columns: dict[str, str] = field(default_factory=dict[str, str])
    python: list[PythonFound] = field(default_factory=list["PythonFound"])
    mentioned: str = ""  # a PySpark text, folded
    joins: set[str] = field(default_factory=set[str])  # how the DataFrames of a PySpark text are joined
    strings: set[str] = field(default_factory=set[str])  # those of a PySpark text
    tested: set[str] = field(default_factory=set[str])  # the columns, folded, that a PySpark text may test

    def leading(self) -> list[Piece]:
        """The statements whose rows come to the target."""
        reached = {
            id(w.piece)
            for w in (*self.flow.writes, *self.flow.results)
            if w.relation == self.target or self.flow.reaches([(w.relation, ROWS)], self.target)
        }
        return [piece for piece in self.pieces.read if id(piece) in reached]

    def feeds(self, node: exp.Expr) -> tuple[bool, tuple[str, ...]] | None:
        """Whether a part decides the target's rows, and which columns it feeds; None when nobody can tell."""
        slots = self.flow.landed(node)
        if not slots or not self.target:
            return None
        reached = self.flow.reaches(slots, self.target)
        names = sorted(
            (n for n in reached if n), key=list(self.columns).index if self._all(reached) else None
        )
        return ROWS in reached, tuple(self.columns.get(n, n) for n in names)

    def columns_of(self, table: str, names: Mapping[str, str]) -> tuple[str, ...]:
        """The target's columns, as Synapse names them, that get values of a table. `names` give Synapse's
        name of a table for this side's.
        """
        slots = [slot for slot in self.flow.feeds if slot[1] and names.get(slot[0], slot[0]) == table]
        reached = self.flow.reaches(slots, self.target) if self.target else set[str]()
        return tuple(name for folded, name in self.columns.items() if folded in reached)

    def _all(self, names: set[str]) -> bool:
        return all(n in self.columns for n in names if n)

    def calls(self) -> dict[str, frozenset[str]]:
        """The functions and operators that each column's values pass, by folded name of Synapse."""
        found: dict[str, set[str]] = {}
        for piece in self.pieces.read:
            for node in piece.tree.walk():
                name = _OPERATORS.get(type(node)) or (
                    node.name.upper() if isinstance(node, exp.Anonymous) else ""
                )
                fed = self.feeds(node) if name else None
                for column in fed[1] if fed else ():
                    found.setdefault(column.casefold(), set()).add(name)
        return {column: frozenset(names) for column, names in found.items()}

    def constants(self) -> frozenset[str]:
        """The texts that are written out in the script."""
        written = {
            node.name
            for piece in self.pieces.read
            for node in piece.tree.find_all(exp.Literal, exp.National)
            if not isinstance(node, exp.Literal) or node.is_string
        }
        return frozenset(written | self.strings)

    def followed(self) -> frozenset[str]:
        """The target's columns, folded as Synapse names them, whose way was read to its end."""
        if not self.target or self.python or self.mentioned or self.pieces.unread or self.pieces.opaque:
            return frozenset()
        lost = self.flow.open_columns(self.target)
        return frozenset(name.casefold() for folded, name in self.columns.items() if folded not in lost)


@dataclass(frozen=True, slots=True)
class Original:
    """Synapse's side, with the table's DDL."""

    script: Reading
    ddl: Pieces
    ddl_file: str
    names: dict[str, str]  # Synapse's tables as they are spelled, by folded name
    table: Table


@dataclass(frozen=True, slots=True)
class Conversion:
    """Databricks' side. `names` give Synapse's folded name of a table for this side's."""

    script: Reading
    names: dict[str, str]


def key_of(table: TableRef, default: str = "") -> str:
    """A table's folded name, as `Flow.key` makes it."""
    return f"{table.schema or default}.{table.name}".casefold()


def original_of(table: Table, columns: Mapping[TableRef, Sequence[Column]]) -> Original:
    """Read the original and its DDL."""
    flow = Flow({}, tsql=True)
    ddl = tsql_pieces(table.ddl) if table.ddl else Pieces()
    spelling: dict[str, dict[str, str]] = {}
    for piece in ddl.read:
        flow.add(piece)
        if isinstance(piece.tree, exp.Create) and isinstance(piece.tree.this, exp.Schema):
            made = piece.tree.this
            names = [c.name for c in made.expressions if isinstance(c, exp.ColumnDef)]
            if isinstance(made.this, exp.Table):
                spelling[flow.key(made.this)] = {n.casefold(): n for n in names}
    for ref, given in columns.items():
        known: Columns = {c.name.casefold(): spelled(c.type) for c in given}
        flow.columns.setdefault(key_of(ref, "dbo"), known)
        spelling.setdefault(key_of(ref, "dbo"), {c.name.casefold(): c.name for c in given})
    pieces = tsql_pieces(table.original)
    flow.columns |= {name: {ROWS: spelled(kind)} for name, kind in pieces.types.items()}
    _follow(flow, pieces)
    target = _target(flow, key_of(table.synapse, "dbo") if table.synapse else "", table)
    reading = Reading(side=SYNAPSE, script=table.original, flow=flow, pieces=pieces, target=target)
    reading.columns = spelling.get(target) or {n: n for n in flow.columns.get(target, ())}
    refs = [each.synapse for each in table.inputs] + ([table.synapse] if table.synapse else [])
    names = {key_of(ref, "dbo"): str(ref) for ref in refs}
    return Original(reading, ddl, table.ddl.path if table.ddl else "", names, table)


def conversion_of(table: Table, variant: Variant, original: Original) -> Conversion:
    """Read the conversion, with what the original's DDL says about the tables under their new names."""
    known: dict[str, Columns] = {}
    names: dict[str, str] = {}
    pairs = [(each.synapse, each.databricks) for each in table.inputs]
    if table.synapse and table.databricks:
        pairs.append((table.synapse, table.databricks))
    for ours, theirs in pairs:
        names[key_of(theirs)] = key_of(ours, "dbo")
        columns = original.script.flow.columns.get(key_of(ours, "dbo"))
        if columns is not None:
            known[key_of(theirs)] = dict(columns)
    flow = Flow(_renamed(known, table), tsql=False)
    reading = Reading(side=DATABRICKS, script=variant.script, flow=flow, pieces=Pieces())
    sql, python = script_cells(variant.script, variant.language)
    for cell in sql:
        reading.pieces.add(databricks_pieces(cell, variant.script.path))
    for cell in python:
        hits, pieces = python_found(cell.text, variant.script.path)
        reading.python += hits
        reading.pieces.add(pieces)
        reading.mentioned += cell.text.casefold()
        reading.tested |= tested(cell.text)
        reading.strings |= strings(cell.text)
        reading.joins |= join_kinds(cell.text)
    for cell in sql if python else ():
        reading.tested |= {word.casefold() for word in re.findall(r"\w+", cell.text)}
    _follow(flow, reading.pieces)
    reading.target = _target(flow, key_of(table.databricks) if table.databricks else "", table)
    reading.columns = _columns(reading, original, table)
    return Conversion(reading, names)


def _follow(flow: Flow, pieces: Pieces) -> None:
    for piece in pieces.read:
        try:
            flow.add(piece)
        except RecursionError:
            pieces.opaque = True
            pieces.unread.append((piece.text.place(0)[0], "it is nested too deeply to be followed"))


def _renamed(known: dict[str, Columns], table: Table) -> dict[str, Columns]:
    """The target's columns under the names that the conversion gives them."""
    if table.databricks and key_of(table.databricks) in known:
        renames = {
            name.casefold(): rule.databricks.casefold()
            for name, rule in table.rules.items()
            if rule.databricks
        }
        key = key_of(table.databricks)
        known[key] = {renames.get(name, name): kind for name, kind in known[key].items()}
    return known


def _columns(reading: Reading, original: Original, table: Table) -> dict[str, str]:
    """This side's columns of the target, each with Synapse's spelling."""
    renames = {rule.databricks.casefold(): name for name, rule in table.rules.items() if rule.databricks}
    spelling = original.script.columns
    given = reading.flow.columns.get(reading.target) or dict.fromkeys(spelling)
    return {name: renames.get(name) or spelling.get(name, name) for name in given}


def _target(flow: Flow, named: str, table: Table) -> str:
    """The relation that holds the rows to compare: the named table when it is written, else what is left."""
    written = {w.relation for w in flow.writes}
    if named and named in written and not (flow.tsql and table.baseline is BaselineMode.QUERY):
        return named
    if flow.results and (table.baseline is BaselineMode.QUERY or not flow.tsql):
        return flow.results[-1].relation
    lasting = [w.relation for w in flow.writes if not w.relation.startswith(("#", "@"))]
    return lasting[-1] if lasting and not named else named
