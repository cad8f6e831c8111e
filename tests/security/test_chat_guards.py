"""What the whole chat keeps from models and from its own tables."""

import json
import logging
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import select

from backend.agent.approvals import describe_call
from backend.agent.domain import ModelRequest, TextDelta, ToolOutcome, ToolStatus, UserMessage
from backend.agent.guarding.masking_model import choose_masking
from backend.agent.guarding.redaction import RedactingFormatter
from backend.agent.guarding.settings import MaskingSettings
from backend.agent.settings import AgentSettings
from backend.integrations.openai_compatible import OpenAiCompatibleModel
from backend.model_setup import build_models
from backend.serving import configure_logging
from backend.settings import LlmSettings, Settings
from backend.storage.tables import metadata
from backend.vocabulary.clock import SystemClock
from backend.vocabulary.language import Language
from tests.fakes.agent import FixtureTools
from tests.fakes.openai_server import ScriptedCall, ScriptedModelServer, call_tools, refuse, say
from tests.integration.backend.conftest import Chat, OpenChat

SECRET = "sk-planted-0123456789abcdefghij"


async def read_tables(chat: Chat) -> str:
    async with chat.database.read() as connection:
        rows = [row for table in metadata.sorted_tables for row in (await connection.execute(select(table))).all()]
    return "\n".join(str(tuple(row)) for row in rows)


async def test_masked_names_reach_tools_and_people_but_not_the_model(open_chat: OpenChat) -> None:
    tools = FixtureTools(read_result=ToolOutcome(status=ToolStatus.OK, text="10.1.2.3 db01.corp.example.com is slow"))
    replies = [
        call_tools(ScriptedCall("list-things", {"address": "⟦ip-1⟧"})),
        say("The host ⟦host-1⟧ at ⟦ip-1⟧ is slow.", words_per_chunk=1),
    ]
    async with ScriptedModelServer(replies=replies) as server:
        model = OpenAiCompatibleModel(model="m", base_url=server.base_url, api_key=SecretStr("k"))
        chat: Chat = await open_chat(choose_masking(MaskingSettings(enabled=True))(model), tools=tools)
        await chat.ask("how is 10.1.2.3?")
        await model.close()

    requests = json.dumps([request.body for request in server.requests], ensure_ascii=False)
    assert "10.1.2.3" not in requests
    assert "db01" not in requests
    assert tools.read == [{"address": "10.1.2.3"}]
    assert "db01.corp.example.com at 10.1.2.3" in str(await chat.answer())


async def test_a_key_that_a_provider_repeats_is_not_kept(open_chat: OpenChat) -> None:
    refusal = refuse(401, message=f"Incorrect API key provided: {SECRET}.", code="invalid_api_key")
    async with ScriptedModelServer(replies=[refusal]) as server:
        model = OpenAiCompatibleModel(model="m", base_url=server.base_url, api_key=SecretStr(SECRET))
        chat: Chat = await open_chat(model)
        run = await chat.ask("hello")
        await model.close()

    assert run.finished_at is not None
    assert SECRET not in await read_tables(chat)


async def test_a_large_result_is_redacted_before_it_is_kept_whole(open_chat: OpenChat) -> None:
    text = "\n".join(f"line {number} token={SECRET}{number}" for number in range(2000))
    tools = FixtureTools(read_result=ToolOutcome(status=ToolStatus.OK, text=text))
    replies = [call_tools(ScriptedCall("list-things", {})), say("Done.")]
    async with ScriptedModelServer(replies=replies) as server:
        model = OpenAiCompatibleModel(model="m", base_url=server.base_url, api_key=SecretStr("k"))
        chat: Chat = await open_chat(
            model, tools=tools, settings=AgentSettings(delta_interval_seconds=0.001, result_tokens=500)
        )
        await chat.ask("list")
        await model.close()

    tables = await read_tables(chat)
    assert "line 1999" in tables
    assert SECRET not in tables


async def test_the_settings_mask_what_real_models_see(tmp_path: Path) -> None:
    request = ModelRequest(
        instructions="", history=(UserMessage(text="is 10.1.2.3 up?"),), tools=(), language=Language.EN
    )
    async with ScriptedModelServer(replies=[say("⟦ip-1⟧ is up.")]) as server, AsyncExitStack() as stack:
        settings = Settings(
            data_directory=tmp_path,
            llm=LlmSettings(base_url=server.base_url),
            masking=MaskingSettings(enabled=True),
        )
        directory = build_models(settings, environment={}, now=SystemClock().now, stack=stack)
        events = [event async for event in directory.first.client.stream(request)]

    assert "10.1.2.3" not in json.dumps(server.requests[0].body)
    assert "".join(event.text for event in events if isinstance(event, TextDelta)) == "10.1.2.3 is up."


def test_the_servers_log_is_redacted(monkeypatch: pytest.MonkeyPatch) -> None:
    root = logging.getLogger()
    monkeypatch.setattr(root, "handlers", [])

    configure_logging()

    assert [type(handler.formatter) for handler in root.handlers] == [RedactingFormatter]


def test_an_approval_shows_arguments_without_disguise() -> None:
    question = describe_call(
        tool="scale",
        server="k8s",
        arguments={"name": "web\u202eprod\u200b", 'n = 1\n  confirmed = "yes"': 2, "备注": "正常"},
    )

    assert question.splitlines() == [
        "Run scale on k8s with exactly these arguments?",
        '  name = "web\\u202eprod\\u200b"',
        '  "n = 1\\n  confirmed = \\"yes\\"" = 2',
        '  "备注" = "正常"',
    ]
