"""Whether a collation could have mattered: do the inputs hold a text in two spellings, one to a collation?"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from sqlglot import exp

from recon.compare import trees as t
from recon.model import TableRef

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from recon.model import Extract
    from recon.model_result import LintHit
    from recon.ports import Comparer
    from recon.sqlscript.lint import Lint

_MOST_ROWS: Final = 2_000_000  # of all inputs: beyond that nobody waits for a better reason
_MOST_TEXTS: Final = 200  # constants of the two scripts
_CUT: Final = "…"  # at the end of a snippet that is longer


def ruled_out(comparer: Comparer, inputs: Sequence[Extract], lint: Lint) -> frozenset[int]:
    """The places in `lint.hits` of those about a collation that cannot have mattered: no value in the columns
    that the hit names (in any input that has one of that name; where it names none, of all texts) has
    another spelling, among them or the constants of both scripts. EngineError as `Comparer.query`.
    """
    hits = {n: hit for n, hit in enumerate(lint.hits) if hit.code == "COLLATION_CASE"}
    unknown = lint.words is None or len(lint.constants) > _MOST_TEXTS
    if not hits or unknown or sum(each.rows for each in inputs) > _MOST_ROWS:
        return frozenset()
    texts = _columns(comparer, inputs)
    answers: dict[frozenset[str], bool] = {}
    out: set[int] = set()
    for n, hit in hits.items():
        names = _named(hit, texts)
        if names not in answers:
            values = [value for name in sorted(names) for value in texts[name]]
            answers[names] = _one_spelling(comparer, values, lint)
        if answers[names]:
            out.add(n)
    return frozenset(out)


def _named(hit: LintHit, texts: Mapping[str, object]) -> frozenset[str]:
    """The columns of text that the hit names, by folded name; all where that is not known."""
    words = {word.casefold() for word in re.findall(r"\w+", re.sub("'[^']*'", "", hit.snippet))}
    found = frozenset(words & texts.keys())
    return frozenset(texts) if not found or hit.snippet.endswith(_CUT) else found


def _columns(comparer: Comparer, inputs: Sequence[Extract]) -> dict[str, list[exp.Select]]:
    """The different values, `v`, of each column of text in the inputs, by folded name."""
    out: dict[str, list[exp.Select]] = {}
    for number, each in enumerate(inputs):
        table = TableRef("recon_inputs", f"input{number}")
        comparer.attach(table, [str(each.file)])
        columns = comparer.columns(table)
        for at, column in enumerate(columns):
            if column.type == "VARCHAR":
                rows = t.table(table)
                names = [exp.to_identifier(f"c{n}") for n in range(len(columns))]
                rows.set("alias", exp.TableAlias(this=exp.to_identifier("t"), columns=names))
                value = t.column(f"c{at}", "t")
                kept = t.select([t.named(value, "v")], rows, where=t.not_null(value), group=[value])
                out.setdefault(column.name.casefold(), []).append(kept)
    return out


def _one_spelling(comparer: Comparer, values: Sequence[exp.Select], lint: Lint) -> bool:
    """Whether none of the values has another spelling. With UPPER or LOWER in the scripts each counts in that
    form too.
    """
    if not values:
        return True
    forms = [f for word, f in (("UPPER", t.upper), ("LOWER", t.lower)) if word in (lint.words or ())]
    constants = [exp.Select(expressions=[t.named(t.text(c), "v")]) for c in sorted(lint.constants)]
    rows = [_marked(t.inner(t.union(values), "u"), held=True)]
    rows += [_marked(t.inner(t.union(constants), "u"), held=False)] if constants else []
    value, held = t.column("v"), t.column("held")
    plain = t.inner(t.union(rows), "p")
    spelled = [
        t.select([value, held], plain),
        *(t.select([t.named(f(value), "v"), held], plain) for f in forms),
    ]
    folded = t.named(t.lower(t.call("rtrim", value, t.text(" "))), "f")
    some = t.named(exp.Max(this=t.own(held)), "held")
    different = t.select([folded, value, some], t.inner(t.union(spelled), "s"), group=[value])
    counts = [t.named(t.rows_counted(), "n"), t.named(exp.Max(this=t.own(held)), "held")]
    groups = t.select(counts, t.inner(different, "d"), group=[t.column("f")])
    several = t.all_of(
        t.operator(exp.GT, t.column("n"), t.number(1)), t.equals(t.column("held"), t.number(1))
    )
    [row] = comparer.query(t.select([t.named(t.count_if(several), "n")], t.inner(groups, "c")))
    return row["n"] == 0


def _marked(rows: exp.Expr, *, held: bool) -> exp.Select:
    return t.select([t.column("v"), t.named(t.number(int(held)), "held")], rows)
