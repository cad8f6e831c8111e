"""Results: a compact text for people and models, the same facts as structured content for programs."""

from __future__ import annotations

import json
from typing import Any

from mcp.server.mcpserver.exceptions import ToolError
from mcp_types import CallToolResult, ContentBlock, TextContent
from pydantic import BaseModel

MAX_RESULT_CHARACTERS = 40_000
"""Above about 40 000 characters desktop clients move a result to a file, where the model does not see it."""


def structured_result(model: BaseModel, *, text: str, leave_out_none: bool = False) -> CallToolResult:
    """Both forms of one answer. Clients may give either to a model, so fields without a value may be left out."""
    structured = model.model_dump(mode="json", by_alias=True, exclude_none=leave_out_none)
    return CallToolResult(content=[TextContent(type="text", text=text)], structured_content=structured)


def measure_structured(content: object) -> int:
    """Characters the structured form takes on the wire."""
    return len(json.dumps(content, ensure_ascii=False, separators=(",", ":")))


def fit_result(result: CallToolResult, *, max_characters: int) -> CallToolResult:
    """The last guard of the budget: text is cut with a note, too much structure is refused.

    Tools page their own lists; reaching this line with structure is a fault of the tool, and half a structure
    would break the published schema.
    """
    structured: Any = result.structured_content  # Any: JSON
    if structured is not None and measure_structured(structured) > max_characters:
        raise ToolError(
            f"The result is larger than {max_characters} characters. Ask for less: a smaller limit or tail, "
            "one namespace, or a label selector."
        )
    return result.model_copy(update={"content": [_fit_block(block, max_characters) for block in result.content]})


def _fit_block(block: ContentBlock, max_characters: int) -> ContentBlock:
    if not isinstance(block, TextContent) or len(block.text) <= max_characters:
        return block
    note = f"\n[cut: {len(block.text)} characters, {max_characters} shown]"
    return block.model_copy(update={"text": block.text[: max_characters - len(note)] + note})
