"""Environment variables a program says it misses."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from k8s_diagnosis.logs.lines import rank_lines

_VARIABLE = r"['\"`]?(?P<name>[A-Z][A-Z0-9_]{2,})['\"`]?"
_UNDERSCORED = r"['\"`]?\b(?P<name>[A-Z][A-Z0-9]*_[A-Z0-9_]+)['\"`]?"
_KEY_ERROR = re.compile(rf"KeyError: {_VARIABLE}|\bkey not found: {_VARIABLE.replace('name', 'fetched')}")
_MISSING = (
    r"(?:is |was |has |are |must |cannot |can ?not |can't )?"
    r"(?:not (?:been )?(?:set|found|defined|provided|configured|given|specified|present)|missing|required|undefined|"
    r"unset|"
    r"(?:not )?(?:be )?(?:empty|blank)|(?:be )?null\b|None\b|nil\b)"
)
_MISSING_VARIABLE = tuple(
    re.compile(pattern)
    for pattern in (
        rf"(?i:env(?:ironment)?[ _-]?var(?:iable)?s?)[: ]+{_VARIABLE}(?: |:|,)*(?i:{_MISSING}|must be)",
        rf"(?i:missing|undefined|unset|no|not find|required|needs?|requires?)(?i: required| mandatory| the)?"
        rf"(?i: env(?:ironment)?(?:[ _-]?var(?:iable)?s?)?| settings?| config(?:uration)?(?: keys?| values?)?|"
        rf" variables?)"
        rf"[: ]+{_VARIABLE}",
        rf"(?i:required key) {_VARIABLE} (?i:missing value)",
        rf"{_VARIABLE} (?i:environment variable|env(?:ironment)? ?var) (?i:{_MISSING}|must be (?:set|provided|"
        rf"defined))",
        rf"(?i:environment variables?)(?: {_MISSING}:?)? {_VARIABLE}(?: (?i:not found|not present)|[.,;]?$)",
        rf"(?i:\bset the) {_VARIABLE} (?i:environment variable|variable|setting)",
        rf"{_VARIABLE} (?i:setting|variable) (?i:{_MISSING})",
        rf"\b(?:getenv|os\.environ|process\.env|ENV)\W{{0,3}}{_VARIABLE}\W{{0,3}}.{{0,30}}(?i:{_MISSING})",
        rf"(?i:set|export|provide|specify|define) (?i:the )?(?i:environment variable |env var |variable ){_VARIABLE}",
        # POSIX shells: ${NAME:?message} and set -u
        rf"(?:^|: )(?:line \d+: )?{_VARIABLE}: (?i:parameter not set|unbound variable|parameter null or not set)",
        # Without the word variable only names with an underscore count: "BOB is not set" may be about a person.
        rf"{_UNDERSCORED}:? (?i:{_MISSING}|must be (?:set|provided|defined|specified))",
        # What stands after the colon may be hidden, since a password could stand there.
        rf"(?:^|: )(?:line )?\d+: {_UNDERSCORED}: \[redacted\] (?i:not set|variable|null)",
        rf"(?i:please set|must set|need to set|must specify|must provide) {_UNDERSCORED}",
        rf"(?:缺少|缺失|未找到|找不到|没有)(?:必需的|必要的|必填的?)?(?:环境变量|配置项?)[:： ]*{_VARIABLE}",
        rf"(?:环境变量|配置项?)[:： ]*{_VARIABLE}[ ]*(?:未设置|没有设置|不存在|缺失|为空|未定义|未配置|必须)",
        rf"{_UNDERSCORED} ?(?:未设置|没有设置|不能为空|未配置)",
    )
)
# The official images of databases name the variable in prose instead.
_SPELT_OUT: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"(?i)superuser password is not specified"), "POSTGRES_PASSWORD"),
    (re.compile(r"(?i)database is uninitialized and password option is not specified"), "MYSQL_ROOT_PASSWORD"),
    (re.compile(r"You need to specify one of (?:the following[^:]*: *)?MYSQL_ROOT_PASSWORD"), "MYSQL_ROOT_PASSWORD"),
)
# Frameworks that derive the variable from the name of a setting: orders.db.url and orders_db_url are ORDERS_DB_URL.
_PLACEHOLDER = re.compile(r"(?i:could not resolve placeholder) ['\"](?P<name>[\w.-]+)['\"]")
_FIELD_REQUIRED = re.compile(r"^\s*Field required \[type=missing")
_FIELD = re.compile(r"\s*(?P<name>[A-Za-z]\w*)\s*")
# TOKEN = os.environ["API_TOKEN"] is hidden up to its last bracket.
_READS_ENVIRONMENT = re.compile(r"environ|ENV|= \[redacted\][\])]")
_OPTIONAL = re.compile(
    r"(?i)using default|default(?:ing|s)? to|falling back|optional|ignor(?:ed|ing)|deprecated|使用默认"
)


def find_missing_variable(lines: Sequence[str]) -> tuple[str, str] | None:
    """Name of the variable and the line that says so, from the most telling line on."""
    # A KeyError may be about any dictionary; the trace shows whether it was the environment.
    reads_environment = any(_READS_ENVIRONMENT.search(line) for line in lines)
    patterns = (*_MISSING_VARIABLE, _KEY_ERROR) if reads_environment else _MISSING_VARIABLE
    for line in rank_lines(lines):
        if _OPTIONAL.search(line):
            continue
        name = _spelt_out(line) or _match_any(patterns, line)
        if name:
            return name, line
    return _find_required_field(lines)


def _spelt_out(line: str) -> str:
    placeholder = _PLACEHOLDER.search(line)
    if placeholder:
        return re.sub(r"\W", "_", placeholder.group("name")).upper()
    return next((name for spelling, name in _SPELT_OUT if spelling.search(line)), "")


def _match_any(patterns: Sequence[re.Pattern[str]], line: str) -> str:
    for pattern in patterns:
        match = pattern.search(line)
        if match:
            return next(name for name in match.groups() if name)
    return ""


def _find_required_field(lines: Sequence[str]) -> tuple[str, str] | None:
    """Validation libraries write the name of the field on the line before the verdict."""
    for before, line in pairwise(lines):
        field = _FIELD.fullmatch(before)
        if field and _FIELD_REQUIRED.search(line):
            return field.group("name").upper(), line
    return None
