"""SQL to sqlglot trees in which functions stay calls by the name that was written.

sqlglot translates functions while it reads. Here their names are hidden from its parser: extending the parser
would fail wherever sqlglot runs compiled, be it that another package has brought that along.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlglot.tokenizer_core import TokenType

if TYPE_CHECKING:
    from collections.abc import Collection

    from sqlglot import Dialect, exp

_HIDDEN: Final = "\ue000"  # before a name; in no SQL is it part of one
_AROUND: Final = {  # where words are part of another clause: FETCH NEXT, IF EXISTS, IF NOT EXISTS
    "NEXT": ({TokenType.FETCH}, {*()}),
    "IF": ({*()}, {TokenType.EXISTS, TokenType.NOT}),
}


def plain_trees(
    text: str, dialect: Dialect, grammar: Collection[str], words: Collection[str] = ()
) -> list[exp.Expr]:
    """The trees of the statements, in order. SqlglotError when one is not understood.

    Functions in `grammar` have arguments of their own form and are read as sqlglot reads them. `words` mean
    something to sqlglot even without a parenthesis behind them, but not here.
    """
    parser = dialect.parser()
    known = ({*parser.FUNCTIONS} | {*parser.FUNCTION_PARSERS}) - {*grammar}
    known -= {*parser.NO_PAREN_FUNCTION_PARSERS} - {*words}
    tokens = dialect.tokenize(text)
    ends = [None, *(token.token_type for token in tokens), None]
    for token, before, kind, after in zip(tokens, ends, ends[1:], ends[2:], strict=False):
        name = token.text.upper()
        hidden = name in words or (after is TokenType.L_PAREN and name in known)
        left, right = _AROUND.get(name, (set(), set()))
        if hidden and kind in parser.FUNC_TOKENS and before not in left and after not in right:
            token.text = _HIDDEN + token.text
    trees = [tree for tree in parser.parse(tokens, text) if tree is not None]
    for tree in trees:
        for node in tree.walk():
            if isinstance(node.this, str):
                node.set("this", node.this.removeprefix(_HIDDEN))
    return trees
