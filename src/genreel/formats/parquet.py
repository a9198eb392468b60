"""A Parquet file of which some columns are changed; the others keep types, values and metadata."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any

from genreel.errors import CatalogueError, MissingExtra
from genreel.tables import parquet_batches


class Parquet:
    """A Parquet file in memory.

    Args:
        data: the file.

    Raises:
        CatalogueError: it cannot be read, or unpacks to far more than its size.
        MissingExtra: pyarrow is not there.
    """

    def __init__(self, data: bytes) -> None:
        try:
            import pyarrow
        except ModuleNotFoundError:
            raise MissingExtra("pyarrow", "parquet") from None
        try:
            self._table, self._metadata = _read(data, "ns")
            self._int96 = _is_int96(self._metadata)
            if self._int96:
                self._table = _whole_times(self._table, data)
        except (pyarrow.ArrowException, OSError, ValueError) as error:
            raise CatalogueError(f"not a readable Parquet file ({error}); write it again") from None
        self.columns: Sequence[str] = self._table.column_names

    def __len__(self) -> int:
        return int(self._table.num_rows)

    def place(self, name: str) -> int | None:
        """Where a column stands, in capitals if there is no other; None where there is none.

        Raises:
            CatalogueError: there are several.
        """
        exact = [i for i, column in enumerate(self.columns) if column == name]
        places = exact or [i for i, column in enumerate(self.columns) if column.lower() == name]
        if len(places) > 1:
            raise CatalogueError(f"several columns {name!r}; keep one of them")
        return places[0] if places else None

    def values(self, place: int) -> list[Any]:
        """All values of a column."""
        values: list[Any] = self._table.column(place).to_pylist()
        return values

    def holds_lists(self, place: int) -> bool:
        """Whether a column holds lists, of whatever kind."""
        return bool(self._table.schema.field(place).type.num_fields)

    def with_values(self, columns: Mapping[str, Sequence[Any]]) -> bytes:
        """The file with some columns' values changed, or columns of text added.

        Raises:
            CatalogueError: a column's type cannot hold its values.
        """
        import pyarrow
        import pyarrow.parquet

        table = self._table
        for name, values in columns.items():
            place = self.place(name)
            if place is None:
                table = table.append_column(name, pyarrow.array(values, pyarrow.string()))
                continue
            column = table.schema.field(place)
            try:
                new = _array(values, column.type)
            except (pyarrow.ArrowException, TypeError, ValueError):
                raise CatalogueError(
                    f"its column {name!r} is of type {column.type}, which holds no genres; "
                    "make it text"
                ) from None
            table = table.set_column(place, column, new)
        file = io.BytesIO()
        with pyarrow.parquet.ParquetWriter(
            file,
            table.schema,
            compression=_compression(self._metadata),
            use_deprecated_int96_timestamps=self._int96,
        ) as writer:
            at = 0
            for number in range(self._metadata.num_row_groups):
                rows = self._metadata.row_group(number).num_rows
                writer.write_table(table.slice(at, rows), row_group_size=max(rows, 1))
                at += rows
        return file.getvalue()


def _read(data: bytes, unit: str) -> tuple[Any, Any]:
    import pyarrow
    import pyarrow.parquet

    with pyarrow.parquet.ParquetFile(io.BytesIO(data), coerce_int96_timestamp_unit=unit) as file:
        batches = list(parquet_batches(file, len(data)))
        return pyarrow.Table.from_batches(batches, file.schema_arrow), file.metadata


def _array(values: Sequence[Any], kind: Any) -> Any:
    import pyarrow

    try:
        return pyarrow.array(values, kind)
    except (pyarrow.ArrowNotImplementedError, pyarrow.ArrowTypeError):
        return pyarrow.array(values).cast(kind)


def _is_int96(metadata: Any) -> bool:
    """Whether times are in the old type of Spark and Impala, and none in another."""
    columns = [metadata.schema.column(i) for i in range(metadata.num_columns)]
    times = {c.physical_type for c in columns if c.logical_type.type == "TIMESTAMP"}
    return not times and any(column.physical_type == "INT96" for column in columns)


def _whole_times(table: Any, data: bytes) -> Any:
    """The table in microseconds where its times lie outside of what nanoseconds reach."""
    import pyarrow

    longer, _ = _read(data, "us")
    try:
        longer.cast(table.schema)
    except pyarrow.ArrowInvalid:
        return longer
    return table


def _compression(metadata: Any) -> str:
    if not metadata.num_row_groups or not metadata.num_columns:
        return "snappy"
    name = str(metadata.row_group(0).column(0).compression).lower()
    return {"uncompressed": "none", "lz4_raw": "lz4"}.get(name, name)
