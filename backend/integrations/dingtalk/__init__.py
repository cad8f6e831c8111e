"""DingTalk: messages to groups through custom robots."""
