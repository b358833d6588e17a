"""What retention asks of the store: which calls are old, what went, and words that must go."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import sqlalchemy as sa

from audit.storage.ledger import Store
from audit.storage.rows import newest_calls
from audit.storage.stages import forget_stages
from audit.storage.tables import calls, evaluations, phrases, recordings, removals


@dataclass(frozen=True, slots=True)
class OldCall:
    """A call past some age, and where its recording lay when it was audited."""

    call_id: str
    path: str


@dataclass(frozen=True, slots=True)
class Removal:
    """One thing that went.

    Attributes
    ----------
    kind : {"audio", "transcript"}
    path : str
        Of the recording.
    moved_to : str
        Empty where it was deleted.
    """

    call_id: str
    kind: Literal["audio", "transcript"]
    path: str
    moved_to: str = ""


def audited_before(store: Store, moment: datetime, *, with_words: bool = False) -> tuple[OldCall, ...]:
    """Audited calls that started before a moment; of those without a start the moment of their audit counts.

    Parameters
    ----------
    with_words : bool
        Only calls of which any record still has words.
    """
    newest = newest_calls()
    query = (
        sa.select(calls.c.call_id, recordings.c.path)
        .select_from(calls.join(recordings))
        .where(calls.c.id.in_(sa.select(newest.c.id)), recordings.c.state == "done")
        .where(sa.func.coalesce(calls.c.started_at, calls.c.audited_at) < moment)
        .order_by(calls.c.id)
    )
    if with_words:
        any_record = calls.alias("any_record")
        last = sa.select(sa.func.max(any_record.c.audited_at)).where(any_record.c.call_id == calls.c.call_id).scalar_subquery()
        gone = sa.exists().where(
            removals.c.call_id == calls.c.call_id, removals.c.kind == "transcript", removals.c.removed_at >= last
        )
        spoken = sa.exists().where(any_record.c.call_id == calls.c.call_id, any_record.c.language.is_not(None))
        query = query.where(spoken, ~gone)
    with store.reading() as c:
        return tuple(OldCall(row.call_id, row.path) for row in c.execute(query))


def intend_removal(store: Store, removal: Removal, *, now: datetime) -> None:
    """Write down that something is about to go; asked twice, it is written down once."""
    with store.writing() as c:
        if not c.execute(sa.select(removals.c.id).where(_intended(removal))).first():
            _note(c, removal, now, done=False)


def settle_removal(store: Store, removal: Removal, *, went: bool, now: datetime) -> None:
    """Write down that what was about to go went; or that it did not, and then nothing is kept of it."""
    with store.writing() as c:
        if went:
            c.execute(removals.update().where(_intended(removal)).values(done=True, removed_at=now))
        else:
            c.execute(removals.delete().where(_intended(removal)))


def intended(store: Store) -> tuple[Removal, ...]:
    """What was about to go when a night ended before its time."""
    with store.reading() as c:
        rows = c.execute(sa.select(removals).where(~removals.c.done).order_by(removals.c.id)).all()
    return tuple(Removal(r.call_id, r.kind, r.path, r.moved_to) for r in rows)


def forget_words(store: Store, removal: Removal, *, now: datetime) -> None:
    """Take the words of a call out of all its records and evaluations, and write that down, in one transaction.

    Times, measures, outcomes and scores stay; of a verdict's evidence the seconds stay and the words go.
    """
    mine = sa.select(calls.c.id, calls.c.record).where(calls.c.call_id == removal.call_id)
    with store.writing() as c:
        for row in c.execute(mine).all():
            c.execute(calls.update().where(calls.c.id == row.id).values(record=without_words(row.record)))
            theirs = sa.select(evaluations.c.id, evaluations.c.evaluation).where(evaluations.c.call_row_id == row.id)
            for e in c.execute(theirs).all():
                c.execute(evaluations.update().where(evaluations.c.id == e.id).values(evaluation=without_words(e.evaluation)))
        forget_stages(c, removal.call_id)
        c.execute(phrases.delete().where(phrases.c.call_id == removal.call_id))
        _note(c, removal, now, done=True)


def removed(store: Store) -> tuple[Removal, ...]:
    """All that ever went, in order."""
    with store.reading() as c:
        rows = c.execute(sa.select(removals).where(removals.c.done).order_by(removals.c.id)).all()
    return tuple(Removal(r.call_id, r.kind, r.path, r.moved_to) for r in rows)


def without_words(published: Mapping[str, Any]) -> dict[str, Any]:
    """A published call or evaluation without what was said: no transcript, and of evidence and verdicts no quotation.

    Examples
    --------
    >>> without_words({"score": 50.0, "outcomes": [{"outcome": "fail", "evidence": [{"start_s": 1.0, "text": "喂"}]}]})
    {'score': 50.0, 'outcomes': [{'outcome': 'fail', 'evidence': [{'start_s': 1.0, 'text': ''}]}]}
    """
    return {key: None if key == "transcript" else _without(key, value, quotes=False) for key, value in published.items()}


def _without(key: str, value: Any, *, quotes: bool) -> Any:
    """A value without words; `quotes`: its reasons may repeat what was said."""
    if key in ("text", "heard") or (quotes and key == "reason"):
        return "" if isinstance(value, str) else value
    if quotes and key == "reasons" and isinstance(value, Mapping):
        return dict.fromkeys(value, "")
    quotes = quotes or key in ("outcomes", "shared_channel")
    if isinstance(value, Mapping):
        return {k: _without(k, v, quotes=quotes) for k, v in value.items()}
    if isinstance(value, list):
        return [_without("", v, quotes=quotes) for v in value]
    return value


def _intended(removal: Removal) -> sa.ColumnElement[bool]:
    return sa.and_(removals.c.path == removal.path, removals.c.kind == removal.kind, ~removals.c.done)


def _note(c: sa.Connection, removal: Removal, now: datetime, *, done: bool) -> None:
    row = {"call_id": removal.call_id, "kind": removal.kind, "path": removal.path, "moved_to": removal.moved_to}
    c.execute(removals.insert().values(**row, removed_at=now, done=done))
