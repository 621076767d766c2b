"""The statements of a script as trees whose every part can be found again in the file.

Both dialects are parsed with their functions left as calls by the name that was written: what is looked for
here is what an author wrote, not what a translator makes of it.
"""

from __future__ import annotations

import logging
import re
from bisect import bisect_right
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import sqlglot
from sqlglot import exp
from sqlglot.dialects.databricks import Databricks
from sqlglot.errors import SqlglotError

from recon.errors import ProgramError
from recon.sqlscript.databricks_text import CellKind, cells, statements
from recon.sqlscript.plain import plain_trees
from recon.sqlscript.tokens import Kind, Token
from recon.sqlscript.tsql_header import commas, declared
from recon.sqlscript.tsql_leaf import words
from recon.sqlscript.tsql_options import without_options
from recon.sqlscript.tsql_parse import plain_tsql
from recon.sqlscript.tsql_split import split
from recon.sqlscript.tsql_tree import If, Leaf, Procedure, While, walk

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Sequence

    from recon.model import Language, Script
    from recon.sqlscript.databricks_text import Cell

SYNAPSE, DATABRICKS = "synapse", "databricks"
_GRAMMAR = ("CAST", "TRY_CAST", "EXTRACT", "TRIM")
_LONGEST = 90  # characters of a snippet


@dataclass(frozen=True, slots=True)
class Text:
    """A text that was parsed. `marks` are pairs of places: in this text, and in `whole`, the file's.

    `line` and `column` are those of the start of `whole`.
    """

    parsed: str
    whole: str
    marks: tuple[tuple[int, int], ...] = ((0, 0),)
    line: int = 1
    column: int = 1

    def place(self, offset: int) -> tuple[int, int]:
        """Line and column, from 1, of a place in the parsed text."""
        at = bisect_right(self.marks, (offset, len(self.whole))) - 1
        begin, original = self.marks[max(at, 0)]
        there = min(original + max(offset - begin, 0), len(self.whole))
        above = self.whole.count("\n", 0, there)
        left = there - (self.whole.rfind("\n", 0, there) + 1)
        return self.line + above, left + (self.column if above == 0 else 1)


@dataclass(frozen=True, slots=True)
class Piece:
    """One statement, condition or value of a script."""

    side: str
    file: str
    tree: exp.Expr
    text: Text
    variable: str = ""  # the T-SQL variable that it sets
    names: tuple[str, str] | None = None  # RENAME OBJECT: from, to
    column: str = ""  # PySpark: the column that it makes
    steers: bool = False  # the condition of an IF or WHILE, the query of a cursor: what it feeds nobody knows

    def place(self, node: exp.Expr) -> tuple[int, int]:
        """Line and column of a part of the statement; (0, 0) when nothing in it has a place."""
        begin, end = self._span(node)
        return self.text.place(begin) if end else (0, 0)

    def snippet(self, node: exp.Expr) -> str:
        """The part as it was written, on one line, shortened."""
        begin, end = self._span(node)
        written = " ".join(self.text.parsed[begin:end].split()) if end else ""
        return written if len(written) <= _LONGEST else written[: _LONGEST - 1] + "…"

    def _span(self, node: exp.Expr) -> tuple[int, int]:
        marked = [n.meta for n in node.walk() if "start" in n.meta]
        text = self.text.parsed
        if not marked:
            return self._bare(node)
        begin, end = min(int(m["start"]) for m in marked), max(int(m["end"]) for m in marked) + 1
        word = _KEYWORDS.get(type(node))
        if word:
            begin = _before(text, begin, word)
        begin -= text[begin - 1 : begin] == "#"
        end = _closed(text, begin, _named(text, end, node))
        if isinstance(node, exp.Case):
            end = text.upper().find("END", end) + 3
        return begin, max(end, begin)

    def _bare(self, node: exp.Expr) -> tuple[int, int]:
        """The place of a word that is a value by itself and keeps no place: the n-th one of the statement."""
        word = _BARE.get(type(node))
        if word is None:
            return 0, 0
        alike = [n for n in self.tree.walk(bfs=False) if type(n) is type(node)]
        found = list(re.finditer(rf"\b{word}\b(?:\s*\(\s*\))?", self.text.parsed, re.IGNORECASE))
        n = next(i for i, other in enumerate(alike) if other is node)
        return found[n].span() if n < len(found) else (0, 0)


_BARE: dict[type[exp.Expr], str] = {
    exp.CurrentTimestamp: "CURRENT_TIMESTAMP",
    exp.CurrentDate: "CURRENT_DATE",
}
_KEYWORDS: dict[type[exp.Expr], tuple[str, ...]] = {
    exp.Cast: ("CAST", "TRY_CAST"),
    exp.TryCast: ("TRY_CAST",),
    exp.Convert: ("CONVERT", "TRY_CONVERT"),
    exp.Extract: ("EXTRACT",),
    exp.Case: ("CASE",),
    exp.Where: ("WHERE",),
    exp.Group: ("GROUP",),
    exp.Join: ("INNER", "LEFT", "JOIN"),
}


def _before(text: str, begin: int, words: Sequence[str]) -> int:
    """Where the nearest of the words begins that stands before `begin`, within the same statement."""
    upper = text.upper()
    found = max(upper.rfind(word, 0, begin) for word in words)
    return found if found >= 0 else begin


_VARIABLE = re.compile(r"\s*(?:[<>=!+*/%|-]{1,2}|BETWEEN|AND|,)?\s*[@:]\w+", re.IGNORECASE)


def _named(text: str, end: int, node: exp.Expr) -> int:
    """`end`, moved behind the variables that follow: @x and :x have no place of their own."""
    for _ in node.find_all(exp.Parameter, exp.Placeholder):
        found = _VARIABLE.match(text, end)
        end = found.end() if found else end
    return end


def _closed(text: str, begin: int, end: int) -> int:
    """`end`, moved on until the brackets that open behind `begin` are closed."""
    depth = text.count("(", begin, end) - text.count(")", begin, end)
    at = end
    while depth > 0 and at < len(text):
        depth += (text[at] == "(") - (text[at] == ")")
        at += 1
    return at if depth <= 0 else end


@dataclass(slots=True)
class Pieces:
    """What was read of one script, and what was not: (line, why)."""

    read: list[Piece] = field(default_factory=list[Piece])
    unread: list[tuple[int, str]] = field(default_factory=list[tuple[int, str]])
    types: dict[str, str] = field(default_factory=dict[str, str])  # of variables, by folded name with its @
    opaque: bool = False  # whether values come from where a text does not show: EXEC, FETCH

    def add(self, other: Pieces) -> None:
        """Take over what was read elsewhere."""
        self.read += other.read
        self.unread += other.unread
        self.opaque = self.opaque or other.opaque


# --- T-SQL --------------------------------------------------------------------------------

_PARSED = {"SELECT", "INSERT", "UPDATE", "DELETE", "MERGE", "TRUNCATE"}


def tsql_pieces(script: Script) -> Pieces:
    """The statements of a T-SQL script, those of all its procedures, in the order of the text."""
    out = Pieces()
    try:
        tree = split(script.text, script.path)
    except ProgramError as error:
        out.unread.append((error.line, str(error)))
        return out
    for batch in tree.batches:
        for statement in walk(batch.body):
            if isinstance(statement, Procedure):
                out.types |= {p.name.casefold(): _spelled(p.type) for p in statement.parameters}
            leaf = statement.condition if isinstance(statement, (If, While)) else statement
            if isinstance(leaf, Leaf):
                out.opaque = out.opaque or leaf.verb in {"EXEC", "FETCH"}
                _read_leaf(leaf, script, out)
    return out


def _spelled(kind: Sequence[Token]) -> str:
    return " ".join(t.text for t in kind)


def _read_leaf(leaf: Leaf, script: Script, out: Pieces) -> None:
    try:
        if leaf.verb == "DECLARE" and leaf.parts[1].kind is Kind.VARIABLE:
            out.types |= {d.name.casefold(): _spelled(d.type) for d in declared(leaf, script.path) if d.type}
        out.read.extend(_leaf(leaf, script))
    except ProgramError as error:
        out.unread.append((error.line or leaf.line, str(error)))
    except (SqlglotError, RecursionError):
        out.unread.append((leaf.line, "this statement is not understood"))


def _leaf(leaf: Leaf, script: Script) -> Iterator[Piece]:
    tokens = leaf.parts
    if leaf.verb in _PARSED or (leaf.verb == "CREATE" and _holds_rows(tokens)):
        yield _parse(without_options(tokens, leaf.verb, script.path), script)
    elif leaf.verb == "CONDITION":
        yield _parse(
            without_options(tokens, leaf.verb, script.path), script, prefix="SELECT 1 WHERE ", steers=True
        )
    elif leaf.verb == "SET" and len(tokens) > 3 and tokens[1].kind is Kind.VARIABLE:
        if tokens[2].text == "=" and tokens[3].word != "CURSOR":
            yield _parse(tokens[3:], script, prefix="SELECT ", variable=tokens[1].text)
    elif leaf.verb == "DECLARE":
        yield from _declared(tokens, script)
    elif leaf.verb == "RENAME" and any(t.word == "TO" for t in tokens):
        yield _renamed(tokens, script)


def _holds_rows(tokens: Sequence[Token]) -> bool:
    return any(t.word in {"TABLE", "VIEW"} for t in tokens[1:3])


def _declared(tokens: Sequence[Token], script: Script) -> Iterator[Piece]:
    """The values that a DECLARE gives, and the query of a cursor."""
    words = [t.word for t in tokens]
    if "CURSOR" in words and "FOR" in words:
        yield _parse(tokens[words.index("FOR") + 1 :], script, steers=True)
        return
    for item in commas(tokens[1:]):
        equals = next((i for i, t in enumerate(item) if t.text == "="), 0)
        if item and equals:
            yield _parse(item[equals + 1 :], script, prefix="SELECT ", variable=item[0].text)
        elif len(item) > 2 and any(t.word == "TABLE" for t in item[1:3]):
            begin = next(i for i, t in enumerate(item) if t.word == "TABLE")
            yield _parse(item[begin + 1 :], script, prefix=f"CREATE TABLE [{item[0].text}] ")


def _renamed(tokens: Sequence[Token], script: Script) -> Piece:
    to = next(i for i, t in enumerate(tokens) if t.word == "TO")
    names = [t.name for t in tokens[2:to] if t.kind in {Kind.NAME, Kind.QUOTED, Kind.TEMP}]
    names = [n for n in names if n != ":"]
    before = ".".join(names[-2:]).casefold()
    after = ".".join([*names[-2:-1], tokens[to + 1].name]).casefold()
    text = Text("", script.text, ((0, tokens[0].offset),))
    return Piece(SYNAPSE, script.path, exp.Null(), text, names=(before, after))


def _parse(
    tokens: Sequence[Token], script: Script, prefix: str = "", variable: str = "", *, steers: bool = False
) -> Piece:
    parsed, marks = [prefix], list[tuple[int, int]]()
    length = len(prefix)
    previous: Token | None = None
    for token in tokens:
        apart = previous is None or token.offset > previous.offset + len(previous.text)
        gap = " " if previous is not None and (apart or token.offset <= previous.offset) else ""
        parsed.append(gap)
        length += len(gap)
        marks.append((length, token.offset))
        parsed.append(token.text)
        length += len(token.text)
        previous = token
    text = Text("".join(parsed), script.text, tuple(marks) or ((0, 0),))
    tree = _one(plain_tsql, text.parsed)
    return Piece(SYNAPSE, script.path, tree, text, variable=variable, steers=steers)


def _nothing(_: logging.LogRecord) -> bool:
    return False


@contextmanager
def _quiet() -> Generator[None]:
    """Without the parser's own warnings: what it does not understand is said here, with its line."""
    log = logging.getLogger("sqlglot")
    log.addFilter(_nothing)
    try:
        yield
    finally:
        log.removeFilter(_nothing)


def _one(parse: Callable[[str], list[exp.Expr]], text: str) -> exp.Expr:
    with _quiet():
        trees = parse(text)
    if len(trees) != 1 or isinstance(trees[0], exp.Command):
        raise SqlglotError("not understood")
    return trees[0]


# --- Databricks ------------------------------------------------------------------------------

# Statements that hold no expression over rows, by their first word.
_QUIET = words(
    "USE SET RESET CACHE UNCACHE REFRESH ANALYZE OPTIMIZE VACUUM SHOW DESCRIBE DESC EXPLAIN DROP ALTER GRANT"
    " REVOKE DENY COMMENT CLEAR DECLARE CALL EXECUTE MSCK REPAIR COMMIT ROLLBACK BEGIN"
)


def databricks_pieces(cell: Cell, file: str) -> Pieces:
    """The statements of a SQL cell (or of a whole script), in order."""
    out = Pieces()
    try:
        parts = statements(cell.text, file)
    except ProgramError as error:
        out.unread.append((error.line, str(error)))
        return out
    at = 0
    for part in parts:
        begin = cell.text.find(part.text, at)
        at = begin + len(part.text)
        words = part.words
        if words[0].key == "USE":
            out.read.append(_used(part.text, words[-1].text, cell.text, begin, file))
        elif words[0].key not in _QUIET and not (words[0].key == "CREATE" and _no_rows(part.text)):
            read = databricks_piece(part.text, Text(part.text, cell.text, ((0, begin),)), file)
            if read is None:
                out.unread.append((part.line, "this statement is not understood"))
            else:
                out.read.append(read)
    return out


def _no_rows(text: str) -> bool:
    head = text.upper().split("(")[0].split()[:6]
    return not {"TABLE", "VIEW"} & set(head)


def _used(text: str, name: str, whole: str, begin: int, file: str) -> Piece:
    tree = exp.Use(this=exp.to_identifier(name))
    return Piece(DATABRICKS, file, tree, Text(text, whole, ((0, begin),)))


def _plain_databricks(text: str) -> list[exp.Expr]:
    return plain_trees(text, Databricks(), _GRAMMAR)


def _databricks(text: str) -> list[exp.Expr]:
    return [tree for tree in sqlglot.parse(text, read=Databricks) if tree is not None]


def databricks_piece(sql: str, text: Text, file: str, column: str = "") -> Piece | None:
    """One statement or query; None when it cannot be read."""
    for parse in (_plain_databricks, _databricks):  # the second knows `substring(x FROM 1)` and its like
        try:
            return Piece(DATABRICKS, file, _one(parse, sql), text, column=column)
        except (SqlglotError, RecursionError):
            continue
    return None


def script_cells(script: Script, language: Language) -> tuple[tuple[Cell, ...], tuple[Cell, ...]]:
    """The cells of a variant: those of SQL, and those of Python."""
    found = cells(script.text, language)
    sql = tuple(c for c in found if c.kind is CellKind.SQL)
    return sql, tuple(c for c in found if c.kind is CellKind.PYTHON)
