"""Language models behind any OpenAI-compatible chat-completions URL."""

from backend.integrations.openai_compatible.client import OpenAiCompatibleModel

__all__ = ["OpenAiCompatibleModel"]
