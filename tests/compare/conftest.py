import pytest

from recon.connectors.local.comparer import duckdb_comparer
from tests.compare.tables import Bench


@pytest.fixture(scope="session")
def bench(tmp_path_factory):
    """One engine for all tests here: a comparison must leave nothing behind that changes the next one."""
    folder = tmp_path_factory.mktemp("compare")
    with duckdb_comparer(folder / "work", memory_limit="1GB") as engine:
        yield Bench(engine, folder)
