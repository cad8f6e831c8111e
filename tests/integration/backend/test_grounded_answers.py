"""Answers are compared with the results before a run ends; one that contradicts them is asked for once more."""

from typing import Any

from backend.agent.domain import ToolOutcome, ToolStatus
from backend.agent.settings import AgentSettings
from tests.fakes.agent import FixtureTools, ScriptedModel, call, say
from tests.integration.backend.conftest import Chat, OpenChat

LOOK = call(("list-things", "{}"))
LIE = say("There are 9 pods in the default namespace.")
TRUTH = say("There are 2 pods in the default namespace.")


def pods() -> FixtureTools:
    rows = [["default", "web-6d9f587454-txp9v", "Running", ""], ["default", "web-6d9f587454-4c8vw", "Running", ""]]
    structured = {
        "kind": "PodList",
        "namespace": "default",
        "columns": [{"key": key, "label": key} for key in ("namespace", "name", "status", "problem")],
        "rows": rows,
        "total": 2,
        "shown": 2,
        "next_cursor": None,
        "abnormal": 0,
    }
    return FixtureTools(read_result=ToolOutcome(status=ToolStatus.OK, text="2 pods", structured=structured))


def customs(events: list[dict[str, Any]], name: str) -> list[Any]:  # Any: JSON
    return [event["value"] for event in events if event["type"] == "CUSTOM" and event["name"] == name]


async def test_statement_carries_the_call_it_rests_on(open_chat: OpenChat) -> None:
    chat: Chat = await open_chat(ScriptedModel(LOOK, TRUTH), tools=pods())

    run = await chat.ask("how many pods?")

    events = await chat.events(run)
    answer = await chat.answer()
    [statement] = answer.blocks[-1]["statements"]
    assert statement["status"] == "cited"
    assert statement["tool_call_ids"] == [answer.blocks[0]["id"]]
    assert [event["type"] for event in events[-2:]] == ["CUSTOM", "RUN_FINISHED"]
    assert customs(events[-2:-1], "grounding")


async def test_contradicted_answer_is_taken_back_and_the_model_told_why(open_chat: OpenChat) -> None:
    model = ScriptedModel(LOOK, LIE, TRUTH)
    chat: Chat = await open_chat(model, tools=pods())

    run = await chat.ask("how many pods?")

    answer = await chat.answer()
    texts = [block["text"].strip() for block in answer.blocks if block["type"] == "text"]
    assert run.outcome == "answered"
    assert texts == [TRUTH.text]
    assert [block["code"] for block in answer.blocks if block["type"] == "notice"] == ["answer-contradicted"]
    assert "9 pods" in model.requests[2].instructions
    assert LIE.text not in str(model.requests[2].history)
    logged = "".join(event.get("delta", "") for event in await chat.events(run))
    assert LIE.text in logged


async def test_answer_that_contradicts_again_stays_and_is_marked(open_chat: OpenChat) -> None:
    model = ScriptedModel(LOOK, LIE, LIE)
    chat: Chat = await open_chat(model, tools=pods())

    run = await chat.ask("how many pods?")

    answer = await chat.answer()
    [text] = [block for block in answer.blocks if block["type"] == "text"]
    assert run.outcome == "answered"
    assert len(model.requests) == 3
    assert [entry["status"] for entry in text["statements"]] == ["contradicted"]
    assert "2" in text["statements"][0]["detail"]["en"]
    assert [block["code"] for block in answer.blocks if block["type"] == "notice"] == ["answer-contradicted"] * 2


async def test_model_may_look_again_before_it_corrects_itself(open_chat: OpenChat) -> None:
    model = ScriptedModel(LOOK, LIE, call(("list-things", '{"again": true}')), TRUTH)
    chat: Chat = await open_chat(model, tools=pods())

    await chat.ask("how many pods?")

    answer = await chat.answer()
    assert [block["type"] for block in answer.blocks] == ["tool_call", "notice", "tool_call", "text"]


async def test_rules_and_spent_budgets_are_not_asked_again(open_chat: OpenChat) -> None:
    rules = ScriptedModel(LOOK, LIE, mode="rules")
    spent = ScriptedModel(LOOK, LIE)
    planner_chat: Chat = await open_chat(rules, tools=pods())
    await planner_chat.ask("how many pods?")
    settings = AgentSettings(max_model_calls=2, delta_interval_seconds=0.001)
    chat: Chat = await open_chat(spent, tools=pods(), settings=settings)

    await chat.ask("how many pods?")

    assert (len(rules.requests), len(spent.requests)) == (2, 2)


async def test_follow_up_rests_on_the_results_of_earlier_turns(open_chat: OpenChat) -> None:
    chat: Chat = await open_chat(
        ScriptedModel(LOOK, TRUTH, say("Both are Running: web-6d9f587454-txp9v.")), tools=pods()
    )
    await chat.ask("how many pods?")
    earlier = (await chat.answer()).blocks[0]["id"]

    await chat.ask("and their state?")

    [statement] = (await chat.answer()).blocks[0]["statements"]
    assert (statement["status"], statement["tool_call_ids"]) == ("cited", [earlier])


async def test_rejected_answer_is_not_part_of_later_requests(open_chat: OpenChat) -> None:
    model = ScriptedModel(LOOK, LIE, TRUTH, say("Welcome."))
    chat: Chat = await open_chat(model, tools=pods())
    await chat.ask("how many pods?")

    await chat.ask("thanks")

    assert LIE.text not in str(model.requests[-1])
