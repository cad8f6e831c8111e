"""Vendors' error codes: what kind of failure each names, and which of them will not pass by themselves."""

from backend.vocabulary.errors import ErrorKind

_AUTH, _QUOTA = ErrorKind.MODEL_AUTHENTICATION, ErrorKind.MODEL_QUOTA
_BUSY, _LONG = ErrorKind.MODEL_UNAVAILABLE, ErrorKind.CONTEXT_TOO_LONG
_REFUSED = ErrorKind.INTERNAL

_ZHIPU: dict[str, ErrorKind] = {
    **dict.fromkeys(("1000", "1001", "1002", "1003", "1004", "1110", "1111", "1112", "1121", "1220"), _AUTH),
    **dict.fromkeys(("1113", "1302", "1303", "1304", "1308", "1309"), _QUOTA),
    "1305": _QUOTA,  # "the model has too many visitors now": passes like a rate limit
    **dict.fromkeys(("1120", "1200", "1211", "1221", "1222", "1230", "1234", "1312"), _BUSY),
    "1261": _LONG,
    **dict.fromkeys(("1210", "1213", "1214", "1215", "1300", "1301"), _REFUSED),
}
_SILICONFLOW: dict[str, ErrorKind] = {
    "30001": _QUOTA,
    "20012": _BUSY,
    **dict.fromkeys(("50501", "50502", "50503", "50504", "50505", "50507", "50508"), _BUSY),
}
_DASHSCOPE: dict[str, ErrorKind] = {
    "Arrearage": _QUOTA,
    **dict.fromkeys(("limit_requests", "limit_tokens", "limit_burst_rate", "insufficient_quota"), _QUOTA),
    **dict.fromkeys(("Throttling", "Throttling.RateQuota", "Throttling.AllocationQuota"), _QUOTA),
    "AllocationQuota.FreeTierOnly": _QUOTA,
    **dict.fromkeys(("invalid_api_key", "InvalidApiKey", "Model.AccessDenied", "access_denied"), _AUTH),
    **dict.fromkeys(("model_not_found", "ModelNotFound", "ModelUnavailable", "ServiceUnavailable"), _BUSY),
    **dict.fromkeys(("data_inspection_failed", "DataInspectionFailed"), _REFUSED),
}
_ARK: dict[str, ErrorKind] = {
    "AuthenticationError": _AUTH,
    "AccessDenied": _AUTH,
    **dict.fromkeys(("AccountOverdueError", "QuotaExceeded", "SetLimitExceeded"), _QUOTA),
    **dict.fromkeys(("ServerOverloaded", "ModelLoading", "InternalServiceError", "ModelNotOpen"), _BUSY),
    "SensitiveContentDetected": _REFUSED,
}
_LOCAL: dict[str, ErrorKind] = {"exceed_context_size_error": _LONG, "context_length_exceeded": _LONG}

CODES: dict[str, ErrorKind] = {**_ZHIPU, **_SILICONFLOW, **_DASHSCOPE, **_ARK, **_LOCAL}
CODE_FAMILIES: tuple[tuple[str, ErrorKind], ...] = (
    ("RateLimitExceeded", _QUOTA),
    ("ModelAccount", _QUOTA),
    ("Throttling", _QUOTA),
    ("InvalidEndpoint", _BUSY),
    ("SensitiveContentDetected", _REFUSED),
    ("InputTextSensitive", _REFUSED),
    ("OutputTextSensitive", _REFUSED),
)
"""Codes that begin so: Volcengine Ark appends what exactly was exceeded."""

LASTING_CODES = frozenset(
    {
        "1110",
        "1111",
        "1112",
        "1113",
        "1121",
        "1211",
        "1221",
        "1222",
        "1309",
        "30001",
        "20012",
        "Arrearage",
        "AllocationQuota.FreeTierOnly",
        "model_not_found",
        "ModelNotFound",
        "AccountOverdueError",
        "SetLimitExceeded",
        "ModelNotOpen",
    }
)
"""An empty account, a model that does not exist: asking again costs time and changes nothing."""
