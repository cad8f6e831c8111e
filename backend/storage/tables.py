"""Tables. Event payloads are stored as the JSON text that goes out to clients, so reading a log encodes nothing."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
)

metadata = MetaData()

_ID = String(36)

sessions = Table(
    "sessions",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("title", Text, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("updated_at", DateTime(timezone=True), nullable=False),
    Column("message_count", Integer, nullable=False, default=0),
    Index("sessions_by_activity", "updated_at", "id"),
)

turns = Table(
    "turns",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("session_id", _ID, ForeignKey("sessions.id", ondelete="CASCADE"), nullable=False),
    Column("position", Integer, nullable=False),
    Column("message", Text, nullable=False),
    Column("language", String(8), nullable=False),
    Column("model", Text),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("asked_by", Text),
    Index("turns_by_session", "session_id", "position", unique=True),
)

runs = Table(
    "runs",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("session_id", _ID, ForeignKey("sessions.id", ondelete="CASCADE"), nullable=False),
    Column("turn_id", _ID, ForeignKey("turns.id", ondelete="CASCADE"), nullable=False),
    Column("position", Integer, nullable=False),
    Column("approval_id", _ID),
    Column("state", String(16), nullable=False),
    Column("outcome", String(16)),
    Column("failure_kind", String(32)),
    Column("mode", String(16)),
    Column("model", Text),
    Column("is_cancel_requested", Boolean, nullable=False, default=False),
    Column("last_seq", Integer, nullable=False, default=0),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("finished_at", DateTime(timezone=True)),
    Index("runs_by_turn", "turn_id", "position", unique=True),
    Index("runs_by_state", "state", "session_id"),
    Index("runs_by_session", "session_id"),
)

events = Table(
    "events",
    metadata,
    Column("run_id", _ID, ForeignKey("runs.id", ondelete="CASCADE"), nullable=False),
    Column("seq", Integer, nullable=False),
    Column("data", Text, nullable=False),
    PrimaryKeyConstraint("run_id", "seq"),
    sqlite_with_rowid=False,
)

texts = Table(
    "texts",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("turn_id", _ID, ForeignKey("turns.id", ondelete="CASCADE"), nullable=False),
    Column("role", String(16), nullable=False),
    Column("session_id", _ID, ForeignKey("sessions.id", ondelete="CASCADE"), nullable=False),
    Column("text", Text, nullable=False),
    Index("texts_by_turn", "turn_id", "role", unique=True),
    Index("texts_by_session", "session_id"),
)
"""What was said, one row per message: the part of the transcript that search reads."""

approvals = Table(
    "approvals",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("session_id", _ID, ForeignKey("sessions.id", ondelete="CASCADE"), nullable=False),
    Column("turn_id", _ID, ForeignKey("turns.id", ondelete="CASCADE"), nullable=False),
    Column("run_id", _ID, ForeignKey("runs.id", ondelete="CASCADE"), nullable=False),
    Column("tool_call_id", _ID, nullable=False),
    Column("tool", Text, nullable=False),
    Column("server", Text, nullable=False),
    Column("arguments", Text, nullable=False),
    Column("arguments_sha256", String(64), nullable=False),
    Column("risk", String(16), nullable=False),
    Column("question", Text, nullable=False),
    Column("resume_state", Text),
    Column("state", String(16), nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("expires_at", DateTime(timezone=True), nullable=False),
    Column("decided_at", DateTime(timezone=True)),
    Column("decided_by", Text),
    Column("reason", Text),
    Column("claimed_at", DateTime(timezone=True)),
    Column("remember_key", Text),
    Column("preview", Text),
    Index("approvals_by_state", "state", "created_at"),
    Index("approvals_by_session", "session_id"),
)
"""`claimed_at` is set once, by the run that executes the call: a second execution finds it taken."""

grants = Table(
    "grants",
    metadata,
    Column("session_id", _ID, ForeignKey("sessions.id", ondelete="CASCADE"), nullable=False),
    Column("server", Text, nullable=False),
    Column("tool", Text, nullable=False),
    Column("remember_key", Text, nullable=False),
    Column("granted_by", Text, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("session_id", "server", "tool", "remember_key"),
)
"""Approvals for the rest of a session, only under keys that the tool server names as safe to remember."""

artifacts = Table(
    "artifacts",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("session_id", _ID, ForeignKey("sessions.id", ondelete="CASCADE"), nullable=False),
    Column("run_id", _ID, ForeignKey("runs.id", ondelete="CASCADE"), nullable=False),
    Column("tool", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Index("artifacts_by_session", "session_id"),
    Index("artifacts_by_run", "run_id"),
)
"""Tool results too large for the model, kept whole."""

usage = Table(
    "usage",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("run_id", _ID, nullable=False),
    Column("session_id", _ID, nullable=False),
    Column("day", String(10), nullable=False),
    Column("model", Text, nullable=False),
    Column("input_tokens", Integer, nullable=False),
    Column("output_tokens", Integer, nullable=False),
    Column("cost_micros", BigInteger, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Index("usage_by_day", "day"),
    Index("usage_by_session", "session_id"),
    Index("usage_by_run", "run_id"),
)
"""One row per model call; costs in millionths of the price's currency. Outlives its session: money was spent."""

audit = Table(
    "audit",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("actor", Text, nullable=False),
    Column("action", String(64), nullable=False),
    Column("subject", Text, nullable=False),
    Column("details", Text, nullable=False),
    Column("previous_hash", String(64), nullable=False),
    Column("hash", String(64), nullable=False),
    Index("audit_by_time", "at"),
)
"""Append-only; each record's hash covers the one before it."""

access_tokens = Table(
    "access_tokens",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("role", String(16), nullable=False),
    Column("sha256", String(64), nullable=False, unique=True),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("last_used_at", DateTime(timezone=True)),
    Column("revoked_at", DateTime(timezone=True)),
)
"""Who may come in; the token itself is shown once and never stored."""

logins = Table(
    "logins",
    metadata,
    Column("sha256", String(64), primary_key=True),
    Column("token_sha256", String(64), nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("expires_at", DateTime(timezone=True), nullable=False),
    Index("logins_by_expiry", "expires_at"),
)
"""Browsers that presented a token. Bound to that token's digest: revoking it ends them, a new one of its name does not
bring them back."""

notifications = Table(
    "notifications",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("channel", String(32), nullable=False),
    Column("key", Text, nullable=False),
    Column("severity_rank", Integer, nullable=False),
    Column("message", Text, nullable=False),
    Column("state", String(16), nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("due_at", DateTime(timezone=True), nullable=False),
    Column("attempts", Integer, nullable=False, default=0),
    Column("is_maybe_sent", Boolean, nullable=False, default=False),
    Column("refused_by", Text, nullable=False, default=""),
    Column("error", Text),
    Column("sent_at", DateTime(timezone=True)),
    Column("send_id", Integer),
    Index("notifications_by_key", "channel", "key", unique=True),
    Index("notifications_by_state", "channel", "state", "severity_rank"),
    Index("notifications_by_send", "send_id"),
    Index("notifications_by_time", "created_at"),
)
"""The outbox: one row per message and channel. A key goes to a channel once."""

notification_sends = Table(
    "notification_sends",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("channel", String(32), nullable=False),
    Column("robot", String(64), nullable=False),
    Column("owner", Text, nullable=False),
    Column("started_at", DateTime(timezone=True), nullable=False),
    Column("outcome", String(16)),
    Index("notification_sends_by_robot", "robot", "started_at"),
    Index("notification_sends_open", "outcome", "started_at"),
)
"""One row per request to a robot, written before it goes out: what a crash leaves open may have arrived. The rows of
the last minute are the robot's rate window, over restarts and processes."""

notification_robots = Table(
    "notification_robots",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("stopped_until", DateTime(timezone=True)),
    Column("is_refused", Boolean, nullable=False, default=False),
    Column("failures", Integer, nullable=False, default=0),
    Column("detail", Text),
)
"""Robots that rest or fail."""

watched_targets = Table(
    "watched_targets",
    metadata,
    Column("kind", String(16), nullable=False),
    Column("id", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("is_listed", Boolean, nullable=False),
    Column("state", String(16), nullable=False),
    Column("reason", Text, nullable=False),
    Column("first_seen_at", DateTime(timezone=True), nullable=False),
    Column("looked_at", DateTime(timezone=True), nullable=False),
    Column("read_at", DateTime(timezone=True)),
    Column("facts", Text),
    PrimaryKeyConstraint("kind", "id"),
)
"""Hosts and clusters as they were last seen."""

series = Table(
    "series",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("target_kind", String(16), nullable=False),
    Column("target", Text, nullable=False),
    Column("metric", String(64), nullable=False),
    Column("subject", Text, nullable=False),
    Index("series_by_key", "target_kind", "target", "metric", "subject", unique=True),
)

points = Table(
    "points",
    metadata,
    Column("series_id", Integer, ForeignKey("series.id", ondelete="CASCADE"), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("value", Float, nullable=False),
    PrimaryKeyConstraint("series_id", "at"),
    Index("points_by_time", "at"),
    sqlite_with_rowid=False,
)
"""Single values; `at` in seconds since 1970, since these are most of the rows."""

hourly_points = Table(
    "hourly_points",
    metadata,
    Column("series_id", Integer, ForeignKey("series.id", ondelete="CASCADE"), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("mean", Float, nullable=False),
    Column("largest", Float, nullable=False),
    PrimaryKeyConstraint("series_id", "at"),
    Index("hourly_points_by_time", "at"),
    sqlite_with_rowid=False,
)
"""What is left of values that are no longer kept one by one; `at` is the beginning of the hour."""

patrol_runs = Table(
    "patrol_runs",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("seq", Integer, nullable=False, unique=True),
    Column("trigger", String(16), nullable=False),
    Column("started_by", Text, nullable=False),
    Column("state", String(16), nullable=False),
    Column("phase", String(16), nullable=False),
    Column("started_at", DateTime(timezone=True), nullable=False),
    Column("finished_at", DateTime(timezone=True)),
    Column("targets", Integer, nullable=False),
    Column("looked", Integer, nullable=False),
    Column("unknown", Integer, nullable=False),
    Column("unreachable", Integer, nullable=False),
    Column("opened", Integer, nullable=False),
    Column("worsened", Integer, nullable=False),
    Column("closed", Integer, nullable=False),
    Column("problem", Text),
    Column("is_cancel_requested", Boolean, nullable=False),
    Column("owner", Text, nullable=False),
    Column("lease_number", Integer, nullable=False),
    Column("lease_until", DateTime(timezone=True), nullable=False),
    Index("patrol_runs_by_state", "state"),
    Index("patrol_runs_by_time", "started_at"),
)
"""`lease_number` grows whenever another process takes a run over; who holds an older one can write nothing more."""

patrol_looks = Table(
    "patrol_looks",
    metadata,
    Column("run_id", _ID, ForeignKey("patrol_runs.id", ondelete="CASCADE"), nullable=False),
    Column("position", Integer, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("target", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("is_done", Boolean, nullable=False),
    PrimaryKeyConstraint("run_id", "position"),
)
"""What a run has still to look at; removed when it is over."""

patrol_entries = Table(
    "patrol_entries",
    metadata,
    Column("seq", Integer, primary_key=True),
    Column("run_id", _ID),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("data", Text, nullable=False),
    Index("patrol_entries_by_run", "run_id", "seq"),
    Index("patrol_entries_by_time", "at"),
    sqlite_autoincrement=True,
)
"""The patrol's log, as JSON text that goes out to clients. Numbers are never used again."""

findings = Table(
    "findings",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("seq", Integer, nullable=False, unique=True),
    Column("target_kind", String(16), nullable=False),
    Column("target", Text, nullable=False),
    Column("check_id", String(64), nullable=False),
    Column("subject", Text, nullable=False),
    Column("state", String(16), nullable=False),
    Column("severity_rank", Integer, nullable=False),
    Column("first_seen_at", DateTime(timezone=True), nullable=False),
    Column("closed_at", DateTime(timezone=True)),
    Column("is_settled", Boolean, nullable=False),
    Column("data", Text, nullable=False),
    Index("findings_by_target", "target_kind", "target", "state"),
    Index("findings_by_state", "state", "severity_rank"),
    Index("findings_unsettled", "is_settled"),
    Index("findings_by_key", "target_kind", "target", "check_id", "subject"),
)
"""`data` is the whole finding as JSON, the other columns are searched by. Settled: closed, and nothing to say."""

finding_events = Table(
    "finding_events",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("finding_id", _ID, ForeignKey("findings.id", ondelete="CASCADE"), nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("actor", Text, nullable=False),
    Column("detail", Text, nullable=False),
    Index("finding_events_by_finding", "finding_id", "id"),
)
"""The history of each finding."""
