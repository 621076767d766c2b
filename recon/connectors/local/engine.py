"""DuckDB standing in for Databricks: fast, without Java, and only an approximation of Spark's semantics."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlparse

import duckdb
from sqlglot import exp
from sqlglot.errors import SqlglotError

from recon.connectors.local.databricks_bench import temporary
from recon.connectors.local.databricks_names import describe, named, ours, portable
from recon.connectors.local.databricks_run import DuckStatements
from recon.errors import EngineError, ProgramError
from recon.model import Language, TableRef
from recon.sqlscript.databricks_text import CellKind, Statement, cells, statements
from recon.sqlscript.databricks_types import databricks_type

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping, Sequence
    from pathlib import Path

    from recon.model import Column, Scalar, Session, Variant
    from recon.ports import Engine

_RESULT = TableRef(schema="", name="result of the script")
_FILTERED = TableRef(schema="", name="rows that the filter lets through")
_REMEDY = 'Set mode = "spark" in recon.toml (pip install -r requirements-spark.txt), or run it on Databricks.'


@contextmanager
def duckdb_world(name: str, scratch: Path, session: Session) -> Generator[Engine]:
    """A fresh, empty DuckDB called `name`, in a file below `scratch` that goes with it."""
    folder = scratch / name
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "world.duckdb"
    file.unlink(missing_ok=True)
    with ours(name):
        db = duckdb.connect(str(file), config={"temp_directory": str(folder / "tmp")})
    try:
        yield DuckEngine(db, session)
    finally:
        db.close()
        file.unlink(missing_ok=True)


class DuckEngine:
    """An `Engine` (see `recon.ports`) on one DuckDB database."""

    def __init__(self, db: duckdb.DuckDBPyConnection, session: Session) -> None:
        self._db = db
        self._session = session
        self._notes: list[str] = []
        with ours("DuckDB"):
            db.execute("SET TimeZone = 'UTC'")
            db.execute('CREATE SCHEMA IF NOT EXISTS "default"')
            db.execute("SET schema = 'default'")
        if session.timezone.upper() != "UTC":
            self._notes.append(f"moments are taken as UTC, not as {session.timezone}")

    @property
    def name(self) -> str:
        return f"DuckDB {duckdb.__version__}"

    @property
    def approximate(self) -> bool:
        return True

    @property
    def notes(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(self._notes))

    def attach(self, table: TableRef, urls: Sequence[str]) -> None:
        with ours(str(table)):
            self._make(table, _files(urls))

    def create(self, table: TableRef, columns: Sequence[Column], urls: Sequence[str] = ()) -> None:
        kinds = {
            column.name: exp.DataType.build(databricks_type(column.type), dialect="duckdb")
            for column in columns
        }
        with ours(str(table)):
            if urls:
                theirs = {c.casefold() for c in self._db.sql(_files(urls).sql("duckdb")).columns}
                lost = [name for name in kinds if name.casefold() not in theirs]
                if lost:
                    raise EngineError(f"{table}: the files lack the column {', '.join(lost)}")
            rows = _files(urls).subquery("files") if urls else None
            values = [
                exp.alias_(exp.cast(exp.column(n, quoted=True) if rows else exp.null(), k), n, quoted=True)
                for n, k in kinds.items()
            ]
            query = exp.select(*values).from_(rows) if rows else exp.select(*values).where(exp.false())
            self._make(table, query)

    def run(self, variant: Variant, params: Mapping[str, Scalar], target: TableRef | None) -> TableRef:
        script = variant.script
        parts = cells(script.text, variant.language)
        python = next((c for c in parts if c.kind in {CellKind.PYTHON, CellKind.OTHER}), None)
        if variant.language is Language.PYSPARK or python:
            raise ProgramError(
                "PySpark needs Spark, which DuckDB cannot stand in for",
                file=script.path,
                line=python.line if python else 1,
                hint=_REMEDY,
            )
        work = DuckStatements(self._db, self._session, params, self._notes)
        for cell in parts:
            if cell.kind is CellKind.SQL:
                work.script(statements(cell.text, script.path))
        goal = work.local(target) if target else None
        chosen = work.ledger.candidate(goal, script.path, rows=work.rows is not None, result=False)
        if chosen is None:
            work.save_rows(_RESULT)
        return chosen or _RESULT

    def columns(self, table: TableRef) -> tuple[Column, ...]:
        with ours(str(table)):
            return describe(self._db, table)

    def count(self, table: TableRef) -> int:
        with ours(str(table)):
            query = exp.select(exp.Count(this=exp.Star())).from_(named(table))
            found = self._db.execute(query.sql("duckdb")).fetchone()
        return int(found[0]) if found else 0

    def export(self, table: TableRef, folder: Path, where: str = "") -> tuple[Path, ...]:
        folder.mkdir(parents=True, exist_ok=True)
        file = folder / "part-00000.parquet"
        table = self._filtered(table, where) if where else table
        with ours(str(table)):
            query, notes = portable(self._db, table)
            self._notes.extend(notes)
            rows = self._db.sql(query.sql("duckdb"))
            rows.write_parquet(str(file), compression="zstd", overwrite=True)
        return (file,)

    def _filtered(self, table: TableRef, where: str) -> TableRef:
        """A temporary table of the rows for which a predicate in Spark SQL holds."""
        place = Statement(where, "filter", 1)
        try:
            condition = exp.condition(where, dialect="databricks")
        except SqlglotError as error:
            raise place.refuse(f"not understood: {str(error).splitlines()[0].rstrip('.')}") from error
        work = DuckStatements(self._db, self._session, {}, self._notes)
        work.execute(temporary(_FILTERED.name, exp.select("*").from_(named(table)).where(condition)), place)
        return _FILTERED

    def cancel(self) -> None:
        self._db.interrupt()

    def _make(self, table: TableRef, query: exp.Query) -> None:
        schema = exp.Table(db=exp.to_identifier(table.schema or "default", quoted=True))
        self._db.execute(exp.Create(this=schema, kind="SCHEMA", exists=True).sql("duckdb"))
        made = exp.Create(this=named(table), kind="TABLE", replace=True, expression=query)
        self._db.execute(made.sql("duckdb"))


def _files(urls: Sequence[str]) -> exp.Select:
    """The rows of Parquet files. Moments with a zone become plain UTC, as everywhere in this engine."""
    paths = [unquote(urlparse(u).path) if u.startswith("file:") else u for u in urls]
    names = exp.array(*(exp.Literal.string(path) for path in paths))
    return exp.select("*").from_(exp.func("read_parquet", names))
