"""What the stages of each call's newest audit found: bytes to the store, which only the pipeline reads."""

from __future__ import annotations

import sqlalchemy as sa

from audit.storage.tables import stages


def stages_of(c: sa.Connection, call_id: str) -> bytes | None:
    """The stages of a call; None where none are kept."""
    found = c.execute(sa.select(stages.c.found).where(stages.c.call_id == call_id)).scalar()
    return None if found is None else bytes(found)


def keep_stages(c: sa.Connection, call_id: str, found: bytes) -> None:
    """Keep the stages of a call in place of earlier ones."""
    forget_stages(c, call_id)
    c.execute(stages.insert().values(call_id=call_id, found=found))


def forget_stages(c: sa.Connection, call_id: str) -> None:
    """Let go of the stages of a call: with them of its words."""
    c.execute(stages.delete().where(stages.c.call_id == call_id))
