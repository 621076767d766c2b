"""Signs of digits that one side lost: a ROUND that was added, the last digit of a decimal beside a double."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlglot import exp

from recon.compare import trees as t
from recon.compare.answers import one_row
from recon.compare.numbers import less
from recon.compare.signs import Sign

if TYPE_CHECKING:
    from collections.abc import Iterator

    from recon.compare.numbers import Numbers
    from recon.ports import Comparer

_MOST_DECIMALS: Final = 6  # that a ROUND of doubles is looked for with
_MOST_UNITS: Final = "1000000000000"  # beyond so many units a double cannot tell a multiple of one


def decimals_lost(engine: Comparer, n: Numbers) -> Iterator[Sign]:
    """The baseline rounded, or cut, to a number of decimals that both types can exceed."""
    scales = [x.scale for x in (n.baseline, n.candidate) if not x.floating]
    ways = [(k, cut) for k in range(min([*scales, _MOST_DECIMALS + 1])) for cut in (False, True)]
    if not ways:
        return
    counts = [t.named(t.count_if(_kept(n, *way)), f"n{at}") for at, way in enumerate(ways)]
    found = one_row(engine, t.select(counts, t.inner(n.cells.query(every=False), "r")))
    best = max(range(len(ways)), key=lambda at: found[f"n{at}"])
    said = {"count": str(ways[best][0])}
    yield Sign(
        code="DECIMALS_LOST",
        holds=_kept(n, *ways[best]),
        words=lambda _: said,
        few=5,
        distinct=3,
        least=90,
        # a default of 0 is no rounding
        proofs=(t.operator(exp.NEQ, n.z, t.number(0)),),
        proof_least=10,
    )


def _kept(n: Numbers, decimals: int, cut: bool) -> exp.Expr:
    """Whether the candidate is the baseline with so many decimals, and the baseline has more."""
    power = t.number(10**decimals)
    y, z = (t.operator(exp.Mul, t.magnitude(v), power) for v in (n.y, n.z))
    apart = t.operator(exp.Mul, t.magnitude(t.operator(exp.Sub, n.z, n.y)), power)
    rest = t.magnitude(t.operator(exp.Sub, z, t.call("trunc", t.operator(exp.Add, z, t.number("0.5")))))
    exactly = t.operator(exp.LTE, rest, t.operator(exp.Mul, z, t.number("0.00000000000001")))
    more = t.operator(exp.GT, apart, t.operator(exp.Mul, y, t.number("0.000000001")))
    near = (
        t.all_of(less(z, y), less(apart, t.number("0.9999999")))
        if cut
        else t.operator(exp.LTE, apart, t.number("0.5000001"))
    )
    return t.all_of(t.operator(exp.LTE, z, t.number(_MOST_UNITS)), exactly, more, near)


def last_digit(n: Numbers) -> exp.Expr:
    """Whether a decimal and a double are one unit of the decimal apart, up to what a double cannot hold."""
    if not n.floating or not 0 < n.unit < 1:
        return exp.false()
    units = t.operator(exp.Div, t.magnitude(t.operator(exp.Sub, n.z, n.y)), t.number(f"{n.unit:f}"))
    return less(t.magnitude(t.operator(exp.Sub, units, t.number(1))), t.number("0.000001"))
