"""A digest of everything a model is told about a tool, to notice when a foreign server rewrites it."""

import hashlib
import json

from mcp_types import Tool


def fingerprint_tool(tool: Tool) -> str:
    """SHA-256 over name, title, description and both schemas in canonical JSON, as lower-case hex."""
    annotated_title = tool.annotations.title if tool.annotations else None
    told = [tool.name, tool.title, annotated_title, tool.description, tool.input_schema, tool.output_schema]
    canonical = json.dumps(told, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode(errors="surrogatepass")).hexdigest()
