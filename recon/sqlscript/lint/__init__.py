"""What in the two scripts of a run does not mean the same on both systems: found in the texts alone.

`lint` is the door. It runs nothing and never refuses: what it cannot read it says (code NOT_READ).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from recon.sqlscript.lint.found import DUCKDB, LOCAL, RUNNER
from recon.sqlscript.lint.reader import conversion_of, original_of
from recon.sqlscript.lint.report import Report

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from recon.model import Column, Table, TableRef, Variant
    from recon.model_result import LintHit

__all__ = ["DUCKDB", "LOCAL", "RUNNER", "Lint", "lint"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Lint:
    """The hits, by side (Synapse first), line and column, and what the texts say about whole columns.

    `calls` has, by side and folded column of the target, the functions and operators that its values pass;
    it is whole only for the columns in `followed`. `words` are all words of both texts in capitals, None
    where a script leads to texts that are not here. `constants` are the texts that they write out.
    """

    hits: tuple[LintHit, ...] = ()
    calls: dict[str, dict[str, frozenset[str]]] = field(
        default_factory=dict[str, "dict[str, frozenset[str]]"]
    )
    followed: dict[str, frozenset[str]] = field(default_factory=dict[str, "frozenset[str]"])
    words: frozenset[str] | None = None
    constants: frozenset[str] = frozenset()


def lint(
    table: Table,
    variant: Variant,
    columns: Mapping[TableRef, Sequence[Column]] | None = None,
    *,
    duckdb: bool = False,
    pinned: bool = False,
) -> Lint:
    """Read both scripts of a run.

    `columns` are the declared columns of Synapse's tables where more is known than `ddl.sql` says. With
    `duckdb`, functions of which nobody knows whether DuckDB has the same are hits too; with `pinned`, the
    time of the run is none, because the project says what time it is.
    """
    original = original_of(table, columns or {})
    conversion = conversion_of(table, variant, original)
    report = Report(original, conversion, duckdb=duckdb, pinned=pinned)
    sides = (original.script, conversion.script)
    opaque = any(side.pieces.opaque for side in sides)
    text = f"{table.original.text} {variant.script.text}".upper()
    return Lint(
        hits=report.hits(),
        calls={side.side: side.calls() for side in sides},
        followed={side.side: side.followed() for side in sides},
        words=None if opaque else frozenset(re.findall(r"\w+", text)),
        constants=frozenset(constant for side in sides for constant in side.constants()),
    )
