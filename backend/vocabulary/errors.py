"""Everything that can be expected to go wrong, each kind with advice for the person who meets it."""

from dataclasses import dataclass
from enum import StrEnum

from backend.vocabulary.language import Language, Text


class ErrorKind(StrEnum):
    """The eleven kinds of failure that can reach a chat."""

    MODEL_AUTHENTICATION = "model_authentication"
    MODEL_QUOTA = "model_quota"
    MODEL_UNAVAILABLE = "model_unavailable"
    MODEL_TIMEOUT = "model_timeout"
    CONTEXT_TOO_LONG = "context_too_long"
    TOOL_NOT_FOUND = "tool_not_found"
    TOOL_BAD_ARGUMENTS = "tool_bad_arguments"
    TOOL_FAILED = "tool_failed"
    TOOL_SERVER_UNREACHABLE = "tool_server_unreachable"
    PERMISSION_DENIED = "permission_denied"
    INTERNAL = "internal"


ADVICE: dict[ErrorKind, Text] = {
    ErrorKind.MODEL_AUTHENTICATION: Text(
        en="The model provider refused the key. Check OPENAI_API_KEY and LLM_BASE_URL.",
        zh="模型服务拒绝了密钥。请检查 OPENAI_API_KEY 和 LLM_BASE_URL。",
    ),
    ErrorKind.MODEL_QUOTA: Text(
        en="The model's quota or rate limit is used up. Wait a little or choose another model.",
        zh="模型的配额或速率已用尽。请稍候再试，或换一个模型。",
    ),
    ErrorKind.MODEL_UNAVAILABLE: Text(
        en="The model provider does not answer properly. Try again, or check LLM_BASE_URL and the network.",
        zh="模型服务没有正常应答。请重试，或检查 LLM_BASE_URL 与网络。",
    ),
    ErrorKind.MODEL_TIMEOUT: Text(
        en="The model did not answer in time. Try again or ask a shorter question.",
        zh="模型没有在限定时间内应答。请重试，或把问题缩短。",
    ),
    ErrorKind.CONTEXT_TOO_LONG: Text(
        en="The conversation no longer fits the model. Start a new session or choose a model with a larger context.",
        zh="对话已超出模型的上下文长度。请新建会话，或换用上下文更长的模型。",
    ),
    ErrorKind.TOOL_NOT_FOUND: Text(
        en="No such tool is available now. The tools page lists those that are.",
        zh="当前没有这个工具。可用的工具见工具列表。",
    ),
    ErrorKind.TOOL_BAD_ARGUMENTS: Text(
        en="The tool refused its arguments; the message says which one and why.",
        zh="工具拒绝了参数；错误信息说明了是哪一个以及原因。",
    ),
    ErrorKind.TOOL_FAILED: Text(
        en="The tool could not do its work; the message says what was met and what to do next.",
        zh="工具没有完成工作；错误信息说明了原因和下一步。",
    ),
    ErrorKind.TOOL_SERVER_UNREACHABLE: Text(
        en="The tool server is not reachable. Health shows which one; it is reconnected by itself.",
        zh="工具服务器无法连接。健康状态页显示是哪一个；系统会自动重连。",
    ),
    ErrorKind.PERMISSION_DENIED: Text(
        en="This is not permitted here. An administrator can change the rights or the read-only setting.",
        zh="此操作在这里不被允许。管理员可以调整权限或只读设置。",
    ),
    ErrorKind.INTERNAL: Text(
        en="Something failed inside the robot. The log of the backend has the details.",
        zh="机器人内部出错。详细信息见后端日志。",
    ),
}
"""What to do about each kind."""


@dataclass(frozen=True, slots=True)
class Failure:
    """One failure as it is stored and shown: kind, what happened, what to do."""

    kind: ErrorKind
    message: str

    def hint(self, language: Language) -> str:
        return ADVICE[self.kind].in_language(language)


class OpsError(Exception):
    """Something expected could go wrong; the message is safe to show."""

    code = "error"

    def __init__(self, message: Text, *, hint: Text | None = None) -> None:
        super().__init__(message.en)
        self.message = message
        self.hint = hint


class NotFound(OpsError):
    """The named thing does not exist."""

    code = "not_found"


class InvalidInput(OpsError):
    """The caller's input cannot be used."""

    code = "invalid_input"


class AlreadyDecided(OpsError):
    """Somebody answered first."""

    code = "already_decided"


class Expired(OpsError):
    """The time to answer is over."""

    code = "expired"


class AlreadyExists(OpsError):
    """The name is taken."""

    code = "already_exists"


class Unauthenticated(OpsError):
    """Nobody with a right to come in."""

    code = "unauthenticated"


class Unavailable(OpsError):
    """An outside system failed or did not answer in time."""

    code = "unavailable"


class ModelError(Exception):
    """A model call failed; `kind` says how, `is_retryable` whether asking again may help."""

    def __init__(
        self, kind: ErrorKind, message: str, *, retry_after_seconds: float | None = None, is_lasting: bool = False
    ) -> None:
        """`is_lasting` says that a kind which usually passes will not: an empty account, say."""
        super().__init__(message)
        self.kind = kind
        self.message = message
        self.retry_after_seconds = retry_after_seconds
        self.is_lasting = is_lasting

    @property
    def is_retryable(self) -> bool:
        passing = {ErrorKind.MODEL_QUOTA, ErrorKind.MODEL_UNAVAILABLE, ErrorKind.MODEL_TIMEOUT}
        return self.kind in passing and not self.is_lasting
