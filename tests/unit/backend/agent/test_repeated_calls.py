"""A call that was answered is not made again, unless something has changed since."""

from backend.agent.domain import Risk, ToolOutcome, ToolStatus
from backend.agent.progress import CallProgress
from backend.agent.repeated_calls import refuse_repetition


def done(
    call_id: str, arguments: str = '{"a": 1, "b": 2}', *, name: str = "list", status: str = "ok", risk: str = "read"
) -> CallProgress:
    outcome = ToolOutcome(status=ToolStatus(status), text="")
    return CallProgress(id=call_id, name=name, arguments_text=arguments, risk=Risk(risk), outcome=outcome)


def asked(arguments: str = '{"b":2,"a":1}') -> CallProgress:
    return CallProgress(id="new", name="list", arguments_text=arguments)


def refuse(call: CallProgress, *earlier: CallProgress) -> ToolOutcome | None:
    return refuse_repetition(call, turn=[*earlier, call])


def test_same_call_in_other_words_is_refused_and_points_to_the_earlier_one() -> None:
    refusal = refuse(asked(), done("first"))

    assert refusal is not None
    assert refusal.status is ToolStatus.DECLINED
    assert "first" in refusal.text


def test_other_arguments_other_tools_and_failed_calls_may_run() -> None:
    assert refuse(asked('{"a": 1}'), done("first")) is None
    assert refuse(asked(), done("first", name="describe")) is None
    assert refuse(asked(), done("first", status="error")) is None


def test_after_a_change_looking_again_is_right() -> None:
    change = done("change", name="scale", risk="change")

    assert refuse(asked(), done("first"), change) is None
    assert refuse(asked(), change, done("first")) is None


def test_declined_change_has_changed_nothing() -> None:
    declined = done("change", name="scale", risk="change", status="declined")

    assert refuse(asked(), done("first"), declined) is not None


def test_call_that_a_crash_interrupted_is_not_a_repetition_of_itself() -> None:
    call = CallProgress(id="new", name="list", arguments_text="{}", is_started=True, risk=Risk.READ)

    assert refuse(call, done("first", "{}")) is None


def test_broken_arguments_go_on_to_be_refused_as_such() -> None:
    assert refuse(asked('{"a": '), done("first")) is None
