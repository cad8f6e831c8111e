"""The detail view of one pod."""

from __future__ import annotations

from collections.abc import Sequence

from k8s_diagnosis.cases import PodCase
from k8s_diagnosis.objects.access import JsonObject, read_int, read_map, read_maps, read_text
from k8s_diagnosis.objects.pods import ContainerFacts, owner_of, readiness_of, status_of
from k8s_diagnosis.objects.probes import show_probe
from k8s_diagnosis.problem import Problem
from k8s_mcp.listing.pods import age_of
from k8s_mcp.results import ConditionView, ContainerView, EnvView, PodResult, ProblemView, view_problem
from k8s_mcp.showing.detail import view_events, write_event_lines
from mcp_kit.redaction import HIDDEN, is_credential_name
from mcp_kit.sanitising import sanitise_line

_MAX_ENV = 40
_MAX_VALUE = 80
_MAX_MESSAGE = 400
_MAX_EVIDENCE = 6
"""Pieces of evidence per problem; that none of fifty nodes has room is clear after a few."""


def make_pod_result(
    case: PodCase, *, problems: Sequence[Problem], cluster: str, notes: Sequence[str] = ()
) -> PodResult:
    """`notes` say what could not be read: without them no events would mean that nothing happened."""
    pod = case.pod
    ready, total = readiness_of(pod)
    kind, owner = owner_of(pod)
    return PodResult(
        cluster=cluster,
        namespace=case.namespace,
        name=case.name,
        status=status_of(pod),
        ready=f"{ready}/{total}",
        node=read_text(pod, "spec", "nodeName"),
        pod_ip=read_text(pod, "status", "podIP"),
        age=age_of(pod, case.now),
        owner=None if kind == "Pod" else f"{kind}/{owner}",
        containers=[_view_container(container.facts) for container in case.containers],
        conditions=[_view_condition(condition) for condition in read_maps(pod, "status", "conditions")],
        events=view_events(case.events, now=case.now),
        problems=[_view_problem(problem) for problem in problems],
        note="; ".join(notes) or None,
    )


def _view_problem(problem: Problem) -> ProblemView:
    view = view_problem(problem)
    evidence = view.evidence or []
    more = len(evidence) - _MAX_EVIDENCE
    if more <= 0:
        return view
    return view.model_copy(update={"evidence": [*evidence[:_MAX_EVIDENCE], f"{more} more of the same kind"]})


def _view_container(facts: ContainerFacts) -> ContainerView:
    ended = facts.terminated
    last = read_map(facts.status, "lastState", "terminated")
    current = read_map(facts.status, "state", facts.state())
    return ContainerView(
        name=facts.name,
        init=facts.is_init,
        image=read_text(facts.spec, "image"),
        ready=facts.is_ready,
        restarts=facts.restarts,
        state=facts.state(),
        reason=read_text(current, "reason"),
        last_state=_show_ending(last),
        exit_code=read_int(ended, "exitCode") if ended else None,
        ports=[_show_port(port) for port in read_maps(facts.spec, "ports")],
        requests=_show_resources(facts.spec, "requests"),
        limits=_show_resources(facts.spec, "limits"),
        probes={
            kind: show_probe(read_map(facts.spec, f"{kind}Probe"))
            for kind in ("startup", "liveness", "readiness")
            if read_map(facts.spec, f"{kind}Probe")
        },
        env=_view_env(facts.spec),
    )


def _show_ending(terminated: JsonObject) -> str:
    if not terminated:
        return ""
    return f"terminated {read_text(terminated, 'reason')} exit {read_int(terminated, 'exitCode')}".strip()


def _show_port(port: JsonObject) -> str:
    number, name = read_text(port, "containerPort"), read_text(port, "name")
    return f"{number}/{read_text(port, 'protocol') or 'TCP'}" + (f" {name}" if name else "")


def _show_resources(container: JsonObject, kind: str) -> dict[str, str]:
    return {key: str(value) for key, value in read_map(container, "resources", kind).items()}


def _view_env(container: JsonObject) -> list[EnvView]:
    """Where each variable comes from. A value is shown only when neither it nor its name looks like a credential."""
    single = [
        EnvView(name=read_text(entry, "name"), source=_env_source(entry)) for entry in read_maps(container, "env")
    ]
    whole = [
        EnvView(name=f"{read_text(entry, 'prefix')}*", source=f"all keys of {kind} {read_text(entry, field, 'name')}")
        for entry in read_maps(container, "envFrom")
        for field, kind in (("configMapRef", "ConfigMap"), ("secretRef", "Secret"))
        if read_map(entry, field)
    ]
    return [*whole, *single][:_MAX_ENV]


def _env_source(entry: JsonObject) -> str:
    source = read_map(entry, "valueFrom")
    for field, kind in (("configMapKeyRef", "ConfigMap"), ("secretKeyRef", "Secret")):
        reference = read_map(source, field)
        if reference:
            return f"{kind} {read_text(reference, 'name')} key {read_text(reference, 'key')}"
    if read_map(source, "fieldRef"):
        return f"field {read_text(source, 'fieldRef', 'fieldPath')}"
    if read_map(source, "resourceFieldRef"):
        return f"resource {read_text(source, 'resourceFieldRef', 'resource')}"
    value = read_text(entry, "value")
    if is_credential_name(read_text(entry, "name")):
        return f"value {HIDDEN}"
    return f"value {sanitise_line(value, max_characters=_MAX_VALUE)}" if value else "value (empty)"


def _view_condition(condition: JsonObject) -> ConditionView:
    return ConditionView(
        type=read_text(condition, "type"),
        status=read_text(condition, "status"),
        reason=read_text(condition, "reason"),
        message=sanitise_line(read_text(condition, "message"), max_characters=_MAX_MESSAGE),
    )


def write_pod_text(result: PodResult) -> str:
    """The same facts for a reader."""
    lines = [
        f"Pod {result.namespace}/{result.name} in cluster {result.cluster}: {result.status}, ready {result.ready}, "
        f"age {result.age}, node {result.node or '(none)'}, owner {result.owner or '(none)'}, "
        f"ip {result.pod_ip or '(none)'}"
    ]
    for problem in result.problems:
        lines.append(f"PROBLEM {problem.condition} ({problem.confidence:.0%} sure): {problem.cause.en}")
        lines.extend(f"  evidence: {line}" for line in problem.evidence or ())
        lines.extend(f"  next: {step.en}" for step in [problem.next_step] if step)
    for container in result.containers:
        lines.extend(_container_lines(container))
    told = "\n".join(line for problem in result.problems for line in problem.evidence or ())
    for bad in (each for each in result.conditions if each.status != "True"):
        # The scheduler's words are long, and stand in the evidence already.
        message = "" if bad.message in told else bad.message
        lines.append(f"condition {bad.type}={bad.status} {bad.reason} {message}".rstrip())
    lines.extend(write_event_lines(result.events) if result.events or not result.note else [])
    return "\n".join([*lines, *([result.note] if result.note else [])])


def _container_lines(container: ContainerView) -> list[str]:
    state = f"{container.state} {container.reason}".strip()
    lines = [
        f"{'init container' if container.init else 'container'} {container.name}: image {container.image}, {state}, "
        f"{'ready' if container.ready else 'not ready'}, {container.restarts} restarts"
    ]
    if container.last_state:
        lines.append(f"  last state: {container.last_state}")
    if container.ports:
        lines.append(f"  ports: {', '.join(container.ports)}")
    stated = (("requests", container.requests), ("limits", container.limits))
    resources = [f"{kind} {_join(values)}" for kind, values in stated if values]
    if resources:
        lines.append(f"  resources: {'; '.join(resources)}")
    lines.extend(f"  {kind} probe: {text}" for kind, text in container.probes.items())
    if container.env:
        lines.append(f"  env: {', '.join(f'{each.name} ({each.source})' for each in container.env)}")
    return lines


def _join(values: dict[str, str]) -> str:
    return ",".join(f"{key}={value}" for key, value in sorted(values.items()))
