"""Spark's exceptions as ours: error class, line and a sentence without any row's value."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from py4j.protocol import Py4JError, Py4JJavaError
from pyspark.errors import AnalysisException, PySparkException, QueryContextType

from recon.errors import EngineError, ProgramError

if TYPE_CHECKING:
    from recon.errors import ReconError
    from recon.sqlscript.databricks_text import Statement

# Parameters of Spark's messages that are names, types or settings, never values of a row.
# https://github.com/apache/spark/blob/master/common/utils/src/main/resources/error/error-conditions.json
_HARMLESS = {
    "sourceType", "targetType", "dataType", "objectName", "columnName", "tableName", "functionName",
    "routineName", "relationName", "viewName", "operation", "config", "ansiConfig", "sqlExpr", "proposal",
    "suggestion", "searchPath", "expectedType", "actualType", "colName", "name", "functionNames",
}  # fmt: skip
_HINTS = {
    "CAST_INVALID_INPUT": "Clean the values first, or use try_cast where NULL is meant.",
    "DIVIDE_BY_ZERO": "Keep the NULLIF(x, 0) of the original, or use try_divide.",
    "ARITHMETIC_OVERFLOW": "Cast to a wider type before the operation.",
    "NUMERIC_VALUE_OUT_OF_RANGE": "Cast to a wider DECIMAL.",
    "TABLE_OR_VIEW_NOT_FOUND": "Check the name; a table that is only read must be an input in table.toml.",
    "UNRESOLVED_COLUMN": "Check the column's name and the table's columns.",
    "UNBOUND_SQL_PARAMETER": "Give the parameter a value under [params] in table.toml.",
    "PARSE_SYNTAX_ERROR": "Correct the syntax.",
}
_PLACE = re.compile(r"line (\d+),? pos \d+")


SparkError = PySparkException | Py4JError
SPARK_ERRORS = (PySparkException, Py4JError)  # the second where Spark has no exception of its own
_CONDITION = re.compile(r"\[([A-Z][A-Z0-9_.]+)\]")


def failure(error: SparkError, statement: Statement) -> ReconError:
    """What Spark says about a statement, with the line in the author's file."""
    if isinstance(error, Py4JError) and not isinstance(error, Py4JJavaError):
        return EngineError("Spark's Java process is gone", hint="Run it again.", retryable=True)
    code = condition(error)
    return ProgramError(
        sentence(error),
        file=statement.file,
        line=_line(error, statement),
        code=code,
        hint=hint(code),
    )


def condition(error: SparkError) -> str:
    """Spark's error class, or the exception's name where Spark gives none."""
    if isinstance(error, PySparkException):
        return error.getCondition() or type(error).__name__
    found = _CONDITION.search(str(error))
    return found[1] if found else type(error).__name__


def hint(code: str) -> str:
    """What to do about an error class; empty when there is nothing to say."""
    return _HINTS.get(code, _HINTS.get(code.split(".")[0], ""))


def sentence(error: SparkError) -> str:
    """The first line of Spark's message. Values become "…" unless they can only be names or types."""
    if not isinstance(error, PySparkException):
        return f"{condition(error)} in Spark"
    text = _first_line(error.getMessage() or str(error))
    if isinstance(error, AnalysisException):
        return text  # before any row is read: everything in it comes from the script
    if error.getCondition() is None:
        return f"{type(error).__name__} in Spark"
    for name, value in (error.getMessageParameters() or {}).items():
        if name not in _HARMLESS and value:
            text = text.replace(value, "…")
    return text


def _first_line(text: str) -> str:
    return text.strip().split("\n", 1)[0].strip()


def _line(error: SparkError, statement: Statement) -> int:
    """The line of the expression that failed where Spark knows it, else the statement's."""
    if not statement.text:
        return statement.line  # a line of Python
    contexts = error.getQueryContext() if isinstance(error, PySparkException) else []
    for context in (c for c in contexts if c.contextType() is QueryContextType.SQL):
        start = getattr(context, "startIndex", lambda: -1)()
        fragment = context.fragment()
        if start >= 0 and fragment and statement.text[start : start + len(fragment)] == fragment:
            return statement.line_at(start)
    match = _PLACE.search(str(error))
    return statement.line + int(match[1]) - 1 if match else statement.line
