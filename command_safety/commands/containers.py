"""`docker` and its kin: commands inside a container, and new containers with directories of the host."""

from __future__ import annotations

from command_safety.commands.processes import check_ps
from command_safety.evaluation.call import Call
from command_safety.evaluation.environment import find_variable_rule
from command_safety.evaluation.scope import Fields, Scope
from command_safety.evaluation.values import Text
from command_safety.rules.arguments import Arguments, parse_arguments
from command_safety.rules.word_sets import word_set

_EXEC_VALUED = word_set("-e --env --env-file -u --user -w --workdir --detach-keys --index --timeout --cwd")
_EXEC_OPTIONS = _EXEC_VALUED | word_set(
    "-i --interactive -t --tty -d --detach --privileged -s --sync -T --no-TTY --no-tty --cwd --user"
)
_RUN_VALUED = word_set(
    "-v --volume --mount -e --env --env-file -p --publish -w --workdir -u --user --name --network --net "
    "--entrypoint --restart --memory -m --cpus -l --label -h --hostname --add-host --dns --device --cap-add "
    "--cap-drop --security-opt --pid --ipc --uts --userns --tmpfs --ulimit --volumes-from --link --log-driver "
    "--log-opt --platform --pull --runtime --shm-size --gpus -c --cpu-shares --cpuset-cpus --ip --mac-address "
    "--expose --health-cmd --stop-signal --sysctl --cidfile --pod --namespace"
)


def run_in_container(call: Call, words: Fields, *, scope: Scope | None = None) -> Text | None:
    """Judge a command that runs in a container: a file system of its own, the same rules."""
    return call.runner.run_words(words, scope=scope or Scope(), stdin=call.stdin)


def check_container_exec(call: Call) -> Text | None:
    """`docker exec` and `crictl exec`: the first operand is the container."""
    arguments = parse_arguments(call.arguments, valued=_EXEC_VALUED, stops_at_operand=True)
    _report_terminal(call, arguments)
    inner = arguments.operands[1:]
    if not inner:
        call.report("C-interactive")
        return None
    return run_in_container(call, inner, scope=_make_scope(arguments))


def _make_scope(arguments: Arguments) -> Scope:
    """What a command in the container starts with: its directory, and directories of the host."""
    scope = Scope(mounts=dict(_read_mounts(arguments)))
    directory = arguments.value_of("-w", "--workdir")
    if directory is not None:
        scope.enter(directory)
    return scope


def _report_terminal(call: Call, arguments: Arguments) -> None:
    if arguments.has("-t", "--tty") or (arguments.has("-i", "--interactive") and call.stdin is None):
        call.report("C-interactive")
    if arguments.has("-d", "--detach"):
        call.report("C-background")
    for option in arguments.options:
        if option.name not in _EXEC_OPTIONS:
            # It may name the container, so that the first operand is the command.
            call.report("C-unknown-option")
        if option.name == "--env-file":
            call.report("C-environment")
        if option.name in ("-e", "--env") and option.value is not None:
            rule = find_variable_rule(option.value.text.partition("=")[0], command="", is_exported=True)
            if rule:
                call.report(rule, option.value.text)
    if arguments.has_unknown_option or any(operand.may_be_option for operand in arguments.operands[:1]):
        call.report("C-dynamic-operand")


def check_container_top(call: Call) -> Text | None:
    """`docker top`: what follows the container goes to `ps`."""
    operands = parse_arguments(call.arguments, stops_at_operand=True).operands
    return check_ps(call.as_command(call.name, operands[1:]))


def check_container_run(call: Call) -> Text | None:
    """`docker run`: a new container is a change; what it does to directories of the host is judged."""
    call.report("C-container-change")
    arguments = parse_arguments(call.arguments, valued=_RUN_VALUED, stops_at_operand=True)
    entrypoint = arguments.value_of("--entrypoint")
    inner = (*(() if entrypoint is None else (entrypoint,)), *arguments.operands[1:])
    if not inner:
        return None
    # An image with an entry point takes its command as arguments, so an unknown name says nothing.
    with call.runner.trying() as findings:
        run_in_container(call, inner, scope=_make_scope(arguments))
    for finding in findings:
        if finding.rule.startswith("B"):
            call.report(finding.rule, finding.excerpt)
    return None


def _read_mounts(arguments: Arguments) -> list[tuple[str, str]]:
    mounts: list[tuple[str, str]] = []
    for option in arguments.options:
        value = "" if option.value is None else option.value.text
        if option.name in ("-v", "--volume"):
            outside, _, rest = value.partition(":")
            if rest and outside.startswith(("/", "~")):
                mounts.append((rest.partition(":")[0], outside))
        elif option.name == "--mount":
            parts = dict(part.partition("=")[::2] for part in value.split(","))
            outside = parts.get("source") or parts.get("src") or ""
            inside = parts.get("target") or parts.get("dst") or parts.get("destination") or ""
            if outside.startswith("/") and inside:
                mounts.append((inside, outside))
    return mounts


def check_compose_exec(call: Call) -> Text | None:
    """`docker compose exec`: a terminal is the default, `-T` goes without."""
    arguments = parse_arguments(call.arguments, valued=_EXEC_VALUED, stops_at_operand=True)
    if call.name.endswith("exec"):
        _report_terminal(call, arguments)
    if not arguments.has("-T", "--no-TTY", "--no-tty"):
        call.report("C-interactive")
    return run_in_container(call, arguments.operands[1:]) if arguments.operands[1:] else None
