"""What a person may call a kind, and which resource of the API is meant by it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from k8s_diagnosis.text.names import find_nearest
from k8s_mcp.cluster.interfaces import Resource
from k8s_mcp.errors import AmbiguousKind, UnknownKind

_VERSION = re.compile(r"v\d+(?:(?:alpha|beta)\d+)?")
_WORD = re.compile(r"[A-Za-z][A-Za-z0-9._/ -]{0,252}")
_KUBERNETES_SUFFIX = ".k8s.io"
_MAX_CANDIDATES = 8


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A written kind taken apart. What was not said stays None."""

    word: str
    group: str | None = None
    version: str | None = None


class KindCatalogue:
    """Every resource a cluster serves, in the order of preference that its discovery states."""

    def __init__(self, resources: Sequence[Resource], *, unavailable: Sequence[str] = ()) -> None:
        self.resources = tuple(resources)
        self.unavailable = tuple(unavailable)
        """Groups whose resources the API server could not name, such as that of a metrics server that is down."""
        self._by_word: dict[str, list[Resource]] = {}
        for resource in self.resources:
            for word in sorted(_words_of(resource)):
                self._by_word.setdefault(word, []).append(resource)

    def find(self, kind: str) -> Resource:
        """The resource meant by `deploy`, `Deployment`, `deployments.apps` or `apps/v1/Deployment`.

        As with kubectl a kind of Kubernetes itself goes before a custom one of the same name; the group tells them
        apart. Raises UnknownKind with the nearest kinds, AmbiguousKind with the candidates.
        """
        wanted = _take_apart(kind)
        found = self._matching(wanted)
        if not found:
            raise UnknownKind(self._explain_unknown(kind, wanted))
        return _choose(kind, wanted, found)

    def _matching(self, wanted: _Wanted) -> list[Resource]:
        word = wanted.word.lower()
        named = self._by_word.get(word) or self._by_word.get(re.sub(r"[ _-]", "", word), [])
        return [
            resource
            for resource in named
            if wanted.group in {None, resource.group} and wanted.version in {None, resource.version}
        ]

    def _explain_unknown(self, kind: str, wanted: _Wanted) -> str:
        elsewhere = self._matching(_Wanted(wanted.word))
        if elsewhere:
            places = ", ".join(dict.fromkeys(_show(each) for each in elsewhere[:_MAX_CANDIDATES]))
            return f'The cluster does not serve "{kind[:80]}"; it has {places}.'
        words = [word for word in self._by_word if len(word) > 3]
        nearest = find_nearest(wanted.word.lower(), among=words, limit=3)
        shown = list(dict.fromkeys(_show(self._by_word[word][0]) for word in nearest))
        hint = f"nearest: {', '.join(shown)}" if shown else 'examples: pods, deployments.apps, "apps/v1/Deployment"'
        missing = (
            f" Not known at the moment, since their API servers do not answer: {', '.join(self.unavailable)}."
            if self.unavailable
            else ""
        )
        return f'The cluster has no kind "{kind[:80]}"; {hint}.{missing}'


def _words_of(resource: Resource) -> set[str]:
    names = {resource.plural, resource.singular, resource.kind, *resource.short_names}
    return {name.lower() for name in names if name}


def _take_apart(kind: str) -> _Wanted:
    """Read `word`, `word.group`, `word.version.group`, `group/word`, `group/version/word` and `…, Kind=word`."""
    text = kind.strip().replace(", Kind=", "/")
    if not _WORD.fullmatch(text):
        raise UnknownKind(f'"{kind[:80]}" is no kind; examples: pods, deployments.apps, "apps/v1/Deployment".')
    if "/" in text:
        *place, word = (part.strip() for part in text.split("/"))
        if len(place) == 1:
            return _Wanted(word, "", place[0]) if _VERSION.fullmatch(place[0]) else _Wanted(word, place[0])
        return _Wanted(word, place[0], "/".join(place[1:]))
    word, dot, rest = text.partition(".")
    if not dot:
        return _Wanted(word)
    version, _, group = rest.partition(".")
    return _Wanted(word, group, version) if _VERSION.fullmatch(version) else _Wanted(word, rest)


def _choose(kind: str, wanted: _Wanted, found: Sequence[Resource]) -> Resource:
    """The one that is meant; the first of several versions is the one the API server prefers."""
    preferred = list({resource.group: resource for resource in reversed(found)}.values())[::-1]
    best = min(preferred, key=_distance)
    rivals = [each for each in preferred if _is_rival(each, best, word=wanted.word.lower())]
    if rivals:
        shown = ", ".join(_show(each) for each in [best, *rivals][:_MAX_CANDIDATES])
        raise AmbiguousKind(f'"{kind[:80]}" means several kinds here: {shown}. Repeat with one of these names.')
    return best


def _distance(resource: Resource) -> int:
    """How far from the core of Kubernetes a group is: custom resources come last."""
    if not resource.group:
        return 0
    if "." not in resource.group:
        return 1
    return 2 if resource.group.endswith(_KUBERNETES_SUFFIX) else 3


def _is_rival(resource: Resource, best: Resource, *, word: str) -> bool:
    """Whether somebody may as well have meant this one.

    Among custom kinds nothing says which; a kind of Kubernetes itself loses its clear lead where the word is only
    its short name and the full name of the other.
    """
    if resource is best:
        return False
    if _distance(best) == _distance(resource) == 3:
        return True
    is_full_name = word in {resource.plural, resource.singular, resource.kind.lower()}
    return is_full_name and word in best.short_names


def _show(resource: Resource) -> str:
    return f"{resource.qualified_name} ({resource.api_version}/{resource.kind})"
