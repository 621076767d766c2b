"""Text as Synapse counts it: in UTF-16 units, so that a letter beyond U+FFFF (an emoji) counts as two.

Only collations with `_SC` or of version 140 count it as one.
https://learn.microsoft.com/en-us/sql/relational-databases/collations/collation-and-unicode-support#supplementary-characters
A cut between the two halves gives half a letter at Synapse, which no file can hold: it is an error here.
"""

from __future__ import annotations

import itertools
import re
from typing import TYPE_CHECKING

from sqlglot import exp

from recon.connectors.local.tsql.duck import case, equal, fail, fn, name, num, plus, text

if TYPE_CHECKING:
    from collections.abc import Callable

    from recon.connectors.local.tsql.duck import Tree
    from recon.connectors.local.tsql.scope import Env
    from recon.sqlscript.tsql_types import SqlType

_MARKS = itertools.count()
_BEYOND = r"[\x{10000}-\x{10FFFF}]"
_HALF = "\uffff"  # stands behind such a letter for its second unit; it is no character of Unicode
_BROKEN = rf"{_BEYOND}($|[^\x{{FFFF}}])|(^|[^\x{{10000}}-\x{{10FFFF}}])\x{{FFFF}}"
# Letters that a collation other than a binary one takes for others: sharp s and ligatures, signs above the
# line, marks of their own, letters of full width, kana, and what has no weight at all.
_PECULIAR = (
    r"[\x{00DF}\x{1E9E}\x{00C6}\x{00E6}\x{0152}\x{0153}\x{00DE}\x{00FE}\x{00AA}\x{00B2}\x{00B3}\x{00B9}"
    r"\x{00BA}\x{00AD}\x{0130}\x{0131}\x{0300}-\x{036F}\x{200B}-\x{200F}\x{2060}"
    r"\x{2070}-\x{209F}\x{3041}-\x{30FF}\x{FB00}-\x{FB06}\x{FEFF}\x{FF01}-\x{FFEE}]"
)
_PECULIAR_HERE = re.compile(re.sub(r"\\x\{([0-9A-F]+)\}", lambda m: chr(int(m[1], 16)), _PECULIAR))
PECULIAR = (
    "letters such as \u00df, \u00e6, \u00b2, combining marks or those of full width compare as equal to"
    " others under Synapse's collation; here each is its own"
)


def size(env: Env, tree: Tree, kind: SqlType) -> Tree:
    """The number of units of a text."""
    if _counts_letters(env, kind):
        return fn("length", tree)
    return once(tree, _units)


def _units(tree: Tree) -> Tree:
    letters = fn("length", tree)
    others = text(_BEYOND.replace("[", "[^", 1))
    beyond = fn("length", fn("regexp_replace", tree, others, text(""), text("g")))
    return case((equal(fn("strlen", tree), letters), letters), default=plus(letters, beyond))


def by_units(env: Env, tree: Tree, kind: SqlType, cut: Callable[[Tree], Tree]) -> Tree:
    """What `cut` leaves of a text; its places count units."""
    if _counts_letters(env, kind):
        return cut(tree)
    return once(cut(spread(env, tree, kind)), lambda left: case((_plain(left), left), default=_joined(left)))


def _joined(left: Tree) -> Tree:
    """A piece of widened text as it was; an error where its edge cuts a letter in half."""
    broken = fail(0, "a letter beyond U+FFFF is cut in half, which recon cannot show")
    halved = fn("regexp_matches", left, text(_BROKEN))
    return case((halved, broken), default=fn("replace", left, text(_HALF), text("")))


def spread(env: Env, tree: Tree, kind: SqlType) -> Tree:
    """A text in which each letter is one unit: to look for a place in it."""
    if _counts_letters(env, kind):
        return tree
    return once(tree, lambda given: case((_plain(given), given), default=_wide(given)))


def _plain(tree: Tree) -> Tree:
    """Whether a text is ASCII: then bytes, letters and units are the same."""
    return equal(fn("strlen", tree), fn("length", tree))


def _wide(tree: Tree) -> Tree:
    return fn("regexp_replace", tree, text(f"({_BEYOND})"), text(rf"\1{_HALF}"), text("g"))


def once(tree: Tree, work: Callable[[Tree], Tree]) -> Tree:
    """`work` on a value that is computed once however often `work` names it: nested calls would multiply.

    DuckDB binds it by a lambda. Its name depends on the expression alone, as GROUP BY compares expressions.
    """
    if isinstance(tree, (exp.Column, exp.Literal)) or tree.find(exp.Column, exp.Select) is None:
        return work(tree)
    mark = f"recon value {next(_MARKS)}"
    body = work(exp.column(mark, quoted=True))
    if body.find(exp.Select, exp.Window) is not None:
        return work(tree)  # DuckDB has neither in a lambda
    taken = {c.name for c in body.find_all(exp.Column)}
    taken |= {p.name for inner in body.find_all(exp.Lambda) for p in inner.expressions}
    named = next(f"u{k}" for k in itertools.count() if f"u{k}" not in taken)
    for node in [n for n in body.find_all(exp.Column) if n.name == mark]:
        node.set("this", name(named))
    bound = exp.Lambda(this=body, expressions=[name(named)])
    return fn("list_extract", fn("list_transform", exp.Array(expressions=[tree]), bound), num(1))


def _counts_letters(env: Env, kind: SqlType) -> bool:
    """Whether letters are units: varchar has none beyond U+FFFF, some collations count them as one."""
    parts = set((kind.collation or env.ctx.session.collation).upper().split("_"))
    return not kind.national or bool(parts & {"SC", "140", "UTF8"})


def peculiar(value: str) -> bool:
    """Whether a text has letters whose comparison is only approximated."""
    return _PECULIAR_HERE.search(value) is not None


def has_peculiar(tree: Tree) -> Tree:
    """The same as a condition."""
    return fn("regexp_matches", tree, text(_PECULIAR))
