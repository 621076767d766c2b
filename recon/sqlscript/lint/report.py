"""Patterns over both scripts to hits: what, where, and which columns of the target it feeds."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from sqlglot import exp
from sqlglot.parsers.databricks import DatabricksParser

from recon.model_result import LintHit
from recon.sqlscript.lint.between import Between, Shape, differences, not_deleted, null_defaults, shape
from recon.sqlscript.lint.databricks_rules import DATABRICKS_CALLS, DATABRICKS_NODES
from recon.sqlscript.lint.found import DUCKDB, LINKS, Found, Look
from recon.sqlscript.lint.pieces import SYNAPSE
from recon.sqlscript.lint.styles import other_patterns
from recon.sqlscript.lint.tsql_rules import TSQL_CALLS, TSQL_NODES, column_def

if TYPE_CHECKING:
    from collections.abc import Iterator

    from recon.sqlscript.lint.pieces import Piece
    from recon.sqlscript.lint.python_rules import PythonFound
    from recon.sqlscript.lint.reader import Conversion, Original, Reading

# Functions of Databricks that sqlglot does not know and that DuckDB has with the same meaning.
_SAME = {"COALESCE", "MAKE_DATE", "TRANSLATE", "REPEAT", "REVERSE", "GREATEST", "LEAST", "NULLIF", "ERROR"}
_READING = "the lint could not read this statement, so it says nothing about it: "


class Report:
    """Makes the hits of one run."""

    def __init__(self, original: Original, conversion: Conversion, *, duckdb: bool, pinned: bool) -> None:
        self._original, self._conversion = original, conversion
        self._duckdb, self._pinned = duckdb, pinned

    def hits(self) -> tuple[LintHit, ...]:
        """All of them: Synapse's first, each once, in the order of the text."""
        ours, theirs = self._original.script, self._conversion.script
        found = [*self._side(ours), *self._side(theirs), *self._ddl(), *self._between()]
        found += [self._python(hit) for hit in theirs.python]
        once = {(h.side, h.file, h.line, h.column, h.code): h for h in found}
        return tuple(
            sorted(once.values(), key=lambda h: (h.side != SYNAPSE, h.file, h.line, h.column, h.code))
        )

    def _side(self, reading: Reading) -> Iterator[LintHit]:
        nodes, calls = (TSQL_NODES, TSQL_CALLS) if reading.flow.tsql else (DATABRICKS_NODES, DATABRICKS_CALLS)
        for piece in reading.pieces.read:
            look = Look(piece, reading.flow)
            for node in piece.tree.walk():
                rule = nodes.get(type(node))
                if isinstance(node, exp.Anonymous):
                    rule = calls.get(node.name.upper())
                    if rule is None and self._strange(node, reading):
                        yield self._hit(Found("LOCAL_ENGINE", node, _STRANGE, False, DUCKDB), piece, reading)
                if rule and not (self._pinned and _asks_the_time(node)):
                    yield from (self._hit(found, piece, reading) for found in rule(node, look))
        for line, why in reading.pieces.unread:
            yield LintHit(
                code="NOT_READ",
                side=reading.side,
                file=reading.script.path,
                line=line,
                column=0,
                snippet="",
                message=_READING + why,
                certain=False,
            )

    def _strange(self, node: exp.Anonymous, reading: Reading) -> bool:
        name = node.name.upper()
        return (
            self._duckdb
            and not reading.flow.tsql
            and name not in DatabricksParser.FUNCTIONS
            and name not in _SAME
        )

    def _hit(self, found: Found, piece: Piece, reading: Reading, columns: tuple[str, ...] = ()) -> LintHit:
        line, column = piece.place(found.node)
        scope, fed = self._scope(found, piece, reading)
        return LintHit(
            code=found.code,
            side=piece.side,
            file=piece.file,
            line=line,
            column=column,
            snippet=piece.snippet(found.node),
            message=found.message,
            scope="columns" if columns else scope,
            columns=columns or fed,
            certain=found.certain,
            hides=bool(found.hides),
            engine=found.hides,
            link=LINKS.get(found.code, ""),
        )

    def _scope(self, found: Found, piece: Piece, reading: Reading) -> tuple[str, tuple[str, ...]]:
        if piece.column:
            return "columns", (self._spelled(piece.column),)
        if reading.mentioned:  # SQL inside of Python: where it goes is not followed
            return "unknown", ()
        fed = reading.feeds(found.place or found.node)
        if fed is None:
            return "unknown", ()
        rows, columns = fed
        return ("rows" if rows else "columns" if columns else "elsewhere"), columns

    def _spelled(self, column: str) -> str:
        folded = column.casefold()
        ours, theirs = self._original.script.columns, self._conversion.script.columns
        return theirs.get(folded) or ours.get(folded, column)

    def _python(self, hit: PythonFound) -> LintHit:
        script = self._conversion.script
        segment = " ".join(
            _lines(script.script.text, hit.node.lineno, hit.node.end_lineno or hit.node.lineno)
        )
        ours = self._original.script.columns
        known = {c.casefold() for c in (*script.columns.values(), *ours.values())} | set(script.columns)
        mine = hit.column.casefold() in known if hit.column else False
        scope = "rows" if hit.rows else "columns" if mine else "unknown"
        return LintHit(
            code=hit.code,
            side=script.side,
            file=script.script.path,
            line=hit.node.lineno,
            column=hit.node.col_offset + 1,
            snippet=segment if len(segment) <= 90 else segment[:89] + "…",
            message=hit.message,
            scope=scope,
            columns=(self._spelled(hit.column),) if mine else (),
            certain=hit.certain,
            hides=bool(hit.hides),
            engine=hit.hides,
            link=LINKS.get(hit.code, ""),
        )

    def _ddl(self) -> Iterator[LintHit]:
        """IDENTITY columns of the target: nothing else in a DDL is of the conversion's making."""
        ours = self._original.script
        for piece in self._original.ddl.read:
            tree = piece.tree
            if not isinstance(tree, exp.Create) or not isinstance(tree.this, exp.Schema):
                continue
            if not isinstance(tree.this.this, exp.Table) or ours.flow.key(tree.this.this) != ours.target:
                continue
            for node in tree.find_all(exp.ColumnDef):
                for found in column_def(node, Look(piece, ours.flow)):
                    yield self._hit(found, piece, ours, (node.name,))

    # --- Both texts ---------------------------------------------------------------------------

    def _between(self) -> Iterator[LintHit]:
        ours, theirs = self._original.script, self._conversion.script
        mine = shape(ours.leading(), ours.flow, {})
        if theirs.mentioned:
            yield from (self._told(b, ours) for b in self._unmentioned())
            return
        if not theirs.target or not ours.target:
            return
        other = shape(theirs.leading(), theirs.flow, self._conversion.names)
        name = theirs.script.path.rsplit("/", 1)[-1]
        for found in differences(mine, other, name, self._original.names):
            yield self._told(found, ours if found.piece.side == SYNAPSE else theirs)
        yield from self._null_defaults(ours, theirs)
        for found in other_patterns(ours, theirs):
            yield self._hit(found.found, found.piece, theirs)

    def _told(self, between: Between, reading: Reading) -> LintHit:
        hit = self._hit(between.found, between.piece, reading, between.columns)
        if between.table:
            names = {} if reading.flow.tsql else self._conversion.names
            mine = reading.columns_of(between.table, names)
            hit = replace(hit, columns=tuple(dict.fromkeys((*hit.columns, *mine))))
        return hit if hit.scope != "unknown" else replace(hit, scope="rows")

    def _unmentioned(self) -> Iterator[Between]:
        """Tables that the original joins and a PySpark text does not even name; columns that it tests there
        and no condition of the PySpark text mentions.
        """
        ours, theirs = self._original.script, self._conversion.script
        names = {synapse: databricks for databricks, synapse in self._conversion.names.items()}
        mine, file = shape(ours.leading(), ours.flow, {}), theirs.script.path
        for table, (node, piece, _) in mine.joins.items():
            if names.get(table) and not self._mentioned(names[table]):
                said = f"{self._original.names[table]} is joined here and nowhere in {file}"
                yield Between(Found("DROPPED_JOIN", node, said, place=node.find_ancestor(exp.Select)), piece)
        other = shape(theirs.pieces.read, theirs.flow, self._conversion.names)
        yield from self._other_joins(mine, other)
        yield from self._not_deleted(mine, other)
        for (table, column), tests in mine.filters.items() if not theirs.pieces.unread else ():
            if names.get(table) and self._mentioned(names[table]) and column not in theirs.tested:
                said = f"{self._original.names[table]} is filtered by {column} here and nowhere in {file}"
                yield Between(Found("MISSING_FILTER", tests[0][0], said, certain=False), tests[0][1])

    def _not_deleted(self, mine: Shape, other: Shape) -> Iterator[Between]:
        """MERGEs whose deletes a PySpark text has not."""
        theirs = self._conversion.script
        merges = other.merges or ".merge(" in theirs.mentioned
        kept = "notmatchedbysource" not in theirs.mentioned and not any(d for d, _, _ in other.merges)
        for deletes, node, piece in mine.merges:
            if deletes and merges and kept and not theirs.pieces.unread:
                yield Between(not_deleted(node, theirs.script.path), piece)

    def _other_joins(self, mine: Shape, other: Shape) -> Iterator[Between]:
        """Outer joins of a kind that a PySpark text has not."""
        theirs = self._conversion.script
        kinds = theirs.joins | {how.lower() for _, _, how in other.joins.values()}
        if not kinds or "?" in kinds or theirs.pieces.unread:
            return
        for table, (node, piece, how) in mine.joins.items():
            enough = {"full"} if how == "FULL" else {"left", "right", "full"}
            if how in {"FULL", "LEFT", "RIGHT"} and table in self._original.names and not kinds & enough:
                name, file = self._original.names[table], theirs.script.path
                said = f"{name} is joined {how} here, and no join of {file} is of this kind"
                found = Found("JOIN_TYPE", node, said, certain=False, place=node.find_ancestor(exp.Select))
                yield Between(found, piece, table=table)

    def _mentioned(self, table: str) -> bool:
        return table.rsplit(".", 1)[-1] in self._conversion.script.mentioned

    def _null_defaults(self, ours: Reading, theirs: Reading) -> Iterator[LintHit]:
        """Columns that get a value in the place of NULL on one side only."""
        for here, there, certain in ((ours, theirs, True), (theirs, ours, False)):
            covered = {c.casefold() for node, _ in null_defaults(there.leading()) for c in _fed(there, node)}
            other = there.script.path.rsplit("/", 1)[-1]
            for node, piece in null_defaults(here.leading()):
                lost = [c for c in _fed(here, node) if c.casefold() in there.followed() - covered]
                if lost:
                    said = f"a value stands in for NULL here, and for {', '.join(lost)} nowhere in {other}"
                    found = Found("NULL_NOT_HANDLED", node, said, certain)
                    yield self._hit(found, piece, here, tuple(lost))


# https://learn.microsoft.com/en-us/sql/t-sql/functions/date-and-time-data-types-and-functions-transact-sql
_CLOCKS = {
    "GETDATE",
    "SYSDATETIME",
    "GETUTCDATE",
    "SYSUTCDATETIME",
    "CURRENT_TIMESTAMP",
    "NOW",
    "LOCALTIMESTAMP",
}


def _asks_the_time(node: exp.Expr) -> bool:
    if isinstance(node, exp.Anonymous):
        return node.name.upper() in _CLOCKS and not node.expressions
    return isinstance(node, (exp.CurrentTimestamp, exp.CurrentDate))


_STRANGE = "nobody knows whether DuckDB's function of this name does the same"


def _fed(reading: Reading, node: exp.Expr) -> tuple[str, ...]:
    fed = reading.feeds(node)
    return fed[1] if fed and not fed[0] else ()


def _lines(text: str, first: int, last: int) -> list[str]:
    return [line.strip() for line in text.split("\n")[first - 1 : last]]
