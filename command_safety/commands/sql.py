"""What an SQL text does, as far as its words show."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

_DROPS_DATABASE = re.compile(r"\bdrop\s+(?:database|schema|keyspace)\b", re.IGNORECASE)
_PASSWORDS = re.compile(
    r"\bpg_(?:shadow|authid|user_mapping)\b|\bauthentication_string\b"
    r"|(?:\*|\bpassword\b)[^;]*\bmysql\s*\.\s*(?:user|global_priv)\b|\buse\s+mysql\b.*(?:\*|\bpassword\b)[^;]*\buser\b",
    re.IGNORECASE | re.DOTALL,
)
_READS = re.compile(r"(?:select|show|desc|describe|explain|table|values|help|use|with)\b|\(\s*select\b", re.IGNORECASE)
_WRITES = re.compile(
    r"\b(?:insert|update|delete|merge|replace|into|call|lock|drop|alter|create|truncate|grant|revoke|handler|analyze"
    r"|analyse|load)\b(?!\s*\()"
    r"|\bfor\s+(?:update|share|no\s+key|key\s+share)\b|\bprocedure\s+analyse\b",
    re.IGNORECASE,
)
_IN_SHOW = re.compile(r"(?:show|desc|describe|use|help)\b", re.IGNORECASE)
_CALL = re.compile(r"(?<![\w$.])((?:[\w$]+\s*\.\s*)?[\w$]+)\s*\(")
# Functions that only compute or tell; whoever defined another one may have let it do anything.
_FUNCTION = re.compile(
    r"""
    (?:information_schema|sys|pg_catalog|system)\s*\.\s*format_\w+
    | (?:(?:pg_catalog|mysql|sys)\s*\.\s*)?(?:
      # what is no function at all
      select|from|where|and|or|not|in|exists|any|all|some|as|on|using|by|having|when|then|else|case|union|except|intersect
    | over|partition|filter|within|group|values|table|with|recursive|join|distinct|interval|between|like|limit|offset|if
    | is|explain|key|index|show|desc|describe|verbose|costs|buffers|lateral|row|rows|array|enum|set|range|materialized
    | varchar|char|character|varying|decimal|numeric|float|double|int|integer|bigint|smallint|tinyint|bit|binary
    | varbinary|time|timestamp|timestamptz|datetime|text|nvarchar|number|year
      # numbers, texts, times, sums
    | count|sum|avg|min|max|total|std\w*|var_\w+|variance|median|mode|percentile_\w+|corr|bool_and|bool_or|every
    | abs|ceil|ceiling|floor|round|trunc|truncate|mod|power|pow|sqrt|exp|ln|log\d*|sign|div|greatest|least|rand|random
    | coalesce|ifnull|nvl|isnull|nullif|iif|decode|cast|try_cast|convert|to_number|to_char|to_date|to_timestamp|to_json
    | concat|concat_ws|group_concat|string_agg|listagg|array_agg|json\w*|jsonb\w*|row_to_json|to_jsonb|xmlagg
    | length|char_length|character_length|octet_length|bit_length|lower|upper|lcase|ucase|initcap|left|right|mid
    | substr|substring|substring_index|trim|btrim|ltrim|rtrim|lpad|rpad|repeat|reverse|replace|translate|insert|position
    | locate|instr|strpos|charindex|split_part|regexp_\w+|ascii|chr|space|field|find_in_set|elt|format|quote\w*|hex
    | unhex|md5|sha|sha1|sha2|sha224|sha256|sha384|sha512|crc32|conv|bin|oct|inet\d?_\w+|bit_count|to_base64|from_base64
    | now|curdate|curtime|sysdate|getdate|current_\w+|localtime|localtimestamp|utc_\w+|clock_timestamp
    | statement_timestamp|transaction_timestamp|date|date_\w+|datediff|dateadd|datename|datepart|timediff|timestampdiff
    | timestampadd|adddate|subdate|addtime|subtime|from_unixtime|unix_timestamp|from_days|to_days|to_seconds|str_to_date
    | extract|age|make_\w+|justify_\w+|strftime|julianday|unixepoch|day|dayname|dayofmonth|dayofweek|dayofyear|hour
    | minute|month|monthname|quarter|second|week|weekday|yearweek|last_day|sec_to_time|time_to_sec|time_format|isfinite
    | row_number|rank|dense_rank|percent_rank|cume_dist|ntile|lag|lead|first_value|last_value|nth_value
    | generate_series|unnest|cardinality|array_\w+|string_to_array|width_bucket|rollup|cube|grouping|grouping_sets|sets
      # about the server
    | version|database|schema|user|current_user|session_user|system_user|connection_id|found_rows|row_count|uuid
    | gen_random_uuid|charset|collation|coercibility|bin_to_uuid|uuid_to_bin|format_\w+|ps_thread_id|last_insert_id
    | txid_current\w*|obj_description|col_description|shobj_description|to_reg\w+|has_\w+_privilege|inet_client_\w+
    | inet_server_\w+|host|masklen|network|broadcast|typeof|hostname|changes|total_changes|sqlite_version|serverproperty
    | db_name|object_name|object_id|dbms_lob\.getlength|name_const|gtid_sub\w+|ps_current_thread_id
    | pg_(?:stat_(?!\w*reset)\w+|statio_\w+|size_pretty|(?:total_)?relation_size|database_size|table_size|indexes_size
        |tablespace_size|column_size|is_in_recovery|is_wal_replay_paused|get_\w+|table_is_visible|index\w*_size
        |current_wal\w*|current_xlog\w*|last_wal\w*|last_xlog\w*|last_xact\w*|wal_lsn_diff|xlog_location_diff|backend_pid
        |postmaster_start_time|conf_load_time|encoding_to_char|typeof|blocking_pids|safe_snapshot_blocking_pids
        |my_temp_schema|has_role|describe_object|identify_object|options_to_table|control_\w+|ls_waldir
        |replication_origin_progress|lock_status|show_all_settings|available_\w+|timezone_\w+|prepared_\w+|cursor
        |settings|config|partition_tree|column_is_updatable|tablespace_location|relation_filepath|walfile_name\w*
        |last_committed_xact|xact_commit_timestamp|filenode_relation|indexam_has_property|function_is_visible
        |type_is_visible|collation_for|relation_is_\w+|char_to_encoding|client_encoding|listening_channels)
      # of ClickHouse
    | (?-i:(?:to|format|parse|count|sum|avg|min|max|any|arg|uniq|quantile|group|array|has|date|round|is|map|tuple|bit
        |position|replace|extract|match|multi|lower|upper|length|running)[A-Z]\w*)
    | uniq|quantiles?|topk|empty|notempty|ilike|match|dictionary|today|yesterday|now64|numbers|zeros|cluster
    | clusterallreplicas|merge|view|bar|formatreadable\w+|hostname|uptime|tuple|map|any_value|approx_\w+|tointerval\w+
    | ttl|writetime|token|minTimeuuid|maxTimeuuid|toTimestamp|mean|percentile|derivative|spread|integral|first|last
    | non_negative_derivative|elapsed|moving_average|difference|cumulative_sum|fill
    )
    """,
    re.VERBOSE | re.IGNORECASE,
)
_DOLLAR_TAG = re.compile(r"\$(?:[A-Za-z_]\w*)?\$")
_EXECUTED = re.compile(r"/\*M?!\d*")
_QUOTES = ("'", '"', "`")


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a server tells strings and comments from the rest."""

    has_backslashes: bool
    """A backslash in a string escapes what follows."""
    has_dollar_quotes: bool
    has_hash_comments: bool
    nests_comments: bool
    keeps_names: bool
    """Double quotes hold names and not strings."""


def find_dialects(client: str) -> list[Dialect]:
    """Every way in which the server of this client may read a text."""
    if client in ("mysql", "mariadb"):
        return [Dialect(has_backslashes, False, True, False, False) for has_backslashes in (True, False)]
    if client == "psql":
        return [Dialect(has_backslashes, True, False, True, True) for has_backslashes in (True, False)]
    flags = product((True, False), repeat=4)
    return [Dialect(backslashes, dollars, hashes, nested, False) for backslashes, dollars, hashes, nested in flags]


def find_sql_rules(text: str, *, client: str = "") -> Iterator[str]:
    """Reasons to ask or refuse, for every statement of the text."""
    for bare in {strip(text, dialect) for dialect in find_dialects(client)}:
        if _DROPS_DATABASE.search(bare):
            yield "B8-drop-database"
        if _PASSWORDS.search(bare):
            yield "C-secret-read"
        for statement in bare.split(";"):
            words = re.sub(r"\\[gG]\s*$", "", statement.strip()).strip()
            if words and not _is_reading(words):
                yield "C-database-write"


def strip(text: str, dialect: Dialect) -> str:
    """The text without comments and strings; comments that MySQL executes stay."""
    kept: list[str] = []
    place = 0
    while place < len(text):
        end, replacement = _read_token(text, place, dialect)
        kept.append(replacement)
        place = end
    return "".join(kept)


def _read_token(text: str, place: int, dialect: Dialect) -> tuple[int, str]:
    """Where the token at this place ends, and what is kept of it."""
    character = text[place]
    if character in _QUOTES:
        return _read_quoted(text, place, dialect)
    if text.startswith("--", place) or (character == "#" and dialect.has_hash_comments):
        end = text.find("\n", place)
        return (len(text) if end < 0 else end), " "
    if text.startswith("/*", place):
        executed = _EXECUTED.match(text, place)
        return (executed.end(), " ") if executed else (_find_comment_end(text, place, dialect), " ")
    if text.startswith("*/", place):
        return place + 2, " "
    if character == "$" and dialect.has_dollar_quotes and not re.match(r"[\w$]", text[place - 1 : place]):
        tag = _DOLLAR_TAG.match(text, place)
        if tag is not None:
            end = text.find(tag.group(), tag.end())
            return (len(text) if end < 0 else end + len(tag.group())), "''"
    return place + 1, character


def _read_quoted(text: str, place: int, dialect: Dialect) -> tuple[int, str]:
    quote = text[place]
    end = place + 1
    while end < len(text) and text[end] != quote:
        end += 2 if text[end] == "\\" and dialect.has_backslashes and quote != "`" else 1
    content = text[place + 1 : end]
    is_string = quote == "'" or (quote == '"' and not dialect.keeps_names)
    is_called = text[end + 1 :].lstrip().startswith(("(", "."))
    return min(end + 1, len(text)), "''" if is_string and not is_called else content


def _find_comment_end(text: str, place: int, dialect: Dialect) -> int:
    depth, place = 1, place + 2
    while place < len(text) and depth:
        if text.startswith("*/", place):
            depth, place = depth - 1, place + 2
        elif text.startswith("/*", place) and dialect.nests_comments:
            depth, place = depth + 1, place + 2
        else:
            place += 1
    return place


def _is_reading(statement: str) -> bool:
    if not _READS.match(statement):
        return False
    if _IN_SHOW.match(statement):
        return True
    return not _WRITES.search(statement) and all(_FUNCTION.fullmatch(name) for name in _CALL.findall(statement))
