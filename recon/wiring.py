"""Settings and project -> ports. The only place that asks: local, Spark or cloud?

What only a run needs is imported when one starts: comparing two files must not wait for it.
"""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from recon import settings
from recon.connectors.local.comparer import duckdb_comparer
from recon.errors import SettingsError
from recon.model import Mode, Session
from recon.ports import Ports

if TYPE_CHECKING:
    from collections.abc import Generator
    from datetime import datetime

    from recon.connections import Cloud
    from recon.connectors.spark.worlds import SparkWorlds
    from recon.model import Project, Table
    from recon.ports import Comparer, Engine, Lake
    from recon.progress import Progress
    from recon.settings import Settings


class Wiring:
    """Makes the ports of each run. Spark, which takes ten seconds to start, stays warm between runs."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def ports(self, project: Project, scratch: Path, progress: Progress) -> Ports:
        """The ports of one run of `project`, which holds the one table to reconcile.

        SettingsError when the project's mode cannot be had here.
        """
        if project.mode is Mode.CLOUD:
            return self._cloud(project, scratch, progress)
        from recon.connectors.local.lake import FolderLake
        from recon.connectors.local.source import local_source

        table = project.tables[0]

        @contextmanager
        def world(name: str) -> Generator[Engine]:
            with self._world(project, name, scratch, progress) as engine:
                yield engine

        return Ports(
            source=lambda: local_source(project, table, _made(scratch / "source")),
            lake=FolderLake(self._settings.home / "lake"),
            world=world,
            comparer=lambda: duckdb_comparer(_made(scratch / "compare")),
            mask_key=self._mask_key(table),
        )

    def _cloud(self, project: Project, scratch: Path, progress: Progress) -> Ports:
        """Synapse, ADLS and Databricks; both sides are compared here, in DuckDB."""
        from recon import connections
        from recon.connectors.cloud.engine import databricks_world
        from recon.connectors.cloud.lake import adls_lake
        from recon.connectors.cloud.source import synapse_source

        cloud = connections.read()
        table, lake = project.tables[0], adls_lake(cloud.adls, cloud, progress)
        place = self._settings.place(scratch.name)
        return Ports(
            source=lambda: synapse_source(
                cloud, project, table, _made(scratch / "source"), lake=lake, place=place
            ),
            lake=lake,
            world=lambda name: databricks_world(
                cloud, name, project.session, progress, keep=project.keep_results
            ),
            comparer=lambda: duckdb_comparer(_made(scratch / "compare")),
            mask_key=self._mask_key(table),
            lake_name="ADLS",
        )

    def _mask_key(self, table: Table) -> str:
        return self._settings.mask_key() if any(r.sensitive for r in table.rules.values()) else ""

    def spark_absent(self) -> str:
        """Why local Spark cannot start, in words; empty when it can. Nothing is started."""
        return self._spark(Session()).available()

    def close(self) -> None:
        """Stop what was kept warm."""
        self._spark(Session()).stop()

    def _spark(self, session: Session) -> SparkWorlds:
        from recon.connectors.spark.worlds import SparkWorlds

        return SparkWorlds(session, self._settings.home, memory=self._settings.spark_memory)

    @contextmanager
    def _world(self, project: Project, name: str, scratch: Path, progress: Progress) -> Generator[Engine]:
        folder, spark = _made(scratch / "world"), self._spark(project.session)
        why_not = spark.available() if project.mode is Mode.SPARK else "as the project asks"
        if not why_not:
            spark.start(progress.say)
            with spark.world(name, folder) as engine:
                yield engine
            return
        progress.warn(f"DuckDB stands in for Databricks ({why_not}): what differs in Spark may not show.")
        from recon.connectors.local.engine import duckdb_world

        with duckdb_world(name, folder, project.session) as engine:
            yield engine


class Janitor:
    """What runs have left in the cloud: objects in the lake, schemas on Databricks."""

    def __init__(self, cloud: Cloud) -> None:
        from recon.connectors.cloud.lake import adls_lake

        self._cloud = cloud
        self.lake: Lake = adls_lake(cloud.adls, cloud)

    def schemas(self) -> tuple[tuple[str, datetime | None], ...]:
        """The schemas that recon has made, and when."""
        from recon.connectors.cloud.engine_janitor import leftovers

        return tuple((left.schema, left.made) for left in leftovers(self._cloud))

    def drop_schema(self, schema: str) -> None:
        """Drop one of them with all in it. SpecError when recon has not made it."""
        from recon.connectors.cloud.engine_janitor import drop_leftover

        drop_leftover(self._cloud, schema)


@contextmanager
def comparer(engine: str = "duckdb") -> Generator[Comparer]:
    """A comparer outside a run, in a temporary folder that is gone afterwards: "duckdb", or local "spark".

    SettingsError for another engine, and where Spark cannot be had.
    """
    with TemporaryDirectory(prefix="recon-") as folder:
        if engine == "duckdb":
            with duckdb_comparer(Path(folder)) as found:
                yield found
            return
        if engine != "spark":
            raise SettingsError(f"there is no engine {engine!r}", hint="Name duckdb or spark.")
        from recon.connectors.spark.comparer import spark_comparer
        from recon.connectors.spark.worlds import SparkWorlds

        said = settings.read()
        worlds = SparkWorlds(Session(), said.home, memory=said.spark_memory)
        reason = worlds.available()
        if reason:
            raise SettingsError(
                f"Spark cannot start: {reason}",
                hint="pip install -r requirements-spark.txt, or compare with --engine duckdb.",
            )
        with spark_comparer(worlds, Path(folder)) as found:
            yield found


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder
