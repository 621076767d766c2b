"""The order of text under a SQL Server collation: letters first, accents after them, case last or not at all.

Blanks come before signs, signs before digits, digits before letters; a letter with an accent stands beside
the letter. Not settled here is how signs stand to each other, where letters of other alphabets stand, and
that Windows' rules, which hold for nvarchar and for collations without SQL_, pass over ' and - at first.
Values are therefore put in order under several rules, and it is said when these disagree.
https://learn.microsoft.com/en-us/sql/relational-databases/collations/collation-and-unicode-support
https://learn.microsoft.com/en-us/windows/win32/intl/handling-sorting-in-your-applications (word sort)
"""

from __future__ import annotations

import string
from typing import TYPE_CHECKING

from sqlglot import exp

from recon.connectors.local.tsql.collate import folded, named
from recon.connectors.local.tsql.collate import rules as collation_of
from recon.connectors.local.tsql.duck import binary, case, column, fn, matches, name, text
from recon.connectors.local.tsql.expr import concat_all
from recon.connectors.local.tsql.units import once
from recon.connectors.local.tsql.watched import one_table, watch_set, watch_values
from recon.sqlscript.tsql_types import Family

if TYPE_CHECKING:
    from collections.abc import Callable

    from recon.connectors.local.tsql.duck import Tree
    from recon.connectors.local.tsql.scope import Env
    from recon.sqlscript.tsql_types import SqlType

    Rule = Callable[[Env, Tree, SqlType], Tree]

UNSURE = (
    "signs, or letters that are not Latin, decide the order of text; where Synapse's collation puts them is"
    " not proven here"
)
_SIGNS = "".join(sorted(string.punctuation))
_LETTERS = string.digits + string.ascii_lowercase
_KNOWN = " " + _SIGNS + _LETTERS
# What is not known stays as it is: control characters before the ranks, letters of other alphabets behind.
_RANKS = "".join(chr(ord(" ") + i) for i in range(len(_KNOWN)))
_TURNED = _RANKS[0] + _RANKS[len(_SIGNS) : 0 : -1] + _RANKS[len(_SIGNS) + 1 :]
_END = " \x01"  # the shorter text counts as filled up with blanks
_HEX, _TURNED_HEX = "0123456789ABCDEF", "FEDCBA9876543210"


def sort_key(env: Env, tree: Tree, kind: SqlType) -> Tree:
    """What a value is sorted by: equal for two values just when they are. Other types sort as themselves."""
    if not _is_dictionary(env, kind):
        return folded(env, tree, kind)
    return once(tree, lambda given: _by_signs(env, folded(env, given, kind), kind))


def ordered(env: Env, node: Tree, tree: Tree, kind: SqlType) -> Tree:
    """The sort key, and a note when other values of its table make it unsure that this is Synapse's order."""
    if _is_dictionary(env, kind):
        _watch_all(env, node, [tree], kind)
    return sort_key(env, tree, kind)


def in_order(
    env: Env, node: Tree, operator: type[exp.Binary], left: Tree, right: Tree, kind: SqlType
) -> Tree:
    """The condition `left < right` or its kin, with the same note."""
    made = binary(operator, sort_key(env, left, kind), sort_key(env, right, kind))
    if _is_dictionary(env, kind):
        if one_table(left, right) and _is_latin(env, kind):
            sides = [folded(env, side, kind) for side in (left, right)]
            tests = [binary(operator, *(rule(env, s, kind) for s in sides)) for rule in _rules(env, kind)]
            watch_values(env, node, _any_differs(tests), UNSURE)
        else:  # any value of one table may meet any of the other
            _watch_all(env, node, [left, right], kind)
    return made


def _watch_all(env: Env, node: Tree, values: list[Tree], kind: SqlType) -> None:
    if not _is_latin(env, kind):
        env.note(node, UNSURE)
        return
    ranks = [_rank(rule(env, column("v", "v"), kind)) for rule in _rules(env, kind)]
    doubtful = fn("regexp_matches", column("v", "v"), text("[^a-z0-9 ]"))
    watch_set(env, node, [folded(env, v, kind) for v in values], doubtful, _any_differs(ranks), UNSURE)


def _any_differs(trees: list[Tree]) -> Tree:
    """Whether one of several values is not the first one."""
    differ: Tree | None = None
    for other in trees[1:]:
        test = binary(exp.NEQ, trees[0].copy(), other)
        differ = test if differ is None else exp.Or(this=differ, expression=test)
    return differ or exp.false()


def _rank(key: Tree) -> Tree:
    order = exp.Order(expressions=[exp.Ordered(this=key, nulls_first=True)])
    return exp.Window(this=fn("rank"), order=order, over="OVER")


def _is_dictionary(env: Env, kind: SqlType) -> bool:
    return kind.family is Family.TEXT and not collation_of(env, kind).binary


def _is_latin(env: Env, kind: SqlType) -> bool:
    """Whether the alphabet is the one of English; others have letters of their own between these."""
    return "LATIN1" in named(env, kind).upper()


def _rules(env: Env, kind: SqlType) -> list[Rule]:
    """The order that is used, then those that may be the right one instead. They read folded values."""
    sorts_words = kind.national or not named(env, kind).upper().startswith("SQL_")
    return [_by_signs, _by_signs_turned, *([_by_words] if sorts_words else [])]


def _by_signs(env: Env, given: Tree, kind: SqlType) -> Tree:
    """Signs and accents by their codes, letters of other alphabets last."""
    letters = fn("translate", _letters(given), text(_KNOWN), text(_RANKS))
    return _levels(env, kind, letters, fn("lower", given), given)


def _by_signs_turned(env: Env, given: Tree, kind: SqlType) -> Tree:
    """Everything that is not settled the other way round."""
    letters = _moved(fn("translate", _letters(given), text(_KNOWN), text(_TURNED)), "\x02", "\x7f")
    return _levels(env, kind, letters, _moved(fn("lower", given), "\x7f", ""), _turned(given))


def _by_words(env: Env, given: Tree, kind: SqlType) -> Tree:
    """Hyphens, apostrophes and what is not known count only where all else is the same."""
    bare = fn("regexp_replace", _letters(given), text("['-]|[^ -~]"), text(""), text("g"))
    letters = fn("translate", bare, text(_KNOWN), text(_RANKS))
    return fn(
        "concat", letters, text(_END), _turned(_letters(given)), text(_END), _by_signs(env, given, kind)
    )


def _levels(env: Env, kind: SqlType, letters: Tree, accents: Tree, whole: Tree) -> Tree:
    """Letters, then what of accents and case is left in the folded value."""
    rules = collation_of(env, kind)
    parts = [letters, text(_END)]
    parts += [] if rules.ignores_accents else [accents, text(_END)]
    parts += [] if rules.ignores_case else [whole]
    return concat_all(parts)


def _letters(given: Tree) -> Tree:
    return fn("lower", fn("strip_accents", given))


def _turned(given: Tree) -> Tree:
    """A text whose order is the opposite one; the shorter one still comes first."""
    return fn("translate", fn("hex", fn("encode", given)), text(_HEX), text(_TURNED_HEX))


def _moved(given: Tree, others: str, controls: str) -> Tree:
    """A text with these marks before its control characters and its letters beyond ASCII, both turned."""
    each = exp.column("c", quoted=True)
    marked = case(
        (matches(each, "[ -~]"), each),
        (binary(exp.LT, each, text(" ")), concat_all([text(controls), _turned(each)])),
        default=concat_all([text(others), _turned(each)]),
    )
    pieces = fn(
        "list_transform", fn("str_split", given, text("")), exp.Lambda(this=marked, expressions=[name("c")])
    )
    return case((matches(given, "[ -~]*"), given), default=fn("array_to_string", pieces, text("")))
