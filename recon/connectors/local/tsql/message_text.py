"""The places of a message: %s and %d, as RAISERROR and FORMATMESSAGE fill them.

https://learn.microsoft.com/en-us/sql/t-sql/language-elements/raiserror-transact-sql
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from recon.connectors.local.tsql.duck import Value

_PLACE = re.compile(r"%([-+0# ]*)(\d+)?(\.\d+)?(?:I64)?([sdiuxXo%])")


def filled(message: str, values: Sequence[Value]) -> str:
    """The message with its places filled; (null) where a value is missing."""
    rest = iter(values)

    def replace(found: re.Match[str]) -> str:
        if found[4] == "%":
            return "%"
        given = next(rest, None)
        shown = "(null)" if given is None else _shown(given, found[4], int((found[3] or ".0")[1:]))
        width = int(found[2] or 0)
        return shown.ljust(width) if "-" in found[1] else shown.rjust(width, "0" if "0" in found[1] else " ")

    return _PLACE.sub(replace, message)


def _shown(given: Value, letter: str, most: int) -> str:
    if isinstance(given, int) and letter in "xXo":
        return format(given, letter)
    return str(given)[:most] if letter == "s" and most else str(given)
