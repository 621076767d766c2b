"""One TOML file of the project: its values checked against its document, every mistake with its line."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from pydantic import ValidationError

from recon.project.documents import PLACES, Document
from recon.project.grammar import Wrong, kind_of
from recon.project.mistakes import Mistake, closest, nearest
from recon.project.positions import Path, positions

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

D = TypeVar("D", bound=Document)

VERSION = 1
_PLACE = re.compile(r" \(at (?:line (\d+), column \d+|end of document)\)$")
_WANTED = {
    "bool_type": "true or false",
    "int_type": "a whole number",
    "string_type": "text in quotes",
    "list_type": "a list in [ ]",
    "dict_type": "a table",
    "model_type": "a table",
}


@dataclass(frozen=True, slots=True)
class TomlFile(Generic[D]):
    """`document` holds what was understood; `wrong` the paths of what was not, which have their defaults."""

    file: str
    document: D
    lines: dict[Path, int]
    wrong: frozenset[Path]

    def line(self, *path: str | int) -> int:
        """The line of a key, or of the nearest thing around it."""
        return _line(self.lines, path)

    def mistake(self, path: Path, message: str, hint: str = "") -> Mistake:
        """A mistake at a key."""
        return Mistake(self.file, self.line(*path), message, hint)

    def broken(self, *path: str | int) -> bool:
        """Whether the value at `path`, or around it, was not understood: its default means nothing."""
        return any(path[: len(bad)] == bad for bad in self.wrong)


def read_toml(file: str, text: str, kind: type[D], found: list[Mistake]) -> TomlFile[D] | None:
    """The document in `text`, its mistakes added to `found`; None when no part of it can be used."""
    try:
        data: dict[str, Any] = tomllib.loads(text, parse_float=Decimal)
    except (ValueError, InvalidOperation, RecursionError) as error:
        # TOMLDecodeError is a ValueError; so is a number of 5,000 digits. The others: 1e9999999999999999999
        # as a Decimal, and lists nested a thousand deep.
        found.append(_syntax(file, text, error))
        return None
    lines = positions(text)
    if wrong_version := _version(data):
        message, hint = wrong_version
        found.append(Mistake(file, _line(lines, ("version",)), message, hint))
        return None
    wrong: set[Path] = set()
    while True:
        try:
            document = kind.model_validate(data)
        except ValidationError as error:
            for detail in error.errors(include_url=False):
                wrong.add(_cut(data, detail["loc"]))
                if detail["type"] == "extra_forbidden":  # a misspelt key is not a missing one as well
                    wrong.add(_meant(kind, detail["loc"])[0])
                found.append(_mistake(file, lines, kind, detail))
        else:
            return TomlFile(file, document, lines, frozenset(wrong))


def _syntax(file: str, text: str, error: Exception) -> Mistake:
    if not isinstance(error, tomllib.TOMLDecodeError):
        return Mistake(file, 1, "not TOML that can be read: a number or a nesting is beyond all bounds")
    place = _PLACE.search(message := str(error))
    line = int(place[1]) if place and place[1] else max(1, len(text.splitlines()))
    return Mistake(file, line, f"not TOML: {_PLACE.sub('', message)}")


def _version(data: dict[str, Any]) -> tuple[str, str] | None:
    """What is wrong with the file's version, and what to do."""
    if "version" not in data:
        return "there is no version", f"Begin the file with version = {VERSION}."
    version = data["version"]
    if isinstance(version, bool) or version != VERSION:
        return f"version {version!r} is not known", f"This recon reads version = {VERSION}."
    return None


def _line(lines: dict[Path, int], path: Path) -> int:
    return next((lines[path[:n]] for n in range(len(path), 0, -1) if path[:n] in lines), 1)


def _cut(data: dict[str, Any], loc: Path) -> Path:
    """Take what is wrong out of the data, so that the rest can be read; return its path.

    A wrong item spoils its whole list: a list without it would mean something else.
    """
    owner: Any = data
    within, name, path = data, loc[0], loc[:1]
    for depth, part in enumerate(loc):
        if isinstance(owner, dict) and part in owner:
            within, name, path = owner, part, loc[: depth + 1]
            owner = owner[part]
        elif isinstance(owner, list) and isinstance(part, int):
            owner = owner[part]
        else:
            break
    within.pop(str(name), None)
    return path


def _mistake(file: str, lines: dict[Path, int], kind: type[Document], detail: ErrorDetails) -> Mistake:
    path, code, value = detail["loc"], detail["type"], detail["input"]
    name = ".".join(str(part) for part in path if not isinstance(part, int))
    line = _line(lines, path)
    if code == "extra_forbidden":
        return Mistake(file, line, f"unknown key {name}", _meant(kind, path)[1])
    error = detail.get("ctx", {}).get("error")
    if isinstance(error, Wrong):
        return Mistake(file, line, f"{name} {_joined(str(error))}", error.hint)
    if code in _WANTED:
        hint = (
            f"Write [[{name}]] with two brackets." if code == "list_type" and isinstance(value, dict) else ""
        )
        return Mistake(file, line, f"{name} must be {_WANTED[code]}, not {kind_of(value)}", hint)
    return Mistake(file, line, f"{name}: {detail['msg'][:1].lower()}{detail['msg'][1:]}")


def _joined(message: str) -> str:
    """`mode must be ...`, but `mode: "x" is not ...`."""
    return f"= {message}" if message.startswith('"') else message


def _meant(kind: type[Document], path: Path) -> tuple[Path, str]:
    """What an unknown key was meant to be, and a hint: a key of the same table, else one of another."""
    *around, name = (str(part) for part in path)
    places = PLACES[kind]
    here = next(known for place, known in places.items() if _fits(place, path[:-1]))
    if near := closest(name, here.model_fields):
        return (*path[:-1], near), nearest(name, here.model_fields)
    for place, known in places.items():
        if name in known.model_fields and known is not here:
            return (*place, name), _move(name, place, ".".join(around))
    return path, nearest(name, here.model_fields)


def _move(name: str, place: tuple[str, ...], around: str) -> str:
    if place:
        return f"{name} belongs into [{'.'.join(place)}]."
    return f"{name} belongs to the top of the file, above its first [table]; here it is part of [{around}]."


def _fits(place: tuple[str, ...], path: Path) -> bool:
    return len(place) == len(path) and all(p in ("*", str(q)) for p, q in zip(place, path, strict=True))
