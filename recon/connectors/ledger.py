"""What a variant has written so far, and which relation is its result."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recon.errors import ProgramError

if TYPE_CHECKING:
    from recon.model import TableRef

_Key = tuple[str, str]


class Ledger:
    """The tables that a variant wrote and that still exist, in the order of their first write."""

    def __init__(self) -> None:
        self._written: dict[_Key, TableRef] = {}
        self._catalogs: dict[_Key, str] = {}

    def wrote(self, table: TableRef) -> None:
        """A table was created or changed."""
        self._written.setdefault(_key(table), table)

    def dropped(self, table: TableRef) -> None:
        """A table is gone."""
        self._written.pop(_key(table), None)

    @property
    def tables(self) -> tuple[TableRef, ...]:
        """All of them."""
        return tuple(self._written.values())

    def meet(self, table: TableRef) -> str:
        """Note the catalog that a name carried. The other catalog when two share `schema.name`, else empty.

        Catalogs are taken off names here, so two such tables would silently be one.
        """
        known = self._catalogs.setdefault(_key(table), table.catalog)
        return known if known.casefold() != table.catalog.casefold() else ""

    def candidate(self, target: TableRef | None, file: str, *, rows: bool, result: bool) -> TableRef | None:
        """The table that is the result; None for the rows of the last query or of `result`.

        `rows`: the script ends in a query. `result`: it left a DataFrame called so. ProgramError when there
        is no single relation.
        """
        if target is not None and _key(target) in self._written:
            return self._written[_key(target)]
        if result or (rows and (target is None or not self._written)):
            return None
        names = ", ".join(str(t) for t in self.tables)
        if target is not None:
            wrote = f"it wrote {names}" if names else "it wrote no table"
            raise ProgramError(
                f"{target} was not written: {wrote}",
                file=file,
                hint="Correct the table that it writes, or `databricks` in table.toml.",
            )
        if len(self._written) == 1:
            return self.tables[0]
        raise ProgramError(
            f"which table is the result? It wrote {names}" if names else "it leaves no rows",
            file=file,
            hint="Name the table as `databricks` in table.toml."
            if names
            else "Write a table, end in a SELECT, or leave a DataFrame called `result`.",
        )


def _key(table: TableRef) -> _Key:
    return table.schema.casefold(), table.name.casefold()
