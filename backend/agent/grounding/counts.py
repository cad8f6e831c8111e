"""How many there are: counts in a statement against the lists in the results."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from backend.agent.grounding.claims import Claim, ClaimKind
from backend.agent.grounding.contradictions import Contradiction, Rule, Said
from backend.agent.grounding.evidence import Evidence, Listing, Result, is_abnormal, owner_of
from backend.agent.grounding.words import ABNORMAL, EXCEPTION, HEDGE, KINDS, STATE
from backend.vocabulary.language import Text

_TOTAL_BEFORE = re.compile(
    r"(?:^|\bthere (?:is|are)(?: currently| now)?|\bhas|\bhave|\bfound|\btotal(?: of)?|\bsee|\blists?|\bshows?|"
    r"[有共为]|总数)"
    r"(?:\s+a total of|\s+exactly)?[\s:：*`]*$",
    re.IGNORECASE,
)
_WHOLE = re.compile(
    r"all namespaces|whole cluster|in the cluster|across the cluster|所有命名空间|整个集群|集群中|集群里|全部命名空间",
    re.IGNORECASE,
)
_ABNORMAL = re.compile(ABNORMAL, re.IGNORECASE)
_STATE_AFTER = re.compile(
    rf"^\s*(?:(?:that|which)\s+)?(?:(?:are|is|in)\s+)*(?:处于|是|为)?\s*[`*(（]*(?P<state>{STATE.pattern})"
)
_NARROWING = re.compile(
    r"\b(?:of|for|with|without|on|from|per|each|owned|named|labelled|more|ready|not|unavailable|available|restart\w*|"
    r"belong\w*|match\w*|new|old|running|pending|failed|completed|select\w*|other|non)\b|的|属于|每|带|新|旧|就绪|不|未|其他|其余|另",
    re.IGNORECASE,
)


def find_wrong_count(said: Said, evidence: Evidence) -> Contradiction | None:
    """`12 pods in default` against the list of exactly those."""
    for claim in said.of(ClaimKind.COUNT):
        if not claim.is_needed or claim.object_kind is None or HEDGE.search(said.text):
            continue
        counted = list(_count_all(claim, said, evidence))
        if counted and all(number != claim.number for number, _call in counted):
            shown = " / ".join(dict.fromkeys(str(number) for number, _call in counted))
            detail = Text(
                en=f"The results show {shown}, not {claim.number} ({claim.object_kind}).",
                zh=f"结果显示的数量是 {shown},而不是 {claim.number}({claim.object_kind})。",
            )
            return Contradiction(detail, (counted[-1][1],))
    return None


def find_false_all_clear(said: Said, evidence: Evidence) -> Contradiction | None:
    """`all pods are healthy` although the list of them shows some that are not."""
    if HEDGE.search(said.text) or EXCEPTION.search(said.text):
        return None
    for claim in said.of(ClaimKind.ALL_CLEAR):
        found = count_unwell(claim, said, evidence)
        if claim.is_needed and found and all(number for number, _call in found):
            number, call_id = found[-1]
            detail = Text(
                en=f"The results show {number} that are not ({claim.object_kind}).",
                zh=f"结果显示有 {number} 个并非如此({claim.object_kind})。",
            )
            return Contradiction(detail, (call_id,))
    return None


def count_unwell(claim: Claim, said: Said, evidence: Evidence) -> list[tuple[int, str]]:
    """How many of those a claim calls well are not, by every list that shows them all."""
    listings = [listing for listing in evidence.listings if listing.kind == claim.object_kind]
    scope = _read_scope(said, evidence, listings)
    return [
        (_count_unwell(listing, scope, is_about_phase=claim.qualifier == "running"), listing.call_id)
        for listing in listings
        if scope != "" and (listing.namespace is None if scope is None else listing.covers(scope))
    ]


def supports_count(result: Result, claim: Claim) -> bool:
    """Whether the number is one that a reader of the result could have counted."""
    listing = result.listing
    is_listed = listing is not None and claim.object_kind in {listing.kind, "namespace", "container", None}
    if is_listed and listing is not None and claim.number in set(_sizes(listing)):
        return True
    return result.contains(str(claim.number))


def _count_all(claim: Claim, said: Said, evidence: Evidence) -> Iterator[tuple[int, str]]:
    """The true numbers for a plain claim; nothing when the statement may mean a part that was not listed."""
    before, after = said.text[: claim.position], said.text[claim.position :]
    after = after[after.casefold().find(_kind_word(after)) + len(_kind_word(after)) :]
    objects = [one for one in said.needed_objects if one.text not in evidence.namespaces]
    listings = [listing for listing in evidence.listings if listing.kind == claim.object_kind]
    scope = _read_scope(said, evidence, listings)
    if objects or scope == "" or not _TOTAL_BEFORE.search(_without_place(before, scope)):
        return
    state = _STATE_AFTER.match(after) or STATE.fullmatch(claim.qualifier)
    is_abnormal_meant = _ABNORMAL.search(claim.qualifier) or _ABNORMAL.match(after.lstrip(" 是are"))
    clause = re.split(r"[,，;；(（:：]", after, maxsplit=1)[0]
    if not state and not is_abnormal_meant and (claim.qualifier or STATE.search(clause) or _NARROWING.search(clause)):
        return
    for listing in listings:
        if listing.namespace is not None and listing.namespace != scope:
            continue
        if state:
            wanted = state["state"] if "state" in state.groupdict() else state[0]
            if listing.is_whole_page and (listing.is_complete or _has_state(listing, wanted)):
                yield sum(1 for row in listing.rows_in(scope) if row.get("status") == wanted), listing.call_id
        elif is_abnormal_meant:
            if listing.is_whole_page:
                yield listing.count_abnormal(scope), listing.call_id
        elif listing.is_complete:
            rows = listing.rows_in(scope) if scope != listing.namespace else listing.rows
            yield len(rows), listing.call_id


def _read_scope(said: Said, evidence: Evidence, listings: Sequence[Listing]) -> str | None:
    """The namespace a statement speaks of, None for the whole cluster, "" when it cannot be told."""
    named = {claim.text for claim in said.of(ClaimKind.OBJECT) if claim.object_kind == "namespace"}
    named |= {
        name
        for name in evidence.namespaces
        if re.search(
            rf"(?<![\w./-]){re.escape(name)}[`\"]?\s*(?:namespace|命名空间|空间)", said.text, re.IGNORECASE | re.ASCII
        )
        or re.search(rf"\b(?:in|namespace)\s+(?:the\s+)?[`\"]?{re.escape(name)}(?![\w./-])", said.text, re.IGNORECASE)
        or re.search(rf"(?:命名空间|默认命名空间)\s*[`\"]?{re.escape(name)}(?![\w./-])", said.text, re.ASCII)
    }
    if len(named) == 1:
        return named.pop()
    if named:
        return ""
    if _WHOLE.search(said.text):
        return None
    scopes = {listing.namespace for listing in listings}
    return scopes.pop() if len(scopes) == 1 else ""


def _without_place(before: str, scope: str | None) -> str:
    """`default 命名空间中 3 个 Pod` and `In default, 3 pods` begin with the number as well."""
    if scope is None:
        return _WHOLE.sub("", before)
    name = rf"[`\"]?{re.escape(scope)}[`\"]?"
    place = (
        rf"(?:\bin\s+)?(?:the\s+)?(?:namespace\s+|命名空间\s*)?{name}(?:\s*(?:namespace|命名空间))?[\s中里下,，:：]*"
    )
    return re.sub(place, "", before, flags=re.IGNORECASE)


def _kind_word(text: str) -> str:
    lower = text.casefold()
    found = [(lower.find(word), word) for word in KINDS if word in lower]
    return min(found)[1] if found else ""


def _has_state(listing: Listing, state: str) -> bool:
    return any(row.get("status") == state for row in listing.rows)


def _count_unwell(listing: Listing, scope: str | None, *, is_about_phase: bool) -> int:
    if not is_about_phase:
        return listing.count_abnormal(scope)
    return sum(
        1 for row in listing.rows_in(scope) if row.get("status") not in {"Running", "Completed", "Succeeded", None}
    )


def _sizes(listing: Listing) -> Iterator[int]:
    """Sizes of the groups that rows fall into."""
    yield from (listing.total, len(listing.rows), listing.abnormal, listing.total - listing.abnormal)
    for key in ("namespace", "status", "node", "problem", "type", "reason", "object", "ready"):
        yield from Counter(row.get(key, "") for row in listing.rows).values()
        yield len({row.get(key, "") for row in listing.rows})
    yield from Counter((row.get("namespace"), row.get("status")) for row in listing.rows).values()
    yield from Counter((row.get("namespace"), is_abnormal(row)) for row in listing.rows).values()
    yield from Counter(owner_of(row.get("name", "")) for row in listing.rows).values()
    yield from Counter(owner_of(row.get("object", "").rpartition("/")[2]) for row in listing.rows).values()


COUNT_RULES: tuple[Rule, ...] = (find_wrong_count, find_false_all_clear)
