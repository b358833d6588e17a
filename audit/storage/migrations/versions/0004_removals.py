"""What retention removed: one row for each recording deleted or moved to the archive, and each call whose words went.

Revision: 0004, after 0003. Written out, not taken from tables.py, so that it means the same for ever.
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.create_table(
        "removals",
        sa.Column("id", sa.Integer),
        sa.Column("call_id", sa.Text, nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("path", sa.Text, nullable=False),
        sa.Column("moved_to", sa.Text, nullable=False),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_removals"),
    )
    op.create_index("ix_removals_call_id", "removals", ["call_id"])
