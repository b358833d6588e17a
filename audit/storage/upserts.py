"""A row in place of the one that has its key: one statement where "delete, then insert" are two."""

from __future__ import annotations

from functools import cache
from typing import Any

import sqlalchemy as sa


def insertion(database: str, table: sa.Table) -> Any:
    """An insertion that may say what happens where its row is there (``ON CONFLICT``).

    The standard has no such thing, so SQLAlchemy has it with each database; each is imported when it is asked for.

    Parameters
    ----------
    database : {"postgresql", "sqlite"}
        SQLAlchemy's name of the dialect.
    table : sqlalchemy.Table

    Raises
    ------
    ValueError
        For another database.
    """
    if database == "sqlite":
        from sqlalchemy.dialects import sqlite

        return sqlite.insert(table)
    if database == "postgresql":
        from sqlalchemy.dialects import postgresql

        return postgresql.insert(table)
    raise ValueError(f"no insertion for {database}")


@cache
def upsert(database: str, table: sa.Table) -> Any:
    """Keep a whole row in place of the one with the same primary key.

    Parameters
    ----------
    database : {"postgresql", "sqlite"}
        SQLAlchemy's name of the dialect.
    table : sqlalchemy.Table

    Returns
    -------
    sqlalchemy.Insert
        To be executed with the values of all columns.
    """
    return in_place(insertion(database, table), table)


def in_place(insert: Any, table: sa.Table) -> Any:
    """An insertion that takes the place of the row with the same primary key."""
    key = [c.name for c in table.primary_key.columns]
    others = {c.name: insert.excluded[c.name] for c in table.columns if c.name not in key}
    return insert.on_conflict_do_update(index_elements=key, set_=others)
