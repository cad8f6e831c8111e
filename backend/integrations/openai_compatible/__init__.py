"""Language models behind any OpenAI-compatible chat-completions URL."""
