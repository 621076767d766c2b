"""What runs on Databricks inside the job of a PySpark variant: its cells, in the run's own schemas.

How it went is left as one row of JSON in the world, where the SQL warehouse reads it. This module and what it
imports must work with PySpark and the standard library alone (see `jobs_bundle`).
"""

from __future__ import annotations

import ast
import json
import traceback
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from sqlglot import exp

from recon.connectors.cloud.databricks_faults import statement_failure
from recon.connectors.cloud.engine_names import RESULT, Names
from recon.connectors.cloud.engine_script import Script
from recon.connectors.cloud.jobs_guard import Guard
from recon.connectors.spark.fence import Fence, check_source
from recon.connectors.spark.utils import DbUtils, NotebookExit
from recon.errors import ProgramError, ReconError
from recon.model import Language, TableRef
from recon.sqlscript.databricks_text import Cell, CellKind, Statement, cells

if TYPE_CHECKING:
    from collections.abc import Mapping

    from recon.connectors.cloud.engine_script import Query

OUTCOME: Final = TableRef(schema="", name="recon_outcome")
# Exceptions whose message speaks about the code; that of others may hold a row's value.
_ABOUT_CODE = (NameError, AttributeError, ImportError, SyntaxError, TypeError, NotImplementedError)
# Packages through which the workspace itself is reached: its files, secrets and jobs.
_WORKSPACE = ("pyspark.dbutils", "databricks", "dbruntime", "mlflow")
_MAPPED = "delta.columnMapping.mode"  # so that any column name can be stored


def check_python(text: str, file: str) -> None:
    """ProgramError with its line for Python that is none, or that reaches beyond tables."""
    try:
        tree = ast.parse(text, file)
    except SyntaxError as error:
        raise ProgramError(
            f"SyntaxError: {error.msg}", file=file, line=error.lineno or 0, code="SyntaxError"
        ) from error
    check_source(tree, file)
    for node in ast.walk(tree):
        named = [a.name for a in node.names] if isinstance(node, ast.Import) else []
        named += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        for name in named:
            if name.startswith(_WORKSPACE):
                raise ProgramError(
                    f"the import of {name} reaches out of the run",
                    file=file,
                    line=getattr(node, "lineno", 0),
                    hint="`spark`, `dbutils.widgets` and `display` are there without an import.",
                )


def encoded(params: Mapping[str, Any]) -> dict[str, list[str] | None]:
    """Parameters in JSON's types."""
    return {name: None if v is None else [type(v).__name__, str(v)] for name, v in params.items()}


_READ: dict[str, Any] = {
    "str": str, "int": int, "float": float, "Decimal": Decimal, "bool": lambda text: text == "True",
    "date": date.fromisoformat, "datetime": datetime.fromisoformat,
}  # fmt: skip


def _decoded(params: Mapping[str, Any]) -> dict[str, Any]:
    return {name: None if v is None else _READ[v[0]](v[1]) for name, v in params.items()}


def run(order: dict[str, Any], folder: str) -> None:
    """Do what `order` says and leave the outcome. SystemExit when the variant failed: so does the job."""
    from pyspark.sql import SparkSession

    spark: Any = SparkSession.builder.getOrCreate()
    names = Names(order["catalog"], order["base"])
    program = Program(spark, names, order, Path(folder))
    try:
        outcome = program.run()
    except ReconError as error:
        outcome = {"error": _told(error)}
    text = json.dumps({**outcome, "notes": program.script.notes})
    frame = spark.createDataFrame([(text,)], "outcome string")
    frame.write.saveAsTable(names.node(OUTCOME).sql("databricks"))
    if "error" in outcome:
        raise SystemExit(1)


class Program:
    """One variant on one session."""

    def __init__(self, spark: Any, names: Names, order: Mapping[str, Any], folder: Path) -> None:  # noqa: ANN401
        self._spark = spark
        self._order = order
        self._file = str(order["file"])
        self._names = names
        params = _decoded(order["params"])
        now = datetime.fromisoformat(order["now"]) if order["now"] else None
        self.script = Script(_Hands(spark, names), names, params, now)
        self._fence = Fence(self._file, folder)
        self._guard = Guard(spark, self.script, self._fence)
        self._rows: Any = None
        self.namespace: dict[str, Any] = {
            "__name__": "__main__",
            "spark": spark,
            "dbutils": DbUtils({name.lstrip("@"): value for name, value in params.items()}),
            "display": _computed,
            "displayHTML": _computed,
            "sql": lambda text: spark.sql(text),
            "table": lambda name: spark.table(name),
        }

    def run(self) -> dict[str, Any]:
        """Which table is the result. ProgramError for what failed, with the author's file and line."""
        self._prepare()
        for cell in cells(self._order["text"], Language(self._order["language"])):
            if not self._cell(cell):
                break
        left = self.namespace.get("result")
        frame = left if hasattr(left, "write") else self._rows
        goal = TableRef(*self._order["target"]) if self._order["target"] else None
        chosen = self.script.ledger.candidate(
            goal, self._file, rows=self._rows is not None, result=hasattr(left, "write")
        )
        if chosen is None:
            self._blamed(lambda: _saved(frame, self._names), Statement("", self._file, 0))
            chosen = RESULT
        return {"table": [chosen.schema, chosen.name]}

    def _prepare(self) -> None:
        self._spark.conf.set("spark.sql.session.timeZone", self._order["timezone"])
        self._spark.conf.set("spark.sql.ansi.enabled", str(self._order["ansi"]).lower())
        use = exp.Use(kind=exp.Var(this="SCHEMA"), this=self._names.schema_node(""))
        self._spark.sql(use.sql("databricks"))

    def _cell(self, cell: Cell) -> bool:
        """Run a cell; False when it ended the script."""
        if cell.kind is CellKind.OTHER:
            raise ProgramError(
                f"cells with {cell.magic} are not run", file=self._file, line=cell.line, hint="Take it out."
            )
        if cell.kind is CellKind.SQL:
            self._rows = self._sql(cell)
            self.namespace["_sqldf"] = self._rows
        elif cell.kind is CellKind.PYTHON:
            self._rows = None
            return self._python(cell)
        return True

    def _sql(self, cell: Cell) -> Any:  # noqa: ANN401 (a DataFrame)
        rows: Any = None
        for move in self.script.read(cell, self._file):
            if rows is not None:
                self._blamed(lambda frame=rows: _computed(frame), move.statement)
            query = self._blamed(lambda one=move: self.script.run(one), move.statement)
            rows = self._blamed(lambda one=query: self._asked(one), move.statement) if query else None
        return rows

    def _asked(self, query: Query) -> Any:  # noqa: ANN401 (a DataFrame)
        return self._spark.sql(query.text, args=query.params)

    def _blamed(self, call: Any, statement: Statement) -> Any:  # noqa: ANN401 (what the call gives)
        from pyspark.errors import PySparkException

        try:
            return call()
        except PySparkException as error:
            raise _failure(error, statement, self._names) from error

    def _python(self, cell: Cell) -> bool:
        check_python(cell.text, self._file)
        code = compile(cell.text, self._file, "exec", dont_inherit=True)
        over = False
        with self._guard.on():
            try:
                with self._fence.up():
                    exec(code, self.namespace)  # noqa: S102 (the variant is what we are asked to run)
            except NotebookExit:
                over = True
            except SystemExit as error:
                if error.code not in (None, 0):
                    message = "the script ended itself with an error"
                    raise ProgramError(message, file=self._file, line=self._line(error)) from error
                over = True
            except Exception as error:
                raise self._explained(error) from error
        if self._fence.refused is not None:  # the script caught it and went on
            raise self._fence.refused
        return not over

    def _explained(self, error: Exception) -> ReconError:
        from pyspark.errors import PySparkException

        line = self._line(error)
        if isinstance(error, ProgramError):
            if error.file == self._file and error.line:
                return error
            message = str(error).removeprefix(f"line {error.line}: ") if error.line else str(error)
            return ProgramError(message, file=self._file, line=line, code=error.code, hint=error.hint)
        if isinstance(error, ReconError):
            return error
        if isinstance(error, PySparkException):
            return _failure(error, Statement("", self._file, line), self._names, in_python=True)
        name = type(error).__name__
        message = f"{name}: {error}" if isinstance(error, _ABOUT_CODE) else f"{name} was raised"
        return ProgramError(
            message, file=self._file, line=line, code=name, hint="Databricks keeps the job's output."
        )

    def _line(self, error: BaseException) -> int:
        """The last line of the author's file that the error passed."""
        walk = traceback.walk_tb(error.__traceback__)
        lines = [lineno for frame, lineno in walk if frame.f_code.co_filename == self._file]
        return lines[-1] if lines else 0


class _Hands:
    """`engine_script.Hands` on the job's own session. PySpark's exceptions pass through."""

    def __init__(self, spark: Any, names: Names) -> None:  # noqa: ANN401
        self._spark = spark
        self._sql = type(spark).sql
        self._names = names
        self._made = {""}

    def send(self, text: str, params: Mapping[str, Any], statement: Statement) -> None:
        self._sql(self._spark, text, args=dict(params) or None)

    def make_schema(self, named: str) -> None:
        key = self._names.schema(named)
        if named and key not in self._made:
            schema = self._names.schema_node(named)
            self._sql(self._spark, exp.Create(this=schema, kind="SCHEMA", exists=True).sql("databricks"))
            self._made.add(key)

    def enter(self, named: str) -> None:
        use = exp.Use(kind=exp.Var(this="SCHEMA"), this=self._names.schema_node(named))
        self._sql(self._spark, use.sql("databricks"))

    def own(self, table: TableRef) -> None:
        """The engine has copied every input before the job began."""


def _failure(
    error: Any,  # noqa: ANN401 (a PySparkException)
    statement: Statement,
    names: Names,
    *,
    in_python: bool = False,
) -> ReconError:
    text = str(error)
    found = statement_failure(text, statement, names.readable(text))
    if in_python and isinstance(found, ProgramError):  # the place in the text of spark.sql says nothing here
        message = str(found).removeprefix(f"{found.file}:{found.line}: ")
        return ProgramError(
            message, file=statement.file, line=statement.line, code=found.code, hint=found.hint
        )
    return found


def _computed(*things: Any, **_: Any) -> None:  # noqa: ANN401 (as `display` on Databricks)
    """Computes what it is given; the rows are shown to nobody."""
    for thing in things:
        if hasattr(thing, "write"):
            thing.write.format("noop").mode("overwrite").save()


def _saved(frame: Any, names: Names) -> None:  # noqa: ANN401 (a DataFrame)
    there = names.node(RESULT).sql("databricks")
    frame.write.option(_MAPPED, "name").mode("overwrite").saveAsTable(there)


def _told(error: ReconError) -> dict[str, Any]:
    """An error in JSON's types."""
    if not isinstance(error, ProgramError):
        return {"message": str(error), "hint": error.hint}
    place = f"{error.file}:{error.line}: " if error.file and error.line else f"{error.file}: "
    return {
        "message": str(error).removeprefix(place), "hint": error.hint,
        "file": error.file, "line": error.line, "code": error.code,
    }  # fmt: skip
