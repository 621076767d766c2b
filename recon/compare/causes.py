"""The catalogue of likely reasons: code, severity, what to tell a reviewer, where it is documented. Data.

`{...}` in a hint is filled by who finds the reason. The order is that of preference: of several reasons that
explain a column alike, the first is named. `docs/causes.md` prints this table.

Some reasons leave nothing in the data that names them, or make another one appear; the texts of both scripts
name them: AVG_INT, ISNULL_TYPE (as INT_DIVISION, STRING_TRUNCATION), CONCAT_NULL, IMPLICIT_DATE_TEXT,
DIV_BY_ZERO (as NULL_NOT_HANDLED), NOT_IN_NULL, LIKE_PATTERN, TOP_VARIANTS, NULL_ORDER,
MERGE_DELETE_MISSING (as missing or extra rows), UPDATE_FROM_MULTI, TEMP_TABLES, APPROX_AGGREGATE (as
VALUE_DIFF), ROUND_3ARG, EXECUTION_ERROR (no rows at all), DECIMAL_SCALE (equal by value: a change of type),
CAST_TRUNC (no difference).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from recon.model_result import Severity

_TSQL: Final = "https://learn.microsoft.com/sql/t-sql"
_DBX: Final = "https://docs.databricks.com/sql/language-manual"
_ROWS, _VALUES, _RANDOM, _FORM = Severity.ROWS, Severity.VALUES, Severity.RANDOM, Severity.FORM
CERTAIN, LIKELY, POSSIBLE = "certain", "likely", "possible"


@dataclass(frozen=True, slots=True)
class Entry:
    """One reason. `confidence` is certain, likely or possible, at best."""

    code: str
    severity: Severity
    confidence: str
    hint: str
    link: str = ""


# fmt: off
_ENTRIES: Final = (
    Entry("EMPTY_SIDE", _ROWS, CERTAIN,
        "{side} has no rows at all: look for a failed load or a filter on everything."),
    Entry("EMPTY_GROUPING", _ROWS, POSSIBLE,
        "Only Synapse has a row, and all its keys are NULL: a grand total over no rows. ROLLUP over nothing "
        "gives no row in Databricks; write the total as a query of its own.",
        f"{_DBX}/sql-ref-syntax-qry-select-groupby.html"),
    Entry("COLUMN_MISSING", _VALUES, CERTAIN,
        "The column is missing from Databricks: the conversion does not write it."),
    Entry("COLUMN_EXTRA", _FORM, CERTAIN,
        "The column is only in Databricks: drop it, or ignore it with a reason."),
    Entry("COLUMN_RENAMED", _FORM, LIKELY,
        "{column} of Databricks looks like this column under another name ({why}): if it is, say "
        'databricks = "{column}" in its rule.'),
    Entry("KEY_FORMAT", _ROWS, LIKELY,
        "Keys do not line up: {count} missing rows have the key of an extra row once both are read {form}."),
    Entry("JOIN_FANOUT", _ROWS, LIKELY,
        "Rows are duplicated by a join: {what}. Look for a dimension with several versions of a key and "
        "a lost "
        "filter such as is_current = 1."),
    Entry("UNION_ALL", _ROWS, LIKELY,
        "{count} keys have duplicate rows in {side}, each an exact copy: look for UNION turned into "
        "UNION ALL, "
        "a lost DISTINCT, or a join that multiplies rows.",
        f"{_DBX}/sql-ref-syntax-qry-select-setops.html"),
    Entry("DUPLICATE_ROWS", _ROWS, LIKELY,
        "{count} keys occur more often in {side} than on the other side (duplicate rows): look for a lost "
        "DISTINCT, UNION turned into UNION ALL, or a join that multiplies rows."),
    Entry("BOUNDARY_INCLUSIVE", _ROWS, LIKELY,
        "All {count} rows lie on the {end} {column}, {value}: a bound that is inclusive on one side only, "
        "such as < beside <=, or BETWEEN.",
        f"{_TSQL}/language-elements/between-transact-sql"),
    Entry("DROPPED_JOIN", _ROWS, LIKELY,
        "All {count} extra rows have {column} = {value}, which no row of Synapse has: an inner join "
        "or filter on {column} was dropped or became an outer join."),
    Entry("MISSING_FILTER", _ROWS, LIKELY,
        "All {count} extra rows have {condition}, which no row of Synapse has: a WHERE on it may be lost."),
    Entry("NULL_JOIN_KEY", _ROWS, POSSIBLE,
        "All {count} missing rows have {column} = NULL, which no row of Databricks has. If it is joined by: "
        "NULL joins nothing there; use <=>, or the same ISNULL or coalesce on both sides. If it comes from "
        "an outer join: look for an inner join, or a filter in WHERE.",
        f"{_DBX}/sql-ref-null-semantics.html"),
    Entry("JOIN_TYPE", _ROWS, LIKELY,
        "All {count} {which} rows have {condition}, which no row of {other} has: an inner join on one side "
        "where the other has an outer one, or a filter that was added.",
        f"{_DBX}/sql-ref-syntax-qry-select-join.html"),
    Entry("COLUMN_SWAPPED", _VALUES, LIKELY,
        "Databricks has the values of {column} in this column: look for an INSERT by position, or a "
        "SELECT "
        "list in another order."),
    Entry("OVERFLOW_ANSI", _VALUES, LIKELY,
        "An integer overflowed: the value does not fit 4 bytes and wrapped around, stuck at the limit or "
        "became NULL. Widen it to BIGINT and check ANSI_MODE of the warehouse.",
        "https://docs.databricks.com/sql/language-manual/parameters/ansi_mode.html"),
    Entry("TINYINT", _VALUES, LIKELY,
        "A byte wrapped around: TINYINT is 0 to 255 in T-SQL, -128 to 127 in Databricks. Use SMALLINT.",
        f"{_DBX}/data-types/tinyint-type.html"),
    Entry("EMPTY_STRING_NULL", _VALUES, LIKELY,
        "The empty string{also} became NULL in {count} cells: use coalesce(x, '') or decide once "
        "with the rule `empty string is null`.",
        f"{_DBX}/sql-ref-null-semantics.html"),
    Entry("NULL_NOT_HANDLED", _VALUES, LIKELY,
        "NULL on one side only: {side} has NULL{value}. Look for an ISNULL, COALESCE or CASE default that "
        "the conversion lost or added; CONCAT with NULL, and a division by zero, give NULL too.",
        f"{_TSQL}/functions/isnull-transact-sql"),
    Entry("CHAR_PADDING", _FORM, LIKELY,
        "Synapse pads CHAR(n) with trailing blanks; Databricks does not: declare the column as CHAR, or "
        "rtrim it.",
        f"{_TSQL}/data-types/char-and-varchar-transact-sql"),
    Entry("TRAILING_SPACE", _FORM, LIKELY,
        "The texts differ only in trailing blanks, which T-SQL ignores when it compares: use rtrim() "
        "in the conversion, or the rule `ignore trailing spaces`.",
        f"{_DBX}/data-types/string-type.html"),
    Entry("GUID_CASE", _FORM, LIKELY,
        "The same GUID in other letters: T-SQL prints a UNIQUEIDENTIFIER in upper case. Use upper(), or "
        "declare the column as UNIQUEIDENTIFIER.",
        f"{_TSQL}/data-types/uniqueidentifier-transact-sql"),
    Entry("COLLATION_CASE", _FORM, LIKELY,
        "The texts differ only in case: Synapse's default collation ignores it, Databricks does not. "
        "Compare lower(x) in joins and groups, or use the rule `ignore case`.",
        "https://learn.microsoft.com/azure/synapse-analytics/sql/reference-collation-types"),
    Entry("UNICODE_FORM", _FORM, LIKELY,
        "The texts look alike: another Unicode form, a no-break blank or an invisible character. Use the "
        "rule `ignore unicode form`, or clean the text in the conversion.",
        "https://unicode.org/reports/tr15/"),
    Entry("WHITESPACE", _FORM, LIKELY,
        "The texts differ only in blanks, tabs or line ends: look for a lost LTRIM, TRIM or REPLACE."),
    Entry("ENCODING", _VALUES, LIKELY,
        "Letters beyond ASCII were lost or garbled on the way: a file was written in one encoding and read "
        "in another, or NVARCHAR became VARCHAR. Use UTF-8 throughout."),
    Entry("ESCAPE", _VALUES, LIKELY,
        "A backslash in a literal: T-SQL keeps it, Databricks reads it as an escape. Double it, or write "
        "r'...'.",
        f"{_DBX}/data-types/string-type.html"),
    Entry("CONVERT_STYLE", _FORM, LIKELY,
        "The same value in another text form: T-SQL's CAST and CONVERT print dates, floats, bits and "
        "money in "
        "styles of their own. Name the style, and use date_format or format_number.",
        f"{_TSQL}/functions/cast-and-convert-transact-sql"),
    Entry("STRING_AGG_ORDER", _RANDOM, LIKELY,
        "The same parts, separated by {value}, in another order: collect_list has none. Sort with "
        "array_sort, "
        "or use listagg ... WITHIN GROUP (ORDER BY ...).",
        f"{_DBX}/functions/listagg.html"),
    Entry("HASH_FUNCTION", _FORM, LIKELY,
        "Both sides hold hashes of one length, and nearly all differ: HASHBYTES of NVARCHAR hashes UTF-16, "
        "sha2() UTF-8, and CHECKSUM has no counterpart. Compare the hashed columns instead.",
        f"{_TSQL}/functions/hashbytes-transact-sql"),
    Entry("SUBSTRING_INDEX", _VALUES, LIKELY,
        "The texts are off by one character at an end: SUBSTRING from 0 or below, or CHARINDEX, counts "
        "otherwise in Databricks. Start at 1 and correct the length.",
        f"{_TSQL}/functions/substring-transact-sql"),
    Entry("STRING_TRUNCATION", _VALUES, LIKELY,
        "{side} cuts the text at {count} characters, the other side does not: T-SQL's CAST to "
        "varchar(n) cuts, "
        "Databricks ignores the length. Use left(x, {count}) on both.",
        f"{_TSQL}/functions/cast-and-convert-transact-sql"),
    Entry("INT_DIVISION", _VALUES, LIKELY,
        "Integer division: Synapse has the whole part of the value in Databricks{also}. T-SQL divides "
        "integers "
        "without fraction; use DIV or CAST(a / b AS INT). AVG of an int truncates too.",
        f"{_TSQL}/language-elements/divide-transact-sql"),
    Entry("DECIMALS_LOST", _VALUES, LIKELY,
        "Databricks keeps {count} decimals of the value in Synapse: look for a CAST to a narrower type or a "
        "ROUND that was added.",
        f"{_TSQL}/data-types/precision-scale-and-length-transact-sql"),
    Entry("MONEY_PRECISION", _FORM, LIKELY,
        "MONEY keeps 4 decimals through every step, Databricks more: cast each intermediate result to "
        "DECIMAL(19,4).",
        f"{_TSQL}/data-types/money-and-smallmoney-transact-sql"),
    Entry("FLOAT_PRECISION", _VALUES, LIKELY,
        "The value went through a 4-byte float: T-SQL's FLOAT is DOUBLE in Databricks; FLOAT there "
        "has 7 digits.",
        f"{_DBX}/data-types/float-type.html"),
    Entry("FLOAT_NOISE", _FORM, LIKELY,
        "Float noise from another order of summing: use a `rel 1e-9` tolerance, or sum as DECIMAL."),
    Entry("ROUNDING", _FORM, POSSIBLE,
        "Databricks rounds halves to the even digit: bround, Python's round() or pandas. T-SQL and "
        "Databricks' "
        "round() go away from zero.",
        f"{_DBX}/functions/bround.html"),
    Entry("DECIMAL_ROUNDING", _FORM, LIKELY,
        "The last digit differs: T-SQL truncates quotients of decimals at the result's scale, "
        "Databricks rounds half up. ROUND both to the needed scale, or accept it with a tolerance.",
        f"{_TSQL}/data-types/precision-scale-and-length-transact-sql"),
    Entry("FLAG_INVERTED", _VALUES, LIKELY,
        "The flag is the opposite in nearly every row: look for a negated condition."),
    Entry("DATEPART_BASE", _VALUES, LIKELY,
        "Numbers of days or weeks count from another start: T-SQL's weekday has Sunday = 1, week starts on "
        "January 1; Databricks' weekday() has Monday = 0, its week is ISO. Use dayofweek().",
        f"{_TSQL}/functions/datepart-transact-sql"),
    Entry("DATEDIFF_BOUNDARY", _VALUES, POSSIBLE,
        "Databricks is Synapse + {value} in every one of the {count} cells. If they come from DATEDIFF: "
        "T-SQL counts boundaries, Databricks whole elapsed units; for months use (year(b) - year(a)) * 12 + "
        "month(b) - month(a). Otherwise look for one row more or less in a count.",
        f"{_DBX}/functions/datediff3.html"),
    Entry("SIGN_FLIP", _VALUES, LIKELY,
        "The sign is the opposite: look for a swapped subtraction or a lost minus."),
    Entry("POWER_LOG", _VALUES, LIKELY,
        "{value}: LOG(x, base) in T-SQL is log(base, x) in Databricks, and LOG(x) is ln(x).",
        f"{_TSQL}/functions/log-transact-sql"),
    Entry("CONSTANT_SHIFT", _VALUES, LIKELY,
        "Databricks is Synapse + {value} in every one of the {count} cells."),
    Entry("SCALE_FACTOR", _VALUES, LIKELY,
        "Databricks is {value} times Synapse: look for a unit, a percentage or a currency."),
    Entry("END_OF_TIME", _FORM, LIKELY,
        "The end of time, 9999-12-31, in another precision: .9999999 has no microseconds, and nanoseconds "
        "cannot hold it. Use one constant on both sides.",
        f"{_TSQL}/data-types/datetime2-transact-sql"),
    Entry("DATETIME_PRECISION", _FORM, LIKELY,
        "The times differ by less than one side can hold ({value}): DATETIME holds 1/300 second, "
        "SMALLDATETIME "
        "minutes, Databricks microseconds. Use a tolerance of `secs {count}`.",
        f"{_TSQL}/data-types/datetime-transact-sql"),
    Entry("DATE_ADD_DROPS_TIME", _VALUES, LIKELY,
        "{side} lost the time of day: look for date_add, which returns a DATE, or a cast to DATE.",
        f"{_DBX}/functions/date_add.html"),
    Entry("DATE_OFFSET", _VALUES, LIKELY,
        "A number was read as a date: T-SQL counts days since 1900-01-01, Databricks seconds since "
        "1970-01-01. Use date_add(DATE'1900-01-01', n).",
        f"{_TSQL}/functions/cast-and-convert-transact-sql"),
    Entry("DATE_FORMAT_PARSE", _VALUES, LIKELY,
        "{value}: name the T-SQL style and the same pattern (101 is MM/dd/yyyy, 103 dd/MM/yyyy; mm are "
        "minutes).",
        f"{_DBX}/sql-ref-datetime-pattern.html"),
    Entry("TIMEZONE_SHIFT", _VALUES, LIKELY,
        "Databricks is {value} hours from Synapse{also}: a time zone is applied on one side only. Set "
        "spark.sql.session.timeZone = UTC.",
        f"{_DBX}/parameters/timezone.html"),
    Entry("VOLATILE_FUNCTION", _RANDOM, LIKELY,
        "{value}: a load time, NEWID or RAND differs in every run. Ignore the column with a reason.",
        f"{_DBX}/functions/current_timestamp.html"),
    Entry("SURROGATE_KEY", _RANDOM, LIKELY,
        "Unique whole numbers on both sides, and nearly all differ: a surrogate key, drawn anew. Ignore the "
        "column, compare by business key.",
        "https://learn.microsoft.com/azure/synapse-analytics/sql-data-warehouse/"
        "sql-data-warehouse-tables-identity"),
    Entry("NONDETERMINISTIC_ORDER", _RANDOM, POSSIBLE,
        "Both sides hold the same values, handed to other rows: ROW_NUMBER, TOP or FIRST_VALUE with "
        "ties picks "
        "any. Add a tie-breaker to the ORDER BY on both sides.",
        f"{_TSQL}/functions/row-number-transact-sql"),
    Entry("CASE_LOGIC_CHANGED", _VALUES, POSSIBLE,
        "Only one group of rows differs ({where}): look for the CASE, WHERE or join that treats it apart."),
    Entry("TYPE_CHANGED", _VALUES, POSSIBLE,
        "The type changed from {value} to {column}: look at how it is converted."),
    Entry("VALUE_DIFF", _VALUES, POSSIBLE,
        "Unexplained: no reason of the catalogue fits. Read the examples."),
)
# fmt: on
CATALOGUE: Final = {entry.code: entry for entry in _ENTRIES}
