"""What a probe finds when it asks a running container, worded as the kubelet reports it."""

from collections.abc import Callable

from simulator.store import JsonObject
from simulator.world.kubelet.container_run import ContainerRun
from simulator.world.kubelet.probe_worker import ProbeOutcome

OK, NOT_FOUND, UNAVAILABLE = 200, 404, 503


def check_probe(
    spec: JsonObject,
    *,
    run: ContainerRun,
    container: JsonObject,
    address: str,
    now: float,
    broken_dependencies: Callable[[], list[str]],
) -> ProbeOutcome:
    """`broken_dependencies` lists what the health path would complain about, as log lines."""
    if "httpGet" in spec:
        return _check_http(
            spec["httpGet"], run=run, container=container, address=address, now=now, broken=broken_dependencies
        )
    if "tcpSocket" in spec or "grpc" in spec:
        port = port_number((spec.get("tcpSocket") or spec["grpc"])["port"], container=container)
        return ProbeOutcome() if run.is_listening(port, at=now) else ProbeOutcome(_refused(address, port))
    if run.plan.listens_on and now < run.serves_since():
        return ProbeOutcome(f"{(spec.get('exec') or {}).get('command', ['command'])[0]}: no response")
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
    action: JsonObject,
    *,
    run: ContainerRun,
    container: JsonObject,
    address: str,
    now: float,
    broken: Callable[[], list[str]],
) -> ProbeOutcome:
    port = port_number(action["port"], container=container)
    path = action.get("path") or "/"
    scheme = action.get("scheme", "HTTP").lower()
    if not run.is_listening(port, at=now):
        return ProbeOutcome(f'Get "{scheme}://{address}:{port}{path}": {_refused(address, port)}')
    status = _http_status(run, path=path, broken=broken, now=now)
    if status != OK and run.program.access:
        client = address.rsplit(".", 1)[0] + ".1"
        run.say(run.program.access.format(client=client, path=path, status=status), at=now)
    return ProbeOutcome() if status == OK else ProbeOutcome(f"HTTP probe failed with statuscode: {status}")


def _http_status(run: ContainerRun, *, path: str, broken: Callable[[], list[str]], now: float) -> int:
    bare = path.partition("?")[0]
    if bare in run.program.health_paths:
        complaints = broken()
        for complaint in complaints:
            run.say(complaint, at=now, level="ERROR")
        return UNAVAILABLE if complaints else OK
    served = run.program.served_paths
    is_served = bare in served or any(
        bare.startswith(prefix) for prefix in served if prefix != "/" and prefix[-1] == "/"
    )
    return OK if is_served else NOT_FOUND


def _refused(address: str, port: int) -> str:
    return f"dial tcp {address}:{port}: connect: connection refused"
