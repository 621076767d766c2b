"""What a pattern says about a place in a script, and the documentation behind each code."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

from sqlglot import exp

if TYPE_CHECKING:
    from recon.sqlscript.lint.flow import Flow
    from recon.sqlscript.lint.pieces import Piece
    from recon.sqlscript.tsql_types import SqlType

# Engines that stand in for a system here, as `LintHit.engine` names them.
DUCKDB: Final = "DuckDB in the place of Databricks"
RUNNER: Final = "DuckDB in the place of Synapse"
LOCAL: Final = "any run on one machine"


@dataclass(frozen=True, slots=True)
class Found:
    """One hit of a pattern. `hides` names the engine that does not show its effect, empty for none."""

    code: str
    node: exp.Expr
    message: str
    certain: bool = True
    hides: str = ""
    place: exp.Expr | None = None  # what it lands in, where that is not the node itself


@dataclass(frozen=True, slots=True)
class Look:
    """One statement with the script around it."""

    piece: Piece
    flow: Flow

    @property
    def tsql(self) -> bool:
        """Whether it is the original."""
        return self.flow.tsql

    def kind(self, node: object) -> SqlType | None:
        """The type of a value, where it can be told."""
        return self.flow.kind(node) if isinstance(node, exp.Expr) else None


Rule: TypeAlias = Callable[[exp.Expr, Look], Iterator[Found]]


def calls_of(tree: exp.Expr) -> Iterator[tuple[str, exp.Expr]]:
    """All function calls with their names in capitals."""
    for node in tree.find_all(exp.Anonymous):
        yield node.name.upper(), node


def argument(node: exp.Expr, at: int) -> exp.Expr | None:
    """An argument of a call, None where there is none."""
    arguments = node.expressions
    return arguments[at] if at < len(arguments) else None


def unwrapped(node: exp.Expr | None) -> exp.Expr | None:
    """The expression inside brackets."""
    while isinstance(node, exp.Paren):
        node = node.this
    return node


def literal(node: exp.Expr | None) -> str | None:
    """The text of a constant, None for anything else."""
    node = unwrapped(node)
    if isinstance(node, exp.Neg) and isinstance(node.this, exp.Literal):
        return f"-{node.this.name}"
    return node.name if isinstance(node, (exp.Literal, exp.National)) else None


def is_text_literal(node: exp.Expr | None) -> bool:
    """Whether it is a constant in quotes."""
    node = unwrapped(node)
    return isinstance(node, exp.National) or (
        isinstance(node, exp.Literal) and bool(node.args.get("is_string"))
    )


# https://learn.microsoft.com/en-us/sql/t-sql/functions/cast-and-convert-transact-sql#date-and-time-styles
PATTERNS: Final = {  # of date_format, by the style that T-SQL's CONVERT has for it
    "101": "MM/dd/yyyy",
    "103": "dd/MM/yyyy",
    "104": "dd.MM.yyyy",
    "105": "dd-MM-yyyy",
    "110": "MM-dd-yyyy",
    "111": "yyyy/MM/dd",
    "112": "yyyyMMdd",
    "120": "yyyy-MM-dd HH:mm:ss",
    "121": "yyyy-MM-dd HH:mm:ss.SSS",
    "23": "yyyy-MM-dd",
    "126": "yyyy-MM-dd'T'HH:mm:ss.SSS",
}

_TSQL: Final = "https://learn.microsoft.com/sql/t-sql"
_DBX: Final = "https://docs.databricks.com/sql/language-manual"
_COLLATION: Final = "https://learn.microsoft.com/azure/synapse-analytics/sql/reference-collation-types"

LINKS: Final = {
    "APPROX_AGGREGATE": f"{_DBX}/functions/percentile_approx.html",
    "AVG_INT": f"{_TSQL}/functions/avg-transact-sql",
    "BOUNDARY_INCLUSIVE": f"{_TSQL}/language-elements/between-transact-sql",
    "COLLATION_CASE": _COLLATION,
    "CONCAT_NULL": f"{_TSQL}/functions/concat-transact-sql",
    "CONVERT_STYLE": f"{_TSQL}/functions/cast-and-convert-transact-sql",
    "DATEDIFF_BOUNDARY": f"{_DBX}/functions/datediff3.html",
    "DATEPART_BASE": f"{_TSQL}/functions/datepart-transact-sql",
    "DATETIME_PRECISION": f"{_TSQL}/data-types/datetime-transact-sql",
    "DATE_ADD_DROPS_TIME": f"{_DBX}/functions/date_add.html",
    "DATE_FORMAT_PARSE": f"{_DBX}/sql-ref-datetime-pattern.html",
    "DATE_OFFSET": f"{_TSQL}/data-types/datetime-transact-sql",
    "DECIMAL_ROUNDING": f"{_TSQL}/data-types/precision-scale-and-length-transact-sql",
    "DIV_BY_ZERO": f"{_DBX}/functions/try_divide.html",
    "DUPLICATE_ROWS": f"{_TSQL}/queries/select-clause-transact-sql",
    "EMPTY_GROUPING": f"{_TSQL}/queries/select-group-by-transact-sql",
    "EMPTY_STRING_NULL": f"{_DBX}/functions/cast.html",
    "ESCAPE": f"{_DBX}/data-types/string-type.html",
    "FLOAT_NOISE": f"{_TSQL}/data-types/float-and-real-transact-sql",
    "FLOAT_PRECISION": f"{_DBX}/data-types/float-type.html",
    "GUID_CASE": f"{_TSQL}/data-types/uniqueidentifier-transact-sql",
    "HASH_FUNCTION": f"{_TSQL}/functions/hashbytes-transact-sql",
    "IMPLICIT_DATE_TEXT": f"{_DBX}/functions/cast.html",
    "INT_DIVISION": f"{_TSQL}/language-elements/divide-transact-sql",
    "ISNULL_TYPE": f"{_TSQL}/functions/isnull-transact-sql",
    "JOIN_TYPE": f"{_TSQL}/queries/from-transact-sql",
    "LIKE_PATTERN": f"{_TSQL}/language-elements/like-transact-sql",
    "MERGE_DELETE_MISSING": f"{_TSQL}/statements/merge-transact-sql",
    "MONEY_PRECISION": f"{_TSQL}/data-types/money-and-smallmoney-transact-sql",
    "NONDETERMINISTIC_ORDER": f"{_TSQL}/queries/top-transact-sql",
    "NOT_IN_NULL": f"{_TSQL}/language-elements/in-transact-sql",
    "NULL_JOIN_KEY": f"{_DBX}/sql-ref-null-semantics.html",
    "NULL_NOT_HANDLED": f"{_DBX}/sql-ref-null-semantics.html",
    "POWER_LOG": f"{_TSQL}/functions/log-transact-sql",
    "ROUNDING": f"{_DBX}/functions/bround.html",
    "ROUND_3ARG": f"{_TSQL}/functions/round-transact-sql",
    "STRING_AGG_ORDER": f"{_DBX}/functions/collect_list.html",
    "STRING_TRUNCATION": f"{_TSQL}/functions/cast-and-convert-transact-sql",
    "SUBSTRING_INDEX": f"{_TSQL}/functions/substring-transact-sql",
    "SURROGATE_KEY": "https://learn.microsoft.com/azure/synapse-analytics/sql-data-warehouse"
    "/sql-data-warehouse-tables-identity",
    "TEMP_TABLES": f"{_DBX}/sql-ref-syntax-ddl-create-view.html",
    "TIMEZONE_SHIFT": f"{_DBX}/functions/from_utc_timestamp.html",
    "TINYINT": f"{_DBX}/data-types/tinyint-type.html",
    "TOP_VARIANTS": f"{_TSQL}/queries/top-transact-sql",
    "TRAILING_SPACE": f"{_TSQL}/functions/len-transact-sql",
    "UNION_ALL": f"{_TSQL}/language-elements/set-operators-union-transact-sql",
    "UPDATE_FROM_MULTI": f"{_TSQL}/queries/update-transact-sql",
    "VOLATILE_FUNCTION": f"{_TSQL}/functions/getdate-transact-sql",
}
