"""Values to bytes and bytes to whole numbers.

https://learn.microsoft.com/en-us/sql/t-sql/data-types/binary-and-varbinary-transact-sql
A number's bytes stand with the highest first and are cut, or filled up, on the left; those of text and of
other bytes on the right.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from recon.connectors.local.tsql.duck import binary, case, cast, fn, minus, num, text
from recon.sqlscript.tsql_types import MAX

if TYPE_CHECKING:
    from recon.connectors.local.tsql.duck import Tree
    from recon.sqlscript.tsql_types import SqlType

# How many bytes the whole numbers have.
SIZES = {"bit": 1, "tinyint": 1, "smallint": 2, "int": 4, "bigint": 8}


def of_number(tree: Tree, source: SqlType, to: SqlType) -> Tree:
    """The bytes of a whole number or a bit: two's complement."""
    size = SIZES[source.name]
    width = size if to.length == MAX else min(size, to.length)
    digits = fn("hex", cast(cast(tree, "INT") if source.name == "bit" else tree, "BIGINT"))
    digits = fn("right", fn("lpad", digits, num(16), text("0")), num(2 * width))
    return fn("unhex", fn("lpad", digits, num(2 * to.length), text("0")) if to.fixed else digits)


def fitted(tree: Tree, source: SqlType, to: SqlType) -> Tree:
    """Bytes cut to the length of a type, and filled up with zeros to it if it is fixed."""
    shorter = 0 <= source.length <= to.length or to.length == MAX
    if shorter and not to.fixed:
        return tree
    digits = fn("left", fn("hex", tree), num(2 * to.length))
    return fn("unhex", fn("rpad", digits, num(2 * to.length), text("0")) if to.fixed else digits)


def to_number(tree: Tree, to: SqlType) -> Tree:
    """The whole number of a type that bytes spell; of more bytes than it has, the last ones."""
    size = SIZES[to.name]
    digits = fn("right", fn("hex", tree), num(2 * size))
    number = cast(binary(exp.DPipe, text("0x0"), digits), "HUGEINT")
    if to.name != "tinyint":
        high = binary(exp.GTE, number, num(2 ** (8 * size - 1)))
        number = case((high, minus(number, num(2 ** (8 * size)))), default=number)
    return cast(number, to)
