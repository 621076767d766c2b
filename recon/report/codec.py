"""A result as JSON and back: exactly the document of `docs/result.md`, further fields after its own.

Writing is canonical: one result has one text, with the contract's order of keys, in UTF-8, without NaN.
Reading refuses what we did not write: unknown or absent fields, numbers that contradict each other.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import fields, is_dataclass, replace
from typing import TYPE_CHECKING, Any, cast

from pydantic import TypeAdapter, ValidationError

from recon.errors import SpecError
from recon.model import Timing
from recon.model_result import (
    SCHEMA_VERSION,
    Cause,
    ColumnResult,
    Result,
    RowSample,
    Segments,
    Verdict,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

# The fields that the contract promises, in its order. A type that is not named promises all of its fields.
# A field added later is not promised, so that documents written before it can still be read.
_PROMISED: dict[type, tuple[str, ...]] = {
    Result: (
        "schema_version", "table", "variant", "run_id", "engine", "method", "verdict", "reasons", "rows",
        "match_percentage", "rows_equal_percentage", "columns", "schema", "segments", "samples", "causes",
        "timings",
    ),
    ColumnResult: (
        "name", "role", "baseline_type", "candidate_type", "rule", "compared", "mismatches", "forgiven",
        "baseline_null", "candidate_null", "causes",
    ),
    Segments: ("column", "cells"),
    Cause: ("cause", "scope", "confidence", "hint"),
    RowSample: ("kind", "key", "values"),
    Timing: ("step", "seconds", "rows", "bytes"),
}  # fmt: skip

_ADAPTER = TypeAdapter(Result)
_HINT = "The file is not a result that recon wrote, or it was changed afterwards. Run the comparison again."


def to_json(result: Result) -> dict[str, Any]:
    """The document as dictionaries, lists, text and numbers, in the contract's order."""
    return cast("dict[str, Any]", _plain(result))


def dumps(result: Result) -> str:
    """The canonical text, one line. ValueError when a number is NaN or infinite."""
    return _text(to_json(result))


def loads(text: str) -> Result:
    """The result that `dumps` wrote. SpecError, with the place in the document, when it is not one."""
    try:
        document = json.loads(text, parse_constant=_no_constant, object_pairs_hook=_once)
        result = _ADAPTER.validate_json(text, strict=True)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise SpecError(f"result document: {place or 'root'}: {first['msg']}", hint=_HINT) from error
    except ValueError as error:
        raise SpecError(f"result document: {error}", hint=_HINT) from error
    if result.schema_version != SCHEMA_VERSION:
        raise SpecError(
            f"result document: schema_version is {result.schema_version}, this recon reads {SCHEMA_VERSION}",
            hint="Read it with the version of recon that wrote it.",
        )
    _same_fields(document, result, "")
    _laws(result)
    return result


def sha256(result: Result) -> str:
    """The content hash, in hex: over the canonical text of everything but the timings.

    It covers verdict, reasons, all counts, types, rules, segments, samples, causes, notes and the run's
    id, table, variant and engine. How long steps took says nothing about the data and is left out.
    """
    document = to_json(replace(result, timings=()))
    del document["timings"]
    return hashlib.sha256(_text(document).encode()).hexdigest()


def runs_document(results: Iterable[Result]) -> dict[str, Any]:
    """What `recon run --json` writes: several results, in the order given."""
    return {"schema_version": SCHEMA_VERSION, "runs": [to_json(result) for result in results]}


def _text(document: dict[str, Any]) -> str:
    return json.dumps(document, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def _plain(value: object) -> object:
    if is_dataclass(value) and not isinstance(value, type):
        return {name: _field(value, name, kind) for name, kind in _ordered(type(value))}
    if isinstance(value, (tuple, list)):
        return [_plain(item) for item in cast("Iterable[object]", value)]
    if isinstance(value, dict):
        return {str(k): _plain(v) for k, v in cast("dict[object, object]", value).items()}
    return str(value) if isinstance(value, str) else value


def _field(owner: object, name: str, kind: str) -> object:
    value = getattr(owner, name)
    if kind.startswith("float") and isinstance(value, int):
        return float(value)  # 100 and 100.0 must have one text
    return _plain(value)


def _ordered(kind: type) -> list[tuple[str, str]]:
    """Names and annotations of the fields: the promised ones first, in the contract's order."""
    types = {field.name: str(field.type) for field in fields(kind)}
    promised = _PROMISED.get(kind, ())
    return [(name, types[name]) for name in (*promised, *(n for n in types if n not in promised))]


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is not a number of JSON")


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    document = dict(pairs)
    if len(document) != len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(f"the key {next(n for n in names if names.count(n) > 1)!r} stands twice")
    return document


def _same_fields(document: object, value: object, place: str) -> None:
    """Raise SpecError when the document lacks a promised field or has one that nobody knows."""
    if isinstance(value, tuple):
        pairs = zip(cast("list[object]", document), cast("tuple[object, ...]", value), strict=True)
        for number, (item, loaded) in enumerate(pairs):
            _same_fields(item, loaded, f"{place}[{number}]")
    if not is_dataclass(value) or isinstance(value, type):
        return
    found = cast("dict[str, object]", document)
    names = [field.name for field in fields(value)]
    for name in found:
        if name not in names:
            raise SpecError(f"result document: {place}.{name} is unknown".replace(": .", ": "), hint=_HINT)
    for name in _PROMISED.get(type(value), tuple(names)):
        if name not in found:
            raise SpecError(f"result document: {place}.{name} is absent".replace(": .", ": "), hint=_HINT)
    for name, item in found.items():
        _same_fields(item, getattr(value, name), f"{place}.{name}")


def _laws(result: Result) -> None:
    """Raise SpecError when the counts break their laws, or deny a MATCH."""
    rows = result.rows
    whole = (
        rows.baseline == rows.paired + rows.missing
        and rows.candidate == rows.paired + rows.extra
        and rows.paired == rows.equal + rows.differing
        and min(rows.equal, rows.differing, rows.missing, rows.extra) >= 0
    )
    if not whole:
        raise SpecError("result document: rows: the counts do not add up", hint=_HINT)
    if result.verdict is Verdict.MATCH and (rows.differing or rows.missing or rows.extra or result.failure):
        raise SpecError("result document: verdict: MATCH, but the counts say otherwise", hint=_HINT)
