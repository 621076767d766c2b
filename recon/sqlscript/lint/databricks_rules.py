"""Patterns in a conversion: Databricks SQL that does not do what the T-SQL did."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sqlglot import exp

from recon.sqlscript.lint.families import is_text
from recon.sqlscript.lint.found import DUCKDB, LOCAL, Found, argument, is_text_literal, literal, unwrapped
from recon.sqlscript.lint.shared_rules import SHARED_CALLS, SHARED_NODES
from recon.sqlscript.tsql_types import Family

if TYPE_CHECKING:
    from collections.abc import Iterator

    from recon.sqlscript.lint.found import Look, Rule

_SORTS = {"SORT_ARRAY", "ARRAY_SORT"}
_SETS = {
    "SIZE",
    "CARDINALITY",
    "ARRAY_CONTAINS",
    "ARRAY_MAX",
    "ARRAY_MIN",
}  # the order does not matter to them


def datediff(node: exp.Expr, look: Look) -> Iterator[Found]:
    """Whole elapsed units in the place of boundaries."""
    first = argument(node, 0)
    unit = (
        first.name.upper() if isinstance(first, (exp.Column, exp.Var)) and len(node.expressions) == 3 else ""
    )
    if unit and unit not in {"DAY", "DAYS"}:
        said = f"datediff({unit.lower()}) counts whole elapsed units, T-SQL's DATEDIFF crossed boundaries"
        yield Found("DATEDIFF_BOUNDARY", node, said)


def months_between(node: exp.Expr, look: Look) -> Iterator[Found]:
    """months_between has fractions."""
    said = "months_between counts whole months and fractions of 31 days, T-SQL's DATEDIFF(month) boundaries"
    yield Found("DATEDIFF_BOUNDARY", node, said, hides=DUCKDB)


def date_add(node: exp.Expr, look: Look) -> Iterator[Found]:
    """date_add of a timestamp gives a date."""
    if len(node.expressions) != 2:
        return
    kind = look.kind(argument(node, 0))
    if kind is None or kind.family in {Family.STAMP, Family.OFFSET}:
        said = "date_add gives a DATE, so the time of day is lost: use x + INTERVAL n DAYS"
        yield Found("DATE_ADD_DROPS_TIME", node, said, certain=kind is not None)


def concat(node: exp.Expr, look: Look) -> Iterator[Found]:
    """Concat and || give NULL for NULL."""
    said = "gives NULL when a part is NULL; T-SQL's CONCAT takes NULL for ''"
    yield Found("CONCAT_NULL", node, said, certain=False)


def concat_ws(node: exp.Expr, look: Look) -> Iterator[Found]:
    """concat_ws skips NULL."""
    said = "concat_ws leaves NULLs out; `+` on text in T-SQL gives NULL"
    yield Found("CONCAT_NULL", node, said, certain=False)


def cast(node: exp.Expr, look: Look) -> Iterator[Found]:
    """CAST to FLOAT, TINYINT, and text as date."""
    to = node.args.get("to")
    if not isinstance(to, exp.DataType):
        return
    kind = look.kind(node.this)
    if to.this is exp.DType.FLOAT:
        yield Found("FLOAT_PRECISION", node, "FLOAT has 4 bytes and 7 digits in Databricks: use DOUBLE")
    elif to.this is exp.DType.TINYINT:
        yield Found(
            "TINYINT", node, "TINYINT holds -128 to 127 in Databricks, 0 to 255 in T-SQL: use SMALLINT"
        )
    elif to.this is exp.DType.DATE and is_text(kind) and not is_text_literal(node.this):
        said = (
            "a CAST to DATE reads yyyy-MM-dd only; T-SQL reads '20240131' and '01/31/2024' too: use to_date"
        )
        yield Found("IMPLICIT_DATE_TEXT", node, said, certain=False, hides=DUCKDB)
    elif to.is_type(*exp.DataType.TEXT_TYPES) and kind and kind.family is Family.FLOAT:
        said = "a float as text is spelled in another way than in T-SQL"
        yield Found("CONVERT_STYLE", node, said, certain=False, hides=DUCKDB)


def like(node: exp.Expr, look: Look) -> Iterator[Found]:
    """LIKE with what T-SQL reads as a class, or with a backslash."""
    pattern = literal(node.args.get("expression")) or ""
    if re.search(r"\[[^\]]+\]", pattern):
        said = "[...] in LIKE is plain text in Databricks, a class of characters in T-SQL: use RLIKE"
        yield Found("LIKE_PATTERN", node, said)
    elif "\\" in pattern:
        yield Found("LIKE_PATTERN", node, r"\ escapes in LIKE in Databricks, not in T-SQL", hides=DUCKDB)


def substring(node: exp.Expr, look: Look) -> Iterator[Found]:
    """Substring from 0 or from the end."""
    begin = literal(argument(node, 1))
    if begin is not None and begin.lstrip("-").isdigit() and int(begin) < 1:
        said = "substring from 0 is from 1, from -n counts from the end; T-SQL counts the missing characters"
        yield Found("SUBSTRING_INDEX", node, said, hides=DUCKDB)


def weekday(node: exp.Expr, look: Look) -> Iterator[Found]:
    """Weekdays and weeks count from elsewhere."""
    name = node.name.lower()
    start = "Monday = 0" if name == "weekday" else "the ISO week" if name == "weekofyear" else "Sunday = 1"
    said = f"{name} counts from {start}; T-SQL's weekday from Sunday = 1, its week from 1 January"
    yield Found("DATEPART_BASE", node, said, certain=False, hides=DUCKDB if name != "dayofweek" else "")


def bankers(node: exp.Expr, look: Look) -> Iterator[Found]:
    """Bround."""
    yield Found("ROUNDING", node, "bround rounds halves to even; T-SQL rounds them away from zero: use round")


def logarithm(node: exp.Expr, look: Look) -> Iterator[Found]:
    """log(base, x)."""
    if len(node.expressions) == 2:
        yield Found("POWER_LOG", node, "log(base, x) in Databricks is LOG(x, base) in T-SQL")


def approximate(node: exp.Expr, look: Look) -> Iterator[Found]:
    """percentile_approx, approx_count_distinct."""
    name = node.name.lower()
    what = (
        "is an element of the group; PERCENTILE_CONT goes between two"
        if "percentile" in name
        else "estimates"
    )
    yield Found("APPROX_AGGREGATE", node, f"{name} {what}", hides=DUCKDB)


_PATTERN_AT = {"UNIX_TIMESTAMP": 1, "FROM_UNIXTIME": 1}


def pattern(node: exp.Expr, look: Look) -> Iterator[Found]:
    """Date patterns: mm are minutes, YYYY is the year of the week, DD the day of the year."""
    written = literal(argument(node, 1))
    if written is None:
        return
    plain = re.sub(r"'[^']*'", "", written)
    minutes = "mm" in plain and not re.search("[Hhkm]{1,2}[:. ]?mm|mm[:. ]?ss", plain)
    if minutes or "YYYY" in plain or "DD" in plain:
        said = f"'{written}': mm are minutes (MM months), YYYY is no year (yyyy), DD is the day of the year"
        yield Found("DATE_FORMAT_PARSE", node, said, hides=DUCKDB)
    else:
        said = "date patterns are other letters than T-SQL's styles: check which form is read or made"
        plain_fields = not re.sub("yyyy|MM|dd|HH|mm|ss|[^A-Za-z]", "", plain)
        yield Found("DATE_FORMAT_PARSE", node, said, certain=False, hides="" if plain_fields else DUCKDB)


def zoned(node: exp.Expr, look: Look) -> Iterator[Found]:
    """from_utc_timestamp and its kin."""
    said = "shifts by a time zone; T-SQL's datetimes have none, and GETDATE() in Synapse is UTC"
    yield Found("TIMEZONE_SHIFT", node, said, hides=DUCKDB)


def hashed(node: exp.Expr, look: Look) -> Iterator[Found]:
    """sha2, md5, hash."""
    name = node.name.lower()
    said = f"{name} hashes UTF-8 and prints small letters: HASHBYTES differs for nvarchar, CHECKSUM always"
    yield Found("HASH_FUNCTION", node, said, certain=False)


def volatile(node: exp.Expr, look: Look) -> Iterator[Found]:
    """The time of the run, chance; doubly so in a temporary view."""
    if isinstance(node, exp.Anonymous) and node.name.upper() == "UNIX_TIMESTAMP" and node.expressions:
        yield from pattern(node, look)
        return
    name = node.name.lower() if isinstance(node, exp.Anonymous) else _spelled(node)
    yield Found("VOLATILE_FUNCTION", node, f"{name} is another value in every run and on either side")
    made = node.find_ancestor(exp.Create)
    if made and made.args.get("kind") == "VIEW":
        said = (
            f"a view is evaluated at every use, so {name} may give several values where a #temp table has one"
        )
        yield Found("TEMP_TABLES", node, said, certain=False)


def _spelled(node: exp.Expr) -> str:
    return "current_date" if isinstance(node, exp.CurrentDate) else "current_timestamp"


def surrogate(node: exp.Expr, look: Look) -> Iterator[Found]:
    """monotonically_increasing_id."""
    said = "monotonically_increasing_id depends on how the rows are distributed: no other run has these keys"
    yield Found("SURROGATE_KEY", node, said, hides=LOCAL)


def collected(node: exp.Expr, look: Look) -> Iterator[Found]:
    """collect_list without a sort around it."""
    at = node.parent
    while at is not None and not isinstance(at, exp.Query):
        if isinstance(at, exp.Anonymous) and at.name.upper() in _SORTS | _SETS:
            return
        at = at.parent
    if isinstance(node.parent, exp.WithinGroup):
        return
    said = f"{node.name.lower()} puts its parts in no certain order: sort_array it, or order it WITHIN GROUP"
    yield Found("STRING_AGG_ORDER", node, said, hides=LOCAL)


def picked(node: exp.Expr, look: Look) -> Iterator[Found]:
    """first, last, any_value as aggregates."""
    if not isinstance(node.parent, exp.Window):
        said = f"{node.name.lower()} takes any row of the group"
        yield Found("NONDETERMINISTIC_ORDER", node, said, hides=LOCAL)


def forgiving(node: exp.Expr, look: Look) -> Iterator[Found]:
    """try_divide: NULL where T-SQL fails."""
    said = "gives NULL where T-SQL stops with an error"
    yield Found("DIV_BY_ZERO", node, said, certain=False)


def regular(node: exp.Expr, look: Look) -> Iterator[Found]:
    """Regular expressions: another dialect in DuckDB."""
    said = "a regular expression in the place of LIKE or PATINDEX: case and anchors count here"
    yield Found("LIKE_PATTERN", node, said, certain=False, hides=DUCKDB)


def text(node: exp.Expr, look: Look) -> Iterator[Found]:
    """Backslashes in a plain string are escapes."""
    meta = node.meta
    if not node.args.get("is_string") or "start" not in meta:
        return
    written = look.piece.text.parsed[int(meta["start"]) : int(meta["end"]) + 1]
    if re.search(r"\\[ntrb0Zu\\]", written) and not isinstance(node.parent, (exp.Like, exp.RegexpLike)):
        yield Found(
            "ESCAPE", node, r"\ begins an escape in a Databricks string, in T-SQL it is a plain character"
        )


def table_column(node: exp.Expr, look: Look) -> Iterator[Found]:
    """Columns that the conversion declares."""
    kind = node.args.get("kind")
    if not isinstance(kind, exp.DataType):
        return
    if kind.this is exp.DType.FLOAT:
        yield Found(
            "FLOAT_PRECISION", node, "a FLOAT column has 4 bytes in Databricks, 8 in T-SQL: use DOUBLE"
        )
    elif kind.this is exp.DType.TINYINT:
        yield Found("TINYINT", node, "a TINYINT column holds -128 to 127 in Databricks: use SMALLINT")
    if node.find(exp.GeneratedAsIdentityColumnConstraint):
        yield Found("SURROGATE_KEY", node, "identity values differ from run to run", hides=LOCAL)


def anti_join(node: exp.Expr, look: Look) -> Iterator[Found]:
    """ANTI JOIN in the place of NOT IN."""
    if str(node.args.get("kind") or "").upper() == "ANTI":
        said = (
            "ANTI JOIN keeps rows whose key is NULL, and all rows beside a NULL on the right; NOT IN does not"
        )
        on = node.args.get("on")
        yield Found(
            "NOT_IN_NULL", on if isinstance(on, exp.Expr) else node.this, said, certain=False, place=on
        )


def other_function(node: exp.Expr, look: Look) -> Iterator[Found]:
    """array_sort with a function of its own."""
    if unwrapped(argument(node, 1)) is not None:
        said = "array_sort with a function of its own"
        yield Found("STRING_AGG_ORDER", node, said, certain=False, hides=DUCKDB)


DATABRICKS_NODES: dict[type[exp.Expr], Rule] = {
    **SHARED_NODES,
    exp.Cast: cast,
    exp.TryCast: cast,
    exp.DPipe: concat,
    exp.Like: like,
    exp.RegexpLike: regular,
    exp.CurrentTimestamp: volatile,
    exp.CurrentDate: volatile,
    exp.ColumnDef: table_column,
    exp.Join: anti_join,
    exp.Literal: text,
}
DATABRICKS_CALLS: dict[str, Rule] = {
    **SHARED_CALLS,
    **dict.fromkeys(("DATEDIFF", "DATE_DIFF", "TIMESTAMPDIFF"), datediff),
    "MONTHS_BETWEEN": months_between,
    **dict.fromkeys(("DATE_ADD", "DATE_SUB"), date_add),
    "CONCAT": concat,
    "CONCAT_WS": concat_ws,
    **dict.fromkeys(("SUBSTRING", "SUBSTR"), substring),
    **dict.fromkeys(("DAYOFWEEK", "WEEKDAY", "WEEKOFYEAR"), weekday),
    "BROUND": bankers,
    "LOG": logarithm,
    **dict.fromkeys(("PERCENTILE_APPROX", "APPROX_PERCENTILE", "APPROX_COUNT_DISTINCT"), approximate),
    **dict.fromkeys(("DATE_FORMAT", "TO_DATE", "TO_TIMESTAMP", "FROM_UNIXTIME"), pattern),
    **dict.fromkeys(("FROM_UTC_TIMESTAMP", "TO_UTC_TIMESTAMP", "CONVERT_TIMEZONE"), zoned),
    **dict.fromkeys(("SHA2", "SHA1", "SHA", "MD5", "HASH", "XXHASH64", "CRC32"), hashed),
    **dict.fromkeys(
        ("CURRENT_TIMESTAMP", "NOW", "CURRENT_DATE", "LOCALTIMESTAMP", "UUID", "RAND", "RANDN", "RANDOM"),
        volatile,
    ),
    "UNIX_TIMESTAMP": volatile,
    "MONOTONICALLY_INCREASING_ID": surrogate,
    **dict.fromkeys(("COLLECT_LIST", "COLLECT_SET", "ARRAY_AGG", "LISTAGG", "STRING_AGG"), collected),
    **dict.fromkeys(("FIRST", "LAST", "ANY_VALUE"), picked),
    **dict.fromkeys(("TRY_DIVIDE", "TRY_ADD", "TRY_MULTIPLY"), forgiving),
    **dict.fromkeys(("REGEXP_REPLACE", "REGEXP_EXTRACT", "REGEXP_LIKE", "REGEXP"), regular),
    "ARRAY_SORT": other_function,
}
