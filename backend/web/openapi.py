"""The API's description of itself."""

from collections.abc import Callable
from typing import Any

from fastapi import FastAPI

_PROBLEM_STATUSES = ("4XX", "5XX")


def describe_problems(app: FastAPI) -> None:
    """Name the media type of problem details, which the framework would describe as plain JSON."""
    generate: Callable[[], dict[str, Any]] = app.openapi  # Any: an OpenAPI document

    def openapi() -> dict[str, Any]:  # Any: see above
        document = generate()
        for path in document["paths"].values():
            for operation in path.values():
                for status in _PROBLEM_STATUSES:
                    _rename_media_type(operation["responses"].get(status, {}).get("content", {}))
        return document

    app.openapi = openapi  # type: ignore[method-assign]  # the framework's documented way to extend the description


def _rename_media_type(content: dict[str, Any]) -> None:  # Any: see above
    if "application/json" in content:
        content["application/problem+json"] = content.pop("application/json")
