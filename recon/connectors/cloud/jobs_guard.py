"""While a variant's Python runs on Databricks, PySpark's doors lead into the run's own schemas.

What reads and writes tables has its names moved; what writes elsewhere is refused at the author's line. It
works on the classes of the session that the job was given, whether it is a classic or a Spark Connect one.
"""

from __future__ import annotations

import importlib.util
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from recon.errors import ProgramError
from recon.sqlscript.databricks_escapes import OWN_FORMATS, setting_leaves
from recon.sqlscript.databricks_text import Statement, statements
from recon.sqlscript.databricks_words import Reader

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from recon.connectors.cloud.engine_script import Script
    from recon.connectors.spark.fence import Fence
    from recon.model import TableRef

_READS = ("load", "parquet", "json", "csv", "orc", "text", "xml", "jdbc")
_PATHS = ("save", "parquet", "json", "csv", "orc", "text", "xml", "jdbc")
_NAMED = ("tableExists", "getTable", "listColumns", "refreshTable", "cacheTable", "uncacheTable", "isCached")
_CATALOG = (
    *("createTable", "createExternalTable", "setCurrentDatabase", "setCurrentCatalog", "recoverPartitions"),
)
_FRAME = ("createGlobalTempView", "createOrReplaceGlobalTempView", "checkpoint")
_RDD = (
    *("saveAsTextFile", "saveAsPickleFile", "saveAsSequenceFile", "saveAsHadoopFile", "saveAsHadoopDataset"),
    *("saveAsNewAPIHadoopFile", "saveAsNewAPIHadoopDataset"),
)
_ENDS = ("create", "replace", "createOrReplace", "append", "overwrite", "overwritePartitions")
_OPTIONS = {"path", "location"}
_HINT = "Use saveAsTable or insertInto."
_INPUT = "Name what is read as an input in table.toml, and read its table."


class Guard:
    """The doors of one variant. `plain` holds PySpark's own methods, for what we do ourselves."""

    def __init__(self, spark: Any, script: Script, fence: Fence) -> None:  # noqa: ANN401 (classic or Connect)
        self._script = script
        self._names = script.names
        self._fence = fence
        frame = spark.range(0)
        self._classes: dict[str, Any] = {
            "session": type(spark),
            "reader": type(spark.read),
            "frame": type(frame),
            "writer": type(frame.write),
            "catalog": type(spark.catalog),
            "conf": type(spark.conf),
        }
        self._spark = spark
        self.plain = {
            (owner, name): getattr(cls, name)
            for owner, cls in self._classes.items()
            for name in ("sql", "table", "saveAsTable", "insertInto", "writeTo", "save", "set", "format")
            if hasattr(cls, name)
        }

    @contextmanager
    def on(self) -> Generator[None]:
        """The doors are ours inside."""
        ours = self._doors()
        theirs = [(cls, name, cls.__dict__.get(name)) for cls, name in ours]
        for (cls, name), method in ours.items():
            setattr(cls, name, method)
        try:
            yield
        finally:
            for cls, name, method in theirs:
                if method is None:
                    delattr(cls, name)
                else:
                    setattr(cls, name, method)

    def _doors(self) -> dict[tuple[Any, str], Any]:
        kinds = self._classes
        found: dict[tuple[Any, str], Any] = {
            (kinds["session"], "sql"): _method(self.sql),
            (kinds["session"], "table"): _method(self.read),
            (kinds["session"], "newSession"): self._refused("spark.newSession", "Use `spark`."),
            (kinds["session"], "stop"): lambda _: self._script.notes.append("spark.stop() left out"),
            (kinds["session"], "readStream"): property(self._refused("readStream", _INPUT)),
            (kinds["reader"], "table"): _method(self.read_by),
            (kinds["frame"], "writeTo"): _method(self.write_to),
            (kinds["frame"], "writeStream"): property(self._refused("writeStream", _HINT)),
            (kinds["frame"], "mergeInto"): self._refused("mergeInto", "Use spark.sql('MERGE INTO ...')."),
            (kinds["writer"], "saveAsTable"): _method(self.save_as_table),
            (kinds["writer"], "insertInto"): _method(self.insert_into),
            (kinds["writer"], "format"): _method(self.format),
            (kinds["conf"], "set"): _method(self.set_option),
        }
        for name in ("option", "options"):
            found[kinds["writer"], name] = self._optioned(getattr(kinds["writer"], name))
        for owner, names, hint in (
            ("reader", _READS, _INPUT),
            ("writer", _PATHS, _HINT),
            ("frame", _FRAME, _HINT),
            ("catalog", _CATALOG, _HINT),
        ):
            for name in names:
                found[kinds[owner], name] = self._refused(name, hint)
        for name in _NAMED:
            if hasattr(kinds["catalog"], name):
                found[kinds["catalog"], name] = self._named(getattr(kinds["catalog"], name))
        return found | self._of_others()

    def _of_others(self) -> dict[tuple[Any, str], Any]:
        """Delta Lake's own interface, and the files of RDDs, where they exist."""
        found: dict[tuple[Any, str], Any] = {}
        if "connect" not in self._classes["session"].__module__:
            from pyspark import RDD

            found |= {(RDD, name): self._refused(name, _HINT) for name in _RDD}
        if importlib.util.find_spec("delta") is not None:
            table: Any = importlib.import_module("delta.tables").DeltaTable
            for name in (
                "forPath",
                "create",
                "createIfNotExists",
                "replace",
                "createOrReplace",
                "convertToDelta",
            ):
                found[table, name] = classmethod(self._refused(f"DeltaTable.{name}", _HINT))
            plain = table.__dict__["forName"].__func__
            found[table, "forName"] = classmethod(
                lambda cls, spark, name: plain(cls, spark, self._written(name))
            )
        return found

    # --- What programs call ---

    def sql(self, _: object, sqlQuery: str, args: Any = None, **named: Any) -> Any:  # noqa: ANN401, N803 (PySpark's)
        """`spark.sql`. A statement without rows gives an empty DataFrame."""
        parts = statements(sqlQuery)
        if len(parts) != 1:
            raise self._fence.refuse(
                f"spark.sql takes one statement, this text has {len(parts)}", "Split it."
            )
        try:
            move = self._script.one(parts[0])
        except ProgramError as error:
            message = str(error).removeprefix(f"line {error.line}: ")
            raise self._fence.refuse(message, error.hint) from error
        query = self._script.run(move, args if isinstance(args, dict) else {})
        if query is None:
            return self._spark.range(0).select()
        return self.plain["session", "sql"](self._spark, query.text, args, **named)

    def read(self, _: object, tableName: str) -> Any:  # noqa: ANN401, N803
        return self.plain["session", "table"](self._spark, self._there(self._ref(tableName)))

    def read_by(self, reader: Any, tableName: str) -> Any:  # noqa: ANN401, N803
        return self.plain["reader", "table"](reader, self._there(self._ref(tableName)))

    def save_as_table(self, writer: Any, name: str, *given: Any, **named: Any) -> None:  # noqa: ANN401
        self._refuse_options(named)
        self._check_format(given[0] if given else named.get("format"))
        there = self._written(name)
        self.plain["writer", "saveAsTable"](writer, there, *given, **named)

    def insert_into(self, writer: Any, tableName: str, *given: Any, **named: Any) -> None:  # noqa: ANN401, N803
        self.plain["writer", "insertInto"](writer, self._written(tableName), *given, **named)

    def write_to(self, frame: Any, table: str) -> Any:  # noqa: ANN401
        ref = self._names.local(self._ref(table))
        self._script.hands.make_schema(ref.schema)
        writer = self.plain["frame", "writeTo"](frame, self._there(ref))
        return _V2(writer, lambda: self._script.ledger.wrote(ref), self._refuse_options)

    def format(self, writer: Any, source: str) -> Any:  # noqa: ANN401
        self._check_format(source)
        if source.casefold() == "noop":
            return _Nowhere(self.plain["writer", "format"](writer, source), self.plain["writer", "save"])
        return self.plain["writer", "format"](writer, source)

    def set_option(self, conf: Any, key: str, value: Any) -> None:  # noqa: ANN401
        if setting_leaves(key):
            raise self._fence.refuse(f"the setting {key} reaches out of the run", "Leave it out.")
        self.plain["conf", "set"](conf, key, value)

    # --- Parts ---

    def _ref(self, name: str) -> TableRef:
        reader = Reader(Statement(name, "", 0))
        ref = reader.name().ref
        if not reader.done:
            raise self._fence.refuse(f"{name!r} is no table's name", "Write schema.table.")
        if ref.schema.casefold() == "global_temp":
            raise self._fence.refuse("global temporary views are seen by everybody", "Use a temporary view.")
        return ref

    def _there(self, ref: TableRef) -> str:
        """The table's place; a name without a schema stays, as it may be a temporary view's."""
        return self._names.node(ref).sql("databricks") if ref.schema else f"`{ref.name}`"

    def _written(self, name: str) -> str:
        ref = self._names.local(self._ref(name))
        self._script.hands.make_schema(ref.schema)
        self._script.ledger.wrote(ref)
        return self._names.node(ref).sql("databricks")

    def _check_format(self, source: str | None) -> None:
        if source is not None and source.upper() not in OWN_FORMATS | {"NOOP"}:
            raise self._refusal(f"write.format({source!r})", _HINT)

    def _refuse_options(self, options: dict[str, Any]) -> None:
        for key in options:
            if key.casefold() in _OPTIONS:
                raise self._refusal(f"the write option {key}", _HINT)

    def _optioned(self, theirs: Callable[..., Any]) -> Callable[..., Any]:
        def set_option(writer: Any, *given: Any, **named: Any) -> Any:  # noqa: ANN401
            self._refuse_options(
                named | dict.fromkeys(str(key) for key in (*given[:1], named.get("key", "")))
            )
            return theirs(writer, *given, **named)

        return set_option

    def _named(self, theirs: Callable[..., Any]) -> Callable[..., Any]:
        def call(catalog: Any, tableName: str, dbName: str | None = None) -> Any:  # noqa: ANN401, N803
            ref = self._ref(tableName if dbName is None else f"`{dbName}`.`{tableName}`")
            return theirs(catalog, self._there(ref))

        return call

    def _refused(self, what: str, hint: str) -> Callable[..., Any]:
        def refuse(*_: object, **__: object) -> None:
            raise self._refusal(what, hint)

        return refuse

    def _refusal(self, what: str, hint: str) -> ProgramError:
        return self._fence.refuse(f"{what} is refused: a variant reads inputs and writes tables", hint)


class _V2:
    """`DataFrame.writeTo(...)`, watched."""

    def __init__(
        self,
        writer: Any,  # noqa: ANN401
        wrote: Callable[[], None],
        check: Callable[[dict[str, Any]], None],
    ) -> None:
        self._writer = writer
        self._wrote = wrote
        self._check = check

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 (as getattr)
        theirs = getattr(self._writer, name)

        def call(*given: Any, **named: Any) -> Any:  # noqa: ANN401
            self._check(named | {str(key): None for key in given[:1] if isinstance(key, str)})
            answer = theirs(*given, **named)
            if name in _ENDS:
                self._wrote()
                return answer
            return self

        return call


class _Nowhere:
    """A writer to nowhere, which computes the rows."""

    def __init__(self, writer: Any, save: Callable[[Any], None]) -> None:  # noqa: ANN401
        self._writer = writer
        self._save = save

    def mode(self, *_: object) -> _Nowhere:
        """Nothing to overwrite."""
        return self

    def save(self) -> None:
        """Compute."""
        self._writer.mode("overwrite")
        self._save(self._writer)


def _method(function: Callable[..., Any]) -> Callable[..., Any]:
    """A bound method of ours as a method of another class."""
    return lambda this, *args, **named: function(this, *args, **named)
