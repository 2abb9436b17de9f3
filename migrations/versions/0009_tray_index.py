"""The tray's count without a look at every image of its owner."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    unassigned = sa.text("consultation_id IS NULL")
    op.create_index(
        "ix_image_tray",
        "image",
        ["owner_id", "state"],
        sqlite_where=unassigned,
        postgresql_where=unassigned,
    )


def downgrade() -> None:
    op.drop_index("ix_image_tray", table_name="image")
