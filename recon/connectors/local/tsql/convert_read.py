"""Text to a moment in time, as T-SQL reads dates.

https://learn.microsoft.com/en-us/sql/t-sql/data-types/datetime-transact-sql (supported formats). The language
is us_english: 1/2/2024 is the second of January, unless a style of CONVERT says otherwise. Years of two
digits up to 49 belong to 20xx: https://learn.microsoft.com/en-us/sql/database-engine/configure-windows/configure-the-two-digit-year-cutoff-server-configuration-option
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sqlglot import exp

from recon.connectors.local.tsql.duck import binary, case, cast, equal, fn, is_null, matches, text

if TYPE_CHECKING:
    from collections.abc import Callable

    from recon.connectors.local.tsql.duck import Tree
    from recon.connectors.local.tsql.scope import Env
    from recon.sqlscript.tsql_types import SqlType

_HALF = r"([aA][mM]|[pP][mM])"
_CLOCK = rf"[0-9]{{1,2}}:[0-9]{{2}}(:[0-9]{{2}}([.:][0-9]{{1,7}})?)?\s*{_HALF}?|[0-9]{{1,2}}\s*{_HALF}"
_DIGITS = r"[0-9]{8}|[0-9]{6}"
_YEAR_FIRST = r"[0-9]{4}[-/.][0-9]{1,2}[-/.][0-9]{1,2}"
_YEAR_LAST = r"[0-9]{1,2}[-/.][0-9]{1,2}[-/.]([0-9]{4}|[0-9]{2})"
_NAMED = r"[A-Za-z]{3,9} +[0-9]{1,2},? +[0-9]{4}|[0-9]{1,2} +[A-Za-z]{3,9},? +[0-9]{4}"
_NAMED_FORMATS = ("%b %d %Y", "%B %d %Y", "%d %b %Y", "%d %B %Y")
_CLOCKS = (
    *("", " %H:%M", " %H:%M:%S", " %H:%M:%S.%f"),
    *(" %I:%M %p", " %I:%M:%S %p", " %I:%M:%S.%f %p", " %I %p"),
)
# Styles of CONVERT -> the shapes that they read, and those shapes in strptime's letters. Where SQL Server
# would take a text of another shape apart in its own way, it is an error here.
_DEFAULT = ((_DIGITS, _YEAR_FIRST, _YEAR_LAST, _NAMED), ("%Y-%m-%d", "%Y%m%d", "%m-%d-%Y", *_NAMED_FORMATS))
_DAY_FIRST = ((_DIGITS, _YEAR_LAST, _NAMED), ("%Y%m%d", "%d-%m-%Y", *_NAMED_FORMATS))
_ISO = ((_DIGITS, _YEAR_FIRST), ("%Y-%m-%d", "%Y%m%d"))
_STYLES = {
    **dict.fromkeys(
        (None, 0, 1, 10, 100, 101, 109, 110, 9, 22, 6, 7, 13, 106, 107, 113, 8, 108, 14, 114), _DEFAULT
    ),
    **dict.fromkeys((3, 4, 5, 103, 104, 105), _DAY_FIRST),
    **dict.fromkeys((12, 20, 21, 23, 25, 102, 111, 112, 120, 121, 126, 127), _ISO),
}
_STEPS = (
    (r"^([0-9]{1,4})[-/.]([0-9]{1,2})[-/.]([0-9]{1,4})", r"\1-\2-\3"),
    (r"^([0-9]{1,2}-[0-9]{1,2})-([5-9][0-9])(\s|$)", r"\1-19\2\3"),
    (r"^([0-9]{1,2}-[0-9]{1,2})-([0-4][0-9])(\s|$)", r"\1-20\2\3"),
    (r"^([5-9][0-9][0-9]{4})(\s|T|$)", r"19\1\2"),
    (r"^([0-4][0-9][0-9]{4})(\s|T|$)", r"20\1\2"),
    (r"Z$", ""),
    (r"([0-9])T *([0-9])", r"\1 \2"),
    (r",", " "),
    (r"(:[0-9]{2}:[0-9]{2})[.:]([0-9]{1,6})[0-9]?", r"\1.\2"),
    (r"\s*([aApP][mM])$", r" \1"),
    (r"\s+", " "),
)


def read(
    env: Env, node: Tree, tree: Tree, to: SqlType, style: int | None, failing: Callable[[int, str], Tree]
) -> Tree:
    """Text as a TIMESTAMP. An empty one is 1900-01-01, a time alone lies on that day."""
    if style not in _STYLES:
        return env.refuse(node, f"style {style} for reading a date is not supported")
    if isinstance(tree, exp.Literal) and re.search(r"\.[0-9]{6}[1-9]", str(tree.this)):
        env.note(node, "the seventh digit of the second is cut: recon keeps microseconds")
    elif to.scale >= 6 and not isinstance(tree, exp.Literal):
        env.note(node, f"text becomes {to}: a seventh digit of the second is cut, recon keeps microseconds")
    shapes, days = _STYLES[style]
    bare = fn("trim", tree)
    shape = rf"(({'|'.join(shapes)})([T ]\s*({_CLOCK}))?|{_CLOCK}|)Z?"
    dated = case((matches(bare, _CLOCK), fn("concat", text("1900-01-01 "), bare)), default=bare)
    formats = ("%Y-%m-%d", *days) if "%Y-%m-%d" not in days else days
    stamp = fn("try_strptime", _normal(dated), _all(formats))
    message = f"Conversion failed when converting date and/or time from character string to {to}."
    known = binary(exp.And, matches(bare, shape), exp.Not(this=exp.Paren(this=is_null(stamp))))
    return case(
        (is_null(tree), cast(exp.Null(), "TIMESTAMP")),
        (equal(bare, text("")), cast(text("1900-01-01"), "TIMESTAMP")),
        (known, stamp),
        default=failing(241, message),
    )


def _normal(tree: Tree) -> Tree:
    """One spelling: `-` in dates, four digits a year, one blank before a time and AM, no comma or Z."""
    for pattern, replacement in _STEPS:
        tree = fn("regexp_replace", tree, text(pattern), text(replacement), text("g"))
    return tree


def _all(days: tuple[str, ...]) -> Tree:
    return exp.Array(expressions=[text(day + clock) for day in days for clock in _CLOCKS])
