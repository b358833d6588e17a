"""Chains of calls: whose each call is, what calls say together, what CRM and people say, counts of days.

Revision: 0007, after 0006. Written out, not taken from tables.py, so that it means the same for ever.
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.create_table(
        "touched_calls",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("call_id", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_touched_calls"),
    )
    op.create_table(
        "contacts",
        sa.Column("call_id", sa.Text, nullable=False),
        sa.Column("owner", sa.Text, nullable=False),
        sa.Column("agent_id", sa.Text),
        sa.Column("team", sa.Text, nullable=False),
        sa.Column("day", sa.String(10)),
        sa.Column("started_at", sa.DateTime(timezone=True)),
        sa.Column("complained", sa.Integer),
        sa.Column("repeated", sa.Integer),
        sa.Column("complaint_due", sa.Integer),
        sa.Column("complaint_closed", sa.Integer),
        sa.Column("facts", sa.JSON, nullable=False),
        sa.Column("stale", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("call_id", name="pk_contacts"),
    )
    for names in (("owner",), ("started_at",), ("stale",), ("agent_id", "day"), ("team", "day")):
        op.create_index(f"ix_contacts_{'_'.join(names)}", "contacts", list(names))
    op.create_table(
        "customers",
        sa.Column("owner", sa.Text, nullable=False),
        sa.Column("recheck_at", sa.DateTime(timezone=True)),
        sa.Column("is_switchboard", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("owner", name="pk_customers"),
    )
    op.create_index("ix_customers_recheck_at", "customers", ["recheck_at"])
    op.create_table(
        "chain_links",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("owner", sa.Text, nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("link", sa.JSON, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_chain_links"),
    )
    for name in ("owner", "name", "at"):
        op.create_index(f"ix_chain_links_{name}", "chain_links", [name])
    op.create_table(
        "case_events",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("call_id", sa.Text),
        sa.Column("customer_number", sa.Text),
        sa.Column("owner", sa.Text),
        sa.Column("event", sa.JSON, nullable=False),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_case_events"),
        sa.UniqueConstraint("sha256", name="uq_case_events_sha256"),
    )
    for name in ("call_id", "owner"):
        op.create_index(f"ix_case_events_{name}", "case_events", [name])
    op.create_table(
        "agent_days",
        sa.Column("agent_id", sa.Text, nullable=False),
        sa.Column("day", sa.String(10), nullable=False),
        sa.Column("n_calls", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("agent_id", "day", name="pk_agent_days"),
    )
    op.create_table(
        "team_days",
        sa.Column("team", sa.Text, nullable=False),
        sa.Column("day", sa.String(10), nullable=False),
        *(
            sa.Column(n, sa.Integer, nullable=False)
            for n in ("n_calls", "n_complaints", "n_asked", "n_repeated", "n_due", "n_closed")
        ),
        sa.PrimaryKeyConstraint("team", "day", name="pk_team_days"),
    )
    op.create_table(
        "followup_state",
        sa.Column("id", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("terms", sa.JSON, nullable=False),
        sa.Column("as_of", sa.DateTime(timezone=True)),
        sa.Column("n_passes", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_followup_state"),
    )
    op.execute("INSERT INTO touched_calls (call_id) SELECT call_id FROM digests ORDER BY started_at, call_id")
