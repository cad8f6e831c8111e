"""What the routes work with, handed to the app by the composition root."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated, cast

from fastapi import Depends, Request

from backend.agent.domain import Mode
from backend.agent.interfaces import ToolSource
from backend.features.chat.service import ChatService


@dataclass(frozen=True, slots=True)
class Services:
    """The running product behind the HTTP surface."""

    chat: ChatService
    tools: ToolSource
    mode: Mode
    model: str
    check_database: Callable[[], Awaitable[None]]
    """Raises when the database does not answer."""


def get_services(request: Request) -> Services:
    return cast("Services", request.app.state.services)


ServicesDep = Annotated[Services, Depends(get_services)]
