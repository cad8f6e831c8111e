"""What can go wrong between a tool and a host. Every message is safe to show and says the next step."""

from __future__ import annotations

from typing import ClassVar

from mcp_kit.errors import ErrorKind


class HostError(Exception):
    """Something expected went wrong; the text is the answer of the tool."""

    error_kind: ClassVar[ErrorKind] = ErrorKind.FAILED


class UnknownAsset(HostError):
    """No inventory has an asset of this name, or several have."""

    error_kind = ErrorKind.NOT_FOUND


class UnknownAccount(HostError):
    """The asset may not be entered with this account."""

    error_kind = ErrorKind.BAD_ARGUMENTS


class HostUnreachable(HostError):
    """No usable connection: refused, timed out, unknown host key, login refused. Nothing ran."""

    error_kind = ErrorKind.UNREACHABLE


class HostKeyUnknown(HostUnreachable):
    """The host is new: its key was written down and waits for a person."""

    error_kind = ErrorKind.FORBIDDEN


class HostKeyChanged(HostUnreachable):
    """The host shows another key than the one that is known. Somebody may be in between."""

    error_kind = ErrorKind.FORBIDDEN


class LoginRefused(HostUnreachable):
    """The host does not accept the account's credentials."""

    error_kind = ErrorKind.FORBIDDEN


class AccessRefused(HostError):
    """A bastion's rules do not allow it."""

    error_kind = ErrorKind.FORBIDDEN


class ShellUnfit(HostError):
    """The host's shell would read the command otherwise than the rules did. Nothing ran."""

    error_kind = ErrorKind.FORBIDDEN


class ConnectionBroke(HostError):
    """The connection was lost while something ran: whether it took effect is not known."""

    error_kind = ErrorKind.OUTCOME_UNKNOWN


class UnknownSession(HostError):
    """No open session of this name; it ended, or belongs to somebody else."""

    error_kind = ErrorKind.NOT_FOUND


class SessionRefused(HostError):
    """The session cannot do this now: too many are open, a program is running, or none is."""

    error_kind = ErrorKind.BAD_ARGUMENTS


class UnknownOutput(HostError):
    """No kept output of this name; old ones are deleted."""

    error_kind = ErrorKind.NOT_FOUND
