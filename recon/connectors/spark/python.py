"""The Python cells of a variant: run in this process as in a notebook, and nothing stays behind."""

from __future__ import annotations

import ast
import contextlib
import os
import sys
import tempfile
import time
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pyspark.sql import DataFrame

from recon.connectors.spark.faults import SPARK_ERRORS, failure
from recon.connectors.spark.fence import Brake, Fence, Interrupted, check_source
from recon.connectors.spark.guard import Guard
from recon.connectors.spark.utils import DbUtils, NotebookExit
from recon.errors import EngineError, ProgramError, ReconError
from recon.sqlscript.databricks_text import Statement

if TYPE_CHECKING:
    import io
    from collections.abc import Generator, Mapping

    from recon.connectors.ledger import Ledger
    from recon.connectors.spark.statements import Statements
    from recon.connectors.spark.workshop import Workshop
    from recon.sqlscript.databricks_text import Cell

# Exceptions whose message speaks about the code; that of others may hold a row's value.
_ABOUT_CODE = (NameError, AttributeError, ImportError, SyntaxError, TypeError, NotImplementedError)


class PythonCells:
    """One variant's namespace, shared by its cells. `log` takes what they print."""

    def __init__(
        self,
        shop: Workshop,
        ledger: Ledger,
        sql: Statements,
        params: Mapping[str, Any],
        file: str,
        log: Path,
        brake: Brake,
    ) -> None:
        self._shop = shop
        self._fence = Fence(file, shop.folder)
        self._brake = brake
        self._guard = Guard(shop, ledger, sql, self._fence, brake)
        self._file = file
        self._log = log
        self.names: dict[str, Any] = {
            "__name__": "__main__",
            "spark": shop.spark,
            "sc": shop.spark.sparkContext,
            "dbutils": DbUtils(params),
            "display": _display,
            "displayHTML": _display,
            "sql": lambda text: shop.spark.sql(text),
            "table": lambda name: shop.spark.table(name),
        }

    @property
    def result(self) -> DataFrame | None:
        """The DataFrame that the variant left as `result`."""
        found = self.names.get("result")
        return found if isinstance(found, DataFrame) else None

    def run(self, cell: Cell) -> bool:
        """Run one cell; False when it ended the script with `dbutils.notebook.exit` or `sys.exit(0)`."""
        code = self._compiled(cell)
        with (
            self._log.open("a", encoding="utf-8") as log,
            _as_before(log, self._shop.folder),
            self._guard.on(),
        ):
            self._activate()
            try:
                self._execute(code)
            except NotebookExit:
                over = True
            except SystemExit as error:
                if error.code not in (None, 0):
                    raise ProgramError(
                        "the script ended itself with an error", file=self._file, line=self._line(error)
                    ) from error
                over = True
            except Interrupted as error:
                raise EngineError("the world was cancelled") from error
            except Exception as error:
                traceback.print_exc(file=log)
                raise self._failure(error) from error
            else:
                over = False
        if self._fence.refused is not None:  # the script caught it and went on
            raise self._fence.refused
        return not over

    def _execute(self, code: Any) -> None:  # noqa: ANN401 (a code object)
        with self._brake.armed(), self._fence.up():
            exec(code, self.names)  # noqa: S102 (the variant is what we are asked to run)

    def _compiled(self, cell: Cell) -> Any:  # noqa: ANN401 (a code object)
        try:
            tree = ast.parse(cell.text, self._file)
            check_source(tree, self._file)
            return compile(tree, self._file, "exec", dont_inherit=True)
        except SyntaxError as error:
            raise ProgramError(
                f"SyntaxError: {error.msg}",
                file=self._file,
                line=error.lineno or cell.line,
                code="SyntaxError",
            ) from error

    def _activate(self) -> None:
        spark: Any = self._shop.spark  # there is no public way
        jvm = spark.sparkContext._jvm
        jvm.org.apache.spark.sql.classic.SparkSession.setActiveSession(spark._jsparkSession)

    def _failure(self, error: Exception) -> ReconError:
        line = self._line(error)
        if isinstance(error, ProgramError) and error.file == self._file and error.line:
            return error
        if isinstance(error, ProgramError):
            message = str(error).removeprefix(f"line {error.line}: ") if error.line else str(error)
            return ProgramError(message, file=self._file, line=line, code=error.code, hint=error.hint)
        if isinstance(error, ReconError):
            return error
        if isinstance(error, SPARK_ERRORS):
            return failure(error, Statement("", self._file, line))
        name = type(error).__name__
        if isinstance(error, ModuleNotFoundError) and (error.name or "").split(".")[0] == "delta":
            advice = "Delta Lake's Python interface is not available here: use spark.sql with MERGE."
        else:
            advice = f"The full traceback is in {self._log}."
        message = f"{name}: {error}" if isinstance(error, _ABOUT_CODE) else f"{name} was raised"
        return ProgramError(message, file=self._file, line=line, code=name, hint=advice)

    def _line(self, error: BaseException) -> int:
        """The last line of the author's file that the error passed."""
        lines = [lineno for frame, lineno in traceback.walk_tb(error.__traceback__) if self._is_ours(frame)]
        return lines[-1] if lines else 0

    def _is_ours(self, frame: Any) -> bool:  # noqa: ANN401 (a frame)
        return frame.f_code.co_filename == self._file


def _display(*things: Any, **_: Any) -> None:  # noqa: ANN401 (as on Databricks)
    """Computes what it is given, as on Databricks; the rows are shown to nobody."""
    for thing in things:
        if isinstance(thing, DataFrame):
            thing.write.format("noop").mode("overwrite").save()


@contextlib.contextmanager
def _as_before(log: io.TextIOBase, inside: Path) -> Generator[None]:
    """The process's folder, search path, arguments and clock are the same afterwards; prints go to the log.

    Inside, the clock's zone is UTC, as on a Databricks cluster: Python's naive datetimes depend on it; and
    temporary files lie in the world's folder.
    """
    folder, path, argv, zone = Path.cwd(), list(sys.path), list(sys.argv), os.environ.get("TZ")
    temporary, tempfile.tempdir = tempfile.tempdir, str(inside)
    _clock("UTC")
    sys.argv = [""]
    try:
        with contextlib.redirect_stdout(log), contextlib.redirect_stderr(log):
            yield
    finally:
        tempfile.tempdir = temporary
        os.chdir(folder)
        sys.path[:] = path
        sys.argv = argv
        _clock(zone)


def _clock(zone: str | None) -> None:
    if zone is None:
        os.environ.pop("TZ", None)
    else:
        os.environ["TZ"] = zone
    if hasattr(time, "tzset"):
        time.tzset()
