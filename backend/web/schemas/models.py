"""Bodies of the model and usage endpoints."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel


class Model(BaseModel):
    """A configured model. `name` chooses it, `label` is what answers and accounts call it."""

    name: str
    label: str
    model: str
    mode: Literal["model", "rules"]
    context_tokens: int | None
    input_price: float
    output_price: float
    can_call_tools: bool
    is_small: bool
    is_default: bool
    position: int | None
    """Its place in the order of fall-backs; null when it answers only if chosen."""
    state: Literal["closed", "open", "half_open"]
    open_until: datetime | None


class ModelList(BaseModel):
    items: list[Model]


class UsageEntry(BaseModel):
    """Sums of one model; `cost` in the currency of the configured prices."""

    model: str
    calls: int
    input_tokens: int
    output_tokens: int
    cost: float


class UsageSummary(BaseModel):
    items: list[UsageEntry]
    calls: int
    input_tokens: int
    output_tokens: int
    cost: float
