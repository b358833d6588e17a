"""Leases: which run is at work on a recording and until when, how often a recording took its worker down, and a token
by which a result is kept once although it was sent twice.

Revision: 0002, after 0001. Written out, not taken from tables.py, so that it means the same for ever.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    with op.batch_alter_table("runs") as t:
        t.add_column(sa.Column("holder", sa.Text))
    with op.batch_alter_table("recordings") as t:
        t.add_column(sa.Column("run_id", sa.Integer))
        t.add_column(sa.Column("lease_until", sa.DateTime(timezone=True)))
        t.add_column(sa.Column("n_crashes", sa.Integer, nullable=False, server_default="0"))
    with op.batch_alter_table("calls") as t:
        t.add_column(sa.Column("token", sa.String(32)))
        t.create_unique_constraint("uq_calls_token", ["token"])
    op.create_index("ix_recordings_state", "recordings", ["state"])
