"""The tables as they are now; how they came to be stands in ``migrations/versions``.

Types are those every database of SQLAlchemy has. Texts and times leave here as
Python knows them: times always with a zone, JSON as plain values.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa


class UtcDateTime(sa.types.TypeDecorator[datetime]):
    """A moment, stored in UTC; SQLite keeps no zone, so none is ever left to guess."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> datetime | None:
        """To UTC; a time without a zone is refused."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value} carries no time zone")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Any) -> datetime | None:
        """From UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

#: One row for each time ``run``, ``measure`` or ``rescore`` was called.
runs = sa.Table(
    "runs",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("command", sa.String(32), nullable=False),
    sa.Column("options", sa.JSON, nullable=False),
    sa.Column("tool_version", sa.String(64), nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("started_at", UtcDateTime, nullable=False),
    sa.Column("finished_at", UtcDateTime),
    sa.Column("counts", sa.JSON),
    sa.Column("holder", sa.Text),
    sa.CheckConstraint("state IN ('running', 'done', 'interrupted', 'failed')", name="state"),
)

#: The ledger: one row for each recording ever met, by its absolute path.
recordings = sa.Table(
    "recordings",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("path", sa.Text, nullable=False, unique=True),
    sa.Column("call_id", sa.Text, nullable=False, index=True),
    sa.Column("sha256", sa.String(64), index=True),
    sa.Column("size_bytes", sa.BigInteger),
    sa.Column("mtime_ns", sa.BigInteger),
    sa.Column("state", sa.String(16), nullable=False, index=True),
    sa.Column("stage", sa.String(16)),
    sa.Column("error", sa.Text),
    sa.Column("reason", sa.Text),
    sa.Column("next_step", sa.Text),
    sa.Column("n_attempts", sa.Integer, nullable=False),
    sa.Column("first_seen_at", UtcDateTime, nullable=False),
    sa.Column("started_at", UtcDateTime),
    sa.Column("finished_at", UtcDateTime),
    sa.Column("run_id", sa.Integer),
    sa.Column("lease_until", UtcDateTime),
    sa.Column("n_crashes", sa.Integer, nullable=False, server_default="0"),
    sa.CheckConstraint("state IN ('new', 'running', 'done', 'failed', 'skipped', 'superseded')", name="state"),
)

#: What was measured, never changed: auditing a call anew adds a row, and the newest counts.
calls = sa.Table(
    "calls",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("call_id", sa.Text, nullable=False, index=True),
    sa.Column("recording_id", sa.ForeignKey("recordings.id"), nullable=False, index=True),
    sa.Column("sha256", sa.String(64), nullable=False),
    sa.Column("agent_id", sa.Text, index=True),
    sa.Column("started_at", UtcDateTime, index=True),
    sa.Column("language", sa.String(16)),
    sa.Column("measuring_key", sa.String(64), nullable=False),
    sa.Column("words_key", sa.String(64)),
    sa.Column("metadata_key", sa.String(64), nullable=False),
    sa.Column("tool_version", sa.String(64), nullable=False),
    sa.Column("audited_at", UtcDateTime, nullable=False),
    sa.Column("record", sa.JSON, nullable=False),
    sa.Column("token", sa.String(32), unique=True),
)

#: Verdicts, never changed: another scorecard adds a row, and the newest counts.
evaluations = sa.Table(
    "evaluations",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("call_row_id", sa.ForeignKey("calls.id"), nullable=False, index=True),
    sa.Column("scorecard", sa.Text, nullable=False),
    sa.Column("scorecard_version", sa.Text, nullable=False),
    sa.Column("scorecard_sha256", sa.String(64), nullable=False),
    sa.Column("score", sa.Float),
    sa.Column("critical_failed", sa.Boolean, nullable=False),
    sa.Column("n_failed_criteria", sa.Integer, nullable=False),
    sa.Column("tool_version", sa.String(64), nullable=False),
    sa.Column("options", sa.JSON, nullable=False),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("evaluation", sa.JSON, nullable=False),
)

#: What the newest evaluation of a record was made from: bookkeeping of rescoring, the one table whose rows change.
judgings = sa.Table(
    "judgings",
    metadata,
    sa.Column("call_row_id", sa.ForeignKey("calls.id"), primary_key=True, autoincrement=False),
    sa.Column("evaluation_id", sa.ForeignKey("evaluations.id"), nullable=False),
    sa.Column("judging_key", sa.String(64), nullable=False),
)

#: What a run found beside its recordings: call-detail rows without one, and the reverse.
notices = sa.Table(
    "notices",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("run_id", sa.ForeignKey("runs.id"), nullable=False, index=True),
    sa.Column("call_id", sa.Text, nullable=False),
    sa.Column("path", sa.Text, nullable=False),
    sa.Column("stage", sa.String(16), nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("next_step", sa.Text, nullable=False),
)

#: What the stages of each call's newest audit found (audit.pipeline.stages), so that the next begins where it differs.
stages = sa.Table(
    "stages",
    metadata,
    sa.Column("call_id", sa.Text, primary_key=True),
    sa.Column("found", sa.LargeBinary, nullable=False),
)

#: Hashes of objects by the mark that their store gives to their bytes: one whose mark is known is not fetched to hash it.
objects = sa.Table(
    "objects",
    metadata,
    sa.Column("path", sa.Text, primary_key=True),
    sa.Column("etag", sa.Text, nullable=False),
    sa.Column("sha256", sa.String(64), nullable=False),
)

#: What retention removed: recordings, and the words of calls; `done` is false between the intention and the deed.
removals = sa.Table(
    "removals",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("call_id", sa.Text, nullable=False, index=True),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("path", sa.Text, nullable=False),
    sa.Column("moved_to", sa.Text, nullable=False),
    sa.Column("removed_at", UtcDateTime, nullable=False),
    sa.Column("done", sa.Boolean, nullable=False, server_default=sa.true()),
)

#: What aggregates need of each call (:mod:`audit.digests`), one row a call, replaced with its record or its evaluation.
digests = sa.Table(
    "digests",
    metadata,
    sa.Column("call_id", sa.Text, primary_key=True),
    sa.Column("call_row_id", sa.ForeignKey("calls.id"), nullable=False, index=True),
    sa.Column("evaluation_id", sa.ForeignKey("evaluations.id")),
    sa.Column("form", sa.Integer, nullable=False),
    sa.Column("agent_id", sa.Text, index=True),
    sa.Column("customer_number", sa.Text, index=True),
    sa.Column("started_at", UtcDateTime, index=True),
    sa.Column("digest", sa.JSON, nullable=False),
)

#: How often the agent of each call said what, in numbers (:mod:`audit.phrases`); one row a call, gone with its words.
phrases = sa.Table(
    "phrases",
    metadata,
    sa.Column("call_id", sa.Text, primary_key=True),
    sa.Column("call_row_id", sa.ForeignKey("calls.id"), nullable=False, index=True),
    sa.Column("form", sa.Integer, nullable=False),
    sa.Column("stratum", sa.Text, nullable=False),
    sa.Column("counts", sa.LargeBinary, nullable=False),
)

#: The words of each version of a scorecard that evaluations were made with.
catalogues = sa.Table(
    "catalogues",
    metadata,
    sa.Column("scorecard_sha256", sa.String(64), primary_key=True),
    sa.Column("catalogue", sa.JSON, nullable=False),
)

#: Calls whose digest changed since chains of calls were last followed: a queue, emptied by that.
touched_calls = sa.Table(
    "touched_calls",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("call_id", sa.Text, nullable=False),
)

#: Each call as its customer's: whose it is, what it counts for on its day, and the facts that other calls give it.
#: `owner` is the customer's key, or ``call:`` and the call's id where the number tells nobody apart. `stale` is the number
#: of the pass after which it has to be judged again, 0 where it has been. Counts are 0 or 1, NULL where it is not known.
contacts = sa.Table(
    "contacts",
    metadata,
    sa.Column("call_id", sa.Text, primary_key=True),
    sa.Column("owner", sa.Text, nullable=False, index=True),
    sa.Column("agent_id", sa.Text),
    sa.Column("team", sa.Text, nullable=False),
    sa.Column("day", sa.String(10)),
    sa.Column("started_at", UtcDateTime, index=True),
    sa.Column("complained", sa.Integer),
    sa.Column("repeated", sa.Integer),
    sa.Column("complaint_due", sa.Integer),
    sa.Column("complaint_closed", sa.Integer),
    sa.Column("facts", sa.JSON, nullable=False),
    sa.Column("stale", sa.Integer, nullable=False, index=True),
    sa.Index("ix_contacts_agent_id_day", "agent_id", "day"),
    sa.Index("ix_contacts_team_day", "team", "day"),
)

#: Owners of calls of whom something is to be remembered: when to look again, and which numbers are a switchboard's.
customers = sa.Table(
    "customers",
    metadata,
    sa.Column("owner", sa.Text, primary_key=True),
    sa.Column("recheck_at", UtcDateTime, index=True),
    sa.Column("is_switchboard", sa.Boolean, nullable=False),
)

#: What calls of one owner say together (:mod:`audit.chains`), replaced whenever they are followed again.
chain_links = sa.Table(
    "chain_links",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("owner", sa.Text, nullable=False, index=True),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("name", sa.Text, nullable=False, index=True),
    sa.Column("at", UtcDateTime, nullable=False, index=True),
    sa.Column("link", sa.JSON, nullable=False),
)

#: What the CRM and people say of complaints, never changed. `owner` says with whose calls it is followed.
case_events = sa.Table(
    "case_events",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("sha256", sa.String(64), nullable=False, unique=True),
    sa.Column("call_id", sa.Text, index=True),
    sa.Column("customer_number", sa.Text),
    sa.Column("owner", sa.Text, index=True),
    sa.Column("event", sa.JSON, nullable=False),
    sa.Column("told_at", UtcDateTime, nullable=False),
)

#: How many calls each agent had on each local day.
agent_days = sa.Table(
    "agent_days",
    metadata,
    sa.Column("agent_id", sa.Text, primary_key=True),
    sa.Column("day", sa.String(10), primary_key=True),
    sa.Column("n_calls", sa.Integer, nullable=False),
)

#: What each local day adds to the rates of each team, "" being the calls whose team is not known.
team_days = sa.Table(
    "team_days",
    metadata,
    sa.Column("team", sa.Text, primary_key=True),
    sa.Column("day", sa.String(10), primary_key=True),
    *(
        sa.Column(n, sa.Integer, nullable=False)
        for n in ("n_calls", "n_complaints", "n_asked", "n_repeated", "n_due", "n_closed")
    ),
)

#: One row: the terms that calls were followed on, up to where, and how often.
followup_state = sa.Table(
    "followup_state",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("terms", sa.JSON, nullable=False),
    sa.Column("as_of", UtcDateTime),
    sa.Column("n_passes", sa.Integer, nullable=False),
)

#: Who may sign decisions, never changed but for being revoked. `secret` is the key of the signature, as hex.
reviewers = sa.Table(
    "reviewers",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("name", sa.Text, nullable=False, index=True),
    sa.Column("key_id", sa.String(16), nullable=False, unique=True),
    sa.Column("secret", sa.String(64), nullable=False),
    sa.Column("made_at", UtcDateTime, nullable=False),
    sa.Column("revoked_at", UtcDateTime),
)

#: What reviewers decided on verdicts, never changed. `sha256` is of the decision with its reviewer: the same is kept once.
decisions = sa.Table(
    "decisions",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("sha256", sa.String(64), nullable=False, unique=True),
    sa.Column("reviewer_id", sa.ForeignKey("reviewers.id"), nullable=False),
    sa.Column("call_id", sa.Text, nullable=False, index=True),
    sa.Column("criterion", sa.Text, nullable=False),
    sa.Column("evaluation_id", sa.ForeignKey("evaluations.id"), nullable=False),
    sa.Column("scorecard", sa.Text, nullable=False),
    sa.Column("scorecard_version", sa.Text, nullable=False),
    sa.Column("scorecard_sha256", sa.String(64), nullable=False),
    sa.Column("outcome", sa.String(16), nullable=False),
    sa.Column("kind", sa.String(8), nullable=False),
    sa.Column("held", sa.String(16), nullable=False),
    sa.Column("comment", sa.Text, nullable=False),
    sa.Column("decided_at", UtcDateTime, nullable=False),
    sa.Column("file_sha256", sa.String(64), nullable=False),
    sa.Column("imported_at", UtcDateTime, nullable=False),
)
