"""The description of the API that the page's client is generated from."""

import json

from backend.web.app import create_app
from tests.fakes.product import ROOT


def test_the_written_description_is_that_of_the_routes() -> None:
    written = json.loads((ROOT / "frontend" / "openapi.json").read_text())

    assert written == json.loads(json.dumps(create_app().openapi())), "run: make openapi"
