"""Which models there are, how they stand, and what was used."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Query

from backend.agent.model_routing.circuit_breaker import CircuitState
from backend.agent.model_routing.named_models import ModelDirectory, NamedModel
from backend.features.chat.usage import ModelUsage, UsageFilter
from backend.web.schemas import models as schemas
from backend.web.services import ServicesDep

router = APIRouter(prefix="/api/v2", tags=["models"])

_MICROS = 1_000_000
Id = Annotated[str | None, Query(max_length=64)]


@router.get("/models", operation_id="list_models")
async def list_models(services: ServicesDep) -> schemas.ModelList:
    """The configured models in the order they are listed, the rule planner last."""
    return schemas.ModelList(items=[_read_model(model, services.models) for model in services.models.models])


@router.get("/usage", operation_id="get_usage")
async def get_usage(
    services: ServicesDep, session_id: Id = None, run_id: Id = None, day: date | None = None
) -> schemas.UsageSummary:
    """Tokens and costs per model: of a session, a run, a UTC day, or all that were ever used."""
    entries = await services.usage.read(
        UsageFilter(run_id=run_id, session_id=session_id, day=None if day is None else day.isoformat())
    )
    return schemas.UsageSummary(
        items=[_read_usage(entry) for entry in entries],
        calls=sum(entry.calls for entry in entries),
        input_tokens=sum(entry.input_tokens for entry in entries),
        output_tokens=sum(entry.output_tokens for entry in entries),
        cost=sum(entry.cost_micros for entry in entries) / _MICROS,
    )


def _read_model(model: NamedModel, directory: ModelDirectory) -> schemas.Model:
    order = directory.chain(None)
    profile = model.profile
    state = model.breaker.state
    return schemas.Model(
        name=model.name,
        label=model.label,
        model=profile.model,
        mode=model.client.mode,
        context_tokens=profile.context_tokens,
        input_price=profile.input_price,
        output_price=profile.output_price,
        can_call_tools=profile.can_call_tools,
        is_small=profile.is_small,
        is_default=model is directory.first,
        position=order.index(model) + 1 if model in order else None,
        state=state.value,
        open_until=None if state is CircuitState.CLOSED else model.breaker.open_until,
    )


def _read_usage(entry: ModelUsage) -> schemas.UsageEntry:
    return schemas.UsageEntry(
        model=entry.model,
        calls=entry.calls,
        input_tokens=entry.input_tokens,
        output_tokens=entry.output_tokens,
        cost=entry.cost_micros / _MICROS,
    )
