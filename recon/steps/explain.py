"""Explain: what the data shows and what the texts say, brought together.

A reason that both name gains confidence and says its line; one that the texts rule out goes; what the texts
hold and no local engine shows keeps agreement from being proven.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from recon.compare.causes import CATALOGUE, CERTAIN, LIKELY, POSSIBLE
from recon.compare.verdict import percentage, unproven
from recon.model_result import SETTLED, WHOLE_ROW, Cause, Severity
from recon.sqlscript.lint import DUCKDB, LOCAL, RUNNER

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from recon.model_result import Comparison, LintHit
    from recon.sqlscript.lint import Lint

# What the texts may say behind a reason that the data shows; those after the reason's own code rename it.
_BEHIND: Final = {
    "INT_DIVISION": ("INT_DIVISION", "AVG_INT", "ISNULL_TYPE", "ROUND_3ARG", "POWER_LOG"),
    "STRING_TRUNCATION": ("STRING_TRUNCATION", "ISNULL_TYPE", "CONVERT_STYLE"),
    "NULL_NOT_HANDLED": ("NULL_NOT_HANDLED", "CONCAT_NULL", "IMPLICIT_DATE_TEXT", "DIV_BY_ZERO"),
    "DECIMAL_ROUNDING": ("DECIMAL_ROUNDING", "ROUNDING", "MONEY_PRECISION", "ROUND_3ARG"),
    "ROUNDING": ("ROUNDING", "DECIMAL_ROUNDING"),
    "DECIMALS_LOST": ("DECIMALS_LOST", "APPROX_AGGREGATE", "ISNULL_TYPE", "ROUND_3ARG"),
    "TRAILING_SPACE": ("TRAILING_SPACE", "CHAR_PADDING"),
    "DATEDIFF_BOUNDARY": ("DATEDIFF_BOUNDARY", "BOUNDARY_INCLUSIVE", "TRAILING_SPACE", "DATEPART_BASE"),
    "CONSTANT_SHIFT": ("DATEDIFF_BOUNDARY", "TRAILING_SPACE", "DATEPART_BASE", "DATE_OFFSET"),
    "JOIN_FANOUT": (
        "JOIN_FANOUT",
        "MISSING_FILTER",
        "DROPPED_JOIN",
        "BOUNDARY_INCLUSIVE",
        "UPDATE_FROM_MULTI",
    ),
    "DUPLICATE_ROWS": ("DUPLICATE_ROWS", "UNION_ALL", "MISSING_FILTER", "DROPPED_JOIN", "BOUNDARY_INCLUSIVE"),
    "UNION_ALL": ("UNION_ALL", "DUPLICATE_ROWS", "MISSING_FILTER", "DROPPED_JOIN"),
    "DROPPED_JOIN": ("DROPPED_JOIN", "MISSING_FILTER", "JOIN_TYPE", "NOT_IN_NULL", "LIKE_PATTERN"),
    "MISSING_FILTER": ("MISSING_FILTER", "DROPPED_JOIN", "JOIN_TYPE", "NOT_IN_NULL", "LIKE_PATTERN"),
    "JOIN_TYPE": (
        "JOIN_TYPE",
        "DROPPED_JOIN",
        "NULL_JOIN_KEY",
        "NOT_IN_NULL",
        "LIKE_PATTERN",
        "COLLATION_CASE",
    ),
    "NULL_JOIN_KEY": ("NULL_JOIN_KEY", "JOIN_TYPE", "NOT_IN_NULL"),
}
# Reasons that only say that something differs: the texts know better, if they know anything.
_WEAK: Final = {"VALUE_DIFF", "TYPE_CHANGED", "CASE_LOGIC_CHANGED", "SCALE_FACTOR", "CONSTANT_SHIFT"}
# Several names for one thing: the more specific one, found in the texts, does not replace these.
_KEEPS_ITS_NAME: Final = {
    "JOIN_FANOUT", "UNION_ALL", "DUPLICATE_ROWS", "DROPPED_JOIN", "NULL_JOIN_KEY", "DECIMAL_ROUNDING",
    "TRAILING_SPACE",
}  # fmt: skip
# Reasons of last resort for rows that differ and for cells that nothing explains, the likeliest first.
_FOR_ROWS: Final = (
    "DROPPED_JOIN", "MISSING_FILTER", "UNION_ALL", "BOUNDARY_INCLUSIVE", "JOIN_TYPE", "MERGE_DELETE_MISSING",
    "NOT_IN_NULL", "LIKE_PATTERN", "TOP_VARIANTS", "NULL_JOIN_KEY", "DUPLICATE_ROWS", "UPDATE_FROM_MULTI",
    "NONDETERMINISTIC_ORDER", "VOLATILE_FUNCTION", "DATE_FORMAT_PARSE", "COLLATION_CASE",
)  # fmt: skip
_FOR_CELLS: Final = (
    "INT_DIVISION", "AVG_INT", "DATEDIFF_BOUNDARY", "ISNULL_TYPE", "ROUND_3ARG", "POWER_LOG", "DATEPART_BASE",
    "APPROX_AGGREGATE", "SUBSTRING_INDEX", "DATE_ADD_DROPS_TIME", "DATE_FORMAT_PARSE", "CONVERT_STYLE",
    "HASH_FUNCTION", "VOLATILE_FUNCTION", "SURROGATE_KEY", "STRING_AGG_ORDER", "NONDETERMINISTIC_ORDER",
    "UPDATE_FROM_MULTI", "TIMEZONE_SHIFT", "DATE_OFFSET", "FLOAT_PRECISION", "BOUNDARY_INCLUSIVE",
    "MISSING_FILTER", "DROPPED_JOIN", "UNION_ALL", "TRAILING_SPACE", "TEMP_TABLES", "COLLATION_CASE",
)  # fmt: skip
# Without any of these calls on the way of a column, the reason cannot be the one.
_NEEDS: Final = {
    "DATEDIFF_BOUNDARY": {"DATEDIFF", "DATEDIFF_BIG", "DATE_DIFF", "TIMESTAMPDIFF", "MONTHS_BETWEEN"},
    "DATEPART_BASE": {"DATEPART", "DATENAME", "DAYOFWEEK", "WEEKDAY", "WEEKOFYEAR", "DATE_FORMAT", "EXTRACT"},
    "POWER_LOG": {"LOG", "LOG10", "POWER", "LN", "POW"},
}
_COUNTS: Final = {"COUNT", "COUNT_BIG", "SUM"}
_RANDOM: Final = {"NONDETERMINISTIC_ORDER", "VOLATILE_FUNCTION", "SURROGATE_KEY", "STRING_AGG_ORDER"}
_MOST: Final = 5  # sentences about what is not proven
# What the runner notes when it has seen in the data that T-SQL leaves the result open.
_SEEN_OPEN: Final = "is not defined in T-SQL"


@dataclass(frozen=True, slots=True)
class Explained:
    """The comparison with better reasons, and the hits, each with the findings that it explains."""

    found: Comparison
    hits: tuple[LintHit, ...]


def explain(
    found: Comparison, lint: Lint, notes: Iterable[str], *, approximate: bool, local: bool
) -> Explained:
    """Bring `found` and the hits together.

    `notes` are those of the run; `approximate` says that DuckDB stood in for Databricks, `local` that the
    baseline came from the T-SQL runner.
    """
    work = _Work(found, lint)
    causes = _together(tuple(work.better(cause) for cause in found.causes), work.mismatches)
    causes += tuple(work.unexplained(causes))
    order = {CERTAIN: 0, LIKELY: 1, POSSIBLE: 2}
    rows = sorted((c for c in causes if c.scope == WHOLE_ROW), key=lambda c: order.get(c.confidence, 3))
    others = [c for c in causes if c.scope != WHOLE_ROW]
    engines = {LOCAL} | ({DUCKDB} if approximate else set[str]()) | ({RUNNER} if local else set[str]())
    why = _open(found, lint.hits, tuple(notes), engines)
    verdict, reasons = unproven(found.verdict, found.reasons, why)
    better = replace(found, causes=(*rows, *others), verdict=verdict, reasons=reasons)
    return Explained(better, work.hits())


def loose_clocks(lint: Lint) -> tuple[str, ...]:
    """Notes about Python's clocks, which `[session] now` does not hold: it holds those of SQL."""
    return tuple(
        f"{hit.file}:{hit.line}: `{hit.snippet}` is not held by [session] now, which holds the clocks of SQL"
        for hit in lint.hits
        if hit.code == "VOLATILE_FUNCTION" and hit.file.endswith(".py")
    )


class _Work:
    """The hits at hand, and which findings they explain."""

    def __init__(self, found: Comparison, lint: Lint) -> None:
        self._found, self._lint = found, lint
        self._explains: dict[int, list[str]] = {}
        self.mismatches = {c.name: c.mismatches for c in found.columns}

    def hits(self) -> tuple[LintHit, ...]:
        """All hits, with what each of them explains."""
        return tuple(
            replace(hit, explains=tuple(dict.fromkeys(self._explains.get(n, ()))))
            for n, hit in enumerate(self._lint.hits)
        )

    def better(self, cause: Cause) -> Cause:
        """The reason with what the texts say for it or against it."""
        if self._ruled_out(cause):
            cause = replace(cause, cause="VALUE_DIFF", hint=self._counted(cause), severity=Severity.VALUES)
        codes = _BEHIND.get(cause.cause, (cause.cause,))
        mine = self._matching(cause.scope, codes)
        if not mine and cause.cause in _WEAK:
            mine = self._instead(cause)
        if not mine:
            return cause
        code = self._lint.hits[mine[0]].code
        mine = [n for n in mine if self._lint.hits[n].code == code]
        return self._joined(cause, code, mine)

    def _instead(self, cause: Cause) -> list[int]:
        """What the texts say of a column for which the data has no reason, or a mere pattern, to offer."""
        nothing = cause.cause in {"VALUE_DIFF", "TYPE_CHANGED"}
        mine = self._matching(cause.scope, _FOR_CELLS if cause.scope != WHOLE_ROW else _FOR_ROWS)
        hits = self._lint.hits
        return [n for n in mine if _of(hits[n], cause.scope) and (nothing or hits[n].certain)]

    def unexplained(self, causes: Sequence[Cause]) -> Iterator[Cause]:
        """Reasons out of the texts alone for what differs and has none."""
        named = {cause.scope for cause in causes}
        rows = self._found.rows
        differing = [c.name for c in self._found.columns if c.mismatches]
        for scope in ([WHOLE_ROW] if rows.missing + rows.extra else []) + differing:
            if scope in named:
                continue
            mine = self._matching(scope, _FOR_ROWS if scope == WHOLE_ROW else _FOR_CELLS)
            if mine:
                code = self._lint.hits[mine[0]].code
                blank = Cause(
                    cause=code, scope=scope, confidence=POSSIBLE, hint="", severity=_severity(code, scope)
                )
                yield self._joined(blank, code, mine[:1])

    def _joined(self, cause: Cause, code: str, mine: Sequence[int]) -> Cause:
        for n in mine:
            self._explains.setdefault(n, []).append(cause.scope)
        first = self._lint.hits[mine[0]]
        renamed = code != cause.cause and cause.cause not in _KEEPS_ITS_NAME
        evidence = "; ".join(_place(self._lint.hits[n]) for n in _one_a_side(self._lint.hits, mine))
        said = f"{evidence}: {first.message}." if renamed or code != cause.cause else f"{evidence}."
        hint = " ".join(part for part in (said, self._count(cause), "" if renamed else cause.hint) if part)
        return replace(
            cause,
            cause=code if renamed else cause.cause,
            hint=hint,
            advice=f"{first.message}." if renamed else cause.hint,
            confidence=self._confidence(cause, first),
            severity=_severity(code, cause.scope, cause.severity) if renamed else cause.severity,
        )

    def _confidence(self, cause: Cause, hit: LintHit) -> str:
        """One step up; to certain only when the text says so of this very column."""
        own = hit.scope == "rows" if cause.scope == WHOLE_ROW else _of(hit, cause.scope)
        if not cause.cells:
            return cause.confidence
        if cause.cause in _WEAK:
            return LIKELY if own and hit.certain else POSSIBLE
        if cause.confidence == POSSIBLE:
            return LIKELY
        return CERTAIN if own and hit.certain else cause.confidence

    def _count(self, cause: Cause) -> str:
        return _count(cause, self.mismatches.get(cause.scope, cause.cells))

    def _matching(self, scope: str, codes: Sequence[str]) -> list[int]:
        """The hits of these codes that this scope may come from: the surest first."""
        mine = [n for n, hit in enumerate(self._lint.hits) if hit.code in codes and _may_concern(hit, scope)]
        hits = self._lint.hits
        return sorted(
            mine,
            key=lambda n: (
                scope != WHOLE_ROW and not _of(hits[n], scope),
                codes.index(hits[n].code) if codes[0] == hits[n].code else 1 + (not hits[n].certain) * 100,
                codes.index(hits[n].code),
                n,
            ),
        )

    def _ruled_out(self, cause: Cause) -> bool:
        needs, column = _NEEDS.get(cause.cause), cause.scope.casefold()
        if not needs or cause.confidence == CERTAIN:
            return False
        if any(column not in self._lint.followed.get(side, ()) for side in ("synapse", "databricks")):
            return False
        return not any(needs & calls.get(column, frozenset()) for calls in self._lint.calls.values())

    def _counted(self, cause: Cause) -> str:
        calls = self._lint.calls.get("synapse", {}).get(cause.scope.casefold(), frozenset[str]())
        counts = sorted(calls & _COUNTS)
        if counts:
            return f"The column comes from {counts[0]}, so a row more or less is counted on one side."
        return CATALOGUE["VALUE_DIFF"].hint


def _count(cause: Cause, mismatches: int) -> str:
    if not cause.cells:
        return ""
    if cause.scope == WHOLE_ROW:
        return f"{_plural(cause.cells, 'row')}."
    return f"{cause.cells:,} of {_plural(mismatches, 'differing cell')}."


def _together(causes: Sequence[Cause], mismatches: Mapping[str, int]) -> tuple[Cause, ...]:
    """Findings that turned out to be one: the same reason for the same column, their cells added up."""
    out: dict[tuple[str, str], Cause] = {}
    for cause in causes:
        first = out.get((cause.cause, cause.scope))
        if first is None:
            out[cause.cause, cause.scope] = cause
            continue
        whole = mismatches.get(cause.scope, 0)
        both = replace(first, cells=first.cells + cause.cells)
        share = percentage(both.cells, whole)
        hint = first.hint.replace(_count(first, whole), _count(both, whole))
        where = first.where if first.where == cause.where else ""
        out[cause.cause, cause.scope] = replace(both, share=share, hint=hint, where=where)
    return tuple(out.values())


def _may_concern(hit: LintHit, scope: str) -> bool:
    """Whether a hit can be behind a finding: it feeds the column, or decides rows, or nobody can tell."""
    if hit.scope == "elsewhere":
        return False
    if scope == WHOLE_ROW:
        return hit.scope in {"rows", "unknown"}
    return _of(hit, scope) or hit.scope == "unknown"


def _of(hit: LintHit, column: str) -> bool:
    return column.casefold() in {c.casefold() for c in hit.columns}


def _one_a_side(hits: Sequence[LintHit], mine: Sequence[int]) -> list[int]:
    first: dict[str, int] = {}
    for n in mine:
        first.setdefault(hits[n].side, n)
    return sorted(first.values())


def _place(hit: LintHit) -> str:
    name = hit.file.rsplit("/", 1)[-1]
    return f"{name} line {hit.line}: `{hit.snippet}`" if hit.snippet else f"{name} line {hit.line}"


def _severity(code: str, scope: str, otherwise: str = "") -> str:
    if code in _RANDOM:
        return Severity.RANDOM
    if code in CATALOGUE:
        return CATALOGUE[code].severity
    return otherwise or (Severity.ROWS if scope == WHOLE_ROW else Severity.VALUES)


def _plural(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


# --- What agreement does not prove ---------------------------------------------------------------


def _open(
    found: Comparison, hits: Sequence[LintHit], notes: Collection[str], engines: set[str]
) -> tuple[str, ...]:
    """Why equal data here does not prove equal data there, one sentence each."""
    compared = {c.name.casefold() for c in found.columns if c.role in {"key", "value"}}
    said = [
        f"not proven locally for: {_place(hit)}: {hit.message}"
        for hit in hits
        if hit.hides and hit.engine in engines and _counts(hit, compared) and not _settled(hit, notes)
    ]
    said += [
        f"not proven locally for: {note}"
        for note in notes
        if note.endswith(_SEEN_OPEN) and "ROW_NUMBER" not in note
    ]
    once = tuple(dict.fromkeys(said))
    more = len(once) - _MOST
    return (
        once if more <= 0 else (*once[:_MOST], f"not proven locally for {more} more places: see the SQL tab")
    )


def _settled(hit: LintHit, notes: Collection[str]) -> bool:
    """Whether the runner has seen that a TOP without an order had no choice, each time that it ran."""
    place = f"{hit.file}:{hit.line}: "
    here = [n for n in notes if n.startswith(place) and "TOP without ORDER BY" in n]
    top = hit.side == "synapse" and hit.message.startswith("TOP without ORDER BY")
    return top and bool(here) and all(n.endswith(SETTLED) for n in here)


def _counts(hit: LintHit, compared: set[str]) -> bool:
    """Whether the hit can change what was compared."""
    if hit.scope == "columns":
        return any(c.casefold() in compared for c in hit.columns)
    return hit.scope in {"rows", "unknown"}
