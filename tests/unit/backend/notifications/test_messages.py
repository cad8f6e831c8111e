"""Messages fit, say everything at least by its title, and hold no markup from outside."""

import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.features.notifications.digest import compose, fit
from backend.features.notifications.domain import (
    Block,
    Commands,
    Delivery,
    DeliveryState,
    Facts,
    Listing,
    Message,
    MessageKind,
    Paragraph,
    SendOutcome,
    Table,
    from_json,
    to_json,
)
from backend.features.notifications.interfaces import HttpAnswer
from backend.integrations.dingtalk import webhook as dingtalk
from backend.integrations.dingtalk.markdown import draw as draw_markdown
from backend.integrations.feishu import card as feishu_card
from backend.integrations.feishu import webhook as feishu
from backend.integrations.webhook import webhook as plain
from backend.vocabulary.language import Language
from backend.vocabulary.severity import Severity
from tests.fakes.watching import NOW

HOSTILE = "web](http://evil) <at id=all></at> @all\n# title `x` ```"
BLOCKS: tuple[Block, ...] = (
    Paragraph("heading", is_strong=True),
    Facts((("Cause", "logs"),)),
    Listing(("one", "two")),
    Commands(("df -h",)),
    Table(("Host", "CPU"), (("web-1", "12%"), ("web-2", ""))),
)


def make_message(title: str = "Disk", *, blocks: tuple[Block, ...] = BLOCKS, **others: object) -> Message:
    message = Message(
        key="k", kind=MessageKind.ALERT, severity=Severity.WARNING, title=title, blocks=blocks, language=Language.EN
    )
    return replace(message, **others)  # type: ignore[arg-type]  # fields by name


def deliver(number: int, message: Message, *, is_maybe_sent: bool = False) -> Delivery:
    return Delivery(
        id=number,
        channel="dingtalk",
        message=message,
        state=DeliveryState.WAITING,
        created_at=NOW,
        due_at=NOW,
        is_maybe_sent=is_maybe_sent,
    )


def test_stored_message_is_the_same_again() -> None:
    message = make_message(link="https://ops.example.com")

    assert from_json(to_json(message)) == message


def test_digest_counts_kinds_and_marks_only_what_may_be_a_repetition() -> None:
    recovery = make_message("Back", kind=MessageKind.RECOVERY)
    digest = compose([deliver(1, make_message("One")), deliver(2, recovery, is_maybe_sent=True)])

    titles = [block.text for block in digest.blocks if isinstance(block, Paragraph) and block.text != "heading"]
    assert digest.title == "1 alerts, 1 recoveries"
    assert titles == ["One", "[may be a repetition] Back"]


@settings(max_examples=60, deadline=None)
@given(
    titles=st.lists(st.text(min_size=1, max_size=300), min_size=1, max_size=40),
    text=st.text(max_size=3000),
    rows=st.integers(0, 400),
)
def test_digest_fits_both_platforms_with_every_title_in_it(titles: list[str], text: str, rows: int) -> None:
    blocks = (Paragraph(text), Table(("Host",), tuple((f"host-{number}",) for number in range(rows))))
    marked = [f"T{number:02d} {title}" for number, title in enumerate(titles)]
    message = compose([deliver(number, make_message(title, blocks=blocks)) for number, title in enumerate(marked)])

    for_dingtalk = dingtalk.write_body(message, keyword="告警")
    for_feishu = feishu.write_body(message, keyword="告警", secret="s", seconds=1)

    assert len(for_dingtalk) <= 20_000
    assert len(for_feishu) <= 20 * 1024
    for number in range(len(marked)):
        assert f"T{number:02d} ".strip() in for_dingtalk.decode()
        assert f"T{number:02d} ".strip() in for_feishu.decode()


def test_long_table_is_cut_with_a_word_on_the_rest() -> None:
    message = make_message(blocks=(Table(("Host",), tuple((f"host-{number:03d}" * 20,) for number in range(300))),))

    text = json.loads(dingtalk.write_body(message, keyword=None))["markdown"]["text"]

    assert "… 250 more" in text or "… 270 more" in text
    assert "host-000" in text


def test_message_that_fits_is_left_alone() -> None:
    assert fit(make_message(), size_of=lambda _message: 10, limit=10) == make_message()


def test_markdown_holds_no_link_mention_or_html_from_outside() -> None:
    text = draw_markdown(make_message(HOSTILE, blocks=(Paragraph(HOSTILE), Facts(((HOSTILE, HOSTILE),)))))

    assert "](" not in text
    assert "@" not in text
    assert "<" not in text
    assert text.count("\n#") == 0


def test_command_cannot_end_its_code_block() -> None:
    text = draw_markdown(make_message(blocks=(Commands(("echo ``` @all",)),)))

    assert text.count("```") == 2


def test_card_holds_texts_only_as_plain_text() -> None:
    card = json.dumps(feishu_card.draw(make_message(HOSTILE, blocks=(*BLOCKS[:2], Paragraph(HOSTILE)))))

    assert '"markdown"' not in card
    assert "lark_md" not in card


def test_table_becomes_lines_where_tables_are_not_shown() -> None:
    text = draw_markdown(make_message(blocks=(BLOCKS[-1],)))

    assert "- **web-1** · CPU 12%\n- **web-2**" in text


def test_signatures_are_those_of_the_platforms() -> None:
    """Computed with openssl by the platforms' rules: here the secret is the key, there it is part of the key."""
    assert dingtalk.sign(1577262236757, secret="this is secret") == "hmPWwU+7lVdm3ZZz0r9tSfx0L4Q26jWOZr9+Gs6EZQM="
    assert feishu.sign(1599360473, secret="demo") == "l1N0gAcBjdwBvGm1xMjOF0XSyaLRpR7tuO5dHfhAYc8="


@pytest.mark.parametrize(
    ("status", "body", "outcome"),
    [
        (200, {"errcode": 0}, SendOutcome.SENT),
        (200, {"errcode": 130101, "errmsg": "send too fast"}, SendOutcome.LIMITED),
        (200, {"status": 1111, "wait": 5, "punish": "deny"}, SendOutcome.LIMITED),
        (200, {"errcode": 310000, "errmsg": "sign not match"}, SendOutcome.REFUSED_ROBOT),
        (200, {"errcode": 310000, "errmsg": "ip 1.2.3.4 not in whitelist"}, SendOutcome.REFUSED_ROBOT),
        (200, {"errcode": 310000, "errmsg": "keywords not in content"}, SendOutcome.REFUSED_MESSAGE),
        (200, {"errcode": 300001, "errmsg": "token is not exist"}, SendOutcome.REFUSED_ROBOT),
        (200, {"errcode": -1, "errmsg": "system busy"}, SendOutcome.FAILED),
        (200, {"errcode": 40035, "errmsg": "bad json"}, SendOutcome.REFUSED_MESSAGE),
        (200, "<html>a portal</html>", SendOutcome.UNKNOWN),
        (500, "", SendOutcome.FAILED),
        (504, "", SendOutcome.UNKNOWN),
        (429, "", SendOutcome.LIMITED),
        (404, "", SendOutcome.REFUSED_ROBOT),
    ],
)
def test_answers_of_dingtalk_are_understood(status: int, body: object, outcome: SendOutcome) -> None:
    raw = body if isinstance(body, str) else json.dumps(body)

    assert dingtalk.read_answer(HttpAnswer(status, raw.encode())).outcome is outcome


@pytest.mark.parametrize(
    ("status", "body", "outcome"),
    [
        (200, {"code": 0}, SendOutcome.SENT),
        (200, {"code": 19021, "msg": "sign match fail"}, SendOutcome.REFUSED_ROBOT),
        (200, {"code": 19022, "msg": "Ip Not Allowed"}, SendOutcome.REFUSED_ROBOT),
        (200, {"code": 19024, "msg": "Key Words Not Found"}, SendOutcome.REFUSED_MESSAGE),
        (200, {"code": 11232, "msg": "frequency limited"}, SendOutcome.LIMITED),
        (400, {"code": 9499, "msg": "too many request"}, SendOutcome.LIMITED),
        (400, {"code": 9499, "msg": "Bad Request"}, SendOutcome.REFUSED_MESSAGE),
        (502, "bad gateway", SendOutcome.UNKNOWN),
        (503, "busy", SendOutcome.FAILED),
        (200, "ok", SendOutcome.UNKNOWN),
    ],
)
def test_answers_of_feishu_are_understood(status: int, body: object, outcome: SendOutcome) -> None:
    raw = body if isinstance(body, str) else json.dumps(body)

    assert feishu.read_answer(HttpAnswer(status, raw.encode())).outcome is outcome


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (204, SendOutcome.SENT),
        (413, SendOutcome.REFUSED_MESSAGE),
        (401, SendOutcome.REFUSED_ROBOT),
        (503, SendOutcome.FAILED),
        (504, SendOutcome.UNKNOWN),
    ],
)
def test_answers_of_other_webhooks_are_read_by_their_status(status: int, outcome: SendOutcome) -> None:
    assert plain.read_answer(HttpAnswer(status, b"")).outcome is outcome
