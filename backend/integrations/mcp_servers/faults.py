"""What goes wrong between us and a tool server, told apart by what a caller may do next."""

import re
from collections.abc import Iterable, Mapping

from mcp import MCPError
from mcp_types import CONNECTION_CLOSED, INVALID_REQUEST, REQUEST_TIMEOUT

NOT_SENT = -32098
"""Our transport's code for a request that never left: no connection could be made."""
REFUSED_ACCESS = -32097
"""Our transport's code for HTTP 401 and 403."""

_CREDENTIAL_NAME = re.compile(r"key|token|secret|password|passwd|credential|authorization|cookie", re.IGNORECASE)


class ServerDown(Exception):
    """There is no connection and none came up in time; nothing was sent."""


class CallLost(Exception):
    """The connection broke after the call was sent; whether it took effect is not known."""


class CallTimedOut(Exception):
    """The call was sent and not answered in time."""


class AccessRefused(Exception):
    """The server refuses our credentials; nothing was executed."""


def translate(error: MCPError) -> Exception:
    """The fault a protocol error stands for; the error itself when the server answered it on purpose."""
    if error.code == NOT_SENT:
        return ServerDown(error.message)
    if error.code == REFUSED_ACCESS:
        return AccessRefused(error.message)
    if error.code == REQUEST_TIMEOUT:
        return CallTimedOut(error.message)
    if is_session_gone(error):
        return ServerDown(error.message)
    if error.code == CONNECTION_CLOSED:
        return CallLost(error.message)
    return error


def is_session_gone(error: MCPError) -> bool:
    """A restarted server refuses an old session before it executes anything."""
    return error.code == INVALID_REQUEST and "session" in error.message.lower()


def find_leaf(error: BaseException) -> BaseException:
    """The error inside nested groups that says most: "Connection closed" is only the echo of another one."""
    leaves = list(_leaves(error))
    telling = [leaf for leaf in leaves if str(leaf) and "connection closed" not in str(leaf).lower()]
    return (telling or leaves)[0]


def describe(error: BaseException, *, stderr: str = "") -> str:
    """One line for a person: the innermost error, then the last words of the process."""
    leaf = find_leaf(error)
    text = str(leaf).strip() or type(leaf).__name__
    if isinstance(leaf, FileNotFoundError) and leaf.filename:
        text = f"command not found: {leaf.filename}"
    return f"{text}; the server wrote: {stderr}" if stderr else text


def hide_credentials(text: str, values: Mapping[str, str], *, every: bool = False) -> str:
    """Blank the values of credential-like names, or of all, wherever they appear in a text."""
    for name, value in values.items():
        if len(value) >= 4 and (every or _CREDENTIAL_NAME.search(name)):
            text = text.replace(value, "•••")
    return text


def _leaves(error: BaseException) -> Iterable[BaseException]:
    if isinstance(error, BaseExceptionGroup):
        for inner in error.exceptions:
            yield from _leaves(inner)
    else:
        yield error
