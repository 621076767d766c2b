"""Values, names and predicates of a project as pieces of T-SQL, each a sqlglot tree."""

from __future__ import annotations

import difflib
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from sqlglot import exp

from recon.errors import SpecError
from recon.sqlscript.tokens import solid, tokenize
from recon.sqlscript.tsql_parse import condition
from recon.sqlscript.tsql_tree import Leaf

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from recon.model import Scalar, TableRef
    from recon.sqlscript.tokens import Token

_BIGINT = 2**63


def table(ref: TableRef) -> exp.Table:
    """A table's quoted name."""
    parts = [exp.to_identifier(p, quoted=True) if p else None for p in (ref.name, ref.schema, ref.catalog)]
    return exp.Table(this=parts[0], db=parts[1], catalog=parts[2])


def named(parts: Sequence[str]) -> exp.Table:
    """The quoted name of something of which a script gives the parts."""
    quoted = [exp.to_identifier(p, quoted=True) if p else None for p in reversed(parts)]
    quoted += [None] * (3 - len(quoted))
    return exp.Table(this=quoted[0], db=quoted[1], catalog=quoted[2])


def type_of(value: Scalar) -> str:
    """The T-SQL type that holds a parameter of the project exactly."""
    if isinstance(value, bool):
        return "BIT"
    if isinstance(value, int):
        return "BIGINT" if -_BIGINT <= value < _BIGINT else "DECIMAL(38, 0)"
    if isinstance(value, Decimal):
        digits, scale = len(value.as_tuple().digits), max(-int(value.as_tuple().exponent), 0)
        return f"DECIMAL({max(digits, scale, 1)}, {scale})"
    if isinstance(value, float):
        return "FLOAT"
    if isinstance(value, datetime):
        return "DATETIMEOFFSET(7)" if value.tzinfo else "DATETIME2(7)"
    return "DATE" if isinstance(value, date) else "NVARCHAR(4000)"


def literal(value: Scalar) -> exp.Expr:
    """A parameter's value, with its type."""
    if value is None:
        return exp.Null()
    if isinstance(value, bool):
        spelled: exp.Expr = exp.Literal.number(int(value))
    elif isinstance(value, str):
        return exp.National(this=value)
    elif isinstance(value, datetime):
        spelled = exp.Literal.string(value.isoformat())
    else:
        spelled = exp.Literal.string(_plain(value))
    return exp.Cast(this=spelled, to=exp.DataType.build(type_of(value), dialect="tsql"))


def _plain(value: date | int | float | Decimal) -> str:
    if isinstance(value, Decimal):
        return format(value, "f")
    return value.isoformat() if isinstance(value, date) else repr(value)


def as_written(text: str) -> exp.Expr:
    """A piece of the project's own T-SQL inside a tree of ours, unchanged."""
    return exp.Var(this=text)


def predicate(where: str) -> exp.Expr:
    """A filter of the project in brackets, as it is written. ProgramError when it is not one condition."""
    tokens = tuple(solid(tokenize(where, "filter")))
    condition(Leaf("CONDITION", where, 1, tokens), "filter")
    return exp.Paren(this=as_written(spelled(tokens)))


def spelled(tokens: Iterable[Token]) -> str:
    """Tokens with a space between them: without comments, which could swallow what follows."""
    return " ".join(t.text for t in tokens)


def matched(params: Mapping[str, Scalar], known: Iterable[str], file: str, what: str) -> dict[str, Scalar]:
    """The parameters by their variables, `@name` in lower case. SpecError for one that is not `known`."""
    names = {n.casefold() for n in known}
    made: dict[str, Scalar] = {}
    for written, value in params.items():
        key = "@" + written.lstrip("@").casefold()
        if key not in names:
            near = difflib.get_close_matches(key, names, 1, cutoff=0.4)
            hint = f"Did you mean {near[0]}?" if near else "Remove it from [params] in table.toml."
            raise SpecError(f"{file} has no {what} {key}", hint=hint)
        made[key] = value
    return made
