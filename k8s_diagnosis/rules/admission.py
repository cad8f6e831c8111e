"""Pods that cannot even be created: quotas, limits, policies, webhooks, missing accounts."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from k8s_diagnosis.index import ClusterIndex
from k8s_diagnosis.objects.access import JsonObject, object_path, read_int, read_map, read_maps, read_text
from k8s_diagnosis.objects.pods import condition_of
from k8s_diagnosis.problem import Problem, Severity, Words
from k8s_diagnosis.text.names import find_nearest
from k8s_diagnosis.text.times import seconds_between
from mcp_kit.sanitising import sanitise_line

_KINDS = ("ReplicaSet", "StatefulSet", "DaemonSet", "Job", "CronJob")
_MAX_MESSAGE = 600
# Retries of a controller back off to about a quarter of an hour, so a refusal this old may be over.
_RECENT_SECONDS = 1800

_QUOTA = re.compile(
    r"exceeded quota: (?P<quota>[\w.-]+), requested: (?P<asked>.*?), used: (?P<used>.*?), limited: (?P<limit>.*)$"
)
_QUOTA_NEEDS = re.compile(r"failed quota: (?P<quota>[\w.-]+): must specify (?P<fields>.*)$")
_LIMIT_RANGE = re.compile(
    r"(?i)(?:maximum|minimum) \S+ (?:usage|request|limit)?.{0,20}per (?:Container|Pod|PersistentVolumeClaim).*|"
    r"\S+ max limit to request ratio per .*"
)
_SECURITY = re.compile(
    r"(?i)violates PodSecurity \"(?P<level>[\w:.-]+)\": (?P<what>.*)|unable to validate against any "
    r"(?:pod security policy|security context constraint): (?P<scc>.*)"
)
_ACCOUNT = re.compile(r'(?i)serviceaccount "(?P<name>[^"]+)" not found|service account (?P<path>\S+): .*not found')
_WEBHOOK_DENIED = re.compile(r'(?i)admission webhook "(?P<webhook>[^"]+)" denied the request(?:: (?P<why>.*))?')
_POLICY_DENIED = re.compile(
    r"(?i)ValidatingAdmissionPolicy '(?P<policy>[^']+)' with binding '(?P<binding>[^']+)' denied request: (?P<why>.*)"
)
_WEBHOOK_FAILED = re.compile(r'(?i)failed calling webhook "(?P<webhook>[^"]+)": (?P<why>.*)')
_WEBHOOK_URL = re.compile(r"https?://(?P<service>[\w-]+)\.(?P<namespace>[\w-]+)\.svc")
_CLASS_MISSING = re.compile(
    r"(?i)no PriorityClass with name (?P<priority>\S+) was found|"
    r'RuntimeClass(?:\.node\.k8s\.io)? "(?P<runtime>[^"]+)" not found'
)
_POD_NAME = re.compile(r"^.*?(?:Error creating|error: ?|create Pod \S+ in StatefulSet \S+ failed error): ?")


@dataclass(frozen=True, slots=True)
class _Refusal:
    """A message of the API server that refused the pods of a workload."""

    index: ClusterIndex
    workload: str
    namespace: str
    message: str
    quote: str


def find_refused_pods(index: ClusterIndex) -> Iterator[Problem]:
    """One problem per workload and reason, from events and from the condition ReplicaFailure."""
    for refusal in _list_refusals(index):
        yield next(found for rule in _RULES if (found := rule(refusal)) is not None)


def _list_refusals(index: ClusterIndex) -> Iterator[_Refusal]:
    """The latest refusal of each workload; a status tells the present better than an event."""
    seen: set[str] = set()
    for workload, message, quote in (*_from_conditions(index), *_from_events(index)):
        if workload not in seen:
            seen.add(workload)
            yield _Refusal(index, workload, workload.split("/", 2)[1], message, quote)


def _from_conditions(index: ClusterIndex) -> Iterator[tuple[str, str, str]]:
    """Deployments keep the last refusal in their status, long after the events are gone."""
    for deployment in index.all("Deployment"):
        failure = condition_of(deployment, "ReplicaFailure")
        if read_text(failure, "status") == "True":
            message = sanitise_line(read_text(failure, "message"), max_characters=_MAX_MESSAGE)
            yield object_path("Deployment", deployment), message, f"Deployment ReplicaFailure=True: {message}"


def _from_events(index: ClusterIndex) -> Iterator[tuple[str, str, str]]:
    for event in reversed(index.events_of_reason("FailedCreate", "FailedCreatePodSandBoxDueToAdmission")):
        if event.kind not in _KINDS or (seconds_between(event.last_seen, index.now) or 0) > _RECENT_SECONDS:
            continue
        source = index.find(event.kind, event.namespace, event.name)
        is_gone = source is None and index.is_complete(event.kind, event.namespace)
        if is_gone or (source is not None and _has_all_pods(event.kind, source)):
            continue
        workload = (
            index.owner_path_of(event.kind, source)
            if source is not None
            else _owner_by_name(index, event.kind, event.namespace, event.name)
        )
        yield workload, _POD_NAME.sub("", event.message), event.quote()


def _owner_by_name(index: ClusterIndex, kind: str, namespace: str, name: str) -> str:
    """The workload of an object that was not read: a ReplicaSet is called after its Deployment."""
    deployment = name.rpartition("-")[0]
    if kind == "ReplicaSet" and index.find("Deployment", namespace, deployment) is not None:
        return f"Deployment/{namespace}/{deployment}"
    return f"{kind}/{namespace}/{name}"


def _has_all_pods(kind: str, source: JsonObject) -> bool:
    """Whether the workload got its pods in the end."""
    if kind == "Job":
        return bool(read_int(source, "status", "active") or read_int(source, "status", "succeeded"))
    if kind == "DaemonSet":
        return read_int(source, "status", "currentNumberScheduled") >= read_int(
            source, "status", "desiredNumberScheduled"
        )
    return read_int(source, "status", "replicas") >= read_int(source, "spec", "replicas")


def _quota_exceeded(refusal: _Refusal) -> Problem | None:
    found = _QUOTA.search(refusal.message)
    if found is None:
        return None
    quota, asked, used, limit = found["quota"], found["asked"], found["used"], found["limit"]
    return Problem(
        condition="quota-exceeded",
        object=f"ResourceQuota/{refusal.namespace}/{quota}",
        subject=refusal.workload,
        severity=Severity.CRITICAL,
        cause=Words(
            f"The ResourceQuota {quota} of namespace {refusal.namespace} is used up: it allows {limit}, {used} are "
            "used, "
            f"and {refusal.workload} asks for {asked} more. Its further pods are refused.",
            f"命名空间 {refusal.namespace} 的 ResourceQuota {quota} 已用尽：上限 {limit}，已用 {used}，"
            f"{refusal.workload} 还需要 {asked}，新的 Pod 被拒绝。",
        ),
        evidence=(refusal.quote, *_quota_evidence(refusal, quota)),
        next_step=Words(
            f"Raise {quota}, or lower the replicas or requests of {refusal.workload} or of others in the namespace.",
            f"提高 {quota} 的配额，或降低 {refusal.workload} 及命名空间内其他工作负载的副本数或 request。",
        ),
        confidence=0.97,
    )


def _quota_evidence(refusal: _Refusal, quota: str) -> list[str]:
    status = read_map(refusal.index.find("ResourceQuota", refusal.namespace, quota), "status")
    hard, used = read_map(status, "hard"), read_map(status, "used")
    return (
        [f"{quota}: {', '.join(f'{key} {used.get(key)}/{value}' for key, value in sorted(hard.items()))}"]
        if hard
        else []
    )


def _quota_needs_limits(refusal: _Refusal) -> Problem | None:
    found = _QUOTA_NEEDS.search(refusal.message)
    if found is None:
        return None
    quota, fields = found["quota"], found["fields"]
    return Problem(
        condition="quota-needs-limits",
        object=refusal.workload,
        severity=Severity.CRITICAL,
        cause=Words(
            f"The ResourceQuota {quota} demands that every pod states {fields}; the pods of {refusal.workload} do not, "
            "and "
            "no LimitRange gives defaults, so they are refused.",
            f"ResourceQuota {quota} 要求每个 Pod 声明 {fields}；{refusal.workload} 的 Pod 没有声明，"
            "也没有 LimitRange 提供默认值，因此被拒绝。",
        ),
        evidence=(refusal.quote,),
        next_step=Words(
            f"Set these requests and limits in {refusal.workload}, or add a LimitRange with defaults to namespace "
            f"{refusal.namespace}.",
            f"在 {refusal.workload} 中设置这些 request 和 limit，或在命名空间 {refusal.namespace} 添加带默认值的 "
            "LimitRange。",
        ),
        confidence=0.97,
    )


def _limit_range_violated(refusal: _Refusal) -> Problem | None:
    found = _LIMIT_RANGE.search(refusal.message)
    if found is None:
        return None
    ranges = refusal.index.names("LimitRange", refusal.namespace)
    name = f"LimitRange {', '.join(ranges)}" if ranges else "a LimitRange"
    zh_name = f"LimitRange {', '.join(ranges)}" if ranges else "LimitRange"
    return Problem(
        condition="limit-range-violated",
        object=refusal.workload,
        severity=Severity.CRITICAL,
        cause=Words(
            f"The pods of {refusal.workload} are refused by {name} of namespace {refusal.namespace}: {found.group(0)}",
            f"{refusal.workload} 的 Pod 被命名空间 {refusal.namespace} 的 {zh_name} 拒绝：{found.group(0)}",
        ),
        evidence=(refusal.quote,),
        next_step=Words(
            f"Bring requests and limits of {refusal.workload} within the range, or change the LimitRange.",
            f"把 {refusal.workload} 的 request 和 limit 调整到允许范围内，或修改 LimitRange。",
        ),
        confidence=0.96,
        touches=tuple(f"LimitRange/{refusal.namespace}/{each}" for each in ranges),
    )


def _security_denied(refusal: _Refusal) -> Problem | None:
    found = _SECURITY.search(refusal.message)
    if found is None:
        return None
    level, what = found["level"] or "security context constraints", (found["what"] or found["scc"] or "").strip()
    return Problem(
        condition="podsecurity-denied",
        object=refusal.workload,
        severity=Severity.CRITICAL,
        cause=Words(
            f"Namespace {refusal.namespace} enforces {level}, and the pods of {refusal.workload} do not comply: {what}",
            f"命名空间 {refusal.namespace} 强制 {level} 安全级别，{refusal.workload} 的 Pod 不符合：{what}",
        ),
        evidence=(refusal.quote,),
        next_step=Words(
            f"Set what the message lists in the securityContext of {refusal.workload} (for restricted: runAsNonRoot, "
            "allowPrivilegeEscalation=false, capabilities drop ALL, seccompProfile RuntimeDefault).",
            f"在 {refusal.workload} 的 securityContext 中设置消息列出的字段（restricted 级别：runAsNonRoot、"
            "allowPrivilegeEscalation=false、capabilities drop ALL、seccompProfile RuntimeDefault）。",
        ),
        confidence=0.97,
    )


def _account_missing(refusal: _Refusal) -> Problem | None:
    found = _ACCOUNT.search(refusal.message)
    if found is None:
        return None
    name = found["name"] or (found["path"] or "").rpartition("/")[2]
    near = find_nearest(name, among=refusal.index.names("ServiceAccount", refusal.namespace), limit=3)
    hint_en, hint_zh = (f" (nearest: {', '.join(near)})", f"（相近的有：{', '.join(near)}）") if near else ("", "")
    return Problem(
        condition="serviceaccount-missing",
        object=f"ServiceAccount/{refusal.namespace}/{name}",
        subject=refusal.workload,
        severity=Severity.CRITICAL,
        cause=Words(
            f"{refusal.workload} names the ServiceAccount {name}, which does not exist in namespace "
            f"{refusal.namespace}{hint_en}: no pod can be created.",
            f"{refusal.workload} 使用的 ServiceAccount {name} 在命名空间 {refusal.namespace} 中不存在{hint_zh}，"
            "无法创建 Pod。",
        ),
        evidence=(refusal.quote,),
        next_step=Words(
            f"Create the ServiceAccount {name} in namespace {refusal.namespace}, or correct serviceAccountName in "
            f"{refusal.workload}.",
            f"在命名空间 {refusal.namespace} 中创建 ServiceAccount {name}，或改正 {refusal.workload} 的 "
            "serviceAccountName。",
        ),
        confidence=0.97,
    )


def _webhook_unavailable(refusal: _Refusal) -> Problem | None:
    found = _WEBHOOK_FAILED.search(refusal.message)
    if found is None:
        return None
    webhook, why = found["webhook"], found["why"]
    configuration = _find_configuration(refusal.index, webhook)
    service = _webhook_service(refusal.index, configuration, webhook, why)
    return Problem(
        condition="webhook-unavailable",
        object=configuration or (f"Service/{service[0]}/{service[1]}" if service else refusal.workload),
        subject=refusal.workload,
        severity=Severity.CRITICAL,
        cause=Words(
            f"The admission webhook {webhook} does not answer, so the pods of {refusal.workload} are refused: {why}",
            f"准入 webhook {webhook} 没有应答，{refusal.workload} 的 Pod 因此被拒绝：{why}",
        ),
        evidence=(refusal.quote,),
        next_step=Words(
            "Get the webhook's pods and Service to run"
            + (f" (Service/{service[0]}/{service[1]})" if service else "")
            + ", correct its certificate or port, or remove its configuration if it is not needed.",
            "恢复该 webhook 的 Pod 和 Service"
            + (f"（Service/{service[0]}/{service[1]}）" if service else "")
            + "，改正其证书或端口；若不再需要则删除其配置。",
        ),
        confidence=0.94,
        because=(f"Service/{service[0]}/{service[1]}",) if service else (),
    )


def _find_configuration(index: ClusterIndex, webhook: str) -> str:
    for kind in ("ValidatingWebhookConfiguration", "MutatingWebhookConfiguration"):
        for each in index.all(kind):
            if any(read_text(entry, "name") == webhook for entry in read_maps(each, "webhooks")):
                return object_path(kind, each)
    return ""


def _webhook_service(index: ClusterIndex, configuration: str, webhook: str, why: str) -> tuple[str, str] | None:
    """Namespace and name of the Service behind a webhook."""
    named = index.find_path(configuration) if configuration else None
    for entry in read_maps(named, "webhooks"):
        service = read_map(entry, "clientConfig", "service")
        if read_text(entry, "name") == webhook and service:
            return read_text(service, "namespace"), read_text(service, "name")
    url = _WEBHOOK_URL.search(why)
    return (url["namespace"], url["service"]) if url else None


def _webhook_denied(refusal: _Refusal) -> Problem | None:
    found = _WEBHOOK_DENIED.search(refusal.message) or _POLICY_DENIED.search(refusal.message)
    if found is None:
        return None
    facts = found.groupdict()
    who, why = facts.get("webhook") or f"policy {facts.get('policy')}", (facts.get("why") or "").strip()
    return Problem(
        condition="webhook-denied",
        object=refusal.workload,
        severity=Severity.CRITICAL,
        cause=Words(
            f"The admission {'policy' if facts.get('policy') else 'webhook'} {facts.get('policy') or who} refuses the "
            "pods "
            f"of {refusal.workload}: {why or 'it gives no reason'}",
            f"准入{'策略' if facts.get('policy') else ' webhook'} {facts.get('policy') or who} 拒绝了 "
            f"{refusal.workload} "
            f"的 Pod：{why or '未说明原因'}",
        ),
        evidence=(refusal.quote,),
        next_step=Words(
            f"Change {refusal.workload} as the message demands, or the policy behind {who}.",
            f"按消息要求修改 {refusal.workload}，或修改 {who} 的策略。",
        ),
        confidence=0.95,
    )


def _class_missing(refusal: _Refusal) -> Problem | None:
    found = _CLASS_MISSING.search(refusal.message)
    if found is None:
        return None
    kind, name = ("PriorityClass", found["priority"]) if found["priority"] else ("RuntimeClass", found["runtime"])
    field = "priorityClassName" if kind == "PriorityClass" else "runtimeClassName"
    existing = refusal.index.names(kind, "")
    near = find_nearest(name, among=existing, limit=3)
    hint = f" ({', '.join(near)})" if near else ""
    return Problem(
        condition="class-missing",
        object=f"{kind}//{name}",
        subject=refusal.workload,
        severity=Severity.CRITICAL,
        cause=Words(
            f"{refusal.workload} names the {kind} {name}, which does not exist: no pod can be created.",
            f"{refusal.workload} 使用的 {kind} {name} 不存在，无法创建 Pod。",
        ),
        evidence=(refusal.quote,),
        next_step=Words(
            f"Create the {kind} {name}, or correct {field} in {refusal.workload}{hint}.",
            f"创建 {kind} {name}，或改正 {refusal.workload} 的 {field}{hint}。",
        ),
        confidence=0.97,
    )


def _other(refusal: _Refusal) -> Problem:
    return Problem(
        condition="pods-refused",
        object=refusal.workload,
        severity=Severity.CRITICAL,
        cause=Words(
            f"The API server refuses the pods of {refusal.workload}: {refusal.message}",
            f"API 服务器拒绝了 {refusal.workload} 的 Pod：{refusal.message}",
        ),
        evidence=(refusal.quote,),
        next_step=Words(
            f"Correct the field that the message names in the pod template of {refusal.workload}.",
            f"在 {refusal.workload} 的 Pod 模板中改正消息所指的字段。",
        ),
        confidence=0.85,
    )


_RULES: tuple[Callable[[_Refusal], Problem | None], ...] = (
    _quota_exceeded,
    _quota_needs_limits,
    _limit_range_violated,
    _security_denied,
    _account_missing,
    _webhook_unavailable,
    _webhook_denied,
    _class_missing,
    _other,
)
