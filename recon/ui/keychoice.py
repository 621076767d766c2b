"""The key of a run to start: the table's own, or one known to identify its rows, for this run only."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from recon import api
from recon.report import keys as words
from recon.ui import fmt, keys

if TYPE_CHECKING:
    from recon.model import Table
    from recon.model_result import KeyProposal
    from recon.profiling import KnownKeys

_MOST_OFFERED = 5


def choose(table: Table) -> tuple[str, ...] | None:
    """The key chosen for this run, or None for the table's own."""
    st.caption(_own_line(table))
    label = "Choose another key" if table.keys else "Choose a key"
    with st.expander(label, icon=":material/key:", key=f"key of {table.name}", expanded=not table.keys):
        known = _known(table)
        st.caption(fmt.md(known.origin))
        if known.unread and st.button("Look into the file", icon=":material/search:", key="look_for_keys"):
            st.session_state[_looked(table)] = True
            st.rerun()
        offered = [p for p in known.proposals[:_MOST_OFFERED] if p.columns != table.keys]
        return _offer(table, offered) if offered else None


def _own_line(table: Table) -> str:
    if not table.keys:
        return "No key: rows are compared as a multiset."
    return f"Compared on {fmt.md(', '.join(table.keys))}."


def _looked(table: Table) -> str:
    return f"_looked for keys of {table.name}"


def _known(table: Table) -> KnownKeys:
    """Kept between reruns until another run of the table is over."""
    over = [r.id for r in api.runs(table=table.name, limit=20) if r.state.over]
    read = bool(st.session_state.get(_looked(table)))
    return _cached(api.project_folder(), table.name, tuple(over[:1]), read)


@st.cache_data(max_entries=32, show_spinner="Looking for keys")
def _cached(project: str, table: str, newest: tuple[str, ...], read: bool) -> KnownKeys:
    return api.known_keys(table, read=read)


def _offer(table: Table, offered: list[KeyProposal]) -> tuple[str, ...] | None:
    own = f"The table's: {', '.join(table.keys)}" if table.keys else "None: whole rows as a multiset"
    labels = [own, *(", ".join(p.columns) for p in offered)]
    notes = ["as table.toml says", *(words.summary(p) for p in offered)]
    chosen = st.radio(
        "Key of this run",
        range(len(labels)),
        format_func=lambda n: fmt.md(labels[n]),
        captions=[fmt.md(note) for note in notes],
        key=f"run key of {table.name}",
    )
    if not chosen:
        return None
    columns = offered[chosen - 1].columns
    st.caption("For this run only. To keep it, put this line into table.toml:")
    keys.toml(columns)
    return columns
