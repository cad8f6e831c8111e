"""Containers whose program ends by itself with an error."""

from __future__ import annotations

import re

from k8s_diagnosis.objects.access import read_map, read_maps, read_text
from k8s_diagnosis.problem import Problem, Severity, Words
from k8s_diagnosis.snapshot import ContainerCase
from mcp_kit.sanitising import sanitise_line

_VARIABLE = r"['\"`]?(?P<name>[A-Z][A-Z0-9_]{2,})['\"`]?"
_UNDERSCORED = r"['\"`]?\b(?P<name>[A-Z][A-Z0-9]*_[A-Z0-9_]+)['\"`]?"
_KEY_ERROR = re.compile(rf"KeyError: {_VARIABLE}")
_MISSING = (
    r"(?:is |was |has )?"
    r"(?:not (?:been )?(?:set|found|defined|provided|configured|given)|missing|required|undefined|unset|empty)"
)
_MISSING_VARIABLE = tuple(
    re.compile(pattern)
    for pattern in (
        rf"(?i:env(?:ironment)?[ _-]?var(?:iable)?s?)[: ]+{_VARIABLE}(?: |:|,)*(?i:{_MISSING}|must be)",
        rf"(?i:missing|undefined|unset|no|not find|required)(?i: required| mandatory)?"
        rf"(?i: env(?:ironment)?(?:[ _-]?var(?:iable)?s?)?| settings?| config(?:uration)?(?: keys?)?)[: ]+{_VARIABLE}",
        rf"(?i:required key) {_VARIABLE} (?i:missing value)",
        rf"{_VARIABLE} (?i:environment variable) (?i:{_MISSING}|must be (?:set|provided|defined))",
        # Without the word variable only names with an underscore count: "BOB is not set" may be about a person.
        rf"{_UNDERSCORED} (?i:{_MISSING}|must be (?:set|provided|defined))",
        rf"(?:缺少|未找到|找不到|没有)(?:必需的|必要的)?环境变量[:： ]*{_VARIABLE}",
        rf"环境变量[:： ]*{_VARIABLE}[ ]*(?:未设置|没有设置|不存在|缺失|为空|未定义)",
    )
)

_EXIT_CODES: dict[int, Words] = {
    126: Words("the command is there but may not be executed", "命令存在但没有执行权限"),
    127: Words("the command was not found in the image", "镜像中找不到该命令"),
    128: Words("the container could not be started", "容器无法启动"),
    134: Words("the program aborted (SIGABRT)", "程序异常中止（SIGABRT）"),
    137: Words("it was killed (SIGKILL)", "被强制终止（SIGKILL）"),
    139: Words("the program crashed (segmentation fault)", "程序崩溃（段错误）"),
    143: Words("it was asked to stop (SIGTERM)", "收到终止信号（SIGTERM）"),
}
_ERROR_LINE = re.compile(
    r"(?i)(error|exception)\b|\b(fatal|panic|critical|cannot|failed|denied|not found)\b|错误|失败|异常"
)
_MAX_LINE = 300


def find_missing_env(case: ContainerCase) -> Problem | None:
    """The program says which environment variable it misses, and the pod does not set it."""
    if not _is_crashing(case):
        return None
    found = _missing_variable(case.log_lines())
    if found is None:
        return None
    variable, line = found
    is_listed, may_be_elsewhere = _declares(case, variable), bool(read_maps(case.facts.spec, "envFrom"))
    container, owner = case.name, case.snapshot.workload
    evidence = [case.ending_evidence(), f"log (failed run): {line}"]
    evidence.append(f"{container}: env {'lists' if is_listed else 'does not list'} {variable}")
    return Problem(
        condition="crash-missing-env",
        object=owner,
        severity=Severity.CRITICAL,
        cause=_missing_env_cause(case, variable, is_listed=is_listed),
        evidence=tuple(evidence),
        next_step=Words(
            f"Set {variable} in the env of container {container} in {owner} (a value, or a reference to a ConfigMap or "
            "Secret), or roll back the change that removed it.",
            f"在 {owner} 的容器 {container} 的 env 中设置 {variable}"
            "（直接写值，或引用 ConfigMap/Secret），或回滚删除它的变更。",
        ),
        confidence=0.6 if is_listed else 0.85 if may_be_elsewhere else 0.97,
    )


def _missing_env_cause(case: ContainerCase, variable: str, *, is_listed: bool) -> Words:
    code = case.exit_code
    if is_listed:
        return Words(
            f"Container {case.name} exits with {code} at start: it reports that environment variable {variable} is "
            "missing, although the pod lists it; its source may be empty.",
            f"容器 {case.name} 启动即以退出码 {code} 退出："
            f"程序报告缺少环境变量 {variable}，但 Pod 已列出它，其来源可能为空。",
        )
    return Words(
        f"Container {case.name} exits with {code} at start because the environment variable {variable} is not set.",
        f"容器 {case.name} 启动即以退出码 {code} 退出：没有设置必需的环境变量 {variable}。",
    )


def find_exit_error(case: ContainerCase) -> Problem | None:
    """The program ends with an error and no more exact rule knows why; its last words are quoted."""
    if not _is_crashing(case):
        return None
    code = case.exit_code
    meaning = _EXIT_CODES.get(code or 0)
    line = _telling_line(case.log_lines())
    evidence = [case.ending_evidence()]
    if line:
        evidence.append(f"log (failed run): {line}")
    start_error = read_text(case.facts.terminated, "message")
    if start_error and case.ended_reason in {"StartError", "ContainerCannotRun"}:
        evidence.append(sanitise_line(start_error, max_characters=_MAX_LINE))
    return Problem(
        condition="crash-exit-error",
        object=case.snapshot.workload,
        severity=Severity.CRITICAL,
        cause=Words(
            f"Container {case.name} keeps ending with exit code {code}"
            + (f": {meaning.en}" if meaning else "")
            + (f'. Its log says: "{line}"' if line else "."),
            f"容器 {case.name} 反复以退出码 {code} 退出"
            + (f"：{meaning.zh}" if meaning else "")
            + (f"。日志：“{line}”" if line else "。"),
        ),
        evidence=tuple(evidence),
        next_step=Words(
            f"Read k8s-get-logs pod={case.snapshot.name} container={case.name} previous=true, "
            "and compare with what changed last.",
            f"查看 k8s-get-logs pod={case.snapshot.name} container={case.name} previous=true，并对照最近的变更。",
        ),
        confidence=0.75 if line else 0.6,
    )


def _is_crashing(case: ContainerCase) -> bool:
    """Ended with an error and down now; a single restart that healed is no crash."""
    return bool(case.exit_code) and (case.is_looping or case.is_ended)


def _missing_variable(lines: list[str]) -> tuple[str, str] | None:
    # A KeyError may be about any dictionary; the traceback shows whether it was the environment.
    reads_environment = any("environ" in line for line in lines)
    patterns = (*_MISSING_VARIABLE, _KEY_ERROR) if reads_environment else _MISSING_VARIABLE
    for line in reversed(lines):
        for pattern in patterns:
            match = pattern.search(line)
            if match:
                return match.group("name"), sanitise_line(line, max_characters=_MAX_LINE)
    return None


def _declares(case: ContainerCase, variable: str) -> bool:
    return any(
        read_text(entry, "name") == variable and (bool(read_text(entry, "value")) or bool(read_map(entry, "valueFrom")))
        for entry in read_maps(case.facts.spec, "env")
    )


def _telling_line(lines: list[str]) -> str:
    written = [line for line in lines if line.strip()]
    telling = next((line for line in reversed(written) if _ERROR_LINE.search(line)), written[-1] if written else "")
    return sanitise_line(telling, max_characters=_MAX_LINE)
