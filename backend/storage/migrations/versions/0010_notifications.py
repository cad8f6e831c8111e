"""The outbox of messages to chat groups."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0010"
down_revision: str | None = "0005"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "notifications",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("channel", sa.String(32), nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("severity_rank", sa.Integer, nullable=False),
        sa.Column("message", sa.Text, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("is_maybe_sent", sa.Boolean, nullable=False),
        sa.Column("refused_by", sa.Text, nullable=False),
        sa.Column("error", sa.Text),
        sa.Column("sent_at", sa.DateTime(timezone=True)),
        sa.Column("send_id", sa.Integer),
    )
    op.create_index("notifications_by_key", "notifications", ["channel", "key"], unique=True)
    op.create_index("notifications_by_state", "notifications", ["channel", "state", "severity_rank"])
    op.create_index("notifications_by_send", "notifications", ["send_id"])
    op.create_index("notifications_by_time", "notifications", ["created_at"])
    op.create_table(
        "notification_sends",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("channel", sa.String(32), nullable=False),
        sa.Column("robot", sa.String(64), nullable=False),
        sa.Column("owner", sa.Text, nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("outcome", sa.String(16)),
    )
    op.create_index("notification_sends_by_robot", "notification_sends", ["robot", "started_at"])
    op.create_index("notification_sends_open", "notification_sends", ["outcome", "started_at"])
    op.create_table(
        "notification_robots",
        sa.Column("name", sa.String(64), primary_key=True),
        sa.Column("stopped_until", sa.DateTime(timezone=True)),
        sa.Column("is_refused", sa.Boolean, nullable=False),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("detail", sa.Text),
    )


def downgrade() -> None:
    op.drop_table("notification_robots")
    op.drop_table("notification_sends")
    op.drop_table("notifications")
