"""Probes that fail: asked on the wrong port or path, given too little time, or answered with an error."""

from __future__ import annotations

import re
from dataclasses import dataclass

from k8s_diagnosis.cases import ContainerCase
from k8s_diagnosis.logs.lines import find_telling_line
from k8s_diagnosis.logs.listening import ListeningPort, find_listening
from k8s_diagnosis.objects.access import JsonObject, read_map, read_maps, read_text
from k8s_diagnosis.objects.events import EventFacts
from k8s_diagnosis.objects.pods import is_terminating
from k8s_diagnosis.objects.probes import declared_ports, patience_of, probe_port, show_probe, timeout_of
from k8s_diagnosis.problem import Problem, Severity, Words
from k8s_diagnosis.rules.dependencies import DependencyFacts, examine_dependency, name_peer

_REFUSED = re.compile(r"(?i)connection refused|errno 111|econnrefused")
_TIMED_OUT = re.compile(r"(?i)timeout|deadline exceeded|timed out")
_STATUS_CODE = re.compile(r"(?i)statuscode: (\d{3})")
_WRONG_SCHEME = re.compile(
    r"(?i)server gave HTTP response to HTTPS client|malformed HTTP response|first record does not look like a TLS|"
    r"transport connection broken: malformed|Client sent an HTTP request to an HTTPS server"
)
_COMMAND_MISSING = re.compile(r"(?i)executable file not found|no such file or directory|: not found|exec: \"")
# Answers that say the path is wrong, rather than that the program is unwell.
_PATH_CODES = {"401", "403", "404", "405", "410"}

# A rolling update keeps new pods unready for a while; below this age that is no finding.
_PATIENCE_WITH_NEW_PODS_SECONDS = 120
# Failed checks this long ago explain a restart no more.
_STILL_MATTERS_SECONDS = 900
_ZH_KINDS = {"readiness": "就绪", "liveness": "存活", "startup": "启动"}


@dataclass(frozen=True, slots=True)
class _Check:
    """One probe of a container and its failures."""

    kind: str
    probe: JsonObject
    port: int | None
    failures: list[EventFacts]

    @property
    def zh_kind(self) -> str:
        return f"{_ZH_KINDS[self.kind]}探针"

    @property
    def last_message(self) -> str:
        return self.failures[-1].message if self.failures else ""

    @property
    def was_refused(self) -> bool:
        return any(_REFUSED.search(event.message) for event in self.failures)

    @property
    def timed_out(self) -> bool:
        return not self.was_refused and any(_TIMED_OUT.search(event.message) for event in self.failures)

    @property
    def status_code(self) -> str:
        """The answer the program gave last; empty when none was seen."""
        codes = [found.group(1) for event in self.failures if (found := _STATUS_CODE.search(event.message))]
        return codes[-1] if codes else ""

    @property
    def port_text(self) -> str:
        """The port as the probe writes it: a number or a name."""
        asked = next(
            (read_map(self.probe, kind) for kind in ("httpGet", "tcpSocket", "grpc") if kind in self.probe), {}
        )
        return read_text(asked, "port")

    @property
    def path(self) -> str:
        return read_text(self.probe, "httpGet", "path") or "/"

    def evidence(self) -> list[str]:
        shown = [f"{self.kind} probe: {show_probe(self.probe)}"]
        return shown + [event.quote() for event in self.failures[-1:]]


def find_restart_by_wrong_port(case: ContainerCase) -> Problem | None:
    """A liveness or startup probe asks a port where nothing listens: a healthy program is restarted for ever."""
    for kind in ("startup", "liveness"):
        check = _restarting_check(case, kind)
        if check is not None:
            ports = _right_ports(case, check)
            if ports and (check.was_refused or check.port is None):
                return _wrong_port(case, check, ports, heard=_heard(case))
    return None


def find_restart_by_wrong_path(case: ContainerCase) -> Problem | None:
    """A liveness or startup probe asks a path that the program does not serve."""
    for kind in ("startup", "liveness"):
        check = _restarting_check(case, kind)
        if check is not None and check.status_code in _PATH_CODES:
            return _wrong_path(case, check)
    return None


def find_startup_too_short(case: ContainerCase) -> Problem | None:
    """The startup probe gives up before the program is up: it is restarted at a constant age."""
    check = _restarting_check(case, "startup")
    if check is None or check.status_code or _is_command_missing(check) or _waits_for(case) is not None:
        return None
    return _too_short(case, check, condition="startup-probe-too-short")


def find_liveness_too_aggressive(case: ContainerCase) -> Problem | None:
    """The liveness probe asks the right place but gives up before the program is up, or before it can answer."""
    check = _restarting_check(case, "liveness")
    if check is None or check.status_code or _is_command_missing(check) or _waits_for(case) is not None:
        return None
    run, patience = case.run_seconds, patience_of(check.probe)
    ran_well_first = run is not None and run > patience * 4 + 120
    if ran_well_first and not (check.timed_out and timeout_of(check.probe) <= 2):
        return None
    return _too_short(case, check, condition="liveness-too-aggressive")


def find_restart_by_probe(case: ContainerCase) -> Problem | None:
    """The kubelet restarts the container for its failing probe, and no more exact rule says why it fails."""
    for kind in ("startup", "liveness"):
        check = _restarting_check(case, kind)
        if check is not None:
            return _restarted(case, check)
    return None


def find_readiness_wrong_port(case: ContainerCase) -> Problem | None:
    """The readiness probe asks a port where nothing listens."""
    check = _unready_check(case)
    if check is None or (check.failures and not check.was_refused and check.port is not None):
        return None
    ports = _right_ports(case, check)
    return _wrong_port(case, check, ports, heard=_heard(case)) if ports else None


def find_readiness_wrong_path(case: ContainerCase) -> Problem | None:
    """The program answers the readiness probe that there is no such path."""
    check = _unready_check(case)
    if check is None or check.status_code not in _PATH_CODES or _is_young(case, check):
        return None
    return _wrong_path(case, check)


def find_readiness_failing(case: ContainerCase) -> Problem | None:
    """The container runs, is past its start, and its readiness probe still fails."""
    check = _unready_check(case)
    if check is None or not check.failures or _is_young(case, check):
        return None
    why = _explain_failure(case, check)
    waits_for = _waits_for(case)
    evidence = check.evidence() + [f"log: {line}" for line in _last_words(case)]
    return Problem(
        condition="readiness-failing",
        object=case.workload,
        detail=case.name,
        severity=Severity.CRITICAL,
        cause=Words(
            f"Container {case.name} runs but is not Ready: {check.last_message}{why.en}",
            f"容器 {case.name} 在运行但未就绪：{check.last_message}{why.zh}",
        ),
        evidence=tuple(evidence) + (waits_for.evidence if waits_for else ()),
        next_step=waits_for.next_step if waits_for else _read_health_path(case),
        confidence=0.9 if waits_for and waits_for.confidence > 0.8 else 0.8,
        because=waits_for.because if waits_for else (),
    )


def _wrong_port(case: ContainerCase, check: _Check, ports: dict[int, str], *, heard: list[ListeningPort]) -> Problem:
    right = ", ".join(str(number) for number in sorted(ports))
    asked = str(check.port) if check.port is not None else f'"{check.port_text}"'
    evidence = [*check.evidence(), *_port_evidence(case, heard)]
    if case.facts.terminated:
        evidence.insert(len(check.evidence()), case.ending_evidence())
    number = min(ports)
    name = f" ({ports[number]})" if ports[number] else ""
    zh_name = f"（{ports[number]}）" if ports[number] else ""
    effect = _effect(case, check)
    return Problem(
        condition=f"{check.kind}-wrong-port",
        object=case.workload,
        detail=case.name,
        severity=Severity.CRITICAL,
        cause=Words(
            f"The {check.kind} probe of container {case.name} asks port {asked}, the container listens on {right}: "
            f"{effect.en}.",
            f"容器 {case.name} 的{check.zh_kind}访问端口 {asked}，而容器监听 {right}：{effect.zh}。",
        ),
        evidence=tuple(evidence),
        next_step=Words(
            f"Set the port of the {check.kind} probe of container {case.name} in {case.workload} to {number}{name}.",
            f"把 {case.workload} 中容器 {case.name} 的{check.zh_kind}端口改为 {number}{zh_name}。",
        ),
        confidence=_port_confidence(check, ports, heard=heard),
    )


def _wrong_path(case: ContainerCase, check: _Check) -> Problem:
    effect, other = _effect(case, check), _answered_path(case, check)
    hint = f"; {other} answers 200" if other else ""
    zh_hint = f"；{other} 返回 200" if other else ""
    return Problem(
        condition=f"{check.kind}-wrong-path",
        object=case.workload,
        detail=case.name,
        severity=Severity.CRITICAL,
        cause=Words(
            f"The {check.kind} probe of container {case.name} asks {check.path}, which the program answers with "
            f"{check.status_code}{hint}: {effect.en}.",
            f"容器 {case.name} 的{check.zh_kind}访问 {check.path}，程序返回 {check.status_code}{zh_hint}："
            f"{effect.zh}。",
        ),
        evidence=(*check.evidence(), *(f"log: {line}" for line in _lines_about(case, check.path)[-1:])),
        next_step=Words(
            f"Set the path of the {check.kind} probe of container {case.name} in {case.workload} to one that the "
            "program "
            f"serves without login{f' ({other})' if other else ''}.",
            f"把 {case.workload} 中容器 {case.name} 的{check.zh_kind}路径改为程序提供且无需登录的路径"
            f"{f'（{other}）' if other else ''}。",
        ),
        confidence=0.95 if check.status_code == "404" else 0.85,
    )


def _too_short(case: ContainerCase, check: _Check, *, condition: str) -> Problem:
    patience, run = patience_of(check.probe), case.run_seconds
    evidence = [*check.evidence(), case.ending_evidence()]
    if run is not None:
        evidence.append(f"{case.name}: the ended run lasted {run:.0f} s, the probe gives up after about {patience} s")
    evidence.extend(f"log (failed run): {line}" for line in case.failed_log[-2:])
    return Problem(
        condition=condition,
        object=case.workload,
        detail=case.name,
        severity=Severity.CRITICAL,
        cause=_too_short_cause(case, check, patience),
        evidence=tuple(evidence),
        next_step=_too_short_step(case, check),
        confidence=0.88 if check.failures and run is not None and run <= patience * 2 + 30 else 0.7,
    )


def _too_short_cause(case: ContainerCase, check: _Check, patience: int) -> Words:
    times = case.facts.restarts
    if check.timed_out:
        return Words(
            f"The {check.kind} probe of container {case.name} allows {timeout_of(check.probe)} s per answer "
            f"({show_probe(check.probe)}): the program answers slower and is restarted ({times} times).",
            f"容器 {case.name} 的{check.zh_kind}每次只等 {timeout_of(check.probe)} 秒（{show_probe(check.probe)}）："
            f"程序回应更慢，因而被重启（已 {times} 次）。",
        )
    return Words(
        f"The {check.kind} probe of container {case.name} gives up about {patience} s after the start "
        f"({show_probe(check.probe)}); the program needs longer to start and is restarted ({times} times).",
        f"容器 {case.name} 的{check.zh_kind}在启动后约 {patience} 秒就放弃（{show_probe(check.probe)}）；"
        f"程序启动需要更久，因而被反复重启（已 {times} 次）。",
    )


def _too_short_step(case: ContainerCase, check: _Check) -> Words:
    if check.timed_out:
        return Words(
            f"Raise timeoutSeconds (and failureThreshold) of the {check.kind} probe of container "
            f"{case.name} in {case.workload}.",
            f"在 {case.workload} 中提高容器 {case.name} 的 {check.kind}Probe 的 timeoutSeconds（以及 failureThreshold）"
            "。",
        )
    if check.kind == "startup":
        return Words(
            f"In {case.workload}, raise failureThreshold or periodSeconds of the startup probe of container "
            f"{case.name} "
            "until they cover its start.",
            f"在 {case.workload} 中提高容器 {case.name} 的 startupProbe 的 failureThreshold 或 periodSeconds，"
            "直到覆盖启动时间。",
        )
    return Words(
        f"In {case.workload}, give container {case.name} a startupProbe that covers its start, or raise "
        f"initialDelaySeconds, periodSeconds or failureThreshold of the {check.kind} probe.",
        f"在 {case.workload} 中为容器 {case.name} 增加足够长的 startupProbe，或提高 {check.kind}Probe 的 "
        "initialDelaySeconds、periodSeconds 或 failureThreshold。",
    )


def _restarted(case: ContainerCase, check: _Check) -> Problem:
    why, waits_for = _explain_failure(case, check), _waits_for(case)
    evidence = [*check.evidence(), case.ending_evidence(), *(f"log (failed run): {line}" for line in _last_words(case))]
    return Problem(
        condition=f"{check.kind}-failing",
        object=case.workload,
        detail=case.name,
        severity=Severity.CRITICAL,
        cause=Words(
            f"The kubelet restarts container {case.name} because its {check.kind} probe fails: "
            f"{check.last_message}{why.en}",
            f"容器 {case.name} 的{check.zh_kind}失败，kubelet 将其重启：{check.last_message}{why.zh}",
        ),
        evidence=tuple(evidence) + (waits_for.evidence if waits_for else ()),
        next_step=waits_for.next_step if waits_for else _read_health_path(case),
        confidence=0.85 if waits_for else 0.72,
        because=waits_for.because if waits_for else (),
    )


def _restarting_check(case: ContainerCase, kind: str) -> _Check | None:
    """The probe of this kind when it is what restarts the container."""
    check = _check(case, kind)
    if check is None or not case.facts.restarts or not _was_restarted_by(case, check):
        return None
    return check


def _unready_check(case: ContainerCase) -> _Check | None:
    if not case.facts.is_running or case.facts.is_ready or case.is_down:
        return None
    return _check(case, "readiness")


def _check(case: ContainerCase, kind: str) -> _Check | None:
    probe = case.probe(kind)
    if not probe or is_terminating(case.pod.pod):
        return None
    failures = [
        event
        for event in case.events_of("Unhealthy", "ProbeError", "ProbeWarning", within_seconds=_STILL_MATTERS_SECONDS)
        if event.message.lower().startswith(kind)
    ]
    return _Check(kind, probe, probe_port(probe, case.facts.spec), failures)


def _was_restarted_by(case: ContainerCase, check: _Check) -> bool:
    """The kubelet says so, or the container ended by a signal after failed checks."""
    if case.ended_reason == "OOMKilled":
        return False
    for event in case.events_of("Killing", within_seconds=_STILL_MATTERS_SECONDS):
        if f"failed {check.kind} probe" in event.message:
            return True
    return bool(check.failures) and case.exit_code in {137, 143, 0} and _failed_since_start(case, check)


def _failed_since_start(case: ContainerCase, check: _Check) -> bool:
    """A single failed check at a regular end is no reason for it."""
    return sum(event.count for event in check.failures) > 1 or case.facts.restarts > 1


def _is_young(case: ContainerCase, check: _Check) -> bool:
    running = case.running_seconds
    return running is None or running < max(_PATIENCE_WITH_NEW_PODS_SECONDS, 2 * patience_of(check.probe))


def _heard(case: ContainerCase) -> list[ListeningPort]:
    return find_listening([*case.failed_log, *case.current_log])


def _right_ports(case: ContainerCase, check: _Check) -> dict[int, str]:
    """Where the probe should ask instead; empty when it asks rightly, or when nothing tells."""
    own = declared_ports([case.facts.spec])
    if check.port is None:
        return own if check.port_text and not check.port_text.isdigit() else {}
    # A log that announces ports knows better than the declaration, which binds nobody.
    heard = {port.number: own.get(port.number, "") for port in _heard(case)}
    if heard:
        return {} if check.port in heard else heard
    everywhere = declared_ports(read_maps(case.pod.pod, "spec", "containers"))
    return {} if check.port in everywhere else own or everywhere


def _port_evidence(case: ContainerCase, heard: list[ListeningPort]) -> list[str]:
    declared = ", ".join(
        f"{number}{f' ({name})' if name else ''}" for number, name in sorted(declared_ports([case.facts.spec]).items())
    )
    evidence = [f"{case.name}: declared containerPort {declared}"] if declared else []
    return evidence + [f"log: {port.line}" for port in heard[:1]]


def _port_confidence(check: _Check, ports: dict[int, str], *, heard: list[ListeningPort]) -> float:
    """Declared ports are a statement of the author, not an observation; refusals and the log support them."""
    if not check.failures and check.port is not None:
        return 0.65
    return 0.97 if {port.number for port in heard} & set(ports) else 0.9


def _effect(case: ContainerCase, check: _Check) -> Words:
    if check.kind == "readiness":
        return Words("the pod never becomes Ready and gets no traffic", "Pod 一直不就绪，收不到流量")
    return Words(
        f"the kubelet keeps restarting a healthy container ({case.facts.restarts} times)",
        f"kubelet 不断重启健康的容器（已 {case.facts.restarts} 次）",
    )


def _explain_failure(case: ContainerCase, check: _Check) -> Words:
    """What the log and the message add to a failed check."""
    waits_for = _waits_for(case)
    if waits_for is not None:
        peer = _peer_of(case)
        return Words(
            f". It cannot reach {peer.en}: {waits_for.why.en}.", f"。它无法连接 {peer.zh}：{waits_for.why.zh}。"
        )
    if _WRONG_SCHEME.search(check.last_message):
        return Words(". Probe and program differ in HTTP and HTTPS.", "。探针与程序的协议（HTTP/HTTPS）不一致。")
    if _is_command_missing(check):
        return Words(". The command of the probe is not in the image.", "。镜像中没有探针使用的命令。")
    loopback = next((port for port in _heard(case) if port.is_loopback and port.number == check.port), None)
    if loopback is not None and check.was_refused:
        return Words(
            f'. The program listens on the loopback address only ("{loopback.line}"): let it listen on 0.0.0.0.',
            f"。程序只监听回环地址（“{loopback.line}”），应监听 0.0.0.0。",
        )
    line = find_telling_line(_telling(case))
    return Words(f'. Its log says: "{line}"', f"。日志：“{line}”") if line else Words("", "")


def _telling(case: ContainerCase) -> list[str]:
    """Lines worth quoting as a reason: access logs of the probe itself are not."""
    verdict = case.current_verdict
    if verdict is None or verdict.ending is None:
        return []
    return [verdict.ending.line]


def _waits_for(case: ContainerCase) -> DependencyFacts | None:
    """What the program complains it cannot reach."""
    verdict = case.current_verdict
    if verdict is None or verdict.unreached is None:
        return None
    return examine_dependency(case, verdict.unreached)


def _peer_of(case: ContainerCase) -> Words:
    verdict = case.current_verdict
    unreached = verdict.unreached if verdict is not None else None
    return name_peer(unreached) if unreached is not None else Words("a service it needs", "它依赖的服务")


def _log_of(case: ContainerCase) -> list[str]:
    return case.current_log or case.failed_log


def _is_command_missing(check: _Check) -> bool:
    return "exec" in check.probe and bool(_COMMAND_MISSING.search(check.last_message))


def _answered_path(case: ContainerCase, check: _Check) -> str:
    """A path of health checks that the log shows answered with 200."""
    for line in _log_of(case):
        found = re.search(r"\"?(?:GET|HEAD) (/[\w./-]*(?:health|ready|live|status|ping)[\w./-]*)[^\"]*\"? 200\b", line)
        if found and found.group(1) != check.path:
            return found.group(1)
    return ""


def _lines_about(case: ContainerCase, path: str) -> list[str]:
    return [line for line in _log_of(case) if path != "/" and path in line]


def _last_words(case: ContainerCase) -> list[str]:
    return _log_of(case)[-2:]


def _read_health_path(case: ContainerCase) -> Words:
    return Words(
        f"Read {case.log_request} for the reason, and check path and port of the probe.",
        f"用 {case.log_request} 查看原因，并核对探针的路径和端口。",
    )
