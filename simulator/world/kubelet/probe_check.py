"""What a probe finds when it asks a running container, worded as the kubelet reports it."""

from collections.abc import Callable
from dataclasses import dataclass

from simulator.store import JsonObject
from simulator.world.kubelet.container_run import ContainerRun
from simulator.world.kubelet.executables import can_execute, missing_executable
from simulator.world.kubelet.probe_worker import ProbeOutcome
from simulator.world.programs.shell_script import is_script, read_script

OK, NOT_FOUND, UNAVAILABLE = 200, 404, 503
EXEC_PREFIX = "OCI runtime exec failed: exec failed: unable to start container process: "


@dataclass(frozen=True, slots=True)
class ProbeScene:
    """What a probe meets beside the process it asks."""

    address: str
    now: float
    broken_dependencies: Callable[[], list[tuple[str, str]]]
    """Level and text of what the health path would complain about."""
    paths: Callable[[], set[str]]
    """Files that are there."""


def check_probe(spec: JsonObject, *, run: ContainerRun, container: JsonObject, scene: ProbeScene) -> ProbeOutcome:
    """Ask once, in the way the probe says."""
    if "httpGet" in spec:
        return _check_http(
            spec["httpGet"], run=run, container=container, scene=scene, timeout=spec.get("timeoutSeconds", 1)
        )
    if "tcpSocket" in spec or "grpc" in spec:
        port = port_number((spec.get("tcpSocket") or spec["grpc"])["port"], container=container)
        is_heard = run.is_listening(port, at=scene.now)
        return ProbeOutcome() if is_heard else ProbeOutcome(_refused(scene.address, port))
    return _check_exec((spec.get("exec") or {}).get("command") or ["command"], run=run, scene=scene)


def _check_exec(command: list[str], *, run: ContainerRun, scene: ProbeScene) -> ProbeOutcome:
    if not can_execute(run.program, command[0]):
        return ProbeOutcome(missing_executable(command[0], prefix=EXEC_PREFIX))
    if is_script(command):
        result = read_script(command, paths=scene.paths(), tools=run.program.executables)
        return ProbeOutcome("\n".join(text for _, text in result.lines) if result.exit_code else None)
    if run.plan.listens_on and scene.now < run.serves_since():
        return ProbeOutcome(f"{command[0]}: no response")
    return ProbeOutcome()


def port_number(port: int | str, *, container: JsonObject) -> int:
    """Named ports are looked up in the container; an unknown name answers on no port (0)."""
    if isinstance(port, int):
        return port
    if port.isdigit():
        return int(port)
    declared = container.get("ports") or []
    return next((int(entry["containerPort"]) for entry in declared if entry.get("name") == port), 0)


def _check_http(
    action: JsonObject, *, run: ContainerRun, container: JsonObject, scene: ProbeScene, timeout: float
) -> ProbeOutcome:
    port = port_number(action["port"], container=container)
    path = action.get("path") or "/"
    scheme = action.get("scheme", "HTTP").lower()
    address, now = scene.address, scene.now
    if not run.is_listening(port, at=now):
        return ProbeOutcome(f'Get "{scheme}://{address}:{port}{path}": {_refused(address, port)}')
    problem = _unanswered(run, action, timeout=timeout, url=f"{scheme}://{address}:{port}{path}")
    if problem is not None:
        return ProbeOutcome(problem)
    status = _http_status(run, path=path, broken=scene.broken_dependencies, now=now)
    if status != OK and run.program.access:
        client = address.rsplit(".", 1)[0] + ".1"
        run.say(run.program.access.format(client=client, path=path, status=status), at=now)
    return ProbeOutcome() if status == OK else ProbeOutcome(f"HTTP probe failed with statuscode: {status}")


def _unanswered(run: ContainerRun, action: JsonObject, *, timeout: float, url: str) -> str | None:
    """Why there is no answer although something listens."""
    if action.get("scheme", "HTTP") == "HTTPS" and not run.program.speaks_tls:
        return f'Get "{url}": http: server gave HTTP response to HTTPS client'
    if run.program.answers_after_seconds > timeout:
        return f'Get "{url}": context deadline exceeded (Client.Timeout exceeded while awaiting headers)'
    return None


def _http_status(run: ContainerRun, *, path: str, broken: Callable[[], list[tuple[str, str]]], now: float) -> int:
    bare = path.partition("?")[0]
    if bare in run.program.health_paths:
        complaints = broken()
        for level, text in complaints:
            run.say(text, at=now, level=level)
        return UNAVAILABLE if complaints else OK
    served = run.program.served_paths
    is_served = bare in served or any(
        bare.startswith(prefix) for prefix in served if prefix != "/" and prefix[-1] == "/"
    )
    return OK if is_served else NOT_FOUND


def _refused(address: str, port: int) -> str:
    return f"dial tcp {address}:{port}: connect: connection refused"
