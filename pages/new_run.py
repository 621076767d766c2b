"""Start a run, and watch one: with `?job=` the same address shows its progress to anyone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from recon import api
from recon.model import Language, Mode
from recon.report.vocabulary import plural
from recon.ui import approval, fmt, keychoice, live, shell, url, verdict

if TYPE_CHECKING:
    from recon.api import ExtractedQuery
    from recon.model import Project, Run, Table, Variant

shell.begin()

_WHERE = {
    Mode.SPARK: "Synapse on DuckDB · Databricks on local Spark",
    Mode.LOCAL: "Both on DuckDB: an approximation",
    Mode.CLOUD: "Synapse and Databricks",
}


def page() -> None:
    """Progress when the address names a run, the form otherwise."""
    url.keep("table", "variant", "job")
    job = st.query_params.get("job", "")
    if job:
        _watch(job)
    else:
        _form(api.project())


# --- watching --------------------------------------------------------------------------------


def _watch(run_id: str) -> None:
    run = api.run(run_id)
    if run is None:
        text = (
            f"{fmt.md(run_id)} is not in this store. It may have been deleted, or belong to another project."
        )
        with shell.empty(":material/search_off:", "Run not found", text):
            st.page_link(shell.HISTORY, label="Look in the history", icon=":material/history:")
    elif run.state.over:
        _ended(run)
    else:
        _live(run_id)


@st.fragment(run_every=1.0)
def _live(run_id: str) -> None:
    """The progress of a run at work; when it is over a full rerun swaps in the still view."""
    with shell.boundary():
        run = api.run(run_id)
        if run is None or run.state.over:
            st.rerun()
        live.draw(run, api.events(run_id))
        asked = run.cancel_asked
        if st.button(
            "Cancelling" if asked else "Cancel run",
            icon=":material/stop_circle:",
            key="cancel",
            disabled=asked,
        ):
            api.cancel(run_id)
            st.rerun()


def _ended(run: Run) -> None:
    live.draw(run, api.events(run.id))
    if run.error:
        step = live.STEPS[run.step] if run.step else verdict.STATES[run.state].word
        st.error(fmt.md(run.error), title=f"Stopped in «{step}»", icon=":material/error:")
    if run.hint:
        st.info(fmt.md(run.hint), title="What to do", icon=":material/lightbulb:")
    with st.container(horizontal=True):
        if st.button("Open the result", icon=":material/arrow_forward:", type="primary", key="open_result"):
            st.switch_page(shell.RUN, query_params={"run": run.id})
        if st.button("Run again", icon=":material/replay:", key="again"):
            if approval.needed(run.table):
                st.switch_page(shell.NEW_RUN, query_params={"table": run.table, "variant": run.variant})
            st.query_params["job"] = api.start(run.table, run.variant).id
            st.rerun()


# --- starting --------------------------------------------------------------------------------


def _form(project: Project) -> None:
    st.header("New run", anchor=False)
    if not any(t.variants for t in project.tables):
        with shell.empty(
            ":material/folder_open:", "Nothing to run", "The project has no table with a variant yet."
        ):
            st.caption(fmt.md(str(project.folder)))
        return
    main, aside = st.columns([3, 2], gap="large")
    with main:
        table, variant, keys = _choice(project)
        query = approval.show(table)
        _codes(table, variant)
    with aside:
        _consequence(project, table, variant, keys, query)


def _choice(project: Project) -> tuple[Table, Variant, tuple[str, ...] | None]:
    """Table, variant, and the key of this run where it is not the table's."""
    with st.container(border=True):
        st.subheader("What to compare", anchor=False)
        tables = {t.name: t for t in project.tables if t.variants}
        name = st.selectbox(
            "Table", list(tables), key="table", bind="query-params", help="The tables of the project folder"
        )
        table = tables[name]
        variants = {v.name: v for v in table.variants}
        variant = variants[st.selectbox("Variant", list(variants), key="variant", bind="query-params")]
        return table, variant, keychoice.choose(table)


def _codes(table: Table, variant: Variant) -> None:
    with st.expander("Code of this variant", icon=":material/code:", key="variant_code"):
        language = "python" if variant.language is Language.PYSPARK else "sql"
        st.code(variant.script.text, language=language, line_numbers=True)
    with st.expander("Code of the original", icon=":material/database:", key="original_code"):
        st.code(table.original.text, language="sql", line_numbers=True)


def _consequence(
    project: Project,
    table: Table,
    variant: Variant,
    keys: tuple[str, ...] | None,
    query: ExtractedQuery | None,
) -> None:
    earlier = api.runs(table=table.name, variant=variant.name, limit=20)
    with st.container(border=True):
        st.subheader("What will happen", anchor=False)
        st.table(
            {
                "Baseline": fmt.md(_baseline(table)),
                "Inputs": plural(len(table.inputs), "table") + " staged before the call",
                "Where": _WHERE[project.mode],
                "Key": fmt.md(_key(table, keys)),
                "Column rules": _rules(table),
                "Last time": fmt.md(_last(earlier)),
            },
            border="horizontal",
            alt="What the run will do",
        )
        active = next((r for r in earlier if not r.state.over), None)
        if active:
            st.warning(
                f"{active.id} of this table and variant is still {active.state}.", icon=":material/info:"
            )
            st.page_link(shell.NEW_RUN, label="Watch it", query_params={"job": active.id})
        ready = approval.confirm(query)
        label = "Start another run" if active else "Start run"
        icon = ":material/play_arrow:"
        if st.button(label, type="primary", icon=icon, width="stretch", key="start", disabled=not ready):
            read = query.sha256 if query else ""
            started = api.start(table.name, variant.name, keys=keys, read=read)
            st.switch_page(shell.NEW_RUN, query_params={"job": started.id})


def _key(table: Table, keys: tuple[str, ...] | None) -> str:
    if keys is not None:
        return f"{', '.join(keys)} (this run only)"
    return ", ".join(table.keys) or "none: whole rows as a multiset"


def _rules(table: Table) -> str:
    ignored = sum(1 for r in table.rules.values() if r.ignore)
    parts = [(len(table.rules) - ignored, "column with its own rule", "columns with their own rule")]
    parts += [(ignored, "column ignored", "columns ignored")]
    return ", ".join(plural(n, one, many) for n, one, many in parts if n) or "every column exactly"


def _baseline(table: Table) -> str:
    return {
        "call": f"run {table.procedure or table.original.path}, then read {table.synapse or 'its target'}",
        "query": f"the rows of the query in {table.original.path}; nothing is written",
        "table": f"{table.synapse} as it stands",
    }[table.baseline]


def _last(earlier: tuple[Run, ...]) -> str:
    run = next((r for r in earlier if r.state.over and r.started_at and r.finished_at), None)
    if run is None or run.started_at is None or run.finished_at is None:
        return "never run"
    took = fmt.duration((run.finished_at - run.started_at).total_seconds())
    return f"{run.id}: {verdict.status(run)} in {took}"


page()
