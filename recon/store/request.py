"""A run's request at rest: the project cut down to one table and one variant, as JSON.

It is frozen when the run is asked for: editing a script afterwards changes neither what a queued run
executes nor what the page and the report of an old run print.
"""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, cast

from pydantic import TypeAdapter

from recon.errors import SpecError
from recon.model import Project, Scalar

if TYPE_CHECKING:
    from recon.model import Table, Variant

_ADAPTER = TypeAdapter(Project)
_CONTINUES = "continues"
# A JSON string could be text, a date or a decimal: params carry their type beside their text.
_READERS = {
    "str": str,
    "int": int,
    "float": float,
    "bool": lambda text: text == "True",
    "Decimal": Decimal,
    "date": date.fromisoformat,
    "datetime": datetime.fromisoformat,
}


def dump(project: Project, table: Table, variant: Variant, continues: str = "") -> str:
    """The request as JSON text; `continues` is the run that it takes up again."""
    cut = _ADAPTER.dump_python(_cut(project, table, variant), mode="json")
    cut["tables"][0]["params"] = {name: _scalar(value) for name, value in table.params.items()}
    return json.dumps(cut | ({_CONTINUES: continues} if continues else {}), ensure_ascii=False)


def load(text: str) -> Project:
    """The project as it was asked for: exactly one table, with exactly one variant."""
    document = json.loads(text)
    document.pop(_CONTINUES, None)
    params = document["tables"][0].pop("params")
    project = _ADAPTER.validate_python(document)
    typed = {name: _read(entry) for name, entry in cast("dict[str, list[str] | None]", params).items()}
    project.tables[0].params.update(typed)
    return project


def continues(text: str) -> str:
    """The run that a request takes up again; empty when it begins by itself."""
    return str(json.loads(text).get(_CONTINUES, ""))


def _cut(project: Project, table: Table, variant: Variant) -> Project:
    return replace(project, tables=(replace(table, variants=(variant,), params={}),))


def _scalar(value: Scalar) -> list[str] | None:
    if value is None:
        return None
    kind = type(value).__name__
    if kind not in _READERS:
        raise SpecError(f"a parameter cannot be a {kind}", hint="Use text, a number, a boolean or a date.")
    return [kind, value.isoformat() if isinstance(value, date) else str(value)]


def _read(entry: list[str] | None) -> Scalar:
    return None if entry is None else cast("Scalar", _READERS[entry[0]](entry[1]))
