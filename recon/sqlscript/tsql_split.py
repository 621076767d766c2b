"""A T-SQL file to its statements, by tokens alone. Nothing is dropped, and what is not known is refused.

`split` knows batches, CREATE PROCEDURE with its parameters, BEGIN/END, IF/ELSE, WHILE and TRY/CATCH; every
other statement is a leaf. https://learn.microsoft.com/en-us/sql/t-sql/language-elements/control-of-flow
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from recon.errors import ProgramError
from recon.sqlscript.tokens import Kind, Token, solid, spell, tokenize
from recon.sqlscript.tsql_header import header
from recon.sqlscript.tsql_leaf import Scan, begins, continues
from recon.sqlscript.tsql_tree import Batch, Block, If, Leaf, Procedure, ScriptTree, Try, While

if TYPE_CHECKING:
    from recon.sqlscript.tsql_tree import Part, Statement

_DEEPEST = 100  # statements inside statements; a real procedure has a dozen
_TRANSACTIONS = frozenset({"TRAN", "TRANSACTION", "DISTRIBUTED"})
_WHOLE_BATCH = frozenset({"FUNCTION", "TRIGGER"})  # their bodies hold statements that are not run by us
_END = Token(Kind.SPACE, "", 0, 0)


def split(text: str, file: str = "") -> ScriptTree:
    """The statements of a script. ProgramError, with the line, on what cannot be split."""
    batches: list[Batch] = []
    pending: list[Token] = []
    end: list[Token] = []  # the GO that closes `pending`, and what follows it on its line
    for token in solid(tokenize(text, file)):
        if token.kind is Kind.GO or (end and token.line == end[0].line):
            end.append(token)
            continue
        if end:
            batches.append(_Batch(text, file, pending, end).read())
            pending, end = [], []
        pending.append(token)
    if pending or end:
        batches.append(_Batch(text, file, pending, end).read())
    return ScriptTree(file, text, tuple(batches))


def body(text: str, file: str, tokens: list[Token]) -> tuple[Statement, ...]:
    """The statements that the tokens spell, which are some of those of `text`: the body of a function."""
    return _Batch(text, file, tokens, []).read().body


class _Batch:
    """Recursive descent over the tokens of one batch."""

    def __init__(self, text: str, file: str, tokens: list[Token], go: list[Token]) -> None:
        self._text, self._file = text, file
        self._tokens = tokens
        self._go = go
        self._at = 0
        self._depth = 0

    def read(self) -> Batch:
        """The batch, with its GO."""
        parts: list[Part] = []
        body = self._until(parts, "")
        count = next((int(t.text) for t in self._go if t.kind is Kind.NUMBER), 1)
        return Batch(body, count, (*parts, *self._go))

    # --- tokens -------------------------------------------------------------------------

    def _peek(self, ahead: int = 0) -> Token:
        i = self._at + ahead
        return self._tokens[i] if i < len(self._tokens) else _END

    @property
    def _over(self) -> bool:
        return self._at >= len(self._tokens)

    def _next(self, parts: list[Part]) -> Token:
        token = self._peek()
        parts.append(token)
        self._at += 1
        return token

    def _fail(self, message: str, line: int = 0) -> NoReturn:
        last = self._tokens[min(self._at, len(self._tokens) - 1)]
        raise ProgramError(message, file=self._file, line=line or last.line)

    def _semicolons(self, parts: list[Part]) -> None:
        while self._peek().word == ";":
            self._next(parts)

    # --- statements ---------------------------------------------------------------------

    def _until(self, parts: list[Part], stop: str) -> tuple[Statement, ...]:
        """Statements up to the word `stop` (the end of the batch if empty), added to `parts`."""
        body: list[Statement] = []
        began = parts[-1].line if parts else self._peek().line
        while True:
            self._semicolons(parts)
            if self._over and stop:
                self._fail(f"BEGIN without its {stop}", began)
            if self._over or (stop and self._peek().word == stop):
                return tuple(body)
            statement = self._statement()
            body.append(statement)
            parts.append(statement)

    def _statement(self) -> Statement:
        self._depth += 1
        if self._depth > _DEEPEST:
            self._fail("statements are nested too deeply to be read")
        try:
            return self._control()
        finally:
            self._depth -= 1

    def _control(self) -> Statement:
        word, second = self._peek().word, self._peek(1).word
        if word == "BEGIN" and second not in _TRANSACTIONS:
            return self._try() if second == "TRY" else self._block()
        if word == "IF":
            return self._if()
        if word == "WHILE":
            return self._while()
        if self._is_procedure():
            return self._procedure()
        return self._leaf()

    def _is_procedure(self) -> bool:
        words = [self._peek(i).word for i in range(4)]
        at = 3 if words[1:3] == ["OR", "ALTER"] else 1
        return words[0] in {"CREATE", "ALTER"} and words[at] in {"PROC", "PROCEDURE"}

    def _block(self) -> Block:
        parts: list[Part] = []
        line = self._next(parts).line
        body = self._until(parts, "END")
        self._next(parts)
        return Block(body, line, tuple(parts))

    def _try(self) -> Try:
        parts: list[Part] = []
        line = self._next(parts).line
        self._next(parts)
        body = self._until(parts, "END")
        self._closed(parts, "TRY")
        self._semicolons(parts)
        if (self._peek().word, self._peek(1).word) != ("BEGIN", "CATCH"):
            self._fail("BEGIN TRY without a BEGIN CATCH after it", line)
        self._next(parts)
        self._next(parts)
        handler = self._until(parts, "END")
        self._closed(parts, "CATCH")
        return Try(body, handler, line, tuple(parts))

    def _closed(self, parts: list[Part], what: str) -> None:
        self._next(parts)
        if self._peek().word != what:
            self._fail(f"END without {what}")
        self._next(parts)

    def _if(self) -> If:
        parts: list[Part] = []
        line = self._next(parts).line
        condition = self._condition(parts)
        then = self._statement()
        parts.append(then)
        ahead = 0
        while self._peek(ahead).word == ";":
            ahead += 1
        otherwise = None
        if self._peek(ahead).word == "ELSE":
            self._semicolons(parts)
            self._next(parts)
            otherwise = self._statement()
            parts.append(otherwise)
        return If(condition, then, otherwise, line, tuple(parts))

    def _while(self) -> While:
        parts: list[Part] = []
        line = self._next(parts).line
        condition = self._condition(parts)
        body = self._statement()
        parts.append(body)
        return While(condition, body, line, tuple(parts))

    def _condition(self, parts: list[Part]) -> Leaf:
        """Everything up to the statement that depends on it."""
        scan, taken = Scan("CONDITION"), list[Token]()
        while not self._over:
            token = self._peek()
            if not scan.inside and begins(token, self._peek(1), scan.previous):
                break
            scan.take(token)
            taken.append(token)
            self._at += 1
        if not taken or self._over:
            self._fail("a condition without a statement after it")
        leaf = Leaf("CONDITION", spell(taken, self._text), taken[0].line, tuple(taken))
        parts.append(leaf)
        return leaf

    def _procedure(self) -> Procedure:
        line, begin = self._peek().line, self._at
        name, parameters, end = header(self._tokens, begin, self._file)
        parts: list[Part] = list(self._tokens[begin:end])
        self._at = end
        body = self._until(parts, "")
        replaces = any(t.word == "ALTER" for t in self._tokens[begin : begin + 3])
        return Procedure(name, parameters, body, replaces, line, tuple(parts))

    # --- leaves -------------------------------------------------------------------------

    def _leaf(self) -> Leaf:
        first = self._peek()
        scan = Scan(first.word)
        if not begins(first, self._peek(1)) or first.word in {"END", "ELSE"}:
            return self._unnamed(first)
        begin = self._at
        self._at += 1
        scan.take(first)
        to_the_end = self._holds_a_body(begin)
        while not self._over and (to_the_end or not self._ends(scan)):
            scan.take(self._peek())
            self._at += 1
        taken = self._tokens[begin : self._at]
        if scan.inside and not to_the_end:
            self._fail("a bracket or CASE that is never closed", first.line)
        verb = scan.main if scan.verb == "WITH" else scan.verb
        if not verb:
            self._fail("WITH without the statement that it serves", first.line)
        return Leaf("EXEC" if verb == "EXECUTE" else verb, spell(taken, self._text), first.line, tuple(taken))

    def _unnamed(self, first: Token) -> Leaf:
        """The first statement of a batch may call a procedure without EXEC; nothing else has no verb."""
        is_name = first.kind in {Kind.NAME, Kind.QUOTED} and first.word not in {"END", "ELSE"}
        if self._at != 0 or not is_name:
            self._fail(f"{first.text!r} does not begin a statement that recon knows")
        scan, begin = Scan("EXEC"), self._at
        while not self._over and (self._at == begin or not self._ends(scan)):
            scan.take(self._peek())
            self._at += 1
        taken = self._tokens[begin : self._at]
        return Leaf("EXEC", spell(taken, self._text), first.line, tuple(taken))

    def _ends(self, scan: Scan) -> bool:
        token, following = self._peek(), self._peek(1)
        if token.word == ";" and not scan.brackets:
            return True
        if scan.inside or not begins(token, following, scan.previous):
            return False
        return not continues(scan, token, following)

    def _holds_a_body(self, begin: int) -> bool:
        words = {t.word for t in self._tokens[begin + 1 : begin + 4]}
        return self._tokens[begin].word in {"CREATE", "ALTER"} and bool(words & _WHOLE_BATCH)
