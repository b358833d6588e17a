"""What the stages of an audit found, kept for the next; and removals that are written down before they are done.

Revision: 0006, after 0005. Written out, not taken from tables.py, so that it means the same for ever.
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.create_table(
        "stages",
        sa.Column("call_id", sa.Text, nullable=False),
        sa.Column("found", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("call_id", name="pk_stages"),
    )
    op.add_column("removals", sa.Column("done", sa.Boolean, nullable=False, server_default=sa.true()))
