"""The chat of the backend's own tests, with tools that note every attempt."""

from tests.integration.backend.conftest import open_chat

__all__ = ["open_chat"]
