"""User-defined functions: scalar ones become expressions, inline tables become queries.

A scalar function's statements are read like SQL Server reads them when it inlines one: each variable holds an
expression over the arguments, IF makes a CASE of both outcomes, RETURN ends in the value; a WHILE that only
sets variables becomes a recursive query. Statements over a table variable are run once, for
constant arguments.
https://learn.microsoft.com/en-us/sql/relational-databases/user-defined-functions/scalar-udf-inlining
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, NoReturn

from sqlglot import exp

from recon.connectors.local.tsql.aggregate import has_aggregate
from recon.connectors.local.tsql.catalog import DEFAULT_SCHEMA, key_of
from recon.connectors.local.tsql.convert import convert
from recon.connectors.local.tsql.duck import case, cast, column, fn, is_null, name, subquery
from recon.connectors.local.tsql.expr import register, value
from recon.connectors.local.tsql.loops import looped, misfit, outcome, passed
from recon.connectors.local.tsql.predicate import predicate
from recon.connectors.local.tsql.scope import Env, Output, Query, Typed
from recon.errors import ProgramError
from recon.sqlscript.tsql_function import named, words_of
from recon.sqlscript.tsql_header import declared
from recon.sqlscript.tsql_parse import condition, expression, statement
from recon.sqlscript.tsql_parse import query as parse_query
from recon.sqlscript.tsql_tree import Block, If, Leaf, While
from recon.sqlscript.tsql_types import parse_type

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from recon.connectors.local.tsql.duck import Tree
    from recon.connectors.local.tsql.session import Routine
    from recon.sqlscript.tokens import Token
    from recon.sqlscript.tsql_tree import Statement
    from recon.sqlscript.tsql_types import SqlType

_DEEPEST = 32  # https://learn.microsoft.com/en-us/sql/t-sql/statements/create-function-transact-sql (nesting)
_LARGEST = 20_000  # nodes of one inlined expression; a real function has some hundred


def routine(env: Env, parts: tuple[str, ...]) -> Routine | None:
    """The function that a name means, or None."""
    return env.ctx.session.routines.get(key_of(parts))


@register(exp.Dot)
def _called(env: Env, node: Tree) -> Typed:
    """`dbo.fn(x)` as a value."""
    parts, call = dotted(node)
    if call is None:
        return env.refuse(node, f"{node.sql('tsql')[:60]} is not supported here")
    found = routine(env, parts)
    if found is None:
        return _missing(env, node, parts)
    if not found.tree.returns:
        env.refuse(node, f"{named(found.tree)} returns a table: read it in FROM", "4121")
    kind = _type(found, found.tree.returns, found.tree.line)
    with _inside(env, node, found, call) as inner:
        given = list((inner.ctx.bound or {}).values())
        body = _Body(inner, found, kind, given if found.tree.null_on_null else [])
        made = body.result(found.tree.statements)
    if body.asks and any(has_aggregate(a) or a.find(exp.Window) for a in call.expressions):
        env.refuse(
            node, f"{named(found.tree)} of an aggregate or a window is not supported; use a derived table"
        )
    if found.tree.null_on_null and given:
        missing: Tree = is_null(given[0].tree)
        for one in given[1:]:
            missing = exp.Or(this=missing, expression=is_null(one.tree))
        made = Typed(case((missing, cast(exp.Null(), kind)), default=made.tree), kind)
    return made


def dotted(node: Tree) -> tuple[tuple[str, ...], Tree | None]:
    """The name in `a.b.f(x)` and the call itself; None when it is no such call."""
    call, before = node.args.get("expression"), node.this
    names: list[str] = []
    while isinstance(before, exp.Dot):
        names.insert(0, before.expression.name)
        before = before.this
    if not isinstance(call, exp.Anonymous) or not isinstance(before, exp.Identifier):
        return (), None
    return (before.name, *names, str(call.this)), call


def _missing(env: Env, node: Tree, parts: tuple[str, ...]) -> NoReturn:
    asked = ".".join(parts)
    env.refuse(node, f"there is no function {asked}: put its CREATE FUNCTION into ddl.sql", "4121")


@contextmanager
def _inside(env: Env, node: Tree, found: Routine, call: Tree) -> Generator[Env]:
    """The scope of a function's body: its parameters, and nothing of the statement that calls it."""
    bound = _arguments(env, node, found, tuple(call.expressions))
    ctx = env.ctx
    before = ctx.bound, ctx.ctes, ctx.file, ctx.line
    if ctx.depth >= _DEEPEST:
        env.refuse(node, f"{named(found.tree)}: functions call each other too deeply", "217")
    ctx.bound, ctx.ctes, ctx.file, ctx.line = bound, {}, found.file, found.tree.line
    ctx.depth += 1
    try:
        yield Env(ctx)
    finally:
        ctx.depth -= 1
        ctx.bound, ctx.ctes, ctx.file, ctx.line = before


def _arguments(env: Env, node: Tree, found: Routine, given: Sequence[Tree]) -> dict[str, Typed]:
    """The parameters' values, each converted to its type; DEFAULT and nothing else stands for a default."""
    tree = found.tree
    if len(given) != len(tree.parameters):
        few = "fewer" if len(given) < len(tree.parameters) else "more"
        env.refuse(node, f"{named(tree)} is called with {few} arguments than it has parameters", "313")
    bound: dict[str, Typed] = {}
    for parameter, argument in zip(tree.parameters, given, strict=True):
        kind = _type(found, parameter.type, parameter.line)
        if isinstance(argument, exp.Column) and argument.sql("tsql").upper() == "DEFAULT":
            if parameter.default is None:
                env.refuse(node, f"{named(tree)}: {parameter.name} has no default")
            argument = expression(parameter.default, parameter.line, found.file)
        made = value(env, argument)
        bound[parameter.name.casefold()] = Typed(convert(env, node, made, kind).tree, kind)
    return bound


def _type(found: Routine, tokens: Sequence[Token], line: int) -> SqlType:
    try:
        return parse_type(words_of(tokens))
    except ValueError as error:
        raise ProgramError(str(error), file=found.file, line=line) from error


# --- Scalar functions -----------------------------------------------------------------------------


class _Body:
    """The statements of a scalar function on their way to one expression."""

    def __init__(self, env: Env, found: Routine, kind: SqlType, needed: Sequence[Typed]) -> None:
        self._env, self._found, self._kind = env, found, kind
        self._begins = [exp.Not(this=is_null(one.tree)) for one in needed]
        self._held: list[tuple[str, Tree]] = []  # values that are computed once, under an alias each
        self._guards: list[Tree] = []  # of each IF that is open: what is in it may not be computed beforehand

    @property
    def asks(self) -> bool:
        """Whether there are queries in it, which an aggregate or a window would be computed over."""
        return bool(self._held)

    def result(self, statements: Sequence[Statement]) -> Typed:
        """What the function returns."""
        tree = self._rest(tuple(statements))
        for alias, held in reversed(self._held):
            once = subquery(exp.select(exp.alias_(held, "v", quoted=True)), alias)
            tree = subquery(exp.select(tree).from_(once))
        return Typed(tree, self._kind)

    @property
    def _variables(self) -> dict[str, Typed]:
        bound = self._env.ctx.bound
        return bound if bound is not None else {}

    def _rest(self, statements: tuple[Statement, ...]) -> Tree:
        """The value of a list of statements that has to end in RETURN."""
        for at, one in enumerate(statements):
            if isinstance(one, Block):
                return self._rest(one.body + statements[at + 1 :])
            if isinstance(one, Leaf) and one.verb == "RETURN":
                return self._returned(one)
            if isinstance(one, If) and _returns(one):
                return self._choice(one, statements[at + 1 :])
            self._one(one)
        # A function that ends without RETURN is refused by CREATE FUNCTION (error 455).
        return self._refuse(self._found.tree.line, "the last statement of a function must be RETURN")

    def _choice(self, one: If, after: tuple[Statement, ...]) -> Tree:
        holds = self._condition(one.condition)
        before = dict(self._variables)
        self._guards.append(holds)
        then = self._rest((one.then, *after))
        self._restore(before)
        self._guards[-1] = _unmet(holds)
        otherwise = self._rest(((one.otherwise,) if one.otherwise else ()) + after)
        self._restore(before)
        self._guards.pop()
        return self._checked(case((holds, then), default=otherwise))

    def _restore(self, before: dict[str, Typed]) -> None:
        self._variables.clear()
        self._variables.update(before)

    def _returned(self, leaf: Leaf) -> Tree:
        if len(leaf.parts) < 2:
            self._refuse(leaf.line, "RETURN needs a value here")
        self._env.ctx.line = leaf.line
        node = expression(leaf.parts[1:], leaf.line, self._found.file)
        return self._checked(convert(self._env, node, value(self._env, node), self._kind).tree)

    def _one(self, one: Statement) -> None:
        """A statement that sets variables."""
        if isinstance(one, Block):
            for inner in one.body:
                self._one(inner)
        elif isinstance(one, If):
            self._branches(one)
        elif isinstance(one, While):
            self._loop(one)
        elif isinstance(one, Leaf) and one.verb == "DECLARE":
            self._declare(one)
        elif isinstance(one, Leaf) and one.verb == "SET":
            self._set(one)
        elif isinstance(one, Leaf) and one.verb == "SELECT":
            self._select(one)
        else:
            what = one.verb if isinstance(one, Leaf) else "this"
            self._refuse(one.line, f"{what} in a scalar function is not supported")

    def _branches(self, one: If) -> None:
        """An IF without RETURN: each variable is a CASE of what both branches make of it."""
        holds = self._condition(one.condition)
        before = dict(self._variables)
        self._guards.append(holds)
        self._one(one.then)
        yes = dict(self._variables)
        self._restore(before)
        self._guards[-1] = _unmet(holds)
        if one.otherwise is not None:
            self._one(one.otherwise)
        self._guards.pop()
        no = dict(self._variables)
        for variable in {**yes, **no}:
            a, b = yes.get(variable), no.get(variable)
            if a is not None and b is not None and a is not b:
                tree = self._checked(case((holds.copy(), a.tree), default=b.tree))
                self._variables[variable] = Typed(tree, a.type)
            elif a is not None and b is None:  # declared within the branch that may not have run
                tree = case((holds.copy(), a.tree), default=cast(exp.Null(), a.type))
                self._variables[variable] = Typed(tree, a.type)

    def _loop(self, one: While) -> None:
        """A WHILE: the variables of one pass make those of the next, until the condition does not hold."""
        wrong = misfit(one)
        if wrong is not None:
            self._refuse(wrong[0], f"{wrong[1]} within WHILE in a scalar function is not supported")
        named, start = list(self._variables), list(self._variables.values())
        alias, held = self._env.ctx.alias("w"), self._env.ctx.alias("v")
        guards = self._guards
        self._guards = [*guards, exp.true()]  # nothing of a pass may be computed beforehand
        self._restore(dict(zip(named, passed(alias, start), strict=True)))
        holds = self._condition(one.condition)
        self._one(one.body)
        step = list(self._variables.values())
        self._guards = guards
        self._held.append((held, self._checked(looped(alias, [*self._begins, *guards], start, step, holds))))
        self._restore(dict(zip(named, outcome(held, start), strict=True)))

    def _condition(self, leaf: Leaf) -> Tree:
        self._env.ctx.line = leaf.line
        return self._checked(predicate(self._env, condition(leaf, self._found.file)))

    def _declare(self, leaf: Leaf) -> None:
        for item in declared(leaf, self._found.file):
            if item.columns is not None:
                self._refuse(item.line, "a table variable in a scalar function is not supported")
            kind = _type(self._found, item.type, item.line)
            self._variables[item.name.casefold()] = Typed(cast(exp.Null(), kind), kind)
            if item.value:
                self._assign(item.name, expression(item.value, item.line, self._found.file), item.line)

    def _set(self, leaf: Leaf) -> None:
        parts = leaf.parts
        if len(parts) < 4 or not parts[1].text.startswith("@"):
            self._refuse(leaf.line, "this SET is not supported in a function")
        tokens: Sequence[Token] = parts[3:]
        if parts[2].word != "=":
            sign = parts[2]
            spelled = [type(sign)(sign.kind, s, sign.offset, sign.line) for s in (sign.text[0], "(", ")")]
            tokens = [parts[1], spelled[0], spelled[1], *parts[3:], spelled[2]]
        self._assign(parts[1].text, expression(tokens, leaf.line, self._found.file), leaf.line)

    def _assign(self, name: str, node: Tree, line: int) -> None:
        old = self._variable(name, line)
        self._env.ctx.line = line
        made = convert(self._env, node, value(self._env, node), old.type)
        self._variables[name.casefold()] = Typed(self._once(made.tree), old.type)

    def _once(self, tree: Tree) -> Tree:
        """A value that holds a query, under a name of its own: it may be used many times."""
        if self._guards or tree.find(exp.Select) is None:
            return self._checked(tree)
        alias = self._env.ctx.alias("v")
        self._held.append((alias, tree))
        return column(alias, "v")

    def _variable(self, name: str, line: int) -> Typed:
        found = self._variables.get(name.casefold())
        return found or self._refuse(line, f"the variable {name} is not declared", "137")

    def _select(self, leaf: Leaf) -> None:
        """SELECT @a = x, @b = y [FROM ...]: of several rows T-SQL takes any, so there may be one only."""
        tree = statement(leaf, self._found.file)
        for item in tree.expressions:
            if not isinstance(item, exp.EQ) or not isinstance(item.this, exp.Parameter):
                self._refuse(leaf.line, "a SELECT in a function has to set variables", "444")
            name = "@" + item.this.name
            if tree.args.get("from_") is None and tree.args.get("where") is None:
                self._assign(name, item.expression, leaf.line)
                continue
            self._from_rows(tree, item.expression, name, leaf.line)

    def _from_rows(self, tree: Tree, node: Tree, name: str, line: int) -> None:
        old = self._variable(name, line)
        self._env.ctx.line = line
        plain = tree.copy()
        plain.set("expressions", [node.copy()])
        made = self._env.ctx.query(self._env, plain)
        given = convert(self._env, node, Typed(subquery(made.tree), made.outputs[0].type), old.type).tree
        unset = isinstance(old.tree, exp.Cast) and isinstance(old.tree.this, exp.Null)
        if not unset and not (has_aggregate(node) and tree.args.get("group") is None):
            found = exp.Exists(this=self._env.ctx.query(self._env, plain.copy()).tree)
            given = case((found, given), default=old.tree)
        self._variables[name.casefold()] = Typed(self._once(given), old.type)

    def _checked(self, tree: Tree) -> Tree:
        """The tree, unless variables that are used many times have made it too large to be run."""
        for count, _ in enumerate(tree.walk()):
            if count > _LARGEST:
                self._refuse(self._env.ctx.line, "this function grows too large when it is inlined")
        return tree

    def _refuse(self, line: int, message: str, code: str = "") -> NoReturn:
        title = named(self._found.tree)
        raise ProgramError(f"{title}: {message}", file=self._found.file, line=line, code=code)


def _unmet(holds: Tree) -> Tree:
    return exp.Not(this=fn("coalesce", holds.copy(), exp.false()))


def _returns(one: If) -> bool:
    """Whether a branch of an IF holds a RETURN."""
    branches = [one.then, *([one.otherwise] if one.otherwise else [])]
    return any(_has_return(branch) for branch in branches)


def _has_return(one: Statement) -> bool:
    if isinstance(one, Leaf):
        return one.verb == "RETURN"
    if isinstance(one, If):
        return _returns(one)
    return isinstance(one, Block) and any(_has_return(inner) for inner in one.body)


# --- Tables -------------------------------------------------------------------------------------------


def table_function(env: Env, node: Tree, parts: tuple[str, ...], call: Tree) -> Query:
    """`dbo.fn(x)` in FROM or APPLY: its rows as a query."""
    found = routine(env, parts if len(parts) > 1 else (DEFAULT_SCHEMA, *parts))
    if found is None:
        _missing(env, node, parts)
    if found.tree.returns:
        env.refuse(node, f"{named(found.tree)} returns one value, not a table", "208")
    if found.tree.table:
        return _filled(env, node, found, call)
    with _inside(env, node, found, call) as inner:
        tree = parse_query(found.tree.query, found.tree.line, found.file)
        return inner.ctx.query(inner, tree)


def _filled(env: Env, node: Tree, found: Routine, call: Tree) -> Query:
    """The rows that a function's statements put into its table variable, for arguments known beforehand."""
    bound = _arguments(env, node, found, tuple(call.expressions))
    if any(given.tree.find(exp.Column, exp.Select) for given in bound.values()):
        env.refuse(node, f"{named(found.tree)} has statements: it is supported with constant arguments only")
    session = env.ctx.session
    values = {name: (given.type, session.evaluate(given.tree)) for name, given in bound.items()}
    if found.fill is None:
        env.refuse(node, f"{named(found.tree)} cannot be run here")
    table = found.fill(values)
    cells = [exp.alias_(column("f", c.name), f"c{i}", quoted=True) for i, c in enumerate(table.columns)]
    named_f = exp.Table(**{**table.tree.args, "alias": exp.TableAlias(this=name("f"))})
    return Query(exp.select(*cells).from_(named_f), tuple(Output(c.name, c.type) for c in table.columns))
