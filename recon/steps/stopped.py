"""Why a conversion stopped with an error: what the error says, and what the texts hold that leads to it."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from recon.compare.causes import CERTAIN, LIKELY, POSSIBLE
from recon.errors import ProgramError
from recon.model import Step
from recon.model_result import WHOLE_ROW, Cause
from recon.steps.explain import Explained, place

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from recon.errors import ReconError
    from recon.model_result import Comparison, LintHit
    from recon.sqlscript.lint import Lint

# What an error may come from, by its words: the codes that it names itself, and those that it allows for.
# The classes are those of https://docs.databricks.com/error-messages/error-classes.html
_NAMED: Final = (
    (r"OVERFLOW.*\bTINYINT\b", "TINYINT"),
    (r"MULTIPLE_SOURCE_ROW|several rows of the USING relation match", "UPDATE_FROM_MULTI"),
    (r"WRONG_NUM_ARGS.*\bround\b", "ROUND_3ARG"),
)
_ALLOWED: Final = (
    (r"CAST_INVALID_INPUT.*\b(DATE|TIMESTAMP(_NTZ)?)\b", ("IMPLICIT_DATE_TEXT", "DATE_FORMAT_PARSE")),
    (r"CANNOT_PARSE_TIMESTAMP|INCONSISTENT_BEHAVIOR_CROSS_VERSION", ("DATE_FORMAT_PARSE",)),
    (r"CAST_INVALID_INPUT", ("EMPTY_STRING_NULL", "ISNULL_TYPE")),
    (r"DIVIDE_BY_ZERO", ("DIV_BY_ZERO",)),
    (r"OVERFLOW", ("TINYINT", "OVERFLOW_ANSI")),
)


def stopped(found: Comparison, error: ReconError, step: str, lint: Lint) -> Explained:
    """The result of a run that ended in `error` in `step`, with its causes if the conversion is to blame, and
    all hits of the lint.
    """
    hits = lint.hits
    if not isinstance(error, ProgramError) or step != Step.EXECUTE:
        return Explained(found, hits)
    causes = tuple(_causes(str(error), hits))
    codes = {cause.cause for cause in causes}
    marked = (replace(hit, explains=(WHOLE_ROW,)) if hit.code in codes else hit for hit in hits)
    return Explained(replace(found, causes=causes), tuple(marked))


def _causes(error: str, hits: Sequence[LintHit]) -> Iterator[Cause]:
    named = next((code for words, code in _NAMED if re.search(words, error, re.DOTALL)), "")
    if named:
        yield from _behind(named, hits, LIKELY)
    said = f"Databricks stops with an error where it runs the conversion: {error}"
    yield Cause(cause="EXECUTION_ERROR", scope=WHOLE_ROW, confidence=CERTAIN, hint=said)
    allowed = next((codes for words, codes in _ALLOWED if re.search(words, error, re.DOTALL)), ())
    for code in allowed:
        if code != named:
            yield from _behind(code, hits, POSSIBLE)


def _behind(code: str, hits: Sequence[LintHit], confidence: str) -> Iterator[Cause]:
    """The reason with the places in the texts that have it; nothing where none has."""
    mine = [hit for hit in hits if hit.code == code]
    if mine:
        places = "; ".join(dict.fromkeys(place(hit) for hit in mine[:2]))
        yield Cause(
            cause=code,
            scope=WHOLE_ROW,
            confidence=confidence,
            hint=f"{places}: {mine[0].message}.",
            advice=f"{mine[0].message}.",
        )
