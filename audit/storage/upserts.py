"""A row in place of the one that has its key: one statement where "delete, then insert" are two."""

from __future__ import annotations

from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

#: Both know ``INSERT … ON CONFLICT``; the standard does not, so SQLAlchemy has it with each database.
INSERT: dict[str, Any] = {"postgresql": postgresql.insert, "sqlite": sqlite.insert}


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
    return in_place(INSERT[database](table), table)


def in_place(insert: Any, table: sa.Table) -> Any:
    """An insertion that takes the place of the row with the same primary key."""
    key = [c.name for c in table.primary_key.columns]
    others = {c.name: insert.excluded[c.name] for c in table.columns if c.name not in key}
    return insert.on_conflict_do_update(index_elements=key, set_=others)
