"""How a result is printed, and the exit code of its verdict."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rich.text import Text

from recon.commands.terminal import DIFFERENCE, MATCH, UNCLEAR, out
from recon.model_result import Verdict

if TYPE_CHECKING:
    from recon.model_result import Cause, Result

_MOST_CAUSES: Final = 5
CODE: Final = {
    Verdict.MATCH: MATCH,
    Verdict.ACCEPTED: MATCH,
    Verdict.PARTIAL: DIFFERENCE,
    Verdict.NO_MATCH: DIFFERENCE,
    Verdict.INCONCLUSIVE: UNCLEAR,
}
STYLE: Final = {
    Verdict.MATCH: "bold green",
    Verdict.ACCEPTED: "bold green",
    Verdict.PARTIAL: "bold yellow",
    Verdict.NO_MATCH: "bold red",
    Verdict.INCONCLUSIVE: "bold magenta",
}


def print_result(found: Result) -> None:
    """The verdict, why, the counts, and the first causes."""
    rows = found.rows
    out.print(
        Text(f"{found.run_id}  {found.table} · {found.variant}  ".lstrip()).append(
            found.verdict, style=STYLE[found.verdict]
        )
    )
    for reason in found.reasons:
        out.print(Text(f"  - {reason}"))
    out.print(
        f"rows      Synapse {rows.baseline:,}, Databricks {rows.candidate:,}: {rows.equal:,} equal, "
        f"{rows.differing:,} differing, {rows.missing:,} missing, {rows.extra:,} extra"
    )
    if found.match_percentage is not None:
        out.print(f"cells     {found.match_percentage:.2f} % equal")
    for column in found.columns:
        if column.mismatches:
            kinds = ", ".join(f"{c.cause} {c.cells:,}" for c in column.causes)
            out.print(
                Text(f"column    {column.name}: {column.mismatches:,} of {column.compared:,} ({kinds})")
            )
    for cause in found.causes[:_MOST_CAUSES]:
        out.print(Text(f"cause     {cause.scope}: {cause.cause} ({_said(cause)}). {cause.hint}"))
    for note in found.notes:
        out.print(Text(f"note      {note}"))
    if found.approximate:
        out.print("note      DuckDB stood in for Databricks: an approximation.")


def _said(cause: Cause) -> str:
    """How grave and how sure it is, how much it explains and, if it says, which rows."""
    cells = (
        f"{cause.cells:,}" + ("" if cause.share is None else f" = {cause.share:g} %") if cause.cells else ""
    )
    return "; ".join(part for part in (cause.severity, cause.confidence, cells, cause.where) if part)
