"""What the newest evaluation of each record was made from, so that a rescore can leave alone what would come out the same.

Revision: 0003, after 0002. Written out, not taken from tables.py, so that it means the same for ever.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_table(
        "judgings",
        sa.Column("call_row_id", sa.Integer, nullable=False),
        sa.Column("evaluation_id", sa.Integer, nullable=False),
        sa.Column("judging_key", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("call_row_id", name="pk_judgings"),
        sa.ForeignKeyConstraint(["call_row_id"], ["calls.id"], name=op.f("fk_judgings_call_row_id")),
        sa.ForeignKeyConstraint(["evaluation_id"], ["evaluations.id"], name=op.f("fk_judgings_evaluation_id")),
    )
