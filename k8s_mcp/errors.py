"""What can go wrong between a tool and a cluster. Every message is safe to show and says the next step."""


class ClusterError(Exception):
    """Something expected went wrong; the text is the answer of the tool."""


class ClusterUnreachable(ClusterError):
    """No usable answer from the API server: refused, timed out, wrong certificate, no configuration."""


class ObjectNotFound(ClusterError):
    """The API server knows no such object."""


class AccessDenied(ClusterError):
    """The API server does not allow the request (403)."""


class CredentialsRejected(AccessDenied):
    """The API server does not know the caller (401); logging in again may help."""


class RequestRefused(ClusterError):
    """The API server understood the request and refused it as wrong (400, 422)."""


class ChangeConflict(ClusterError):
    """The object changed since it was read (409); nothing was written."""
