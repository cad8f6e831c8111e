"""Every route says what right it needs, and the table names only routes that exist."""

from collections.abc import Iterable, Iterator
from typing import Any

import pytest
from starlette.routing import BaseRoute

from backend.features.access.domain import Right
from backend.web.access_rules import RULES, RuleBook
from backend.web.app import create_app

OPEN = {
    "GET /",
    "GET /api/status",
    "GET /api/v1/health",
    "GET /api/v2/health",
    "GET /api/v2/me",
    "GET /docs",
    "GET /docs/oauth2-redirect",
    "GET /healthz",
    "GET /login",
    "GET /openapi.json",
    "GET /redoc",
    "GET /spa",
    "GET /spa/{path:path}",
    "POST /api/v2/login",
    "POST /api/v2/logout",
    "POST /login",
}
FROM_THE_BUILT_PAGE = {"GET /spa", "GET /spa/{path:path}"}


def read_routes(routes: Iterable[BaseRoute]) -> Iterator[str]:
    """Method and path of everything the router can reach; included routers are folded."""
    for route in routes:
        inner: Any = getattr(route, "original_router", None)  # Any: the framework's own class
        if inner is not None:
            yield from read_routes(inner.routes)
            continue
        path = getattr(route, "path", None)
        assert path is not None, f"{route!r} has no path; teach this test to read it"
        for method in getattr(route, "methods", None) or {"GET"}:
            if method != "HEAD":
                yield f"{method} {path}"


def test_every_route_declares_its_right() -> None:
    routes = set(read_routes(create_app().router.routes))

    assert len(routes) > 25
    assert sorted(routes - set(RULES)) == []


def test_table_names_no_route_that_is_gone() -> None:
    routes = set(read_routes(create_app().router.routes))

    assert sorted(set(RULES) - routes - FROM_THE_BUILT_PAGE) == []


def test_only_these_routes_are_open_without_a_login() -> None:
    assert {key for key, rule in RULES.items() if rule.right is Right.ANYONE} == OPEN


@pytest.mark.parametrize("key", sorted(RULES))
def test_rule_of_every_route_is_found_by_its_path(key: str) -> None:
    method, path = key.split(" ")
    filled = "/".join("x-1" if part.startswith("{") else part for part in path.split("/"))

    found = RuleBook().find(method, filled)

    assert found == RULES[key]


def test_strictest_rule_wins_where_two_fit() -> None:
    book = RuleBook({"GET /a/{name}": RULES["GET /api/v2/sessions"], "GET /a/secret": RULES["GET /api/v2/audit"]})

    found = book.find("GET", "/a/secret")

    assert found is not None
    assert found.right is Right.ADMINISTER
