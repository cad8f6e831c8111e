"""Probes that fail: asked on the wrong port or path, given too little time, or answered with an error."""

from __future__ import annotations

from k8s_diagnosis.cases import ContainerCase
from k8s_diagnosis.logs.listening import ListeningPort
from k8s_diagnosis.objects.access import read_text
from k8s_diagnosis.objects.pods import condition_of, is_condition_true
from k8s_diagnosis.objects.probes import declared_ports, patience_of, show_probe, timeout_of
from k8s_diagnosis.problem import Problem, Severity, Words
from k8s_diagnosis.rules.probe_checks import (
    PATH_CODES,
    Check,
    explain_failure,
    find_answered_path,
    find_awaited_dependency,
    find_restarting_check,
    find_right_ports,
    find_unready_check,
    is_command_missing,
    is_young,
    last_words,
    list_heard_ports,
    list_lines_about,
)
from k8s_diagnosis.text.times import parse_time, seconds_between, shorten_duration

# Events are kept for an hour; a pod that is unready for longer has none left to say why.
_LONG_UNREADY_SECONDS = 600
# A pod without any event is one whose events were not read.
_UNREADY_SECONDS = 180


def find_restart_by_wrong_port(case: ContainerCase) -> Problem | None:
    """A liveness or startup probe asks a port where nothing listens: a healthy program is restarted for ever."""
    for kind in ("startup", "liveness"):
        check = find_restarting_check(case, kind)
        if check is not None:
            ports = find_right_ports(case, check)
            if ports and (check.was_refused or check.port is None):
                return _wrong_port(case, check, ports, heard=list_heard_ports(case))
    return None


def find_restart_by_wrong_path(case: ContainerCase) -> Problem | None:
    """A liveness or startup probe asks a path that the program does not serve."""
    for kind in ("startup", "liveness"):
        check = find_restarting_check(case, kind)
        if check is not None and check.status_code in PATH_CODES:
            return _wrong_path(case, check)
    return None


def find_startup_too_short(case: ContainerCase) -> Problem | None:
    """The startup probe gives up before the program is up: it is restarted at a constant age."""
    check = find_restarting_check(case, "startup")
    if check is None or check.status_code or is_command_missing(check) or find_awaited_dependency(case) is not None:
        return None
    return _too_short(case, check, condition="startup-probe-too-short")


def find_liveness_too_aggressive(case: ContainerCase) -> Problem | None:
    """The liveness probe asks the right place but gives up before the program is up, or before it can answer."""
    check = find_restarting_check(case, "liveness")
    if check is None or check.status_code or is_command_missing(check) or find_awaited_dependency(case) is not None:
        return None
    run, patience = case.run_seconds, patience_of(check.probe)
    ran_well_first = run is not None and run > patience * 4 + 120
    if ran_well_first and not (check.timed_out and timeout_of(check.probe) <= 2):
        return None
    return _too_short(case, check, condition="liveness-too-aggressive")


def find_restart_by_probe(case: ContainerCase) -> Problem | None:
    """The kubelet restarts the container for its failing probe, and no more exact rule says why it fails."""
    for kind in ("startup", "liveness"):
        check = find_restarting_check(case, kind)
        if check is not None:
            return _restarted(case, check)
    return None


def find_readiness_wrong_port(case: ContainerCase) -> Problem | None:
    """The readiness probe asks a port where nothing listens."""
    check = find_unready_check(case)
    if check is None or (check.failures and not check.was_refused and check.port is not None):
        return None
    ports = find_right_ports(case, check)
    return _wrong_port(case, check, ports, heard=list_heard_ports(case)) if ports else None


def find_readiness_wrong_path(case: ContainerCase) -> Problem | None:
    """The program answers the readiness probe that there is no such path."""
    check = find_unready_check(case)
    if check is None or check.status_code not in PATH_CODES or is_young(case, check):
        return None
    return _wrong_path(case, check)


def find_readiness_failing(case: ContainerCase) -> Problem | None:
    """The container runs, is past its start, and its readiness probe still fails."""
    check = find_unready_check(case)
    if check is None or is_young(case, check):
        return None
    unready = _unready_seconds(case)
    may_wait = bool(case.pod.events) or _is_available(case)
    if not check.failures and unready < (_LONG_UNREADY_SECONDS if may_wait else _UNREADY_SECONDS):
        return None
    why, awaited = explain_failure(case, check), find_awaited_dependency(case)
    said = check.last_message or f"for {shorten_duration(unready)}, and no event says why"
    zh_said = check.last_message or f"已 {shorten_duration(unready)}，没有事件说明原因"
    evidence = check.evidence() + [f"log: {line}" for line in last_words(case)]
    return Problem(
        condition="readiness-failing",
        object=case.workload,
        detail=case.name,
        severity=Severity.CRITICAL,
        cause=Words(
            f"Container {case.name} runs but is not Ready: {said}{why.en}",
            f"容器 {case.name} 在运行但未就绪：{zh_said}{why.zh}",
        ),
        evidence=tuple(evidence) + (awaited.evidence if awaited else ()),
        next_step=awaited.next_step if awaited else _read_health_path(case),
        confidence=0.9 if awaited and awaited.confidence > 0.8 else 0.8 if check.failures else 0.65,
        because=awaited.because if awaited else (),
    )


def _is_available(case: ContainerCase) -> bool:
    """Whether the workload gets on without this pod, as it does during an update."""
    workload = case.index.find_path(case.workload)
    return workload is not None and is_condition_true(workload, "Available")


def _unready_seconds(case: ContainerCase) -> float:
    since = parse_time(read_text(condition_of(case.pod.pod, "Ready"), "lastTransitionTime"))
    return seconds_between(since, case.pod.now) or 0


def _wrong_port(case: ContainerCase, check: Check, ports: dict[int, str], *, heard: list[ListeningPort]) -> Problem:
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


def _wrong_path(case: ContainerCase, check: Check) -> Problem:
    effect, other = _effect(case, check), find_answered_path(case, check)
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
        evidence=(*check.evidence(), *(f"log: {line}" for line in list_lines_about(case, check.path)[-1:])),
        next_step=Words(
            f"Set the path of the {check.kind} probe of container {case.name} in {case.workload} to one that the "
            "program "
            f"serves without login{f' ({other})' if other else ''}.",
            f"把 {case.workload} 中容器 {case.name} 的{check.zh_kind}路径改为程序提供且无需登录的路径"
            f"{f'（{other}）' if other else ''}。",
        ),
        confidence=0.95 if check.status_code == "404" else 0.85,
    )


def _too_short(case: ContainerCase, check: Check, *, condition: str) -> Problem:
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


def _too_short_cause(case: ContainerCase, check: Check, patience: int) -> Words:
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


def _too_short_step(case: ContainerCase, check: Check) -> Words:
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


def _restarted(case: ContainerCase, check: Check) -> Problem:
    why, awaited = explain_failure(case, check), find_awaited_dependency(case)
    evidence = [*check.evidence(), case.ending_evidence(), *(f"log (failed run): {line}" for line in last_words(case))]
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
        evidence=tuple(evidence) + (awaited.evidence if awaited else ()),
        next_step=awaited.next_step if awaited else _read_health_path(case),
        confidence=0.85 if awaited else 0.72,
        because=awaited.because if awaited else (),
    )


def _port_evidence(case: ContainerCase, heard: list[ListeningPort]) -> list[str]:
    declared = ", ".join(
        f"{number}{f' ({name})' if name else ''}" for number, name in sorted(declared_ports([case.facts.spec]).items())
    )
    evidence = [f"{case.name}: declared containerPort {declared}"] if declared else []
    return evidence + [f"log: {port.line}" for port in heard[:1]]


def _port_confidence(check: Check, ports: dict[int, str], *, heard: list[ListeningPort]) -> float:
    """Declared ports are a statement of the author, not an observation; refusals and the log support them."""
    if not check.failures and check.port is not None:
        return 0.65
    return 0.97 if {port.number for port in heard} & set(ports) else 0.9


def _effect(case: ContainerCase, check: Check) -> Words:
    if check.kind == "readiness":
        return Words("the pod never becomes Ready and gets no traffic", "Pod 一直不就绪，收不到流量")
    return Words(
        f"the kubelet keeps restarting a healthy container ({case.facts.restarts} times)",
        f"kubelet 不断重启健康的容器（已 {case.facts.restarts} 次）",
    )


def _read_health_path(case: ContainerCase) -> Words:
    return Words(
        f"Read {case.log_request} for the reason, and check path and port of the probe.",
        f"用 {case.log_request} 查看原因，并核对探针的路径和端口。",
    )
