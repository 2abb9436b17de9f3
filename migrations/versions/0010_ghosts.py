"""An earlier image that the desk shows on a phone, to take the same view again."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("pairing", schema=None) as batch_op:
        batch_op.add_column(sa.Column("ghost_id", sa.Uuid(), nullable=True))
        batch_op.add_column(sa.Column("ghost_seen_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.create_foreign_key(
            op.f("fk_pairing_ghost_id_image"), "image", ["ghost_id"], ["id"]
        )


def downgrade() -> None:
    with op.batch_alter_table("pairing", schema=None) as batch_op:
        batch_op.drop_constraint(op.f("fk_pairing_ghost_id_image"), type_="foreignkey")
        batch_op.drop_column("ghost_seen_at")
        batch_op.drop_column("ghost_id")
