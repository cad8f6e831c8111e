"""Probes: which port they ask and how much time they give."""

from __future__ import annotations

from k8s_diagnosis.objects.access import JsonObject, read_int, read_map, read_maps, read_text, read_texts

# The API fills these in; objects from files may lack them.
_DEFAULT_PERIOD_SECONDS = 10
_DEFAULT_FAILURES = 3
_DEFAULT_TIMEOUT_SECONDS = 1


def declared_ports(containers: list[JsonObject]) -> dict[int, str]:
    """Number and name of every declared TCP port. Declaring is voluntary: a missing port proves nothing."""
    return {
        read_int(port, "containerPort"): read_text(port, "name")
        for container in containers
        for port in read_maps(container, "ports")
        if read_text(port, "protocol") in {"", "TCP"}
    }


def probe_port(probe: JsonObject, container: JsonObject) -> int | None:
    """The number of the port the probe asks, or None for exec probes and unknown names."""
    for kind in ("httpGet", "tcpSocket", "grpc"):
        asked = read_map(probe, kind)
        if not asked:
            continue
        wanted = read_text(asked, "port")
        if wanted.isdigit():
            return int(wanted)
        named = {name: number for number, name in declared_ports([container]).items()}
        return named.get(wanted)
    return None


def period_of(probe: JsonObject) -> int:
    return read_int(probe, "periodSeconds") or _DEFAULT_PERIOD_SECONDS


def failures_of(probe: JsonObject) -> int:
    return read_int(probe, "failureThreshold") or _DEFAULT_FAILURES


def timeout_of(probe: JsonObject) -> int:
    return read_int(probe, "timeoutSeconds") or _DEFAULT_TIMEOUT_SECONDS


def patience_of(probe: JsonObject) -> int:
    """Seconds from the start of the container until the probe gives up when it never succeeds."""
    return read_int(probe, "initialDelaySeconds") + period_of(probe) * failures_of(probe)


def show_probe(probe: JsonObject) -> str:
    """As kubectl describe writes it: http-get :8080/healthz delay=0s timeout=1s period=5s #failure=3."""
    if not probe:
        return ""
    timing = (
        f"delay={read_int(probe, 'initialDelaySeconds')}s timeout={timeout_of(probe)}s "
        f"period={period_of(probe)}s #failure={failures_of(probe)}"
    )
    return f"{_show_target(probe)} {timing}"


def _show_target(probe: JsonObject) -> str:
    http = read_map(probe, "httpGet")
    if http:
        return f"http-get :{read_text(http, 'port')}{read_text(http, 'path') or '/'}"
    if "tcpSocket" in probe:
        return f"tcp-socket :{read_text(probe, 'tcpSocket', 'port')}"
    if "grpc" in probe:
        return f"grpc :{read_text(probe, 'grpc', 'port')}"
    # Arguments of a command may hold credentials, its first word does not.
    command = read_texts(probe, "exec", "command")
    return f"exec {command[0]}" if command else "unknown"
