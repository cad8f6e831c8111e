"""Error answers in each vendor's own form, over real HTTP."""

import asyncio
from dataclasses import dataclass
from typing import Any

import pytest
from pydantic import SecretStr

from backend.agent.domain import ModelRequest, UserMessage
from backend.integrations.openai_compatible.client import OpenAiCompatibleModel
from backend.vocabulary.errors import ErrorKind, ModelError
from backend.vocabulary.language import Language
from tests.fakes.openai_server import Reply, ScriptedModelServer

QUESTION = ModelRequest(instructions="", history=(UserMessage("hi"),), tools=(), language=Language.EN)


@dataclass(frozen=True)
class Case:
    """What a vendor answers, and what it means: the kind, and whether asking again makes sense."""

    status: int
    body: Any  # Any: JSON
    kind: ErrorKind
    is_retryable: bool = False


def error(message: str, *, code: str | int | None = None, kind: str = "invalid_request_error") -> dict[str, Any]:
    return {"error": {"message": message, "type": kind, "param": None, "code": code}}


def zhipu(code: str, message: str) -> dict[str, Any]:
    return {"error": {"code": code, "message": message}}


AUTH, QUOTA = ErrorKind.MODEL_AUTHENTICATION, ErrorKind.MODEL_QUOTA
BUSY, LONG, REFUSED = ErrorKind.MODEL_UNAVAILABLE, ErrorKind.CONTEXT_TOO_LONG, ErrorKind.INTERNAL

CASES = {
    "zhipu: too many visitors": Case(429, zhipu("1305", "该模型当前访问量过大,请您稍后再试"), QUOTA, True),
    "zhipu: concurrency": Case(429, zhipu("1302", "您当前使用该API的并发数过高"), QUOTA, True),
    "zhipu: in arrears": Case(429, zhipu("1113", "您的账户已欠费,请充值后重试"), QUOTA),
    "zhipu: key": Case(401, zhipu("1000", "身份验证失败"), AUTH),
    "zhipu: unknown model": Case(400, zhipu("1211", "模型不存在,请检查模型代码"), BUSY),
    "zhipu: too long": Case(400, zhipu("1261", "Prompt 超长"), LONG),
    "zhipu: sensitive content": Case(400, zhipu("1301", "系统检测到输入或生成内容可能包含不安全或敏感内容"), REFUSED),
    "siliconflow: balance": Case(
        403, {"code": 30001, "message": "Sorry, your account balance is insufficient", "data": None}, QUOTA
    ),
    "siliconflow: rate": Case(
        429,
        {"code": 0, "message": "Request was rejected due to rate limiting. Details: TPM limit reached."},
        QUOTA,
        True,
    ),
    "siliconflow: overloaded": Case(
        503, {"code": 50505, "message": "Model service overloaded. Please try again later.", "data": None}, BUSY, True
    ),
    "siliconflow: key": Case(401, "Api key is invalid", AUTH),
    "siliconflow: unknown model": Case(
        400, {"code": 20012, "message": "Model does not exist. Please check it carefully.", "data": None}, BUSY
    ),
    "dashscope: key": Case(401, error("Incorrect API key provided.", code="invalid_api_key"), AUTH),
    "dashscope: arrearage": Case(
        400, error("Access denied, please make sure your account is in good standing.", code="Arrearage"), QUOTA
    ),
    "dashscope: requests": Case(
        429, error("Requests rate limit exceeded, please try again later.", code="limit_requests"), QUOTA, True
    ),
    "dashscope: allocated quota": Case(
        429,
        error("Allocated quota exceeded, please increase your quota limit.", code="insufficient_quota"),
        QUOTA,
        True,
    ),
    "dashscope: free tier": Case(
        403, error("The free tier of the model has been exhausted.", code="AllocationQuota.FreeTierOnly"), QUOTA
    ),
    "dashscope: too long": Case(
        400, error("Range of input length should be [1, 129024]", code="invalid_parameter_error"), LONG
    ),
    "dashscope: inspected": Case(
        400, error("Input data may contain inappropriate content.", code="data_inspection_failed"), REFUSED
    ),
    "deepseek: key": Case(
        401,
        error("Authentication Fails (no such user)", code="invalid_request_error", kind="authentication_error"),
        AUTH,
    ),
    "deepseek: balance": Case(402, error("Insufficient Balance", code="invalid_request_error"), QUOTA),
    "deepseek: busy": Case(
        503, error("Service is too busy. We advise users to temporarily switch to other providers."), BUSY, True
    ),
    "deepseek: too long": Case(
        400, error("This model's maximum context length is 65536 tokens. However, you requested 70000 tokens."), LONG
    ),
    "doubao: key": Case(
        401, error("The API key or AK/SK in the request is missing or invalid.", code="AuthenticationError"), AUTH
    ),
    "doubao: overdue": Case(
        403, error("The request failed because your account has an overdue balance.", code="AccountOverdueError"), QUOTA
    ),
    "doubao: requests per minute": Case(
        429,
        error("The Requests Per Minute (RPM) limit was exceeded.", code="RateLimitExceeded.EndpointRPMExceeded"),
        QUOTA,
        True,
    ),
    "doubao: overloaded": Case(
        429,
        error("The service is currently unable to handle additional requests.", code="ServerOverloaded"),
        BUSY,
        True,
    ),
    "doubao: own limit": Case(
        429, error("Your account has reached the set inference limit.", code="SetLimitExceeded"), QUOTA
    ),
    "doubao: unknown endpoint": Case(
        404,
        error("The model or endpoint ep-1 does not exist.", code="InvalidEndpointOrModel.NotFound"),
        BUSY,
    ),
    "doubao: too long": Case(
        400, error("Total tokens of image and text exceed max message tokens.", code="InvalidParameter"), LONG
    ),
    "ollama: unknown model": Case(404, error("model 'qwen9' not found, try pulling it first", kind="api_error"), BUSY),
    "ollama: native form": Case(404, {"error": "model 'qwen9' not found"}, BUSY),
    "ollama: busy": Case(
        503, error("server busy, please try again. maximum pending requests exceeded", kind="api_error"), BUSY, True
    ),
    "ollama: memory": Case(
        500,
        error("model requires more system memory (8.4 GiB) than is available (3.1 GiB)", kind="api_error"),
        BUSY,
        True,
    ),
    "llama.cpp: too long": Case(
        400, error("the request exceeds the available context size", code=400, kind="exceed_context_size_error"), LONG
    ),
}


async def fail(case: Case) -> ModelError:
    async with ScriptedModelServer(replies=[Reply(status=case.status, body=case.body)]) as server:
        model = OpenAiCompatibleModel(model="m", base_url=server.base_url, api_key=SecretStr("sk-secret-secret"))
        with pytest.raises(ModelError) as caught:
            async with asyncio.timeout(10):
                [event async for event in model.stream(QUESTION)]
        await model.close()
    return caught.value


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
async def test_vendors_failure_has_its_kind_and_says_whether_to_ask_again(case: Case) -> None:
    failure = await fail(case)

    assert (failure.kind, failure.is_retryable) == (case.kind, case.is_retryable)


async def test_model_without_tools_comes_with_the_setting_that_helps() -> None:
    body = error("registry.ollama.ai/library/gemma:2b does not support tools", kind="api_error")

    failure = await fail(Case(400, body, BUSY))

    assert not failure.is_retryable
    assert "can_call_tools: false" in failure.message


async def test_vendors_own_words_reach_the_person() -> None:
    failure = await fail(CASES["ollama: native form"])

    assert "model 'qwen9' not found" in failure.message
