"""Vendors' errors as the kinds of failure a chat can show."""

import re

from pydantic_ai.exceptions import (
    ModelAPIError,
    ModelAuthenticationError,
    ModelConnectionError,
    ModelContextWindowExceededError,
    ModelHTTPError,
    ModelQuotaExceededError,
    ModelRateLimitError,
    ModelRequestRejectedError,
    ModelTimeoutError,
)

from backend.vocabulary.errors import ErrorKind, ModelError

_CONTEXT = re.compile(
    r"context[_ ](?:length|window|size)|maximum context|reduce the length|prompt is too long"
    r"|input (?:is too long|length)|too many (?:input )?tokens|max(?:imum)?[_ ](?:input|model|prompt)[_ ](?:tokens|len)"
    r"|上下文|输入.{0,8}(?:过长|超长|超过)",
    re.IGNORECASE,
)
_QUOTA = re.compile(
    r"insufficient[_ ](?:quota|balance|credit)|balance is insufficient|arrearage|overdue|exceeded[_ ]current[_ ]quota"
    r"|quota|throttling|rate[_ ]?limit|too many requests|requests per|tpm limit|rpm limit|余额|欠费|限流|频率|请求过多",
    re.IGNORECASE,
)
_KEY = re.compile(
    r"invalid[_ ]?api[_ ]?key|incorrect api key|authentication|unauthorized|鉴权|认证失败|无效的令牌", re.IGNORECASE
)
_BUSY = re.compile(r"overload|over capacity|server is busy|service unavailable|系统繁忙|过载", re.IGNORECASE)

_CODES: dict[str, ErrorKind] = {
    # Zhipu answers 429 or 400 with its own numbers: 1301-1305 rate and load, 1113 no balance, 1000-1004 the key.
    **dict.fromkeys(("1113", "1301", "1302", "1303", "1304", "1305", "1308"), ErrorKind.MODEL_QUOTA),
    **dict.fromkeys(("1000", "1001", "1002", "1003", "1004"), ErrorKind.MODEL_AUTHENTICATION),
    "1261": ErrorKind.CONTEXT_TOO_LONG,
    # SiliconFlow: balance, overload.
    "30001": ErrorKind.MODEL_QUOTA,
    "50505": ErrorKind.MODEL_UNAVAILABLE,
    # DashScope and Volcengine Ark use words.
    "Arrearage": ErrorKind.MODEL_QUOTA,
    "AccountOverdueError": ErrorKind.MODEL_QUOTA,
    "ServerOverloaded": ErrorKind.MODEL_UNAVAILABLE,
    "InvalidApiKey": ErrorKind.MODEL_AUTHENTICATION,
}
_STATUSES: dict[int, ErrorKind] = {
    401: ErrorKind.MODEL_AUTHENTICATION,
    402: ErrorKind.MODEL_QUOTA,
    403: ErrorKind.MODEL_AUTHENTICATION,
    404: ErrorKind.MODEL_UNAVAILABLE,
    408: ErrorKind.MODEL_TIMEOUT,
    413: ErrorKind.CONTEXT_TOO_LONG,
    429: ErrorKind.MODEL_QUOTA,
    504: ErrorKind.MODEL_TIMEOUT,
}
_CLASSES: tuple[tuple[type[ModelAPIError], ErrorKind], ...] = (
    (ModelContextWindowExceededError, ErrorKind.CONTEXT_TOO_LONG),
    (ModelTimeoutError, ErrorKind.MODEL_TIMEOUT),
    (ModelConnectionError, ErrorKind.MODEL_UNAVAILABLE),
    (ModelRateLimitError, ErrorKind.MODEL_QUOTA),
    (ModelQuotaExceededError, ErrorKind.MODEL_QUOTA),
    (ModelAuthenticationError, ErrorKind.MODEL_AUTHENTICATION),
    (ModelRequestRejectedError, ErrorKind.INTERNAL),
)


def to_model_error(error: Exception, *, model: str) -> ModelError:
    """Tell the kind by the vendor's code, then its words, then the HTTP status; keep the vendor's message."""
    if not isinstance(error, ModelAPIError):
        return ModelError(ErrorKind.MODEL_UNAVAILABLE, f"{model} sent something unreadable: {_short(str(error))}")
    said = _vendor_message(error)
    status = error.status_code if isinstance(error, ModelHTTPError) else None
    where = f"{model} answered HTTP {status}" if status and not error.in_stream else f"{model} failed"
    return ModelError(
        _kind_of(error, said=said, status=status), f"{where}: {said}", retry_after_seconds=error.retry_after
    )


def _kind_of(error: ModelAPIError, *, said: str, status: int | None) -> ErrorKind:
    code = _vendor_code(error)
    if code in _CODES:
        return _CODES[code]
    if isinstance(error, ModelContextWindowExceededError) or (
        status in {None, 400, 413, 422} and _CONTEXT.search(said)
    ):
        return ErrorKind.CONTEXT_TOO_LONG
    # Several vendors put an empty balance or a throttled account into 400 and 403, and overload into 429.
    words = f"{code} {said}"
    if status != 401 and _QUOTA.search(words):
        return ErrorKind.MODEL_QUOTA
    if _BUSY.search(words):
        return ErrorKind.MODEL_UNAVAILABLE
    if status in {400, 403, None} and _KEY.search(words):
        return ErrorKind.MODEL_AUTHENTICATION
    if status in _STATUSES:
        return _STATUSES[status]
    return next((kind for kind_class, kind in _CLASSES if isinstance(error, kind_class)), ErrorKind.MODEL_UNAVAILABLE)


def _error_object(error: ModelAPIError) -> dict[str, object]:
    body = error.body
    if isinstance(body, dict):
        inner = body.get("error")
        return inner if isinstance(inner, dict) else body
    return {}


def _vendor_code(error: ModelAPIError) -> str:
    code = error.provider_error_code or _error_object(error).get("code")
    return "" if code is None else str(code)


def _vendor_message(error: ModelAPIError) -> str:
    stated = _error_object(error)
    for field in ("message", "msg", "error_msg", "detail"):
        if isinstance(stated.get(field), str) and stated[field]:
            return _short(str(stated[field]))
    if isinstance(error.body, str) and error.body.strip():
        return _short(error.body)
    return _short(str(error.__cause__ or error))


def _short(text: str) -> str:
    """One line without anything that looks like a key: vendors repeat a part of it in their messages."""
    line = re.sub(r"\s+", " ", text).strip()
    return re.sub(r"\b(?:sk|ak|key|Bearer)[-_ ][\w*.\-]{6,}", "•••", line)[:400]
