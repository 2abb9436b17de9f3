"""Pairings of phones; what phones say of an image; when a consultation last ended."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "pairing",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("sign_in_id", sa.Uuid(), nullable=True),
        sa.Column("consultation_id", sa.Uuid(), nullable=True),
        sa.Column("secret_hash", sa.String(), nullable=True),
        sa.Column("token_hash", sa.String(), nullable=True),
        sa.Column("match", sa.String(), nullable=True),
        sa.Column("device", sa.String(), nullable=True),
        sa.Column("offered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("redeemed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("waiting", sa.Integer(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("end_reason", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(
            ["consultation_id"],
            ["consultation.id"],
            name=op.f("fk_pairing_consultation_id_consultation"),
        ),
        sa.ForeignKeyConstraint(["owner_id"], ["user.id"], name=op.f("fk_pairing_owner_id_user")),
        sa.ForeignKeyConstraint(
            ["sign_in_id"], ["sign_in.id"], name=op.f("fk_pairing_sign_in_id_sign_in")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pairing")),
        sa.UniqueConstraint("secret_hash", name=op.f("uq_pairing_secret_hash")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_pairing_token_hash")),
    )
    with op.batch_alter_table("pairing", schema=None) as batch_op:
        batch_op.create_index("ix_pairing_owner_id_offered_at", ["owner_id", "offered_at"])
        batch_op.create_index("ix_pairing_ended_at", ["ended_at"])
    with op.batch_alter_table("consultation", schema=None) as batch_op:
        batch_op.add_column(sa.Column("last_ended_at", sa.DateTime(timezone=True), nullable=True))
    with op.batch_alter_table("image", schema=None) as batch_op:
        batch_op.add_column(sa.Column("device", sa.String(), nullable=True))
        batch_op.add_column(sa.Column("photo_consent", sa.String(), nullable=True))
        batch_op.add_column(
            sa.Column("photo_consent_at", sa.DateTime(timezone=True), nullable=True)
        )
        batch_op.add_column(sa.Column("photo_consent_by", sa.Uuid(), nullable=True))
        batch_op.create_foreign_key(
            op.f("fk_image_photo_consent_by_user"), "user", ["photo_consent_by"], ["id"]
        )
        batch_op.create_index("ix_image_pairing", ["pairing_id", "signed_at"])


def downgrade() -> None:
    with op.batch_alter_table("image", schema=None) as batch_op:
        batch_op.drop_index("ix_image_pairing")
        batch_op.drop_constraint(op.f("fk_image_photo_consent_by_user"), type_="foreignkey")
        batch_op.drop_column("photo_consent_by")
        batch_op.drop_column("photo_consent_at")
        batch_op.drop_column("photo_consent")
        batch_op.drop_column("device")
    with op.batch_alter_table("consultation", schema=None) as batch_op:
        batch_op.drop_column("last_ended_at")
    op.drop_table("pairing")
