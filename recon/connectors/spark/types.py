"""Spark's columns: their types as Databricks spells them, and their rows in a form that DuckDB reads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pyspark.sql import functions
from pyspark.sql import types as t

from recon.model import Column

if TYPE_CHECKING:
    from pyspark.sql import Column as Expression
    from pyspark.sql import DataFrame

_FOREIGN = (
    t.NullType,
    t.VariantType,
    t.YearMonthIntervalType,
    t.DayTimeIntervalType,
    t.CalendarIntervalType,
    t.TimeType,
    t.GeometryType,
    t.GeographyType,
)
_CHAR_METADATA = "__CHAR_VARCHAR_TYPE_STRING"


def declared(frame: DataFrame) -> tuple[Column, ...]:
    """The columns in order, with types spelled as Databricks documents them: `DECIMAL(18,2)`."""
    java: Any = frame  # only the JVM spells types as SQL
    theirs = java._jdf.schema().fields()
    return tuple(
        Column(field.name, str(field.metadata.get(_CHAR_METADATA, "")).upper() or str(there.dataType().sql()))
        for field, there in zip(frame.schema.fields, theirs, strict=True)
    )


def portable(frame: DataFrame) -> tuple[DataFrame, tuple[str, ...]]:
    """The same rows with every type that Parquet or DuckDB cannot carry as text; and a note for each."""
    notes = tuple(
        f"{field.name}: {field.dataType.simpleString()} is compared as text"
        for field in frame.schema.fields
        if _foreign(field.dataType)
    )
    if not notes:
        return frame, ()
    plain = frame.toDF(*(f"c{place}" for place in range(len(frame.columns))))
    picked = [
        (_text(plain[f"c{place}"], field.dataType) if _foreign(field.dataType) else plain[f"c{place}"]).alias(
            field.name
        )
        for place, field in enumerate(frame.schema.fields)
    ]
    return plain.select(*picked), notes


def _text(column: Expression, kind: t.DataType) -> Expression:
    nested = isinstance(kind, (t.VariantType, t.StructType, t.ArrayType, t.MapType))
    return functions.to_json(column) if nested else column.cast("string")


def _foreign(kind: t.DataType) -> bool:
    if isinstance(kind, t.StructType):
        return any(_foreign(field.dataType) for field in kind.fields)
    if isinstance(kind, t.ArrayType):
        return _foreign(kind.elementType)
    if isinstance(kind, t.MapType):
        return _foreign(kind.keyType) or _foreign(kind.valueType)
    return isinstance(kind, _FOREIGN)
