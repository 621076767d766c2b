"""ALTER TABLE: columns, defaults, and the partitions that SWITCH moves from table to table.

https://learn.microsoft.com/en-us/sql/t-sql/statements/alter-table-transact-sql
https://learn.microsoft.com/en-us/azure/synapse-analytics/sql-data-warehouse/sql-data-warehouse-tables-partition
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NoReturn

from sqlglot import exp

from recon.connectors.local.tsql import ddl
from recon.connectors.local.tsql.catalog import Partitions, TableDef
from recon.connectors.local.tsql.context import fresh
from recon.connectors.local.tsql.convert import assign, convert
from recon.connectors.local.tsql.dml import default_of
from recon.connectors.local.tsql.duck import binary, cast, column, is_null, name, num
from recon.connectors.local.tsql.expr import value
from recon.connectors.local.tsql.predicate import compared
from recon.connectors.local.tsql.scope import Typed
from recon.connectors.local.tsql.session import Failure
from recon.errors import ProgramError
from recon.sqlscript.tsql_header import commas
from recon.sqlscript.tsql_options import closing
from recon.sqlscript.tsql_parse import expression

if TYPE_CHECKING:
    from collections.abc import Sequence

    from recon.connectors.local.tsql.catalog import ColumnDef
    from recon.connectors.local.tsql.duck import Tree
    from recon.connectors.local.tsql.run import Runner
    from recon.connectors.local.tsql.scope import Env
    from recon.sqlscript.tokens import Token
    from recon.sqlscript.tsql_types import SqlType

_KEYS = {"PRIMARY", "UNIQUE", "FOREIGN"}  # not enforced in a dedicated pool


def alter_table(runner: Runner, table: TableDef, rest: Sequence[Token], line: int) -> None:
    """What stands behind ALTER TABLE t. ProgramError for what is not understood."""
    work = _Alteration(runner, table, rest, line)
    words = [t.word for t in rest[:3]] + ["", "", ""]
    if words[0] == "ADD":
        work.add(words[1])
    elif words[:2] == ["DROP", "COLUMN"]:
        begin = 4 if words[2] == "IF" else 2
        names = [p[0].name for p in commas(rest[begin:])]
        ddl.drop_columns(runner.session, table, names, runner.file, line)
    elif words[:2] == ["ALTER", "COLUMN"]:
        work.alter_column()
    elif words[0] == "SWITCH":
        work.switch()
    elif words[0] in {"SPLIT", "MERGE"} and words[1] == "RANGE":
        work.bounds(split=words[0] == "SPLIT")
    elif words[0] != "REBUILD" and words[:2] != ["DROP", "CONSTRAINT"]:
        work.refuse(f"ALTER TABLE {' '.join(words[:2])} is not supported")


def read_partitions(tokens: Sequence[Token], file: str) -> Partitions | None:
    """PARTITION (column RANGE RIGHT FOR VALUES (...)) among the options of a CREATE TABLE."""
    at = next((i for i, t in enumerate(tokens) if t.word == "PARTITION"), None)
    if at is None or at + 2 >= len(tokens) or tokens[at + 1].word != "(":
        return None
    inside = tokens[at + 2 : closing(tokens, at + 1)]
    words = [t.word for t in inside]
    if len(inside) < 5 or words[1] != "RANGE" or "VALUES" not in words:
        line = tokens[at].line
        raise ProgramError("this PARTITION is not understood", file=file, line=line)
    begin = words.index("VALUES") + 1
    bounds = tuple(b for b in commas(inside[begin + 1 : closing(inside, begin)]) if b)
    return Partitions(inside[0].name, words[2] == "RIGHT", bounds)


class _Alteration:
    """One ALTER TABLE at work."""

    def __init__(self, runner: Runner, table: TableDef, rest: Sequence[Token], line: int) -> None:
        self._runner, self._session, self._table = runner, runner.session, table
        self._rest, self._line = rest, line

    def refuse(self, message: str, code: str = "") -> NoReturn:
        raise ProgramError(message, file=self._runner.file, line=self._line, code=code)

    def _env(self) -> Env:
        return fresh(self._session, self._runner.file, self._line)

    # --- columns --------------------------------------------------------------------------------

    def add(self, second: str) -> None:
        """ADD columns, or a constraint: keys are not enforced, a default counts from now on."""
        words = [t.word for t in self._rest]
        named = 3 if second == "CONSTRAINT" else 1
        if second == "CONSTRAINT" or second in _KEYS | {"DEFAULT", "CHECK"}:
            kind = words[named] if named < len(words) else ""
            if kind == "DEFAULT":
                self._default(named + 1)
            elif kind not in _KEYS:
                self.refuse(f"ALTER TABLE ADD CONSTRAINT {kind} is not supported")
            return
        tokens = list(self._rest[1:])
        with_values = [t.word for t in tokens[-2:]] == ["WITH", "VALUES"]
        columns = ddl.read_columns(tokens[:-2] if with_values else tokens, self._runner.file)
        if any(c.identity for c in columns):
            self.refuse("ALTER TABLE ADD with IDENTITY is not supported")
        for made in columns:
            self._add(made, with_values=with_values)

    def _add(self, made: ColumnDef, *, with_values: bool) -> None:
        """Existing rows get the default where the column is NOT NULL or WITH VALUES says so, else NULL."""
        table = self._table
        if not made.nullable and not made.default and self._has_rows(table):
            raise Failure(4901, "ALTER TABLE only allows columns to be added that can contain nulls.")
        env = self._env()
        cell: Tree = cast(exp.Null(), made.type)
        if made.default and (with_values or not made.nullable):
            cell = assign(env, exp.Null(), default_of(env, made), made.type, made.name)
        cells: list[Tree] = [*(name(c.name) for c in table.columns), cell]
        self._table = ddl.rebuild(self._session, table, (*table.columns, made), cells)

    def _has_rows(self, table: TableDef) -> bool:
        return self._session.first(exp.select(num(1)).from_(table.tree).limit(1)) is not None

    def _default(self, at: int) -> None:
        """ADD CONSTRAINT c DEFAULT value FOR column."""
        end = next((i for i in range(at, len(self._rest)) if self._rest[i].word == "FOR"), None)
        if end is None or end + 1 >= len(self._rest):
            self.refuse("this ALTER TABLE ADD DEFAULT is not understood")
        found = self._column(self._rest[end + 1].name)
        self._replace(found, replace(found, default=tuple(self._rest[at:end])))

    def _column(self, named: str) -> ColumnDef:
        found = self._table.column(named)
        return found or self.refuse(f"{self._table.name} has no column {named}", "4924")

    def _replace(self, old: ColumnDef, new: ColumnDef) -> None:
        columns = tuple(new if c is old else c for c in self._table.columns)
        self._session.catalog.replace(self._table, replace(self._table, columns=columns))

    def alter_column(self) -> None:
        """ALTER COLUMN c type [NULL | NOT NULL]: its values are converted."""
        piece = self._rest[2:]
        if len(piece) < 2:
            self.refuse("this ALTER COLUMN is not understood")
        old = self._column(piece[0].name)
        new = replace(ddl.read_column(piece, self._runner.file), name=old.name)
        if new.default or new.identity or old.identity:
            self.refuse("ALTER COLUMN with DEFAULT or IDENTITY is not supported")
        env = self._env()
        given = Typed(exp.Column(this=name(old.name)), old.type)
        using = assign(env, exp.Null(), given, new.type, old.name)
        columns = tuple(replace(new, default=c.default) if c is old else c for c in self._table.columns)
        cells: list[Tree] = [using if c is old else name(c.name) for c in self._table.columns]
        self._table = ddl.rebuild(self._session, self._table, columns, cells)

    # --- partitions -------------------------------------------------------------------------------

    def bounds(self, *, split: bool) -> None:
        """SPLIT or MERGE RANGE (value): no row moves, the numbers of the partitions do."""
        held = self._table.partitions or self.refuse(f"{self._table.name} has no partitions")
        given = tuple(self._rest[3 : closing(self._rest, 2)])
        at = self._place(held, given)
        same = at < len(held.bounds) and self._order(held.column, held.bounds[at], given) == 0
        if split == same:
            self.refuse(f"{self._table.name} has {'already' if same else 'no'} such a boundary")
        after = held.bounds[at + 1 :] if same else held.bounds[at:]
        made = (*held.bounds[:at], *(() if same else (given,)), *after)
        self._session.catalog.replace(
            self._table, replace(self._table, partitions=replace(held, bounds=made))
        )

    def _place(self, held: Partitions, given: tuple[Token, ...]) -> int:
        """How many boundaries lie below a value."""
        return sum(self._order(held.column, bound, given) < 0 for bound in held.bounds)

    def _order(self, column_name: str, a: tuple[Token, ...], b: tuple[Token, ...]) -> int:
        env, kind = self._env(), self._column(column_name).type
        one, two = (Typed(self._bound(env, kind, t), kind) for t in (a, b))
        less = [
            self._session.evaluate(compared(env, exp.Null(), exp.LT, *pair))
            for pair in ((one, two), (two, one))
        ]
        return -1 if less[0] else 1 if less[1] else 0

    def _bound(self, env: Env, kind: SqlType, tokens: tuple[Token, ...]) -> Tree:
        node = expression(tokens, self._line, self._runner.file)
        return convert(env, node, value(env, node), kind).tree

    def switch(self) -> None:
        """SWITCH [PARTITION n] TO t [PARTITION m] [WITH (TRUNCATE_TARGET = ON)]: rows change their table."""
        number, at = self._number(self._rest, 1)
        if self._rest[at].word != "TO":
            self.refuse("this SWITCH is not understood")
        parts, end = ddl.table_name(self._rest, at + 1)
        into = self._session.catalog.table(parts) or self.refuse(
            f"there is no table {'.'.join(parts)}", "4943"
        )
        place, end = self._number(self._rest, end)
        said = [t.word for t in self._rest[end:]]
        empties = said == ["WITH", "(", "TRUNCATE_TARGET", "=", "ON", ")"]
        if said and not empties and said != ["WITH", "(", "TRUNCATE_TARGET", "=", "OFF", ")"]:
            self.refuse("this SWITCH is not understood")
        if [(c.name.casefold(), c.type) for c in into.columns] != [
            (c.name.casefold(), c.type) for c in self._table.columns
        ]:
            self.refuse(f"SWITCH: {self._table.name} and {into.name} have other columns", "4943")
        there = self._part(into, place)
        if empties:
            self._session.execute(exp.Delete(this=into.tree, where=there))
        held = exp.Select(expressions=[num(1)], from_=exp.From(this=into.tree), where=there)
        if self._session.first(held.limit(1)) is not None:
            raise Failure(
                4904, f"ALTER TABLE SWITCH statement failed. '{into.name}' must be empty.", exact=False
            )
        self._move(into, self._part(self._table, number))

    def _move(self, into: TableDef, chosen: exp.Where | None) -> None:
        cells = [name(c.name) for c in self._table.columns]
        rows = exp.Select(expressions=cells, from_=exp.From(this=self._table.tree), where=chosen)
        schema = exp.Schema(this=into.tree, expressions=[name(c.name) for c in into.columns])
        self._session.execute(exp.Insert(this=schema, expression=rows))
        self._session.execute(exp.Delete(this=self._table.tree, where=chosen.copy() if chosen else None))

    def _number(self, tokens: Sequence[Token], at: int) -> tuple[int, int]:
        """The partition's number at `at` (0: the whole table), and where it ends."""
        if at >= len(tokens) or tokens[at].word != "PARTITION":
            return 0, at
        if at + 1 >= len(tokens) or not tokens[at + 1].text.isdigit():
            return self.refuse("PARTITION needs a number here")
        return int(tokens[at + 1].text), at + 2

    def _part(self, table: TableDef, number: int) -> exp.Where | None:
        """Which rows lie in a partition; None: all. NULL lies in the first one."""
        if not number:
            return None
        held = table.partitions or self.refuse(f"{table.name} has no partitions", "4911")
        if number > len(held.bounds) + 1:
            self.refuse(f"{table.name} has {len(held.bounds) + 1} partitions", "7722")
        kind = self._column(held.column).type
        env = self._env()
        cell = Typed(column(table.real, held.column), kind)
        parts: list[Tree] = []
        for at, (below, above) in ((number - 2, (exp.GTE, exp.GT)), (number - 1, (exp.LT, exp.LTE))):
            if 0 <= at < len(held.bounds):
                bound = Typed(self._bound(env, kind, held.bounds[at]), kind)
                operator = below if held.right else above
                parts.append(compared(env, exp.Null(), operator, cell, bound))
        made: Tree = parts[0] if parts else exp.true()
        for part in parts[1:]:
            made = binary(exp.And, made, part)
        return exp.Where(this=binary(exp.Or, made, is_null(cell.tree)) if number == 1 else made)
