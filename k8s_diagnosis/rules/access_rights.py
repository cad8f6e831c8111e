"""Programs that the API server refuses for lack of rights."""

from __future__ import annotations

import shlex
from dataclasses import dataclass

from k8s_diagnosis.cases import ContainerCase
from k8s_diagnosis.logs.lines import MAX_SHOWN
from k8s_diagnosis.logs.verdict import Refusal, find_refusal
from k8s_diagnosis.objects.access import name_of, object_path
from k8s_diagnosis.objects.permissions import (
    Binding,
    Request,
    binds,
    find_permitting_roles,
    list_bindings,
    permits,
)
from k8s_diagnosis.problem import Fix, Problem, Severity, Words
from mcp_kit.sanitising import sanitise_line

# A controller repeats its refused request, so the end of the log is enough.
_LINES_OF_A_RUNNING_PROGRAM = 40


@dataclass(frozen=True, slots=True)
class _Gap:
    """The object in which the right is missing."""

    object: str
    why: Words
    confidence: float


def find_rbac_forbidden(case: ContainerCase) -> Problem | None:
    """The log quotes a refusal of the API server; roles and bindings show where the right is missing."""
    refusal = _refusal_of(case)
    if refusal is None:
        return None
    gap = _find_gap(case, refusal)
    place = f"namespace {refusal.where}" if refusal.where else "the whole cluster"
    zh_place = f"命名空间 {refusal.where}" if refusal.where else "整个集群"
    resource = f"{refusal.resource}.{refusal.group}" if refusal.group else refusal.resource
    return Problem(
        condition="crash-rbac-forbidden",
        object=gap.object,
        subject=case.workload,
        detail=f"{refusal.verb} {resource}",
        severity=Severity.CRITICAL,
        cause=Words(
            f"The service account {refusal.account} of {case.workload} may not {refusal.verb} {resource} in {place}: "
            f"{gap.why.en}.",
            f"{case.workload} 的服务账号 {refusal.account} 无权在{zh_place}对 {resource} 执行 {refusal.verb}："
            f"{gap.why.zh}。",
        ),
        evidence=(
            *((case.ending_evidence(),) if case.facts.terminated else ()),
            f"log: {sanitise_line(refusal.line, max_characters=MAX_SHOWN)}",
        ),
        next_step=Words(
            f"Grant it: a Role with verb {refusal.verb} on {resource} in {place}, and a RoleBinding to the service "
            f"account {refusal.namespace}:{refusal.account}.",
            f"授权：在{zh_place}创建允许对 {resource} 执行 {refusal.verb} 的 Role，"
            f"并用 RoleBinding 绑定到服务账号 {refusal.namespace}:{refusal.account}。",
        ),
        confidence=gap.confidence,
        fix=_grant(refusal),
    )


def _refusal_of(case: ContainerCase) -> Refusal | None:
    if case.is_crashing:
        return case.verdict.refusal if case.verdict is not None else None
    # A controller often goes on running without its rights, and never gets ready.
    is_stuck = case.facts.is_running and not case.facts.is_ready
    return find_refusal(case.current_log[-_LINES_OF_A_RUNNING_PROGRAM:]) if is_stuck else None


def _find_gap(case: ContainerCase, refusal: Refusal) -> _Gap:
    where = refusal.where or refusal.namespace
    bindings = list(list_bindings(case.index, namespace=where))
    own = [each for each in bindings if binds(each, namespace=refusal.namespace, account=refusal.account)]
    return (
        _gap_in_own(case, refusal, own)
        or _gap_elsewhere(case, refusal, bindings)
        or _Gap(_account(refusal), Words("no role that it has lists it", "它拥有的角色都不包含该权限"), 0.85)
    )


def _gap_in_own(case: ContainerCase, refusal: Refusal, own: list[Binding]) -> _Gap | None:
    """The account has a binding, but its role is missing or too narrow."""
    for binding in own:
        role_kind, place, name = binding.role_path.split("/", 2)
        if case.index.is_missing(role_kind, place, name):
            why = Words(
                f"its binding names {binding.role_path}, which does not exist",
                f"绑定引用的 {binding.role_path} 不存在",
            )
            return _Gap(binding.path, why, 0.9)
    for binding in own:
        if binding.role is not None and not binding.role_path.startswith("ClusterRole//system:"):
            why = Words(f"its {binding.role_path} does not list it", f"它的 {binding.role_path} 未包含该权限")
            return _Gap(binding.role_path, why, 0.92)
    return None


def _gap_elsewhere(case: ContainerCase, refusal: Refusal, bindings: list[Binding]) -> _Gap | None:
    """A fitting role exists, but the account does not get it."""
    request = Request(refusal.verb, refusal.resource, refusal.group)
    for binding in bindings:
        if permits(binding.role, request) and binding.path.startswith("RoleBinding/"):
            why = Words(
                f"{binding.path} grants it, but to other subjects", f"{binding.path} 授予了该权限，但绑定的是其他主体"
            )
            return _Gap(binding.path, why, 0.88)
    roles = find_permitting_roles(case.index, request, namespace=refusal.where or refusal.namespace)
    if not roles:
        return None
    why = Words(
        f"{object_path('Role', roles[0])} allows it, but no RoleBinding gives it to the account",
        f"{object_path('Role', roles[0])} 允许该操作，但没有 RoleBinding 把它绑定到该账号",
    )
    return _Gap(_account(refusal), why, 0.88 if name_of(roles[0]) else 0.8)


def _account(refusal: Refusal) -> str:
    return f"ServiceAccount/{refusal.namespace}/{refusal.account}"


def _grant(refusal: Refusal) -> Fix | None:
    """A Role and its binding for exactly the refused request, in one namespace only."""
    if not refusal.where:
        return None
    name = f"{refusal.account}-{refusal.resource.replace('/', '-')}"
    resource = f"{refusal.resource}.{refusal.group}" if refusal.group else refusal.resource
    base = ["kubectl", "-n", refusal.where, "create"]
    role = shlex.join([*base, "role", name, f"--verb={refusal.verb}", f"--resource={resource}"])
    account = f"--serviceaccount={refusal.namespace}:{refusal.account}"
    return Fix(command=f"{role} && {shlex.join([*base, 'rolebinding', name, f'--role={name}', account])}")
