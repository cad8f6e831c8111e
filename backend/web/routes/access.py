"""Login, logout, and who one is: as JSON for programs, and as a plain form for the browser."""

import html
from urllib.parse import parse_qs

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from backend.features.access.service import NewLogin
from backend.vocabulary.errors import Unauthenticated
from backend.vocabulary.language import Language
from backend.web.access_guard import COOKIE
from backend.web.error_mapping import language_of
from backend.web.login_page import write_login_page
from backend.web.schemas.access import LoginRequest, Me, read_me
from backend.web.services import ServicesDep, find_principal

router = APIRouter(tags=["access"])

_PAGE = "/spa/"


@router.post("/api/v2/login", operation_id="log_in")
async def log_in(body: LoginRequest, request: Request, response: Response, services: ServicesDep) -> Me:
    """Exchange an access token for a cookie that scripts cannot read."""
    login = await services.access.login(body.token.strip(), address=_address(request))
    _set_cookie(response, login, request=request)
    return read_me(login.principal, is_login_required=services.access.is_login_required)


@router.post("/api/v2/logout", status_code=204, operation_id="log_out")
async def log_out(request: Request, response: Response, services: ServicesDep) -> None:
    """End the login of this browser."""
    cookie = request.cookies.get(COOKIE)
    if cookie is not None:
        await services.access.logout(cookie)
    response.delete_cookie(COOKIE, path="/", httponly=True, samesite="strict")


@router.get("/api/v2/me", operation_id="get_me")
async def get_me(request: Request, services: ServicesDep) -> Me:
    """Who the caller is, and whether a login is required."""
    return read_me(find_principal(request), is_login_required=services.access.is_login_required)


@router.get("/login", include_in_schema=False)
async def show_login(request: Request, next: str = _PAGE) -> Response:
    return _answer_page(language_of(request), target=next)


@router.post("/login", include_in_schema=False)
async def submit_login(request: Request, services: ServicesDep) -> Response:
    form = parse_qs((await request.body()).decode(errors="replace"))
    target = form.get("next", [_PAGE])[0]
    try:
        login = await services.access.login(form.get("token", [""])[0].strip(), address=_address(request))
    except Unauthenticated as error:
        language = language_of(request)
        return _answer_page(language, target=target, problem=error.message.in_language(language), status=401)
    response = RedirectResponse(_check_target(target), status_code=303)
    _set_cookie(response, login, request=request)
    return response


def _answer_page(language: Language, *, target: str, problem: str = "", status: int = 200) -> Response:
    page = write_login_page(language, target=html.escape(_check_target(target)), problem=html.escape(problem))
    return HTMLResponse(page, status_code=status, headers={"Cache-Control": "no-store"})


def _check_target(target: str) -> str:
    """Only the page itself: a link to a login must not be able to lead anywhere else."""
    is_ours = target.startswith(_PAGE) and target.isprintable() and "\\" not in target
    return target if is_ours else _PAGE


def _set_cookie(response: Response, login: NewLogin, *, request: Request) -> None:
    response.set_cookie(
        COOKIE,
        login.secret,
        max_age=login.max_age_seconds,
        path="/",
        secure=request.url.scheme == "https",
        httponly=True,
        samesite="strict",
    )


def _address(request: Request) -> str:
    return "local" if request.client is None else request.client.host
