"""What saves work the next time: stages of each call's newest audit, bytes that only the pipeline reads; hashes of objects."""

from __future__ import annotations

import sqlalchemy as sa

from audit.storage.tables import objects, stages
from audit.storage.upserts import upsert


def stages_of(c: sa.Connection, call_id: str) -> bytes | None:
    """The stages of a call; None where none are kept."""
    found = c.execute(sa.select(stages.c.found).where(stages.c.call_id == call_id)).scalar()
    return None if found is None else bytes(found)


def forget_stages(c: sa.Connection, call_id: str) -> None:
    """Let go of the stages of a call: with them of its words."""
    c.execute(stages.delete().where(stages.c.call_id == call_id))


def object_sha256(c: sa.Connection, path: str, etag: str) -> str | None:
    """The hash of an object's bytes; None where this mark of them is not known."""
    known: str | None = c.execute(sa.select(objects.c.sha256).where(objects.c.path == path, objects.c.etag == etag)).scalar()
    return known


def note_object(c: sa.Connection, path: str, etag: str, sha256: str) -> None:
    """Keep the hash of an object's bytes beside its mark of them."""
    c.execute(upsert(c.dialect.name, objects), {"path": path, "etag": etag, "sha256": sha256})
