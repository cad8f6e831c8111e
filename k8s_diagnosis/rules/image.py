"""Images that cannot be pulled."""

from __future__ import annotations

import re

from k8s_diagnosis.objects.access import read_text
from k8s_diagnosis.problem import Problem, Severity, Words
from k8s_diagnosis.snapshot import ContainerCase
from mcp_kit.sanitising import sanitise_line

_PULL_FAILURES = {"ErrImagePull", "ImagePullBackOff"}
_DENIED = re.compile(
    r"(?i)pull access denied|unauthori[sz]ed|authorization failed|authentication required|\b40[13]\b|denied"
)
_NOT_FOUND = re.compile(r"(?i)not found|notfound|manifest unknown|no such image|does not exist|name unknown")
_MAX_MESSAGE = 400


def find_image_not_found(case: ContainerCase) -> Problem | None:
    """The registry answered: there is no such tag or repository."""
    message = _pull_message(case)
    if not message or _DENIED.search(message) or not _NOT_FOUND.search(message):
        return None
    image = read_text(case.facts.spec, "image")
    repository, tag = split_image(image)
    return Problem(
        condition="image-not-found",
        object=case.snapshot.workload,
        severity=Severity.CRITICAL,
        cause=Words(
            f"The image {image} does not exist: the registry has no tag {tag} in {repository}.",
            f"镜像 {image} 不存在：仓库 {repository} 中没有标签 {tag}。",
        ),
        evidence=_evidence(case, message),
        next_step=Words(
            f"Set an existing tag of {repository} in {case.snapshot.workload} (container {case.name}), "
            "or roll back to the version before.",
            f"在 {case.snapshot.workload}（容器 {case.name}）中改用 {repository} 已有的标签，或回滚到上一版本。",
        ),
        confidence=0.97,
    )


def find_image_pull_denied(case: ContainerCase) -> Problem | None:
    """The registry refused: a login is missing, or the repository does not exist; registries do not tell which."""
    message = _pull_message(case)
    if not message or not _DENIED.search(message):
        return None
    image = read_text(case.facts.spec, "image")
    missing = case.events_about("FailedToRetrieveImagePullSecret")
    evidence = _evidence(case, message)
    if missing:
        evidence = (*evidence, missing[-1].quote())
    return Problem(
        condition="image-pull-denied",
        object=case.snapshot.workload,
        severity=Severity.CRITICAL,
        cause=_denied_cause(image, has_missing_secret=bool(missing)),
        evidence=evidence,
        next_step=Words(
            f"Check the spelling of {image}; if it is private, give the pod an existing imagePullSecret "
            "with the right login.",
            f"核对镜像名 {image}；若是私有镜像，为 Pod 配置存在且登录信息正确的 imagePullSecret。",
        ),
        confidence=0.95 if missing else 0.85,
    )


def _denied_cause(image: str, *, has_missing_secret: bool) -> Words:
    if has_missing_secret:
        return Words(
            f"The registry denied pulling {image}: the imagePullSecret the pod names does not exist.",
            f"镜像仓库拒绝拉取 {image}：Pod 引用的 imagePullSecret 不存在。",
        )
    return Words(
        f"The registry denied pulling {image}: the repository does not exist, or it is private "
        "and the login is missing.",
        f"镜像仓库拒绝拉取 {image}：该仓库不存在，或是私有仓库而缺少登录凭据。",
    )


def split_image(image: str) -> tuple[str, str]:
    """Repository and tag (or digest); a port of the registry is not mistaken for a tag."""
    name, at, digest = image.partition("@")
    if at:
        return name, digest
    repository, colon, tag = name.rpartition(":")
    if colon and "/" not in tag:
        return repository, tag
    return name, "latest"


def _pull_message(case: ContainerCase) -> str:
    if case.facts.waiting_reason not in _PULL_FAILURES:
        return ""
    own = read_text(case.facts.waiting, "message")
    # Older kubelets keep the registry's answer in the events only.
    from_events = [event.message for event in case.events_about("Failed") if event.message.startswith("Failed to pull")]
    is_telling = bool(_DENIED.search(own) or _NOT_FOUND.search(own))
    return own if is_telling else " ".join([own, *from_events[-1:]]).strip()


def _evidence(case: ContainerCase, message: str) -> tuple[str, ...]:
    return (
        f"{case.name}: state.waiting reason={case.facts.waiting_reason}",
        f"{case.name}: image={read_text(case.facts.spec, 'image')}",
        sanitise_line(message, max_characters=_MAX_MESSAGE),
    )
