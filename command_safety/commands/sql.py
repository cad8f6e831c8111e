"""What an SQL text does, as far as its words show."""

from __future__ import annotations

import re
from collections.abc import Iterator

_EXECUTABLE_COMMENT = re.compile(r"/\*M?!\d*(.*?)\*/", re.DOTALL)
_NOISE = re.compile(r"/\*.*?\*/|--[^\n]*", re.DOTALL)
_HASH_COMMENT = re.compile(r"(?m)#[^\n]*")
_STRING = re.compile(r"'(?:[^'\\]|\\.|'')*'|\$(\w*)\$.*?\$\1\$", re.DOTALL)
_DROPS_DATABASE = re.compile(r"\bdrop\s+(?:database|schema|keyspace)\b", re.IGNORECASE)
_PASSWORDS = re.compile(
    r"\bpg_(?:shadow|authid)\b|(?:\*|\bpassword\b|\bauthentication_string\b)[^;]*\bmysql\s*\.\s*`?user\b", re.IGNORECASE
)
_READS = re.compile(r"(?:select|show|desc|describe|explain|table|values|help|use|with)\b|\(\s*select\b", re.IGNORECASE)
_WRITES = re.compile(
    r"\b(?:insert|update|delete|merge|replace|into|call|lock|drop|alter|create|truncate|grant|revoke|handler|analyze|analyse|load)\b(?!\s*\()"
    r"|\bfor\s+(?:update|share|no\s+key|key\s+share)\b|\bprocedure\s+analyse\b",
    re.IGNORECASE,
)
_IN_SHOW = re.compile(r"(?:show|desc|describe|use|help)\b", re.IGNORECASE)
_SIDE_EFFECTS = re.compile(
    r"\b(?:sleep|benchmark|load_file|get_lock|release_lock|release_all_locks|master_pos_wait|sys_exec|sys_eval|xp_\w+|lo_\w+|dblink\w*|setval|nextval"
    r"|set_config|query_to_xml\w*|database_to_xml\w*|uuid_generate\w*|kill|crosstab|file|url|remote|remoteSecure|executable|input|mysql|s3"
    r"|pg_(?!stat_(?!reset)|statio_|size_pretty|(?:total_)?relation_size|database_size|table_size|indexes_size|tablespace_size|column_size|is_in_recovery"
    r"|is_wal_replay_paused|get_\w+|table_is_visible|index\w*_size|current_wal\w*|current_xlog\w*|last_wal\w*|last_xlog\w*|wal_lsn_diff|xlog_location_diff"
    r"|backend_pid|postmaster_start_time|conf_load_time|encoding_to_char|typeof|blocking_pids|safe_snapshot_blocking_pids|my_temp_schema"
    r"|has_role|describe_object|identify_object|options_to_table|control_\w+|ls_waldir|replication_origin_progress|lock_status"
    r"|show_all_settings|available_\w+|timezone_\w+|prepared_\w+|cursor|settings|config|partition_tree|column_is_updatable)\w+)\s*\(",
    re.IGNORECASE,
)


def find_sql_rules(text: str) -> Iterator[str]:
    """Reasons to ask or refuse, for every statement of the text."""
    bare = _strip(text)
    if _DROPS_DATABASE.search(bare):
        yield "B8-drop-database"
    if _PASSWORDS.search(bare):
        yield "C-secret-read"
    for statement in bare.split(";"):
        words = re.sub(r"\\[gG]\s*$", "", statement.strip()).strip()
        if words and not _is_reading(words):
            yield "C-database-write"


def _strip(text: str) -> str:
    """The text without comments and strings; comments that MySQL executes stay."""
    without_strings = _STRING.sub("''", text)
    executable = _EXECUTABLE_COMMENT.sub(r" \1 ", without_strings)
    return _NOISE.sub(" ", _HASH_COMMENT.sub(" ", executable) if "#>" not in executable else executable)


def _is_reading(statement: str) -> bool:
    if not _READS.match(statement):
        return False
    if _IN_SHOW.match(statement):
        return True
    return not _WRITES.search(statement) and not _SIDE_EFFECTS.search(statement)
