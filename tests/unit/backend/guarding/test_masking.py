"""Names leave as stand-ins and come back as names, however the stream is cut."""

import json
from collections.abc import AsyncGenerator, Sequence
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.agent.domain import (
    AssistantMessage,
    Mode,
    ModelEvent,
    ModelFinished,
    ModelRequest,
    ReasoningDelta,
    TextDelta,
    ToolCall,
    ToolCallDelta,
    ToolCallStarted,
    ToolMessage,
    ToolOutcome,
    ToolStatus,
    UserMessage,
)
from backend.agent.guarding.mask_kinds import MaskKind, MaskRules
from backend.agent.guarding.masking import MAX_NAMES, Masking, NameRegistry, StreamUnmasker
from backend.agent.guarding.masking_model import MaskingModel, choose_masking
from backend.agent.guarding.settings import MaskingSettings
from backend.vocabulary.language import Language

RULES = MaskRules(kinds=frozenset(MaskKind), host_names=("db-prod-*",), public_domains=("example.org",))

NAMES = {
    "10.0.12.7": "ip",
    "2001:db8::8a2e:370:7334": "ip",
    "db01.corp.example.com": "host",
    "web.prod.svc.cluster.local": "host",
    "ip-10-1-2-3": "host",
    "db-prod-07": "host",
    "li.lei@example.cn": "email",
    "13812345678": "phone",
    "+86 138-1234-5678": "phone",
    "010-12345678": "phone",
    "+44 20 7946 0958": "phone",
}
READABLE = [
    "127.0.0.1",
    "0.0.0.0",
    "255.255.255.0",
    "kubernetes.io/ingress.class",
    "docs.example.org",
    "app.py main.go nginx.conf",
    "12:30:45",
    "v1.28.3",
    "1763694000123",
    "web-7d9c5b8f6d-x2x4z",
    "aa:bb:cc:dd:ee:ff",
    "sha256:0123456789abcdef",
    "2026-11-21T03:00:00+08:00",
]


def new_masking() -> Masking:
    return Masking(rules=RULES, registry=NameRegistry())


@pytest.mark.parametrize(("name", "kind"), NAMES.items())
def test_name_is_replaced_and_comes_back(name: str, kind: str) -> None:
    masking = new_masking()

    masked = masking.mask(f"look at {name}, please. {name}")

    assert masked == f"look at ⟦{kind}-1⟧, please. ⟦{kind}-1⟧"
    assert masking.unmask(masked) == f"look at {name}, please. {name}"


@pytest.mark.parametrize("text", READABLE)
def test_what_identifies_nobody_stays(text: str) -> None:
    assert new_masking().mask(text) == text


def test_only_the_chosen_kinds_are_replaced() -> None:
    masking = Masking(rules=MaskRules(kinds=frozenset({MaskKind.IP})), registry=NameRegistry())

    assert masking.mask("10.0.0.1 a@b.com x.corp.local") == "⟦ip-1⟧ a@b.com x.corp.local"


def test_stand_in_keeps_its_meaning_from_request_to_request() -> None:
    registry = NameRegistry()
    Masking(rules=RULES, registry=registry).mask("10.0.0.1 and 10.0.0.2")

    assert Masking(rules=RULES, registry=registry).mask("10.0.0.2") == "⟦ip-2⟧"


def test_a_stand_in_of_another_request_does_not_come_back() -> None:
    registry = NameRegistry()
    Masking(rules=RULES, registry=registry).mask("10.0.0.1")

    assert Masking(rules=RULES, registry=registry).unmask("⟦ip-1⟧") == "⟦ip-1⟧"


def test_text_that_imitates_a_stand_in_is_not_one() -> None:
    masking = new_masking()

    assert masking.mask("10.0.0.1 ⟦ip-1⟧") == "⟦ip-1⟧ 〔ip-1〕"


def test_the_registry_forgets_the_name_not_seen_for_longest() -> None:
    registry = NameRegistry()
    first, second = registry.stand_in("10.0.0.1", MaskKind.IP), registry.stand_in("10.0.0.2", MaskKind.IP)
    for number in range(MAX_NAMES - 1):
        registry.stand_in(f"host-{number}", MaskKind.HOST)

    assert registry.stand_in("10.0.0.2", MaskKind.IP) == second
    assert registry.stand_in("10.0.0.1", MaskKind.IP) != first


@pytest.mark.parametrize("copy", ["⟦ip-1⟧", "⟦ ip-1 ⟧", "【ip-1】", "[[ip-1]]", "⟦IP-1⟧"])
def test_inexact_copies_come_back_too(copy: str) -> None:
    masking = new_masking()
    masking.mask("10.0.0.1")

    assert masking.unmask(f"at {copy}.") == "at 10.0.0.1."


@given(
    words=st.lists(st.sampled_from([*NAMES, "see", "[x](y)", "a[0]", "\n", "[["]), max_size=12),
    cuts=st.lists(st.integers(0, 300)),
)
@settings(deadline=None)
def test_however_the_stream_is_cut_the_names_come_back(words: list[str], cuts: list[int]) -> None:
    text = " ".join(words)
    masking = new_masking()
    masked = masking.mask(text)
    edges = [0, *sorted(cut for cut in cuts if cut < len(masked)), len(masked)]
    unmasker = StreamUnmasker(masking)

    pieces = [unmasker.feed(masked[start:end]) for start, end in pairwise(edges)]

    assert "".join([*pieces, unmasker.finish()]) == text


class EchoingModel:
    """Answers with the events it was given, after noting what it was asked."""

    def __init__(self, events: Sequence[ModelEvent]) -> None:
        self._events = events
        self.requests: list[ModelRequest] = []

    @property
    def name(self) -> str:
        return "echo"

    @property
    def mode(self) -> Mode:
        return "model"

    async def stream(self, request: ModelRequest) -> AsyncGenerator[ModelEvent]:
        self.requests.append(request)
        for event in self._events:
            yield event


REQUEST = ModelRequest(
    instructions="Answer.\n",
    history=(
        UserMessage(text="is 10.0.0.1 up?"),
        AssistantMessage(text="", tool_calls=(ToolCall("1", "ping", '{"address": "10.0.0.1", "phone": 13812345678}'),)),
        ToolMessage(
            call=ToolCall("1", "ping", '{"address": "10.0.0.1"}'),
            outcome=ToolOutcome(status=ToolStatus.OK, text="db.corp.local answers", structured={"ip": "10.0.0.1"}),
        ),
    ),
    tools=(),
    language=Language.EN,
)


async def test_the_model_sees_no_name_and_the_answer_has_them_all() -> None:
    call = ToolCall("c", "ping", '{"address": "\\u27e6ip-1\\u27e7"}')
    inner = EchoingModel(
        [
            ReasoningDelta("⟦ho"),
            ReasoningDelta("st-1⟧"),
            TextDelta("It is ⟦"),
            TextDelta("ip-1⟧"),
            TextDelta("."),
            ToolCallStarted("c", "ping"),
            ToolCallDelta("c", call.arguments_text[:20]),
            ToolCallDelta("c", call.arguments_text[20:]),
            ModelFinished(message=AssistantMessage(text="It is ⟦ip-1⟧.", reasoning="⟦host-1⟧", tool_calls=(call,))),
        ]
    )
    model = MaskingModel(inner, rules=RULES, registry=NameRegistry())

    events = [event async for event in model.stream(REQUEST)]

    seen = repr(inner.requests[0].history[:2]) + inner.requests[0].history[2].outcome.text  # type: ignore[union-attr]  # a tool message
    assert not [name for name in ("10.0.0.1", "13812345678", "db.corp.local") if name in seen]
    assert "⟦host-3⟧" in inner.requests[0].instructions
    assert "".join(event.text for event in events if isinstance(event, TextDelta)) == "It is 10.0.0.1."
    assert "".join(event.text for event in events if isinstance(event, ReasoningDelta)) == "db.corp.local"
    deltas = [event.arguments_delta for event in events if isinstance(event, ToolCallDelta)]
    assert json.loads("".join(deltas)) == {"address": "10.0.0.1"}
    last = events[-1]
    assert isinstance(last, ModelFinished)
    assert last.message == AssistantMessage(
        text="It is 10.0.0.1.",
        reasoning="db.corp.local",
        tool_calls=(ToolCall("c", "ping", '{"address": "10.0.0.1"}'),),
    )


def test_masking_is_off_unless_asked_for() -> None:
    inner = EchoingModel([])

    assert choose_masking(MaskingSettings())(inner) is inner
    assert isinstance(choose_masking(MaskingSettings(enabled=True))(inner), MaskingModel)


def test_unknown_kinds_are_refused() -> None:
    with pytest.raises(ValueError, match="MASKING_KINDS"):
        MaskingSettings(kinds="ip,faces")
