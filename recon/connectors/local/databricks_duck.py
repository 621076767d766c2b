"""Databricks SQL as DuckDB SQL: what can be said exactly is, what cannot becomes a note with its line.

sqlglot spells one dialect as the other; the rules here mend where the same words mean something else.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.optimizer.annotate_types import annotate_types
from sqlglot.optimizer.normalize_identifiers import normalize_identifiers
from sqlglot.optimizer.qualify_columns import qualify_columns
from sqlglot.optimizer.qualify_tables import qualify_tables

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sqlglot.schema import MappingSchema

    from recon.model import Scalar

_MARK = "recon_node"
_WHOLE = exp.DataType.INTEGER_TYPES
_FLOATS = exp.DataType.FLOAT_TYPES
_TEXTS = exp.DataType.TEXT_TYPES

# https://docs.databricks.com/sql/language-manual/functions/ (each under its name) against
# https://duckdb.org/docs/stable/sql/functions/overview
_DIFFERS: dict[type[exp.Expr], str] = {
    exp.ApproxQuantile: "percentile_approx gives another element of the group here",
    exp.ApproxDistinct: "approx_count_distinct estimates in another way here",
    exp.TimeToStr: "date patterns are only partly the same here",
    exp.StrToTime: "date patterns are only partly the same here",
    exp.StrToUnix: "date patterns are only partly the same here",
    exp.ArraySort: "array_sort with a function sorts without it here",
    exp.Rollup: "ROLLUP over no rows gives a total row here",
    exp.Cube: "CUBE over no rows gives a total row here",
    exp.AtTimeZone: "from_utc_timestamp and to_utc_timestamp may shift in the other direction here",
    exp.FromTimeZone: "from_utc_timestamp and to_utc_timestamp may shift in the other direction here",
    exp.MonthsBetween: "months_between ignores the time of day here",
    exp.RegexpLike: "regular expressions are RE2's here, Java's on Spark",
    exp.RegexpReplace: "regular expressions are RE2's here, Java's on Spark",
    exp.RegexpExtract: "regular expressions are RE2's here, Java's on Spark",
    exp.RegexpSplit: "regular expressions are RE2's here, Java's on Spark",
    exp.Lateral: "LATERAL VIEW is only partly the same here",
}
_SAME = {"COALESCE", "MAKE_DATE", "TRANSLATE", "REPEAT", "REVERSE", "GREATEST", "LEAST", "NULLIF", "ERROR"}


class Translator:
    """Translates statements of one world. `notes` collects (line, sentence)."""

    def __init__(self, schema: MappingSchema, *, ansi: bool, params: Mapping[str, Scalar]) -> None:
        self._schema = schema
        self._ansi = ansi
        self._params = params
        self.notes: list[tuple[int, str]] = []

    def translate(self, tree: exp.Expr) -> exp.Expr:
        """The same statement for DuckDB. The given tree is not changed."""
        tree = tree.copy()
        kinds = self._kinds(tree)
        for node in list(tree.walk(bfs=False)):
            self._note(node)
        return self._mended(tree, kinds)

    def _mended(self, tree: exp.Expr, kinds: Mapping[int, exp.DataType]) -> exp.Expr:
        """Bottom up, so that what replaces a node holds its mended parts."""
        for node in reversed(list(tree.walk(bfs=True))):
            rule = _RULES.get(type(node))
            new = rule(self, node, kinds) if rule else node
            if new is not node:
                if node is tree:
                    tree = new
                else:
                    node.replace(new)
        return tree

    def _kinds(self, tree: exp.Expr) -> dict[int, exp.DataType]:
        """The type of every expression where it can be told, by the mark that this puts on the nodes."""
        nodes = list(tree.walk())
        for number, node in enumerate(nodes):
            node.meta[_MARK] = number
        copy = tree.copy()
        try:
            query = copy.expression if isinstance(copy, (exp.Create, exp.Insert)) else copy
            if isinstance(query, exp.Query):
                normal = normalize_identifiers(query, dialect="databricks")
                found = qualify_columns(
                    qualify_tables(normal, dialect="databricks"),
                    schema=self._schema,
                    expand_stars=False,
                    expand_alias_refs=False,
                    dialect="databricks",
                )
                copy = annotate_types(found, schema=self._schema, dialect="databricks")
        except SqlglotError:
            copy = annotate_types(tree.copy(), schema=self._schema, dialect="databricks")
        return {
            node.meta[_MARK]: node.type
            for node in copy.walk()
            if _MARK in node.meta and isinstance(node.type, exp.DataType)
        }

    def _note(self, node: exp.Expr) -> None:
        what = _DIFFERS.get(type(node), "")
        if isinstance(node, exp.Anonymous) and node.name.upper() not in _SAME:
            what = f"{node.name} is taken for DuckDB's function of that name"
        if what:
            self.note(node, what)

    def note(self, node: exp.Expr, what: str) -> None:
        """Keep a note with the line of the first name in the node (1 when there is none)."""
        lines = [int(part.meta["line"]) for part in node.walk() if part.meta.get("line")]
        self.notes.append((min(lines, default=1), what))

    # --- Rules ---

    def divide(self, node: exp.Expr, kinds: Mapping[int, exp.DataType]) -> exp.Expr:
        """Whole numbers divide as doubles on both; a decimal quotient is a decimal on Spark."""
        dividend, divisor = node.args["this"], node.args["expression"]
        quotient: exp.Expr = exp.Div(this=dividend, expression=divisor, typed=False, safe=False)
        shape = _quotient(_kind(dividend, kinds), _kind(divisor, kinds))
        if shape:
            self.note(node, "decimal division is computed in double precision")
            quotient = exp.cast(quotient, shape)
        return exp.paren(self._nonzero(divisor, quotient), copy=False)

    def remainder(self, node: exp.Expr, kinds: Mapping[int, exp.DataType]) -> exp.Expr:
        return exp.paren(self._nonzero(node.args["expression"], node), copy=False)

    def whole_quotient(self, node: exp.Expr, kinds: Mapping[int, exp.DataType]) -> exp.Expr:
        """`div` cuts towards zero."""
        plain = _duck("TRUNC", exp.Div(this=node.args["this"], expression=node.args["expression"]))
        if _is(node.args["this"], kinds, _WHOLE) and _is(node.args["expression"], kinds, _WHOLE):
            plain = node  # DuckDB's // on integers does the same
        return exp.paren(self._nonzero(node.args["expression"], exp.cast(plain, "BIGINT")), copy=False)

    def _nonzero(self, divisor: exp.Expr, value: exp.Expr) -> exp.Expr:
        """Division by zero is an error under ANSI, else NULL; DuckDB says inf."""
        if isinstance(divisor, exp.Literal) and Decimal(divisor.name or 0):
            return value
        zero = exp.EQ(this=divisor.copy(), expression=exp.Literal.number(0))
        instead = _duck("ERROR", exp.Literal.string("DIVIDE_BY_ZERO")) if self._ansi else exp.null()
        return exp.Case(ifs=[exp.If(this=zero, true=instead)], default=value)

    def cast(self, node: exp.Expr, kinds: Mapping[int, exp.DataType]) -> exp.Expr:
        """To a whole number: cut, never rounded. From a float to text: another spelling."""
        value, to = node.args["this"], node.args["to"]
        if to.is_type(*_WHOLE):
            if _is(value, kinds, _TEXTS):
                return self._whole_text(value, to)
            if not _is(value, kinds, _WHOLE):
                node.set("this", _duck("TRUNC", value.copy()))
        elif to.is_type(*_TEXTS) and _is(value, kinds, _FLOATS):
            self.note(node, "a float as text is spelled in another way here")
        return node

    def _whole_text(self, value: exp.Expr, to: exp.Expr) -> exp.Expr:
        """Under ANSI only a whole number's text is one; DuckDB would round '2.7'."""
        trimmed = _duck("TRIM", value.copy())
        whole = _duck("REGEXP_FULL_MATCH", trimmed, exp.Literal.string(r"[+-]?\d+"))
        fine = exp.or_(value.copy().is_(exp.null()), whole)
        failing = _duck("ERROR", exp.Literal.string("CAST_INVALID_INPUT")) if self._ansi else exp.null()
        number = exp.Cast(this=value.copy(), to=to.copy())
        return exp.paren(exp.Case(ifs=[exp.If(this=fine, true=number)], default=failing), copy=False)

    def sum(self, node: exp.Expr, kinds: Mapping[int, exp.DataType]) -> exp.Expr:
        return exp.cast(node.copy(), "BIGINT") if _is(node.args["this"], kinds, _WHOLE) else node

    def average(self, node: exp.Expr, kinds: Mapping[int, exp.DataType]) -> exp.Expr:
        precision, scale = _shape(_kind(node.args["this"], kinds))
        if not precision or isinstance(node.parent, exp.Window):
            return node
        self.note(node, "the average of decimals is computed in double precision")
        return exp.cast(node.copy(), _capped(precision + 4, scale + 4))

    def difference(self, node: exp.Expr, kinds: Mapping[int, exp.DataType]) -> exp.Expr:
        """`datediff(unit, a, b)` counts whole units on Spark, boundaries in DuckDB.

        https://docs.databricks.com/sql/language-manual/functions/datediff3
        """
        name = node.text("unit").upper().removesuffix("S")
        if name in {"", "DAY"}:
            return self._days(node, kinds)
        later, earlier = _moment(node.args["this"]), _moment(node.args["expression"])
        months = {"MONTH": 1, "QUARTER": 3, "YEAR": 12}.get(name)
        if months is None:
            return _duck("DATESUB", exp.Literal.string(name), earlier, later)
        whole = _months(earlier, later)
        return whole if months == 1 else exp.cast(_duck("TRUNC", whole / months), "BIGINT")

    def _days(self, node: exp.Expr, kinds: Mapping[int, exp.DataType]) -> exp.Expr:
        """`datediff(b, a)` counts days of dates; `datediff(DAY, a, b)`, read alike, whole days."""
        ends = [exp.cast(node.args[part].copy(), exp.DType.DATE) for part in ("expression", "this")]
        if not all(_is(node.args[part], kinds, {exp.DType.DATE}) for part in ("expression", "this")):
            self.note(node, "datediff in days ignores the time of day here")
        return _duck("DATE_DIFF", exp.Literal.string("day"), *ends)

    def weekday(self, node: exp.Expr, _: Mapping[int, exp.DataType]) -> exp.Expr:
        """Sunday is 1 on Spark, 0 in DuckDB."""
        return exp.paren(node.copy() + 1)

    def type(self, node: exp.Expr, _: Mapping[int, exp.DataType]) -> exp.Expr:
        """TIMESTAMP is an instant; here it is kept as UTC."""
        if node.args["this"] in {exp.DType.TIMESTAMPTZ, exp.DType.TIMESTAMPLTZ, exp.DType.TIMESTAMPNTZ}:
            return exp.DataType(this=exp.DType.TIMESTAMP)
        return node

    def now(self, node: exp.Expr, _: Mapping[int, exp.DataType]) -> exp.Expr:
        return exp.cast(node.copy(), exp.DType.TIMESTAMP)

    def parameter(self, node: exp.Expr, _: Mapping[int, exp.DataType]) -> exp.Expr:
        """A named parameter as a literal of its type; an unknown one stays and fails in DuckDB."""
        name = next((n for n in self._params if n.casefold() == node.name.casefold()), None)
        return node if name is None else literal(self._params[name])


_RULES: dict[type[exp.Expr], Callable[[Translator, exp.Expr, Mapping[int, exp.DataType]], exp.Expr]] = {
    exp.Div: Translator.divide,
    exp.Mod: Translator.remainder,
    exp.IntDiv: Translator.whole_quotient,
    exp.Cast: Translator.cast,
    exp.Sum: Translator.sum,
    exp.Avg: Translator.average,
    exp.DateDiff: Translator.difference,
    exp.TimestampDiff: Translator.difference,
    exp.DayOfWeek: Translator.weekday,
    exp.DataType: Translator.type,
    exp.CurrentTimestamp: Translator.now,
    exp.Placeholder: Translator.parameter,
}


def literal(value: Scalar) -> exp.Expr:
    """A value as a typed literal."""
    if isinstance(value, datetime):
        return exp.cast(exp.Literal.string(value.isoformat(sep=" ")), exp.DType.TIMESTAMP)
    if isinstance(value, date):
        return exp.cast(exp.Literal.string(value.isoformat()), exp.DType.DATE)
    if isinstance(value, float):
        return exp.cast(exp.Literal.number(repr(value)), exp.DType.DOUBLE)
    return exp.convert(value)


def _duck(name: str, *arguments: exp.Expr) -> exp.Expr:
    """A function of DuckDB's, in no dialect's disguise."""
    return exp.Anonymous(this=name, expressions=list(arguments))


def _kind(node: exp.Expr, kinds: Mapping[int, exp.DataType]) -> exp.DataType | None:
    found = kinds.get(node.meta.get(_MARK, -1))
    if found is None and isinstance(node, (exp.Paren, exp.Case)):
        inner = node.this if isinstance(node, exp.Paren) else node.args.get("default")
        return _kind(inner, kinds) if isinstance(inner, exp.Expr) else None
    if found is None and isinstance(node, exp.Cast):
        return node.to
    return found


def _is(node: exp.Expr, kinds: Mapping[int, exp.DataType], wanted: set[exp.DType]) -> bool:
    kind = _kind(node, kinds)
    return kind is not None and kind.is_type(*wanted)


_AS_DECIMAL = {
    exp.DType.TINYINT: (3, 0),
    exp.DType.SMALLINT: (5, 0),
    exp.DType.INT: (10, 0),
    exp.DType.BIGINT: (20, 0),
}


def _shape(kind: exp.DataType | None) -> tuple[int, int]:
    """Precision and scale of a decimal; (0, 0) for anything else."""
    if kind is None or not kind.is_type(exp.DType.DECIMAL):
        return 0, 0
    numbers = [int(part.name) for part in kind.expressions]
    return (numbers[0], numbers[1] if len(numbers) > 1 else 0) if numbers else (10, 0)


def _quotient(dividend: exp.DataType | None, divisor: exp.DataType | None) -> str:
    """Spark's type of a decimal division; empty when it is none.

    https://docs.databricks.com/sql/language-manual/functions/slashsign
    """
    shapes = [_shape(kind) for kind in (dividend, divisor)]
    if not any(precision for precision, _ in shapes):
        return ""
    for place, kind in enumerate((dividend, divisor)):
        if not shapes[place][0]:
            whole = _AS_DECIMAL.get(kind.this) if kind is not None else None
            if whole is None:
                return ""
            shapes[place] = whole
    (p1, s1), (p2, s2) = shapes
    scale = max(6, s1 + p2 + 1)
    return _capped(p1 - s1 + s2 + scale, scale)


def _capped(precision: int, scale: int) -> str:
    """At most 38 digits; what is too many goes from the scale, down to six."""
    if precision > 38:
        scale = max(38 - (precision - scale), min(scale, 6))
        precision = 38
    return f"DECIMAL({precision}, {scale})"


def _moment(node: exp.Expr) -> exp.Expr:
    return exp.cast(node.copy(), exp.DType.TIMESTAMP)


def _months(earlier: exp.Expr, later: exp.Expr) -> exp.Expr:
    """Whole months between two moments, as java.time counts them: the day of the month decides."""
    years = exp.paren(_duck("YEAR", later.copy()) - _duck("YEAR", earlier.copy()))
    count = exp.paren(years * 12 + exp.paren(_duck("MONTH", later.copy()) - _duck("MONTH", earlier.copy())))
    rest_later, rest_earlier = (
        exp.paren(m.copy() - _duck("DATE_TRUNC", exp.Literal.string("month"), m.copy()))
        for m in (later, earlier)
    )
    short = exp.and_(count.copy() > 0, exp.LT(this=rest_later, expression=rest_earlier))
    over = exp.and_(count.copy() < 0, exp.GT(this=rest_later.copy(), expression=rest_earlier.copy()))
    fix = exp.Case(
        ifs=[
            exp.If(this=short, true=exp.Literal.number(1)),
            exp.If(this=over, true=exp.Literal.number(-1)),
        ],
        default=exp.Literal.number(0),
    )
    return exp.paren(count - exp.paren(fix))
