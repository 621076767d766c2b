"""Whether a collation could have mattered: do the inputs hold a text in two spellings, one to a collation?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlglot import exp

from recon.compare import trees as t
from recon.model import TableRef

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from recon.model import Extract
    from recon.ports import Comparer

_MOST_ROWS: Final = 2_000_000  # of all inputs: beyond that nobody waits for a better reason
_MOST_TEXTS: Final = 200  # constants of the two scripts


def one_spelling(
    comparer: Comparer, inputs: Sequence[Extract], constants: Collection[str], calls: Collection[str]
) -> bool:
    """Whether no two texts differ in case and trailing blanks alone, among all values of the inputs and the
    scripts' `constants`. With UPPER or LOWER among their `calls` (words in capitals) every value counts in
    that form too. False also where there is too much to read. EngineError as `Comparer.query`.
    """
    if sum(each.rows for each in inputs) > _MOST_ROWS or len(constants) > _MOST_TEXTS:
        return False
    forms = [f for word, f in (("UPPER", t.upper), ("LOWER", t.lower)) if word in calls]
    values = [exp.Select(expressions=[t.named(t.text(each), "v")]) for each in sorted(constants)]
    for number, each in enumerate(inputs):
        values += _texts(comparer, TableRef("recon_inputs", f"input{number}"), each)
    if not values:
        return True
    value = t.column("v")
    plain = t.inner(t.union(values), "u")
    spelled = [t.select([value], plain), *(t.select([t.named(f(value), "v")], plain) for f in forms)]
    folded = t.named(t.lower(t.call("rtrim", value, t.text(" "))), "f")
    different = t.select([folded, value], t.inner(t.union(spelled), "s"), group=[value])
    counts = t.select([t.named(t.rows_counted(), "n")], t.inner(different, "d"), group=[t.column("f")])
    several = t.operator(exp.GT, t.column("n"), t.number(1))
    [row] = comparer.query(t.select([t.named(t.count_if(several), "n")], t.inner(counts, "c")))
    return row["n"] == 0


def _texts(comparer: Comparer, table: TableRef, each: Extract) -> Iterator[exp.Select]:
    """The different values of each column of text."""
    comparer.attach(table, [str(each.file)])
    columns = comparer.columns(table)
    names = [exp.to_identifier(f"c{n}") for n in range(len(columns))]
    for number, column in enumerate(columns):
        if column.type != "VARCHAR":
            continue
        rows = t.table(table)
        rows.set("alias", exp.TableAlias(this=exp.to_identifier("t"), columns=[n.copy() for n in names]))
        value = t.column(f"c{number}", "t")
        yield t.select([t.named(value, "v")], rows, where=t.not_null(value), group=[value])
