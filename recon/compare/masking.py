"""What is shown of a sensitive value: whether it is NULL, how long it is, and a mark that tells values apart.

The mark is a keyed hash of the value in its form: the same value has the same mark on both sides and in every
run with that key, another value another. Without the key nobody can try values out against it. A comparison
without a key shows no mark.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlglot import exp

from recon.compare import dialect as d
from recon.compare import rules
from recon.compare import trees as t
from recon.compare.forms import Form

if TYPE_CHECKING:
    from recon.compare.plan import Plan
    from recon.compare.queries import Which

MASK: Final = "••••"
_MARK: Final = 10  # hexadecimal digits


def masked(plan: Plan, i: int, which: Which, value: exp.Expr, printed: exp.Expr) -> exp.Expr:
    """`•••• (7 characters, 3f9a1c2b0d)` of a value of column `i` and its text; NULL stays NULL."""
    size = d.as_text(t.length(printed))
    parts = [t.text(f"{MASK} ("), size, t.text(" characters")]
    if plan.mask_key:
        parts += [t.text(", "), _mark(plan, i, which, value)]
    return t.case((t.is_null(value), exp.null()), otherwise=t.joined(*parts, t.text(")")))


def _mark(plan: Plan, i: int, which: Which, value: exp.Expr) -> exp.Expr:
    common = plan.common(i)
    type_ = common.baseline if which == "b" else common.candidate
    normal = rules.normal(common, plan.compared[i].rule, type_, value)
    text = d.hexadecimal(normal) if common.form is Form.BINARY else d.as_text(normal)
    # a value that its rule reads as NULL is still no NULL
    keyed = t.joined(t.text(f"{plan.mask_key}/"), t.first_known(text, t.text("")))
    return t.call("left", exp.SHA2(this=keyed, length=t.number(256)), t.number(_MARK))
