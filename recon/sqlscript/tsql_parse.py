"""One T-SQL statement, condition or expression to a sqlglot tree that still says what was written.

sqlglot's T-SQL parser translates functions while it reads (ISNULL becomes COALESCE, CONVERT a TRY_CAST,
DATEDIFF a function that counts differently) and turns what it does not know into nothing or into a Command.
Here functions stay calls by their T-SQL name, and nothing, a Command or a second statement is an error.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeAlias

from sqlglot import exp
from sqlglot.dialects.tsql import TSQL
from sqlglot.errors import SqlglotError

from recon.errors import ProgramError
from recon.sqlscript.plain import plain_trees
from recon.sqlscript.tokens import Kind
from recon.sqlscript.tsql_options import with_own_columns, without_options

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from recon.sqlscript.tokens import Token
    from recon.sqlscript.tsql_tree import Leaf

Tree: TypeAlias = exp.Expr
_OWN_GRAMMAR: Final = {"CAST", "TRY_CAST", "CONVERT", "TRY_CONVERT", "TRIM"}
_NO_WORDS: Final = {"ANY", "CONNECT_BY_ROOT", "IF", "NEXT"}


def statement(leaf: Leaf, file: str) -> Tree:
    """The tree of a leaf. ProgramError with its line when it is not understood."""
    tokens = with_own_columns(leaf.parts) if leaf.verb in {"UPDATE", "MERGE"} else leaf.parts
    return _parse(without_options(tokens, leaf.verb, file), leaf.line, file)


def condition(leaf: Leaf, file: str) -> Tree:
    """The tree of an IF's or WHILE's condition."""
    tree = _parse(_around("SELECT 1 WHERE", leaf.parts, leaf.verb, file), leaf.line, file)
    where = tree.args.get("where")
    if not isinstance(where, exp.Where) or set(_given(tree)) - {"expressions", "where"}:
        raise ProgramError("this condition is not understood", file=file, line=leaf.line)
    return where.this


def expression(tokens: Sequence[Token], line: int, file: str) -> Tree:
    """The tree of one value."""
    tree = _parse(_around("SELECT", tokens, "SELECT", file), line, file)
    if not isinstance(tree, exp.Select) or len(tree.expressions) != 1 or set(_given(tree)) != {"expressions"}:
        raise ProgramError("this expression is not understood", file=file, line=line)
    return tree.expressions[0]


def query(tokens: Sequence[Token], line: int, file: str) -> Tree:
    """The tree of a SELECT that is part of another statement: of a CTAS, a view, a cursor."""
    tree = _parse(without_options(tokens, "SELECT", file), line, file)
    if not isinstance(tree, exp.Query):
        raise ProgramError("a SELECT is expected here", file=file, line=line)
    return tree


def plain_tsql(text: str) -> list[Tree]:
    """The trees of T-SQL's statements; functions are not translated. SqlglotError when not understood."""
    return plain_trees(text, TSQL(), _OWN_GRAMMAR, _NO_WORDS)


def line_of(tree: Tree, default: int = 0) -> int:
    """The line on which a part of a statement stands."""
    lines = [n.meta["line"] for n in tree.walk() if "line" in n.meta]
    return min(lines, default=default)


def _given(tree: Tree) -> list[str]:
    return [k for k, v in tree.args.items() if v]


def _around(prefix: str, tokens: Sequence[Token], verb: str, file: str) -> list[str | Token]:
    return [prefix, *without_options(tokens, verb, file)]


def _parse(pieces: Iterable[str | Token], line: int, file: str) -> Tree:
    try:
        trees = plain_tsql(_lined(pieces, line))
    except SqlglotError as error:
        raise ProgramError(_words(error), file=file, line=_error_line(error, line)) from error
    except RecursionError as error:
        raise ProgramError("the statement is nested too deeply to be read", file=file, line=line) from error
    if len(trees) != 1 or isinstance(trees[0], exp.Command):
        raise ProgramError("this statement is not understood", file=file, line=line)
    return trees[0]


def _lined(pieces: Iterable[str | Token], line: int) -> str:
    """The text of the tokens, each on its own line of the file; no comment reaches the parser."""
    text = ["\n" * (line - 1)]
    now = line
    for piece in pieces:
        if isinstance(piece, str):
            text.append(piece)
            continue
        text.append("\n" * (piece.line - now) or " ")
        text.append(_spelled(piece))
        now = max(now, piece.line) + piece.text.count("\n")
    return "".join(text)


def _spelled(token: Token) -> str:
    """Its text; a temporary table that is called like a keyword (`#join`) in brackets."""
    bare = token.text.lstrip("#")
    plain = token.kind is not Kind.TEMP or not (bare[:1].isdigit() or bare.upper() in TSQL.Tokenizer.KEYWORDS)
    return token.text if plain else f"[{token.text}]"


def _words(error: SqlglotError) -> str:
    details: list[Any] = getattr(error, "errors", [])
    near = str(details[0].get("highlight") or "").strip() if details else ""
    return "this statement is not understood" + (f" near {near!r}" if near else "")


def _error_line(error: SqlglotError, default: int) -> int:
    details: list[Any] = getattr(error, "errors", [])
    return int(details[0].get("line") or default) if details else default
