"""Health: the settings in force, and every connection tried for real. Never a secret."""

from __future__ import annotations

from typing import Final

import streamlit as st

from recon import api
from recon.api.checks import FAILED, NOT_CHECKED, NOT_SET, OK
from recon.model import RunState
from recon.report.vocabulary import plural
from recon.ui import shell, url
from recon.ui.fmt import md

shell.begin()

_ICON: Final = {
    OK: ":material/check_circle:",
    FAILED: ":material/error:",
    NOT_SET: ":material/remove:",
    NOT_CHECKED: ":material/help:",
}
_KEPT = "checks"


def page() -> None:
    """The checks with their remedies, the queue, the settings."""
    url.keep()
    with st.container(horizontal=True, vertical_alignment="bottom", horizontal_alignment="distribute"):
        st.header("Settings", anchor=False, width="content")
        asked = st.button("Check now", icon=":material/stethoscope:", type="primary", key="check")
    if asked:
        with st.spinner("Trying every connection. Databricks may have to start a warehouse."):
            st.session_state[_KEPT] = api.doctor()
    _checks(st.session_state.get(_KEPT, ()))
    _queue()
    st.subheader("In force", anchor=False)
    st.caption("From the environment. Of secrets it is only said whether they are set.")
    st.table([{"Setting": md(name), "Says": md(said)} for name, said in api.in_force()], hide_index=True)


def _checks(found: tuple[api.Check, ...]) -> None:
    st.subheader("Connections and permissions", anchor=False)
    if not found:
        st.caption("Nothing was tried yet. A check writes a small file and a schema, and removes both.")
        return
    failed = [check for check in found if check.state == FAILED]
    if failed:
        st.error(f"{plural(len(failed), 'check')} of {len(found)} failed.", icon=":material/error:")
    else:
        st.success(f"None of {plural(len(found), 'check')} failed.", icon=":material/check_circle:")
    rows = [
        {
            "Check": md(check.name),
            "State": f"{_ICON[check.state]} {check.state}",
            "Found": md(check.said),
            "What to do": md(check.remedy) if check.state != OK else "",
        }
        for check in found
    ]
    st.table(rows, hide_index=True)


def _queue() -> None:
    st.subheader("Queue", anchor=False)
    runs = api.all_runs(limit=1000)
    waiting = sum(r.state is RunState.QUEUED for r in runs)
    working = sum(r.state is RunState.RUNNING for r in runs)
    st.markdown(f"{plural(waiting, 'run')} waiting, {working} at work.")


page()
