"""The Settings page shows what the doctor says, and no secret."""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from tests.cloud.test_doctor import CLOUD

PAGE = Path(__file__).parents[2] / "pages/settings.py"


@pytest.fixture
def page(home):
    def opened() -> AppTest:
        # From text, not from app.py: beside a folder `pages/` AppTest takes every click for a first request.
        app = AppTest.from_string("from recon.ui import shell\nshell.frame()", default_timeout=60).run()
        app.switch_page(str(PAGE))
        return app.run()

    return opened


def text_of(app: AppTest) -> str:
    tables = " ".join(table.value.to_string() for table in app.table)
    said = [*app.markdown, *app.caption, *app.error, *app.success, *app.subheader]
    return (tables + " ".join(each.value for each in said)).replace("\\", "")


def test_nothing_is_tried_before_it_is_asked_for(page):
    app = page()
    assert not app.exception
    assert "Nothing was tried yet" in text_of(app)
    assert "RECON_HOME" in text_of(app)


def test_each_check_with_its_state(page):
    app = page()
    app.button(key="check").click().run()
    assert not app.exception
    said = text_of(app)
    assert not app.error, said
    assert "None of" in said
    assert "not set" in said
    assert "Store" in said


def test_secrets_are_only_set_or_not(page, monkeypatch):
    for name, value in CLOUD.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("RECON_STORE_URL", "")
    app = page()
    said = text_of(app)
    assert "SYNAPSE_CONN_STR" in said
    assert "canary" not in said
