"""The postStart hook of a container, run as soon as its process is there."""

from simulator.store import JsonObject
from simulator.world.kubelet.container_run import ContainerRun
from simulator.world.kubelet.executables import can_execute
from simulator.world.programs.shell_script import is_shell_command, read_script

KILLED_BECAUSE = "FailedPostStartHook"


def hook_fails(container: JsonObject, *, run: ContainerRun, paths: set[str]) -> bool:
    """Whether the container has a hook that fails. A hook that asks over HTTP comes before anything listens."""
    hook = (container.get("lifecycle") or {}).get("postStart") or {}
    if "httpGet" in hook:
        return not run.is_listening(_port_of(hook["httpGet"], container), at=run.started_at)
    command = (hook.get("exec") or {}).get("command") or []
    if not command:
        return False
    if not can_execute(run.program, command[0]):
        return True
    return is_shell_command(command) and bool(read_script(command, paths=paths).exit_code)


def _port_of(action: JsonObject, container: JsonObject) -> int:
    port = action["port"]
    if isinstance(port, int):
        return port
    named = {item.get("name"): int(item["containerPort"]) for item in container.get("ports") or []}
    return named.get(port, 0)
