"""Where a statement says something else than the results do.

A false accusation costs more trust than a missed slip, so every rule asks for a result that speaks of the very same
thing, and stays silent on guesses, negations, advice and words on the past.
"""

import difflib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from backend.agent.grounding.claims import Claim, ClaimKind
from backend.agent.grounding.evidence import Evidence, Listing, contains_words, is_abnormal, owner_of
from backend.agent.grounding.words import (
    CRASH_REASONS,
    DENIAL,
    EXCEPTION,
    HEALTHY,
    HEDGE,
    NEGATION,
    WAITING_REASONS,
)
from backend.vocabulary.language import Text

_HEALTHY_AFTER_NAME = re.compile(
    rf"^[`\"'」”]?\s*(?:pods?|deployment|service|node|workload|的 ?(?:Pod|状态)|服务|部署)?\s*"
    rf"(?:(?:is|are)\s+(?:all\s+|now\s+|currently\s+)?|(?:都|均|目前|现在|状态|运行|一切|是|很|完全)*\s*)"
    rf"(?P<word>{HEALTHY})(?![A-Za-z])",
    re.IGNORECASE,
)

_IS_ELSEWHERE = re.compile(r"\bnot\b|n't\b|\bno\b|不是|不在|没有|不存在", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Contradiction:
    """What the results say instead, and the calls that say it."""

    detail: Text
    call_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Said:
    """One statement as the rules see it."""

    text: str
    claims: Sequence[Claim]
    question: str
    """What the person has asked: the words in it are not the model's."""

    @property
    def is_firm(self) -> bool:
        return not HEDGE.search(self.text) and not NEGATION.search(self.text)

    def of(self, kind: ClaimKind) -> list[Claim]:
        return [claim for claim in self.claims if claim.kind is kind]

    @property
    def needed_objects(self) -> list[Claim]:
        return [claim for claim in self.of(ClaimKind.OBJECT) if claim.object_kind != "namespace"]


Rule = Callable[[Said, Evidence], Contradiction | None]


def find_invented_pod(said: Said, evidence: Evidence) -> Contradiction | None:
    """A generated name can only be known from a result."""
    if DENIAL.search(said.text):
        return None
    pods = sorted(name for name in evidence.names if owner_of(name) != name)
    if not pods:
        return None
    for claim in said.of(ClaimKind.OBJECT):
        if claim.is_pod_name and claim.text not in said.question and not evidence.find(claim.text):
            nearest = difflib.get_close_matches(claim.text, pods, n=3, cutoff=0.5)
            near = ", ".join(nearest)
            detail = Text(
                en=f"No result contains a pod named {claim.text}." + (f" Nearest: {near}." if near else ""),
                zh=f"没有任何结果包含名为 {claim.text} 的 Pod。" + (f"最接近的是:{near}。" if near else ""),
            )
            return Contradiction(detail, _calls_naming(evidence, nearest or pods[:1]))
    return None


def find_missing_object(said: Said, evidence: Evidence) -> Contradiction | None:
    """An object of a kind that a complete list shows, and that is not on it."""
    if HEDGE.search(said.text) or DENIAL.search(said.text):
        return None
    for claim in said.of(ClaimKind.OBJECT):
        if claim.object_kind not in {"Pod", "Deployment", "Service", "Node"} or claim.is_pod_name:
            continue
        if claim.text in said.question or evidence.find(claim.text):
            continue
        listing = _find_complete(evidence, kind=claim.object_kind, namespace=claim.namespace)
        if listing is not None and "-" in claim.text:
            detail = Text(
                en=f"The complete list of {claim.object_kind} objects has no {claim.text}.",
                zh=f"完整的 {claim.object_kind} 列表中没有 {claim.text}。",
            )
            return Contradiction(detail, (listing.call_id,))
    return None


def find_wrong_namespace(said: Said, evidence: Evidence) -> Contradiction | None:
    if HEDGE.search(said.text) or _IS_ELSEWHERE.search(said.text):
        return None
    places = [claim.text for claim in said.of(ClaimKind.OBJECT) if claim.object_kind == "namespace"]
    for claim in said.needed_objects:
        named = claim.namespace or (places[0] if len(places) == 1 and len(said.needed_objects) == 1 else None)
        rows = evidence.rows_of(claim.text)
        found = sorted({row["namespace"] for row, _call in rows if row.get("namespace")})
        if named is None or not found or named in found or named not in evidence.namespaces:
            continue
        is_known_everywhere = claim.is_pod_name or _find_complete(evidence, kind=None, namespace=named) is not None
        if is_known_everywhere and not evidence.find(f"{named}/{claim.text}"):
            where = ", ".join(found)
            detail = Text(
                en=f"The results show {claim.text} in namespace {where}, not in {named}.",
                zh=f"结果显示 {claim.text} 在命名空间 {where},而不是 {named}。",
            )
            return Contradiction(detail, (rows[-1][1],))
    return None


def find_wrong_state(said: Said, evidence: Evidence) -> Contradiction | None:
    states = {claim.text for claim in said.of(ClaimKind.STATE)}
    subject = _only_subject(said)
    if not states or subject is None or not said.is_firm:
        return None
    rows = [
        entry
        for entry in evidence.rows_of(subject.text, namespace=subject.namespace)
        if entry[0].get("status") and entry[0]["status"] not in {"Available", "Unavailable"}
    ]
    if not rows or any(may_be(state, row) for state in states for row, _call in rows):
        return None
    if any(contains_words(text, state.casefold()) for text in evidence.texts_about(subject.text) for state in states):
        return None
    shown = ", ".join(dict.fromkeys(row["status"] for row, _call in rows[::-1]))
    detail = Text(
        en=f"The results show {subject.text} as {shown}.",
        zh=f"结果显示 {subject.text} 的状态是 {shown}。",
    )
    return Contradiction(detail, (rows[-1][1],))


def find_wrong_health(said: Said, evidence: Evidence) -> Contradiction | None:
    """An object called healthy although every row of it shows a problem."""
    if not said.is_firm or EXCEPTION.search(said.text):
        return None
    for claim in said.needed_objects:
        if not _HEALTHY_AFTER_NAME.search(said.text[claim.position + len(claim.text) :]):
            continue
        rows = evidence.rows_of(claim.text, namespace=claim.namespace)
        if rows and all(is_abnormal(row) for row, _call in rows):
            row, call_id = next((entry for entry in reversed(rows) if entry[0].get("status")), rows[-1])
            shown = ", ".join(filter(None, [row.get("status") or row.get("ready"), row["problem"]]))
            detail = Text(
                en=f"The results show a problem with {claim.text} ({shown}).",
                zh=f"结果显示 {claim.text} 有问题({shown})。",
            )
            return Contradiction(detail, (call_id,))
    return None


def find_wrong_ready(said: Said, evidence: Evidence) -> Contradiction | None:
    """`web is 3/5 ready` against the row of web."""
    ratios, subject = said.of(ClaimKind.RATIO), _only_subject(said)
    if len(ratios) != 1 or subject is None or not said.is_firm:
        return None
    around = said.text[max(0, ratios[0].position - 24) : ratios[0].position + 24].casefold()
    if "ready" not in around and "就绪" not in around:
        return None
    # The object's own rows only: the pods of a workload are ready 1/1 each, whatever the workload is.
    rows = [
        entry
        for entry in evidence.rows_of(subject.text, namespace=subject.namespace)
        if entry[0].get("ready") and entry[0].get("name") == subject.text
    ]
    if not rows or any(contains_words(text, ratios[0].text) for text in evidence.texts_about(subject.text)):
        return None
    shown = ", ".join(dict.fromkeys(row["ready"] for row, _call in rows[::-1]))
    detail = Text(
        en=f"The results show {subject.text} with {shown} ready.",
        zh=f"结果显示 {subject.text} 的就绪数是 {shown}。",
    )
    return Contradiction(detail, (rows[-1][1],))


def find_wrong_restarts(said: Said, evidence: Evidence) -> Contradiction | None:
    counts, subject = said.of(ClaimKind.RESTARTS), _only_subject(said)
    if len(counts) != 1 or subject is None or not said.is_firm:
        return None
    rows = [entry for entry in evidence.rows_of(subject.text, namespace=subject.namespace) if entry[0].get("restarts")]
    numbers = [int(row["restarts"]) for row, _call in rows if row["restarts"].isdigit()]
    newest = {row["name"]: int(row["restarts"]) for row, _call in rows if row["restarts"].isdigit()}
    told = re.compile(
        rf"restarts?\D{{0,12}}{counts[0].text}\b|\b{counts[0].text} restarts|重启\D{{0,3}}{counts[0].text}\D", re.ASCII
    )
    is_known = counts[0].number in {*numbers, sum(newest.values())} or any(
        told.search(text) for text in evidence.texts_about(subject.text)
    )
    if not numbers or is_known:
        return None
    shown = ", ".join(dict.fromkeys(str(number) for number in numbers[::-1]))
    detail = Text(
        en=f"The results show {shown} restarts for {subject.text}.",
        zh=f"结果显示 {subject.text} 的重启次数是 {shown}。",
    )
    return Contradiction(detail, (rows[-1][1],))


def find_wrong_image(said: Said, evidence: Evidence) -> Contradiction | None:
    """The same image under another tag."""
    if not said.is_firm:
        return None
    for claim in said.of(ClaimKind.IMAGE):
        name = claim.text.rpartition(":")[0].casefold()
        if not claim.is_needed or claim.text in said.question or evidence.find(claim.text):
            continue
        pattern = re.compile(rf"(?<![\w./-]){re.escape(name)}:[\w.-]*\w")
        found = [(pattern.findall(result.haystack), result.call_id) for result in evidence.results]
        tags = list(dict.fromkeys(tag for images, _call in found for tag in images))
        if tags:
            shown = ", ".join(tags[:3])
            detail = Text(en=f"The results show the image {shown}.", zh=f"结果显示的镜像是 {shown}。")
            return Contradiction(detail, tuple(call for images, call in found if images)[-1:])
    return None


def _only_subject(said: Said) -> Claim | None:
    """The one object a statement is about; with several, nobody knows whose state is meant."""
    subjects = said.needed_objects
    owners = {owner_of(claim.text) for claim in subjects}
    if len(owners) != 1 or len({claim.text for claim in subjects}) > 2:
        return None
    # The longest name is the most exact one: a pod rather than its workload.
    subject = max(subjects, key=lambda claim: len(claim.text))
    return subject if subject.is_needed or _is_subject_by_grammar(said.text, subject) else None


def _is_subject_by_grammar(text: str, claim: Claim) -> bool:
    """A bare word such as `web` counts as the object when a statement says that it is or has something."""
    after = text[claim.position + len(claim.text) :]
    return (
        re.match(
            r"\s*(?:pods?\s+)?(?:(?:is|are|has|have|shows?|restarted)\b|重启|处于|的状态|状态|是|正在|目前|\s*[|:—–-])",
            after,
        )
        is not None
    )


def may_be(state: str, row: Mapping[str, str]) -> bool:
    """Whether a word for a state fits a row: kubectl shows one of several names for the same state."""
    shown = row["status"]
    if state in shown.split(","):
        return True
    if state == "Pending":
        return shown in WAITING_REASONS or shown.startswith("Init:")
    if state in CRASH_REASONS:
        return shown in CRASH_REASONS | {"Error", "Failed"} or (row.get("restarts") or "0") != "0"
    same = ({"ImagePullBackOff", "ErrImagePull"}, {"Completed", "Succeeded"}, {"ContainerCreating", "PodInitializing"})
    return any({state, shown} <= group for group in same) or shown in {"Unknown", "Terminating"}


def _find_complete(evidence: Evidence, *, kind: str | None, namespace: str | None) -> Listing | None:
    for listing in reversed(evidence.listings):
        covers = listing.namespace is None if namespace is None else listing.covers(namespace)
        if listing.is_complete and covers and kind in {None, listing.kind}:
            return listing
    return None


def _calls_naming(evidence: Evidence, names: Sequence[str]) -> tuple[str, ...]:
    calls = [result.call_id for name in names for result in evidence.find(name)]
    return tuple(dict.fromkeys(calls))[:3]


OBJECT_RULES: tuple[Rule, ...] = (
    find_invented_pod,
    find_wrong_namespace,
    find_missing_object,
    find_wrong_state,
    find_wrong_health,
    find_wrong_ready,
    find_wrong_restarts,
    find_wrong_image,
)
