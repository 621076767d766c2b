"""Running a whole variant on Spark: the cells of a script in order, SQL and Python."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from recon.connectors.ledger import Ledger
from recon.connectors.spark.faults import SPARK_ERRORS, failure
from recon.connectors.spark.python import PythonCells
from recon.connectors.spark.statements import Statements
from recon.errors import ProgramError
from recon.model import TableRef
from recon.sqlscript.databricks_text import CellKind, Statement, cells, statements

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping

    from pyspark.sql import DataFrame

    from recon.connectors.spark.fence import Brake
    from recon.connectors.spark.workshop import Workshop
    from recon.model import Scalar, Variant
    from recon.sqlscript.databricks_text import Cell


@dataclass(slots=True)
class Outcome:
    """What a variant left: its ledger, the rows of its last query, its DataFrame `result`."""

    ledger: Ledger
    rows: DataFrame | None = None
    result: DataFrame | None = None
    last: Statement | None = None

    @contextmanager
    def blame(self) -> Generator[None]:
        """Spark computes rows late: an error while they are saved is the last statement's."""
        try:
            yield
        except SPARK_ERRORS as error:
            raise failure(error, self.last or Statement("", "", 0)) from error


def run_program(shop: Workshop, variant: Variant, params: Mapping[str, Scalar], brake: Brake) -> Outcome:
    """Run all cells. ProgramError with file and line at the first that fails or is refused."""
    ledger = Ledger()
    values = {name.lstrip("@"): _aware(value, shop.timezone) for name, value in params.items()}
    for name, value in values.items():
        if value is not None:
            shop.spark.conf.set(name, str(value))  # ${name} in SQL, as from a notebook's widgets
    outcome = Outcome(ledger, last=Statement("", variant.script.path, 0))
    program = _Program(shop, variant, outcome, values, brake)
    for cell in cells(variant.script.text, variant.language):
        program.cell(cell)
    return program.finish()


class _Program:
    def __init__(
        self, shop: Workshop, variant: Variant, outcome: Outcome, params: Mapping[str, Any], brake: Brake
    ) -> None:
        self._shop = shop
        self._file = variant.script.path
        self._outcome = outcome
        self._sql = Statements(shop, outcome.ledger, params)
        log = shop.folder.with_suffix(".log")  # stays when the world goes
        self._python = PythonCells(shop, outcome.ledger, self._sql, params, self._file, log, brake)
        self._over = False
        self._before = shop.tables()

    def cell(self, cell: Cell) -> None:
        if self._over:
            return
        if cell.kind is CellKind.SQL:
            self._outcome.rows = self._run_sql(cell)
            self._python.names["_sqldf"] = self._outcome.rows  # as in a notebook
        elif cell.kind is CellKind.PYTHON:
            self._over = not self._python.run(cell)
            self._outcome.rows = None
        elif cell.kind is CellKind.OTHER:
            raise ProgramError(
                f"cells with {cell.magic} are not run",
                file=self._file,
                line=cell.line,
                hint="Take the cell out.",
            )

    def finish(self) -> Outcome:
        """What is left; tables that came up on a way unseen are counted as written."""
        self._outcome.result = self._python.result
        for schema, name in sorted(self._shop.tables() - self._before):
            self._outcome.ledger.wrote(TableRef(schema=schema, name=name))
        return self._outcome

    def _run_sql(self, cell: Cell) -> DataFrame | None:
        """The rows of the cell's last statement. Earlier queries are computed too: they may raise."""
        rows: DataFrame | None = None
        for statement in statements(cell.text, self._file):
            try:
                if rows is not None:
                    rows.write.format("noop").mode("overwrite").save()
                self._outcome.last = statement
                rows = self._sql.run(statement)
            except SPARK_ERRORS as error:
                raise failure(error, self._outcome.last or statement) from error
        return rows


def _aware(value: Scalar, timezone: str) -> Scalar:
    """A moment without a zone is one of the session's; Python's own zone must not matter."""
    if isinstance(value, datetime) and value.tzinfo is None:
        return value.replace(tzinfo=ZoneInfo(timezone))
    return value
