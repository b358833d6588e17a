"""Open a database as callaudit needs it, and bring its tables up to date.

SQLite's traps are met here: foreign keys are off unless asked for, the driver
opens no transaction before ``CREATE TABLE``, and a second writer fails at once
unless told to wait. Every change of the tables runs in one explicit transaction
that takes the write lock first: two programs that open an old store at the
same time change it once, and a change that fails leaves the store as it was.
"""

from __future__ import annotations

import json
import re
import sqlite3
import time
from functools import partial
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from audit.errors import StoreError, StoreGone
from audit.storage.tables import metadata

#: Seconds that a writer waits for another to finish.
BUSY_TIMEOUT_S = 30.0
#: A connection to a server that was not used for so long is asked whether it still holds before it is used again; one that
#: breaks within that time says so itself.
ASK_AFTER_S = 1.0

_LEAST_SQLITE = (3, 35)

#: Number of the advisory lock under which PostgreSQL's tables are changed; any, as long as it stays the same.
_MIGRATION_LOCK = 0x63616C6C

MIGRATIONS = Path(__file__).resolve().parent / "migrations"


def open_engine(url: str) -> sa.Engine:
    """Connect to a database.

    Parameters
    ----------
    url : str
        A SQLAlchemy URL, such as ``sqlite:////srv/audit/callaudit.db``.

    Returns
    -------
    sqlalchemy.Engine
        For SQLite: foreign keys on, write-ahead log, explicit transactions. A
        transaction takes the write lock at its start where the connection has the
        execution option ``write=True``.

    Raises
    ------
    StoreError
        If the URL cannot be understood or its driver is not installed.
    """
    try:
        parsed = sa.make_url(url)
        _refuse_unknown(parsed)
        engine = sa.create_engine(parsed, json_serializer=json.JSONEncoder(allow_nan=False).encode)
    except (sa.exc.ArgumentError, sa.exc.NoSuchModuleError, ImportError, ValueError) as e:
        hint = "use a SQLAlchemy URL such as sqlite:////srv/audit/callaudit.db"
        if isinstance(e, ImportError):
            hint = "install that driver beside callaudit, or " + hint
        # A password must not end up in a log; the driver's words on a URL that is none may repeat all of it.
        raise StoreError(f"--store {_without_password(url)}: {_without_password(str(e))}", hint=hint) from e
    if parsed.get_backend_name() == "sqlite":
        sa.event.listen(engine, "connect", _set_up_sqlite)
        sa.event.listen(engine, "begin", _begin_sqlite)
    else:
        sa.event.listen(engine, "checkin", _note_use)
        sa.event.listen(engine, "checkout", partial(_ask_whether_it_holds, engine.dialect))
    return engine


def _refuse_unknown(url: sa.URL) -> None:
    """Results are kept with ``INSERT … ON CONFLICT … RETURNING``, which these two have."""
    if url.get_backend_name() not in ("sqlite", "postgresql"):
        raise ValueError(f"{url.get_backend_name()} is a kind of database that callaudit does not know")
    if url.get_backend_name() == "postgresql" and url.get_driver_name() != "psycopg":
        raise ValueError("callaudit speaks to PostgreSQL with psycopg: postgresql+psycopg://…")
    if url.get_backend_name() == "sqlite" and sqlite3.sqlite_version_info < _LEAST_SQLITE:
        raise ValueError(f"this Python has SQLite {sqlite3.sqlite_version}: 3.35 of 2021 or later is needed")


def migrate(engine: sa.Engine, *, migrations: Path = MIGRATIONS) -> None:
    """Bring the tables up to date; does nothing where they are.

    Parameters
    ----------
    migrations : Path
        Folder of numbered changes.

    Raises
    ------
    StoreError
        If a change fails (the store is left as it was), or the store was written
        by a newer callaudit.
    """
    if migrations == MIGRATIONS and _is_settled(engine):
        return
    from alembic import command  # with its templates a third of a second
    from alembic.config import Config
    from alembic.script import ScriptDirectory
    from alembic.util import CommandError

    config = Config()
    config.set_main_option("script_location", str(migrations).replace("%", "%%"))
    config.set_main_option("path_separator", "newline")
    where = engine.url.render_as_string(hide_password=True)
    try:
        head = ScriptDirectory.from_config(config).get_current_head()
        with engine.connect().execution_options(write=True) as connection:
            if _revision(connection) == head:
                return
            sqlite = engine.dialect.name == "sqlite"
            if sqlite:  # a table that is rebuilt must not take the rows that refer to it along
                _pragma(connection, "foreign_keys=OFF")
            try:
                with connection.begin():
                    if (
                        engine.dialect.name == "postgresql"
                    ):  # it has no write lock for all: the first of two to come makes the change
                        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_MIGRATION_LOCK)))
                    config.attributes["connection"] = connection
                    command.upgrade(config, "head")
                    if sqlite and (broken := connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()):
                        raise StoreError(f"{where}: rows without what they refer to after the change of tables: {broken[:3]}")
            finally:
                if sqlite:
                    _pragma(connection, "foreign_keys=ON")
    except CommandError as e:
        raise StoreError(
            f"{where}: this store cannot be brought up to date: {e}",
            hint="it was probably written by a newer callaudit: install that one, or name another --store",
        ) from e
    except sa.exc.SQLAlchemyError as e:
        kind = StoreGone if is_gone_for_now(e) else StoreError
        raise kind(f"{where}: cannot open or update the store: {driver_message(e)}", hint=next_step(e)) from e


def _is_settled(engine: sa.Engine) -> bool:
    """Whether the tables are as the last change leaves them, or, in a blank SQLite file, now made so outright.

    It saves the time that it takes to load Alembic; anything else is left to it, and so are all errors.
    """
    head = max(p.name for p in (MIGRATIONS / "versions").glob("[0-9]*.py"))[:4]
    try:
        with engine.connect().execution_options(write=True) as connection:
            if (revision := _revision(connection)) is not None or engine.dialect.name != "sqlite":
                return revision == head
            with connection.begin():
                if sa.inspect(connection).get_table_names():
                    return False
                metadata.create_all(connection, checkfirst=False)
                _ALEMBIC.create(connection)
                connection.execute(_ALEMBIC.insert().values(version_num=head))
    except sa.exc.SQLAlchemyError:
        return False
    return True


#: Where Alembic keeps the number of the last change, as it makes that table itself.
_ALEMBIC = sa.Table(
    "alembic_version",
    sa.MetaData(),
    sa.Column("version_num", sa.String(32), nullable=False),
    sa.PrimaryKeyConstraint("version_num", name="alembic_version_pkc"),
)


def _without_password(text: str) -> str:
    """The text with ``user:password@`` of any URL in it hidden, well-formed or not."""
    return re.sub(r"(://[^:/@\s]*:)[^\s]*@", r"\1***@", text)


def driver_message(e: Exception) -> str:
    """The driver's own words, without the statement around them."""
    return str(getattr(e, "orig", None) or e)


def next_step(e: Exception) -> str:
    """The next step for a database error."""
    text = driver_message(e).lower()
    if "full" in text or "disk i/o" in text:
        return "free some disk space and run the same command again: it goes on where it stopped"
    if "locked" in text:
        return "another callaudit is writing to this store: wait for it to end"
    if is_gone_for_now(e):
        return "see that the database server runs and can be reached; the same command goes on where it stopped"
    if "not a database" in text or "malformed" in text:
        return "this file is no callaudit store: move it away, or name another --store"
    return "check that the folder exists and can be written to, and the --store URL"


#: What a server says that will say the same when it is asked again; any other trouble with the connection may pass.
_FOR_GOOD = ("does not exist", "authentication", "password", "pg_hba", "could not translate host name")
#: Classes of SQLSTATE that speak of the connection, the server's shutdown or its want of room, not of the statement; and of a
#: transaction that was given up for another's sake (a deadlock), which will do when it is sent again.
_FOR_NOW_STATES = ("08", "57", "53", "40")


def is_gone_for_now(e: Exception) -> bool:
    """Whether an error means that the server is away and may come back, and not that something is wrong with what was asked."""
    if not isinstance(e, sa.exc.DBAPIError) or "psycopg" not in type(e.orig).__module__:
        return False
    state = getattr(e.orig, "sqlstate", None)
    if state is not None:
        return str(state)[:2] in _FOR_NOW_STATES
    text = driver_message(e).lower()
    lost = e.connection_invalidated or isinstance(e, sa.exc.OperationalError)
    return lost and not any(words in text for words in _FOR_GOOD)


def _revision(connection: sa.Connection) -> str | None:
    """The number of the last change made; None in a blank database."""
    with connection.begin():
        if not sa.inspect(connection).has_table("alembic_version"):
            return None
        return connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar()


def _pragma(connection: sa.Connection, text: str) -> None:
    """Set a pragma outside any transaction, where alone it works."""
    cursor = connection.connection.cursor()
    cursor.execute(f"PRAGMA {text}")
    cursor.close()


def _note_use(_connection: Any, record: Any) -> None:
    record.info["used_at"] = time.monotonic()


def _ask_whether_it_holds(dialect: sa.Dialect, connection: Any, record: Any, _proxy: Any) -> None:
    """Let the pool open another in place of a connection that broke while nobody used it (a server restarted)."""
    used_at = record.info.get("used_at")
    if used_at is None or time.monotonic() - used_at < ASK_AFTER_S:
        return
    try:
        dialect.do_ping(connection)
    except dialect.loaded_dbapi.Error as e:
        raise sa.exc.InvalidatePoolError(str(e)) from e


def _set_up_sqlite(dbapi_connection: Any, _record: Any) -> None:
    dbapi_connection.isolation_level = None  # the driver then opens no transaction of its own
    cursor = dbapi_connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout={int(BUSY_TIMEOUT_S * 1000)}")
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=NORMAL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.close()


def _begin_sqlite(connection: sa.Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE" if connection.get_execution_options().get("write") else "BEGIN")
