"""Containers whose program ends by itself."""

from __future__ import annotations

from k8s_diagnosis.cases import ContainerCase
from k8s_diagnosis.logs.endings import FoundEnding
from k8s_diagnosis.logs.lines import MAX_SHOWN, find_telling_line
from k8s_diagnosis.logs.listening import find_listening
from k8s_diagnosis.objects.access import read_flag, read_map, read_maps, read_text
from k8s_diagnosis.objects.revisions import find_revisions
from k8s_diagnosis.problem import Problem, Severity, Words
from k8s_diagnosis.rules.storage import space_of_claim
from k8s_diagnosis.sources import Source, find_file_source, find_source, secrets_of
from mcp_kit.sanitising import sanitise_line

_EXIT_CODES: dict[int, Words] = {
    126: Words("the command is there but may not be executed", "命令存在但没有执行权限"),
    127: Words("the command was not found in the image", "镜像中找不到该命令"),
    128: Words("the container could not be started", "容器无法启动"),
    132: Words(
        "the program used an instruction this processor does not know (SIGILL)", "处理器不支持程序的指令（SIGILL）"
    ),
    134: Words("the program aborted (SIGABRT)", "程序异常中止（SIGABRT）"),
    137: Words("it was killed (SIGKILL)", "被强制终止（SIGKILL）"),
    139: Words("the program crashed (segmentation fault)", "程序崩溃（段错误）"),
    143: Words("it was asked to stop (SIGTERM)", "收到终止信号（SIGTERM）"),
}


def find_exit_zero(case: ContainerCase) -> Problem | None:
    """A program that has done its work and is started again, since its pod is of a service."""
    is_service = read_text(case.pod.pod, "spec", "restartPolicy") in {"", "Always"} and not case.facts.is_init
    if case.exit_code != 0 or not is_service or not case.is_down or not case.facts.restarts:
        return None
    last = find_telling_line(case.failed_log[-1:])
    return Problem(
        condition="crash-exit-zero",
        object=case.workload,
        detail=case.name,
        severity=Severity.CRITICAL,
        cause=Words(
            f"{case.title.en} ends by itself with exit code 0 and is started again for ever "
            f"({case.facts.restarts} restarts): its program is a one-shot task, run as a service.",
            f"{case.title.zh} 正常结束（退出码 0）却被反复启动（已 {case.facts.restarts} 次）："
            "它是一次性任务，却作为常驻服务运行。",
        ),
        evidence=(case.ending_evidence(), *((f"log (last run): {last}",) if last else ())),
        next_step=Words(
            "Run it as a Job or CronJob, or give it a command that keeps running.",
            "改为 Job 或 CronJob 运行，或使用持续运行的命令。",
        ),
        confidence=0.93,
    )


def find_missing_env(case: ContainerCase) -> Problem | None:
    """The program says which environment variable it misses."""
    verdict = case.verdict
    if verdict is None or verdict.missing_variable is None:
        return None
    variable, line = verdict.missing_variable
    is_listed, may_be_elsewhere = _declares(case, variable), bool(read_maps(case.facts.spec, "envFrom"))
    evidence = [case.ending_evidence(), f"log (failed run): {_quote(line)}"]
    evidence.append(f"{case.name}: env {'lists' if is_listed else 'does not list'} {variable}")
    return Problem(
        condition="crash-missing-env",
        object=case.workload,
        detail=case.name,
        severity=Severity.CRITICAL,
        cause=_missing_env_cause(case, variable, is_listed=is_listed),
        evidence=(*evidence, *_revision_evidence(case)),
        next_step=Words(
            f"Set {variable} in the env of container {case.name} in {case.workload} (a value, or a reference to a "
            "ConfigMap or Secret), or roll back the change that removed it.",
            f"在 {case.workload} 的容器 {case.name} 的 env 中设置 {variable}"
            "（直接写值，或引用 ConfigMap/Secret），或回滚删除它的变更。",
        ),
        confidence=0.6 if is_listed else 0.88 if may_be_elsewhere else 0.97,
    )


def _missing_env_cause(case: ContainerCase, variable: str, *, is_listed: bool) -> Words:
    code = case.exit_code
    if is_listed:
        return Words(
            f"{case.title.en} exits with {code} at start: it reports that environment variable {variable} is "
            "missing, although the pod lists it; its source may be empty.",
            f"{case.title.zh} 启动即以退出码 {code} 退出："
            f"程序报告缺少环境变量 {variable}，但 Pod 已列出它，其来源可能为空。",
        )
    return Words(
        f"{case.title.en} exits with {code} at start because the environment variable {variable} is not set.",
        f"{case.title.zh} 启动即以退出码 {code} 退出：没有设置必需的环境变量 {variable}。",
    )


def find_known_ending(case: ContainerCase) -> Problem | None:
    """The last words of the program fit a reason that many programs word alike."""
    verdict = case.verdict
    if verdict is None or verdict.ending is None:
        return None
    found = verdict.ending
    source, line = _source_of(case, found), _quote(found.line)
    about = f" ({found.about})" if found.about else ""
    zh_about = f"（{found.about}）" if found.about else ""
    context = _context_of(case, found)
    if source is not None:
        context.append(source.shown)
    return Problem(
        condition="init-failing" if case.is_init else found.ending.condition,
        object=source.object if source is not None else case.workload,
        subject=case.workload,
        detail=case.name,
        severity=Severity.CRITICAL,
        cause=Words(
            f"{case.title.en} keeps ending with exit code {case.exit_code}: {found.ending.cause.en}{about}. "
            f'Its log says: "{line}"',
            f"{case.title.zh} 反复以退出码 {case.exit_code} 退出：{found.ending.cause.zh}{zh_about}。日志：“{line}”",
        ),
        evidence=(case.ending_evidence(), f"log (failed run): {line}", *context, *_revision_evidence(case)),
        next_step=found.ending.next_step,
        confidence=0.9,
        touches=_full_claims(case) if found.ending.condition == "crash-disk-full" else (),
    )


def _full_claims(case: ContainerCase) -> tuple[str, ...]:
    """The claims a program writes to that finds no space: that they are full is the same fault once more."""
    volumes = read_maps(case.pod.pod, "spec", "volumes")
    names = [read_text(volume, "persistentVolumeClaim", "claimName") for volume in volumes]
    return tuple(space_of_claim(case.pod.namespace, name) for name in names if name)


def _source_of(case: ContainerCase, found: FoundEnding) -> Source | None:
    """The object to change, when it is another than the workload."""
    if found.ending.condition == "crash-config-invalid" and found.about:
        return find_file_source(case, found.about) or find_source(case, found.about)
    if found.ending.condition == "crash-login-refused":
        secrets = secrets_of(case)
        if len(secrets) == 1:
            return Source(
                f"Secret/{case.pod.namespace}/{secrets[0]}", f"is read into the environment of {case.name}", ""
            )
    return None


def _context_of(case: ContainerCase, found: FoundEnding) -> list[str]:
    """Fields of the pod that belong to the reason."""
    security = read_map(case.facts.spec, "securityContext")
    match found.ending.condition:
        case "crash-read-only-filesystem" if read_flag(security, "readOnlyRootFilesystem"):
            return [f"{case.name}: securityContext.readOnlyRootFilesystem=true"]
        case "crash-permission-denied":
            user = read_text(security, "runAsUser") or read_text(case.pod.pod, "spec", "securityContext", "runAsUser")
            return [f"{case.name}: runAsUser={user}"] if user else []
        case "crash-port-clash":
            return _ports_evidence(case)
        case "crash-heap-exhausted":
            limit = read_text(case.facts.spec, "resources", "limits", "memory")
            return [f"{case.name}: resources.limits.memory={limit}"] if limit else []
    return []


def _ports_evidence(case: ContainerCase) -> list[str]:
    """Which ports the containers of the pod declare, and which the others say they listen on."""
    shown = []
    for other in case.pod.containers:
        if other.port_names:
            shown.append(f"{other.name}: containerPort {', '.join(str(port) for port in sorted(other.port_names))}")
        if other.name != case.name:
            shown.extend(f"log of {other.name}: {_quote(port.line)}" for port in find_listening(other.current_log)[:2])
    return shown


def find_after_change(case: ContainerCase) -> Problem | None:
    """No line of the log is understood, but the fault began with the newest revision while the one before runs."""
    revisions = find_revisions(case.index, case.pod.pod) if case.is_crashing else None
    if revisions is None or not revisions.changes or not revisions.is_older_fine:
        return None
    line, changes = find_telling_line(case.failed_log), "; ".join(revisions.changes[:4])
    return Problem(
        condition="crash-after-change",
        object=case.workload,
        detail=case.name,
        severity=Severity.CRITICAL,
        cause=Words(
            f"{case.title.en} keeps ending with exit code {case.exit_code} since revision {revisions.newest}; "
            f"revision {revisions.older} runs. Changed: {changes}." + (f' Its log says: "{line}"' if line else ""),
            f"{case.title.zh} 自版本 {revisions.newest} 起反复以退出码 {case.exit_code} 退出，"
            f"版本 {revisions.older} 正常。变更：{changes}。" + (f"日志：“{line}”" if line else ""),
        ),
        evidence=(
            case.ending_evidence(),
            *((f"log (failed run): {line}",) if line else ()),
            *(f"revision {revisions.older} → {revisions.newest}: {change}" for change in revisions.changes[:6]),
        ),
        next_step=Words(
            f"Roll back {case.workload} to revision {revisions.older}, then correct the change.",
            f"将 {case.workload} 回滚到版本 {revisions.older}，再改正该变更。",
        ),
        confidence=0.85,
        fix=revisions.rollback,
    )


def find_exit_error(case: ContainerCase) -> Problem | None:
    """The program ends with an error and no more exact rule knows why; its last words are quoted."""
    if not case.is_crashing:
        return None
    code, meaning = case.exit_code, _EXIT_CODES.get(case.exit_code or 0)
    line = find_telling_line(case.failed_log)
    evidence = [case.ending_evidence(), *((f"log (failed run): {line}",) if line else ())]
    return Problem(
        condition="init-failing" if case.is_init else "crash-exit-error",
        object=case.workload,
        detail=case.name,
        severity=Severity.CRITICAL,
        cause=Words(
            f"{case.title.en} keeps ending with exit code {code}"
            + (f": {meaning.en}" if meaning else "")
            + (f'. Its log says: "{line}"' if line else "."),
            f"{case.title.zh} 反复以退出码 {code} 退出"
            + (f"：{meaning.zh}" if meaning else "")
            + (f"。日志：“{line}”" if line else "。"),
        ),
        evidence=(*evidence, *_revision_evidence(case)),
        next_step=Words(
            f"Read {case.log_request}, and compare with what changed last.",
            f"查看 {case.log_request}，并对照最近的变更。",
        ),
        confidence=0.78 if line else 0.6,
    )


def _declares(case: ContainerCase, variable: str) -> bool:
    return any(
        read_text(entry, "name") == variable and (bool(read_text(entry, "value")) or bool(read_map(entry, "valueFrom")))
        for entry in read_maps(case.facts.spec, "env")
    )


def _revision_evidence(case: ContainerCase) -> list[str]:
    revisions = find_revisions(case.index, case.pod.pod)
    if revisions is None:
        return []
    return [f"revision {revisions.older} → {revisions.newest}: {change}" for change in revisions.changes[:3]]


def _quote(text: str) -> str:
    return sanitise_line(text, max_characters=MAX_SHOWN)
