"""What a run says about its key, in plain sentences: does it repeat, and what would make it unique? Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recon.report.vocabulary import count_text, plural, share_text
from recon.report.wording import listed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from recon.model_result import KeyProposal, Result, Uniqueness

_MOST = 20  # names in one sentence


def advice(result: Result, keys: Sequence[str]) -> tuple[str, ...]:
    """Sentences about a key that repeats, or about the keys that a run without one could have."""
    repeats = result.rows.duplicate_keys
    if keyless(result):
        return _without(result.key_proposals)
    if not keys or not (repeats.baseline or repeats.candidate):
        return ()
    return (_repeats(result, keys), *_remedy(result))


def keyless(result: Result) -> bool:
    """Whether keys are proposed because the run had none."""
    return any(not proposal.added for proposal in result.key_proposals)


def right_in_synapse(result: Result) -> bool:
    """Whether the run's key identifies every row in Synapse, and repeats only in Databricks."""
    repeats = result.rows.duplicate_keys
    return not keyless(result) and not repeats.baseline and repeats.candidate > 0


def _repeats(result: Result, keys: Sequence[str]) -> str:
    repeats, names = result.rows.duplicate_keys, _names(keys)
    verb = "repeats" if len(keys) == 1 else "repeat together"
    if not repeats.baseline:
        return (
            f"{names} identif{'ies' if len(keys) == 1 else 'y'} every row in Synapse, but "
            f"{plural(repeats.candidate, 'key')} occur{_s(repeats.candidate)} more than once in Databricks: "
            "the conversion gives rows that the procedure does not."
        )
    if not repeats.candidate:
        return (
            f"{names} {verb} in Synapse ({plural(repeats.baseline, 'key')}), but not in Databricks: the "
            "conversion loses rows of those keys, or joins them into one."
        )
    return (
        f"{names} {verb}: {plural(repeats.baseline, 'key')} in Synapse and "
        f"{count_text(repeats.candidate)} in Databricks occur more than once."
    )


def _remedy(result: Result) -> tuple[str, ...]:
    right = right_in_synapse(result)  # then nothing is to be added to it
    added = [p for p in result.key_proposals if p.added]
    whole = [p for p in added if p.unique]
    if right and whole:
        return (f"The repeated rows differ in {_names(whole[0].added)}.",)
    others = " or ".join(" with ".join(p.added) for p in whole[1:4])
    also = f"; so does adding {others}" if others else ""
    lines = [f"Adding {_names(p.added)} makes the key unique on both sides{also}." for p in whole[:1]]
    if not whole and not right:
        lines += [_one_side(p) for p in added[:1]]
    if result.identical_rows:
        lines.append("Some repeated rows are equal in every column: no further column tells them apart.")
    elif not added:
        lines.append("No further columns, up to three, were found that tell the repeated rows apart.")
    return tuple(lines)


def _one_side(proposal: KeyProposal) -> str:
    unique, other, counted = (
        ("Synapse", "Databricks", proposal.candidate)
        if proposal.baseline.unique
        else ("Databricks", "Synapse", proposal.baseline)
    )
    left = counted.duplicated_keys if counted else 0
    names = _names(proposal.added)
    return (
        f"Adding {names} makes the key unique in {unique}; in {other} {plural(left, 'key')} still "
        f"occur{_s(left)} more than once."
    )


def _without(proposals: Sequence[KeyProposal]) -> tuple[str, ...]:
    unique = [p for p in proposals if p.unique]
    if not proposals:
        return ()
    if not unique:
        best = proposals[0]
        side = "Synapse" if best.baseline.unique else "Databricks"
        return (f"No key is named. {_names(best.columns)} would identify every row in {side} only.",)
    return (f"No key is named. {_names(unique[0].columns)} would identify every row on both sides.",)


def toml_line(columns: Sequence[str]) -> str:
    """The line of table.toml that names the key."""
    return f"keys = [{', '.join(map(toml_text, columns))}]"


def toml_text(name: str) -> str:
    """A basic string of TOML (https://toml.io/en/v1.0.0#string): control characters as escapes."""
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    plain = "".join(c if c >= " " and c != "\x7f" else f"\\u{ord(c):04X}" for c in escaped)
    return f'"{plain}"'


def table(proposals: Sequence[KeyProposal]) -> list[dict[str, str]]:
    """The proposals as lines: columns, uniqueness and NULLs on each side, shared keys."""
    lines: list[dict[str, str]] = []
    for p in proposals:
        line = {"Key": ", ".join(p.columns), "Unique in Synapse": uniqueness(p.baseline)}
        if p.candidate:
            line["Unique in Databricks"] = uniqueness(p.candidate)
        line["NULL in Synapse"] = nulls(p.baseline)
        if p.candidate:
            line["NULL in Databricks"] = nulls(p.candidate)
            line["Keys of Synapse found"] = share_text(p.found or 0, p.baseline.distinct)
        lines.append(line)
    return lines


def summary(proposal: KeyProposal) -> str:
    """The same in a line: "unique on both sides · no NULLs · 99.80 % of Synapse's keys are in Databricks"."""
    one, other = proposal.baseline, proposal.candidate
    if other is None:
        unique = "unique" if one.unique else f"unique {uniqueness(one)}"
        return f"{unique} · {f'{nulls(one)} NULL' if one.null_rows else 'no NULLs'}"
    repeats = [(name, side) for name, side in (("Synapse", one), ("Databricks", other)) if not side.unique]
    unique = "unique on both sides" if proposal.unique else ", ".join(_repeating(*r) for r in repeats)
    if len(repeats) == 1:
        unique = f"unique in {'Databricks' if repeats[0][0] == 'Synapse' else 'Synapse'}, {unique}"
    none = "no NULLs"
    if one.null_rows or other.null_rows:
        none = f"NULL in Synapse {nulls(one)}, in Databricks {nulls(other)}"
    shared = share_text(proposal.found or 0, one.distinct)
    return f"{unique} · {none} · {shared} of Synapse's keys are in Databricks"


def _repeating(name: str, side: Uniqueness) -> str:
    return f"{plural(side.duplicated_keys, 'key')} repeat{_s(side.duplicated_keys)} in {name}"


def uniqueness(side: Uniqueness) -> str:
    """Whether all rows have a key of their own: "yes", or "no" and how many keys repeat."""
    if side.unique:
        return "yes"
    return f"no: {plural(side.duplicated_keys, 'key')} repeat{_s(side.duplicated_keys)}"


def nulls(side: Uniqueness) -> str:
    """The share of rows with a NULL in the key."""
    return share_text(side.null_rows, side.rows) if side.null_rows else "none"


def _names(columns: Sequence[str]) -> str:
    return listed(columns, most=_MOST)


def _s(n: int) -> str:
    return "s" if n == 1 else ""
