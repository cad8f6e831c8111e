"""Containers that the runtime cannot start, or not under the conditions the pod sets."""

from __future__ import annotations

import re

from k8s_diagnosis.cases import ContainerCase
from k8s_diagnosis.logs.lines import MAX_SHOWN, find_telling_line
from k8s_diagnosis.objects.access import read_text, read_texts
from k8s_diagnosis.problem import Problem, Severity, Words
from k8s_diagnosis.text.arguments import show_arguments
from mcp_kit.sanitising import sanitise_line

_CANNOT_START = {"StartError", "ContainerCannotRun", "RunContainerError", "CreateContainerError", "OCIRuntimeError"}
_NOT_FOUND_IN_SHELL = re.compile(
    r"(?:^|: )(?P<command>[\w./+@-]+): (?:command )?not found|: not found: (?P<other>\S+)$"
)
_NAMED_COMMAND = re.compile(
    r"exec:? [\"'`\\]+(?P<quoted>[^\"'`\\]+)[\"'`\\]+|executable file [`'\"](?P<crun>[^`'\"]+)|"
    r"no such file or directory: (?P<docker>/\S+)"
)
_ABOUT_COMMAND = re.compile(
    r"(?i)\bexec\b|executable|chdir|no such file|permission denied|no command specified|not a directory"
)
# A mount that fails names files too, and no command.
_ABOUT_MOUNT = re.compile(r"(?i)error mounting|failed to mount|volume-subpaths|subPath")
_ARCHITECTURE = re.compile(r"(?i)exec format error|cannot execute binary file|wrong ELF class|no match for platform")
_WORKING_DIRECTORY = re.compile(r"(?:chdir to cwd|working directory|cwd)[ (\"'\\]*(?P<path>/[^\"'\\) ]*)")
_ROOT_REFUSED = re.compile(r"(?i)runAsNonRoot|non-?root|non-numeric user")
_INIT_KILLED = re.compile(r"(?i)init was OOM-killed|memory limit too low")
_HOOK_SECONDS = 900


def find_wrong_architecture(case: ContainerCase) -> Problem | None:
    """The image holds a program for another kind of processor (or a script without an interpreter line)."""
    start = _start_error(case)
    if not case.is_crashing and not start:
        return None
    line = next((sign for sign in [start, *case.failed_log] if _ARCHITECTURE.search(sign)), "")
    if not line:
        return None
    node = case.index.find("Node", "", case.pod.node)
    processor, image = read_text(node, "status", "nodeInfo", "architecture"), read_text(case.facts.spec, "image")
    return Problem(
        condition="image-wrong-architecture",
        object=case.workload,
        detail=case.name,
        severity=Severity.CRITICAL,
        cause=Words(
            f"{case.title.en} cannot run on its node (exec format error): image {image} is not built for "
            f"{processor or 'its processor'}.",
            f"{case.title.zh} 无法在其节点上运行（exec format error）：镜像 {image} 不是为 {processor or '该处理器'} "
            "构建的。",
        ),
        evidence=(*_state_evidence(case), _quote(line), f"node architecture: {processor or 'not read'}"),
        next_step=Words(
            "Use an image built for this architecture (docker buildx --platform), or bind the pod to nodes that fit "
            "(nodeSelector kubernetes.io/arch).",
            "使用为该架构构建的镜像（docker buildx --platform），或用 nodeSelector kubernetes.io/arch "
            "调度到合适的节点。",
        ),
        confidence=0.93,
    )


def find_command_not_found(case: ContainerCase) -> Problem | None:
    """The runtime or the shell does not find the program that the container is to run, or may not run it."""
    start = _start_error(case)
    if not start and not (case.is_crashing and case.exit_code in {126, 127}):
        return None
    line = start or find_telling_line(case.failed_log)
    command = _missing_command(case, line)
    argv = [*read_texts(case.facts.spec, "command"), *read_texts(case.facts.spec, "args")]
    image = read_text(case.facts.spec, "image")
    return Problem(
        condition="crash-command-not-found",
        object=case.workload,
        detail=case.name,
        severity=Severity.CRITICAL,
        cause=_command_cause(case, line, command),
        evidence=(
            *_state_evidence(case),
            *((line if start else f"log (failed run): {line}",) if line else ()),
            *((f"{case.name}: command {show_arguments(argv)}",) if argv else ()),
        ),
        next_step=Words(
            f"Correct command and args of container {case.name} in {case.workload}, or put the program into the image "
            f"{image}.",
            f"改正 {case.workload} 中容器 {case.name} 的 command 和 args，或把该程序放进镜像 {image}。",
        ),
        confidence=0.95 if command else 0.85,
    )


def _command_cause(case: ContainerCase, line: str, command: str) -> Words:
    code = f" (exit {case.exit_code})" if case.exit_code is not None else ""
    zh_code = f"（退出码 {case.exit_code}）" if case.exit_code is not None else ""
    said = f'. It says: "{line}"' if line else ""
    zh_said = f"。提示：“{line}”" if line else ""
    directory = _WORKING_DIRECTORY.search(line)
    if directory:
        return Words(
            f"{case.title.en} cannot start{code}: its working directory {directory['path']} does not exist in the "
            "image.",
            f"{case.title.zh} 无法启动{zh_code}：镜像中没有工作目录 {directory['path']}。",
        )
    if case.exit_code == 126 or "permission denied" in line.lower():
        return Words(
            f"{case.title.en} cannot start{code}: {command or 'its command'} is there but may not be executed{said}",
            f"{case.title.zh} 无法启动{zh_code}：{command or '它的命令'} 存在但没有执行权限{zh_said}",
        )
    return Words(
        f"{case.title.en} cannot start{code}: the command {command or 'it calls'} is not found in the image{said}",
        f"{case.title.zh} 无法启动{zh_code}：镜像中找不到命令 {command}{zh_said}",
    )


def _missing_command(case: ContainerCase, line: str) -> str:
    in_shell = _NOT_FOUND_IN_SHELL.search(line)
    if in_shell:
        return in_shell["command"] or in_shell["other"]
    named = _NAMED_COMMAND.search(line)
    if named:
        return (named["quoted"] or named["crun"] or named["docker"]).strip()
    return next(iter(read_texts(case.facts.spec, "command")), "")


def _start_error(case: ContainerCase) -> str:
    """What the runtime said when it could not even start the program."""
    message = ""
    if case.ended_reason in _CANNOT_START and case.is_down:
        message = case.ended_message
    elif case.facts.waiting_reason in _CANNOT_START:
        message = read_text(case.facts.waiting, "message")
    is_about_command = _ABOUT_COMMAND.search(message) and not _ABOUT_MOUNT.search(message)
    return _quote(message) if is_about_command else ""


def find_root_refused(case: ContainerCase) -> Problem | None:
    """The pod must not run as root, and its image would."""
    message = read_text(case.facts.waiting, "message")
    if case.facts.waiting_reason != "CreateContainerConfigError" or not _ROOT_REFUSED.search(message):
        return None
    image = read_text(case.facts.spec, "image")
    return Problem(
        condition="container-runs-as-root",
        object=case.workload,
        detail=case.name,
        severity=Severity.CRITICAL,
        cause=Words(
            f"{case.title.en} is not started: runAsNonRoot is set, and image {image} runs as root (or names its user "
            "by a word, which cannot be checked).",
            f"{case.title.zh} 未启动：设置了 runAsNonRoot，而镜像 {image} 以 root 运行（或以名称指定用户，无法校验）。",
        ),
        evidence=(f"{case.name}: state.waiting reason={case.facts.waiting_reason}: {_quote(message)}",),
        next_step=Words(
            f"Set securityContext.runAsUser to a number above 0 in {case.workload} if the image can run so, or use an "
            "image with a numeric user.",
            f"若镜像支持，在 {case.workload} 中把 securityContext.runAsUser 设为大于 0 的数字，"
            "或使用以数字用户运行的镜像。",
        ),
        confidence=0.95,
    )


def find_hook_failing(case: ContainerCase) -> Problem | None:
    """The postStart hook fails, so the kubelet kills the container again and again."""
    events = case.events_of("FailedPostStartHook", within_seconds=_HOOK_SECONDS)
    if not events or case.facts.is_ready:
        return None
    return Problem(
        condition="container-hook-failing",
        object=case.workload,
        detail=case.name,
        severity=Severity.CRITICAL,
        cause=Words(
            f"The postStart hook of container {case.name} fails, so the container is killed: {events[-1].message}",
            f"容器 {case.name} 的 postStart 钩子失败，容器因此被终止：{events[-1].message}",
        ),
        evidence=(events[-1].quote(),),
        next_step=Words(
            f"Correct lifecycle.postStart of container {case.name} in {case.workload}, or move its work into the "
            "program.",
            f"改正 {case.workload} 中容器 {case.name} 的 lifecycle.postStart，或把这些工作移入程序本身。",
        ),
        confidence=0.92,
    )


def find_cannot_create(case: ContainerCase) -> Problem | None:
    """Whatever else keeps the runtime from making the container; its message is quoted."""
    reason, message = case.facts.waiting_reason, read_text(case.facts.waiting, "message")
    if case.ended_reason in _CANNOT_START and case.is_down:
        reason, message = case.ended_reason, case.ended_message
    if reason not in _CANNOT_START and reason != "CreateContainerConfigError":
        return None
    message = _quote(message)
    too_little = bool(_INIT_KILLED.search(message))
    advice = Words(
        f"Raise resources.limits.memory of container {case.name} in {case.workload}: not even its start fits.",
        f"提高 {case.workload} 中容器 {case.name} 的 resources.limits.memory：当前值连启动都不够。",
    )
    general = Words(
        f"Correct what the message names in {case.workload}; k8s-describe-pod shows volumes, env and security "
        "settings.",
        f"在 {case.workload} 中改正消息所指的内容；k8s-describe-pod 可查看卷、环境变量和安全设置。",
    )
    return Problem(
        condition="container-cannot-be-created",
        object=case.workload,
        detail=case.name,
        severity=Severity.CRITICAL,
        cause=Words(
            f"{case.title.en} cannot be created ({reason}): {message}",
            f"{case.title.zh} 无法创建（{reason}）：{message}",
        ),
        evidence=(*_state_evidence(case), message),
        next_step=advice if too_little else general,
        confidence=0.9 if too_little else 0.75,
    )


def _state_evidence(case: ContainerCase) -> list[str]:
    if case.facts.terminated:
        return [case.ending_evidence()]
    return [f"{case.name}: state.waiting reason={case.facts.waiting_reason}"]


def _quote(text: str) -> str:
    return sanitise_line(text, max_characters=MAX_SHOWN)
