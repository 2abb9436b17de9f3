"""What leaves the house: covered areas, consent in its words, costs and caps, reasons."""

from uuid import uuid4

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

TICK = "The patient has agreed to this"  # what the tick said until now
CONSENT = "The patient has agreed to this image being sent to be described"


def upgrade() -> None:
    op.create_table(
        "covering",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("image_id", sa.Uuid(), nullable=False),
        sa.Column("areas", sa.JSON(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=True),
        sa.Column("size", sa.Integer(), nullable=True),
        sa.Column("made_by", sa.Uuid(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["image_id"], ["image.id"], name=op.f("fk_covering_image_id_image")
        ),
        sa.ForeignKeyConstraint(["made_by"], ["user.id"], name=op.f("fk_covering_made_by_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_covering")),
    )
    with op.batch_alter_table("covering") as batch:
        batch.create_index(batch.f("ix_covering_image_id_made_at"), ["image_id", "made_at"])
    op.create_table(
        "send_consent",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("analysis_id", sa.Uuid(), nullable=False),
        sa.Column("image_id", sa.Uuid(), nullable=False),
        sa.Column("wording", sa.String(), nullable=False),
        sa.Column("recorded_by", sa.Uuid(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["analysis_id"], ["analysis.id"], name=op.f("fk_send_consent_analysis_id_analysis")
        ),
        sa.ForeignKeyConstraint(
            ["image_id"], ["image.id"], name=op.f("fk_send_consent_image_id_image")
        ),
        sa.ForeignKeyConstraint(
            ["recorded_by"], ["user.id"], name=op.f("fk_send_consent_recorded_by_user")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_send_consent")),
    )
    with op.batch_alter_table("send_consent") as batch:
        batch.create_index(batch.f("ix_send_consent_analysis_id"), ["analysis_id"])
        batch.create_index(batch.f("ix_send_consent_image_id"), ["image_id"])
    _copy_consents()
    with op.batch_alter_table("analysis") as batch:
        batch.drop_column("consent_at")
        batch.add_column(sa.Column("covering_id", sa.Uuid(), nullable=True))
        batch.add_column(
            sa.Column("has_scale", sa.Boolean(), nullable=False, server_default=sa.false())
        )
        batch.add_column(sa.Column("cost", sa.Integer(), nullable=True))
        batch.add_column(sa.Column("rejection_reason", sa.String(), nullable=True))
        batch.create_foreign_key(
            batch.f("fk_analysis_covering_id_covering"), "covering", ["covering_id"], ["id"]
        )
    with op.batch_alter_table("ai_policy") as batch:
        for name, default in (("daily_cents", "500"), ("monthly_cents", "4000")):
            batch.add_column(sa.Column(name, sa.Integer(), nullable=False, server_default=default))
        batch.add_column(sa.Column("price_in", sa.Integer(), nullable=True))
        batch.add_column(sa.Column("price_out", sa.Integer(), nullable=True))
        batch.add_column(
            sa.Column("consent_wording", sa.String(), nullable=False, server_default=CONSENT)
        )
        batch.add_column(sa.Column("paused_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("ai_policy") as batch:
        for name in (
            *("paused_at", "consent_wording", "price_out", "price_in"),
            *("monthly_cents", "daily_cents"),
        ):
            batch.drop_column(name)
    with op.batch_alter_table("analysis") as batch:
        batch.drop_constraint(batch.f("fk_analysis_covering_id_covering"), type_="foreignkey")
        for name in ("rejection_reason", "cost", "has_scale", "covering_id"):
            batch.drop_column(name)
        batch.add_column(sa.Column("consent_at", sa.DateTime(timezone=True), nullable=True))
    op.execute("UPDATE analysis SET consent_at = requested_at")
    with op.batch_alter_table("analysis") as batch:
        batch.alter_column("consent_at", nullable=False)
    op.drop_table("send_consent")
    op.drop_table("covering")


def _copy_consents() -> None:
    """Until now an analysis kept only when consent was given; it was its owner who said so."""
    analysis = sa.table(
        "analysis",
        sa.column("id", sa.Uuid()),
        sa.column("image_id", sa.Uuid()),
        sa.column("owner_id", sa.Uuid()),
        sa.column("consent_at", sa.DateTime(timezone=True)),
    )
    consent = sa.table(
        "send_consent",
        sa.column("id", sa.Uuid()),
        sa.column("analysis_id", sa.Uuid()),
        sa.column("image_id", sa.Uuid()),
        sa.column("wording", sa.String()),
        sa.column("recorded_by", sa.Uuid()),
        sa.column("recorded_at", sa.DateTime(timezone=True)),
    )
    rows = [
        {
            "id": uuid4(),
            "analysis_id": row.id,
            "image_id": row.image_id,
            "wording": TICK,
            "recorded_by": row.owner_id,
            "recorded_at": row.consent_at,
        }
        for row in op.get_bind().execute(sa.select(analysis))
    ]
    if rows:
        op.bulk_insert(consent, rows)
