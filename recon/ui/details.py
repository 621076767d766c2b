"""The other tabs of a run: Rows, Columns, Schema, SQL & log."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

import streamlit as st

from recon import api
from recon.report.facts import WAY_HEAD, way
from recon.report.vocabulary import NONE, count_text, plural
from recon.ui import diff, fmt, keys, live, load, scripts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from recon.model import Run, Script
    from recon.model_result import DuplicateSample, Result, RowSample
    from recon.report.facts import ColumnFacts, Facts

PAGE = 25  # whole rows shown at once

# --- Rows -----------------------------------------------------------------------------------


def rows(facts: Facts) -> None:
    """How the rows pair, then the missing, extra and repeated ones."""
    result = facts.result
    st.table(_balance(result), border="horizontal", alt="How the rows of both sides pair")
    _one_sided(result, "missing", "Missing in Databricks", "s", result.rows.missing)
    _one_sided(result, "extra", "Only in Databricks", "t", result.rows.extra)
    _duplicates(result.duplicate_samples, facts)
    keys.proposals(facts)


def _balance(result: Result) -> dict[str, str]:
    n = result.rows
    paired, missing, extra = (count_text(m) for m in (n.paired, n.missing, n.extra))
    return {
        "Synapse": f"{plural(n.baseline, 'row')} = {paired} paired + {missing} missing in Databricks",
        "Databricks": f"{plural(n.candidate, 'row')} = {paired} paired + {extra} only in Databricks",
        "Paired": f"{paired} = {count_text(n.equal)} equal + {count_text(n.differing)} differing",
        "Keys that repeat": _sides(n.duplicate_keys.baseline, n.duplicate_keys.candidate),
        "Rows with a NULL key": _sides(n.null_keys.baseline, n.null_keys.candidate),
    }


def _sides(baseline: int, candidate: int) -> str:
    return f"Synapse {count_text(baseline)} · Databricks {count_text(candidate)}"


def _one_sided(result: Result, kind: str, title: str, side: str, total: int) -> None:
    st.subheader(f"{title} ({count_text(total)})", anchor=False)
    found = [sample for sample in result.row_samples if sample.kind == kind]
    if not total:
        st.caption("None.")
        return
    if len(found) < total:
        st.caption(f"{plural(total, 'row')}. Showing a stored sample of {count_text(len(found))}.")
    if found:
        _pages(title, found, side)


@st.fragment
def _pages(title: str, found: Sequence[RowSample], side: str) -> None:
    """Whole rows, a page at a time."""
    names, lines = _wide(found)
    table = st.container()
    number, pages = 1, -(-len(lines) // PAGE)
    if pages > 1:
        number = st.pagination(pages, key=f"pager {title}")
    table.html(diff.rows_table(title, names, lines[(number - 1) * PAGE : number * PAGE], side=side))


def _wide(samples: Sequence[RowSample]) -> tuple[list[str], list[list[str | None]]]:
    """Key columns first, then the other values, each once."""
    names = list(dict.fromkeys([n for s in samples for n in s.key] + [n for s in samples for n in s.values]))
    return names, [[{**s.values, **s.key}.get(n) for n in names] for s in samples]


def _duplicates(samples: Sequence[DuplicateSample], facts: Facts) -> None:
    counts = facts.result.rows.duplicate_keys
    st.subheader("Keys that repeat", anchor=False)
    if not counts.baseline and not counts.candidate:
        st.caption("None." if facts.keys else "No key is declared: rows are compared as a multiset.")
        return
    st.caption(
        f"{_sides(counts.baseline, counts.candidate)} keys occur more than once. Their rows pair as a "
        f"multiset: equal rows first. Showing a stored sample of {count_text(len(samples))}."
    )
    names = list(dict.fromkeys(n for s in samples for n in s.key))
    lines = [[*(s.key.get(n) for n in names), str(s.baseline), str(s.candidate)] for s in samples]
    st.html(diff.rows_table("Keys that repeat", [*names, "rows in Synapse", "rows in Databricks"], lines))


# --- Columns --------------------------------------------------------------------------------


def columns(facts: Facts) -> None:
    """Every column: worst first, with its types, rule and kinds of difference."""
    st.caption(
        f"{plural(len(facts.columns), 'column')}. Equal %: share of compared rows whose value is equal under "
        "the rule, floored. Forgiven: equal only because of the rule."
    )
    worst_first = sorted(facts.columns, key=lambda c: -c.mismatches)
    text, number = st.column_config.TextColumn, st.column_config.NumberColumn
    st.dataframe(
        [_column(c) for c in worst_first],
        hide_index=True,
        row_height=36,
        height="content" if len(worst_first) <= 30 else 1120,
        key="columns",
        alt=f"Results of {plural(len(facts.columns), 'column')}",
        column_config={
            "Column": text(pinned=True, width=190),
            "Role": text(width=90),
            "Equal %": text(width=85, alignment="right"),
            "Differing": number(format="localized", width=90),
            "Kinds": text(width=260),
            "Rule": text(width=160),
            "Compared": number(format="localized", width=95),
            "Forgiven": number(format="localized", width=85),
            "NULL only in Synapse": number(format="localized", width=90),
            "NULL only in Databricks": number(format="localized", width=90),
            "Synapse type": text(width=130),
            "Databricks type": text(width=130),
        },
    )
    hints = [(c.name, hint) for c in worst_first for _, _, hint in c.kinds if hint]
    if hints:
        with st.expander("Hints by column", icon=":material/lightbulb:", key="hints"):
            st.markdown("\n".join(f"- **{fmt.md(name)}**: {fmt.md(hint)}" for name, hint in hints))


def _column(c: ColumnFacts) -> dict[str, object]:
    return {
        "Column": f"{c.name} → {c.candidate_name}" if c.candidate_name else c.name,
        "Role": c.role + (" · masked" if c.sensitive else ""),
        "Equal %": c.equal_share if c.compared else NONE,
        "Differing": c.mismatches,
        "Kinds": " · ".join(f"{style.label} {count_text(n)}" for style, n, _ in c.kinds),
        "Rule": c.rule,
        "Compared": c.compared,
        "Forgiven": c.forgiven,
        "NULL only in Synapse": c.baseline_null,
        "NULL only in Databricks": c.candidate_null,
        "Synapse type": c.baseline_type,
        "Databricks type": c.candidate_type,
    }


# --- Schema ---------------------------------------------------------------------------------


def schema(facts: Facts) -> None:
    """What differs between the two sides' columns, the grave findings first."""
    if not facts.schema:
        st.success("Both sides have the same columns with the same types.", icon=":material/check_circle:")
        return
    st.caption(
        "A column that only one side has, or that cannot be compared, forbids MATCH unless it is ignored "
        "with a reason. A type change alone forbids nothing."
    )
    st.table(
        [
            {"Finding": finding, "Column": fmt.md(column), "Detail": fmt.md(detail) or NONE}
            for finding, column, detail in facts.schema
        ],
        border="horizontal",
        hide_index=True,
        alt="Schema findings",
    )


# --- SQL & log ------------------------------------------------------------------------------


def sql_and_log(run: Run, facts: Facts | None) -> None:
    """Both scripts as they were when the run was asked for, the step times and the story."""
    texts = load.scripts(run.id)
    hits = facts.result.lint if facts else ()
    if texts:
        scripts.focus(texts.original, texts.variant, hits)
        view = st.segmented_control(
            "Scripts", ["Side by side", "Changes"], default="Side by side", required=True, key="sql_view"
        )
        if view == "Changes":
            st.code(changes(texts.original, texts.variant) or "The texts are the same.", language="diff")
        else:
            left, right = st.columns(2)
            scripts.draw(left, "Synapse", texts.original, hits)
            scripts.draw(right, "Databricks", texts.variant, hits)
        if texts.ddl:
            with st.expander(f"Declared types: {fmt.md(texts.ddl.path)}", key="ddl"):
                st.code(texts.ddl.text, language="sql", line_numbers=True)
    if facts and facts.timings:
        st.subheader("Steps", anchor=False)
        st.table(
            [
                {"Step": fmt.md(t.step), "Time": t.seconds, "Rows": t.rows, "Size": t.size}
                for t in facts.timings
            ],
            border="horizontal",
            hide_index=True,
            alt="Time of each step",
        )
    if facts and facts.result.manifest:
        st.subheader("What each table held on its way", anchor=False)
        st.table(
            [dict(zip(WAY_HEAD, map(fmt.md, row), strict=True)) for row in way(facts.result)],
            border="horizontal",
            hide_index=True,
            alt="Rows, size and checksum of each table at each place",
        )
    if facts:
        with st.expander("About this run", icon=":material/info:", key="about"):
            facts_table = {name: fmt.md(value) for name, value in facts.run_facts}
            st.table(facts_table, border="horizontal", alt="Facts about this run")
    st.subheader("Log", anchor=False)
    st.code(live.log_text(api.events(run.id)) or "Nothing was said.", language=None, wrap_lines=True)


def changes(original: Script, variant: Script) -> str:
    """The two scripts as one unified diff; empty when their texts are the same."""
    lines = difflib.unified_diff(
        original.text.splitlines(), variant.text.splitlines(), original.path, variant.path, lineterm="", n=5
    )
    return "\n".join(lines)
