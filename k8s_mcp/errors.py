"""What can go wrong between a tool and a cluster. Every message is safe to show and says the next step."""

from dataclasses import dataclass
from typing import ClassVar

from mcp_kit.errors import ErrorKind


class ClusterError(Exception):
    """Something expected went wrong; the text is the answer of the tool."""

    error_kind: ClassVar[ErrorKind] = ErrorKind.FAILED


class ClusterUnreachable(ClusterError):
    """No usable answer from the API server: refused, timed out, wrong certificate, no configuration."""

    error_kind = ErrorKind.UNREACHABLE


class NothingConfigured(ClusterUnreachable):
    """Nobody has named a cluster; unlike a named one that cannot be used, that is no fault."""


class ObjectNotFound(ClusterError):
    """The API server knows no such object."""

    error_kind = ErrorKind.NOT_FOUND


class AccessDenied(ClusterError):
    """The API server does not allow the request (403)."""

    error_kind = ErrorKind.FORBIDDEN


class CredentialsRejected(AccessDenied):
    """The API server does not know the caller (401); logging in again may help."""


class RequestRefused(ClusterError):
    """The API server understood the request and refused it as wrong (400, 422)."""

    error_kind = ErrorKind.BAD_ARGUMENTS


class ChangeConflict(ClusterError):
    """The object changed since it was read (409); nothing was written."""


@dataclass(frozen=True, slots=True)
class OwnedField:
    """A field that another manager has set."""

    manager: str
    field: str


class FieldsOwned(ChangeConflict):
    """Applying would change fields that other managers have set (409); nothing was written."""

    def __init__(self, message: str, fields: tuple[OwnedField, ...]) -> None:
        super().__init__(message)
        self.fields = fields


class ChangeBlocked(ClusterError):
    """The operator allows this change to nobody; no approval helps."""

    error_kind = ErrorKind.FORBIDDEN


class EvictionRefused(ClusterError):
    """A disruption budget does not let the pod go at the moment (429)."""


class OutcomeUnknown(ClusterError):
    """A change was sent and its answer was lost: it may have been made or not."""

    error_kind = ErrorKind.OUTCOME_UNKNOWN


class UnknownKind(ClusterError):
    """The cluster serves no such kind."""

    error_kind = ErrorKind.NOT_FOUND


class AmbiguousKind(ClusterError):
    """Several groups serve a kind of that name."""

    error_kind = ErrorKind.BAD_ARGUMENTS


class UnknownCluster(ClusterError):
    """No cluster of that name may be used."""

    error_kind = ErrorKind.NOT_FOUND
