"""Who else keeps an object in a wanted state and would undo a change made here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from k8s_diagnosis.objects.access import JsonObject, labels_of, read_flag, read_map, read_maps, read_text
from k8s_diagnosis.problem import Words
from mcp_kit.sanitising import sanitise_line

_MAX_NAME = 100


@dataclass(frozen=True, slots=True)
class Keeper:
    """A deployment tool, or the object that owns this one; `name` is what it calls its unit of work."""

    tool: str
    name: str
    reverts: bool = True
    """Whether it watches and writes its own state back; Helm only does with the next release."""

    @property
    def words(self) -> Words:
        if self.reverts:
            return Words(
                en=f"Kept by {self.tool} ({self.name}): it will probably undo this change; change its source instead.",
                zh=f"由 {self.tool}（{self.name}）管理：很可能会撤销这次变更，应改它的来源。",
            )
        return Words(
            en=f"Installed by {self.tool} ({self.name}): its next upgrade overwrites this change.",
            zh=f"由 {self.tool}（{self.name}）安装：下次升级会覆盖这次变更。",
        )


_Marks = Mapping[str, str]
_Sign = Callable[[_Marks, _Marks], Keeper | None]


def _by_annotation(key: str, tool: str) -> _Sign:
    return lambda _, annotations: _keeper(tool, annotations.get(key))


def _by_label(key: str, tool: str) -> _Sign:
    return lambda labels, _: _keeper(tool, labels.get(key))


def _by_flux(prefix: str, tool: str) -> _Sign:
    def look(labels: _Marks, _: _Marks) -> Keeper | None:
        name = labels.get(f"{prefix}/name")
        return _keeper(tool, name and f"{labels.get(f'{prefix}/namespace', '')}/{name}".lstrip("/"))

    return look


def _by_helm(labels: _Marks, annotations: _Marks) -> Keeper | None:
    release = annotations.get("meta.helm.sh/release-name")
    if release is None and labels.get("app.kubernetes.io/managed-by") != "Helm":
        return None
    name = release or labels.get("app.kubernetes.io/instance", "?")
    place = annotations.get("meta.helm.sh/release-namespace", "")
    return _keeper("Helm", f"{place}/{name}".lstrip("/"), reverts=False)


def _keeper(tool: str, name: str | None, *, reverts: bool = True) -> Keeper | None:
    return Keeper(tool, sanitise_line(name, max_characters=_MAX_NAME), reverts) if name else None


# The marks each tool documents for what it manages; the surest first, since only one is shown.
_SIGNS: tuple[_Sign, ...] = (
    _by_annotation("argocd.argoproj.io/tracking-id", "Argo CD"),
    _by_label("argocd.argoproj.io/instance", "Argo CD"),
    _by_flux("kustomize.toolkit.fluxcd.io", "Flux Kustomization"),
    _by_flux("helm.toolkit.fluxcd.io", "Flux HelmRelease"),
    _by_annotation("configsync.gke.io/resource-id", "Config Sync"),
    _by_annotation("objectset.rio.cattle.io/id", "Rancher Fleet"),
    _by_label("kapp.k14s.io/app", "kapp"),
    _by_label("olm.owner", "Operator Lifecycle Manager"),
    _by_label("addonmanager.kubernetes.io/mode", "addon manager"),
    _by_helm,
)


def find_keepers(found: JsonObject | None) -> list[Keeper]:
    """The controller that owns the object, then the deployment tool that put it there."""
    owners = [
        Keeper(read_text(reference, "kind"), read_text(reference, "name"))
        for reference in read_maps(found, "metadata", "ownerReferences")
        if read_flag(reference, "controller")
    ]
    labels = labels_of(found)
    annotations = {key: str(value) for key, value in read_map(found, "metadata", "annotations").items()}
    tool = next((keeper for sign in _SIGNS if (keeper := sign(labels, annotations)) is not None), None)
    return [*owners, *([tool] if tool else [])]
