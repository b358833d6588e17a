"""What agents say, as counted sequences of words: for calls in the store they are made when a report first asks.

Revision: 0010, after 0009. Written out, not taken from tables.py, so that it means the same for ever.
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.create_table(
        "phrases",
        sa.Column("call_id", sa.Text, nullable=False),
        sa.Column("call_row_id", sa.Integer, nullable=False),
        sa.Column("form", sa.Integer, nullable=False),
        sa.Column("stratum", sa.Text, nullable=False),
        sa.Column("counts", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("call_id", name="pk_phrases"),
        sa.ForeignKeyConstraint(["call_row_id"], ["calls.id"], name="fk_phrases_call_row_id"),
    )
    op.create_index("ix_phrases_call_row_id", "phrases", ["call_row_id"])
