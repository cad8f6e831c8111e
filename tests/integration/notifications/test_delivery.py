"""Every message reaches people exactly once, whatever the robots do; what may be a repetition says so."""

from dataclasses import replace
from datetime import timedelta

import pytest

from backend.features.notifications.domain import Claim, DeliveryState, Paragraph, RobotState, SendOutcome, SendResult
from backend.vocabulary.errors import NotFound
from backend.vocabulary.severity import Severity
from tests.fakes.chat_robots import DingTalk, Feishu
from tests.integration.notifications.conftest import Post, alert, count_shown, read_texts

ON_BOTH_DATABASES = True

SECRET = "SEC-of-the-robot"


async def test_signed_message_with_keyword_is_shown(post: Post) -> None:
    robot = DingTalk(secret=SECRET, keyword="告警")
    post.add_dingtalk(robot, secret=SECRET, keyword="告警")

    await post.service.send(alert(1))
    await post.deliver()

    assert "Alert number 001" in read_texts(robot)[0]
    assert await post.states() == [DeliveryState.SENT]


async def test_same_key_is_sent_once(post: Post) -> None:
    robot = DingTalk()
    post.add_dingtalk(robot)

    added = [await post.service.send(alert(1)) for _ in range(3)]
    await post.deliver()

    assert added == [1, 0, 0]
    assert len(robot.shown) == 1


@pytest.mark.parametrize(
    ("rules", "settings"),
    [
        ({"secret": SECRET}, {"secret": "SEC-of-another"}),
        ({"secret": SECRET}, {}),
        ({"keyword": "告警"}, {"keyword": "wrong"}),
    ],
    ids=["wrong sign", "no sign", "missing keyword"],
)
async def test_security_rule_is_never_asked_again_and_the_next_robot_takes_over(
    post: Post, rules: dict[str, str], settings: dict[str, str]
) -> None:
    robot, second = DingTalk(secret=rules.get("secret"), keyword=rules.get("keyword")), DingTalk()
    post.add_dingtalk(robot, second, **settings)

    for number in range(3):
        await post.service.send(alert(number))
    await post.deliver_for(30)

    assert robot.shown == []
    assert [count_shown([second], number) for number in range(3)] == [1, 1, 1]
    assert robot.requests <= 3


async def test_wrong_signature_is_tried_once_not_once_per_message(post: Post) -> None:
    robot, second = DingTalk(secret=SECRET), DingTalk()
    post.add_dingtalk(robot, second, secret="SEC-of-another")

    for number in range(4):
        await post.service.send(alert(number))
    await post.deliver_for(30)

    assert robot.requests == 1


async def test_refused_message_stays_listed_with_the_reason_and_goes_out_after_the_settings_are_mended(
    post: Post,
) -> None:
    robot = DingTalk(keyword="告警")
    post.add_dingtalk(robot)
    await post.service.send(alert(1))
    await post.deliver_for(5)
    [refused] = await post.deliveries()

    robot.keyword = None
    service = post.service
    await service.start()
    await service.stop()
    await post.deliver()

    assert (refused.state, robot.requests) == (DeliveryState.REFUSED, 2)
    assert "keywords not in content" in (refused.error or "")
    assert await post.states() == [DeliveryState.SENT]


async def test_robot_of_the_command_line_and_the_configured_one_get_only_their_own_messages(post: Post) -> None:
    configured, given = DingTalk(), DingTalk()
    post.add_dingtalk(configured)
    channels = post.channels
    await post.service.send(alert(1))

    name = post.give_dingtalk(given)
    await post.service.send(alert(2), by="anna")
    await post.deliver(name)
    shown_to_given = read_texts(given)
    await post.service.send(alert(3))
    post.channels = channels
    await post.deliver()

    assert [text.count("Alert number") for text in shown_to_given] == [1]
    assert "number 002" in shown_to_given[0]
    assert [count_shown([configured], number) for number in (1, 2, 3)] == [1, 0, 0]


async def test_message_that_a_person_sends_gives_a_refused_robot_another_chance(post: Post) -> None:
    robot = DingTalk(secret=SECRET)
    post.add_dingtalk(robot, secret="SEC-of-another")
    await post.service.send(alert(1))
    await post.deliver()

    post.channels.clear()
    post.add_dingtalk(robot, secret=SECRET)
    await post.deliver()
    before = list(robot.shown)
    await post.service.send(alert(2), by="anna")
    await post.deliver()

    assert before == []
    assert [count_shown([robot], number) for number in (1, 2)] == [1, 1]


async def test_many_messages_stay_within_the_limit_and_all_are_shown_once(post: Post) -> None:
    robot = DingTalk()
    post.add_dingtalk(robot)

    for number in range(130):
        await post.service.send(alert(number))
        await post.deliver()
        post.clock.advance(0.3)
    await post.deliver_for(3)

    assert robot.penalty_until is None
    assert len(robot.shown) < 60
    assert [number for number in range(130) if count_shown([robot], number) != 1] == []


async def test_overflow_becomes_one_digest_with_the_worst_first(post: Post) -> None:
    robot = DingTalk()
    post.add_dingtalk(robot)

    for number in range(30):
        severity = Severity.CRITICAL if number == 29 else Severity.WARNING
        await post.service.send(alert(number, severity=severity))
    await post.deliver()

    [text] = read_texts(robot)
    assert text.startswith("### 🔴 30 alerts")
    assert text.index("number 029") < text.index("number 000")


async def test_limited_robot_rests_ten_minutes_while_the_next_one_works(post: Post) -> None:
    first, second = DingTalk(), DingTalk()
    post.add_dingtalk(first, second)
    first.penalty_until = post.clock.now() + timedelta(minutes=10)

    await post.service.send(alert(1))
    await post.deliver()
    await post.service.send(alert(2))
    await post.deliver()
    post.clock.advance(601)
    await post.service.send(alert(3))
    await post.deliver()

    assert [count_shown([second], number) for number in (1, 2, 3)] == [1, 1, 0]
    assert count_shown([first], 3) == 1
    assert first.requests == 2


async def test_limited_lone_robot_loses_nothing(post: Post) -> None:
    robot = DingTalk()
    post.add_dingtalk(robot)
    robot.penalty_until = post.clock.now() + timedelta(minutes=10)

    for number in range(50):
        await post.service.send(alert(number))
    await post.deliver_for(12)

    assert [number for number in range(50) if count_shown([robot], number) != 1] == []
    assert robot.requests <= 4


@pytest.mark.parametrize("status", ["500", "503"])
async def test_server_error_is_tried_again_until_it_passes(post: Post, status: str) -> None:
    robot = DingTalk()
    robot.faults.extend([status] * 4)
    post.add_dingtalk(robot)

    await post.service.send(alert(1))
    await post.deliver_for(5)

    [text] = read_texts(robot)
    assert "repetition" not in text
    assert robot.requests == 5


async def test_unreachable_robot_is_left_and_loses_nothing(post: Post) -> None:
    first, second = DingTalk(), DingTalk()
    post.add_dingtalk(first, second)
    del post.network.hosts["ding-1"]

    for number in range(3):
        await post.service.send(alert(number))
    await post.deliver()

    assert [count_shown([second], number) for number in range(3)] == [1, 1, 1]


@pytest.mark.parametrize("way", ["gateway", "silence"])
async def test_what_may_have_arrived_says_so_when_it_is_sent_again(post: Post, way: str) -> None:
    robot = DingTalk()
    post.add_dingtalk(robot)
    if way == "gateway":
        robot.faults.append("shown-then-504")
    else:
        post.network.mute.add("ding-1")

    await post.service.send(alert(1))
    await post.deliver()
    post.network.mute.clear()
    await post.deliver_for(3)

    first, second = read_texts(robot)
    assert "repetition" not in first
    assert "[may be a repetition] Alert number 001" in second
    assert await post.states() == [DeliveryState.SENT]


async def test_process_that_dies_while_sending_leaves_the_message_to_the_next(post: Post) -> None:
    robot = DingTalk()
    post.add_dingtalk(robot)
    await post.service.send(alert(1))
    plan = post.service._plan(post.channels[0])  # what a worker does up to its death
    await post.outbox.claim(plan, owner="another", at=post.clock.now())

    await post.deliver()
    during = list(robot.shown)
    post.clock.advance(121)
    await post.deliver()

    assert during == []
    assert "[may be a repetition] Alert number 001" in read_texts(robot)[0]


async def test_restarted_process_knows_at_once_what_it_left_open(post: Post) -> None:
    robot = DingTalk()
    post.add_dingtalk(robot)
    await post.service.send(alert(1))
    await post.outbox.claim(post.service._plan(post.channels[0]), owner="local", at=post.clock.now())

    service = post.service
    await service.start()
    await service.stop()
    await post.deliver()

    assert "[may be a repetition] Alert number 001" in read_texts(robot)[0]


async def test_late_answer_of_a_claim_that_was_given_up_changes_nothing(post: Post) -> None:
    robot = DingTalk()
    post.add_dingtalk(robot)
    await post.service.send(alert(1))
    plan = post.service._plan(post.channels[0])
    claim = await post.outbox.claim(plan, owner="another", at=post.clock.now())
    assert isinstance(claim, Claim)
    post.clock.advance(121)
    await post.deliver()

    late = SendResult(SendOutcome.FAILED)
    await post.outbox.finish(claim, late, plan=plan, at=post.clock.now(), jitter=0.5)

    assert await post.states() == [DeliveryState.SENT]
    assert len(robot.shown) == 1


async def test_rate_limit_holds_over_restarts(post: Post) -> None:
    robot = DingTalk()
    post.add_dingtalk(robot)
    post.settings.digest_from = 1000

    for number in range(36):
        await post.service.send(alert(number))
        await post.deliver()
    at_once = len(robot.shown)
    await post.deliver_for(2)

    assert robot.penalty_until is None
    assert (at_once, len(robot.shown)) == (18, 36)


async def test_undeliverable_message_expires_and_is_listed_as_such(post: Post) -> None:
    post.add_dingtalk(DingTalk())
    post.network.hosts.clear()

    await post.service.send(alert(1))
    await post.deliver()
    post.clock.advance(25 * 3600)
    await post.deliver()

    assert await post.states() == [DeliveryState.EXPIRED]


async def test_mild_alerts_do_not_reach_a_channel_for_severe_ones(post: Post) -> None:
    robot, feishu = DingTalk(), Feishu()
    post.add_dingtalk(robot, min_severity=Severity.CRITICAL)
    post.add_feishu(feishu)

    await post.service.send(alert(1))
    await post.deliver("dingtalk")
    await post.deliver("feishu")

    assert (len(robot.shown), len(feishu.shown)) == (0, 1)


async def test_feishu_takes_signed_cards_and_rests_when_limited(post: Post) -> None:
    robot = Feishu(secret=SECRET, keyword="告警")
    post.add_feishu(robot, secret=SECRET, keyword="告警")
    robot.arrivals = [post.clock.now()] * 100

    await post.service.send(alert(1, text="hello <at id=all></at>"))
    await post.deliver("feishu")
    limited = list(robot.shown)
    await post.deliver_for(2, "feishu")

    [body] = robot.shown
    assert limited == []
    assert body["card"]["header"]["title"]["content"] == "【告警】Alert number 001"
    assert body["card"]["body"]["elements"][0]["text"]["tag"] == "plain_text"


async def test_feishu_burst_beyond_five_a_second_loses_nothing_and_shows_nothing_twice(post: Post) -> None:
    robot = Feishu()
    post.add_feishu(robot)
    post.settings.digest_from = 1000

    for number in range(12):
        await post.service.send(alert(number))
    await post.deliver_for(2, "feishu")

    assert robot.requests > len(robot.shown)
    assert sorted(body["card"]["header"]["title"]["content"][-3:] for body in robot.shown) == [
        f"{number:03d}" for number in range(12)
    ]


async def test_message_larger_than_the_platform_takes_is_cut_to_fit(post: Post) -> None:
    robot = DingTalk()
    post.add_dingtalk(robot)
    texts = tuple(Paragraph("磁盘快满了。" * 300) for _ in range(20))

    await post.service.send(replace(alert(1), blocks=texts))
    await post.deliver()

    assert len(robot.shown) == 1


async def test_channels_tell_how_they_stand(post: Post) -> None:
    robot = DingTalk(secret=SECRET)
    post.add_dingtalk(robot, secret="SEC-of-another")
    await post.service.send(alert(1))
    await post.deliver()

    [status] = await post.service.list_channels()

    [state] = status.robots
    assert isinstance(state, RobotState)
    assert (status.name, status.waiting, state.is_refused) == ("dingtalk", 1, True)
    assert state.detail is not None
    assert "sign not match" in state.detail
    assert "token" not in state.name


async def test_unknown_channel_is_named_with_those_there_are(post: Post) -> None:
    post.add_dingtalk(DingTalk())

    with pytest.raises(NotFound, match="there is: dingtalk"):
        await post.service.send(alert(1), channels=["pager"])
