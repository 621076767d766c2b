"""How unlikely each column is to be part of a key, by its name, its type and its place. Pure.

Only an order: it decides which sets of columns are counted first and how those that are unique rank, never
whether they are unique.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from recon.compare.types import Family

if TYPE_CHECKING:
    from recon.compare.plan import Pair, Plan
    from recon.compare.types import Type

# The words of a name: CustomerID, customer_id and customerId are customer and id.
_WORDS: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+|[^\W\d_A-Za-z]+")
_KEYS: Final = {"id", "ids", "key", "code", "cd", "sk", "pk", "bk", "nk", "uuid", "guid", "isin", "iban"}
_NUMBERS: Final = {"no", "nr", "num", "number", "line", "seq", "sequence", "ref", "reference"}
_MEASURES: Final = {
    "amount", "amt", "count", "cnt", "total", "sum", "qty", "quantity", "price", "value", "balance", "rate",
    "percent", "pct", "avg", "average", "cost", "score", "ratio", "accounts",
}  # fmt: skip
_CHORES: Final = {
    "load", "loaded", "insert", "inserted", "update", "updated", "modified", "created", "etl", "hash",
    "checksum", "rowversion", "batch",
}  # fmt: skip
_PROSE: Final = {"name", "description", "desc", "comment", "comments", "note", "notes", "text", "title"}


def of_columns(plan: Plan) -> tuple[float, ...]:
    """The cost of each compared column, by number: above 0, about 0.5 for the likeliest."""
    last = max(1, len(plan.compared) - 1)
    return tuple(
        1.0 + _by_name(pair.name) + _by_type(pair) + 0.3 * i / last for i, pair in enumerate(plan.compared)
    )


def _by_name(name: str) -> float:
    words = [w.casefold() for w in _WORDS.findall(name)] or [name.casefold()]
    if _CHORES & set(words):
        return 2.0
    if words[-1] in _KEYS or words[0] in {"id", "key", "pk", "sk"}:
        return -0.6
    if words[-1] in _MEASURES:
        return 2.0
    if words[-1] in _NUMBERS or words[-1].endswith(("id", "key", "code")):
        return -0.3
    return 0.5 if words[-1] in _PROSE else 0.0


def _by_type(pair: Pair) -> float:
    return max(_of_type(pair.baseline), _of_type(pair.candidate))


def _of_type(type_: Type) -> float:
    if type_.floating:
        return 4.0
    if type_.family is Family.NUMBER:
        return 0.5 if type_.boolean else 3.0 if type_.scale else 0.0
    if type_.family is Family.INSTANT:
        return 0.1 if type_.date else 2.0
    return 0.0 if type_.family is Family.TEXT else 2.0
