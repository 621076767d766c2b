"""Where a T-SQL statement ends when no semicolon says so.

A leaf runs until a word that can only begin the next statement. Many of those words also occur inside
statements (`UNION SELECT`, `WHEN MATCHED THEN UPDATE SET`, `ON DELETE CASCADE`): one rule a verb says when.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from recon.sqlscript.tokens import Kind, Token

if TYPE_CHECKING:
    from collections.abc import Callable


def words(text: str) -> frozenset[str]:
    """The words of `text` as a set."""
    return frozenset(text.split())


# Reserved words that begin a statement wherever they stand.
HARD = words(
    "SELECT INSERT UPDATE DELETE MERGE WITH CREATE ALTER DROP TRUNCATE DECLARE SET IF WHILE BEGIN COMMIT"
    " ROLLBACK RETURN EXEC EXECUTE PRINT RAISERROR GOTO BREAK CONTINUE WAITFOR GRANT REVOKE DENY ELSE END"
    " DEALLOCATE DBCC BACKUP RESTORE KILL RECONFIGURE SHUTDOWN CHECKPOINT USE SAVE OPEN CLOSE FETCH REVERT"
    " BULK"
)
# Words that begin a statement only when their second word follows; elsewhere they are names.
SOFT = {
    "RENAME": frozenset({"OBJECT"}),
    "COPY": frozenset({"INTO"}),
    "EXPLAIN": frozenset({"SELECT", "INSERT", "UPDATE", "DELETE", "CREATE", "WITH", "WITH_RECOMMENDATIONS"}),
    "ENABLE": frozenset({"TRIGGER"}),
    "DISABLE": frozenset({"TRIGGER"}),
}
_QUERY_JOINS = frozenset({"UNION", "ALL", "EXCEPT", "INTERSECT"})
_NOT_BEFORE_A_STATEMENT = words(
    ", . ( = <> != < > <= >= + - * / % & | ^ ~ :: AS SELECT BY ON AND OR NOT WHERE HAVING FROM JOIN INTO SET"
    " IN LIKE BETWEEN WHEN THEN ELSE CASE TOP DISTINCT TABLE UPDATE APPLY"
)
_NONE = Token(Kind.SPACE, "", 0, 0)


@dataclass(slots=True)
class Scan:
    """How far a leaf has been read: its verb, the words it has had, the brackets it is in."""

    verb: str
    seen: set[str] = field(default_factory=set[str])
    brackets: int = 0
    cases: int = 0
    previous: Token = _NONE
    main: str = ""  # after WITH: the verb that the common table expressions serve

    def take(self, token: Token) -> None:
        """Move past `token`."""
        word = token.word
        self.brackets += (word == "(") - (word == ")")
        if word == "CASE":
            self.cases += 1
        elif word == "END" and self.cases:
            self.cases -= 1
        if not self.brackets and not self.cases:
            self.seen.add(word)
        self.previous = token

    @property
    def inside(self) -> bool:
        """Whether brackets or a CASE are open, so that no statement can begin."""
        return self.brackets > 0 or self.cases > 0


def begins(token: Token, following: Token, previous: Token = _NONE) -> bool:
    """Whether a statement can begin at `token`."""
    if token.word in HARD:
        return True
    if token.word == "THROW":
        return previous.word not in _NOT_BEFORE_A_STATEMENT and following.word not in {",", ".", "=", ")"}
    return token.word in SOFT and following.word in SOFT[token.word]


def continues(scan: Scan, token: Token, following: Token) -> bool:
    """Whether `token`, which could begin a statement, still belongs to the one being read."""
    if scan.previous.word == "." or following.word == ".":  # part of a name
        return token.word not in {"EXEC", "EXECUTE"} or scan.previous.word == "."
    rule = _RULES.get(scan.verb, _nothing)
    return rule(scan, token.word, following)


def _nothing(scan: Scan, word: str, following: Token) -> bool:
    return False


def _hint(word: str, following: Token) -> bool:
    return word == "WITH" and following.word in {"(", "TIES", "ROLLUP", "CUBE"}


def _select(scan: Scan, word: str, following: Token) -> bool:
    if word == "SELECT":
        return scan.previous.word in _QUERY_JOINS
    if word == "FETCH":
        return scan.previous.word in {"ROW", "ROWS"}
    return _hint(word, following)


def _insert(scan: Scan, word: str, following: Token) -> bool:
    filled = scan.seen & {"SELECT", "VALUES", "EXEC", "EXECUTE"}
    if word in {"SELECT", "EXEC", "EXECUTE"} and not filled:
        return True
    if word == "WITH" and not filled and following.word != "(":
        return scan.previous.word == "AS"
    return _select(scan, word, following)


def _update(scan: Scan, word: str, following: Token) -> bool:
    return (word == "SET" and "SET" not in scan.seen) or _hint(word, following)


def _merge(scan: Scan, word: str, following: Token) -> bool:
    if word in {"UPDATE", "DELETE", "INSERT"}:
        return scan.previous.word == "THEN"
    return (word == "SET" and scan.previous.word == "UPDATE") or _hint(word, following)


_MAIN = {"SELECT": _select, "INSERT": _insert, "UPDATE": _update, "DELETE": _select, "MERGE": _merge}


def _with(scan: Scan, word: str, following: Token) -> bool:
    if not scan.main:
        if word in _MAIN:
            scan.main = word
            return True
        return False
    return _MAIN[scan.main](scan, word, following)


# Behind these words IF EXISTS belongs to the statement; behind a name it begins the next one.
_OBJECTS = words(
    "TABLE VIEW PROC PROCEDURE FUNCTION SCHEMA INDEX STATISTICS SEQUENCE TRIGGER COLUMN CONSTRAINT"
    " USER ROLE TYPE LOGIN SYNONYM"
)


def _create(scan: Scan, word: str, following: Token) -> bool:
    before = scan.previous.word
    if word == "SELECT":
        return ("SELECT" not in scan.seen and "AS" in scan.seen) or before in _QUERY_JOINS
    if word == "WITH":
        return "SELECT" not in scan.seen or following.word == "("
    if word in {"DELETE", "UPDATE"}:
        return before == "ON"
    if word == "SET":
        return before in {"DELETE", "UPDATE"}
    return word == "IF" and following.word in {"NOT", "EXISTS"} and before in _OBJECTS


def _alter(scan: Scan, word: str, following: Token) -> bool:
    if word in {"DROP", "ALTER"}:
        return following.word in {"COLUMN", "CONSTRAINT", "INDEX", "MEMBER"} or scan.previous.word == ","
    if word in {"WITH", "SET"} or (word == "MERGE" and following.word == "RANGE"):
        return True
    return word == "IF" and following.word == "EXISTS" and scan.previous.word in _OBJECTS


def _declare(scan: Scan, word: str, following: Token) -> bool:
    if "FOR" in scan.seen:
        return (
            (word == "SELECT" and scan.previous.word == "FOR")
            or (word == "UPDATE" and scan.previous.word == "FOR")
            or _select(scan, word, following)
        )
    return False


def _exec(scan: Scan, word: str, following: Token) -> bool:
    return word == "WITH" and following.word in {"RECOMPILE", "RESULT"}


def _raiserror(scan: Scan, word: str, following: Token) -> bool:
    return word == "WITH" and following.word in {"NOWAIT", "LOG", "SETERROR"}


def _drop(scan: Scan, word: str, following: Token) -> bool:
    return word == "IF" and following.word == "EXISTS" and scan.previous.word in _OBJECTS


def _grant(scan: Scan, word: str, following: Token) -> bool:
    return not scan.seen & {"TO", "FROM"}


def _explain(scan: Scan, word: str, following: Token) -> bool:
    return True


_RULES: dict[str, Callable[[Scan, str, Token], bool]] = {
    **_MAIN,
    "WITH": _with,
    "CREATE": _create,
    "ALTER": _alter,
    "DROP": _drop,
    "DECLARE": _declare,
    "SET": _declare,
    "EXEC": _exec,
    "EXECUTE": _exec,
    "RAISERROR": _raiserror,
    "TRUNCATE": lambda scan, word, following: _hint(word, following),
    "COMMIT": lambda scan, word, following: _hint(word, following),
    "BEGIN": lambda scan, word, following: word == "WITH" and following.word == "MARK",
    "COPY": lambda scan, word, following: _hint(word, following),
    "GRANT": _grant,
    "REVOKE": _grant,
    "DENY": _grant,
    "EXPLAIN": _explain,
}
