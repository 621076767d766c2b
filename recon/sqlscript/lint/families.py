"""What type an expression has, where its text and the declared columns tell. None where they do not.

One reading for both dialects, in T-SQL's types: a Databricks DOUBLE is a float, a STRING an nvarchar(max).
It serves to say what a construct can do, never to compute.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from sqlglot import exp

from recon.sqlscript import tsql_types as types
from recon.sqlscript.tsql_leaf import words
from recon.sqlscript.tsql_types import MAX, Family, SqlType

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

Resolve: TypeAlias = "Callable[[exp.Expr], SqlType | None]"  # of a column or a variable
_STRING = SqlType("nvarchar", length=MAX)
_STAMP = types.DATETIME2
_REAL = SqlType("real")

_DECLARED: dict[exp.DType, SqlType] = {
    exp.DType.INT: types.INT,
    exp.DType.BIGINT: types.BIGINT,
    exp.DType.SMALLINT: SqlType("smallint"),
    exp.DType.TINYINT: SqlType("tinyint"),
    exp.DType.UTINYINT: SqlType("tinyint"),
    exp.DType.BIT: types.BIT,
    exp.DType.BOOLEAN: types.BIT,
    exp.DType.DOUBLE: types.FLOAT,
    exp.DType.MONEY: types.MONEY,
    exp.DType.SMALLMONEY: SqlType("smallmoney", precision=10, scale=4),
    exp.DType.DATE: types.DATE,
    exp.DType.DATETIME: types.DATETIME,
    exp.DType.DATETIME2: _STAMP,
    exp.DType.SMALLDATETIME: SqlType("smalldatetime"),
    exp.DType.TIMESTAMP: _STAMP,
    exp.DType.TIMESTAMPNTZ: _STAMP,
    exp.DType.TIME: SqlType("time", scale=7),
    exp.DType.UUID: types.GUID,
    exp.DType.TEXT: _STRING,
    exp.DType.BINARY: SqlType("binary", length=MAX),
    exp.DType.VARBINARY: SqlType("varbinary", length=MAX),
}
_TEXTS = {
    exp.DType.VARCHAR: "varchar",
    exp.DType.NVARCHAR: "nvarchar",
    exp.DType.CHAR: "char",
    exp.DType.NCHAR: "nchar",
}


def declared(kind: exp.DataType, *, tsql: bool, default_length: int = 1) -> SqlType | None:
    """The type that a DDL or a CAST names; None for one that T-SQL lacks."""
    sizes = [part.this for part in kind.expressions if isinstance(part, exp.DataTypeParam)]
    numbers = [int(size.name) if size.name.isdigit() else MAX for size in sizes]
    if kind.this in _TEXTS:
        return SqlType(_TEXTS[kind.this], length=numbers[0] if numbers else default_length)
    if kind.this is exp.DType.FLOAT:
        small = not tsql or (bool(numbers) and 0 < numbers[0] <= 24)
        return _REAL if small else types.FLOAT
    if kind.this is exp.DType.DECIMAL:
        precision, scale = (*numbers, *(18 if tsql else 10, 0)[len(numbers) :])[:2]
        return types.decimal(precision, scale)
    if kind.this is exp.DType.TIMESTAMPTZ:
        return SqlType("datetimeoffset", scale=7) if tsql else _STAMP
    return _DECLARED.get(kind.this)


def spelled(text: str) -> SqlType | None:
    """The type that a column is declared with; None when it is not one of T-SQL's."""
    try:
        return types.parse_type(text)
    except ValueError:
        return None


# --- Functions -----------------------------------------------------------------------------

_INTEGERS = words(
    "LEN DATALENGTH CHARINDEX PATINDEX DATEDIFF DATEPART YEAR MONTH DAY ROW_NUMBER RANK DENSE_RANK NTILE"
    " COUNT ASCII UNICODE CHECKSUM BINARY_CHECKSUM SIGN_INT LENGTH CHAR_LENGTH INSTR LOCATE POSITION"
    " DAYOFWEEK DAYOFMONTH DAYOFYEAR WEEKOFYEAR QUARTER HOUR MINUTE SECOND WEEKDAY DATE_DIFF TIMESTAMPDIFF"
    " @@ROWCOUNT"
)
_BIGS = words(
    "COUNT_BIG DATEDIFF_BIG APPROX_COUNT_DISTINCT UNIX_TIMESTAMP COUNT_IF MONOTONICALLY_INCREASING_ID"
)
_TEXT = words(
    "UPPER LOWER LTRIM RTRIM REPLACE SUBSTRING SUBSTR LEFT RIGHT CONCAT CONCAT_WS STUFF REVERSE REPLICATE"
    " SPACE CHAR NCHAR STR FORMAT DATENAME TRANSLATE STRING_AGG QUOTENAME LPAD RPAD DATE_FORMAT INITCAP TRIM"
    " REPEAT REGEXP_REPLACE REGEXP_EXTRACT SHA2 MD5 SHA1 FROM_UNIXTIME LISTAGG"
)
_STAMPS = words(
    "GETDATE SYSDATETIME GETUTCDATE SYSUTCDATETIME CURRENT_TIMESTAMP NOW TO_TIMESTAMP FROM_UTC_TIMESTAMP"
    " TO_UTC_TIMESTAMP DATE_TRUNC DATETIMEFROMPARTS DATETIME2FROMPARTS TIMESTAMP LOCALTIMESTAMP"
)
_DATES = words(
    "EOMONTH DATEFROMPARTS TO_DATE LAST_DAY ADD_MONTHS DATE_ADD DATE_SUB CURRENT_DATE TRUNC MAKE_DATE"
    " NEXT_DAY DATE"
)
_FIRST = words(
    "ISNULL ABS CEILING CEIL FLOOR ROUND MIN MAX SUM NULLIF LAG LEAD FIRST_VALUE LAST_VALUE SIGN NVL FIRST"
    " LAST ANY_VALUE MOD"
)
_COMMON = words("COALESCE GREATEST LEAST IFNULL")
_FLOATS = words(
    "SQRT EXP LOG LOG10 SIN COS TAN RAND STDEV STDEVP VAR VARP PERCENTILE_CONT MEDIAN STDDEV VARIANCE"
)
_BY_NAME: tuple[tuple[frozenset[str], SqlType], ...] = (
    (_INTEGERS, types.INT),
    (_BIGS, types.BIGINT),
    (_TEXT, _STRING),
    (_STAMPS, _STAMP),
    (_DATES, types.DATE),
    (_FLOATS, types.FLOAT),
)


def type_of(node: exp.Expr | None, resolve: Resolve, *, tsql: bool) -> SqlType | None:
    """The type of a value."""
    if node is None:
        return None
    kind = _Reader(resolve, tsql)
    return kind.read(node)


class _Reader:
    def __init__(self, resolve: Resolve, tsql: bool) -> None:
        self._resolve, self._tsql = resolve, tsql

    def read(self, node: object) -> SqlType | None:
        if not isinstance(node, exp.Expr):
            return None
        rule = _RULES.get(type(node))
        if rule:
            return rule(self, node)
        if isinstance(node, (exp.Paren, exp.Alias, exp.Neg, exp.WithinGroup, exp.Filter, exp.Distinct)):
            inner = node.expressions[0] if isinstance(node, exp.Distinct) and node.expressions else node.this
            return self.read(inner)
        if isinstance(node, (exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Mod)):
            return self.arithmetic(node)
        if isinstance(node, exp.Subquery):
            selects = node.selects
            return self.read(selects[0].unalias()) if len(selects) == 1 else None
        return types.BIT if isinstance(node, (exp.Predicate, exp.Not, exp.And, exp.Or)) else None

    def common(self, nodes: Iterable[object]) -> SqlType | None:
        """The type that several branches agree on; those that nothing is known of are passed over."""
        found = [kind for kind in map(self.read, nodes) if kind is not None]
        out: SqlType | None = None
        for kind in found:
            try:
                out = kind if out is None else types.united(out, kind)
            except ValueError:
                return None
        return out

    def literal(self, node: exp.Expr) -> SqlType | None:
        written = node.name
        if node.args.get("is_string"):
            return types.varchar(len(written) or 1)
        if written.isdigit():
            return types.INT if len(written) < 10 else types.decimal(max(len(written), 1), 0)
        if "e" in written.lower():
            return types.FLOAT
        whole, _, fraction = written.partition(".")
        return types.decimal(max(len(whole.lstrip("0")) + len(fraction), 1), len(fraction))

    def cast(self, node: exp.Expr) -> SqlType | None:
        to = node.args.get("to")
        return declared(to, tsql=self._tsql, default_length=30) if isinstance(to, exp.DataType) else None

    def convert(self, node: exp.Expr) -> SqlType | None:
        to = node.this
        return declared(to, tsql=True, default_length=30) if isinstance(to, exp.DataType) else None

    def case(self, node: exp.Expr) -> SqlType | None:
        branches = [branch.args.get("true") for branch in node.args.get("ifs") or ()]
        return self.common([*branches, node.args.get("default")])

    def choice(self, node: exp.Expr) -> SqlType | None:
        return self.common([node.args.get("true"), node.args.get("false")])

    def column(self, node: exp.Expr) -> SqlType | None:
        return self._resolve(node)

    def call(self, node: exp.Expr) -> SqlType | None:
        name = node.name.upper()
        arguments = node.expressions
        for names, kind in _BY_NAME:
            if name in names:
                return kind
        if name == "AVG" and arguments:
            inner = self.read(arguments[0])
            whole = inner is not None and inner.family in {Family.INTEGER, Family.BIT}
            return (types.INT if self._tsql else types.FLOAT) if whole else inner
        if name in _FIRST and arguments:
            return self.read(arguments[0])
        if name in _COMMON:
            return self.common(arguments)
        if name in {"IIF", "IF"} and len(arguments) == 3:
            return self.common(arguments[1:])
        if name in {"DATEADD", "TIMESTAMPADD"} and len(arguments) == 3:
            return self.read(arguments[2])
        return self.read(arguments[0]) if name == "POWER" and self._tsql and arguments else None

    def arithmetic(self, node: exp.Expr) -> SqlType | None:
        a, b = self.read(node.args.get("this")), self.read(node.args.get("expression"))
        if a is None or b is None:
            return None
        families = {a.family, b.family}
        whole = families <= {Family.INTEGER, Family.BIT}
        if whole and isinstance(node, exp.Div):
            return types.INT if self._tsql else types.FLOAT
        if whole or Family.DECIMAL not in families or families - _EXACT:
            return max(a, b, key=lambda kind: types.RANK[kind.name])
        return _SHAPES.get(type(node), types.added)(types.as_decimal(a), types.as_decimal(b))


_SHAPES: dict[type[exp.Expr], Callable[[SqlType, SqlType], SqlType]] = {
    exp.Mul: types.multiplied,
    exp.Div: types.divided,
    exp.Mod: types.remainder,
}
_EXACT = {Family.INTEGER, Family.BIT, Family.DECIMAL, Family.MONEY}
_RULES: dict[type[exp.Expr], Callable[[_Reader, exp.Expr], SqlType | None]] = {
    exp.Literal: _Reader.literal,
    exp.Cast: _Reader.cast,
    exp.TryCast: _Reader.cast,
    exp.Convert: _Reader.convert,
    exp.Case: _Reader.case,
    exp.If: _Reader.choice,
    exp.Column: _Reader.column,
    exp.Parameter: _Reader.column,
    exp.Anonymous: _Reader.call,
    exp.Window: lambda reader, node: reader.read(node.this),
    exp.National: lambda _, node: types.varchar(len(node.name) or 1, national=True),
    exp.DPipe: lambda _r, _n: _STRING,
    exp.IntDiv: lambda _r, _n: types.BIGINT,
    exp.Null: lambda _r, _n: types.NULL,
    exp.Boolean: lambda _r, _n: types.BIT,
    exp.CurrentDate: lambda _r, _n: types.DATE,
    exp.CurrentTimestamp: lambda _r, _n: _STAMP,
    exp.AtTimeZone: lambda reader, node: reader.read(node.this),
    exp.Extract: lambda _r, _n: types.INT,
    exp.Trim: lambda _r, _n: _STRING,
}


def is_whole(kind: SqlType | None) -> bool:
    """Whether it is an integer type (bit is one)."""
    return kind is not None and kind.family in {Family.INTEGER, Family.BIT}


def is_text(kind: SqlType | None) -> bool:
    """Whether it is text."""
    return kind is not None and kind.family is Family.TEXT
