"""Probes that fail: asked on the wrong port, given too little time, or answered with an error."""

from __future__ import annotations

import re
from dataclasses import dataclass

from k8s_diagnosis.objects.access import JsonObject, read_map, read_maps
from k8s_diagnosis.objects.events import EventFacts
from k8s_diagnosis.objects.pods import is_terminating
from k8s_diagnosis.objects.probes import declared_ports, patience_of, period_of, probe_port, show_probe, timeout_of
from k8s_diagnosis.problem import Problem, Severity, Words
from k8s_diagnosis.snapshot import ContainerCase
from k8s_diagnosis.text.times import seconds_between

_REFUSED = re.compile(r"(?i)connection refused")
_TIMED_OUT = re.compile(r"(?i)timeout|deadline exceeded|timed out")
_STATUS_CODE = re.compile(r"(?i)statuscode: (\d{3})")
_LISTENING = re.compile(r"(?i)listening (?:on|at)\D*(?:[\w.\[\]:*/-]*:)?(\d{2,5})\b|listening on port (\d{2,5})")

# A rolling update keeps new pods unready for a while; below this age that is no finding.
_PATIENCE_WITH_NEW_PODS_SECONDS = 120
# Failed liveness checks this long ago explain a restart, later ones concern the present.
_STILL_MATTERS_SECONDS = 900


@dataclass(frozen=True, slots=True)
class _Check:
    """One probe of a container and its failures."""

    kind: str
    probe: JsonObject
    port: int | None
    failures: list[EventFacts]

    @property
    def last_message(self) -> str:
        return self.failures[-1].message if self.failures else ""

    @property
    def was_refused(self) -> bool:
        return any(_REFUSED.search(event.message) for event in self.failures)

    def evidence(self) -> list[str]:
        shown = [f"{self.kind} probe: {show_probe(self.probe)}"]
        return shown + [event.quote() for event in self.failures[-1:]]


def find_readiness_wrong_port(case: ContainerCase) -> Problem | None:
    """The readiness probe asks a port the container does not declare, and nothing answers there."""
    check = _check(case, "readiness")
    if check is None or not case.facts.is_running or case.facts.is_ready:
        return None
    ports = _other_ports(case, check)
    if not ports or (check.failures and not check.was_refused):
        return None
    return Problem(
        condition="readiness-wrong-port",
        object=case.snapshot.workload,
        severity=Severity.CRITICAL,
        cause=Words(
            f"The readiness probe of container {case.name} asks port {check.port}, the container listens on "
            f"{_show_ports(ports)}: the pod never becomes Ready and gets no traffic.",
            f"容器 {case.name} 的就绪探针访问端口 {check.port}，"
            f"而容器监听 {_show_ports(ports)}：Pod 一直不就绪，收不到流量。",
        ),
        evidence=tuple([*check.evidence(), *_port_evidence(case, ports)]),
        next_step=_set_port(case, "readiness", ports),
        confidence=_port_confidence(case, check, ports),
    )


def find_liveness_wrong_port(case: ContainerCase) -> Problem | None:
    """The liveness probe asks a port the container does not declare: a healthy program is restarted for ever."""
    check = _check(case, "liveness")
    if check is None or not case.facts.restarts or not _was_restarted_by_probe(case, check):
        return None
    ports = _other_ports(case, check)
    if not ports or not check.was_refused:
        return None
    return Problem(
        condition="liveness-wrong-port",
        object=case.snapshot.workload,
        severity=Severity.CRITICAL,
        cause=Words(
            f"The liveness probe of container {case.name} asks port {check.port}, the container listens on "
            f"{_show_ports(ports)}: the kubelet keeps restarting a healthy container ({case.facts.restarts} times).",
            f"容器 {case.name} 的存活探针访问端口 {check.port}，而容器监听 {_show_ports(ports)}："
            f"kubelet 不断重启健康的容器（已 {case.facts.restarts} 次）。",
        ),
        evidence=tuple([*check.evidence(), case.ending_evidence(), *_port_evidence(case, ports)]),
        next_step=_set_port(case, "liveness", ports),
        confidence=_port_confidence(case, check, ports),
    )


def find_liveness_too_aggressive(case: ContainerCase) -> Problem | None:
    """The probe asks the right place but gives up before the program is up, or before it can answer."""
    for kind in ("startup", "liveness"):
        check = _check(case, kind)
        if check is None or not case.facts.restarts or not _was_restarted_by_probe(case, check):
            continue
        if _STATUS_CODE.search(check.last_message) or _other_ports(case, check):
            continue
        return _too_aggressive(case, check)
    return None


def _too_aggressive(case: ContainerCase, check: _Check) -> Problem:
    patience = patience_of(check.probe)
    is_slow_answer = not check.was_refused and any(_TIMED_OUT.search(event.message) for event in check.failures)
    run = case.run_seconds
    evidence = [*check.evidence(), case.ending_evidence()]
    if run is not None:
        evidence.append(f"{case.name}: the ended run lasted {run:.0f} s, the probe gives up after about {patience} s")
    evidence.extend(f"log (failed run): {line}" for line in _last_words(case))
    return Problem(
        condition="liveness-too-aggressive",
        object=case.snapshot.workload,
        severity=Severity.CRITICAL,
        cause=_aggressive_cause(case, check, patience, is_slow_answer=is_slow_answer),
        evidence=tuple(evidence),
        next_step=_aggressive_step(case, check, is_slow_answer=is_slow_answer),
        confidence=0.85 if check.failures and run is not None and run <= patience * 2 + 30 else 0.7,
    )


def find_liveness_failing(case: ContainerCase) -> Problem | None:
    """The program answers its liveness probe with an error, so the kubelet restarts it."""
    check = _check(case, "liveness")
    if check is None or not case.facts.restarts or not _was_restarted_by_probe(case, check):
        return None
    return Problem(
        condition="liveness-failing",
        object=case.snapshot.workload,
        severity=Severity.CRITICAL,
        cause=Words(
            f"The kubelet restarts container {case.name} because its liveness probe fails: {check.last_message}",
            f"容器 {case.name} 的存活探针失败，kubelet 将其重启：{check.last_message}",
        ),
        evidence=tuple([*check.evidence(), case.ending_evidence()]),
        next_step=_read_health_path(case),
        confidence=0.7,
    )


def find_readiness_failing(case: ContainerCase) -> Problem | None:
    """The container runs, is past its start, and its readiness probe still fails."""
    check = _check(case, "readiness")
    if check is None or not check.failures or not case.facts.is_running or case.facts.is_ready:
        return None
    running = case.running_seconds
    if running is None or running < max(_PATIENCE_WITH_NEW_PODS_SECONDS, 2 * patience_of(check.probe)):
        return None
    return Problem(
        condition="readiness-failing",
        object=case.snapshot.workload,
        severity=Severity.CRITICAL,
        cause=Words(
            f"Container {case.name} runs but is not Ready: {check.last_message}",
            f"容器 {case.name} 在运行但未就绪：{check.last_message}",
        ),
        evidence=tuple(check.evidence() + [f"log: {line}" for line in _last_words(case)]),
        next_step=_read_health_path(case),
        confidence=0.75,
    )


def _check(case: ContainerCase, kind: str) -> _Check | None:
    probe = read_map(case.facts.spec, f"{kind}Probe")
    if not probe or is_terminating(case.snapshot.pod):
        return None
    failures = [
        event
        for event in case.events_about("Unhealthy")
        if event.message.lower().startswith(kind) and _is_recent(case, event)
    ]
    return _Check(kind, probe, probe_port(probe, case.facts.spec), failures)


def _is_recent(case: ContainerCase, event: EventFacts) -> bool:
    ago = seconds_between(event.last_seen, case.snapshot.now)
    return ago is None or ago <= _STILL_MATTERS_SECONDS


def _was_restarted_by_probe(case: ContainerCase, check: _Check) -> bool:
    """The kubelet says so, or the container ended by a signal after failed checks."""
    if case.ended_reason == "OOMKilled":
        return False
    for event in case.events_about("Killing"):
        if f"failed {check.kind} probe" in event.message and _is_recent(case, event):
            return True
    return bool(check.failures) and case.exit_code in {137, 143, 0}


def _other_ports(case: ContainerCase, check: _Check) -> dict[int, str]:
    """What the pod declares, when the asked port is not among it; containers of a pod share their ports."""
    ports = declared_ports(read_maps(case.snapshot.pod, "spec", "containers"))
    if check.port is None or check.port in ports:
        return {}
    return declared_ports([case.facts.spec]) or ports


def _heard_ports(case: ContainerCase) -> set[int]:
    found = (_LISTENING.search(line) for line in case.log_lines())
    return {int(match.group(1) or match.group(2)) for match in found if match}


def _show_ports(ports: dict[int, str]) -> str:
    return ", ".join(str(number) for number in sorted(ports))


def _port_evidence(case: ContainerCase, ports: dict[int, str]) -> list[str]:
    declared = ", ".join(f"{number}{f' ({name})' if name else ''}" for number, name in sorted(ports.items()))
    evidence = [f"{case.name}: declared containerPort {declared}"]
    if _heard_ports(case):
        evidence.append(f"log: {next(line for line in case.log_lines() if _LISTENING.search(line))}")
    return evidence


def _port_confidence(case: ContainerCase, check: _Check, ports: dict[int, str]) -> float:
    """Declared ports are a statement of the author, not an observation; refusals and the log support them."""
    if not check.failures:
        return 0.65
    return 0.97 if _heard_ports(case) & set(ports) else 0.9


def _set_port(case: ContainerCase, kind: str, ports: dict[int, str]) -> Words:
    number = min(ports)
    name = f" ({ports[number]})" if ports[number] else ""
    zh_kind = "就绪" if kind == "readiness" else "存活"
    return Words(
        f"Set the port of the {kind} probe of container {case.name} in {case.snapshot.workload} to {number}{name}.",
        f"把 {case.snapshot.workload} 中容器 {case.name} 的{zh_kind}探针端口改为 {number}{name}。",
    )


def _aggressive_cause(case: ContainerCase, check: _Check, patience: int, *, is_slow_answer: bool) -> Words:
    zh_kind = "启动" if check.kind == "startup" else "存活"
    times = case.facts.restarts
    if is_slow_answer:
        return Words(
            f"The {check.kind} probe of container {case.name} allows {timeout_of(check.probe)} s per answer, every "
            f"{period_of(check.probe)} s: the program answers slower and is restarted ({times} times).",
            f"容器 {case.name} 的{zh_kind}探针每 {period_of(check.probe)} 秒检查一次，"
            f"只等 {timeout_of(check.probe)} 秒："
            f"程序回应更慢，因而被重启（已 {times} 次）。",
        )
    return Words(
        f"The {check.kind} probe of container {case.name} gives up about {patience} s after the start "
        f"({show_probe(check.probe)}); the program needs longer to start and is restarted ({times} times).",
        f"容器 {case.name} 的{zh_kind}探针在启动后约 {patience} 秒就放弃（{show_probe(check.probe)}）；"
        f"程序启动需要更久，因而被反复重启（已 {times} 次）。",
    )


def _aggressive_step(case: ContainerCase, check: _Check, *, is_slow_answer: bool) -> Words:
    owner = case.snapshot.workload
    if is_slow_answer:
        return Words(
            f"Raise timeoutSeconds (and failureThreshold) of the {check.kind} probe of container "
            f"{case.name} in {owner}.",
            f"在 {owner} 中提高容器 {case.name} 的 {check.kind}Probe 的 timeoutSeconds（以及 failureThreshold）。",
        )
    return Words(
        f"In {owner}, give container {case.name} a startupProbe that covers its start, or raise "
        f"initialDelaySeconds, periodSeconds or failureThreshold of the {check.kind} probe.",
        f"在 {owner} 中为容器 {case.name} 增加足够长的 startupProbe，或提高 {check.kind}Probe 的 "
        "initialDelaySeconds、periodSeconds 或 failureThreshold。",
    )


def _read_health_path(case: ContainerCase) -> Words:
    return Words(
        f"Read k8s-get-logs pod={case.snapshot.name} container={case.name} for the reason, "
        "and check path and port of the probe.",
        f"用 k8s-get-logs pod={case.snapshot.name} container={case.name} 查看原因，并核对探针的路径和端口。",
    )


def _last_words(case: ContainerCase) -> list[str]:
    return [line for line in case.log_lines() if line.strip()][-2:]
