"""The keys that `recon.toml` and `table.toml` may have, their types and defaults."""

from __future__ import annotations

from datetime import datetime  # noqa: TC003 (pydantic reads it at run time)
from decimal import Decimal
from typing import Annotated, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, PlainValidator

from recon.model import BaselineMode, Filter, Mode, Rule, Scalar, Session, TableRef, TextPolicy, Tolerance
from recon.project import grammar


def _mode(value: object) -> Mode:
    return grammar.one_of(Mode, value)


def _baseline_mode(value: object) -> BaselineMode:
    return grammar.one_of(BaselineMode, value)


Text: TypeAlias = Annotated[str, PlainValidator(grammar.text)]
TableName: TypeAlias = Annotated[TableRef, PlainValidator(grammar.table_name)]


class Document(BaseModel):
    """A table of a TOML file. Nothing is required here: what must be there depends on other keys."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Defaults(Document):
    """`[defaults]`."""

    partial_above: Annotated[Decimal, PlainValidator(grammar.percentage)] = Decimal(95)
    sample_rows: Annotated[int, Field(ge=1, le=100_000)] = 400
    control_totals: bool = True
    csv_copy: bool = False
    keep_results: Annotated[str, PlainValidator(grammar.schema_name)] = ""


class SessionDocument(Document):
    """`[session]`."""

    timezone: Annotated[str, PlainValidator(grammar.time_zone)] = Session().timezone
    ansi: bool = Session().ansi
    collation: Annotated[str, PlainValidator(grammar.session_collation)] = Session().collation
    now: Annotated[datetime | None, PlainValidator(grammar.moment)] = None


class ProjectDocument(Document):
    """`recon.toml`."""

    version: int = 0
    name: Text = ""
    mode: Annotated[Mode, PlainValidator(_mode)] = Mode.SPARK
    defaults: Defaults = Defaults()
    session: SessionDocument = SessionDocument()


class BaselineDocument(Document):
    """`[baseline]`."""

    mode: Annotated[BaselineMode, PlainValidator(_baseline_mode)] = BaselineMode.CALL
    procedure: Annotated[str, PlainValidator(grammar.procedure_name)] = ""


class InputDocument(Document):
    """One of `[[inputs]]`."""

    synapse: TableName | None = None
    databricks: TableName | None = None
    file: Text = ""
    filter: Text = ""
    split_by: Text = ""


class FilterDocument(Document):
    """`[filter]`."""

    synapse: Annotated[str, PlainValidator(grammar.predicate)] = ""
    databricks: Annotated[str, PlainValidator(grammar.predicate)] = ""

    def filter(self) -> Filter:
        """The same as our word."""
        return Filter(self.synapse, self.databricks)


class RuleDocument(Document):
    """One of `[columns.*]`."""

    tolerance: Annotated[Tolerance, PlainValidator(grammar.tolerance)] | None = None
    text: list[Annotated[TextPolicy | grammar.Follow, PlainValidator(grammar.text_policy)]] = []
    collation: Annotated[str, PlainValidator(grammar.column_collation)] = ""
    ignore: Annotated[str, PlainValidator(grammar.reason)] = ""
    databricks: Text = ""
    sensitive: bool = False

    @property
    def follows(self) -> bool:
        """Whether it compares as the Synapse database does."""
        return grammar.Follow.SYNAPSE in self.text

    def rule(self, synapse: str) -> Rule:
        """The same as our word; `synapse` is the collation of the Synapse database."""
        return Rule(
            tolerance=self.tolerance,
            text=tuple(policy for policy in self.text if isinstance(policy, TextPolicy)),
            collation=synapse if self.follows else self.collation,
            ignore=self.ignore,
            databricks=self.databricks,
            sensitive=self.sensitive,
        )


class TableDocument(Document):
    """`table.toml`."""

    version: int = 0
    synapse: TableName | None = None
    databricks: TableName | None = None
    keys: list[Text] = []
    segment: Text = ""
    owner: Text = ""
    baseline: BaselineDocument = BaselineDocument()
    params: dict[str, Annotated[Scalar, PlainValidator(grammar.parameter)]] = {}
    inputs: list[InputDocument] = []
    filter: FilterDocument = FilterDocument()
    columns: dict[str, RuleDocument] = {}


# What may stand under which path of which file; "*" is any name or number. For hints only.
PLACES: dict[type[Document], dict[tuple[str, ...], type[Document]]] = {
    ProjectDocument: {(): ProjectDocument, ("defaults",): Defaults, ("session",): SessionDocument},
    TableDocument: {
        (): TableDocument,
        ("baseline",): BaselineDocument,
        ("inputs", "*"): InputDocument,
        ("filter",): FilterDocument,
        ("columns", "*"): RuleDocument,
    },
}
