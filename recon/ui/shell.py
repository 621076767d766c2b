"""The frame of the dashboard: the one list of pages, the guard, the error boundary, the empty states.

`begin()` is the first line of every page. On a fresh server a deep link runs the page's file alone,
without `app.py` (Streamlit finds a `pages/` folder and believes it until `st.navigation` is first called):
then `begin` registers the navigation and starts over, now through the frame.
"""

from __future__ import annotations

import contextvars
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from recon.errors import PlatformError, ProgramError, ReconError, SettingsError, SpecError
from recon.ui.fmt import md

if TYPE_CHECKING:
    from collections.abc import Generator

    from streamlit.navigation.page import StreamlitPage

_inside = contextvars.ContextVar("inside_frame", default=False)

_ROOT = Path(__file__).parents[2]
_ICON = _ROOT / "static" / "icon.png"
INBOX, RUN, NEW_RUN, HISTORY, SETTINGS = (
    str(_ROOT / "pages" / f"{name}.py") for name in ("inbox", "run", "new_run", "history", "settings")
)

PAGES = (  # file, title, icon; the file's stem is its address
    (INBOX, "Review inbox", ":material/inbox:"),
    (RUN, "Run result", ":material/grid_on:"),
    (NEW_RUN, "New run", ":material/play_circle:"),
    (HISTORY, "History", ":material/history:"),
    (SETTINGS, "Settings", ":material/settings:"),
)


def pages(*, icons: bool = True) -> list[StreamlitPage]:
    """Every page, the inbox first and at `/`."""
    return [
        st.Page(file, title=title, icon=icon if icons else None, default=file == INBOX)
        for file, title, icon in PAGES
    ]


def frame() -> None:
    """Draw the navigation and the page that the address names, inside the error boundary."""
    st.set_page_config(page_title="Recon review", page_icon=str(_ICON), layout="wide")
    token = _inside.set(True)
    try:
        page = st.navigation(pages(), position="top")
        with boundary():
            page.run()
    finally:
        _inside.reset(token)


def begin() -> None:
    """First line of every page: make sure that it runs inside the frame."""
    if not _inside.get():
        # No icons yet: before the page config a browser would fetch the page's icon from a foreign host.
        st.navigation(pages(icons=False), position="hidden")
        st.rerun()


@contextmanager
def boundary() -> Generator[None]:
    """Errors made for people are shown to people: what failed and what to do, never a stack trace."""
    try:
        yield
    except ReconError as error:
        show_error(error)


def show_error(error: ReconError, *, unchanged: str = "Nothing was changed.") -> None:
    """An error with its way out. The details can be copied."""
    title = next((text for kind, text in _TITLES if isinstance(error, kind)), "Something went wrong")
    message, *more = str(error).splitlines() or [type(error).__name__]
    parts = [md(message), *(f"- {md(line)}" for line in more if line.strip())]
    st.error("\n\n".join(["\n".join(parts), unchanged]), title=title, icon=":material/error:")
    if error.hint:
        st.info(md(error.hint), title="What to do", icon=":material/lightbulb:")
    with st.container(horizontal=True):
        st.button("Try again", icon=":material/replay:", key="try_again")
        with st.popover("Copy details", icon=":material/content_copy:"):
            st.code(f"{type(error).__name__}: {error}\n{error.hint}".strip(), language=None, wrap_lines=True)


_TITLES = (
    (SettingsError, "A setting needs attention"),
    (SpecError, "The project folder needs attention"),
    (ProgramError, "A script failed"),
    (PlatformError, "A system could not be reached or refused"),
)


@contextmanager
def empty(icon: str, title: str, text: str) -> Generator[None]:
    """A centred note with room for one button inside the `with`."""
    with st.container(border=True, horizontal_alignment="center"):
        st.markdown(f"### {icon} {title}", text_alignment="center")
        st.caption(text, text_alignment="center")
        yield
