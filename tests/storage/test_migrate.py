"""Blank, old, newer and damaged stores; a change of tables is whole or not at all."""

from __future__ import annotations

import shutil
import sqlite3
import threading

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from audit.errors import StoreError
from audit.storage import Store, sqlite_url
from audit.storage.migrate import MIGRATIONS, migrate, open_engine
from audit.storage.tables import metadata
from tests.storage.test_ledger import a_record, an_evaluation, saved

HEAD = max(p.name for p in (MIGRATIONS / "versions").glob("[0-9]*.py"))[:4]
NEXT = f"{int(HEAD) + 1:04}"
GOOD = """
import sqlalchemy as sa
from alembic import op
revision, down_revision = "{next}", "{head}"
def upgrade():
    with op.batch_alter_table("recordings") as t:
        t.add_column(sa.Column("leased_by", sa.Text))
"""
FAILS_HALF_WAY = """
import sqlalchemy as sa
from alembic import op
revision, down_revision = "{next}", "{head}"
def upgrade():
    op.create_table("leases", sa.Column("id", sa.Integer, primary_key=True))
    op.execute("UPDATE recordings SET call_id = 'changed'")
    op.execute("INSERT INTO no_such_table VALUES (1)")
"""
LOSES_ROWS = """
from alembic import op
revision, down_revision = "{next}", "{head}"
def upgrade():
    op.execute("DELETE FROM recordings")
"""


@pytest.fixture
def engine(tmp_path):
    made = open_engine(sqlite_url(tmp_path / "callaudit.db"))
    yield made
    made.dispose()


@pytest.fixture
def with_next_change(tmp_path):
    """A copy of the migrations with one more."""

    def make(source: str):
        folder = tmp_path / "migrations"
        shutil.copytree(MIGRATIONS, folder, ignore=shutil.ignore_patterns("__pycache__"))
        (folder / "versions" / f"{NEXT}_next.py").write_text(source.format(head=HEAD, next=NEXT), "utf-8")
        return folder

    return make


def revision_of(engine) -> str | None:
    with engine.begin() as c:
        return c.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()


def schema_of(engine) -> dict[str, object]:
    """Each table's columns, keys, constraints and indexes, whatever the words and the order that made them."""
    found = sa.inspect(engine)
    ordered = lambda parts: sorted(repr(sorted(p.items(), key=str)) for p in parts)  # noqa: E731
    return {
        name: (
            sorted((c["name"], str(c["type"]), c["nullable"], str(c["default"]).strip("'")) for c in found.get_columns(name)),
            found.get_pk_constraint(name),
            ordered(found.get_foreign_keys(name)),
            ordered(found.get_unique_constraints(name)),
            ordered(found.get_check_constraints(name)),
            ordered(found.get_indexes(name)),
        )
        for name in found.get_table_names()
    }


def tables_of(engine) -> set[str]:
    return set(sa.inspect(engine).get_table_names())


def test_a_blank_database_gets_the_tables_that_the_code_uses(engine):
    migrate(engine)
    with engine.begin() as c:
        assert compare_metadata(MigrationContext.configure(c), metadata) == []
    assert tables_of(engine) == {*metadata.tables, "alembic_version"}


def test_a_blank_database_made_outright_is_one_that_went_through_all_changes(tmp_path):
    copied = shutil.copytree(MIGRATIONS, tmp_path / "migrations", ignore=shutil.ignore_patterns("__pycache__"))
    made, changed = (open_engine(sqlite_url(tmp_path / f"{name}.db")) for name in ("made", "changed"))
    migrate(made)
    migrate(changed, migrations=copied)
    assert schema_of(made) == schema_of(changed)
    assert revision_of(made) == revision_of(changed)
    made.dispose()
    changed.dispose()


def test_migrations_are_numbered_without_a_gap():
    names = sorted(p.name for p in (MIGRATIONS / "versions").glob("*.py"))
    assert names, "no migration found"
    assert [n[:4] for n in names] == [f"{i:04d}" for i in range(1, len(names) + 1)]


def test_opening_twice_changes_nothing(engine):
    migrate(engine)
    migrate(engine)
    assert revision_of(engine) == HEAD


def test_a_store_keeps_its_rows_through_a_change(engine, with_next_change, tmp_path):
    with Store.in_folder(tmp_path) as store:
        saved(store, a_record(), an_evaluation())
    migrate(engine, migrations=with_next_change(GOOD))
    assert revision_of(engine) == NEXT
    with engine.begin() as c:
        assert c.exec_driver_sql("SELECT call_id, leased_by FROM recordings").all() == [("c1", None)]
        assert c.exec_driver_sql("SELECT count(*) FROM evaluations JOIN calls ON calls.id = call_row_id").scalar() == 1
        assert c.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1


def test_a_change_that_fails_half_way_leaves_the_store_as_it_was_and_stays_pending(engine, with_next_change, tmp_path):
    with Store.in_folder(tmp_path) as store:
        saved(store, a_record())
    with pytest.raises(StoreError, match="no_such_table"):
        migrate(engine, migrations=with_next_change(FAILS_HALF_WAY))
    assert revision_of(engine) == HEAD
    assert "leases" not in tables_of(engine)
    with Store.in_folder(tmp_path) as store:
        assert [c.record.call_id for c in store.calls()] == ["c1"]
        assert store.ledger()[0].call_id == "c1"


def test_a_change_that_leaves_rows_without_their_parent_is_taken_back(engine, with_next_change, tmp_path):
    with Store.in_folder(tmp_path) as store:
        saved(store, a_record())
    with pytest.raises(StoreError, match="without what they refer to"):
        migrate(engine, migrations=with_next_change(LOSES_ROWS))
    with engine.begin() as c:
        assert c.exec_driver_sql("SELECT count(*) FROM recordings").scalar() == 1


def test_a_store_of_a_newer_callaudit_is_refused_with_what_to_do(engine, tmp_path):
    migrate(engine)
    with engine.begin() as c:
        c.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(StoreError, match="newer callaudit"):
        Store.in_folder(tmp_path)


def test_a_file_that_is_no_database_is_refused_and_left_alone(tmp_path):
    path = tmp_path / "callaudit.db"
    path.write_text("a shopping list, longer than any header that SQLite would look at " * 20)
    before = path.read_bytes()
    with pytest.raises(StoreError, match="no callaudit store"):
        Store.in_folder(tmp_path)
    assert path.read_bytes() == before


def test_a_folder_that_is_not_there_is_named(tmp_path):
    with pytest.raises(StoreError, match="absent"):
        Store.in_folder(tmp_path / "absent")


def test_two_programs_that_open_a_blank_store_at_once_both_succeed(store_url):
    errors: list[Exception] = []

    def open_it():
        try:
            Store(store_url).close()
        except StoreError as e:
            errors.append(e)

    threads = [threading.Thread(target=open_it) for _ in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert errors == []


def test_a_writer_waits_for_another(tmp_path):
    with Store.in_folder(tmp_path) as store:
        other = sqlite3.connect(tmp_path / "callaudit.db", isolation_level=None, check_same_thread=False)
        other.execute("BEGIN IMMEDIATE")
        release = threading.Timer(0.3, lambda: other.execute("COMMIT"))
        release.start()
        saved(store, a_record())
        release.join()
        other.close()
        assert len(list(store.calls())) == 1


@pytest.mark.parametrize(
    "url", ["nosuchdb://me:s3cr3t@host/x", "nosuch db://me:s3cr3t@host/x", "nosuchdb://me:s3c@r3t@host:port/x"]
)
def test_a_password_is_never_repeated_in_a_message(url):
    with pytest.raises(StoreError) as caught:
        open_engine(url)
    assert "r3t" not in str(caught.value) and "s3c" not in str(caught.value)
