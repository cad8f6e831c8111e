"""Clients of databases: what is asked of the server, given as an option, an operand or by the pipe."""

from __future__ import annotations

import re

from command_safety.commands.sql import find_dialects, find_sql_rules, strip
from command_safety.evaluation.call import Call
from command_safety.evaluation.values import ANYTHING, UNKNOWN, Text
from command_safety.rules.arguments import Arguments, parse_arguments
from command_safety.rules.word_sets import word_set

_MYSQL_VALUED = word_set(
    "-e --execute -h --host -u --user -P --port -S --socket -D --database -p? --password? --init-command "
    "--tee --pager --default-character-set --defaults-file --defaults-extra-file --delimiter --prompt "
    "--protocol --ssl-ca --ssl-cert --ssl-key --login-path --connect-timeout"
)
_PSQL_VALUED = word_set(
    "-c --command -d --dbname -f --file -h --host -p --port -U --username -o --output -L --log-file -v --set "
    "--variable -F --field-separator -R --record-separator -P --pset -T --table-attr"
)
_SQLITE_VALUED = word_set("-cmd -init -separator -nullvalue -newline -vfs -mmap -maxsize -lookaside -pagecache -A")
_SQL_OPTIONS = word_set("-q --query -e -Q -execute --execute -c -s --statement -sql")
_GENERIC_VALUED = _SQL_OPTIONS | word_set(
    "-h --host -u --user -U -P -p -d --database -S -k --port --password --keyspace -host -database -username"
)
_PROGRAM = re.compile(
    r"\b(?:program|xp_cmdshell|sys_exec|sys_eval|executable|shell)\b\s*\(?\s*'((?:[^']|'')*)'", re.IGNORECASE
)
_INNER_COMMAND = re.compile(r"\\(?![gG])")
_SHELL_COMMAND = re.compile(r"(?:^|;|\n)\s*(?:\\!|system\s|\.shell\s|\.system\s)(.*)")
_MYSQL_CLIENT = re.compile(r"(?:^|;|\n)\s*(?:\\[!.oTtPe]|(?:tee|source|pager|system|edit)\s)")
_PSQL_READS = re.compile(
    r"\\(?:d\w*[+S]*|l\+?|conninfo|timing|x|pset|a|t|echo|z|sf\+?|sv\+?|encoding|h|\?|q|errverbose|set)(?:\s[^`|\\]*)?"
)
_SQLITE_READS = re.compile(
    r"\.(?:tables|schema|databases|indexes|indices|dbinfo|show|headers|mode|width|help|stats|timeout|quit|exit)\b[^|`]*"
)


def check_mysql(call: Call) -> Text | None:
    arguments = parse_arguments(call.arguments, valued=_MYSQL_VALUED)
    for option in arguments.options:
        if option.name in ("--tee", "--pager"):
            call.report("C-file-write")
        if option.name == "--init-command" and option.value is not None:
            _judge_sql(call, option.value)
    _judge_statements(call, arguments, "-e", "--execute")
    return None


def check_psql(call: Call) -> Text | None:
    arguments = parse_arguments(call.arguments, valued=_PSQL_VALUED)
    if arguments.has("-o", "--output", "-L", "--log-file"):
        call.report("C-file-write")
    if arguments.has("-f", "--file"):
        call.report("C-script-file")
        return None
    if arguments.has("-l", "--list"):
        return None
    _judge_statements(call, arguments, "-c", "--command")
    return None


def check_sqlite(call: Call) -> Text | None:
    arguments = parse_arguments(call.arguments, valued=_SQLITE_VALUED, has_long_dash=True)
    if arguments.has("-init", "-A"):
        call.report("C-script-file")
    statements = [*arguments.operands[1:], *_values(arguments, "-cmd")]
    _judge_texts(call, statements)
    return None


def check_sql_client(call: Call) -> Text | None:
    """Other SQL clients: `clickhouse-client`, `cqlsh`, `sqlcmd`, `influx`."""
    arguments = parse_arguments(call.arguments, valued=_GENERIC_VALUED, has_long_dash=call.name in ("influx", "sqlcmd"))
    if arguments.has("-f", "--file", "-i", "-o", "--queries-file", "--outfile"):
        call.report("C-script-file")
    _judge_statements(call, arguments, *_SQL_OPTIONS)
    return None


def _values(arguments: Arguments, *names: str) -> list[Text]:
    return [option.value for option in arguments.options if option.name in names and option.value is not None]


def _judge_statements(call: Call, arguments: Arguments, *names: str) -> None:
    _judge_texts(call, _values(arguments, *names))


def _judge_texts(call: Call, statements: list[Text]) -> None:
    if not statements:
        if call.stdin is None:
            call.report("C-interactive")
            return
        statements = [call.stdin]
    for statement in statements:
        _judge_sql(call, statement)


def _judge_sql(call: Call, statement: Text) -> None:
    if UNKNOWN in statement.text:
        call.report("C-dynamic-script", statement.text)
    if statement.text == ANYTHING.text:
        return
    for program in _PROGRAM.findall(statement.text):
        call.run_script(Text(program.replace("''", "'")))
    for rule in find_sql_rules(_judge_client_commands(call, statement.text), client=call.name):
        call.report(rule, statement.text)


def _has_inner_command(text: str) -> bool:
    """Outside of strings the client reads `\\T file` and the like anywhere; `\\G` only ends a statement."""
    return any(_INNER_COMMAND.search(strip(text, dialect)) for dialect in find_dialects("mysql"))


def _judge_client_commands(call: Call, text: str) -> str:
    """Take out the lines that are for the client itself and not for the server."""
    for command in _SHELL_COMMAND.findall(text):
        call.report("C-code-runs", text)
        call.run_script(Text(command.strip()))
    if call.name in ("mysql", "mariadb") and (_MYSQL_CLIENT.search(text) or _has_inner_command(text)):
        call.report("C-code-runs", text)
    kept: list[str] = []
    for line in text.split("\n"):
        stripped = line.strip().rstrip(";").strip()
        if stripped.startswith("\\") and call.name not in ("mysql", "mariadb"):
            if not _PSQL_READS.fullmatch(stripped):
                call.report("C-code-runs", text)
        elif stripped.startswith("."):
            if not _SQLITE_READS.fullmatch(stripped):
                call.report("C-code-runs", text)
        else:
            kept.append(line)
    joined = "\n".join(kept)
    if call.name == "psql" and re.search(r"\\(?:g(?!\s*$)|w|o|copy|i|!|gexec|watch)", joined):
        call.report("C-code-runs", text)
    return joined
