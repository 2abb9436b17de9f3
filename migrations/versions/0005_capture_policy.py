"""How the practice words the consent that phones ask for."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "capture_policy",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("consent_wording", sa.String(), nullable=False),
        sa.Column("recorded_by", sa.Uuid(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["recorded_by"], ["user.id"], name=op.f("fk_capture_policy_recorded_by_user")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_capture_policy")),
    )


def downgrade() -> None:
    op.drop_table("capture_policy")
