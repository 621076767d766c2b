"""The query behind a procedure: the SELECT of the last statement that fills its target, as a script that
only reads.

Variables are declared and set as in the procedure; #temp tables and table variables that are filled once
become common table expressions. Whatever could make the rows other than those that the procedure writes
(a loop, a cursor, dynamic SQL, a call, a change of a table that is read) is refused with its line: then the
procedure has to be run (`mode = "call"`), or its table compared as it stands (`mode = "table"`).
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, NoReturn

from recon.errors import ProgramError
from recon.sqlscript.extract_text import joined, spelled, text_of
from recon.sqlscript.tokens import Kind, Token
from recon.sqlscript.tsql_header import object_name
from recon.sqlscript.tsql_leaf import words
from recon.sqlscript.tsql_options import closing
from recon.sqlscript.tsql_tree import Block, If, Leaf, Procedure, Try, While, walk

if TYPE_CHECKING:
    from collections.abc import Sequence

    from recon.sqlscript.extract_text import Line
    from recon.sqlscript.tsql_tree import ScriptTree, Statement

_HINT = 'Use mode = "call" to run the procedure, or mode = "table" to compare what is loaded.'
_HARMLESS = words(
    "PRINT RETURN WAITFOR GRANT REVOKE DENY USE CHECKPOINT BEGIN COMMIT RAISERROR THROW ALTER DROP"
)
_CHANGES = words("UPDATE DELETE MERGE TRUNCATE")
_ASSIGNS = words("= += -= *= /= %= &= |= ^=")
_BEFORE_A_TABLE = words("UPDATE INTO FROM JOIN DELETE MERGE USING APPLY ,")
_ROWS = "recon_rows"
_READ = "SELECT * FROM [recon_rows];"


@dataclass(frozen=True, slots=True)
class Extracted:
    """`text` reads what the statement at `line` writes into `target`, which held rows before if `adds`.

    `lines` are those of `text`, each with the line of the procedure that it comes from (0: none).
    """

    text: str
    target: str
    line: int
    adds: bool
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class _Filled:
    """A table that the script fills by a query: the columns that it lists, and the query's tokens."""

    name: str
    columns: tuple[str, ...]
    query: tuple[Token, ...]
    line: int
    made: bool = False  # CTAS, SELECT INTO: the table begins here


@dataclass(slots=True)
class _Reading:
    """What has been seen of the script so far."""

    file: str
    declared: list[Line] = field(default_factory=list["Line"])  # DECLARE and SET, as written
    tables: dict[str, _Filled] = field(default_factory=dict[str, _Filled])
    emptied: set[str] = field(default_factory=set[str])
    fresh: set[str] = field(default_factory=set[str])  # tables that were empty when they were filled
    called: int = 0  # the line of an EXEC
    changed: dict[str, int] = field(default_factory=dict[str, int])  # table -> the line that changes it
    renamed: dict[str, str] = field(default_factory=dict[str, str])  # new name -> old name
    last: str = ""  # the table that was filled last, and is no #temp

    def refuse(self, line: int, message: str) -> NoReturn:
        raise ProgramError(message, file=self.file, line=line, hint=_HINT)


def is_procedure(tree: ScriptTree) -> bool:
    """Whether the script only creates procedures, so that its rows have to be extracted."""
    whole = [s for batch in tree.batches for s in batch.body]
    others = [s for s in whole if not isinstance(s, Procedure) and not _prepares(s)]
    return not others and any(isinstance(s, Procedure) for s in whole)


def _prepares(statement: Statement) -> bool:
    """What stands before CREATE PROCEDURE in scripted files: SET ANSI_NULLS ON, IF EXISTS ... DROP."""
    inside = walk((statement,)) if not isinstance(statement, (While, Try)) else iter((statement,))
    return all(
        isinstance(s, (If, Block)) or (isinstance(s, Leaf) and s.verb in _HARMLESS | {"SET"}) for s in inside
    )


def extract(tree: ScriptTree, columns: Sequence[str] = ()) -> Extracted:
    """The query of the script's only procedure. `columns` are the target's, for an INSERT without a list.

    ProgramError with the line that prevents it.
    """
    procedures = [s for batch in tree.batches for s in batch.body if isinstance(s, Procedure)]
    if len(procedures) != 1:
        message = f"{len(procedures)} procedures in one script: it is not clear whose rows are meant"
        raise ProgramError(message, file=tree.file, line=1, hint=_HINT)
    seen = _Reading(tree.file)
    for parameter in procedures[0].parameters:
        default = joined(" = ", spelled(parameter.default)) if parameter.default else []
        seen.declared += joined(f"DECLARE {parameter.name} ", spelled(parameter.type), default, ";")
    _read(seen, procedures[0].body)
    target = seen.renamed.get(seen.last, seen.last)
    if not seen.last:
        seen.refuse(procedures[0].line, "the procedure fills no table by a query")
    filled = seen.tables[target]
    if seen.changed[target] != filled.line:
        seen.refuse(seen.changed[target], f"{seen.last} is changed after it was filled")
    return _written(seen, filled, columns)


# --- Reading the procedure -------------------------------------------------------------------------


def _read(seen: _Reading, statements: Sequence[Statement]) -> None:
    for statement in statements:
        if isinstance(statement, Leaf):
            _leaf(seen, statement)
        elif isinstance(statement, Block):
            _read(seen, statement.body)
        elif isinstance(statement, Try):
            _read(seen, statement.body)  # its CATCH is for a load that fails
        elif isinstance(statement, If):
            _branch(seen, statement)
        elif isinstance(statement, While):
            seen.refuse(statement.line, "a loop encloses what the procedure writes")


def _branch(seen: _Reading, statement: If) -> None:
    """IF may drop or create what is not there; a load that depends on a condition is refused."""
    inside = [statement.then, *([statement.otherwise] if statement.otherwise else [])]
    for leaf in (s for s in walk(tuple(inside)) if not isinstance(s, Block)):
        if not isinstance(leaf, Leaf) or leaf.verb not in _HARMLESS | {"ROLLBACK"}:
            seen.refuse(leaf.line, "what the procedure writes depends on a condition")


def _leaf(seen: _Reading, leaf: Leaf) -> None:
    tokens = leaf.parts
    if leaf.verb in {"DECLARE", "SET"}:
        _variable(seen, leaf)
    elif leaf.verb == "CREATE":
        _create(seen, leaf)
    elif leaf.verb == "SELECT":
        _select(seen, leaf)
    elif leaf.verb == "INSERT":
        _insert(seen, leaf)
    elif leaf.verb == "RENAME":
        _rename(seen, leaf)
    elif leaf.verb in {"TRUNCATE", "DELETE"} and not any(t.word == "WHERE" for t in tokens):
        at = 2 if tokens[1].word in {"TABLE", "FROM"} else 1
        parts, _ = object_name(tokens, at)
        _empty(seen, _key(parts), leaf.line)
    elif leaf.verb in _CHANGES:
        seen.changed.update(dict.fromkeys(_named(tokens), leaf.line))
    elif leaf.verb == "EXEC":
        seen.called = leaf.line
    elif leaf.verb not in _HARMLESS:
        seen.refuse(leaf.line, f"{leaf.verb} is not understood here")


def _variable(seen: _Reading, leaf: Leaf) -> None:
    second = leaf.parts[1]
    if second.kind is not Kind.VARIABLE:
        if leaf.verb == "DECLARE":
            seen.refuse(leaf.line, "a cursor encloses what the procedure writes")
        return  # SET NOCOUNT ON and its kin
    if leaf.verb == "DECLARE" and any(t.word == "TABLE" for t in leaf.parts[2:4]):
        return  # a table variable: empty until it is filled
    seen.declared += joined(spelled(_inlined(seen, leaf.parts, leaf.line)), ";")


def _create(seen: _Reading, leaf: Leaf) -> None:
    tokens = leaf.parts
    if tokens[1].word != "TABLE":
        return  # statistics, indexes
    parts, at = object_name(tokens, 2)
    while at < len(tokens) and tokens[at].word in {"(", "WITH"}:
        at = closing(tokens, at + (tokens[at].word == "WITH")) + 1
    if at < len(tokens) and tokens[at].word == "AS":
        _fill(seen, _Filled(_key(parts), (), tokens[at + 1 :], leaf.line, made=True))


def _select(seen: _Reading, leaf: Leaf) -> None:
    """SELECT @a = ..., SELECT .. INTO t, or rows that nobody keeps."""
    tokens = leaf.parts
    head = tokens[: next((i for i, t in enumerate(tokens) if t.word == "FROM" and _outside(tokens, i)), None)]
    if any(a.kind is Kind.VARIABLE and b.word in _ASSIGNS for a, b in itertools.pairwise(head)):
        seen.declared += joined(spelled(_inlined(seen, tokens, leaf.line)), ";")
        return
    into = next((i for i, t in enumerate(tokens) if t.word == "INTO" and _outside(tokens, i)), None)
    if into is not None:
        parts, end = object_name(tokens, into + 1)
        _fill(seen, _Filled(_key(parts), (), tokens[:into] + tokens[end:], leaf.line, made=True))


def _insert(seen: _Reading, leaf: Leaf) -> None:
    tokens = leaf.parts
    main = next(i for i, t in enumerate(tokens) if t.word == "INSERT" and _outside(tokens, i))
    parts, at = object_name(tokens, main + (2 if tokens[main + 1].word == "INTO" else 1))
    columns: tuple[str, ...] = ()
    while at < len(tokens) and tokens[at].word in {"WITH", "("}:
        hint = tokens[at].word == "WITH"
        if hint and tokens[at + 1].word != "(":
            break
        end = closing(tokens, at + hint)
        if not hint:
            columns = tuple(t.name for t in tokens[at + 1 : end] if t.word != ",")
        at = end + 1
    begins = tokens[at].word if at < len(tokens) else ""
    if begins not in {"SELECT", "WITH", "("}:  # VALUES, EXEC
        seen.changed[_key(parts)] = leaf.line
        seen.called = leaf.line if begins in {"EXEC", "EXECUTE"} else seen.called
        return
    _fill(seen, _Filled(_key(parts), columns, tokens[:main] + tokens[at:], leaf.line))


def _fill(seen: _Reading, filled: _Filled) -> None:
    before = seen.changed.get(filled.name)
    if before is not None and filled.name not in seen.emptied:
        seen.refuse(filled.line, f"{filled.name} is filled a second time (first in line {before})")
    if filled.made or filled.name in seen.emptied:
        seen.fresh.add(filled.name)
    query = _inlined(seen, _without_option(filled.query), filled.line)
    if _touches(query, filled.name) and filled.name in seen.emptied:
        seen.refuse(filled.line, f"the query reads {filled.name}, which was emptied before")
    seen.tables[filled.name] = replace(filled, query=tuple(query))
    seen.emptied.discard(filled.name)
    seen.changed[filled.name] = filled.line
    if not filled.name.startswith(("#", "@")):
        seen.last = filled.name


def _empty(seen: _Reading, key: str, line: int) -> None:
    if key in seen.tables:
        seen.refuse(line, f"{key} is emptied after it was filled")
    seen.emptied.add(key)
    seen.changed[key] = line


def _rename(seen: _Reading, leaf: Leaf) -> None:
    tokens = leaf.parts
    parts, end = object_name(tokens, 3 if tokens[2].word == "::" else 2)
    old = _key(parts)
    new = _key((*parts[:-1], tokens[end + 1].name)) if end + 1 < len(tokens) else ""
    if old in seen.tables and new:
        seen.renamed[new] = old
        seen.last = new


def _named(tokens: Sequence[Token]) -> set[str]:
    """Every table that a statement may change; aliases, and tables that it only reads, among them."""
    found: set[str] = set()
    for before, (at, token) in zip((None, *tokens), enumerate(tokens), strict=False):
        named = token.kind in {Kind.NAME, Kind.QUOTED, Kind.TEMP, Kind.VARIABLE}
        if named and (token.kind is Kind.TEMP or (before and before.word in _BEFORE_A_TABLE)):
            found.add(_key(object_name(tokens, at)[0]))
    return found


def _inlined(seen: _Reading, query: Sequence[Token], line: int) -> list[Token]:
    """The tokens with #temp tables as common table expressions; refused where one that is read changed."""
    out: list[Token] = []
    for at, token in enumerate(query):
        before = query[at - 1].word if at else ""
        if before in {"FROM", "JOIN", "APPLY"} and seen.called:
            seen.refuse(seen.called, f"EXEC may change what line {line} reads")
        if token.kind is Kind.TEMP or (token.kind is Kind.VARIABLE and token.text.casefold() in seen.tables):
            found = seen.tables.get(token.text.casefold())
            if found is None:
                seen.refuse(token.line, f"{token.text} is read before the procedure fills it")
            if seen.changed[found.name] != found.line:
                seen.refuse(seen.changed[found.name], f"{token.text} is changed after it was filled")
            out.append(Token(Kind.QUOTED, f"[{_cte(token.text)}]", token.offset, token.line))
            continue
        if before in {"FROM", "JOIN", "APPLY", ","} and token.kind in {Kind.NAME, Kind.QUOTED}:
            parts, _ = object_name(query, at)
            key = _key(parts)
            if key in seen.changed:
                seen.refuse(line, f"the query reads {key}, which line {seen.changed[key]} changes")
        out.append(token)
    return out


# --- Writing the script ------------------------------------------------------------------------------


def _written(seen: _Reading, filled: _Filled, columns: Sequence[str]) -> Extracted:
    named = filled.columns or tuple(columns)
    needed = [t for t in seen.tables.values() if t.name.startswith(("#", "@"))]
    used: list[_Filled] = []
    wanted = {t.text for t in filled.query}
    for table in reversed(needed):  # a table reads only those that were filled before it
        if f"[{_cte(table.name)}]" in wanted:
            used.insert(0, table)
            wanted |= {t.text for t in table.query}
    lines = [*seen.declared, (0, "WITH ")]
    for table in (*used, _Filled(_ROWS, named, filled.query, filled.line)):
        lines = joined(lines, *_common_table(seen, table), ",\n")
    lines = [*lines[:-2], (lines[-2][0], lines[-2][1].removesuffix(",")), (0, _READ)]
    return Extracted(text_of(lines), seen.last, filled.line, filled.name not in seen.fresh, tuple(lines))


def _common_table(seen: _Reading, table: _Filled) -> list[str | list[Line]]:
    """A table's own common table expressions, then the table itself as one."""
    inner, query = _with(seen, table)
    listed = f" ({', '.join(_quoted(c) for c in table.columns)})" if table.columns else ""
    title = table.name if table.name == _ROWS else _cte(table.name)
    return [
        *itertools.chain.from_iterable((p, ",\n") for p in inner),
        f"{_quoted(title)}{listed} AS (\n",
        query,
        "\n)",
    ]


def _with(seen: _Reading, table: _Filled) -> tuple[list[list[Line]], list[Line]]:
    """A query's own common table expressions, which cannot stand inside another one, and the query."""
    tokens = table.query
    if tokens[0].word != "WITH":
        return [], spelled(tokens)
    inner: list[list[Line]] = []
    at = 1
    while True:
        begin = at
        while tokens[at].word != "AS":
            at = closing(tokens, at) + 1 if tokens[at].word == "(" else at + 1
        end = closing(tokens, at + 1)
        inner.append(spelled(tokens[begin : end + 1]))
        at = end + 1
        if at >= len(tokens) or tokens[at].word != ",":
            break
        at += 1
    if at >= len(tokens):
        seen.refuse(table.line, "WITH without its query")
    return inner, spelled(tokens[at:])


def _without_option(tokens: Sequence[Token]) -> tuple[Token, ...]:
    cut = next((i for i, t in enumerate(tokens) if t.word == "OPTION" and _outside(tokens, i)), len(tokens))
    return tuple(tokens[:cut])


def _outside(tokens: Sequence[Token], at: int) -> bool:
    return sum((t.word == "(") - (t.word == ")") for t in tokens[:at]) == 0


def _touches(query: Sequence[Token], key: str) -> bool:
    return key in _named(query)


def _key(parts: tuple[str, ...]) -> str:
    """A table's name for looking it up: `dbo.t` for `t` and `[DBO].[T]`, `#t` for a temp table."""
    last = parts[-1].casefold() if parts else ""
    if last.startswith(("#", "@")):
        return last
    schema = parts[-2] if len(parts) > 1 and parts[-2] else "dbo"
    return f"{schema.casefold()}.{last}"


def _cte(name: str) -> str:
    return f"recon_{name.casefold().lstrip('#@')}"


def _quoted(name: str) -> str:
    return f"[{name.replace(']', ']]')}]"
