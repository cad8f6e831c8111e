"""Turns errors into RFC 9457 problem details in the caller's language."""

import logging
from http import HTTPStatus

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from backend.vocabulary.errors import (
    AlreadyDecided,
    AlreadyExists,
    Expired,
    InvalidInput,
    NotFound,
    OpsError,
    Unauthenticated,
    Unavailable,
)
from backend.vocabulary.language import Language, Text, choose_language
from backend.web.schemas.operations import Problem

_log = logging.getLogger(__name__)

_STATUS: dict[type[OpsError], int] = {
    Unauthenticated: 401,
    NotFound: 404,
    AlreadyExists: 409,
    AlreadyDecided: 409,
    Expired: 410,
    InvalidInput: 422,
    Unavailable: 503,
}
_BODY_NOT_UNDERSTOOD = Text(en="The request is not understood: {reason}.", zh="无法理解该请求：{reason}。")
_BODY_HINT = Text(en="/docs shows what this endpoint takes.", zh="/docs 中有该接口所接受的内容。")
_INTERNAL = Text(en="Something failed inside the robot.", zh="机器人内部出错。")
_INTERNAL_HINT = Text(en="The log of the backend has the details.", zh="详细信息见后端日志。")
_HTTP_DETAILS = {
    404: Text(en="There is nothing at this address.", zh="该地址没有内容。"),
    405: Text(en="This address does not take that method.", zh="该地址不接受此请求方法。"),
}


def language_of(request: Request) -> Language:
    return choose_language(request.headers.get("accept-language"))


def install_error_mapping(app: FastAPI) -> None:
    """Register the handlers; routes raise and never catch."""
    app.add_exception_handler(OpsError, _handle_ops_error)
    app.add_exception_handler(RequestValidationError, _handle_validation_error)
    app.add_exception_handler(HTTPException, _handle_http_error)
    app.add_exception_handler(Exception, _handle_unexpected)


def problem_response(request: Request, *, status: int, code: str, detail: str, hint: str | None = None) -> JSONResponse:
    problem = Problem(
        type=f"urn:ding-robot:problem:{code}",
        title=HTTPStatus(status).phrase,
        status=status,
        detail=detail,
        code=code,
        hint=hint,
        instance=request.url.path,
    )
    return JSONResponse(problem.model_dump(), status_code=status, media_type="application/problem+json")


async def _handle_ops_error(request: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, OpsError):
        raise error
    language = language_of(request)
    return problem_response(
        request,
        status=_STATUS.get(type(error), 400),
        code=error.code,
        detail=error.message.in_language(language),
        hint=None if error.hint is None else error.hint.in_language(language),
    )


async def _handle_validation_error(request: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, RequestValidationError):
        raise error
    language = language_of(request)
    first = error.errors()[0]
    is_broken_json = first["type"] == "json_invalid"
    place = ".".join(str(part) for part in first["loc"] if part not in {"body", "query", "path", "header"})
    reason = "; ".join(filter(None, [place, first["msg"]]))
    return problem_response(
        request,
        status=400 if is_broken_json else 422,
        code="invalid_json" if is_broken_json else "invalid_input",
        detail=_BODY_NOT_UNDERSTOOD.in_language(language).format(reason=reason),
        hint=_BODY_HINT.in_language(language),
    )


async def _handle_http_error(request: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, HTTPException):
        raise error
    known = _HTTP_DETAILS.get(error.status_code)
    return problem_response(
        request,
        status=error.status_code,
        code=HTTPStatus(error.status_code).name.lower(),
        detail=str(error.detail) if known is None else known.in_language(language_of(request)),
    )


async def _handle_unexpected(request: Request, error: Exception) -> JSONResponse:
    _log.error("%s %s failed", request.method, request.url.path, exc_info=error)
    language = language_of(request)
    return problem_response(
        request,
        status=500,
        code="internal",
        detail=_INTERNAL.in_language(language),
        hint=_INTERNAL_HINT.in_language(language),
    )
