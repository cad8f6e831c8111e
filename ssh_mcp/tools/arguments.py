"""Arguments the tools share. Descriptions are what a model reads, so they are short and exact."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field

from mcp_kit.sanitising import find_invisible
from ssh_mcp.commands.domain import MAX_COMMAND_CHARACTERS, MAX_TIMEOUT_SECONDS

MAX_ASSETS = 20


def check_visible(text: str) -> str:
    """A person approves what is seen, so nothing may be there that is not."""
    invisible = find_invisible(text)
    if invisible is not None:
        raise ValueError(f"contains the invisible character {invisible}; write it without")
    return text


def check_name(text: str) -> str:
    if text.startswith("-") or any(character.isspace() for character in text):
        raise ValueError("is no account name")
    return check_visible(text)


AssetName = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(check_visible)]
Assets = Annotated[
    list[AssetName], Field(min_length=1, max_length=MAX_ASSETS, description="Asset ids from ssh-asset-list.")
]
CommandText = Annotated[
    str,
    Field(min_length=1, max_length=MAX_COMMAND_CHARACTERS, description="Shell command (bash), not interactive."),
    AfterValidator(check_visible),
]
AccountName = Annotated[
    Annotated[str, Field(min_length=1, max_length=100), AfterValidator(check_name)] | None,
    Field(description="Login account; null means the asset's first."),
]
Timeout = Annotated[int, Field(ge=1, le=MAX_TIMEOUT_SECONDS, description="Seconds per host, then it is killed.")]
WhyText = Annotated[
    Annotated[str, Field(max_length=500), AfterValidator(check_visible)] | None,
    Field(description="Why, for the person who approves."),
]
