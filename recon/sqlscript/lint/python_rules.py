"""Patterns in PySpark, by Python's own tree; SQL inside strings becomes pieces like any other.

What a DataFrame's lineage is, the text of a Python program does not tell: a hit belongs to the column that
the nearest `withColumn` or `alias` around it makes, or to none.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from recon.sqlscript.lint.found import DUCKDB, LOCAL
from recon.sqlscript.lint.pieces import Pieces, Text, databricks_piece

if TYPE_CHECKING:
    from collections.abc import Iterator

_QUOTE: Final = re.compile(r"""[A-Za-z]*("{3}|'{3}|"|')""")


@dataclass(frozen=True, slots=True)
class PythonFound:
    """One hit in a PySpark file."""

    code: str
    node: ast.expr
    message: str
    column: str = ""  # the column that it makes, as written
    rows: bool = False
    certain: bool = True
    hides: str = ""


@dataclass(frozen=True, slots=True)
class _Call:
    """What a call of some name says. `rows`: it decides which rows there are."""

    code: str
    message: str
    certain: bool = False
    hides: str = ""
    rows: bool = False


_FILLS = _Call(
    "NULL_NOT_HANDLED",
    "puts a value in the place of NULL in every column of its type, or in all named; the original may not",
)
_ZONE = _Call("TIMEZONE_SHIFT", "shifts by a time zone; T-SQL's datetimes have none", certain=True)
_DROPS_TIME = _Call("DATE_ADD_DROPS_TIME", "gives a DATE, so the time of day is lost")
_HASHES = _Call("HASH_FUNCTION", "hashes UTF-8 and prints small letters: HASHBYTES and CHECKSUM differ")
_PANDAS = _Call("ROUNDING", "pandas computes in floats and rounds halves to even")
_KEEPS = _Call("UNION_ALL", "keeps duplicates, as UNION ALL does", rows=True)
_CALLS: Final = {
    "fillna": _FILLS,
    "bround": _Call(
        "ROUNDING", "bround rounds halves to even; T-SQL rounds them away from zero", certain=True
    ),
    "percentile_approx": _Call(
        "APPROX_AGGREGATE", "is an element of the group; PERCENTILE_CONT goes between two", True, DUCKDB
    ),
    "approx_count_distinct": _Call("APPROX_AGGREGATE", "estimates", True, DUCKDB),
    "monotonically_increasing_id": _Call(
        "SURROGATE_KEY", "depends on how the rows are distributed: no other run has these keys", True, LOCAL
    ),
    "months_between": _Call(
        "DATEDIFF_BOUNDARY",
        "counts whole months and fractions of 31 days, T-SQL's DATEDIFF(month) crossed boundaries",
        certain=True,
    ),
    "date_add": _DROPS_TIME,
    "date_sub": _DROPS_TIME,
    "from_utc_timestamp": _ZONE,
    "to_utc_timestamp": _ZONE,
    "concat": _Call("CONCAT_NULL", "gives NULL when a part is NULL; T-SQL's CONCAT takes NULL for ''"),
    "concat_ws": _Call("CONCAT_NULL", "leaves NULLs out; `+` on text in T-SQL gives NULL"),
    **dict.fromkeys(("sha2", "md5", "hash", "xxhash64"), _HASHES),
    "weekday": _Call("DATEPART_BASE", "counts from Monday = 0, T-SQL from Sunday = 1", certain=True),
    "weekofyear": _Call("DATEPART_BASE", "is the ISO week; T-SQL's week 1 begins on 1 January", certain=True),
    **dict.fromkeys(("toPandas", "applyInPandas", "mapInPandas"), _PANDAS),
    **dict.fromkeys(("union", "unionByName", "unionAll"), _KEEPS),
}
_VOLATILE: Final = frozenset(
    {"current_timestamp", "current_date", "now", "uuid", "rand", "randn", "uuid4", "uuid1"}
)
_PATTERNS: Final = frozenset({"date_format", "to_date", "to_timestamp"})
_SQL: Final = frozenset({"sql"})
_EXPRESSIONS: Final = frozenset({"expr", "selectExpr", "where", "filter"})
_COLUMN_MAKERS: Final = frozenset({"withColumn", "alias", "name", "withColumnRenamed"})
_ORDERS: Final = frozenset({"orderBy", "sort", "sortWithinPartitions"})
_SORTED: Final = frozenset({"sort_array", "array_sort", "size", "array_contains"})


def python_found(text: str, file: str) -> tuple[list[PythonFound], Pieces]:
    """The hits of one PySpark text, and the SQL inside of it."""
    out = Pieces()
    try:
        tree = ast.parse(text)
    except SyntaxError as error:
        out.unread.append((error.lineno or 1, f"not Python: {error.msg}"))
        return [], out
    above = _parents(tree)
    hits: list[PythonFound] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            hits += _call(node, above)
            _sql(node, above, text, file, out)
        elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
            hits += _divide(node, above)
    return hits, out


def _parents(tree: ast.AST) -> dict[ast.AST, ast.AST]:
    return {child: parent for parent in ast.walk(tree) for child in ast.iter_child_nodes(parent)}


def _name(call: ast.Call) -> str:
    """`round` of `F.round(x)` and of `round(x)`."""
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def _chain(call: ast.Call) -> set[str]:
    """The names of all calls before this one in `a.b().c().d()`."""
    found, at = set[str](), call.func
    while isinstance(at, (ast.Attribute, ast.Call)):
        if isinstance(at, ast.Attribute):
            found.add(at.attr)
            at = at.value
        else:
            at = at.func
    return found


def _column(node: ast.AST, above: dict[ast.AST, ast.AST]) -> str:
    """The column that the expression makes: of the nearest withColumn or alias around it."""
    at: ast.AST | None = node
    while at is not None:
        if isinstance(at, ast.Call) and _name(at) in _COLUMN_MAKERS and at.args:
            first = at.args[0]
            if isinstance(first, ast.Constant) and isinstance(first.value, str):
                return first.value
        parent = above.get(at)
        if isinstance(parent, ast.Attribute) and parent.attr == "alias":  # x.alias("name")
            at = above.get(parent)
            continue
        at = parent
    return ""


def _used_for(node: ast.AST, above: dict[ast.AST, ast.AST]) -> str:
    """The one column that calls of the function around it make; empty where that is none or several."""
    at, names = node, set[str]()
    while at in above:
        at = above[at]
        if isinstance(at, ast.FunctionDef):
            names.add(at.name)
        elif isinstance(at, ast.Assign):
            names |= _targets(at)
    for assigned in ast.walk(at):  # r = udf(f)
        if isinstance(assigned, ast.Assign) and any(
            isinstance(part, ast.Name) and part.id in names for part in ast.walk(assigned.value)
        ):
            names |= _targets(assigned)
    calls = (c for c in ast.walk(at) if isinstance(c, ast.Call) and getattr(c.func, "id", "") in names)
    columns = {column for call in calls if (column := _column(call, above))}
    return columns.pop() if len(columns) == 1 else ""


def _targets(assigned: ast.Assign) -> set[str]:
    return {target.id for target in assigned.targets if isinstance(target, ast.Name)}


def _constant(node: ast.expr | None) -> str | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def _call(node: ast.Call, above: dict[ast.AST, ast.AST]) -> Iterator[PythonFound]:
    name, column = _name(node), _column(node, above)
    built_in = name == "hash" and isinstance(node.func, ast.Name)
    call = _FILLS if name == "fill" and "na" in _chain(node) else _CALLS.get(name)
    if call and not built_in:
        said = f"{name}: {call.message}"
        yield PythonFound(call.code, node, said, column, call.rows, call.certain, call.hides)
    elif name in _VOLATILE:
        yield PythonFound("VOLATILE_FUNCTION", node, f"{name} is another value in every run", column)
    elif name in _PATTERNS and len(node.args) > 1:
        yield from _pattern(node, column)
    elif name in {"cast", "astype"} and node.args:
        yield from _cast(node, column)
    elif name == "round" and isinstance(node.func, ast.Name) and _inside_function(node, above):
        said = "Python's round rounds halves to even; T-SQL rounds them away from zero"
        yield PythonFound("ROUNDING", node, said, column or _used_for(node, above))
    else:
        yield from _order(node, name, column, above)


def _inside_function(node: ast.AST, above: dict[ast.AST, ast.AST]) -> bool:
    """Whether it is code of a UDF (or another function), where no Column is rounded."""
    at = above.get(node)
    while at is not None and not isinstance(at, (ast.FunctionDef, ast.Lambda)):
        at = above.get(at)
    return at is not None


def _pattern(node: ast.Call, column: str) -> Iterator[PythonFound]:
    written = _constant(node.args[1])
    if written is None:
        return
    plain = re.sub(r"'[^']*'", "", written)
    minutes = "mm" in plain and not re.search("[Hhk]{1,2}[:. ]?mm|mm[:. ]?ss", plain)
    if minutes or "YYYY" in plain or "DD" in plain:
        said = f"'{written}': mm are minutes (MM months), YYYY is no year (yyyy), DD is the day of the year"
        yield PythonFound("DATE_FORMAT_PARSE", node, said, column)
    else:
        said = "date patterns are other letters than T-SQL's styles: check which form is read or made"
        yield PythonFound("DATE_FORMAT_PARSE", node, said, column, certain=False)


def _cast(node: ast.Call, column: str) -> Iterator[PythonFound]:
    first = node.args[0]
    wanted = (_constant(first) or (_name(first) if isinstance(first, ast.Call) else "")).lower()
    if wanted in {"float", "real", "floattype"}:
        yield PythonFound("FLOAT_PRECISION", node, "FLOAT has 4 bytes and 7 digits: use double", column)
    elif wanted in {"tinyint", "byte", "bytetype"}:
        yield PythonFound("TINYINT", node, "a byte holds -128 to 127, T-SQL's TINYINT 0 to 255", column)


def _order(node: ast.Call, name: str, column: str, above: dict[ast.AST, ast.AST]) -> Iterator[PythonFound]:
    if name == "limit" and isinstance(node.func, ast.Attribute) and not _chain(node) & _ORDERS:
        if _only_shown(node, above):
            return
        said = "limit without orderBy: which rows it takes is not defined"
        yield PythonFound("NONDETERMINISTIC_ORDER", node, said, rows=True, hides=LOCAL)
    elif name in {"dropDuplicates", "drop_duplicates"} and node.args:
        said = f"{name} of some columns keeps any row of each group"
        yield PythonFound("NONDETERMINISTIC_ORDER", node, said, rows=True, hides=LOCAL)
    elif name in _ORDERS and node.args and all(_is_constant(argument) for argument in node.args):
        said = f"{name} by a constant orders nothing"
        yield PythonFound("NONDETERMINISTIC_ORDER", node, said, rows=True, hides=LOCAL)
    elif name == "row_number":
        said = "where rows tie in the window's order, row_number picks one of them by chance"
        yield PythonFound("NONDETERMINISTIC_ORDER", node, said, column, certain=False)
    elif name in {"first", "last", "any_value"} and node.args and not _over(node, above):
        said = f"{name} takes any row of the group"
        yield PythonFound("NONDETERMINISTIC_ORDER", node, said, column, hides=LOCAL)
    elif name in {"collect_list", "collect_set"} and not _sorted(node, above):
        said = f"{name} puts its parts in no certain order: sort_array it"
        yield PythonFound("STRING_AGG_ORDER", node, said, column, hides=LOCAL)


def _is_constant(node: ast.expr) -> bool:
    """lit(1), F.lit("x")."""
    return isinstance(node, ast.Call) and _name(node) == "lit"


def _only_shown(node: ast.AST, above: dict[ast.AST, ast.AST]) -> bool:
    """Whether the rows go to a person's eyes: display(x), x.show()."""
    parent = above.get(node)
    if isinstance(parent, ast.Call):
        return _name(parent) == "display"
    return isinstance(parent, ast.Attribute) and parent.attr in {"show", "display"}


def _over(node: ast.AST, above: dict[ast.AST, ast.AST]) -> bool:
    parent = above.get(node)
    return isinstance(parent, ast.Attribute) and parent.attr == "over"


def _sorted(node: ast.AST, above: dict[ast.AST, ast.AST]) -> bool:
    parent = above.get(node)
    return isinstance(parent, ast.Call) and _name(parent) in _SORTED


def _divide(node: ast.BinOp, above: dict[ast.AST, ast.AST]) -> Iterator[PythonFound]:
    if any(_is_column(side) for side in (node.left, node.right)):
        said = "if both sides are integers, T-SQL drops the fraction of this division, Spark keeps it"
        yield PythonFound("INT_DIVISION", node, said, _column(node, above), certain=False)


def _is_column(node: ast.expr) -> bool:
    """Whether it looks like a Spark column: col("x"), F.sum(...), df.x, df["x"] and sums of them."""
    if isinstance(node, ast.BinOp):
        return _is_column(node.left) or _is_column(node.right)
    if isinstance(node, ast.Call):
        return _name(node) in {
            "col",
            "column",
            "sum",
            "count",
            "lit",
            "expr",
            "coalesce",
            "cast",
            "max",
            "min",
        }
    return isinstance(node, ast.Subscript) and _constant(node.slice) is not None


# --- SQL inside -------------------------------------------------------------------------------


def _sql(node: ast.Call, above: dict[ast.AST, ast.AST], text: str, file: str, out: Pieces) -> None:
    name = _name(node)
    if name in _SQL and isinstance(node.func, ast.Attribute) and node.args:
        _read(node.args[0], "", text, file, out)
    elif name in _EXPRESSIONS:
        prefix = "SELECT 1 WHERE " if name in {"where", "filter"} else "SELECT "
        for argument in node.args:
            if isinstance(argument, (ast.Constant, ast.JoinedStr)):
                _read(argument, prefix, text, file, out, _column(node, above))


def _read(node: ast.expr, prefix: str, text: str, file: str, out: Pieces, column: str = "") -> None:
    sql = _text_of(node)
    if sql is None:
        if not prefix:
            out.unread.append((node.lineno, "this SQL is put together while the program runs"))
        return
    segment = ast.get_source_segment(text, node) or ""
    quote = _QUOTE.match(segment)
    inside = quote.end() if quote else 0
    whole = segment[inside:]
    begin = node.col_offset + 1 + inside
    marks = ((len(prefix), 0),)
    placed = Text(prefix + sql, whole, marks, line=node.lineno, column=begin)
    read = databricks_piece(placed.parsed, placed, file, column)
    if read is None:
        out.unread.append((node.lineno, "this SQL is not understood"))
    else:  # an expression alone is no query whose rows could be the target's
        out.read.append(replace(read, steers=True) if prefix else read)


def _text_of(node: ast.expr) -> str | None:
    """A string's value; what an f-string fills in becomes a name. None for what is computed."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        parts = (p.value if isinstance(p, ast.Constant) else "filled_in" for p in node.values)
        return "".join(p for p in parts if isinstance(p, str))
    return None
