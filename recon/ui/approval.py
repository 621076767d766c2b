"""The query that will be run instead of a procedure: shown, and confirmed before a run may start."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from recon import api
from recon.ui import fmt, scripts

if TYPE_CHECKING:
    from recon.api import ExtractedQuery
    from recon.model import Table

HEIGHT = 420  # of the box in which a long query scrolls


def show(table: Table) -> ExtractedQuery | None:
    """Draw the query behind the table's procedure, or why there is none; None where none is needed."""
    query = api.extracted_query(table)
    if query is None:
        return None
    with st.container(border=True, key="extracted"):
        st.subheader("The query that stands in for the procedure", anchor=False)
        if query.refusal:
            st.error(fmt.md(query.refusal), title="No query can be extracted", icon=":material/block:")
            st.info(fmt.md(query.hint), title="What to do", icon=":material/lightbulb:")
            return query
        st.markdown(
            f"The procedure is not run. This reads what line {query.line} of {fmt.md(query.file)} writes to "
            f"**{fmt.md(query.target)}**; temporary tables stand in it as common table expressions. "
            "The numbers are the lines of the procedure."
        )
        if query.adds:
            st.warning("The table may hold rows from before: they are not among those of this query.")
        if table.params:
            given = ", ".join(f"{name} = {value}" for name, value in table.params.items())
            st.caption(f"table.toml gives {fmt.md(given)}, in place of the defaults.")
        lines = len(query.lines)
        with st.container(height=HEIGHT if lines > 20 else "content", key="extracted_lines"):
            st.html(scripts.numbered("The extracted query", query.lines))
        st.caption(f"SHA-256 {query.sha256}")
    return query


def confirm(query: ExtractedQuery | None) -> bool:
    """Whether a run may start: ask for the confirmation where a query has to be read first."""
    if query is None:
        return True
    if query.refusal:
        return False
    return st.checkbox(
        "I have read the query",
        key=f"read {query.sha256}",
        help="Your name, the time and the checksum are kept with the run and printed in its report.",
    )


def needed(table: str) -> bool:
    """Whether a run of this table asks for a query to be read first."""
    found = api.project().table(table)
    return found is not None and api.extracted_query(found) is not None
