"""Explain: what the data shows and what the texts say, brought together.

A reason that both name gains confidence and says its line; one that the texts rule out goes; what the texts
hold and no local engine shows keeps agreement from being proven.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from recon.compare.causes import CATALOGUE, CERTAIN, LIKELY, POSSIBLE
from recon.compare.verdict import percentage, unproven
from recon.model_result import NUMBERED, SETTLED, UNEXPLAINED, WHOLE_ROW, Cause, Kind, Severity
from recon.sqlscript.lint import DUCKDB, LOCAL, RUNNER
from recon.steps.behind import (
    BEHIND,
    COUNTS,
    FOR_CELLS,
    FOR_ROWS,
    KEEPS_ITS_NAME,
    NEEDS,
    RANDOM,
    WEAK,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from recon.model_result import Comparison, LintHit
    from recon.sqlscript.lint import Lint

_FEW: Final = 34  # percent of the missing and extra rows
_MOST: Final = 5  # sentences about what is not proven
_PICKS: Final = "which of them wins is not defined in T-SQL"  # what the runner notes of an UPDATE .. FROM
# What the runner notes when it has seen in the data that T-SQL leaves the result open.
_SEEN_OPEN: Final = ("is not defined in T-SQL", "is not proven here")


@dataclass(frozen=True, slots=True)
class Explained:
    """The comparison with better reasons, and the hits, each with the findings that it explains."""

    found: Comparison
    hits: tuple[LintHit, ...]


def explain(
    found: Comparison,
    lint: Lint,
    notes: Iterable[str],
    *,
    approximate: bool,
    local: bool,
    beside: Iterable[int] = (),
) -> Explained:
    """Bring `found` and the hits together.

    `notes` are those of the run; `approximate` says that DuckDB stood in for Databricks, `local` that the
    baseline came from the T-SQL runner. `beside` are the places of hits that the inputs rule out.
    """
    said = tuple(notes)
    tied = any(note.endswith(_SEEN_OPEN) and "rows tie" in note for note in said)
    work = _Work(found, lint, tied=tied or not local, seen=tied)
    if local:
        work.refute(picks=any(note.endswith(_PICKS) for note in said))
    work.leave_out(beside)
    causes = _together(tuple(work.better(cause) for cause in found.causes), work.mismatches)
    causes = work.with_texts_alone(causes)
    order = {CERTAIN: 0, LIKELY: 1, POSSIBLE: 2}
    rows = sorted(
        (c for c in causes if c.scope == WHOLE_ROW and c.cause != UNEXPLAINED),
        # what says no reason, and what explains few of the rows, comes later
        key=lambda c: (c.cause == "EMPTY_SIDE", _few(c), order.get(c.confidence, 3)),
    )
    others = sorted((c for c in causes if c not in rows), key=lambda c: (c.cause == UNEXPLAINED, -c.cells))
    engines = {LOCAL} | ({DUCKDB} if approximate else set[str]()) | ({RUNNER} if local else set[str]())
    why = _open(found, lint.hits, said, engines)
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
    """The hits at hand, and which findings they explain.

    `seen`: the runner has seen rows that tie in an order; `tied`: it has, or nobody has looked.
    """

    def __init__(self, found: Comparison, lint: Lint, *, tied: bool, seen: bool) -> None:
        self._found, self._lint, self._tied, self._seen = found, lint, tied, seen
        self._columns = {c.name: c for c in found.columns}
        self._explains: dict[int, list[str]] = {}
        self._refuted: set[int] = set()
        self.mismatches = {c.name: c.mismatches for c in found.columns}

    def refute(self, *, picks: bool) -> None:
        """Leave out what the runner has looked for in the original's data and not found: rows that tie in an
        order, and (without `picks`) rows of which an UPDATE .. FROM takes any.
        """
        hits = self._lint.hits
        refuted = {"NONDETERMINISTIC_ORDER"} if not self._tied else set[str]()
        refuted |= {"UPDATE_FROM_MULTI"} if not picks else set[str]()
        self._refuted |= {
            n for n, h in enumerate(hits) if h.side == "synapse" and h.code in refuted and not h.certain
        }

    def leave_out(self, hits: Iterable[int]) -> None:
        """Leave out hits by their places: what the data rules out."""
        self._refuted |= set(hits)

    def hits(self) -> tuple[LintHit, ...]:
        """All hits, with what each of them explains."""
        return tuple(
            replace(hit, explains=tuple(dict.fromkeys(self._explains.get(n, ()))))
            for n, hit in enumerate(self._lint.hits)
        )

    def better(self, cause: Cause) -> Cause:
        """The reason with what the texts say for it or against it."""
        if _rows_unexplained(cause):
            return cause
        given, ruled_out = cause, self._ruled_out(cause)
        if ruled_out:
            cause = replace(cause, cause=UNEXPLAINED, hint=self._counted(cause), severity=Severity.VALUES)
        codes = BEHIND.get(cause.cause, (cause.cause,))
        mine = [n for n in self._matching(cause.scope, codes) if self._fits(cause, self._lint.hits[n])]
        if not mine and cause.cause in WEAK:
            mine = self._instead(cause)
        if not mine:
            return self._shifted(given, cause) if ruled_out else cause
        code = self._lint.hits[mine[0]].code
        mine = [n for n in mine if self._lint.hits[n].code == code]
        return self._joined(cause, code, mine)

    def _instead(self, cause: Cause) -> list[int]:
        """What the texts say of a column for which the data has no reason, or a mere pattern, to offer."""
        nothing = cause.cause in {UNEXPLAINED, "TYPE_CHANGED"}
        mine = self._matching(cause.scope, FOR_CELLS if cause.scope != WHOLE_ROW else FOR_ROWS)
        hits = self._lint.hits
        mine = [n for n in mine if _of(hits[n], cause.scope) and (nothing or hits[n].certain)]
        mine = [n for n in mine if self._fits(cause, hits[n])]
        if mine or cause.cause == "TYPE_CHANGED":
            return mine
        # another row of a tie, or of a group, brings other values in every column, if not the same change in
        # every row
        picked = self._matching(WHOLE_ROW, ("NONDETERMINISTIC_ORDER",))
        if cause.cause != UNEXPLAINED or not self._tied:
            picked = [n for n in picked if hits[n].certain and hits[n].scope == "rows"]
        return picked if cause.cause == UNEXPLAINED or cause.cells < self._found.rows.paired else []

    def _fits(self, cause: Cause, hit: LintHit) -> bool:
        """Whether what the hit does would show in the data as it shows here."""
        if cause.scope == WHOLE_ROW:
            lost = any(cause.where.endswith(f" have {column} = NULL") for column in hit.columns)
            return lost or (cause.cause, hit.code) != ("NULL_JOIN_KEY", "JOIN_TYPE")
        column = self._columns.get(cause.scope)
        last_digit = column is not None and {kind.cause for kind in column.causes} == {Kind.ROUNDING}
        if hit.code == "COLLATION_CASE":
            return not last_digit
        if cause.cause == "CONVERT_STYLE":  # a pattern that may be right does not go before the style
            return hit.certain or hit.code == cause.cause
        if cause.cause not in WEAK:
            return True
        if hit.code == "DATETIME_PRECISION":  # a timestamp shows it as what it is; a date across midnight
            return column is not None and column.baseline_type == "date"
        return last_digit or hit.code != "DECIMAL_ROUNDING"

    def with_texts_alone(self, causes: Sequence[Cause]) -> tuple[Cause, ...]:
        """The causes, with reasons out of the texts alone for what differs and has none."""
        open_rows = [c for c in causes if c.scope == WHOLE_ROW and (_rows_unexplained(c) or _few(c))]
        named = {c.scope for c in causes if c.cause != "EMPTY_SIDE" and c not in open_rows}
        found = tuple(self._texts_alone(named))
        if any(c.scope == WHOLE_ROW for c in found):
            causes = [c for c in causes if not _rows_unexplained(c)]
        return (*causes, *found)

    def _texts_alone(self, named: Collection[str]) -> Iterator[Cause]:
        rows = self._found.rows
        differing = [c.name for c in self._found.columns if c.mismatches]
        for scope in ([WHOLE_ROW] if rows.missing + rows.extra else []) + differing:
            if scope in named:
                continue
            codes, confidence = FOR_ROWS if scope == WHOLE_ROW else FOR_CELLS, POSSIBLE
            if scope == WHOLE_ROW and any(c.role == "key" for c in self._found.columns):
                codes = tuple(c for c in codes if c not in {"UNION_ALL", "DUPLICATE_ROWS"})  # keys show these
            if not rows.baseline or not rows.candidate:  # every row: few reasons take them all
                codes, confidence = ("NOT_IN_NULL" if rows.extra else "",), LIKELY
            mine = self._matching(scope, codes)
            if mine:
                code = self._lint.hits[mine[0]].code
                severity = _severity(code, scope)
                blank = Cause(cause=code, scope=scope, confidence=confidence, hint="", severity=severity)
                yield self._joined(blank, code, mine[:1])

    def _joined(self, cause: Cause, code: str, mine: Sequence[int]) -> Cause:
        for n in mine:
            self._explains.setdefault(n, []).append(cause.scope)
        first = self._lint.hits[mine[0]]
        halves = (cause.cause, code) == ("DECIMAL_ROUNDING", "ROUNDING") and _of(first, cause.scope)
        renamed = code != cause.cause and (halves or cause.cause not in KEEPS_ITS_NAME)
        evidence = "; ".join(place(self._lint.hits[n]) for n in _one_a_side(self._lint.hits, mine))
        explained = not renamed and code == cause.cause and bool(cause.hint)
        said = f"{evidence}." if explained else f"{evidence}: {first.message}."
        hint = " ".join(part for part in (said, self._count(cause), "" if renamed else cause.hint) if part)
        return replace(
            cause,
            cause=code if renamed else cause.cause,
            hint=hint,
            advice=f"{first.message}." if renamed or not cause.hint else cause.hint,
            confidence=LIKELY if halves else self._confidence(cause, first),
            severity=_severity(code, cause.scope, cause.severity) if renamed else cause.severity,
        )

    def _confidence(self, cause: Cause, hit: LintHit) -> str:
        """One step up; to certain only when the text says so of this very column."""
        own = hit.scope == "rows" if cause.scope == WHOLE_ROW else _of(hit, cause.scope)
        if not cause.cells:
            return cause.confidence
        if cause.cause in WEAK:
            seen = self._seen and hit.code == "NONDETERMINISTIC_ORDER" and hit.scope == "rows"
            return LIKELY if seen or (own and hit.certain) else POSSIBLE
        if cause.confidence == POSSIBLE:
            return LIKELY
        return CERTAIN if own and hit.certain else cause.confidence

    def _count(self, cause: Cause) -> str:
        return _count(cause, self.mismatches.get(cause.scope, cause.cells))

    def _matching(self, scope: str, codes: Sequence[str]) -> list[int]:
        """The hits of these codes that this scope may come from: the surest first."""
        hits = self._lint.hits
        mine = [n for n, hit in enumerate(hits) if hit.code in codes and _may_concern(hit, scope)]
        mine = [n for n in mine if n not in self._refuted]
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
        needs, column = NEEDS.get(cause.cause), cause.scope.casefold()
        if not needs or cause.confidence == CERTAIN:
            return False
        if self._lint.words is not None and not needs & self._lint.words:
            return True
        if any(column not in self._lint.followed.get(side, ()) for side in ("synapse", "databricks")):
            return False
        return not any(needs & calls.get(column, frozenset()) for calls in self._lint.calls.values())

    def _shifted(self, given: Cause, unexplained: Cause) -> Cause:
        """What is left of a reason that the texts rule out: what it says of the data, without its guess."""
        every = given.cells == self.mismatches.get(given.scope)
        counts = unexplained.hint != CATALOGUE[UNEXPLAINED].hint
        if given.cause != "DATEDIFF_BOUNDARY" or counts or not every:
            return unexplained
        return replace(unexplained, cause="CONSTANT_SHIFT", hint=given.hint.partition(" If they ")[0])

    def _counted(self, cause: Cause) -> str:
        calls = self._lint.calls.get("synapse", {}).get(cause.scope.casefold(), frozenset[str]())
        counts = sorted(calls & COUNTS)
        if counts:
            return f"The column comes from {counts[0]}, so a row more or less is counted on one side."
        return CATALOGUE[UNEXPLAINED].hint


def _few(cause: Cause) -> bool:
    return cause.share is not None and cause.share < _FEW


def _rows_unexplained(cause: Cause) -> bool:
    return (cause.cause, cause.scope) == (UNEXPLAINED, WHOLE_ROW)


def _count(cause: Cause, mismatches: int) -> str:
    if not cause.cells:
        return ""
    if cause.scope == WHOLE_ROW:
        return f"{_plural(cause.cells, 'row')}."
    return f"{cause.cells:,} of {_plural(mismatches, 'differing cell')}."


def _together(causes: Sequence[Cause], mismatches: Mapping[str, int]) -> tuple[Cause, ...]:
    """Findings that turned out to be one: the same reason for the same column in the same words, their cells
    added up.
    """
    out: dict[tuple[str, str, str], Cause] = {}
    for cause in causes:
        whole = mismatches.get(cause.scope, 0)
        key = cause.cause, cause.scope, cause.hint.replace(_count(cause, whole), "")
        first = out.get(key)
        if first is None:
            out[key] = cause
            continue
        both = replace(first, cells=first.cells + cause.cells)
        share = percentage(both.cells, whole)
        hint = first.hint.replace(_count(first, whole), _count(both, whole))
        where = first.where if first.where == cause.where else ""
        out[key] = replace(both, share=share, hint=hint, where=where)
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


def place(hit: LintHit) -> str:
    """Where a hit is, and what is written there."""
    name = hit.file.rsplit("/", 1)[-1]
    return f"{name} line {hit.line}: `{hit.snippet}`" if hit.snippet else f"{name} line {hit.line}"


def _severity(code: str, scope: str, otherwise: str = "") -> str:
    if code in RANDOM:
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
        f"not proven locally for: {place(hit)}: {hit.message}"
        for hit in hits
        if hit.hides and hit.engine in engines and _counts(hit, compared) and not _settled(hit, notes)
    ]
    said += [
        f"not proven locally for: {note}"
        for note in notes
        if note.endswith(_SEEN_OPEN) and NUMBERED not in note
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
