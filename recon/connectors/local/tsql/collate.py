"""Text as a SQL Server collation sees it: equality and LIKE; its order is in `sort_order`.

Trailing blanks never matter to `=`, whatever the collation; case and accents do as its name says.
https://learn.microsoft.com/en-us/sql/relational-databases/collations/collation-and-unicode-support
https://learn.microsoft.com/en-us/sql/t-sql/language-elements/string-comparison-assignment
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from recon.connectors.local.tsql.duck import case, fail, fn, matches, text
from recon.sqlscript.tsql_types import Family

if TYPE_CHECKING:
    from recon.connectors.local.tsql.duck import Tree
    from recon.connectors.local.tsql.scope import Env, Typed
    from recon.sqlscript.tsql_types import SqlType

# What has a meaning in DuckDB's regular expressions (RE2) but none in LIKE.
_SPECIAL = re.compile(r"([\\.+*?(){}|$^\[\]])")


@dataclass(frozen=True, slots=True)
class Collation:
    """What a collation's name says."""

    ignores_case: bool
    ignores_accents: bool
    binary: bool


def collation(name: str) -> Collation:
    """Read `SQL_Latin1_General_CP1_CI_AS`, `Latin1_General_100_BIN2_UTF8` and their kind."""
    parts = set(name.upper().split("_"))
    binary = bool(parts & {"BIN", "BIN2"})
    return Collation("CS" not in parts and not binary, "AI" in parts, binary)


def named(env: Env, kind: SqlType) -> str:
    """The collation of a type: its own, or that of the database."""
    return kind.collation or env.ctx.session.collation


def rules(env: Env, kind: SqlType) -> Collation:
    """What the collation of a type says."""
    return collation(named(env, kind))


def folded(env: Env, tree: Tree, kind: SqlType) -> Tree:
    """What has to be the same for two values to be equal. Types other than text are themselves."""
    if kind.family is not Family.TEXT:
        return tree
    meant = rules(env, kind)
    if meant.ignores_accents:
        tree = fn("strip_accents", tree)
    if meant.ignores_case:
        tree = fn("lower", tree)
    return fn("rtrim", tree, text(" "))


def common(env: Env, node: Tree, a: Typed, b: Typed) -> SqlType:
    """The type, with the collation, under which two texts meet: one asked for wins over a column's own.

    https://learn.microsoft.com/en-us/sql/t-sql/statements/collation-precedence-transact-sql
    """
    mine, other = a.type.collation, b.type.collation
    if a.explicit is not b.explicit:
        return a.type if a.explicit else b.type
    if mine and other and mine.casefold() != other.casefold():
        env.refuse(node, f"the collations {mine} and {other} cannot be compared", "468")
    return a.type if mine else b.type


def like(env: Env, node: Tree, value: Typed, pattern: Typed, escape: str) -> Tree:
    """`value LIKE pattern`: %, _ and the classes [a-c], [^a-c].

    Trailing blanks of varchar values do not count.
    https://learn.microsoft.com/en-us/sql/t-sql/language-elements/like-transact-sql
    """
    meet = common(env, node, value, pattern)
    flags = "is" if rules(env, meet).ignores_case else "s"
    subject = value.tree
    if rules(env, meet).ignores_accents:
        subject = fn("strip_accents", subject)
    blanks = "" if value.type.national or pattern.type.national else " *"
    if pattern.literal:
        return matches(subject, like_regex(pattern.tree.name, escape) + blanks, flags)
    if escape:
        env.refuse(node, "LIKE with ESCAPE and a pattern that is computed is not supported")
    return fn("regexp_full_match", subject, fn("concat", _computed(pattern.tree), text(blanks)), text(flags))


def _computed(pattern: Tree) -> Tree:
    """The regular expression of a pattern that is only known while the statement runs."""
    safe = fn("regexp_replace", pattern, text(r"([\\.+*?(){}|$^])"), text(r"\\\1"), text("g"))
    regex = fn("replace", fn("replace", safe, text("%"), text(".*")), text("_"), text("."))
    classes = fail(0, "LIKE with a computed pattern that holds [ is not supported")
    return case((fn("contains", pattern, text("[")), classes), default=regex)


def like_regex(pattern: str, escape: str = "") -> str:
    """A LIKE pattern as an RE2 expression."""
    out: list[str] = []
    at = 0
    while at < len(pattern):
        char = pattern[at]
        if escape and char == escape and at + 1 < len(pattern):
            out.append(_SPECIAL.sub(r"\\\1", pattern[at + 1]))
            at += 2
            continue
        if char == "[" and (end := pattern.find("]", at + 2)) > 0:
            out.append(_class(pattern[at + 1 : end]))
            at = end + 1
            continue
        out.append({"%": ".*", "_": "."}.get(char) or _SPECIAL.sub(r"\\\1", char))
        at += 1
    return "".join(out)


def _class(inside: str) -> str:
    negated = inside.startswith("^")
    members = inside[1:] if negated else inside
    safe = re.sub(r"([\\\[\]^&~|])", r"\\\1", members)
    return f"[{'^' if negated else ''}{safe}]"
