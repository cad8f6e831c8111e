"""Command lines of cloud providers: the verb tells whether a call reads."""

from __future__ import annotations

import re

from command_safety.evaluation.call import Call
from command_safety.evaluation.values import Text
from command_safety.paths.secrets import is_secret
from command_safety.rules.arguments import Arguments, parse_arguments
from command_safety.rules.word_sets import word_set

_AWS_VALUED = word_set(
    "--region --profile --output --query --endpoint-url --ca-bundle --cli-read-timeout --cli-connect-timeout "
    "--color --page-size --max-items --starting-token"
)
_AWS_READS = re.compile(
    r"(?:describe|list|lookup|search|filter|check|estimate|scan|query|batch-describe|head|simulate|validate|wait|help|get)(?:-.*)?"
)
_AWS_SECRETS = re.compile(
    r"get-(?:secret-value|parameters?(?:-by-path)?|random-password|password-data|session-token|federation-token|login-profile|authorization-token|access-token|credentials.*"
    r"|cluster-credentials.*|login-password|token|object.*|id|open-id-token.*|ssh-public-key|key-pair.*|workspace.*credentials|console-output|kms.*|data-key.*|caller-identity-token"
    r"|public-access-token|role-credentials|function(?:-configuration)?|api-keys?|instance-access-details|relational-database-master-user-password|bucket-acl-secret|signing.*)"
)
_AWS_PLAIN = frozenset(
    {
        "sts get-caller-identity",
        "s3 ls",
        "configure list",
        "configure list-profiles",
        "eks list-clusters",
        "logs tail",
        "logs filter-log-events",
    }
)
_OVERRIDES = (
    "--endpoint-url",
    "--no-verify-ssl",
    "--ca-bundle",
    "--access-token-file",
    "--impersonate-service-account",
    "--account",
    "--access-key",
    "--access-key-id",
    "--access-key-secret",
    "--sts-token",
)
_READ_VERBS = re.compile(
    r"(?:list|show|describe|get|ls|info|status|search|find|check|exists|view|read|tail|explain|diff|history|usage)(?:[-_].*)?|list\w*|Describe\w+|List\w+|Get\w+|Query\w+|Check\w+",
    re.ASCII,
)
_SECRET_WORDS = re.compile(
    r"secret|password|credential|token|keys?$|connection-string|access|login|kubeconfig|userdata|console-url|parameter",
    re.IGNORECASE,
)
_CHANGING_WORDS = re.compile(
    r"(?:create|delete|update|set|add|remove|start|stop|restart|reboot|reset|run|execute|invoke|deploy|attach|detach|enable|disable|import|export|move|ssh|scp|rebuild|resize|unset|apply"
    r"|install|uninstall|upgrade|rollback|patch|put|submit|publish|send|purge|restore|failover|drain|rotate|grant|revoke|assign|unassign|call|rm|cp|mv|sync)(?:-.*)?"
)

_GCLOUD_VALUED = word_set(
    "--project --format --filter --region --zone --limit --sort-by --account --configuration "
    "--impersonate-service-account --billing-project --verbosity --page-size --freshness --order"
)
_AZ_VALUED = word_set("-g --resource-group -n --name -o --output --query --subscription -s -l --location --ids")


def check_aws(call: Call) -> Text | None:
    """`aws <service> <verb>-…`."""
    arguments = parse_arguments(call.arguments, valued=_AWS_VALUED)
    _report_overrides(call, arguments)
    words = [operand.text for operand in arguments.operands]
    if len(words) < 2:
        if words and words != ["help"]:
            call.report("C-cloud-change")
        return None
    path, verb = " ".join(words[:2]), words[1]
    if path in _AWS_PLAIN:
        return None
    if _AWS_SECRETS.fullmatch(verb):
        call.report("C-secret-read")
    elif not _AWS_READS.fullmatch(verb) or words[0] in ("s3", "configure"):
        call.report("C-cloud-change")
    _report_payload(call, words)
    return None


def _report_payload(call: Call, words: list[str]) -> None:
    """`ssm send-command` runs a command elsewhere; it is judged as well."""
    if "send-command" in words:
        for text in call.texts:
            for command in re.findall(r"commands=\[?['\"]?([^\]'\"]+)", text):
                call.run_script(Text(command))


def check_gcloud(call: Call) -> Text | None:
    """`gcloud <groups…> <verb>`."""
    arguments = parse_arguments(call.arguments, valued=_GCLOUD_VALUED)
    _report_overrides(call, arguments)
    _judge_by_verb(call, arguments, depth=6)
    return None


def check_az(call: Call) -> Text | None:
    """`az <groups…> <verb>`."""
    arguments = parse_arguments(call.arguments, valued=_AZ_VALUED)
    _report_overrides(call, arguments)
    _judge_by_verb(call, arguments, depth=5)
    return None


def check_cloud_by_verb(call: Call) -> Text | None:
    """Other providers, whose subcommands end with a verb such as `list`."""
    arguments = parse_arguments(call.arguments)
    _report_overrides(call, arguments)
    _judge_by_verb(call, arguments, depth=5)
    return None


def _report_overrides(call: Call, arguments: Arguments) -> None:
    if call.texts[:1] == ["configure"] and "list" not in call.texts:
        call.report("C-secret-read")
    if arguments.has_exactly("--file", "--output-file", "--outfile"):
        call.report("C-file-write")
    for text in call.texts:
        path = text.rpartition("file://")[2] if "file://" in text else ""
        if text == "appsettings" or is_secret(Text(path), call.scope):
            call.report("C-secret-read")
        if text == "rest":
            call.report("C-raw-request")
    if any(option.name in _OVERRIDES for option in arguments.options):
        call.report("C-credential-override")


def _judge_by_verb(call: Call, arguments: Arguments, *, depth: int) -> None:
    """The first word that is a reading verb ends the subcommand; a word after it is a name."""
    words = [operand.text for operand in arguments.operands[:depth]]
    if words in ([], ["version"], ["info"]):
        return
    place = next((place for place, word in enumerate(words) if place and _READ_VERBS.fullmatch(word)), None)
    if place is None:
        call.report("C-cloud-change")
        return
    if any(_SECRET_WORDS.search(word) for word in words[: place + 1]):
        call.report("C-secret-read")
    if any(_CHANGING_WORDS.fullmatch(word) for word in words[:place]):
        call.report("C-cloud-change")
