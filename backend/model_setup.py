"""Builds the models that the settings name."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from datetime import datetime

from pydantic import SecretStr

from backend.agent.guarding.masking_model import choose_masking
from backend.agent.interfaces import ModelClient, Telemetry
from backend.agent.measured_model import MeasuredModel
from backend.agent.model_routing.circuit_breaker import CircuitBreaker, Limits
from backend.agent.model_routing.named_models import DEFAULT_MODEL, RULES, ModelDirectory, ModelProfile, NamedModel
from backend.agent.rule_planner import RulePlanner
from backend.agent.telemetry import NoTelemetry
from backend.features.patrol.one_look import judge_once
from backend.settings import ModelSettings, Settings


def build_models(
    settings: Settings,
    *,
    environment: Mapping[str, str],
    now: Callable[[], datetime],
    stack: AsyncExitStack,
    telemetry: Telemetry | None = None,
) -> ModelDirectory:
    """The flat settings make the model `default`; the rule planner is always last."""
    mask = choose_masking(settings.masking)
    limits = Limits(failures=settings.agent.breaker_failures, seconds=settings.agent.breaker_seconds)

    def named(name: str, client: ModelClient, profile: ModelProfile) -> NamedModel:
        measured = MeasuredModel(client, telemetry=telemetry or NoTelemetry())
        return NamedModel(name=name, client=measured, profile=profile, breaker=CircuitBreaker(now=now, limits=limits))

    models = [
        named(entry.name, mask(_connect(entry, key=_find_key(entry, environment), stack=stack)), _profile(entry))
        for entry in settings.models
    ]
    if settings.has_model:
        entry = _default_entry(settings)
        client = _connect(entry, key=settings.openai_api_key, stack=stack)
        models.insert(0, named(DEFAULT_MODEL, mask(client), _profile(entry)))
    planner = RulePlanner(judge_host=lambda facts: judge_once(facts, now=now(), settings=settings.checks))
    models.append(named(RULES, planner, ModelProfile()))
    return ModelDirectory(models, order=[*_choose_order(settings), RULES])


def _choose_order(settings: Settings) -> Sequence[str]:
    """`default`, then the named fall-backs; without either, the first listed model that is not the small one."""
    order = [DEFAULT_MODEL] if settings.has_model else []
    order += [name for name in settings.llm.fallback_names if name not in order]
    if order or not settings.models:
        return order
    first = next((entry for entry in settings.models if not entry.is_small), settings.models[0])
    return [first.name]


def _default_entry(settings: Settings) -> ModelSettings:
    llm = settings.llm
    return ModelSettings.model_construct(
        name=llm.model,
        base_url=llm.base_url,
        model=llm.model,
        api_key_env=None,
        context_tokens=llm.context_tokens,
        input_price=llm.input_price,
        output_price=llm.output_price,
        can_call_tools=llm.can_call_tools,
        extra_body={},
        first_token_seconds=llm.first_token_seconds,
        idle_seconds=llm.idle_seconds,
        is_small=False,
    )


def _connect(entry: ModelSettings, *, key: SecretStr | None, stack: AsyncExitStack) -> ModelClient:
    from backend.integrations.openai_compatible import OpenAiCompatibleModel

    client = OpenAiCompatibleModel(
        name=entry.name,
        model=entry.model,
        base_url=entry.base_url,
        api_key=key,
        first_token_seconds=entry.first_token_seconds,
        idle_seconds=entry.idle_seconds,
        extra_body=entry.extra_body,
    )
    stack.push_async_callback(client.close)
    return client


def _find_key(entry: ModelSettings, environment: Mapping[str, str]) -> SecretStr | None:
    value = environment.get(entry.api_key_env or "")
    return SecretStr(value) if value else None


def _profile(entry: ModelSettings) -> ModelProfile:
    return ModelProfile(
        model=entry.model,
        context_tokens=entry.context_tokens,
        input_price=entry.input_price,
        output_price=entry.output_price,
        can_call_tools=entry.can_call_tools,
        is_small=entry.is_small,
    )
