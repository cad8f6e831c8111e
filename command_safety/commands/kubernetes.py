"""`kubectl` and its kin."""

from __future__ import annotations

import re

from command_safety.commands.containers import run_in_container
from command_safety.commands.file_contents import report_secrets
from command_safety.commands.hosts import find_host_rule, split_url
from command_safety.commands.payloads import find_scripts, report_blocked, report_blocked_words
from command_safety.evaluation.call import Call
from command_safety.evaluation.values import UNKNOWN, Text
from command_safety.rules.arguments import Arguments, parse_arguments
from command_safety.rules.word_sets import word_set

_OVERRIDES = word_set(
    "--kubeconfig --server -s --token --as --as-group --as-uid --user --cluster --username --password "
    "--kuberc --client-certificate --client-key --certificate-authority --insecure-skip-tls-verify --tls-server-name"
)
_WRITES = word_set("--log_file --log_dir --cache-dir --profile-output --log-file --log-dir --output-directory")
_GLOBAL_VALUED = (
    (_OVERRIDES - {"--insecure-skip-tls-verify"})
    | _WRITES
    | word_set("-n --namespace --context --request-timeout -v --v")
)
_VALUED = _GLOBAL_VALUED | word_set(
    "-o --output -l --selector -c --container -f --filename -k --kustomize --field-selector --sort-by -L "
    "--label-columns --since --since-time --tail --limit-bytes --max-log-requests --template --for --timeout "
    "--grace-period --replicas --image --type -p --patch --patch-file --revision --to-revision --chunk-size "
    "--subresource --api-version --api-group --verbs --raw --port --overrides --from-literal --from-file "
    "--pod-selector --max --min --cpu-percent --pod-running-timeout --field-manager --types"
)
_READS = word_set(
    "get describe logs log top explain events api-resources api-versions version diff wait cluster-info "
    "options help completion"
)
_READ_PATHS = frozenset(
    {
        *("auth can-i", "auth whoami", "config view", "config current-context", "config get-contexts"),
        *(
            "config get-clusters",
            "config get-users",
            "rollout status",
            "rollout history",
            "plugin list",
            "alpha events",
        ),
    }
)
_OC_READS = frozenset({"status", "whoami", "project", "projects"})
_RUNS_INSIDE = frozenset({"exec", "rsh"})
_NEVER_DRY = _RUNS_INSIDE | frozenset({"cp", "port-forward", "proxy", "attach", "debug", "plugin"})
_KNOWN_CHANGES = word_set(
    "create apply delete replace patch edit label annotate scale autoscale expose run set rollout drain "
    "cordon uncordon taint cp port-forward proxy attach debug certificate auth config kustomize adm new-app "
    "start-build import-image login logout alpha"
)
_SYSTEM_NAMESPACES = frozenset({"kube-system", "kube-public", "kube-node-lease", "default"})
_NAMESPACE_KINDS = frozenset({"ns", "namespace", "namespaces", "project", "projects"})
_CLUSTER_KINDS = _NAMESPACE_KINDS | word_set(
    "no node nodes pv persistentvolume persistentvolumes crd crds customresourcedefinition customresourcedefinitions"
)
_SECRET_KIND = re.compile(r"(?:^|,)secrets?(?:\.[\w.-]*)?(?:$|[,/])", re.IGNORECASE)
_FALSE = frozenset({"false", "0", "f"})


def check_kubectl(call: Call) -> Text | None:
    """Reading verbs are readonly unless they show secrets or go elsewhere."""
    own, inner = _split_inner(call)
    arguments = parse_arguments(own.arguments, valued=_VALUED)
    _report_overrides(call, arguments)
    operands = [operand.text for operand in arguments.operands]
    if not operands:
        return None
    verb = operands[0]
    if any(word.may_be_option for word in own.arguments):
        call.report("C-dynamic-operand")
    if verb in _RUNS_INSIDE:
        return _run_exec(call, own, inner)
    if _is_dry_run(arguments) and verb not in _NEVER_DRY:
        _report_files(call, arguments)
        report_secrets(own)
        return None
    _judge_verb(call, arguments, operands)
    # `run` and `debug` start a new container with what follows.
    report_blocked_words(call, inner)
    report_blocked(call, find_scripts(inner))
    return None


def _split_inner(call: Call) -> tuple[Call, tuple[Text, ...]]:
    """What stands after `--` belongs to the command in the container."""
    texts = call.texts
    if "--" not in texts:
        return call, ()
    place = texts.index("--")
    return call.as_command(call.name, call.arguments[:place]), call.arguments[place + 1 :]


def _report_overrides(call: Call, arguments: Arguments) -> None:
    for option in arguments.options:
        if option.name in _OVERRIDES:
            call.report("C-credential-override")
        elif option.name in _WRITES:
            call.report("C-file-write")


def _is_dry_run(arguments: Arguments) -> bool:
    value = arguments.value_of("--dry-run")
    return value is not None and value.text in ("client", "server")


def _report_files(call: Call, arguments: Arguments) -> None:
    """Manifests from elsewhere."""
    for option in arguments.options:
        if (
            option.name in ("-f", "--filename", "-k", "--kustomize")
            and option.value is not None
            and "://" in option.value.text
        ):
            address = split_url(option.value.text)
            rule = "C-public-host" if address is None else find_host_rule(address.host)
            if rule:
                call.report(rule, option.value.text)


def _judge_verb(call: Call, arguments: Arguments, operands: list[str]) -> None:
    verb = operands[0]
    path = " ".join(operands[:2])
    if verb in ("get", "describe"):
        _judge_get(call, arguments, operands)
    elif path == "config view":
        if _is_set(arguments, "--raw"):
            call.report("C-secret-read")
    elif verb == "delete":
        call.report(_find_delete_rule(arguments, operands))
    elif verb in _READS or path in _READ_PATHS or (call.name == "oc" and " ".join(operands) in _OC_READS):
        _report_files(call, arguments)
        if verb == "whoami" and arguments.has("-t", "--show-token"):
            call.report("C-secret-read")
    else:
        call.report("C-cluster-change" if verb in _KNOWN_CHANGES else "C-unknown-subcommand")


def _is_set(arguments: Arguments, *names: str) -> bool:
    """A switch that is given and not given as false."""
    value = arguments.value_of(*names)
    return arguments.has_exactly(*names) and (value is None or value.text.lower() not in _FALSE)


def _judge_get(call: Call, arguments: Arguments, operands: list[str]) -> None:
    _report_files(call, arguments)
    if arguments.has("--raw"):
        call.report("C-raw-request")
    output = arguments.value_of("-o", "--output") or arguments.value_of("--template")
    shows_data = output is not None and output.text not in ("wide", "name")
    is_unsure = arguments.has("-f", "--filename", "-k", "--kustomize") or any(UNKNOWN in text for text in operands[1:2])
    if operands[0] == "get" and shows_data and (is_unsure or any(_SECRET_KIND.search(text) for text in operands[1:])):
        call.report("C-secret-read")


def _find_delete_rule(arguments: Arguments, operands: list[str]) -> str:
    kinds = {kind for text in operands[1:2] for kind in text.lower().partition("/")[0].split(",")}
    kinds |= {kind.partition(".")[0] for kind in kinds}
    names = {name for text in operands[1:] for name in [text.lower().rpartition("/")[2]]}
    if kinds & _NAMESPACE_KINDS and names & _SYSTEM_NAMESPACES:
        return "B8-system-namespace"
    if any(
        text.lower().partition("/")[0] in _NAMESPACE_KINDS and text.partition("/")[2] in _SYSTEM_NAMESPACES
        for text in operands
    ):
        return "B8-system-namespace"
    if _is_set(arguments, "--all") and (kinds & _CLUSTER_KINDS or _is_set(arguments, "-A", "--all-namespaces")):
        return "B8-delete-all"
    return "C-cluster-change"


def _run_exec(call: Call, own: Call, inner: tuple[Text, ...]) -> Text | None:
    valued = _GLOBAL_VALUED | {"-c", "--container", "-f", "--filename", "--pod-running-timeout"}
    arguments = parse_arguments(own.arguments, valued=valued, stops_at_operand=not inner)
    operands = arguments.operands
    if not inner:
        # The old form: the command follows the pod.
        rest = parse_arguments(operands[1:], valued=valued, stops_at_operand=True)
        arguments, inner = rest, rest.operands[1:]
    is_interactive = _is_set(arguments, "-t", "--tty") or (_is_set(arguments, "-i", "--stdin") and call.stdin is None)
    if is_interactive or not inner:
        call.report("C-interactive")
    return run_in_container(call, inner) if inner else None
