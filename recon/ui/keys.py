"""What a run says about its key: one line on top of the page, the proposals in the Rows tab."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from recon.model_result import Verdict
from recon.report import keys as words
from recon.ui import fmt

if TYPE_CHECKING:
    from collections.abc import Sequence

    from recon.model_result import KeyProposal
    from recon.report.facts import Facts


def notice(facts: Facts) -> None:
    """A line below the verdict when the run's key is none."""
    said = words.advice(facts.result, facts.keys)
    fine = words.keyless(facts.result) and facts.verdict is Verdict.MATCH  # whole rows are equal: no hurry
    if said and not fine:
        st.info(fmt.md(" ".join(said)), title=_title(facts), icon=":material/key:")


def _title(facts: Facts) -> str:
    if words.keyless(facts.result):
        return "There is no key"
    where = " in Databricks" if words.right_in_synapse(facts.result) else ""
    return f"The key is not unique{where}"


def proposals(facts: Facts) -> None:
    """The proposals as a table, and the line to copy for the best of them."""
    found = facts.result.key_proposals
    if not found:
        return
    right = words.right_in_synapse(facts.result)
    st.subheader("What tells the repeated rows apart" if right else "Keys that would do", anchor=False)
    table(found)
    if not right:
        st.caption("For table.toml:")
        toml(found[0].columns)


def table(found: Sequence[KeyProposal]) -> None:
    """One line a proposal, best first."""
    lines = [{name: fmt.md(value) for name, value in line.items()} for line in words.table(found)]
    st.table(lines, border="horizontal", hide_index=True, alt="Columns that may serve as a key")


def toml(columns: Sequence[str]) -> None:
    """The line of table.toml, to copy."""
    st.code(words.toml_line(columns), language="toml")
