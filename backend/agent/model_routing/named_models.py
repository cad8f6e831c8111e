"""The configured models by name, the order they are tried in, and how a person chooses one."""

import difflib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from backend.agent.domain import HistoryMessage, UserMessage
from backend.agent.interfaces import ModelClient
from backend.agent.model_routing.circuit_breaker import CircuitBreaker, Limits
from backend.vocabulary.errors import InvalidInput
from backend.vocabulary.language import Text

DEFAULT_MODEL = "default"
"""Choosing this name goes back to the configured order."""
RULES = "rules"
"""The rule planner's name among the models."""
_PREFIX = re.compile(r"\s*@([A-Za-z0-9][A-Za-z0-9._-]*)[\s,,::]*(.+)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class ModelProfile:
    """What is known of a model beyond how to call it. Prices are per million tokens; no window means no limit."""

    model: str = ""
    """What the endpoint calls it."""
    context_tokens: int | None = None
    input_price: float = 0.0
    output_price: float = 0.0
    can_call_tools: bool = True
    is_small: bool = False


@dataclass(frozen=True, slots=True)
class NamedModel:
    """One model as the settings name it."""

    name: str
    client: ModelClient
    breaker: CircuitBreaker
    profile: ModelProfile = ModelProfile()

    @property
    def label(self) -> str:
        """What people read in answers, notices and accounts."""
        return self.client.name


@dataclass(frozen=True, slots=True)
class Choice:
    """A person's choice of a model; `is_for_one_message` when it stands in the message itself."""

    name: str
    is_for_one_message: bool


class ModelDirectory:
    """All models; `order` names those that answer without a choice. The last of the order must never fail."""

    def __init__(self, models: Sequence[NamedModel], *, order: Sequence[str]) -> None:
        self._models = {model.name: model for model in models}
        self._order = [self._models[name] for name in order]

    @classmethod
    def in_order(cls, clients: Iterable[ModelClient]) -> "ModelDirectory":
        """Plain clients tried one after the other, each with a breaker that never stays open."""
        models = [
            NamedModel(
                name=f"{client.name}-{number}" if number else client.name,
                client=client,
                breaker=CircuitBreaker(now=lambda: datetime.now(UTC), limits=Limits(failures=1_000_000, seconds=0)),
            )
            for number, client in enumerate(clients)
        ]
        return cls(models, order=[model.name for model in models])

    @property
    def models(self) -> Sequence[NamedModel]:
        return list(self._models.values())

    @property
    def first(self) -> NamedModel:
        return self._order[0]

    @property
    def small(self) -> NamedModel | None:
        """The cheap model that takes over when the budget runs low."""
        return next((model for model in self._models.values() if model.profile.is_small), None)

    def chain(self, choice: str | None) -> list[NamedModel]:
        """The models to try for one reply: the chosen one, then the configured order."""
        chosen = None if choice is None else self._models.get(choice)
        if chosen is None:
            return list(self._order)
        return [chosen, *(model for model in self._order if model is not chosen)]

    def choose(self, message: str, *, model: str | None) -> Choice | None:
        """What the request or the message itself asks for; raise InvalidInput for a name that is not configured."""
        named = None if model is None else self._find(model)
        if model is not None and named is None:
            raise self._unknown(model)
        prefix = self._split_prefix(message)
        if prefix is not None:
            return Choice(prefix[0], is_for_one_message=True)
        return None if named is None else Choice(named, is_for_one_message=False)

    def knows(self, name: str) -> bool:
        return self._find(name) is not None

    def strip_prefixes(self, history: Iterable[HistoryMessage]) -> tuple[HistoryMessage, ...]:
        """The history as a model reads it: the stored questions keep their `@name`."""
        return tuple(self._strip(item) if isinstance(item, UserMessage) else item for item in history)

    def _strip(self, message: UserMessage) -> UserMessage:
        prefix = self._split_prefix(message.text)
        return message if prefix is None else replace(message, text=prefix[1])

    def _split_prefix(self, message: str) -> tuple[str, str] | None:
        match = _PREFIX.fullmatch(message)
        if match is None:
            return None
        name = self._find(match[1])
        return None if name is None else (name, match[2])

    def _find(self, name: str) -> str | None:
        lowered = name.strip().lower()
        return next((known for known in self._names() if known.lower() == lowered), None)

    def _names(self) -> list[str]:
        return list(dict.fromkeys([*self._models, DEFAULT_MODEL]))

    def _unknown(self, name: str) -> InvalidInput:
        names = self._names()
        nearest = difflib.get_close_matches(name, names, n=3, cutoff=0.4) or names[:8]
        listed = ", ".join(nearest)
        return InvalidInput(
            Text(en=f"No model is named {name!r}.", zh=f"没有名为 {name!r} 的模型。"),
            hint=Text(
                en=f"Nearest: {listed}. GET /api/v2/models lists all.",
                zh=f"最接近的有：{listed}。GET /api/v2/models 列出全部。",
            ),
        )
