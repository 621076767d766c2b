"""T-SQL's functions by name. A function that is not in the list is refused."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from sqlglot import exp

from recon.connectors.local.tsql.convert import convert
from recon.connectors.local.tsql.duck import case, cast, equal, fail, num
from recon.connectors.local.tsql.expr import register, value
from recon.connectors.local.tsql.scope import Typed
from recon.sqlscript import tsql_types as types
from recon.sqlscript.tsql_types import Family, SqlType

if TYPE_CHECKING:
    from collections.abc import Callable

    from recon.connectors.local.tsql.duck import Tree
    from recon.connectors.local.tsql.scope import Env


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a function: its arguments as they are written."""

    env: Env
    node: Tree
    name: str
    args: tuple[Tree, ...]

    def arity(self, least: int, most: int | None = None) -> None:
        """Refuse another number of arguments (error 174)."""
        if not least <= len(self.args) <= (least if most is None else most):
            self.env.refuse(self.node, f"{self.name} with {len(self.args)} arguments is not supported", "174")

    def value(self, at: int) -> Typed:
        """An argument."""
        return value(self.env, self.argument(at))

    def argument(self, at: int) -> Tree:
        """An argument as written."""
        if at >= len(self.args):
            self.env.refuse(self.node, f"{self.name} with {len(self.args)} arguments is not supported", "174")
        return self.args[at]

    def text(self, at: int) -> Typed:
        """An argument as text; other types are converted as T-SQL does it."""
        given = self.value(at)
        if given.type.family is Family.TEXT:
            return given
        return convert(self.env, self.node, given, types.varchar(8000))

    def integer(self, at: int) -> Typed:
        """An argument as int."""
        return self.as_type(at, types.INT)

    def as_type(self, at: int, kind: SqlType) -> Typed:
        """An argument converted to a type."""
        given = self.value(at)
        return given if given.literal and given.type == kind else convert(self.env, self.node, given, kind)

    def word(self, at: int) -> str:
        """An argument that is a bare word, such as the unit of DATEADD, in lower case."""
        given = self.argument(at)
        if not isinstance(given, exp.Column) or not isinstance(given.this, exp.Identifier):
            self.env.refuse(self.node, f"{self.name} needs a unit such as day here", "1023")
        return given.name.lower()

    def whole_constant(self, at: int) -> int | None:
        """An argument that is a whole number known before the statement runs, else None."""
        given = self.integer(at)
        if given.tree.find(exp.Column, exp.Select) is not None:
            return None
        found = self.env.ctx.session.evaluate(given.tree)
        return found if isinstance(found, int) else None


Function: TypeAlias = "Callable[[Call], Typed]"
_FUNCTIONS: dict[str, Function] = {}


def function(*names: str) -> Callable[[Function], Function]:
    """Register a T-SQL function under its names."""

    def keep(made: Function) -> Function:
        _FUNCTIONS.update(dict.fromkeys(names, made))
        return made

    return keep


@register(exp.Anonymous)
def call(env: Env, node: Tree) -> Typed:
    """A function call as a value."""
    name = str(node.this).upper()
    found = _FUNCTIONS.get(name)
    if found is None:
        return env.refuse(node, f"the function {name} is not supported")
    return found(Call(env, node, name, tuple(node.expressions)))


def guarded(call: Call, number: int, bad: Tree, good: Tree, message: str) -> Tree:
    """`good`, or an error where `bad` holds."""
    return case((bad, fail(number, message)), default=good)


def result(tree: Tree, kind: SqlType) -> Typed:
    """A DuckDB expression as a value of a T-SQL type, whatever DuckDB makes of it."""
    return Typed(cast(tree, kind), kind)


def zero(tree: Tree) -> Tree:
    """Whether a number is 0."""
    return equal(tree, num(0))
