"""ssh-read-output: reads on in an output that was too long to show."""

from __future__ import annotations

from typing import Annotated, Literal

from mcp.server.mcpserver import Context
from mcp_types import CallToolResult
from pydantic import Field

from mcp_kit.results import structured_result
from ssh_mcp.commands.output_text import clean_text
from ssh_mcp.results import OutputResult
from ssh_mcp.state import SshState

TOOL = "ssh-read-output"

# JSON may need two characters for one, and the text stands in both forms of the answer.
_PASSAGE_BYTES = 16_000


async def read_output(
    ctx: Context[SshState],
    output_id: Annotated[str, Field(max_length=40, description="From a result that was truncated.")],
    stream: Annotated[Literal["stdout", "stderr"], Field(description="Which output.")] = "stdout",
    offset: Annotated[int, Field(ge=0, description="Byte to start at; next_offset of the passage before.")] = 0,
) -> Annotated[CallToolResult, OutputResult]:
    """Read on in the kept output of an earlier command, from a byte offset. To search it, run the command again with
    grep instead."""
    state = ctx.request_context.lifespan_context
    passage = state.outputs.read(output_id, stream, offset=offset, max_bytes=_PASSAGE_BYTES)
    result = OutputResult(
        output_id=output_id,
        stream=stream,
        text=clean_text(passage.data),
        offset=passage.offset,
        next_offset=passage.next_offset,
        total_bytes=passage.total_bytes,
    )
    more = f"\n[more: offset={passage.next_offset} of {passage.total_bytes}]" if passage.next_offset else "\n[end]"
    return structured_result(result, text=result.text + more)
