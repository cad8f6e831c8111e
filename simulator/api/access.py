"""Who calls, and what they may do: bearer tokens and a plain list of rules instead of full RBAC."""

from collections.abc import Mapping
from dataclasses import dataclass

from simulator.api.request_info import RequestInfo
from simulator.api.status_errors import ApiError, unauthorized
from simulator.store import JsonObject

PUBLIC_PATHS = ("/healthz", "/livez", "/readyz", "/version", "/version/")


@dataclass(frozen=True, slots=True)
class AccessRule:
    """Verbs allowed on resources; `*` means any. No namespaces means all of them and the cluster itself."""

    verbs: tuple[str, ...]
    resources: tuple[str, ...]
    groups: tuple[str, ...] = ("",)
    namespaces: tuple[str, ...] = ()

    def allows(self, *, verb: str, group: str, resource: str, namespace: str) -> bool:
        return (
            _names(self.verbs, verb)
            and _names(self.groups, group)
            and _names(self.resources, resource)
            and (not self.namespaces or namespace in self.namespaces)
        )


ANYTHING = AccessRule(verbs=("*",), groups=("*",), resources=("*",))
ASK_ABOUT_ONESELF = (
    AccessRule(
        verbs=("create",),
        groups=("authorization.k8s.io",),
        resources=("selfsubjectaccessreviews", "selfsubjectrulesreviews"),
    ),
    AccessRule(verbs=("create",), groups=("authentication.k8s.io",), resources=("selfsubjectreviews",)),
)


@dataclass(frozen=True, slots=True)
class User:
    name: str
    groups: tuple[str, ...] = ("system:authenticated",)
    uid: str = ""
    rules: tuple[AccessRule, ...] = ()

    @property
    def is_anonymous(self) -> bool:
        return self.name == ANONYMOUS_NAME

    def may(self, *, verb: str, group: str, resource: str, namespace: str) -> bool:
        return any(rule.allows(verb=verb, group=group, resource=resource, namespace=namespace) for rule in self.rules)


ANONYMOUS_NAME = "system:anonymous"
ANONYMOUS = User(ANONYMOUS_NAME, groups=("system:unauthenticated",))


def administrator() -> User:
    return User("kubernetes-admin", groups=("system:masters", "system:authenticated"), rules=(ANYTHING,))


def service_account(*, namespace: str, name: str, uid: str = "", rules: tuple[AccessRule, ...] = ()) -> User:
    """A restricted caller, named as the tokens of service accounts name theirs."""
    groups = ("system:serviceaccounts", f"system:serviceaccounts:{namespace}", "system:authenticated")
    return User(f"system:serviceaccount:{namespace}:{name}", groups=groups, uid=uid, rules=(*ASK_ABOUT_ONESELF, *rules))


def trusted_neighbour() -> User:
    """A caller without credentials on a port that trusts its machine, as the former insecure port named it."""
    return User("system:unsecured", groups=("system:masters", "system:authenticated"), rules=(ANYTHING,))


def authenticate(authorization: str | None, *, tokens: Mapping[str, User], anonymous: User) -> User:
    """The caller behind an Authorization header, `anonymous` without one; 401 for a token that is not known."""
    if not authorization:
        return anonymous
    scheme, _, token = authorization.partition(" ")
    user = tokens.get(token.strip()) if scheme.lower() == "bearer" else None
    if user is None:
        raise unauthorized()
    return user


def authorize(user: User, request: RequestInfo) -> None:
    """Raise 403 as the real server words it."""
    allowed = user.may(
        verb=request.verb, group=request.group, resource=request.described_resource, namespace=request.namespace
    )
    if allowed:
        return
    qualified = f"{request.plural}.{request.group}" if request.group else request.plural
    subject = f'{qualified} "{request.name}"' if request.name else qualified
    scope = f'in the namespace "{request.namespace}"' if request.namespace else "at the cluster scope"
    message = (
        f'{subject} is forbidden: User "{user.name}" cannot {request.verb} resource "{request.described_resource}" '
        f'in API group "{request.group}" {scope}'
    )
    details: JsonObject = {"name": request.name} if request.name else {}
    if request.group:
        details["group"] = request.group
    raise ApiError(403, "Forbidden", message, details={**details, "kind": request.plural})


def authorize_path(user: User, path: str, *, verb: str = "get") -> None:
    """Raise 403 for a path that is no resource, unless it is public or the caller is known."""
    if path in PUBLIC_PATHS or not user.is_anonymous:
        return
    message = f'forbidden: User "{user.name}" cannot {verb} path "{path}"'
    raise ApiError(403, "Forbidden", message, details={})


def _names(allowed: tuple[str, ...], wanted: str) -> bool:
    return "*" in allowed or wanted in allowed
