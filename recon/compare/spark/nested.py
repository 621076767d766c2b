"""Bytes, lists and structs in Spark, as DuckDB prints them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlglot import exp

from recon.compare import trees as t
from recon.compare.spark.build import each_item, let, string
from recon.compare.spark.kinds import Kind, refused

if TYPE_CHECKING:
    from collections.abc import Callable

_QUOTED: Final = r"""\A\z|\A\s|\s\z|[\\'"(){}\[\]:,=]|\A(?i:null)\z"""


def printed_bytes(value: exp.Expr) -> exp.Expr:
    r"""Bytes as DuckDB prints them: printable ASCII as it is, the rest and quotes as \xFF."""

    def byte(place: exp.Expr, whole: exp.Expr) -> exp.Expr:
        one = t.call("substring", whole, place, t.number(1))

        def show(digits: exp.Expr) -> exp.Expr:
            plain = t.all_of(
                t.operator(exp.GTE, digits, t.text("20")),
                t.operator(exp.LTE, digits, t.text("7E")),
                t.negate(t.one_of(digits, ("22", "27", "5C"))),
            )
            return t.case((plain, string(one)), otherwise=t.joined(t.text("\\x"), digits))

        return let(t.call("hex", one), show)

    def show(x: exp.Expr) -> exp.Expr:
        places = t.call("sequence", t.number(1), t.call("octet_length", x))
        bytes_ = t.call("array_join", each_item(places, lambda n: byte(n, x)), t.text(""))
        empty = t.equals(t.call("octet_length", x), t.number(0))
        return t.case((t.is_null(x), exp.null()), (empty, t.text("")), otherwise=bytes_)

    return let(value, show)


def printed(value: exp.Expr, kind: Kind, show: Callable[[exp.Expr, Kind], exp.Expr]) -> exp.Expr:
    """A list or a struct as DuckDB prints it."""
    if kind.type in {exp.DType.ARRAY, exp.DType.LIST}:
        return let(value, lambda x: _list(x, kind.parts[0][1], show))
    if kind.type is exp.DType.STRUCT:
        return let(value, lambda x: _struct(x, kind, show))
    raise refused(f"printing {kind}")


def _list(x: exp.Expr, inside: Kind, show: Callable[[exp.Expr, Kind], exp.Expr]) -> exp.Expr:
    items = each_item(x, lambda item: _item(item, inside, show))
    said = t.joined(t.text("["), t.call("array_join", items, t.text(", ")), t.text("]"))
    return t.case((t.is_null(x), exp.null()), otherwise=said)


def _struct(x: exp.Expr, kind: Kind, show: Callable[[exp.Expr, Kind], exp.Expr]) -> exp.Expr:
    pieces: list[exp.Expr] = []
    for n, (name, inside) in enumerate(kind.parts):
        item = exp.Dot(this=t.own(x), expression=exp.to_identifier(name))
        start = "{" if n == 0 else ", "
        label = name.replace("\\", "\\\\").replace("'", "\\'")
        pieces += [t.text(f"{start}'{label}': "), _item(item, inside, show)]
    return t.case((t.is_null(x), exp.null()), otherwise=t.joined(*pieces, t.text("}")))


def _item(item: exp.Expr, inside: Kind, show: Callable[[exp.Expr, Kind], exp.Expr]) -> exp.Expr:
    def said(x: exp.Expr) -> exp.Expr:
        shown = show(x, inside)
        if not (inside.nested or inside.number):
            shown = let(shown, _quoted)
        return t.case((t.is_null(x), t.text("NULL")), otherwise=shown)

    return let(item, said)


def _quoted(x: exp.Expr) -> exp.Expr:
    r"""In quotes where it could be mistaken; \ and ' have a \ before them there."""
    escaped = t.call(
        "replace", t.call("replace", x, t.text("\\"), t.text("\\\\")), t.text("'"), t.text("\\'")
    )
    special = exp.RegexpLike(this=t.own(x), expression=t.text(_QUOTED))
    return t.case((special, t.joined(t.text("'"), escaped, t.text("'"))), otherwise=x)
