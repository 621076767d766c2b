"""What Databricks puts into a notebook's namespace: `dbutils`, `display` and their kin."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from recon.errors import ProgramError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class NotebookExit(BaseException):
    """`dbutils.notebook.exit`: the end of the script, and no error. Not an Exception, so nothing eats it."""


class Widgets:
    """`dbutils.widgets`, with the run's parameters as the widgets' values.

    https://docs.databricks.com/dev-tools/databricks-utils#widgets-utility-dbutilswidgets
    """

    def __init__(self, params: Mapping[str, Any]) -> None:
        self._given = {name.casefold(): _text(value) for name, value in params.items()}
        self._spelled = {name.casefold(): name for name in params}
        self._defaults: dict[str, str] = {}

    def text(self, name: str, defaultValue: str = "", label: str = "") -> None:  # noqa: N803 (Databricks' spelling)
        self._defaults.setdefault(name, defaultValue)

    def dropdown(self, name: str, defaultValue: str, choices: Sequence[str], label: str = "") -> None:  # noqa: N803
        self._defaults.setdefault(name, defaultValue)

    combobox = dropdown
    multiselect = dropdown

    def get(self, name: str) -> str:
        """The parameter's value as text, else the widget's default."""
        if name.casefold() in self._given:
            return self._given[name.casefold()]
        if name in self._defaults:
            return self._defaults[name]
        raise ProgramError(
            f"no widget and no parameter is called {name}",
            hint=f"Give {name} a value under [params] in table.toml, or make the widget first.",
        )

    def getArgument(self, name: str, defaultValue: str = "") -> str:  # noqa: N802, N803 (Databricks' spelling)
        """As `get`, with a default."""
        self._defaults.setdefault(name, defaultValue)
        return self.get(name)

    def getAll(self) -> dict[str, str]:  # noqa: N802 (Databricks' spelling)
        """All widgets and parameters."""
        given = {self._spelled[key]: value for key, value in self._given.items()}
        return {**{n: v for n, v in self._defaults.items() if n.casefold() not in self._given}, **given}

    def remove(self, name: str) -> None:
        """Forget a widget. The run's parameters stay."""
        self._defaults.pop(name, None)

    def removeAll(self) -> None:  # noqa: N802 (Databricks' spelling)
        """Forget all widgets. The run's parameters stay."""
        self._defaults.clear()


class Notebook:
    """`dbutils.notebook`: only `exit`; other notebooks are not part of a variant."""

    def exit(self, value: object = None) -> None:
        """End the script here."""
        raise NotebookExit(value)

    def run(self, path: str, *_: object, **__: object) -> None:
        """Refused."""
        raise ProgramError(
            f"dbutils.notebook.run: {path} is not part of the variant", hint="Put its code here."
        )


class DbUtils:
    """`dbutils`. Parts that reach outside of a run are refused by name."""

    def __init__(self, params: Mapping[str, Any]) -> None:
        self.widgets = Widgets(params)
        self.notebook = Notebook()

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 (as getattr)
        raise ProgramError(
            f"dbutils.{name} is not available in a run", hint="A variant sees tables and parameters only."
        )


def _text(value: object) -> str:
    """As a Databricks job passes a parameter: text; true and false in small letters."""
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)
