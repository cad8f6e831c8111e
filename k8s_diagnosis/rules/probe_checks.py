"""What is known of a failing probe: where it asks, what it was answered, and what the log adds."""

from __future__ import annotations

import re
from dataclasses import dataclass

from k8s_diagnosis.cases import ContainerCase
from k8s_diagnosis.logs.lines import find_telling_line
from k8s_diagnosis.logs.listening import ListeningPort, find_listening
from k8s_diagnosis.objects.access import JsonObject, read_map, read_maps, read_text
from k8s_diagnosis.objects.events import EventFacts
from k8s_diagnosis.objects.pods import is_terminating
from k8s_diagnosis.objects.probes import declared_ports, patience_of, probe_port, show_probe
from k8s_diagnosis.problem import Words
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
PATH_CODES = {"401", "403", "404", "405", "410"}

# A rolling update keeps new pods unready for a while; below this age that is no finding.
_PATIENCE_WITH_NEW_PODS_SECONDS = 120
# Failed checks this long ago explain a restart no more.
_STILL_MATTERS_SECONDS = 900
_ZH_KINDS = {"readiness": "就绪", "liveness": "存活", "startup": "启动"}


@dataclass(frozen=True, slots=True)
class Check:
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


def find_restarting_check(case: ContainerCase, kind: str) -> Check | None:
    """The probe of this kind when it is what restarts the container."""
    check = _check(case, kind)
    if check is None or not case.facts.restarts or not _was_restarted_by(case, check):
        return None
    return check


def find_unready_check(case: ContainerCase) -> Check | None:
    if not case.facts.is_running or case.facts.is_ready or case.is_down:
        return None
    return _check(case, "readiness")


def _check(case: ContainerCase, kind: str) -> Check | None:
    probe = case.probe(kind)
    if not probe or is_terminating(case.pod.pod):
        return None
    failures = [
        event
        for event in case.events_of("Unhealthy", "ProbeError", "ProbeWarning", within_seconds=_STILL_MATTERS_SECONDS)
        if event.message.lower().startswith(kind)
    ]
    return Check(kind, probe, probe_port(probe, case.facts.spec), failures)


def _was_restarted_by(case: ContainerCase, check: Check) -> bool:
    """The kubelet says so, or the container ended by a signal after failed checks."""
    if case.ended_reason == "OOMKilled":
        return False
    for event in case.events_of("Killing", within_seconds=_STILL_MATTERS_SECONDS):
        if f"failed {check.kind} probe" in event.message:
            return True
    return bool(check.failures) and case.exit_code in {137, 143, 0} and _failed_since_start(case, check)


def _failed_since_start(case: ContainerCase, check: Check) -> bool:
    """A single failed check at a regular end is no reason for it."""
    return sum(event.count for event in check.failures) > 1 or case.facts.restarts > 1


def is_young(case: ContainerCase, check: Check) -> bool:
    running = case.running_seconds
    return running is None or running < max(_PATIENCE_WITH_NEW_PODS_SECONDS, 2 * patience_of(check.probe))


def list_heard_ports(case: ContainerCase) -> list[ListeningPort]:
    return find_listening([*case.failed_log, *case.current_log])


def find_right_ports(case: ContainerCase, check: Check) -> dict[int, str]:
    """Where the probe should ask instead; empty when it asks rightly, or when nothing tells."""
    own = declared_ports([case.facts.spec])
    if check.port is None:
        return own if check.port_text and not check.port_text.isdigit() else {}
    # A log that announces ports knows better than the declaration, which binds nobody.
    heard = {port.number: own.get(port.number, "") for port in list_heard_ports(case)}
    if heard:
        return {} if check.port in heard else heard
    everywhere = declared_ports(read_maps(case.pod.pod, "spec", "containers"))
    return {} if check.port in everywhere else own or everywhere


def explain_failure(case: ContainerCase, check: Check) -> Words:
    """What the log and the message add to a failed check."""
    awaited = find_awaited_dependency(case)
    if awaited is not None:
        peer = _peer_of(case)
        return Words(f". It cannot reach {peer.en}: {awaited.why.en}.", f"。它无法连接 {peer.zh}：{awaited.why.zh}。")
    if _WRONG_SCHEME.search(check.last_message):
        return Words(". Probe and program differ in HTTP and HTTPS.", "。探针与程序的协议（HTTP/HTTPS）不一致。")
    if is_command_missing(check):
        return Words(". The command of the probe is not in the image.", "。镜像中没有探针使用的命令。")
    loopback = next((port for port in list_heard_ports(case) if port.is_loopback and port.number == check.port), None)
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


def find_awaited_dependency(case: ContainerCase) -> DependencyFacts | None:
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


def is_command_missing(check: Check) -> bool:
    return "exec" in check.probe and bool(_COMMAND_MISSING.search(check.last_message))


def find_answered_path(case: ContainerCase, check: Check) -> str:
    """A path of health checks that the log shows answered with 200."""
    for line in _log_of(case):
        found = re.search(r"\"?(?:GET|HEAD) (/[\w./-]*(?:health|ready|live|status|ping)[\w./-]*)[^\"]*\"? 200\b", line)
        if found and found.group(1) != check.path:
            return found.group(1)
    return ""


def list_lines_about(case: ContainerCase, path: str) -> list[str]:
    return [line for line in _log_of(case) if path != "/" and path in line]


def last_words(case: ContainerCase) -> list[str]:
    return _log_of(case)[-2:]
