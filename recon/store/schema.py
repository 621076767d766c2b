"""The tables of the store."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    Boolean,
    Column,
    DateTime,
    Float,
    ForeignKey,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
)

if TYPE_CHECKING:
    from sqlalchemy.engine import Dialect


class Instant(TypeDecorator[datetime]):
    """A UTC instant. SQLite keeps no zone, so it lies there without one and comes back with it."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:  # noqa: ANN401
        return value.astimezone(UTC).replace(tzinfo=None) if value else None

    def process_result_value(self, value: Any | None, dialect: Dialect) -> datetime | None:  # noqa: ANN401
        return value.replace(tzinfo=UTC) if value else None


VERSION = 1  # of these tables; whoever changes them raises it and brings a migration

metadata = MetaData()

version = Table("store_version", metadata, Column("version", Integer, primary_key=True))

runs = Table(
    "runs",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("request", Text, nullable=False),  # the project cut down to this table and variant, as JSON
    Column("project", String(1024), nullable=False, index=True),
    Column("project_name", String(256), nullable=False),
    Column("table", String(256), nullable=False),
    Column("variant", String(256), nullable=False),
    Column("owner", String(256), nullable=False),
    Column("by", String(256), nullable=False),
    Column("state", String(16), nullable=False, index=True),
    Column("asked_at", Instant, nullable=False),
    Column("started_at", Instant),
    Column("finished_at", Instant),
    Column("cancel_asked", Boolean, nullable=False, default=False),
    Column("worker", String(64)),
    Column("heartbeat_at", Instant),
    Column("step", String(16)),
    Column("fraction", Float, nullable=False, default=0.0),
    Column("message", Text, nullable=False, default=""),
    Column("error", Text, nullable=False, default=""),
    Column("hint", Text, nullable=False, default=""),
    Column("verdict", String(40), nullable=False, default=""),
    Column("match_percentage", Float),
    Column("rows_equal_percentage", Float),
    Column("baseline_rows", Integer, nullable=False, default=0),
    Column("differing_cells", Integer, nullable=False, default=0),
    Column("approximate", Boolean, nullable=False, default=False),
    Column("result_sha256", String(64), nullable=False, default=""),
)

events = Table(
    "events",
    metadata,
    Column("run", ForeignKey("runs.number"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("at", Instant, nullable=False),
    Column("step", String(16), nullable=False),
    Column("message", Text, nullable=False),
    Column("done", Integer, nullable=False),
    Column("total", Integer, nullable=False),
    Column("level", String(8), nullable=False),
)

results = Table(
    "results",
    metadata,
    Column("run", ForeignKey("runs.number"), primary_key=True),
    Column("document", Text, nullable=False),  # the result's JSON
    Column("sha256", String(64), nullable=False),
)

workers = Table(
    "workers",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("pid", Integer, nullable=False),
    Column("started_at", Instant, nullable=False),
    Column("heartbeat_at", Instant, nullable=False),
)
