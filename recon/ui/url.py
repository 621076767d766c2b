"""The URL as the place where a shareable view lives: one history entry for one change.

Streamlit keeps query parameters across pages, so each page drops those it does not know. A chart click
changes column and segment at once; two bound widgets would push two history entries and Back would show a
mixture, hence `pull` and `push`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

ALL = "(all)"
_SEEN = "_seen_selection"
_FIELDS = {"col": "w_col", "seg": "w_seg"}  # parameter -> the widget's key


def keep(*names: str) -> None:
    """Drop the parameters of other pages, in one step and only if there are any."""
    foreign = [n for n in st.query_params if n not in names]
    if foreign:
        st.query_params.from_dict({n: st.query_params[n] for n in st.query_params if n in names})


def settle(wanted: Mapping[str, str], known: Mapping[str, Sequence[str]]) -> tuple[dict[str, str], list[str]]:
    """What the URL asks for, where it can be had, and the values that cannot. Pure.

    >>> settle({"col": "a", "seg": "x"}, {"col": ["a"], "seg": ["y"]})
    ({'col': 'a', 'seg': '(all)'}, ['x'])
    """
    settled = {n: wanted.get(n, ALL) for n in known}
    unknown = [v for n, v in settled.items() if v != ALL and v not in known[n]]
    return {n: v if v in known[n] else ALL for n, v in settled.items()}, unknown


def pull(columns: Iterable[str], segments: Iterable[str]) -> list[str]:
    """Seed the two selectboxes from the URL if it changed; returns values that this run does not have."""
    asked = {n: st.query_params[n] for n in _FIELDS if n in st.query_params}
    chosen, unknown = settle(asked, {"col": list(columns), "seg": list(segments)})
    if chosen != st.session_state.get(_SEEN) or any(w not in st.session_state for w in _FIELDS.values()):
        for name, widget in _FIELDS.items():
            st.session_state[widget] = chosen[name]
        st.session_state[_SEEN] = chosen
        return unknown
    return []


def push() -> None:
    """Write the selectboxes' state to the URL: one history entry."""
    chosen = {n: st.session_state[w] for n, w in _FIELDS.items()}
    st.session_state[_SEEN] = chosen
    kept = {n: st.query_params.get_all(n) for n in st.query_params if n not in {*_FIELDS, "p", "key"}}
    st.query_params.from_dict({**kept, **{n: v for n, v in chosen.items() if v != ALL}})


def choose(column: str, segment: str) -> None:
    """Select a cell from a callback: the selectboxes and the URL follow."""
    st.session_state["w_col"], st.session_state["w_seg"] = column, segment
    push()
