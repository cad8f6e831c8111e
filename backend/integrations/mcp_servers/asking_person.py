"""Tells a trusted tool server whose question a call belongs to, so that it can act with that person's rights."""

from typing import cast

from mcp_types import RequestParamsMeta

from backend.agent.run_scope import current_scope

ASKED_BY = "ding-robot/asked-by"
"""Where it stands in `_meta` of the call: an agreement with our tool servers."""


def name_asking_person() -> RequestParamsMeta | None:
    """None outside a run: nobody is named for what the product asks by itself."""
    scope = current_scope()
    if scope is None or scope.asked_by is None:
        return None
    # The SDK types the keys it knows itself, and sends others along.
    return cast(RequestParamsMeta, {ASKED_BY: {"user": scope.asked_by}})
