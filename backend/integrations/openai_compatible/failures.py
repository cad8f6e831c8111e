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

from backend.integrations.openai_compatible.vendor_codes import CODE_FAMILIES, CODES, LASTING_CODES
from backend.vocabulary.errors import ErrorKind, ModelError

_CONTEXT = re.compile(
    r"context[_ ](?:length|window|size)|maximum context|reduce the length|prompt is too long"
    r"|input (?:is too long|length)"
    r"|exceed(?:s|ed)? (?:the )?(?:max|available)[\w ]{0,24}(?:tokens|context)"
    r"|too many (?:input )?tokens|max(?:imum)?[_ ](?:input|model|prompt)[_ ](?:tokens|len)"
    r"|上下文|输入.{0,8}(?:过长|超长|超过)",
    re.IGNORECASE,
)
_QUOTA = re.compile(
    r"insufficient[_ ](?:quota|balance|credit)|balance is insufficient|arrearage|overdue|exceeded[_ ]current[_ ]quota"
    r"|quota|throttling|rate[_ ]?limit"
    r"|too many requests|requests per|tpm limit|rpm limit|余额|欠费|限流|频率|请求(?:次数)?过多|访问量过大|并发",
    re.IGNORECASE,
)
_KEY = re.compile(
    r"invalid[_ ]?api[_ ]?key|incorrect api key|authentication|unauthorized|鉴权|认证失败|无效的令牌", re.IGNORECASE
)
_BUSY = re.compile(
    r"overload|over capacity|(?:server|service) (?:is )?(?:too )?busy|service unavailable|try pulling it"
    r"|maximum pending"
    r"|系统繁忙|服务繁忙|过载",
    re.IGNORECASE,
)

_LASTING = re.compile(
    r"insufficient[_ ](?:balance|credit|funds)|balance is insufficient|arrear|overdue|good standing|billing|free tier"
    r"|余额|欠费|(?:model|endpoint).{0,80}(?:does not exist|not found)|try pulling it|模型不存在",
    re.IGNORECASE,
)
_NO_TOOLS = re.compile(
    r"does not support (?:tools|function)|tool(?:s|_choice| use| calling).{0,40}not support", re.IGNORECASE
)
_NO_TOOLS_ADVICE = "; set can_call_tools: false for this model, and the tools are described to it in words"
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
    code = _vendor_code(error)
    kind = _kind_of(error, said=said, status=status)
    if _NO_TOOLS.search(said):
        kind, said = ErrorKind.MODEL_UNAVAILABLE, f"{said}{_NO_TOOLS_ADVICE}"
    is_lasting = code in LASTING_CODES or status in {402, 404} or bool(_LASTING.search(said) or _NO_TOOLS.search(said))
    where = f"{model} answered HTTP {status}" if status and not error.in_stream else f"{model} failed"
    return ModelError(kind, f"{where}: {said}", retry_after_seconds=error.retry_after, is_lasting=is_lasting)


def _kind_of(error: ModelAPIError, *, said: str, status: int | None) -> ErrorKind:
    code = _vendor_code(error)
    named = CODES.get(code) or next((kind for start, kind in CODE_FAMILIES if code.startswith(start)), None)
    if named is not None:
        return named
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
    # Ollama's own form: {"error": "model 'x' not found"}
    inner = error.body.get("error") if isinstance(error.body, dict) else None
    if isinstance(inner, str) and inner:
        return _short(inner)
    if isinstance(error.body, str) and error.body.strip():
        return _short(error.body)
    return _short(str(error.__cause__ or error))


def _short(text: str) -> str:
    """One line without anything that looks like a key: vendors repeat a part of it in their messages."""
    line = re.sub(r"\s+", " ", text).strip()
    return re.sub(r"\b(?:sk|ak|key|Bearer)[-_ ][\w*.\-]{6,}", "•••", line)[:400]
