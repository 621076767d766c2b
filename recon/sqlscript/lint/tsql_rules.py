"""Patterns in the original: T-SQL that Databricks reads in another way, or not at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from recon.sqlscript.lint.collation_rules import COLLATION_NODES
from recon.sqlscript.lint.families import declared, is_text, is_whole
from recon.sqlscript.lint.found import (
    LOCAL,
    PATTERNS,
    RUNNER,
    Found,
    argument,
    is_text_literal,
    literal,
    unwrapped,
)
from recon.sqlscript.lint.shared_rules import SHARED_CALLS, SHARED_NODES
from recon.sqlscript.tsql_types import MAX, Family

if TYPE_CHECKING:
    from collections.abc import Iterator

    from recon.sqlscript.lint.found import Look, Rule
    from recon.sqlscript.tsql_types import SqlType

_DAYS = {"DAY", "DD", "D", "DAYOFYEAR", "DY", "Y"}
_DATES = {Family.DATE, Family.STAMP, Family.OFFSET, Family.TIME}
_VOLATILE = ("GETDATE", "SYSDATETIME", "GETUTCDATE", "SYSUTCDATETIME", "SYSDATETIMEOFFSET", "NEWID", "RAND")


def _unit(node: exp.Expr) -> str:
    first = argument(node, 0)
    return first.name.upper() if isinstance(first, (exp.Column, exp.Var)) else ""


def datediff(node: exp.Expr, look: Look) -> Iterator[Found]:
    """DATEDIFF counts boundaries."""
    unit = _unit(node)
    if unit and unit not in _DAYS:
        said = (
            f"DATEDIFF({unit.lower()}) counts crossed boundaries (31 January to 1 February is one month),"
            " Databricks' datediff whole elapsed units"
        )
        yield Found("DATEDIFF_BOUNDARY", node, said)


def datepart(node: exp.Expr, look: Look) -> Iterator[Found]:
    """Weekdays and weeks start elsewhere."""
    unit = _unit(node)
    if unit in {"WEEKDAY", "DW", "W"}:
        said = (
            "T-SQL counts weekdays from Sunday = 1; weekday() in Databricks from Monday = 0: use dayofweek()"
        )
        yield Found("DATEPART_BASE", node, said)
    elif unit in {"WEEK", "WK", "WW"}:
        said = "T-SQL's week 1 begins on 1 January; weekofyear() in Databricks is the ISO week"
        yield Found("DATEPART_BASE", node, said)


def isnull(node: exp.Expr, look: Look) -> Iterator[Found]:
    """ISNULL gives its first argument's type; COALESCE does not."""
    first, second = (look.kind(argument(node, at)) for at in (0, 1))
    if first is None:
        return
    if second is not None and _fits(second, first, argument(node, 1)):
        return
    certain = second is not None
    said = f"ISNULL has the type of its first argument ({first}), so a longer or finer second one is cut;"
    yield Found("ISNULL_TYPE", node, f"{said} COALESCE keeps it", certain=certain)


def _fits(second: SqlType, first: SqlType, node: exp.Expr | None) -> bool:
    """Whether values of the second type are the same in the first."""
    if second.family is Family.NULL:
        return True
    if is_text(first) and is_text(second):
        return first.length == MAX or (second.length != MAX and second.length <= first.length)
    if is_whole(second) and first.family in {Family.INTEGER, Family.DECIMAL, Family.MONEY, Family.FLOAT}:
        return True
    if first.family is Family.BIT:
        return literal(node) in {"0", "1"} or second.family is Family.BIT
    if first.family is Family.DECIMAL and second.family is Family.DECIMAL:
        return (
            second.scale <= first.scale and second.precision - second.scale <= first.precision - first.scale
        )
    if first.family in _DATES and is_text(second):
        return True  # a constant that stands for a date
    return first.family is second.family and first.family not in {Family.TEXT, Family.INTEGER}


def concat(node: exp.Expr, look: Look) -> Iterator[Found]:
    """CONCAT takes NULL for ''."""
    said = (
        "CONCAT takes NULL for ''; concat() and || in Databricks give NULL: wrap each part in coalesce(x, '')"
    )
    yield Found("CONCAT_NULL", node, said, certain=False)


def plus(node: exp.Expr, look: Look) -> Iterator[Found]:
    """`+` on text, and days added to a datetime."""
    if isinstance(node.parent, exp.Add):
        return
    parts = list(node.flatten()) if isinstance(node, exp.Add) else []
    kinds = [look.kind(part) for part in parts]
    if any(is_text(kind) for kind in kinds) or any(is_text_literal(part) for part in parts):
        said = "`+` on text gives NULL when a part is NULL, as || does in Databricks; concat_ws does not"
        yield Found("CONCAT_NULL", node, said, certain=False)
    elif any(kind and kind.name in {"datetime", "smalldatetime"} for kind in kinds):
        said = "a number added to a datetime is days in T-SQL; Databricks wants date_add or an INTERVAL"
        yield Found("DATE_OFFSET", node, said)


def length(node: exp.Expr, look: Look) -> Iterator[Found]:
    """LEN leaves trailing blanks out."""
    said = "LEN does not count trailing blanks, length() does: use length(rtrim(x))"
    yield Found("TRAILING_SPACE", node, said, certain=False)


def cast(node: exp.Expr, look: Look) -> Iterator[Found]:
    """CAST, TRY_CAST: what the type makes of the value."""
    to = node.args.get("to")
    if isinstance(to, exp.DataType):
        yield from _converted(node, node.this, to, None, look)


def convert(node: exp.Expr, look: Look) -> Iterator[Found]:
    """CONVERT with its style."""
    if isinstance(node.this, exp.DataType):
        style = literal(node.args.get("style"))
        yield from _converted(node, node.args["expression"], node.this, style, look)


def _converted(
    node: exp.Expr, value: exp.Expr, to: exp.DataType, style: str | None, look: Look
) -> Iterator[Found]:
    kind = declared(to, tsql=True, default_length=30)
    source = look.kind(value)
    if kind is None:
        return
    if is_text(kind):
        yield from _to_text(node, value, kind, source, style, bare=not to.expressions)
    elif kind.family in _DATES:
        yield from _to_date(node, value, kind, source, style)
    elif kind.family is Family.FLOAT:
        said = "FLOAT has 8 bytes in T-SQL, 4 in Databricks: it must become DOUBLE"
        if kind.name == "float":
            yield Found("FLOAT_PRECISION", node, said, certain=False)
    elif kind.family is Family.MONEY:
        yield Found(
            "MONEY_PRECISION", node, "money rounds to four decimals: use DECIMAL(19,4)", certain=False
        )
    elif kind.name == "tinyint":
        yield Found("TINYINT", node, _TINYINT, certain=False)
    elif is_whole(kind) and is_text(source) and literal(value) is None:
        yield Found("EMPTY_STRING_NULL", node, _EMPTY, certain=False)
    elif kind.family is Family.GUID:
        said = "a uniqueidentifier prints in capitals; Databricks keeps the text as it is stored"
        yield Found("GUID_CASE", node, said, certain=False)


_EMPTY = (
    "'' is 0 as an integer in T-SQL; Databricks stops at it (CAST_INVALID_INPUT), or gives NULL with try_cast"
)
_TINYINT = "TINYINT holds 0 to 255 in T-SQL, -128 to 127 in Databricks: use SMALLINT"


def _to_text(
    node: exp.Expr, value: exp.Expr, kind: SqlType, source: SqlType | None, style: str | None, *, bare: bool
) -> Iterator[Found]:
    written = literal(value) if is_text_literal(value) else None
    short = written is not None and len(written) <= kind.length
    fits = is_text(source) and source is not None and 0 < source.length <= kind.length
    cuts = source is None or (is_text(source) and not fits) or _long(source, kind)
    if kind.length != MAX and not short and cuts:
        what = "varchar without a length is varchar(30) here, which cuts" if bare else f"{kind} cuts"
        said = f"{what} longer text; Databricks ignores the length in a CAST: use left(x, {kind.length})"
        yield Found("STRING_TRUNCATION", node, said, certain=source is not None)
    if source is not None and source.family in _DATES | {Family.FLOAT, Family.MONEY, Family.BIT, Family.GUID}:
        form = f"with style {style}" if style else "without a style"
        use = _formatted(style, "name the form with date_format or format_number")
        said = f"{source} as text {form} has a form of its own: {use}"
        yield Found(
            "CONVERT_STYLE", node, said, certain=source.family is not Family.DATE or style is not None
        )
    elif style:
        said = f"style {style} decides the form of the text: {_formatted(style, 'use date_format')}"
        yield Found("CONVERT_STYLE", node, said, certain=False)


def _formatted(style: str | None, otherwise: str) -> str:
    pattern = PATTERNS.get(style or "")
    quote = '"' if pattern and "'" in pattern else "'"
    return f"date_format(x, {quote}{pattern}{quote})" if pattern else otherwise


def _long(source: SqlType, kind: SqlType) -> bool:
    """Whether a date's text is cut on purpose, as in CONVERT(varchar(6), d, 112)."""
    return source.family in {Family.DATE, Family.STAMP} and kind.length < 8


def _to_date(
    node: exp.Expr, value: exp.Expr, kind: SqlType, source: SqlType | None, style: str | None
) -> Iterator[Found]:
    if style and (source is None or is_text(source)):
        said = f"style {style} decides how the text is read; Databricks needs to_date(x, pattern)"
        yield Found("DATE_FORMAT_PARSE", node, said)
    elif is_text(source):
        written = literal(value) or ""
        iso = len(written) >= 10 and written[4:5] == written[7:8] == "-"
        if not iso:
            said = (
                "T-SQL reads '20240131', '01/31/2024' and '' as dates; Databricks' CAST fails or gives NULL"
            )
            yield Found("IMPLICIT_DATE_TEXT", node, said, certain=False)
    elif is_whole(source) and kind.name in {"datetime", "smalldatetime"}:
        said = "a number as datetime is days since 1900-01-01 in T-SQL, seconds since 1970 in Databricks"
        yield Found("DATE_OFFSET", node, said)
    if kind.name in {"datetime", "smalldatetime"}:
        step = "1/300 second" if kind.name == "datetime" else "a minute"
        said = f"{kind.name} rounds to {step}; a Databricks TIMESTAMP keeps microseconds"
        if source is None or source.family in {Family.STAMP, Family.OFFSET, Family.TEXT}:
            yield Found("DATETIME_PRECISION", node, said, certain=False)


def dateadd(node: exp.Expr, look: Look) -> Iterator[Found]:
    """DATEADD(mm, DATEDIFF(mm, 0, d), 0)."""
    if literal(argument(node, 2)) == "0":
        said = "0 is 1900-01-01 as a datetime in T-SQL: use date_trunc in Databricks"
        yield Found("DATE_OFFSET", node, said)


def like(node: exp.Expr, look: Look) -> Iterator[Found]:
    """LIKE with character classes."""
    if "[" in (literal(node.args.get("expression")) or ""):
        said = "[...] in LIKE is a class of characters in T-SQL, plain text in Databricks: use RLIKE"
        yield Found("LIKE_PATTERN", node, said)


def substring(node: exp.Expr, look: Look) -> Iterator[Found]:
    """SUBSTRING from before the first character."""
    begin = unwrapped(argument(node, 1))
    written = literal(begin)
    said = "SUBSTRING from before the first character counts the missing ones in T-SQL; Databricks does not"
    if written is not None and written.lstrip("-").isdigit():
        if int(written) < 1:
            yield Found("SUBSTRING_INDEX", node, said)
    elif isinstance(begin, exp.Sub):
        yield Found("SUBSTRING_INDEX", node, said, certain=False)


def rounded(node: exp.Expr, look: Look) -> Iterator[Found]:
    """ROUND with a third argument cuts."""
    if len(node.expressions) > 2 and literal(argument(node, 2)) != "0":
        said = "ROUND with a third argument cuts instead of rounding; Databricks has no such argument"
        yield Found("ROUND_3ARG", node, said)


def power(node: exp.Expr, look: Look) -> Iterator[Found]:
    """POWER has its first argument's type."""
    if is_whole(look.kind(argument(node, 0))):
        said = "POWER has its first argument's type: an integer base drops the fraction, Databricks keeps it"
        yield Found("POWER_LOG", node, said)


def logarithm(node: exp.Expr, look: Look) -> Iterator[Found]:
    """LOG(x, base) against log(base, x)."""
    if len(node.expressions) == 2:
        yield Found("POWER_LOG", node, "LOG(x, base) in T-SQL is log(base, x) in Databricks")


def volatile(node: exp.Expr, look: Look) -> Iterator[Found]:
    """The time of the run, chance."""
    name = node.name.upper() if isinstance(node, exp.Anonymous) else "CURRENT_TIMESTAMP"
    yield Found("VOLATILE_FUNCTION", node, f"{name} is another value in every run and on either side")


def hashed(node: exp.Expr, look: Look) -> Iterator[Found]:
    """HASHBYTES and CHECKSUM."""
    name = node.name.upper()
    if name == "HASHBYTES":
        said = (
            "HASHBYTES of nvarchar hashes UTF-16 and gives bytes; sha2() hashes UTF-8 and gives small letters"
        )
        yield Found("HASH_FUNCTION", node, said)
    else:
        yield Found(
            "HASH_FUNCTION", node, f"{name} has no counterpart in Databricks: compare the columns instead"
        )


def string_agg(node: exp.Expr, look: Look) -> Iterator[Found]:
    """STRING_AGG without an order."""
    if not isinstance(node.parent, exp.WithinGroup):
        said = "STRING_AGG without WITHIN GROUP puts its parts in no certain order"
        yield Found("STRING_AGG_ORDER", node, said, hides=LOCAL)


def approximate(node: exp.Expr, look: Look) -> Iterator[Found]:
    """APPROX_COUNT_DISTINCT."""
    said = "APPROX_COUNT_DISTINCT estimates, on either system in its own way"
    yield Found("APPROX_AGGREGATE", node, said, hides=RUNNER)


def not_in(node: exp.Expr, look: Look) -> Iterator[Found]:
    """NOT IN (subquery)."""
    inner = unwrapped(node.this)
    if isinstance(inner, exp.In) and isinstance(inner.args.get("query"), exp.Query):
        said = (
            "NOT IN gives no row at all when the subquery has a NULL; NOT EXISTS and LEFT ANTI JOIN, which "
            "conversions like to write, give rows"
        )
        yield Found("NOT_IN_NULL", inner, said, certain=False)


def zoned(node: exp.Expr, look: Look) -> Iterator[Found]:
    """AT TIME ZONE."""
    said = "AT TIME ZONE names zones as Windows does; Databricks wants IANA names, and its session has a zone"
    yield Found("TIMEZONE_SHIFT", node, said, certain=False)


def formatted(node: exp.Expr, look: Look) -> Iterator[Found]:
    """FORMAT with a .NET pattern."""
    said = "FORMAT takes a .NET pattern and a culture: date_format and format_number have other letters"
    yield Found("CONVERT_STYLE", node, said)


def update(node: exp.Expr, look: Look) -> Iterator[Found]:
    """UPDATE ... FROM."""
    from_ = node.args.get("from_")
    if isinstance(from_, exp.Expr):
        said = (
            "where several rows of FROM fit one row, T-SQL takes any of them in silence; MERGE in Databricks "
            "fails, a join multiplies the row"
        )
        yield Found("UPDATE_FROM_MULTI", node.this, said, certain=False, place=node)


def column_def(node: exp.Expr, look: Look) -> Iterator[Found]:
    """Columns that are declared in a script: IDENTITY, tinyint."""
    if node.find(exp.GeneratedAsIdentityColumnConstraint):
        said = (
            "IDENTITY gives values with gaps and in no order: compare by the business key, ignore this column"
        )
        yield Found("SURROGATE_KEY", node, said, hides=RUNNER)


TSQL_NODES: dict[type[exp.Expr], Rule] = {
    **SHARED_NODES,
    **COLLATION_NODES,
    exp.Add: plus,
    exp.Cast: cast,
    exp.TryCast: cast,
    exp.Convert: convert,
    exp.Like: like,
    exp.Not: not_in,
    exp.CurrentTimestamp: volatile,
    exp.AtTimeZone: zoned,
    exp.Update: update,
    exp.ColumnDef: column_def,
}
TSQL_CALLS: dict[str, Rule] = {
    **SHARED_CALLS,
    "DATEDIFF": datediff,
    "DATEDIFF_BIG": datediff,
    "DATEPART": datepart,
    "DATENAME": datepart,
    "DATEADD": dateadd,
    "ISNULL": isnull,
    "CONCAT": concat,
    "LEN": length,
    "SUBSTRING": substring,
    "ROUND": rounded,
    "POWER": power,
    "LOG": logarithm,
    "STRING_AGG": string_agg,
    "APPROX_COUNT_DISTINCT": approximate,
    "FORMAT": formatted,
    "SWITCHOFFSET": zoned,
    "TODATETIMEOFFSET": zoned,
    **dict.fromkeys(("HASHBYTES", "CHECKSUM", "BINARY_CHECKSUM"), hashed),
    **dict.fromkeys(_VOLATILE, volatile),
}
