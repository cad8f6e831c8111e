"""The running API keeps to its own OpenAPI description, whatever is sent to it."""

import json
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import positive_data_acceptance

from backend.web.app import create_app
from tests.fakes.product import product

EXAMPLES = 15
# Left out: that every value of the right shape is accepted. Cursors, byte limits and positions are no matter of shape.
SCHEMA = schemathesis.openapi.from_dict(create_app().openapi())
OPERATIONS = {
    operation.label: operation
    for operation in (result.ok() for result in SCHEMA.get_all_operations() if isinstance(result, Ok))
}
ENDLESS = {"GET /api/v2/patrol/stream"}
"""A whole answer of theirs never comes, so only its head is looked at."""


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("api")
    config = folder / "mcp_config.json"
    config.write_text(json.dumps({"mcpServers": {}}))
    with product("web", data=folder / "data", MCP_CONFIG=str(config), OPENAI_API_KEY="", LLM_BASE_URL="") as (
        address,
        _process,
    ):
        yield address


@pytest.mark.timeout(120)
@pytest.mark.parametrize("name", sorted(OPERATIONS.keys() - ENDLESS))
def test_answers_are_documented_and_never_5xx(name: str, address: str) -> None:
    @settings(max_examples=EXAMPLES, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(data=st.data())
    def check(data: Any) -> None:  # Any: hypothesis' interactive data
        case = data.draw(OPERATIONS[name].as_strategy())
        case.call_and_validate(base_url=address, timeout=10, excluded_checks=[positive_data_acceptance])

    check()


@pytest.mark.parametrize("name", sorted(ENDLESS))
def test_heads_of_endless_answers_are_documented(name: str, address: str) -> None:
    @settings(max_examples=EXAMPLES, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(data=st.data())
    def check(data: Any) -> None:  # Any: hypothesis' interactive data
        case = data.draw(OPERATIONS[name].as_strategy())
        sent = case.as_transport_kwargs(base_url=address)
        request = {part: sent[part] for part in ("method", "url", "params", "headers", "cookies") if sent.get(part)}
        with httpx2.stream(**request, timeout=10) as response:
            media_type = response.headers["Content-Type"].partition(";")[0]
        status = str(response.status_code)
        documented = OPERATIONS[name].definition.raw["responses"]
        assert response.status_code < 500
        assert media_type in (documented.get(status) or documented[f"{status[0]}XX"])["content"]

    check()
