import pytest

from leadferry.ingest import context


@pytest.fixture(autouse=True)
def _nothing_compiled() -> None:
    # Ids that a test rolled back are given out again; committed ones never are.
    context._compiled.clear()
    context._LOOKUPS._held.clear()
    context._TABLES._held.clear()
