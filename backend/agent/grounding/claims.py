"""What a statement claims that can be compared with a result: names, states, counts, images, quantities."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum, auto

from backend.agent.grounding.evidence import Evidence
from backend.agent.grounding.statements import Statement, StatementKind
from backend.agent.grounding.words import ALL_CLEAR, KIND, KINDS, NUMBER, NUMBERS, STATE, SUGGESTION

_DNS = r"[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?"
_IMAGE = re.compile(
    r"(?<![\w./:@-])((?:[a-z0-9][a-z0-9._-]*(?::\d+)?/)*[a-z][a-z0-9._-]*):"
    r"(v?\d[\w.-]*\w|\d|latest|stable|alpine|slim)(?![\w/:-])",
    re.ASCII,
)
_POD_NAME = re.compile(
    r"(?<![\w./-])[a-z0-9]+(?:-[a-z0-9]+)*-(?=[a-z]*\d)[a-z0-9]{6,10}-[a-z0-9]{5}(?![\w…-]|\.{3})",
    re.ASCII,
)
_REFERENCE = re.compile(
    rf"(?:(?P<kind>{KIND})[\s/]*[`\"'「“]?)?(?<![\w./-])(?P<namespace>[a-z0-9][a-z0-9-]*)/(?P<name>[a-z0-9][a-z0-9.-]*[a-z0-9])"
    r"(?![\w/:…-])",
    re.IGNORECASE | re.ASCII,
)
_KIND_AND_NAME = re.compile(
    rf"(?P<kind>{KIND})\s*(?P<quote>[`\"'「“]?)(?P<name>{_DNS})(?![\w/:…-])", re.IGNORECASE | re.ASCII
)
_NAME_AND_KIND = re.compile(
    rf"(?P<quote>[`\"「“])(?P<name>{_DNS})[`\"」”]\s*(?P<kind>{KIND})", re.IGNORECASE | re.ASCII
)
_QUOTED = re.compile(rf"`(?P<name>{_DNS})`", re.ASCII)
_NUMBERED = re.compile(r"(?<![\w./-])[a-z]+(?:-[a-z]+)*-\d{1,3}(?![\w./-])", re.ASCII)
_RATIO = re.compile(r"(?<![\w./:-])\d{1,5}/\d{1,5}(?![\w./:-])", re.ASCII)
_QUANTITY = re.compile(
    r"(?<![\w./:-])(\d+(?:\.\d+)?)\s?(%|Ki|Mi|Gi|KiB|MiB|GiB|MB|GB|kB|ms|s|m|h|d|seconds?|minutes?|hours?|days?|秒|分钟|小时|天)"
    r"(?![A-Za-z\d])",
    re.ASCII,
)
_PORT = re.compile(r"(?:\bports?|端口)\s*[`:：为是]*\s*(\d{2,5})(?![\w.])", re.IGNORECASE | re.ASCII)
_RESTARTS = re.compile(
    r"(?<![\w./-])(\d{1,6})\s+restarts?\b|\brestarted\s+(\d{1,6})\s+times|重启[了过]?\s*(\d{1,6})\s*次",
    re.IGNORECASE | re.ASCII,
)
_COUNT = re.compile(
    rf"(?P<number>{NUMBER})\s*个?\s*(?P<words>(?:[A-Za-z*`]+\s+|[\u4e00-\u9fff]{{1,6}}?的?\s*){{0,2}}?)\**(?P<kind>{KIND})",
    re.IGNORECASE | re.ASCII,
)
_BARE = re.compile(rf"(?<![\w./-]){_DNS}(?![\w/…-])", re.ASCII)
_WORD = re.compile(r"`([^`\s]{2,100})`")
_URL = re.compile(r"[a-z]{2,6}://[^\s`|)]+")
_MARKS = re.compile(r"\*\*|__|\\(?=[<>\[\]*_|~`#+-])")


class ClaimKind(StrEnum):
    OBJECT = auto()
    STATE = auto()
    COUNT = auto()
    RATIO = auto()
    RESTARTS = auto()
    IMAGE = auto()
    PORT = auto()
    QUANTITY = auto()
    ALL_CLEAR = auto()
    """That all objects of a kind are well."""
    WORD = auto()


@dataclass(frozen=True, slots=True)
class Claim:
    """`is_needed`: a result must support it. Otherwise it only helps to find the result a statement rests on."""

    kind: ClaimKind
    text: str
    position: int
    namespace: str | None = None
    object_kind: str | None = None
    number: int = 0
    qualifier: str = ""
    is_needed: bool = True
    is_pod_name: bool = False


def is_advice(text: str) -> bool:
    return SUGGESTION.search(text) is not None


def is_question(text: str) -> bool:
    return text.rstrip("*_`)） ").endswith(("?", "？"))


def blank_marks(text: str) -> str:
    """The text without emphasis and escapes, as long as before."""
    return _MARKS.sub(lambda match: " " * len(match[0]), text)


def extract_claims(statement: Statement, *, evidence: Evidence) -> list[Claim]:
    """All claims, in order; names are told from ordinary words by their form, their marks or the results."""
    text = blank_marks(statement.text)
    advises = is_advice(text) and statement.kind is not StatementKind.ROW
    free = _Span(text)
    claims = [
        *_find_all_clear(free, is_needed=not advises),
        *_find_images(free, is_needed=not advises),
        *_find_objects(free, evidence=evidence),
        *_find_states(free, is_needed=not advises),
        *_find_numbers(free, is_needed=not advises),
        *_find_words(free),
    ]
    return sorted(claims, key=lambda claim: claim.position)


class _Span:
    """A text in which what was read once is not read again."""

    def __init__(self, text: str) -> None:
        self.text = text

    def take(self, pattern: re.Pattern[str]) -> Iterator[re.Match[str]]:
        for match in list(pattern.finditer(self.text)):
            if self.text[match.start() : match.end()] == match[0]:
                yield match

    def consume(self, match: re.Match[str]) -> None:
        self.text = self.text[: match.start()] + "\x00" * len(match[0]) + self.text[match.end() :]


def _find_all_clear(free: _Span, *, is_needed: bool) -> Iterator[Claim]:
    match = ALL_CLEAR.search(free.text)
    if match is not None:
        kind = _read_kind(match["kind"] or match["zh_kind"] or match["no_kind"])
        word = (match["word"] or match["zh_word"] or "").casefold()
        yield Claim(ClaimKind.ALL_CLEAR, match[0], match.start(), object_kind=kind, qualifier=word, is_needed=is_needed)


def _find_images(free: _Span, *, is_needed: bool) -> Iterator[Claim]:
    for match in free.take(_URL):
        free.consume(match)
    for match in free.take(_IMAGE):
        # `web:80` is a port; an image without a registry shows by the form of its tag.
        if "/" in match[1] or not match[2].isdigit():
            free.consume(match)
            yield Claim(ClaimKind.IMAGE, match[0], match.start(), is_needed=is_needed)


def _find_objects(free: _Span, *, evidence: Evidence) -> Iterator[Claim]:
    yield from _find_references(free, evidence=evidence)
    for match in free.take(_POD_NAME):
        free.consume(match)
        yield Claim(ClaimKind.OBJECT, match[0], match.start(), object_kind="Pod", is_pod_name=True)
    for pattern in (_KIND_AND_NAME, _NAME_AND_KIND):
        for match in free.take(pattern):
            if _is_name(match, evidence=evidence):
                yield _take_named(free, match)
    for match in free.take(_QUOTED):
        if match["name"] in evidence.names or ("-" in match["name"] and STATE.search(free.text)):
            free.consume(match)
            yield Claim(ClaimKind.OBJECT, match["name"], match.start("name"))
    yield from _find_bare_names(free, evidence=evidence)


def _find_references(free: _Span, *, evidence: Evidence) -> Iterator[Claim]:
    for match in free.take(_REFERENCE):
        kind, namespace, name = match["kind"], match["namespace"], match["name"]
        is_known = namespace in evidence.namespaces
        if not name.isascii() or namespace.isdigit() or not (is_known or kind or _POD_NAME.fullmatch(name)):
            continue
        # Deployment/web names a kind, not a namespace.
        is_kind = namespace.lower() in KINDS
        free.consume(match)
        yield Claim(
            ClaimKind.OBJECT,
            name,
            match.start("name"),
            namespace=None if is_kind else namespace,
            object_kind=_read_kind(namespace if is_kind else kind),
            is_pod_name=_POD_NAME.fullmatch(name) is not None,
        )


def _is_name(match: re.Match[str], *, evidence: Evidence) -> bool:
    name = match["name"]
    if _read_kind(match["kind"]) == "namespace":
        return name in evidence.namespaces or bool(match["quote"])
    return name in evidence.names or (bool(match["quote"]) and not name.isdigit()) or bool(_NUMBERED.fullmatch(name))


def _take_named(free: _Span, match: re.Match[str]) -> Claim:
    free.consume(match)
    return Claim(ClaimKind.OBJECT, match["name"], match.start("name"), object_kind=_read_kind(match["kind"]))


def _find_bare_names(free: _Span, *, evidence: Evidence) -> Iterator[Claim]:
    """Names that stand in the text like words; those that could be words only help to find a result."""
    for match in free.take(_NUMBERED):
        if match[0].rpartition("-")[0] in {name.rpartition("-")[0] for name in evidence.names}:
            free.consume(match)
            yield Claim(ClaimKind.OBJECT, match[0], match.start())
    for match in free.take(_BARE):
        name = match[0].rstrip(".")
        if name in evidence.names:
            free.consume(match)
            yield Claim(ClaimKind.OBJECT, name, match.start(), is_needed=False)


def _find_states(free: _Span, *, is_needed: bool) -> Iterator[Claim]:
    for match in free.take(STATE):
        free.consume(match)
        yield Claim(ClaimKind.STATE, match[0], match.start(), is_needed=is_needed)


def _find_numbers(free: _Span, *, is_needed: bool) -> Iterator[Claim]:
    for match in free.take(_RESTARTS):
        free.consume(match)
        number = next(group for group in match.groups() if group)
        yield Claim(ClaimKind.RESTARTS, number, match.start(), number=int(number), is_needed=is_needed)
    for match in free.take(_COUNT):
        word = match["number"].lower()
        free.consume(match)
        yield Claim(
            ClaimKind.COUNT,
            match["number"],
            match.start(),
            object_kind=_read_kind(match["kind"]),
            number=int(word) if word.isdigit() else NUMBERS[word],
            qualifier=match["words"].strip(),
            is_needed=is_needed and word.isdigit(),
        )
    for kind, pattern in ((ClaimKind.RATIO, _RATIO), (ClaimKind.PORT, _PORT), (ClaimKind.QUANTITY, _QUANTITY)):
        for match in free.take(pattern):
            free.consume(match)
            text = match[1] if kind is ClaimKind.PORT else match[0]
            yield Claim(kind, text, match.start(), is_needed=is_needed)


def _find_words(free: _Span) -> Iterator[Claim]:
    for match in free.take(_WORD):
        if "\x00" not in match[0]:
            yield Claim(ClaimKind.WORD, match[1], match.start(1), is_needed=False)


def _read_kind(word: str | None) -> str | None:
    if word is None:
        return None
    lower = word.lower()
    return KINDS.get(lower) or KINDS.get(lower.removesuffix("s"))
