"""Feishu: messages to groups through custom robots."""
