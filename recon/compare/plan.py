"""A spec resolved against the columns that both sides really have. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property
from typing import TYPE_CHECKING

from recon.compare import rules, trees
from recon.compare.forms import common
from recon.compare.types import changed, declared_type, engine_type, resolve
from recon.errors import EngineError, SpecError
from recon.model import EXACT
from recon.model_result import Ignored, SchemaResult, TypeChange

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from recon.compare.forms import Common
    from recon.compare.spec import Side, Spec
    from recon.compare.types import Type
    from recon.model import Column, Rule


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """A column that both sides have. `*_at` is its place among the side's columns."""

    name: str
    candidate_name: str
    baseline_at: int
    candidate_at: int
    baseline: Type
    candidate: Type
    rule: Rule
    key: bool  # named as a key in the spec
    common: Common | None  # None: not comparable

    @property
    def compared(self) -> bool:
        """Whether its cells are compared."""
        return self.common is not None and not self.rule.ignore

    @property
    def role(self) -> str:
        """Its role, unless every column is the key."""
        if self.rule.ignore:
            return "ignored"
        return "not comparable" if self.common is None else "key" if self.key else "value"


@dataclass(frozen=True, kw_only=True)  # no slots: what follows from the fields is kept once it is known
class Plan:
    """Which columns pair, which are compared and which rows pair by.

    In SQL a compared column goes by its number: its place in `compared`. `keys` are such numbers. When
    `whole` every compared column is a key: none was named, or a named one cannot be used (`trouble` says
    why), and pairing by the others could set rows side by side that have nothing to do with each other.
    """

    pairs: tuple[Pair, ...]
    schema: SchemaResult
    widths: tuple[int, int]  # how many columns each side has
    compared: tuple[Pair, ...]  # the columns whose cells count, in the baseline's order
    plain: Mapping[str, tuple[bool, ...]]  # by side "b", "c": whether a compared value is in its form already
    trouble: tuple[str, ...]
    segment: str  # as spelled by the baseline; empty: to be chosen
    mask_key: str = ""  # the secret of the marks of sensitive values

    @cached_property
    def whole(self) -> bool:
        """Whether every compared column is a key."""
        return bool(self.trouble) or not any(p.key for p in self.pairs)

    @cached_property
    def keys(self) -> tuple[int, ...]:
        """The numbers of the columns that rows pair by."""
        return tuple(i for i, p in enumerate(self.compared) if self.whole or p.key)

    @cached_property
    def values(self) -> tuple[int, ...]:
        """The numbers of the other compared columns."""
        keys = set(self.keys)
        return tuple(i for i in range(len(self.compared)) if i not in keys)

    def by_name(self, numbers: Iterable[int]) -> list[int]:
        """In an order that does not depend on where the columns stand: what is sorted by must not either."""
        names = {i: self.compared[i].name for i in numbers}
        return sorted(names, key=lambda i: (names[i].casefold(), names[i]))

    def common(self, number: int) -> Common:
        """The form of a compared column."""
        form = self.compared[number].common
        if form is None:
            raise ValueError(f"{self.compared[number].name} is not compared")
        return form


def make_plan(
    spec: Spec, baseline: Side, candidate: Side, stored: tuple[Sequence[Column], Sequence[Column]]
) -> Plan:
    """Pair the columns that the engine has for both sides. SpecError for a name or rule that cannot be."""
    ours, theirs = (tuple(c.name for c in columns) for columns in stored)
    types = (
        _types(stored[0], baseline, "Synapse", tsql=True),
        _types(stored[1], candidate, "Databricks", tsql=False),
    )
    given = _rules(spec.rules, ours, theirs)
    partner = _partners(ours, theirs, given)
    keys = _keys(spec, ours, theirs)
    pairs = tuple(
        _pair(name, at, partner[at], theirs, types, given.get(name, EXACT), key=name in keys)
        for at, name in enumerate(ours)
        if at in partner
    )
    found = set(partner.values())
    extra = tuple(name for at, name in enumerate(theirs) if at not in found)
    missing = tuple(name for at, name in enumerate(ours) if at not in partner)
    compared = tuple(p for p in pairs if p.compared)
    plan = Plan(
        pairs=pairs,
        compared=compared,
        plain={"b": _plain(compared, "b"), "c": _plain(compared, "c")},
        schema=_schema(pairs, missing, extra, given),
        widths=(len(ours), len(theirs)),
        trouble=_trouble(keys, pairs, missing, extra),
        segment=_segment(spec, ours, theirs),
        mask_key=spec.mask_key,
    )
    _check_rules(spec, plan)
    return plan


def _types(stored: Sequence[Column], side: Side, system: str, *, tsql: bool) -> tuple[Type, ...]:
    """The type of each stored column, refined by what the side declares for it."""
    names = [c.name for c in stored]
    declared: dict[int, Type] = {}
    for column in side.columns:
        at = _find(column.name, names)
        if at is None:
            raise EngineError(
                f"{system} declares the column {column.name}, but its files do not have it",
                hint="Run again; if it happens again, report it.",
            )
        declared[at] = declared_type(column.type, tsql=tsql)
    return tuple(resolve(engine_type(c.type), declared.get(at)) for at, c in enumerate(stored))


def _find(name: str, names: Sequence[str]) -> int | None:
    """The place of a name: spelled exactly, else the first without regard to case."""
    if name in names:
        return names.index(name)
    folded = [n.casefold() for n in names]
    return folded.index(name.casefold()) if name.casefold() in folded else None


def _nearest(name: str, names: Iterable[str]) -> str:
    by_fold = {n.casefold(): n for n in names}
    close = get_close_matches(name.casefold(), by_fold, n=1, cutoff=0.6)
    return (
        f"Did you mean {by_fold[close[0]]}?" if close else f"The columns are: {', '.join(by_fold.values())}."
    )


def _rules(given: Mapping[str, Rule], ours: Sequence[str], theirs: Sequence[str]) -> dict[str, Rule]:
    """The rules by the column's own spelling; the baseline's columns first, then the candidate's."""
    found: dict[str, Rule] = {}
    for name, rule in given.items():
        at, beyond = _find(name, ours), _find(name, theirs)
        if at is None and beyond is None:
            raise SpecError(f"[columns.{name}] names no column", hint=_nearest(name, [*ours, *theirs]))
        spelled = ours[at] if at is not None else theirs[beyond or 0]
        if spelled in found:
            raise SpecError(f"column {spelled} has two rules", hint=f"Merge them into [columns.{spelled}].")
        if rule.databricks and _find(rule.databricks, theirs) is None:
            raise SpecError(
                f"[columns.{name}] databricks = {rule.databricks!r} names no column of Databricks",
                hint=_nearest(rule.databricks, theirs),
            )
        found[spelled] = rule
    return found


def _partners(ours: Sequence[str], theirs: Sequence[str], given: Mapping[str, Rule]) -> dict[int, int]:
    """Which candidate column each baseline column pairs with: renamed, then spelled alike, then by case."""
    partner: dict[int, int] = {}
    taken: set[int] = set()
    for at, name in enumerate(ours):
        renamed = given[name].databricks if name in given else ""
        there = _find(renamed, theirs) if renamed else None
        if there is None:
            continue
        if there in taken:
            raise SpecError(
                f"two columns are renamed to {theirs[there]}", hint="Correct `databricks` of one of them."
            )
        partner[at] = there
        taken.add(there)
    for spelled in (str, str.casefold):
        free = {spelled(name): there for there, name in reversed([*enumerate(theirs)]) if there not in taken}
        for at, name in enumerate(ours):
            there = None if at in partner else free.pop(spelled(name), None)
            if there is not None:
                partner[at] = there
                taken.add(there)
    return partner


def _keys(spec: Spec, ours: Sequence[str], theirs: Sequence[str]) -> tuple[str, ...]:
    """The keys as the baseline spells them, or as the candidate does where only it has the column."""
    keys: list[str] = []
    for key in spec.keys:
        at, beyond = _find(key, ours), _find(key, theirs)
        if at is None and beyond is None:
            raise SpecError(f"the key {key} names no column", hint=_nearest(key, ours))
        name = ours[at] if at is not None else theirs[beyond or 0]
        if name in keys:
            raise SpecError(f"the key {name} is named twice", hint="Name each key column once.")
        keys.append(name)
    return tuple(keys)


def _pair(
    name: str,
    at: int,
    there: int,
    theirs: Sequence[str],
    types: tuple[Sequence[Type], Sequence[Type]],
    rule: Rule,
    *,
    key: bool,
) -> Pair:
    one, other = types[0][at], types[1][there]
    return Pair(
        name=name,
        candidate_name=theirs[there],
        baseline_at=at,
        candidate_at=there,
        baseline=one,
        candidate=other,
        rule=rule,
        key=key,
        common=common(one, other),
    )


def _plain(compared: Sequence[Pair], which: str) -> tuple[bool, ...]:
    forms = [(p, p.common) for p in compared if p.common is not None]
    values = [trees.column("v") for _ in forms]
    return tuple(
        rules.normal(form, p.rule, form.baseline if which == "b" else form.candidate, value) is value
        for (p, form), value in zip(forms, values, strict=True)
    )


def _schema(
    pairs: Sequence[Pair], missing: Sequence[str], extra: Sequence[str], given: Mapping[str, Rule]
) -> SchemaResult:
    reasons = {name: rule.ignore for name, rule in given.items() if rule.ignore}
    present = [*(p.name for p in pairs), *missing, *extra]
    return SchemaResult(
        missing_columns=tuple(n for n in missing if n not in reasons),
        extra_columns=tuple(n for n in extra if n not in reasons),
        not_comparable=tuple(p.name for p in pairs if p.role == "not comparable"),
        type_changes=tuple(
            TypeChange(column=p.name, baseline_type=p.baseline.spelled, candidate_type=p.candidate.spelled)
            for p in pairs
            if changed(p.baseline, p.candidate)
        ),
        ignored=tuple(Ignored(column=n, reason=reasons[n]) for n in present if n in reasons),
    )


def _trouble(
    keys: Sequence[str], pairs: Sequence[Pair], missing: Sequence[str], extra: Sequence[str]
) -> tuple[str, ...]:
    """Why a named key cannot be used: a finding about the conversion."""
    odd = {p.name for p in pairs if p.role == "not comparable"}
    why = [
        (name, words)
        for name in keys
        for names, words in (
            (missing, "is missing from Databricks"),
            (extra, "is not in Synapse"),
            (odd, "has types that cannot be compared"),
        )
        if name in names
    ]
    return tuple(f"the key {name} {words}: rows were compared as whole rows, exactly" for name, words in why)


def _segment(spec: Spec, ours: Sequence[str], theirs: Sequence[str]) -> str:
    at = _find(spec.segment, ours) if spec.segment else None
    if spec.segment and at is None:
        raise SpecError(
            f"segment = {spec.segment!r} names no column of Synapse", hint=_nearest(spec.segment, ours)
        )
    return ours[at] if at is not None else ""


def _check_rules(spec: Spec, plan: Plan) -> None:
    """Rules that contradict the keys, the segment or the types."""
    for pair in plan.pairs:
        if pair.key and pair.rule.ignore:
            raise SpecError(
                f"column {pair.name} is a key and ignored", hint="Take it out of `keys`, or do not ignore it."
            )
        if pair.rule.tolerance and not pair.rule.ignore and (pair.key or not spec.keys):
            raise SpecError(
                f"column {pair.name}: a tolerance on a key column; rows pair only on equal keys",
                hint="Name `keys` without this column, or remove its tolerance.",
            )
        if pair.common is not None and not pair.rule.ignore:
            rules.check(pair.name, pair.rule, pair.common)
        if pair.name == plan.segment and (pair.rule.ignore or pair.rule.sensitive):
            raise SpecError(
                f"segment = {pair.name!r} is {'ignored' if pair.rule.ignore else 'sensitive'}",
                hint="Choose another segment, or leave `segment` out.",
            )
