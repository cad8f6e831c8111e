"""Arguments the tools share. Descriptions are what a model reads, so they are short and exact."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field

from k8s_mcp.text.names import check_name, check_selector


def _check_optional_name(name: str | None) -> str | None:
    return None if name is None else check_name(name)


def _check_optional_selector(selector: str | None) -> str | None:
    return None if selector is None else check_selector(selector)


Name = Annotated[str, AfterValidator(check_name)]
Namespace = Annotated[
    str | None, AfterValidator(_check_optional_name), Field(description="Namespace; null means the default one.")
]
AllNamespaces = Annotated[bool, Field(description="True reads every namespace; do not give a namespace then.")]
LabelSelector = Annotated[
    str | None,
    AfterValidator(_check_optional_selector),
    Field(description="Label selector, e.g. app=web,tier!=cache.", max_length=500),
]
Limit = Annotated[int, Field(ge=1, le=500, description="Rows per page.")]
Cursor = Annotated[str | None, Field(description="next_cursor of the page before.", max_length=1000)]
OptionalName = Annotated[str | None, AfterValidator(_check_optional_name)]
