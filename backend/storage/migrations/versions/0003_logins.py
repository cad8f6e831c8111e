"""Browser logins, and who asked each question."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0003"
down_revision: str | None = "0002"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.add_column("turns", sa.Column("asked_by", sa.Text))
    op.create_table(
        "logins",
        sa.Column("sha256", sa.String(64), primary_key=True),
        sa.Column("token_sha256", sa.String(64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("logins_by_expiry", "logins", ["expires_at"])


def downgrade() -> None:
    op.drop_table("logins")
    op.drop_column("turns", "asked_by")
