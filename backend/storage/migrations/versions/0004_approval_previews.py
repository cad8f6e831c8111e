"""What the tool server shows of a change before it is approved."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0004"
down_revision: str | None = "0003"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.add_column("approvals", sa.Column("preview", sa.Text))


def downgrade() -> None:
    op.drop_column("approvals", "preview")
