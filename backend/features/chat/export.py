"""Writes a session as one Markdown document."""

import json
from collections.abc import Iterable
from typing import Any

from backend.features.chat.domain import Message, Session


def write_markdown(session: Session, messages: Iterable[Message]) -> str:
    """Questions as headings, answers as written, tool calls with their arguments and results as quotes."""
    parts = [f"# {session.title or session.id}"]
    for message in messages:
        if message.role == "user":
            parts.append(f"## {message.blocks[0]['text']}")
        else:
            parts.extend(filter(None, map(_write_block, message.blocks)))
            if message.error is not None:
                parts.append(f"**{message.error['code']}**: {message.error['message']}")
    return "\n\n".join(parts) + "\n"


def _write_block(block: dict[str, Any]) -> str:  # Any: JSON
    match block["type"]:
        case "text":
            return str(block["text"])
        case "tool_call":
            arguments = json.dumps(block["arguments"], ensure_ascii=False)
            fence = "~~~~"
            return f"`{block['name']}` {arguments} → {block['status']}\n\n{fence}\n{block['text'] or ''}\n{fence}"
        case "approval":
            approval = block["approval"]
            return f"> {approval['question'].splitlines()[0]}\n> {approval['state']} {approval['decided_by'] or ''}"
        case "notice":
            return f"> {block['message']}"
        case _:
            return ""
