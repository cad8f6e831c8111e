"""What every route asks of its caller: the one place where that is said.

A route that is missing here is open to admins only, and a test fails.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from re import Pattern

from starlette.routing import compile_path

from backend.features.access.domain import Right
from backend.features.access.rate_limit import Limit


@dataclass(frozen=True, slots=True)
class Rule:
    """The right that a route needs, and what its calls count against."""

    right: Right
    limit: Limit | None = None


_ANYONE, _READ, _ASK, _ADMINISTER = Rule(Right.ANYONE), Rule(Right.READ), Rule(Right.ASK), Rule(Right.ADMINISTER)
_CHANGE = Rule(Right.ADMINISTER, limit=Limit.DECISIONS)
_LOGIN = Rule(Right.ANYONE, limit=Limit.LOGINS)

RULES: Mapping[str, Rule] = {
    "GET /": _ANYONE,
    "GET /spa": _ANYONE,
    "GET /spa/{path:path}": _ANYONE,
    "GET /docs": _ANYONE,
    "GET /docs/oauth2-redirect": _ANYONE,
    "GET /redoc": _ANYONE,
    "GET /openapi.json": _ANYONE,
    "GET /login": _ANYONE,
    "POST /login": _LOGIN,
    "POST /api/v2/login": _LOGIN,
    "POST /api/v2/logout": _ANYONE,
    "GET /api/v2/me": _ANYONE,
    "GET /api/v2/health": _ANYONE,
    "GET /api/v1/health": _ANYONE,
    "GET /api/status": _ANYONE,
    "GET /healthz": _ANYONE,
    "GET /metrics": _READ,
    "GET /api/v2/debug/performance": _READ,
    "GET /api/v2/tools": _READ,
    "POST /api/v2/tools/{name}/enable": _CHANGE,
    "POST /api/v2/tools/{name}/disable": _CHANGE,
    "POST /api/v2/tools/{name}/accept": _CHANGE,
    "GET /api/v2/servers": _READ,
    "POST /api/v2/servers/{name}/reconnect": _CHANGE,
    "GET /api/v2/models": _READ,
    "GET /api/v2/usage": _READ,
    "GET /api/v2/sessions": _READ,
    "POST /api/v2/sessions": _ASK,
    "GET /api/v2/sessions/{session_id}": _READ,
    "PATCH /api/v2/sessions/{session_id}": _ASK,
    "DELETE /api/v2/sessions/{session_id}": _ASK,
    "GET /api/v2/sessions/{session_id}/messages": _READ,
    "GET /api/v2/sessions/{session_id}/export": _READ,
    "GET /api/v2/sessions/{session_id}/grants": _READ,
    "DELETE /api/v2/sessions/{session_id}/grants": _ASK,
    "POST /api/v2/sessions/{session_id}/runs": Rule(Right.ASK, limit=Limit.RUNS),
    "GET /api/v2/runs/{run_id}": _READ,
    "GET /api/v2/runs/{run_id}/events": _READ,
    "POST /api/v2/runs/{run_id}/cancel": _ASK,
    "GET /api/v2/approvals": _READ,
    "GET /api/v2/approvals/{approval_id}": _READ,
    "POST /api/v2/approvals/{approval_id}": Rule(Right.APPROVE, limit=Limit.DECISIONS),
    "GET /api/v2/audit": _ADMINISTER,
    "GET /api/v2/patrol": _READ,
    "POST /api/v2/patrol/runs": Rule(Right.ASK, limit=Limit.RUNS),
    "GET /api/v2/patrol/runs": _READ,
    "GET /api/v2/patrol/runs/{run_id}": _READ,
    "POST /api/v2/patrol/runs/{run_id}/cancel": _ASK,
    "GET /api/v2/patrol/stream": _READ,
    "GET /api/v2/patrol/findings": _READ,
    "GET /api/v2/patrol/findings/{finding_id}": _READ,
    "POST /api/v2/patrol/findings/{finding_id}/acknowledge": _ASK,
    "POST /api/v2/patrol/findings/{finding_id}/silence": _ASK,
    "DELETE /api/v2/patrol/findings/{finding_id}/silence": _ASK,
    "POST /api/v2/patrol/findings/{finding_id}/close": _ASK,
    "GET /api/v2/patrol/trend": _READ,
    "GET /api/v2/hosts": _READ,
    "GET /api/v2/hosts/{host_id}": _READ,
    "GET /api/v2/hosts/{host_id}/history": _READ,
    "GET /api/v2/clusters": _READ,
    "GET /api/v2/channels": _READ,
    "POST /api/v2/channels/{name}/test": _CHANGE,
    "GET /api/v2/notifications": _READ,
    "GET /api/v2/report": _READ,
    "POST /api/v2/report/send": Rule(Right.ASK, limit=Limit.RUNS),
}
_STRICTEST_LAST = tuple(Right)


class RuleBook:
    """Finds the rule of a request."""

    def __init__(self, rules: Mapping[str, Rule] = RULES) -> None:
        self._rules: list[tuple[str, Pattern[str], Rule]] = []
        for key, rule in rules.items():
            method, _, path = key.partition(" ")
            self._rules.append((method, compile_path(path)[0], rule))

    def find(self, method: str, path: str) -> Rule | None:
        """The strictest rule that fits; None when the route is declared nowhere."""
        wanted = "GET" if method == "HEAD" else method
        found = [rule for verb, pattern, rule in self._rules if verb == wanted and pattern.match(path)]
        return max(found, key=lambda rule: _STRICTEST_LAST.index(rule.right), default=None)

    def knows_path(self, path: str) -> bool:
        """Whether the path is declared for some method: then the router says which."""
        return any(pattern.match(path) for _verb, pattern, _rule in self._rules)
