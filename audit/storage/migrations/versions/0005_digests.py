"""What aggregates need of each call, and the words of each scorecard; filled from the records when first needed.

Revision: 0005, after 0004. Written out, not taken from tables.py, so that it means the same for ever.
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.create_table(
        "digests",
        sa.Column("call_id", sa.Text, nullable=False),
        sa.Column("call_row_id", sa.Integer, nullable=False),
        sa.Column("evaluation_id", sa.Integer),
        sa.Column("form", sa.Integer, nullable=False),
        sa.Column("agent_id", sa.Text),
        sa.Column("customer_number", sa.Text),
        sa.Column("started_at", sa.DateTime(timezone=True)),
        sa.Column("digest", sa.JSON, nullable=False),
        sa.PrimaryKeyConstraint("call_id", name="pk_digests"),
        sa.ForeignKeyConstraint(["call_row_id"], ["calls.id"], name="fk_digests_call_row_id"),
        sa.ForeignKeyConstraint(["evaluation_id"], ["evaluations.id"], name="fk_digests_evaluation_id"),
    )
    for name in ("call_row_id", "agent_id", "customer_number", "started_at"):
        op.create_index(f"ix_digests_{name}", "digests", [name])
    op.create_table(
        "catalogues",
        sa.Column("scorecard_sha256", sa.String(64), nullable=False),
        sa.Column("catalogue", sa.JSON, nullable=False),
        sa.PrimaryKeyConstraint("scorecard_sha256", name="pk_catalogues"),
    )
