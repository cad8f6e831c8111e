"""Objects that are asked for in another form than they are kept in: older API versions, versions of custom kinds."""

from collections.abc import Callable
from dataclasses import dataclass

from simulator.api.autoscaler_forms import to_v1, to_v2
from simulator.api_resources import HORIZONTALPODAUTOSCALERS_V1, ResourceType
from simulator.store import JsonObject

Convert = Callable[[JsonObject], JsonObject]


@dataclass(frozen=True, slots=True)
class _Forms:
    shown: Convert
    kept: Convert


_FORMS: dict[ResourceType, _Forms] = {HORIZONTALPODAUTOSCALERS_V1: _Forms(shown=to_v1, kept=to_v2)}


def shown(item: JsonObject, *, asked: ResourceType) -> JsonObject:
    """A kept object in the form that was asked for."""
    if not asked.is_view:
        return item
    forms = _FORMS.get(asked)
    converted = forms.shown(item) if forms else item
    return {**converted, "kind": asked.kind, "apiVersion": asked.api_version}


def kept(item: JsonObject, *, asked: ResourceType, stored: ResourceType) -> JsonObject:
    """An object that came in the form asked for, as it is kept."""
    if not asked.is_view:
        return item
    forms = _FORMS.get(asked)
    converted = forms.kept(item) if forms else item
    return {**converted, "kind": stored.kind, "apiVersion": stored.api_version}
