"""MERGE, UPDATE and DELETE as a replacement of the whole table, for engines without Delta Lake.

The table and the origin are kept aside once, so that everything is decided on one state of the data, as in
Delta Lake. Row by row the new table is: rows that a clause changes, rows that a clause adds, and the rest.
Values are cast to the column's type, as Delta Lake does under ANSI store assignment.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from sqlglot import exp

from recon.errors import ProgramError
from recon.sqlscript.databricks_dml import Action, When, delete, merge, update

if TYPE_CHECKING:
    from collections.abc import Sequence

    from recon.model import Column, TableRef
    from recon.sqlscript.databricks_dml import Assignment, Clause, Delete, Merge, Update
    from recon.sqlscript.databricks_text import Statement

_MULTIPLE = "DELTA_MULTIPLE_SOURCE_ROW_MATCHING_TARGET_ROW_IN_MERGE"
_ROW = "recon_row"
_TARGET, _ORIGIN, _TOUCHED = "recon_kept_target", "recon_kept_origin", "recon_kept_touched"


class Bench(Protocol):
    """What an engine lends for the replacement."""

    @property
    def row_id(self) -> exp.Expr:
        """An expression that numbers the rows of a query, no two alike."""
        ...

    def leaf(self, text: str) -> exp.Expr:
        """An author's expression, origin or condition, to be put into a tree."""
        ...

    def columns(self, table: TableRef) -> tuple[Column, ...]:
        """A table's columns, in order."""
        ...

    def keep(self, name: str, query: exp.Query) -> tuple[Column, ...]:
        """Compute the query once and hold its rows as the temporary relation `name`; its columns."""
        ...

    def some(self, query: exp.Query) -> bool:
        """Whether the query has a row."""
        ...

    def replace(self, table: TableRef, query: exp.Query) -> None:
        """Put the query's rows in place of the table's; only kept relations are read."""
        ...

    def forget(self, names: Sequence[str]) -> None:
        """Drop kept relations."""
        ...


def run_merge(bench: Bench, statement: Statement) -> None:
    """Do what the MERGE says. ProgramError as Delta Lake would raise it."""
    parts = merge(statement)
    _Replacement(bench, statement, parts.target.ref, parts.alias).merge(parts)


def run_update(bench: Bench, statement: Statement) -> None:
    """Do what the UPDATE says."""
    parts = update(statement)
    _Replacement(bench, statement, parts.target.ref, parts.alias).update(parts)


def run_delete(bench: Bench, statement: Statement) -> None:
    """Do what the DELETE says."""
    parts = delete(statement)
    _Replacement(bench, statement, parts.target.ref, parts.alias).delete(parts)


class _Replacement:
    """One statement at work on one table."""

    def __init__(self, bench: Bench, statement: Statement, table: TableRef, alias: str) -> None:
        self._bench = bench
        self._statement = statement
        self._table = table
        self._alias = alias
        self._columns = bench.columns(table)
        self._row = _free(_ROW, {c.name.casefold() for c in self._columns})

    def merge(self, parts: Merge) -> None:
        bench = self._bench
        star = exp.select("*").from_(bench.leaf(parts.origin))
        self._keep_target()
        origin = bench.keep(_ORIGIN, star)
        self._merge_kept(parts, origin)
        bench.forget((_TARGET, _ORIGIN, _TOUCHED))

    def update(self, parts: Update) -> None:
        self._keep_target()
        changed = _where(self._target_rows(), self._condition(parts.condition))
        self._keep_touched([changed.select(self._row_id())])
        new = changed.select(*self._values(self._assigned(parts.assignments), keep=True))
        self._bench.replace(self._table, _union([new, self._untouched()]))
        self._bench.forget((_TARGET, _TOUCHED))

    def delete(self, parts: Delete) -> None:
        self._keep_target()
        gone = _where(self._target_rows(), self._condition(parts.condition))
        self._keep_touched([gone.select(self._row_id())])
        self._bench.replace(self._table, self._untouched())
        self._bench.forget((_TARGET, _TOUCHED))

    # --- MERGE ---

    def _merge_kept(self, parts: Merge, origin: Sequence[Column]) -> None:
        on = exp.paren(self._bench.leaf(parts.on))
        target, there = self._target_rows(), _aliased(_ORIGIN, parts.origin_alias)
        kept = _aliased(_TARGET, self._alias)
        relations = {
            When.MATCHED: target.join(there, on=on.copy()),
            When.NOT_MATCHED: exp.select()
            .from_(there.copy())
            .join(kept, on=on.copy(), join_type="left anti"),
            When.BY_SOURCE: self._target_rows().join(there.copy(), on=on.copy(), join_type="left anti"),
        }
        branches: list[exp.Select] = []
        touched: list[exp.Select] = []
        for when, relation in relations.items():
            clauses = [c for c in parts.clauses if c.when is when]
            if clauses and when is not When.NOT_MATCHED:
                fires = [self._condition(c.condition) for c in clauses]
                touched.append(_where(relation.select(self._row_id()), _any(fires)))
            if clauses and when is When.MATCHED:
                self._refuse_ambiguous(clauses, touched[-1])
            branches += self._branches(relation, clauses, parts, origin)
        self._keep_touched(touched)
        self._bench.replace(self._table, _union([*branches, self._untouched()]))

    def _refuse_ambiguous(self, clauses: Sequence[Clause], touched: exp.Select) -> None:
        """Several rows of the origin that would change one row of the target.

        As from Databricks Runtime 16.0 the WHEN conditions count; a lone unconditional DELETE is unambiguous.
        https://docs.databricks.com/delta/merge#modify-all-unmatched-rows-using-merge
        """
        lone = len(clauses) == 1 and clauses[0].action is Action.DELETE and not clauses[0].condition
        rows = touched.subquery("touched")
        row = exp.column(self._row, quoted=True)
        twice = exp.GT(this=exp.Count(this=exp.Star()), expression=exp.Literal.number(1))
        if not lone and self._bench.some(
            exp.select(row).from_(rows).group_by(row.copy()).having(twice).limit(1)
        ):
            raise ProgramError(
                "several rows of the USING relation match one row of the target and would change it",
                file=self._statement.file,
                line=self._statement.line,
                code=_MULTIPLE,
                hint="Make the ON columns unique in the USING relation, for example with ROW_NUMBER() = 1.",
            )

    def _branches(
        self, relation: exp.Select, clauses: Sequence[Clause], parts: Merge, origin: Sequence[Column]
    ) -> list[exp.Select]:
        """One query for each clause that leaves rows. A row takes the first clause that is true."""
        found: list[exp.Select] = []
        earlier: list[exp.Expr | None] = []
        for clause in clauses:
            condition = self._condition(clause.condition)
            if clause.action is not Action.DELETE:
                assigned = self._star(parts, origin) if clause.star else self._assigned(clause.assignments)
                values = self._values(assigned, keep=clause.action is Action.UPDATE)
                query = _where(relation.select(*values), condition)
                found.append(_where(query, *(exp.not_(_true(c)) for c in earlier)))
            earlier.append(condition)
        return found

    def _star(self, parts: Merge, origin: Sequence[Column]) -> dict[str, exp.Expr]:
        """Every column of the target from the origin's column of the same name."""
        named = {column.name.casefold(): column.name for column in origin}
        lost = [column.name for column in self._columns if column.name.casefold() not in named]
        if lost:
            raise self._statement.refuse(
                f"SET * / INSERT *: the USING relation has no column {', '.join(lost)}",
                hint="Give it all columns of the target, or write the assignments out.",
            )
        return {
            column.name.casefold(): exp.column(
                named[column.name.casefold()], table=parts.origin_alias, quoted=True
            )
            for column in self._columns
        }

    # --- Parts that all three share ---

    def _keep_target(self) -> None:
        stored = exp.table_(self._table.name, db=self._table.schema or None, quoted=True)
        everything = exp.select("*", exp.alias_(self._bench.row_id, self._row, quoted=True)).from_(stored)
        self._bench.keep(_TARGET, everything)

    def _target_rows(self) -> exp.Select:
        return exp.select().from_(_aliased(_TARGET, self._alias))

    def _row_id(self) -> exp.Expr:
        return exp.column(self._row, table=self._alias, quoted=True)

    def _condition(self, text: str) -> exp.Expr | None:
        return exp.paren(self._bench.leaf(text)) if text else None

    def _assigned(self, assignments: Sequence[Assignment]) -> dict[str, exp.Expr]:
        """The assignments by folded column name. ProgramError for an unknown column or one assigned twice."""
        known = {column.name.casefold() for column in self._columns}
        found: dict[str, exp.Expr] = {}
        for assignment in assignments:
            key = assignment.column.casefold()
            if key not in known or key in found:
                what = "is assigned twice" if key in found else f"is no column of {self._table}"
                raise self._statement.refuse(f"{assignment.column} {what}")
            if assignment.expression.upper() == "DEFAULT":
                raise self._statement.refuse(f"{assignment.column}: DEFAULT is not supported here")
            found[key] = self._bench.leaf(assignment.expression)
        return found

    def _values(self, assigned: dict[str, exp.Expr], *, keep: bool) -> list[exp.Expr]:
        """The new row: assigned values cast to their columns' types, else the old value (`keep`) or NULL."""
        found: list[exp.Expr] = []
        for column in self._columns:
            value = assigned.get(column.name.casefold())
            old = exp.column(column.name, table=self._alias, quoted=True)
            new = old if value is None and keep else _cast(value or exp.null(), column.type)
            found.append(exp.alias_(new, column.name, quoted=True))
        return found

    def _keep_touched(self, queries: Sequence[exp.Select]) -> None:
        """The numbers of the rows that do not stay as they are."""
        none = (
            exp.select(exp.column(self._row, quoted=True))
            .from_(_aliased(_TARGET, _TARGET))
            .where(exp.false())
        )
        self._bench.keep(_TOUCHED, _union(queries or [none]))

    def _untouched(self) -> exp.Select:
        touched = exp.EQ(
            this=self._row_id(), expression=exp.column(self._row, table="recon_gone", quoted=True)
        )
        gone = _aliased(_TOUCHED, "recon_gone")
        rows = self._target_rows().join(gone, on=touched, join_type="left anti")
        return rows.select(*self._values({}, keep=True))


def _aliased(name: str, alias: str) -> exp.Table:
    return exp.Table(
        this=exp.to_identifier(name, quoted=True),
        alias=exp.TableAlias(this=exp.to_identifier(alias, quoted=True)),
    )


def _cast(value: exp.Expr, type_name: str) -> exp.Expr:
    """CHAR and VARCHAR values stay text: the table itself pads them and checks their length."""
    plain = "STRING" if type_name.upper().startswith(("CHAR", "VARCHAR")) else type_name
    return exp.Cast(this=exp.paren(value), to=exp.DataType.build(plain, dialect="databricks"))


def _where(query: exp.Select, *conditions: exp.Expr | None) -> exp.Select:
    for condition in conditions:
        if condition is not None:
            query = query.where(condition.copy())
    return query


def _true(condition: exp.Expr | None) -> exp.Expr:
    return exp.true() if condition is None else exp.func("COALESCE", condition.copy(), exp.false())


def _any(conditions: Sequence[exp.Expr | None]) -> exp.Expr | None:
    if None in conditions:
        return None
    return exp.or_(*(condition.copy() for condition in conditions if condition is not None))


def _union(queries: Sequence[exp.Select]) -> exp.Query:
    found: exp.Query = queries[0]
    for query in queries[1:]:
        found = exp.union(found, query, distinct=False)
    return found


def _free(name: str, taken: set[str]) -> str:
    while name.casefold() in taken:
        name += "_"
    return name
