"""What steers Synapse's engine without changing a result, taken out of a statement before it is parsed.

Storage (DISTRIBUTION, INDEX, HEAP, PARTITION), table hints, join hints and OPTION. Whatever else stands in
their places is refused, because it might change the result. Small spellings that the parser does not know
(`+=`, `!<`, `$1.50`, `DELETE FROM a FROM t a`) become those that it does.
https://learn.microsoft.com/en-us/sql/t-sql/statements/create-table-azure-sql-data-warehouse
https://learn.microsoft.com/en-us/sql/t-sql/queries/hints-transact-sql-table
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from recon.errors import ProgramError
from recon.sqlscript.tokens import Kind, Token
from recon.sqlscript.tsql_header import commas, object_name
from recon.sqlscript.tsql_leaf import words

if TYPE_CHECKING:
    from collections.abc import Sequence

_TABLE_HINTS = words(
    "NOLOCK READUNCOMMITTED READCOMMITTED READCOMMITTEDLOCK REPEATABLEREAD SERIALIZABLE HOLDLOCK UPDLOCK"
    " XLOCK TABLOCK TABLOCKX PAGLOCK ROWLOCK NOWAIT NOEXPAND FORCESEEK FORCESCAN INDEX KEEPIDENTITY"
    " KEEPDEFAULTS IGNORE_CONSTRAINTS IGNORE_TRIGGERS SNAPSHOT"
)  # READPAST is not among them: it leaves rows out
_STORAGE = words("DISTRIBUTION HEAP CLUSTERED PARTITION DATA_COMPRESSION")
_JOIN_HINTS = words("HASH LOOP MERGE REMOTE REDUCE REPLICATE REDISTRIBUTE")
_JOIN_SIDES = words("INNER LEFT RIGHT FULL OUTER")
NEXT_VALUE = "NEXT_VALUE_FOR"  # how `NEXT VALUE FOR s` is spelled for the parser, as a call
XML_AS_TEXT = "ROOT('recon text')"  # how `.value('.', ...)` behind FOR XML ... TYPE is spelled for the parser
_WHOLE_XML = {"'.'", "'text()[1]'", "'./text()[1]'", "'(./text())[1]'"}  # paths that mean all of its text
_COMPOUND = words("+= -= *= /= %= &= |= ^=")
_ENDS_AN_ITEM = words("FROM WHERE OPTION OUTPUT WHEN")
OWN = "recon target"  # before the column that `a += b` adds to, for the parser


def without_options(tokens: Sequence[Token], verb: str, file: str) -> list[Token]:
    """The statement's tokens without storage, hints and OPTION, in spellings that the parser knows."""
    out = _without_groups(tokens, verb, file)
    out = _without_join_hints(out)
    out = _simple_assignments(out)
    out = _next_values(_plain_operators(_xml_values(out)))
    return _one_from(out) if verb == "DELETE" else out


def with_own_columns(tokens: Sequence[Token]) -> list[Token]:
    """`SET a += b` to `SET [recon target].a += b`: the column is the target's, whatever else is called so.

    https://learn.microsoft.com/en-us/sql/t-sql/queries/update-transact-sql#arguments
    """
    out: list[Token] = []
    for at, token in enumerate(tokens):
        named = token.kind in {Kind.NAME, Kind.QUOTED} and _word(tokens, at - 1) in {"SET", ","}
        if named and _word(tokens, at + 1) in _COMPOUND:
            out += [_made(f"[{OWN}]", token, Kind.QUOTED), _made(".", token)]
        out.append(token)
    return out


def closing(tokens: Sequence[Token], at: int) -> int:
    """The place of the bracket that closes the one at `at` (the end if none does)."""
    depth = 0
    for i in range(at, len(tokens)):
        depth += (tokens[i].word == "(") - (tokens[i].word == ")")
        if depth == 0:
            return i
    return len(tokens) - 1


def _word(tokens: Sequence[Token], at: int) -> str:
    return tokens[at].word if 0 <= at < len(tokens) else ""


def _without_groups(tokens: Sequence[Token], verb: str, file: str) -> list[Token]:
    out: list[Token] = []
    at = 0
    while at < len(tokens):
        token = tokens[at]
        opens = _word(tokens, at + 1) == "("
        if token.word == "OPTION" and opens:
            at = closing(tokens, at + 1) + 1
        elif token.word == "WITH" and opens and _word(tokens, at - 1) != "MASKED":
            end = closing(tokens, at + 1)
            _check_group(tokens[at + 2 : end], verb, file)
            at = end + 1
        elif token.word == "(" and _bare_hint(tokens, at):
            at += 3
        else:
            out.append(token)
            at += 1
    return out


def _bare_hint(tokens: Sequence[Token], at: int) -> bool:
    """`FROM t (NOLOCK)`: the old way to write a hint."""
    named = at > 0 and tokens[at - 1].kind in {Kind.NAME, Kind.QUOTED, Kind.TEMP}
    return named and _word(tokens, at + 1) in _TABLE_HINTS and _word(tokens, at + 2) == ")"


def _check_group(group: Sequence[Token], verb: str, file: str) -> None:
    known = _STORAGE | _TABLE_HINTS if verb == "CREATE" else _TABLE_HINTS
    for piece in commas(group):
        if piece and piece[0].word not in known:
            first = piece[0]
            raise ProgramError(f"WITH ({first.text} ...) is not understood", file=file, line=first.line)


def _without_join_hints(tokens: list[Token]) -> list[Token]:
    return [
        t
        for i, t in enumerate(tokens)
        if not (
            t.word in _JOIN_HINTS and _word(tokens, i + 1) == "JOIN" and _word(tokens, i - 1) in _JOIN_SIDES
        )
    ]


def _made(text: str, like: Token, kind: Kind = Kind.OPERATOR) -> Token:
    return Token(kind, text, like.offset, like.line)


def _simple_assignments(tokens: list[Token]) -> list[Token]:
    """`a += b` to `a = a + (b)`."""
    out: list[Token] = []
    at = 0
    while at < len(tokens):
        token = tokens[at]
        if token.word not in _COMPOUND:
            out.append(token)
            at += 1
            continue
        end = _item_end(tokens, at + 1)
        operand = _operand(out)
        out += [_made("=", token), *operand, _made(token.text[0], token), _made("(", token)]
        out += [*_simple_assignments(tokens[at + 1 : end]), _made(")", token)]
        at = end
    return out


def _operand(before: list[Token]) -> list[Token]:
    """The dotted name that `before` ends in."""
    begin = len(before) - 1
    while begin >= 2 and before[begin - 1].word == ".":
        begin -= 2
    return before[begin:]


def _item_end(tokens: Sequence[Token], at: int) -> int:
    depth = 0
    while at < len(tokens):
        word = tokens[at].word
        if depth == 0 and (word == "," or word in _ENDS_AN_ITEM):
            break
        depth += (word in {"(", "CASE"}) - (word in {")", "END"})
        if depth < 0:
            break
        at += 1
    return at


def _plain_operators(tokens: list[Token]) -> list[Token]:
    out: list[Token] = []
    for at, token in enumerate(tokens):
        if token.word == "!<":
            out.append(_made(">=", token))
        elif token.word == "!>":
            out.append(_made("<=", token))
        elif token.word == "REAL" and _word(tokens, at - 1) in {"AS", "("}:
            out.append(_made("FLOAT(24)", token, Kind.NAME))  # the parser would read REAL as FLOAT(53)
        elif token.kind is Kind.NUMBER and token.text[0] == "$":
            # A money constant: https://learn.microsoft.com/en-us/sql/t-sql/data-types/constants-transact-sql
            out += [_made("CAST", token, Kind.NAME), _made("(", token)]
            out += [_made(token.text[1:], token, Kind.NUMBER), _made("AS", token, Kind.NAME)]
            out += [_made("money", token, Kind.NAME), _made(")", token)]
        else:
            out.append(token)
    return out


def _next_values(tokens: list[Token]) -> list[Token]:
    """`NEXT VALUE FOR a.b` to `NEXT_VALUE_FOR('a.b')`."""
    out: list[Token] = []
    at = 0
    while at < len(tokens):
        if [_word(tokens, at + i) for i in range(3)] != ["NEXT", "VALUE", "FOR"]:
            out.append(tokens[at])
            at += 1
            continue
        _, end = object_name(tokens, at + 3)
        spelled = "".join(t.text for t in tokens[at + 3 : end]).replace("'", "''")
        out += [_made(NEXT_VALUE, tokens[at], Kind.NAME), _made("(", tokens[at])]
        out += [_made(f"'{spelled}'", tokens[at], Kind.STRING), _made(")", tokens[at])]
        at = end
    return out


def _xml_values(tokens: list[Token]) -> list[Token]:
    """`(SELECT .. FOR XML PATH(''), TYPE).value('.', 'a')` to `CAST((SELECT ..) AS a)`."""
    out: list[Token] = []
    for at, token in enumerate(tokens):
        out.append(token)
        call = [t.text for t in tokens[at - 6 : at + 1]]
        if len(call) != 7 or (call[0], call[2], call[4], call[6]) != (".", "(", ",", ")"):
            continue
        if call[1].casefold() != "value" or call[3].lstrip("Nn") not in _WHOLE_XML:
            continue
        begin = _opening(out, len(out) - 8)
        if begin is None or not any(t.word == "XML" for t in out[begin:]):
            continue
        kind = call[5].lstrip("Nn").strip("'")
        marks = [_made(t, token, Kind.NAME) for t in (",", XML_AS_TEXT)]
        inside = [*out[begin : len(out) - 8], *marks, out[len(out) - 8]]
        head = [_made("CAST", token, Kind.NAME), _made("(", token)]
        tail = [_made("AS", token, Kind.NAME), _made(kind, token, Kind.NAME), _made(")", token)]
        out[begin:] = [*head, *inside, *tail]
    return out


def _opening(tokens: Sequence[Token], at: int) -> int | None:
    """The place of the bracket that the one at `at` closes."""
    depth = 0
    for i in range(at, -1, -1):
        depth += (tokens[i].word == ")") - (tokens[i].word == "(")
        if depth == 0:
            return i
    return None


def _one_from(tokens: list[Token]) -> list[Token]:
    """`DELETE FROM a FROM t a` to `DELETE a FROM t a`."""
    main = next((i for i, t in enumerate(tokens) if t.word == "DELETE" and _depth(tokens, i) == 0), 0)
    if _word(tokens, main + 1) != "FROM":
        return tokens
    later = [i for i in range(main + 2, len(tokens)) if tokens[i].word == "FROM" and _depth(tokens, i) == 0]
    return tokens[: main + 1] + tokens[main + 2 :] if later else tokens


def _depth(tokens: Sequence[Token], at: int) -> int:
    return sum((t.word == "(") - (t.word == ")") for t in tokens[:at])
