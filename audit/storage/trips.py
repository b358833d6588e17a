"""What every call asks of the store, said to the driver itself: one transaction of many statements, in one trip.

Over a connection each statement is a message and the wait for its answer, ``BEGIN`` and ``COMMIT`` among them; on one
machine that wait is most of the time that a short transaction takes, over a network nearly all. psycopg can send all and
then listen (its pipeline mode). Each statement still sees what was committed before it began, so that one which waits for
a lock and one that looks after it mean what they mean apart.

SQLAlchemy puts the statements together, once; to execute one it takes longer than SQLite does, so that is left to the
driver here. Nothing else in the store does so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime
from functools import cache
from json import JSONEncoder
from typing import Any, NamedTuple

import sqlalchemy as sa

#: Gives the first row that a statement returned, or None.
Answer = Callable[[], Sequence[Any] | None]
#: Executes a statement with values of all its parameters.
Send = Callable[[sa.Executable, Mapping[str, Any]], Answer]

_encode = JSONEncoder(allow_nan=False).encode


@contextmanager
def one_trip(c: sa.Connection) -> Iterator[Send]:
    """One transaction, which takes the write lock of SQLite at its start and is committed at the end of the block.

    Parameters
    ----------
    c : sqlalchemy.Connection
        Without a transaction; of PostgreSQL at the isolation level "AUTOCOMMIT": the driver then begins nothing of its own.

    Yields
    ------
    callable
        Takes a statement that was built once and is kept, and its values by :func:`sendable`. Of SQLite the answer may be
        read at once, of PostgreSQL when the block has ended.

    Raises
    ------
    sqlalchemy.exc.DBAPIError
        If one fails: nothing was done then, or, where the connection was lost, nothing is known.
    """
    dialect, driver = c.dialect, c.connection.driver_connection
    if driver is None:
        raise sa.exc.InvalidRequestError("the connection has been given up")
    errors = dialect.loaded_dbapi.Error

    def send(statement: sa.Executable, values: Mapping[str, Any]) -> Answer:
        text, fixed = _compiled(statement, dialect)
        cursor = driver.execute(text, {**fixed, **values})
        if dialect.name != "sqlite":
            return cursor.fetchone
        rows = cursor.fetchall()
        return lambda: rows[0] if rows else None

    try:
        if dialect.name == "sqlite":
            driver.execute("BEGIN IMMEDIATE")
            yield send
            driver.execute("COMMIT")
        else:
            with driver.pipeline() if _can_pipeline() else nullcontext():
                driver.execute("BEGIN")
                yield send
                driver.execute("COMMIT")
    except errors as e:
        is_lost = dialect.is_disconnect(e, driver, None)
        if is_lost:
            c.invalidate(e)
        else:
            driver.rollback()
        raise sa.exc.DBAPIError.instance(None, None, e, errors, connection_invalidated=is_lost, dialect=dialect) from e
    except BaseException:
        driver.rollback()
        raise


def sendable(database: str, value: Any) -> Any:
    """A value as the driver takes it, stored as SQLAlchemy stores it: times in UTC, plain values of JSON as text.

    Raises
    ------
    ValueError
        If a time carries no zone, or a value holds a number that JSON has not.
    """
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise ValueError(f"{value} carries no time zone")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None).isoformat(" ", "microseconds") if database == "sqlite" else value
    return _encode(value) if isinstance(value, (dict, list)) else value


@cache
def _can_pipeline() -> bool:
    """Whether the library below the driver can; else each statement waits for its answer."""
    import psycopg

    return psycopg.Pipeline.is_supported()


class _Compiled(NamedTuple):
    """A statement as the driver takes it, and those of its parameters whose values stand in it."""

    text: str
    fixed: Mapping[str, Any]


@cache
def _compiled(statement: Any, dialect: sa.Dialect) -> _Compiled:
    if dialect.name == "sqlite":
        from sqlalchemy.dialects.sqlite.pysqlite import dialect as sqlite

        compiled = statement.compile(dialect=sqlite(paramstyle="named"))  # the one in use asks for values by their order
    else:
        compiled = statement.compile(dialect=dialect)
    fixed = {name: bound.value for bound, name in compiled.bind_names.items() if not bound.required}
    return _Compiled(str(compiled), {name: sendable(dialect.name, value) for name, value in fixed.items()})
