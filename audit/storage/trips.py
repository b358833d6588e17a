"""Several statements in one trip to a PostgreSQL server and back.

Over a connection each statement is a message and the wait for its answer, ``BEGIN`` and ``COMMIT`` among them; on one
machine that wait is most of the time that a short transaction takes, over a network nearly all. psycopg can send all and
then listen (its pipeline mode). Each statement still sees what was committed before it began, so that one which waits for
a lock and one that looks after it mean what they mean apart.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any

import sqlalchemy as sa

from audit.storage.tables import UtcDateTime

_TIME = UtcDateTime()


def can_do_at_once(dialect: sa.Dialect) -> bool:
    """Whether :func:`in_one_trip` is for this database, its driver and the library below that."""
    if (dialect.name, dialect.driver) != ("postgresql", "psycopg"):
        return False
    import psycopg

    return psycopg.Pipeline.is_supported()


def in_one_trip(c: sa.Connection, statements: Sequence[sa.Executable], values: Mapping[str, Any]) -> Any:
    """Execute statements in one transaction and commit it.

    Parameters
    ----------
    c : sqlalchemy.Connection
        Of PostgreSQL, at the isolation level "AUTOCOMMIT": the driver then begins nothing of its own.
    statements : sequence of sqlalchemy.Executable
        Built once and kept: each is compiled once. Values are given as the driver takes them, times as here.
    values : mapping
        Of all their bound parameters.

    Returns
    -------
    tuple or None
        The first row of what the last statement returns.

    Raises
    ------
    sqlalchemy.exc.DBAPIError
        If one fails: nothing was done then, or, where the connection was lost, nothing is known.
    """
    dialect, driver = c.dialect, c.connection.driver_connection
    if driver is None:
        raise sa.exc.InvalidRequestError("the connection has been given up")
    given = {n: _TIME.process_bind_param(v, dialect) if isinstance(v, datetime) else v for n, v in values.items()}
    errors = dialect.loaded_dbapi.Error
    try:
        with driver.pipeline():
            driver.execute("BEGIN")
            for statement in statements:
                compiled = _compiled(statement, dialect)
                last = driver.execute(str(compiled), compiled.construct_params(given))
            driver.execute("COMMIT")
        return last.fetchone()
    except errors as e:
        is_lost = dialect.is_disconnect(e, driver, None)
        if is_lost:
            c.invalidate(e)
        else:
            driver.rollback()
        raise sa.exc.DBAPIError.instance(None, None, e, errors, connection_invalidated=is_lost, dialect=dialect) from e


@cache
def _compiled(statement: Any, dialect: sa.Dialect) -> sa.Compiled:
    return statement.compile(dialect=dialect)
