"""The catalogue of likely reasons: code, what to tell a reviewer, where it is documented. Data, no logic.

`{...}` in a hint is filled by `detect`. The order is that of preference: of several reasons for one column
the first that explains it is named.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

_TSQL: Final = "https://learn.microsoft.com/sql/t-sql"
_DBX: Final = "https://docs.databricks.com/sql/language-manual"


@dataclass(frozen=True, slots=True)
class Entry:
    """One reason. `confidence` is certain, likely or possible."""

    code: str
    confidence: str
    hint: str
    link: str = ""


_ENTRIES: Final = (
    Entry(
        "EMPTY_SIDE",
        "certain",
        "{side} has no rows at all: look for a failed load or a filter on everything.",
    ),
    Entry(
        "COLUMN_MISSING",
        "certain",
        "The column is missing from Databricks: the conversion does not write it.",
    ),
    Entry(
        "COLUMN_EXTRA",
        "certain",
        "The column is only in Databricks: drop it, or ignore it with a reason.",
    ),
    Entry(
        "KEY_FORMAT",
        "likely",
        "Keys do not line up: {count} missing rows have the key of an extra row once both are read as"
        " numbers (leading zeros, decimals).",
    ),
    Entry(
        "JOIN_FANOUT",
        "likely",
        "Rows are duplicated by a join: every duplicate has {column} = {value}. Look for a dimension "
        "with several versions of a key and a lost filter such as is_current = 1.",
    ),
    Entry(
        "DUPLICATE_ROWS",
        "likely",
        "{count} keys occur more often in {side} than on the other side: look for a lost DISTINCT, "
        "UNION turned into UNION ALL, or a join that multiplies rows.",
    ),
    Entry(
        "DROPPED_JOIN",
        "likely",
        "All {count} extra rows have {column} = {value}, which no row of Synapse has: an inner join "
        "or filter on {column} was dropped or became an outer join.",
    ),
    Entry(
        "MISSING_FILTER",
        "likely",
        "All {count} extra rows have {column} = {value}, which no row of Synapse has: a WHERE on it "
        "may be lost.",
    ),
    Entry(
        "JOIN_TYPE",
        "likely",
        "All {count} missing rows have {column} = {value}, which no row of Databricks has: an inner "
        "join where Synapse has an outer one, or a filter that was added.",
    ),
    Entry(
        "EMPTY_STRING_NULL",
        "likely",
        "The empty string became NULL in {count} cells: use coalesce(x, '') or decide once "
        "with the rule `empty string is null`.",
        f"{_DBX}/sql-ref-null-semantics.html",
    ),
    Entry(
        "CHAR_PADDING",
        "likely",
        "Synapse pads CHAR(n) with blanks; Databricks does not: declare the column as CHAR, or rtrim it.",
        f"{_TSQL}/data-types/char-and-varchar-transact-sql",
    ),
    Entry(
        "TRAILING_SPACE",
        "likely",
        "The texts differ only in trailing blanks, which T-SQL ignores when it compares: use rtrim() "
        "in the conversion, or the rule `ignore trailing spaces`.",
        f"{_DBX}/data-types/string-type.html",
    ),
    Entry(
        "COLLATION_CASE",
        "likely",
        "The texts differ only in case: Synapse's default collation ignores it, Databricks does not. "
        "Compare lower(x) in joins and groups, or use the rule `ignore case`.",
        "https://learn.microsoft.com/azure/synapse-analytics/sql/reference-collation-types",
    ),
    Entry(
        "UNICODE_FORM",
        "likely",
        "The texts are equal in Unicode form NFC: use the rule `ignore unicode form`.",
    ),
    Entry(
        "STRING_TRUNCATION",
        "likely",
        "Synapse cuts the text at {count} characters; Databricks ignores the length in CAST: add "
        "left(x, {count}).",
        f"{_TSQL}/functions/cast-and-convert-transact-sql",
    ),
    Entry(
        "NULL_NOT_HANDLED",
        "likely",
        "NULL on one side only: {side} has NULL. Look for an ISNULL, COALESCE or CASE default that "
        "the conversion lost or added.",
        f"{_TSQL}/functions/isnull-transact-sql",
    ),
    Entry(
        "INT_DIVISION",
        "likely",
        "Synapse has the whole part of the value in Databricks: T-SQL divides integers without "
        "fraction. Use DIV or CAST(a / b AS INT); AVG of an int truncates too.",
        f"{_TSQL}/language-elements/divide-transact-sql",
    ),
    Entry(
        "DATEDIFF_BOUNDARY",
        "possible",
        "Whole numbers are off by one in one direction. If they come from DATEDIFF: T-SQL counts "
        "boundaries, Databricks whole elapsed units; for months use (year(b) - year(a)) * 12 + "
        "month(b) - month(a). Otherwise look for one row more or less in a count.",
        f"{_DBX}/functions/datediff3.html",
    ),
    Entry(
        "SIGN_FLIP",
        "likely",
        "The sign is the opposite: look for a swapped subtraction or a lost minus.",
    ),
    Entry(
        "SCALE_FACTOR",
        "likely",
        "Databricks is {value} times Synapse: look for a unit or percentage.",
    ),
    Entry(
        "DECIMAL_ROUNDING",
        "likely",
        "The last digit differs: T-SQL truncates quotients of decimals at the result's scale, "
        "Databricks rounds half up. ROUND both to the needed scale, or accept it with a tolerance.",
        f"{_TSQL}/data-types/precision-scale-and-length-transact-sql",
    ),
    Entry(
        "FLOAT_PRECISION",
        "likely",
        "The value went through a 4-byte float: T-SQL's FLOAT is DOUBLE in Databricks; FLOAT there "
        "has 7 digits.",
        f"{_DBX}/data-types/float-type.html",
    ),
    Entry(
        "FLOAT_NOISE",
        "likely",
        "Float noise from another order of summing: use a `rel 1e-9` tolerance.",
    ),
    Entry(
        "CONSTANT_SHIFT",
        "likely",
        "Databricks is Synapse + {value} in every one of the {count} cells.",
    ),
    Entry(
        "TIMEZONE_SHIFT",
        "likely",
        "Databricks is {value} hours from Synapse: a time zone is applied on one side only. Set "
        "spark.sql.session.timeZone = UTC.",
        f"{_DBX}/parameters/timezone.html",
    ),
    Entry(
        "DATETIME_PRECISION",
        "likely",
        "DATETIME holds 1/300 second, Databricks microseconds: use a tolerance of `secs 0.004`.",
        f"{_TSQL}/data-types/datetime-transact-sql",
    ),
    Entry(
        "TIME_DROPPED",
        "likely",
        "Databricks lost the time of day: look for date_add or a cast to DATE.",
    ),
    Entry(
        "TYPE_CHANGED",
        "possible",
        "The type changed from {value} to {column}: look at how it is converted.",
    ),
)
CATALOGUE: Final = {entry.code: entry for entry in _ENTRIES}
