"""Runs a T-SQL script statement by statement: control flow, errors, procedures.

Leaves are done in `statements`; here is what decides which of them run.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sqlglot import exp

from recon.connectors.local.tsql.catalog import key_of
from recon.connectors.local.tsql.context import fresh, settle, watch
from recon.connectors.local.tsql.convert import convert
from recon.connectors.local.tsql.duck import case, num
from recon.connectors.local.tsql.expr import value
from recon.connectors.local.tsql.predicate import predicate
from recon.connectors.local.tsql.session import Failure, Frame
from recon.errors import ProgramError
from recon.sqlscript.tsql_parse import condition, expression
from recon.sqlscript.tsql_split import split
from recon.sqlscript.tsql_tree import Block, If, Leaf, Procedure, Try, While
from recon.sqlscript.tsql_types import Family, parse_type

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from recon.connectors.local.tsql.duck import Value
    from recon.connectors.local.tsql.scope import Query
    from recon.connectors.local.tsql.session import Session
    from recon.sqlscript.tokens import Token
    from recon.sqlscript.tsql_tree import ScriptTree, Statement
    from recon.sqlscript.tsql_types import SqlType

# They set @@ROWCOUNT to 0: https://learn.microsoft.com/en-us/sql/t-sql/functions/rowcount-transact-sql
_NO_ROWS = frozenset({"USE", "DEALLOCATE", "CLOSE", "PRINT", "RAISERROR", "BEGIN", "COMMIT"})
_DEEPEST = 32  # SQL Server's own limit: error 217


class Return(Exception):  # noqa: N818 (control flow)
    """RETURN: leaves the procedure or the batch."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


class Break(Exception):  # noqa: N818 (control flow)
    """BREAK."""


class Continue(Exception):  # noqa: N818 (control flow)
    """CONTINUE."""


@dataclass(frozen=True, slots=True)
class Registered:
    """A procedure that can be called, and the file that it was read from."""

    tree: Procedure
    file: str


@dataclass(slots=True)
class Runner:
    """Runs statements in a session. `leaf` does one leaf; `check` may stop the run between statements."""

    session: Session
    leaf: Callable[[Runner, Leaf], None]
    check: Callable[[], None]
    file: str = ""
    procedures: dict[str, Registered] = field(default_factory=dict[str, Registered])
    given: Mapping[str, tuple[SqlType, Value]] = field(default_factory=dict[str, "tuple[SqlType, Value]"])
    pending: Failure | None = None  # a RAISERROR outside TRY: said when the script is over
    result: Query | None = None  # what the last SELECT left behind
    results: int = 0  # how many SELECTs have returned rows
    tries: int = 0  # how many TRY blocks are open

    def script(self, tree: ScriptTree) -> None:
        """Run a file. Variables live until the end of their batch."""
        before, self.file = self.file, tree.file
        try:
            for batch in tree.batches:
                for _ in range(batch.count):
                    self.session.frame.variables.clear()
                    self.session.frame.variables.update(self.given)
                    self.batch(batch.body)
        finally:
            self.file = before

    def batch(self, statements: tuple[Statement, ...]) -> None:
        """Run one batch; RETURN ends it."""
        try:
            self.all(statements)
        except Return:
            return
        except (Break, Continue) as error:
            raise ProgramError("BREAK or CONTINUE outside of WHILE", file=self.file) from error

    def all(self, statements: Sequence[Statement]) -> None:
        """Run statements in order."""
        for statement in statements:
            self.one(statement)

    def one(self, statement: Statement) -> None:
        """Run one statement. Failure, with its place, for what T-SQL would report."""
        self.check()
        if isinstance(statement, Leaf):
            self._leaf(statement)
        elif isinstance(statement, Block):
            self.all(statement.body)
        elif isinstance(statement, If):
            holds = self.holds(statement.condition)
            self.session.rowcount = 0
            if holds:
                self.one(statement.then)
            elif statement.otherwise is not None:
                self.one(statement.otherwise)
        elif isinstance(statement, While):
            self._while(statement)
        elif isinstance(statement, Try):
            self._try(statement)
        else:
            self._register(statement)

    def _leaf(self, leaf: Leaf) -> None:
        try:
            self.leaf(self, leaf)
        except Failure as error:
            error.at(self.file, leaf.line, self.session.procedure)
            self.session.last_error = error.number
            raise
        except ProgramError as error:
            if error.line:
                raise
            raise ProgramError(str(error), file=self.file, line=leaf.line, code=error.code) from error
        self.session.last_error = 0
        if leaf.verb in _NO_ROWS:
            self.session.rowcount = 0

    def _while(self, loop: While) -> None:
        self.session.loops += 1
        try:
            while self.holds(loop.condition):
                try:
                    self.one(loop.body)
                except Break:
                    return
                except Continue:
                    continue
        finally:
            self.session.loops -= 1

    def _try(self, statement: Try) -> None:
        session = self.session
        depth, tries = len(session.frames), self.tries
        try:
            self.tries += 1
            self.all(statement.body)
        except Failure as error:
            self.tries = tries
            while len(session.frames) > depth:
                self.leave()
            outer, session.error = session.error, error
            session.last_error = error.number
            try:
                self.all(statement.handler)
            finally:
                session.error = outer
        finally:
            self.tries = tries

    def holds(self, leaf: Leaf) -> bool:
        """Whether a condition is true (unknown is not)."""
        self.check()
        session = self.session
        env = fresh(session, self.file, leaf.line)
        try:
            tree = predicate(env, condition(leaf, self.file))
            watch(env)
            flag = case((tree, num(1)), default=num(0))
            if tree.find(exp.Select) is None:
                return session.evaluate(flag) == 1
            row = session.first(exp.select(flag))
        except Failure as error:
            error.at(self.file, leaf.line, session.procedure)
            raise
        return row is not None and row[0] == 1

    # --- values -------------------------------------------------------------------------------

    def type_of(self, tokens: Sequence[Token], line: int) -> SqlType:
        """The type that tokens spell."""
        try:
            kind = parse_type(" ".join(t.text for t in tokens))
        except ValueError as error:
            raise ProgramError(str(error), file=self.file, line=line) from error
        if kind.family is Family.OFFSET:
            raise ProgramError("a variable of datetimeoffset is not supported", file=self.file, line=line)
        return kind

    def compute(
        self, tokens: Sequence[Token], line: int, kind: SqlType | None = None
    ) -> tuple[SqlType, Value]:
        """The value of an expression, converted to a type if one is given."""
        session = self.session
        env = fresh(session, self.file, line)
        node = expression(tokens, line, self.file)
        made = value(env, node)
        if kind is not None:
            made = convert(env, node, made, kind)
        watch(env)
        settle(env, 1)
        if made.tree.find(exp.Select) is None:
            return made.type, session.evaluate(made.tree)
        row = session.first(exp.select(made.tree))
        return made.type, row[0] if row else None

    def set(self, name: str, tokens: Sequence[Token], line: int) -> None:
        """SET @name = expression."""
        kind = self.variable(name, line)
        self.session.frame.variables[name.casefold()] = self.compute(tokens, line, kind)
        self.session.rowcount = 1

    def variable(self, name: str, line: int) -> SqlType:
        """The type of a declared variable."""
        found = self.session.frame.variables.get(name.casefold())
        if found is None:
            raise ProgramError(f"the variable {name} is not declared", file=self.file, line=line, code="137")
        return found[0]

    # --- procedures -----------------------------------------------------------------------------

    def _register(self, tree: Procedure) -> None:
        self.procedures[key_of(tree.name)] = Registered(tree, self.file)

    def call(self, found: Registered, values: dict[str, tuple[SqlType, Value]]) -> tuple[int, Frame]:
        """Run a procedure with its parameters set; its return code and its frame, for OUTPUT."""
        session = self.session
        if len(session.frames) > _DEEPEST:
            raise Failure(217, "Maximum stored procedure nesting level exceeded (limit 32).")
        frame = Frame(dict(values), ".".join(found.tree.name))
        session.frames.append(frame)
        session.catalog.frames.append({})
        depth = len(session.frames)
        before, self.file = self.file, found.file
        code = 0
        try:
            self.all(found.tree.body)
        except Return as error:
            code = error.code
        finally:
            self.file = before
            if len(session.frames) == depth:
                self.leave()
        return code, frame

    def leave(self) -> None:
        """End a call: its variables and #temp tables go."""
        session = self.session
        session.frames.pop()
        if len(session.catalog.frames) > 1:
            session.drop_temporary(dict(session.catalog.frames.pop()))

    def dynamic(self, text: str, line: int, frame: Frame) -> Frame:
        """Run the text of EXEC(...) or sp_executesql with its own variables."""
        session = self.session
        place = f"{self.file}:{line} (dynamic SQL)"
        tree = split(text, place)
        frame.procedure = session.procedure
        session.frames.append(frame)
        session.catalog.frames.append({})
        depth = len(session.frames)
        before, self.file = self.file, place
        try:
            for batch in tree.batches:
                self.batch(batch.body)
        finally:
            self.file = before
            if len(session.frames) == depth:
                self.leave()
        return frame
