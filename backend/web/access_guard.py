"""Lets a request through when its caller may make it: who, what, how often.

Plain ASGI before the router, so that nothing that is mounted anywhere can be reached around it.
"""

from http import HTTPStatus

from fastapi import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from backend.features.access.domain import LOCAL, Principal, Right, Role, is_loopback
from backend.features.access.rate_limit import Limit, RateLimits
from backend.features.access.service import TOKEN_HINT, WRONG_TOKEN, AccessService
from backend.vocabulary.errors import Unavailable
from backend.vocabulary.language import Text
from backend.web.access_rules import Rule, RuleBook
from backend.web.error_mapping import language_of, problem_response
from backend.web.services import PRINCIPAL_KEY

COOKIE = "ding_robot_login"
_UNDECLARED = Rule(Right.ADMINISTER)

_LOGIN_NEEDED = Text(en="This needs a login.", zh="此操作需要登录。")
_LOGIN_HINT = Text(
    en="Log in at /login, or send `Authorization: Bearer <token>`.",
    zh="请在 /login 登录，或发送 `Authorization: Bearer <令牌>`。",
)
_FORBIDDEN = Text(
    en="The role {role} of {name!r} is not enough: this needs {needed}.",
    zh="{name!r} 的角色 {role} 权限不足：此操作需要 {needed}。",
)
_FORBIDDEN_HINT = Text(
    en="An administrator can give you a token with that role.", zh="管理员可以为您创建具有该角色的令牌。"
)
_TOO_MANY = Text(en="Too many requests of this kind.", zh="此类请求过于频繁。")
_TOO_MANY_HINT = Text(en="Try again in {seconds} s.", zh="请在 {seconds} 秒后重试。")
_NOTHING_HERE = Text(en="There is nothing at this address.", zh="该地址没有内容。")


class _Refused(Exception):
    """The request ends here, with this answer."""

    def __init__(self, response: Response) -> None:
        super().__init__()
        self.response = response


class AccessGuard:
    """Authenticates, checks the route's right, and limits how often."""

    def __init__(self, app: ASGIApp, *, rules: RuleBook) -> None:
        self._app = app
        self._rules = rules

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
            return
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = Request(scope)
        try:
            scope[PRINCIPAL_KEY] = await self._check(request)
        except _Refused as refused:
            await refused.response(scope, receive, send)
            return
        await self._app(scope, receive, send)

    async def _check(self, request: Request) -> Principal | None:
        access: AccessService = request.app.state.services.access
        limits: RateLimits = request.app.state.services.limits
        path = request.scope["path"]
        declared = self._rules.find(request.method, path)
        rule = declared or _UNDECLARED
        address = "local" if request.client is None else request.client.host
        principal = await _authenticate(
            request, access=access, limits=limits, address=address, is_needed=rule.right is not Right.ANYONE
        )
        if principal is None and rule.right is not Right.ANYONE:
            raise _Refused(_unauthenticated(request, detail=_LOGIN_NEEDED, hint=_LOGIN_HINT))
        if principal is not None and declared is None:
            return self._check_undeclared(request, principal, path=path)
        if not access.may(principal, rule.right):
            raise _Refused(_forbidden(request, principal, needed=access.needed_role(rule.right)))
        if rule.limit is not None:
            by_address = rule.limit is Limit.LOGINS or principal in {None, LOCAL}
            key = f"address:{address}" if by_address or principal is None else f"token:{principal.name}"
            _check_rate(request, limits, rule.limit, key=key)
        return principal

    def _check_undeclared(self, request: Request, principal: Principal, *, path: str) -> Principal:
        """Unknown addresses and methods get the router's 404 or 405; a forgotten route is hidden but from admins."""
        if principal.role is Role.ADMIN or self._rules.knows_path(path):
            return principal
        detail = _NOTHING_HERE.in_language(language_of(request))
        raise _Refused(problem_response(request, status=HTTPStatus.NOT_FOUND, code="not_found", detail=detail))


async def _authenticate(
    request: Request, *, access: AccessService, limits: RateLimits, address: str, is_needed: bool
) -> Principal | None:
    try:
        return await _find_principal(request, access=access, limits=limits, address=address)
    except Unavailable as error:
        if not is_needed:
            return None
        detail = error.message.in_language(language_of(request))
        raise _Refused(
            problem_response(request, status=HTTPStatus.SERVICE_UNAVAILABLE, code=error.code, detail=detail)
        ) from error


async def _find_principal(
    request: Request, *, access: AccessService, limits: RateLimits, address: str
) -> Principal | None:
    header = request.headers.get("authorization")
    if header is not None:
        scheme, _, secret = header.partition(" ")
        principal = await access.find_principal(secret.strip()) if scheme.lower() == "bearer" else None
        if principal is None:
            _check_rate(request, limits, Limit.LOGINS, key=f"address:{address}")
            await access.note_refusal(address=address)
            raise _Refused(_unauthenticated(request, detail=WRONG_TOKEN, hint=TOKEN_HINT))
        return principal
    cookie = request.cookies.get(COOKIE)
    principal = None if cookie is None else await access.find_login(cookie)
    if principal is not None:
        return principal
    # A proxy on this machine makes the whole network look local; what it forwards for shows here.
    is_local = request.client is None or is_loopback(request.client.host)
    return LOCAL if is_local and not access.is_login_required else None


def _check_rate(request: Request, limits: RateLimits, limit: Limit, *, key: str) -> None:
    seconds = limits.take(limit, key=key)
    if seconds == 0:
        return
    language = language_of(request)
    response = problem_response(
        request,
        status=HTTPStatus.TOO_MANY_REQUESTS,
        code="too_many_requests",
        detail=_TOO_MANY.in_language(language),
        hint=_TOO_MANY_HINT.in_language(language).format(seconds=seconds),
    )
    response.headers["Retry-After"] = str(seconds)
    raise _Refused(response)


def _unauthenticated(request: Request, *, detail: Text, hint: Text) -> Response:
    language = language_of(request)
    response = problem_response(
        request,
        status=HTTPStatus.UNAUTHORIZED,
        code="unauthenticated",
        detail=detail.in_language(language),
        hint=hint.in_language(language),
    )
    response.headers["WWW-Authenticate"] = "Bearer"
    return response


def _forbidden(request: Request, principal: Principal | None, *, needed: Role | None) -> Response:
    language = language_of(request)
    return problem_response(
        request,
        status=HTTPStatus.FORBIDDEN,
        code="forbidden",
        detail=_FORBIDDEN.in_language(language).format(
            role="" if principal is None else principal.role.value,
            name="" if principal is None else principal.name,
            needed="" if needed is None else needed.value,
        ),
        hint=_FORBIDDEN_HINT.in_language(language),
    )
