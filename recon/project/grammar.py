"""The small grammars inside values: table names, tolerances, text policies, parameters.

Every function takes what TOML gave and returns our word for it, or raises Wrong.
"""

from __future__ import annotations

import re
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import TYPE_CHECKING, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from recon.collation import collation, comparable
from recon.errors import SpecError
from recon.model import Scalar, TableRef, TextPolicy, Tolerance, ToleranceKind
from recon.project.mistakes import closest, nearest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

E = TypeVar("E", bound=StrEnum)


class Follow(StrEnum):
    """A word among the text policies that stands for a collation written elsewhere."""

    SYNAPSE = "synapse collation"  # [session] collation of recon.toml


class Wrong(ValueError):  # noqa: N818 (pydantic collects it; a Mistake is made of it)
    """A value that its grammar does not know."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


def text(value: object) -> str:
    """Text as it is."""
    if not isinstance(value, str):
        raise Wrong(f"must be text in quotes, not {kind_of(value)}")
    return value


def kind_of(value: object) -> str:
    """What a TOML value is, in words."""
    names = (
        (bool, "true or false"),
        (str, "text"),
        (int, "a whole number"),
        (Decimal, "a number"),
        (datetime, "a date and time"),
        (date, "a date"),
        (list, "a list"),
        (dict, "a table"),
    )
    return next((name for kind, name in names if isinstance(value, kind)), "a time")


def one_of(kind: type[E], value: object) -> E:
    """The word of an enumeration."""
    return kind(_known(text(value), list(kind)))


def _known(word: str, words: Iterable[str]) -> str:
    """The word, which has to be one of the words."""
    known = [str(item) for item in words]
    if word not in known:
        near = closest(word, known)
        said = ", ".join(f'"{item}"' for item in known)
        raise Wrong(f'"{word}" is not one of {said}', f'Did you mean "{near}"?' if near else "")
    return word


# --- Names ----------------------------------------------------------------------------

# [a ]] b] and "a "" b" are T-SQL's quoted names, `a` is Databricks'; a bare part is what neither needs to
# quote. https://learn.microsoft.com/sql/relational-databases/databases/database-identifiers
# https://docs.databricks.com/aws/en/sql/language-manual/sql-ref-identifiers
_PART = re.compile(
    r'\[(?P<bracket>(?:[^\]]|\]\])+)\]|"(?P<quote>(?:[^"]|"")+)"|`(?P<tick>(?:[^`]|``)+)`|(?P<bare>[\w$#@-]+)'
)


def name_parts(value: object) -> tuple[str, ...]:
    """The parts of a dotted name, unquoted."""
    name = text(value)
    parts: list[str] = []
    at = 0
    while found := _PART.match(name, at):
        parts.append(_unquoted(found))
        at = found.end()
        if at == len(name):
            return tuple(parts)
        if name[at] != ".":
            break
        at += 1
    raise Wrong(
        f'"{name}" is not a name', 'Write "schema.name"; a part with other characters goes into [brackets].'
    )


def _unquoted(found: re.Match[str]) -> str:
    if (part := found["bracket"]) is not None:
        return part.replace("]]", "]")
    if (part := found["quote"]) is not None:
        return part.replace('""', '"')
    if (part := found["tick"]) is not None:
        return part.replace("``", "`")
    return found["bare"]


def table_name(value: object) -> TableRef:
    """`schema.name` or `catalog.schema.name`."""
    match name_parts(value):
        case (schema, name):
            return TableRef(schema, name)
        case (catalog, schema, name):
            return TableRef(schema, name, catalog)
        case (name,):
            raise Wrong(f'"{value}" has no schema', f'Write the schema before it, as in "dbo.{name}".')
        case parts:
            raise Wrong(f'"{value}" has {len(parts)} parts', 'Write "schema.name" or "catalog.schema.name".')


def schema_name(value: object) -> str:
    """A schema as written: `schema` or `catalog.schema`."""
    if text(value) and len(name_parts(value)) > 2:
        raise Wrong(f'"{value}" has too many parts', 'Write "catalog.schema".')
    return text(value)


def procedure_name(value: object) -> str:
    """A procedure's name as written, of one to three parts."""
    if text(value) and len(name_parts(value)) > 3:
        raise Wrong(f'"{value}" has too many parts', 'Write "schema.name".')
    return text(value)


# --- Rules ----------------------------------------------------------------------------

_TOLERANCE = re.compile(r"(?P<kind>[a-z]+)\s+(?P<amount>[^\s%]+)\s*(?P<percent>%?)")
_TOLERANCE_HINT = 'Write "abs 0.005", "rel 1e-6", "pct 0.5%", "secs 1" or "ulp 2".'


def tolerance(value: object) -> Tolerance:
    """`abs 0.005`, `rel 1e-6`, `pct 0.5%` or `pct 0.5`, `secs 1`, `ulp 2`. The amount keeps every digit."""
    word = text(value)
    wrong = Wrong(f'"{word}" is not a tolerance', _TOLERANCE_HINT)
    found = _TOLERANCE.fullmatch(word.strip())
    if not found or found["kind"] not in [str(kind) for kind in ToleranceKind]:
        if found and (near := closest(found["kind"], list(ToleranceKind))):
            raise Wrong(str(wrong), f'Did you mean "{near} {found["amount"]}"? {_TOLERANCE_HINT}')
        raise wrong
    kind = ToleranceKind(found["kind"])
    if found["percent"] and kind is not ToleranceKind.PCT:
        raise Wrong(str(wrong), 'A share in percent is "pct 0.5%".')
    try:
        amount = Decimal(found["amount"])
    except InvalidOperation as error:
        raise wrong from error
    made = Tolerance(kind, amount)
    if made.fault:
        raise Wrong(f'"{word}": {made.fault}', _TOLERANCE_HINT)
    return made


def text_policy(value: object) -> TextPolicy | Follow:
    """One way in which a text comparison is lenient."""
    word = _known(text(value), [*TextPolicy, Follow.SYNAPSE])
    return Follow.SYNAPSE if word == Follow.SYNAPSE else TextPolicy(word)


def session_collation(value: object) -> str:
    """The name of a T-SQL collation."""
    return _collation(value, collation)


def moment(value: object) -> datetime:
    """A date and time without a zone: a wall clock of the session's zone."""
    if not isinstance(value, datetime) or value.tzinfo is not None:
        raise Wrong("needs a local date and time", "Without quotes and zone: now = 2024-01-31T00:00:00")
    return value


def column_collation(value: object) -> str:
    """The name of a T-SQL collation that a comparison can follow."""
    return _collation(value, comparable)


def _collation(value: object, read: Callable[[str], object]) -> str:
    name = text(value)
    try:
        read(name)
    except SpecError as error:
        said = str(error)
        raise Wrong(said if said.startswith('"') else f'"{name}": {said}', error.hint) from error
    return name


def predicate(value: object) -> str:
    """A condition in SQL, which must say something. Whoever runs it reads it."""
    if not (condition := text(value).strip()):
        raise Wrong("is empty", "Write a condition, or take the key away to compare all rows.")
    return condition


def reason(value: object) -> str:
    """Why a column is not compared. There must be one: every report prints it."""
    if not isinstance(value, str) or not value.strip():
        raise Wrong("needs a reason", 'Say why, as in ignore = "set to the load time on both sides".')
    return value.strip()


# --- Parameters and settings ----------------------------------------------------------


def parameter(value: object) -> Scalar:
    """A scalar that both T-SQL and Spark have. Numbers with a point are decimals: no digit is lost."""
    if isinstance(value, Decimal) and not value.is_finite():
        raise Wrong("must be a finite number")
    if not isinstance(value, str | bool | int | Decimal | date):
        raise Wrong(
            f"must be text, a number, true or false, a date or a date with time, not {kind_of(value)}",
            "Write lists and times of day as text; the scripts read them as such.",
        )
    return value


def percentage(value: object) -> Decimal:
    """A number from 0 to 100."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise Wrong(f"must be a number, not {kind_of(value)}")
    if not 0 <= (number := Decimal(value)) <= 100:
        raise Wrong(f"must lie between 0 and 100, not {value}")
    return number


def time_zone(value: object) -> str:
    """An IANA time zone. It cannot be checked where the machine has no time zone data."""
    zone = text(value)
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        if known := available_timezones():
            raise Wrong(f'"{zone}" is not a time zone', _nearest_zone(zone, known)) from error
    return zone


def _nearest_zone(zone: str, known: set[str]) -> str:
    """The nearest zone, or how they look."""
    return nearest(zone, known) if closest(zone, known) else 'Write an IANA name such as "Europe/Berlin".'
