"""The rows of a script that only reads: what is asked of Synapse in baseline.mode = "query".

Nothing but SELECT gets through, whatever the login may do: a statement that would write is refused here,
before anything is sent.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn

from sqlglot import exp

from recon.connectors.cloud.synapse_scripts import Edit, edited, edits, head, leaves, variables, written
from recon.connectors.cloud.synapse_words import as_written, predicate
from recon.errors import ProgramError
from recon.sqlscript.tokens import Kind
from recon.sqlscript.tsql_leaf import words
from recon.sqlscript.tsql_options import closing
from recon.sqlscript.tsql_tree import Block, If, Leaf, ScriptTree, tokens_of, walk

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from recon.model import Scalar
    from recon.sqlscript.tokens import Token
    from recon.sqlscript.tsql_tree import Batch, Statement

_READS = words("SELECT DECLARE SET PRINT CONDITION")
_REACHES_OUT = words("OPENQUERY OPENROWSET OPENDATASOURCE OPENXML")
_ASSIGNS = words("= += -= *= /= %= &= |= ^=")
_SET_OPERATORS = words("UNION EXCEPT INTERSECT")
_HINT = 'Use mode = "call" to run the script, or mode = "table" to compare what is loaded.'
_ROWS = "recon_rows"


@dataclass(frozen=True, slots=True)
class Asked:
    """A script that only reads, taken apart: what stands before its last SELECT, and the pieces of that.

    `line` is the first line of the batch in its file.
    """

    prelude: str
    ctes: str
    main: str
    option: str
    line: int

    @property
    def plain(self) -> str:
        """The batch up to its last SELECT, which is unchanged."""
        return " ".join(p for p in (self.prelude, self.ctes, self.main, self.option) if p)

    def selecting(self, expressions: Sequence[exp.Expr], where: str = "") -> str:
        """The batch with chosen expressions over the SELECT's rows, filtered. ProgramError in "filter"."""
        rows = exp.Subquery(
            this=as_written(self.main), alias=exp.TableAlias(this=exp.to_identifier(_ROWS, quoted=True))
        )
        chosen = exp.select(*expressions).from_(rows)
        if where:
            chosen = chosen.where(predicate(where))
        return " ".join(p for p in (self.prelude, self.ctes, written(chosen), self.option) if p)


def asked(tree: ScriptTree, params: Mapping[str, Scalar]) -> Asked:
    """The last SELECT of a script with what it needs. ProgramError, with its line, for what is no reading."""
    for batch in tree.batches:
        for statement in walk(batch.body):
            _only_reads(tree, statement)
    batch, last = _last(tree)
    given = variables(tree, params)
    tokens = tokens_of(ScriptTree(tree.file, tree.text, (batch,)))
    before = [t for t in tokens if t.offset < last.parts[0].offset]
    prelude = head(batch, [t for leaf in leaves(batch) for t in leaf.parts], given)
    if before:
        changes = edits(tree, batch, given) + _unread(batch, last)
        prelude += edited(tree, before[0].offset, _end(before), changes)
        gap = last.line - before[-1].line - before[-1].text.count("\n")
        prelude += ("" if before[-1].word == ";" else ";") + "\n" * gap  # each line stays where it is
    ctes, main, option = _pieces(tree, last)
    return Asked(prelude, ctes, main, option, tokens[0].line)


def _only_reads(tree: ScriptTree, statement: Statement) -> None:
    if isinstance(statement, (If, Block)):
        return
    if not isinstance(statement, Leaf) or statement.verb not in _READS:
        what = statement.verb if isinstance(statement, Leaf) else type(statement).__name__.upper()
        _refuse(tree, statement.line, f"{what} is more than reading, and nothing else is done here")
    if statement.verb == "DECLARE" and statement.parts[1].kind is not Kind.VARIABLE:
        _refuse(tree, statement.line, "a cursor is not read here")
    spoken = [t.word for t in statement.parts]
    if statement.verb == "SELECT" and "INTO" in spoken:
        _refuse(tree, statement.line, "SELECT .. INTO writes a table, and nothing but reading is done here")
    if reached := _REACHES_OUT & set(spoken):
        _refuse(tree, statement.line, f"{min(reached)} may do more than reading")
    if any(
        triple == ("NEXT", "VALUE", "FOR") for triple in zip(spoken, spoken[1:], spoken[2:], strict=False)
    ):
        _refuse(
            tree, statement.line, "NEXT VALUE FOR changes a sequence, and nothing but reading is done here"
        )


def _refuse(tree: ScriptTree, line: int, message: str) -> NoReturn:
    raise ProgramError(message, file=tree.file, line=line, hint=_HINT)


def _last(tree: ScriptTree) -> tuple[Batch, Leaf]:
    """The last SELECT with rows, and its batch. It must not depend on a condition."""
    for batch in reversed(tree.batches):
        rows = [leaf for leaf in leaves(batch) if _has_rows(leaf)]
        hidden = next((leaf for leaf in rows if leaf not in batch.body), None)
        if hidden is not None:
            _refuse(tree, hidden.line, "a SELECT inside of IF or BEGIN: which rows are meant is not clear")
        if rows:
            return batch, rows[-1]
    raise ProgramError("the script has no SELECT that returns rows", file=tree.file)


def _has_rows(leaf: Leaf) -> bool:
    """Whether it is a SELECT that does not set variables."""
    if leaf.verb != "SELECT":
        return False
    depth = 0
    for token, following in itertools.pairwise(leaf.parts):
        depth += (token.word == "(") - (token.word == ")")
        if depth == 0 and token.word == "FROM":
            break
        if depth == 0 and token.kind is Kind.VARIABLE and following.word in _ASSIGNS:
            return False
    return True


def _unread(batch: Batch, last: Leaf) -> list[Edit]:
    """Earlier SELECTs with rows that nobody reads."""
    return [
        Edit(leaf.parts[0].offset, _end(leaf.parts), "")
        for leaf in leaves(batch)
        if _has_rows(leaf) and leaf.parts[0].offset < last.parts[0].offset
    ]


def _end(tokens: Sequence[Token]) -> int:
    return tokens[-1].offset + len(tokens[-1].text)


def _pieces(tree: ScriptTree, leaf: Leaf) -> tuple[str, str, str]:
    """A SELECT as its common table expressions, itself, and its OPTION, each as written.

    An ORDER BY that does not choose rows goes: a derived table may not have one.
    https://learn.microsoft.com/sql/t-sql/queries/select-order-by-clause-transact-sql
    """
    tokens = list(leaf.parts)
    main = _after_with(tokens)
    outer = _outer(tokens, main)
    if "FOR" in outer and {"XML", "JSON", "BROWSE"} & set(outer):
        _refuse(tree, leaf.line, "a SELECT .. FOR XML or JSON gives one text, and no rows to compare")
    option = outer.get("OPTION", len(tokens))
    cut = option
    chooses = ("TOP" in outer and not _SET_OPERATORS & set(outer)) or "OFFSET" in outer
    if "ORDER" in outer and not chooses:
        cut = outer["ORDER"]
    ctes = _slice(tree, tokens[:main])
    return ctes, _slice(tree, tokens[main:cut]), _slice(tree, tokens[option:])


def _outer(tokens: Sequence[Token], begin: int) -> dict[str, int]:
    """The words outside of all brackets, with the last place of each."""
    found: dict[str, int] = {}
    depth = 0
    for at in range(begin, len(tokens)):
        word = tokens[at].word
        depth += (word == "(") - (word == ")")
        if depth == 0 and word:
            found[word] = at
    return found


def _after_with(tokens: Sequence[Token]) -> int:
    """Where the SELECT behind common table expressions begins; 0 without any."""
    if tokens[0].word != "WITH":
        return 0
    at = 1
    while True:
        while tokens[at].word != "AS":
            at = closing(tokens, at) + 1 if tokens[at].word == "(" else at + 1
        at = closing(tokens, at + 1) + 1
        if at >= len(tokens) or tokens[at].word != ",":
            return at
        at += 1


def _slice(tree: ScriptTree, tokens: Sequence[Token]) -> str:
    return tree.text[tokens[0].offset : _end(tokens)] if tokens else ""
