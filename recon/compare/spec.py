"""What to compare and how: the two sides, the keys and the rules."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING

from recon.model import Rule

if TYPE_CHECKING:
    from collections.abc import Mapping

    from recon.model import Column, TableRef


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One side, attached to the engine.

    `columns` are its columns as declared where it came from: T-SQL types for the baseline, Databricks
    types for the candidate. A column not among them, or all of them with (), has the engine's own type.
    """

    table: TableRef
    columns: tuple[Column, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Spec:
    """Keys, rules and segment by the baseline's column names; without keys rows compare as a multiset.

    `mask_key` is the secret with which values of sensitive columns are told apart (`masking`).
    """

    keys: tuple[str, ...] = ()
    rules: Mapping[str, Rule] = field(default_factory=dict[str, Rule])
    segment: str = ""
    partial_above: Decimal = Decimal(95)
    sample_rows: int = 400
    mask_key: str = ""
