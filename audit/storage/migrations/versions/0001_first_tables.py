"""The first tables: runs, recordings, calls, evaluations, notices.

Revision: 0001, the first. Written out, not taken from tables.py, so that it means the same for ever.
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "runs",
        sa.Column("id", sa.Integer),
        sa.Column("command", sa.String(32), nullable=False),
        sa.Column("options", sa.JSON, nullable=False),
        sa.Column("tool_version", sa.String(64), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("started_at", MOMENT, nullable=False),
        sa.Column("finished_at", MOMENT),
        sa.Column("counts", sa.JSON),
        sa.PrimaryKeyConstraint("id", name="pk_runs"),
        sa.CheckConstraint("state IN ('running', 'done', 'interrupted', 'failed')", name=op.f("ck_runs_state")),
    )
    op.create_table(
        "recordings",
        sa.Column("id", sa.Integer),
        sa.Column("path", sa.Text, nullable=False),
        sa.Column("call_id", sa.Text, nullable=False),
        sa.Column("sha256", sa.String(64)),
        sa.Column("size_bytes", sa.BigInteger),
        sa.Column("mtime_ns", sa.BigInteger),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("stage", sa.String(16)),
        sa.Column("error", sa.Text),
        sa.Column("reason", sa.Text),
        sa.Column("next_step", sa.Text),
        sa.Column("n_attempts", sa.Integer, nullable=False),
        sa.Column("first_seen_at", MOMENT, nullable=False),
        sa.Column("started_at", MOMENT),
        sa.Column("finished_at", MOMENT),
        sa.PrimaryKeyConstraint("id", name="pk_recordings"),
        sa.UniqueConstraint("path", name="uq_recordings_path"),
        sa.CheckConstraint(
            "state IN ('new', 'running', 'done', 'failed', 'skipped', 'superseded')", name=op.f("ck_recordings_state")
        ),
    )
    op.create_index("ix_recordings_call_id", "recordings", ["call_id"])
    op.create_index("ix_recordings_sha256", "recordings", ["sha256"])
    op.create_table(
        "calls",
        sa.Column("id", sa.Integer),
        sa.Column("call_id", sa.Text, nullable=False),
        sa.Column("recording_id", sa.Integer, nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("agent_id", sa.Text),
        sa.Column("started_at", MOMENT),
        sa.Column("language", sa.String(16)),
        sa.Column("measuring_key", sa.String(64), nullable=False),
        sa.Column("words_key", sa.String(64)),
        sa.Column("metadata_key", sa.String(64), nullable=False),
        sa.Column("tool_version", sa.String(64), nullable=False),
        sa.Column("audited_at", MOMENT, nullable=False),
        sa.Column("record", sa.JSON, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_calls"),
        sa.ForeignKeyConstraint(["recording_id"], ["recordings.id"], name="fk_calls_recording_id"),
    )
    for column in ("call_id", "recording_id", "agent_id", "started_at"):
        op.create_index(f"ix_calls_{column}", "calls", [column])
    op.create_table(
        "evaluations",
        sa.Column("id", sa.Integer),
        sa.Column("call_row_id", sa.Integer, nullable=False),
        sa.Column("scorecard", sa.Text, nullable=False),
        sa.Column("scorecard_version", sa.Text, nullable=False),
        sa.Column("scorecard_sha256", sa.String(64), nullable=False),
        sa.Column("score", sa.Float),
        sa.Column("critical_failed", sa.Boolean, nullable=False),
        sa.Column("n_failed_criteria", sa.Integer, nullable=False),
        sa.Column("tool_version", sa.String(64), nullable=False),
        sa.Column("options", sa.JSON, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("evaluation", sa.JSON, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_evaluations"),
        sa.ForeignKeyConstraint(["call_row_id"], ["calls.id"], name="fk_evaluations_call_row_id"),
    )
    op.create_index("ix_evaluations_call_row_id", "evaluations", ["call_row_id"])
    op.create_table(
        "notices",
        sa.Column("id", sa.Integer),
        sa.Column("run_id", sa.Integer, nullable=False),
        sa.Column("call_id", sa.Text, nullable=False),
        sa.Column("path", sa.Text, nullable=False),
        sa.Column("stage", sa.String(16), nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("next_step", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_notices"),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name="fk_notices_run_id"),
    )
    op.create_index("ix_notices_run_id", "notices", ["run_id"])
