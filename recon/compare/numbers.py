"""One column of numbers as the signs see it: its cells as doubles and as exact differences."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from sqlglot import exp

from recon.compare import dialect as d
from recon.compare import rules
from recon.compare import trees as t
from recon.compare.forms import Form
from recon.compare.signs import Y, Z

if TYPE_CHECKING:
    from recon.compare.forms import Common
    from recon.compare.signs import Cells


class Numbers:
    """The cells of one column of numbers."""

    def __init__(self, cells: Cells) -> None:
        self.cells, self.common = cells, cells.common
        self.baseline, self.candidate = self.common.baseline, self.common.candidate
        self.floating = self.baseline.floating or self.candidate.floating
        self.boolean = self.baseline.boolean and self.candidate.boolean
        self.whole = (
            not self.floating
            and self.common.scale == 0
            and not (self.baseline.boolean or self.candidate.boolean)
        )
        self.exact = exact_apart(self.common)

    @property
    def y(self) -> exp.Expr:
        return rules.as_double(self.common, t.column(Y))

    @property
    def z(self) -> exp.Expr:
        return rules.as_double(self.common, t.column(Z))

    @property
    def apart(self) -> exp.Expr:
        """Candidate minus baseline: exact where the form allows it, else a double."""
        return t.own(self.exact) if self.exact is not None else t.operator(exp.Sub, self.z, self.y)

    @property
    def unit(self) -> Decimal:
        """One in the last place that both sides can hold; 0 for two floats."""
        scales = [x.scale for x in (self.baseline, self.candidate) if not x.floating]
        return Decimal(1).scaleb(-min(scales)) if scales else Decimal(0)


def exact_apart(common: Common) -> exp.Expr | None:
    """Candidate minus baseline as a decimal; None where the digits do not fit."""
    if common.form not in {Form.INTEGER, Form.DECIMAL} or common.digits + common.scale >= 38:
        return None
    spelled = d.decimal(common.digits, common.scale)
    return t.operator(exp.Sub, *(d.as_type(t.column(name), spelled) for name in (Z, Y)))


def between(value: exp.Expr, low: int, high: int) -> exp.Expr:
    """Low <= value <= high."""
    bounds = ((exp.GTE, low), (exp.LTE, high))
    return t.all_of(*(t.operator(kind, value, t.number(bound)) for kind, bound in bounds))


def less(one: exp.Expr, other: exp.Expr) -> exp.Expr:
    """One < other."""
    return t.operator(exp.LT, one, other)
