"""Certificate files: `@path`, then its certificates in PEM, each line moved by a blank; `!path` for a refused one."""

from __future__ import annotations

import re
import warnings
from datetime import UTC

from cryptography import x509
from cryptography.utils import CryptographyDeprecationWarning

from host_facts.domain import CertificateFacts

_FILE = re.compile(r"^@(/.{1,400})$", re.MULTILINE)
_REFUSED = re.compile(r"^!(/.{1,400})$", re.MULTILINE)
_PEM = re.compile(r"-----BEGIN CERTIFICATE-----[\sA-Za-z0-9+/=]{1,40000}-----END CERTIFICATE-----")
_LONGEST_SUBJECT = 200


def parse_certificates(text: str) -> list[CertificateFacts]:
    """The first certificate of every file (the server's own; what follows is its chain), soonest to expire first."""
    pieces = _FILE.split(text)
    found = [
        certificate
        for path, content in zip(pieces[1::2], pieces[2::2], strict=True)
        if (certificate := _read_certificate(path, content)) is not None
    ]
    return sorted(found, key=lambda certificate: (certificate.expires_at, certificate.path))


def find_unreadable_files(text: str) -> list[str]:
    """Certificate files that are there and may not be read."""
    return _REFUSED.findall(text)


def _read_certificate(path: str, content: str) -> CertificateFacts | None:
    pem = _PEM.search(re.sub(r"(?m)^ ", "", content))
    if pem is None:
        return None
    try:
        with warnings.catch_warnings():
            # Old certificates break today's rules and still have a date.
            warnings.simplefilter("ignore", CryptographyDeprecationWarning)
            certificate = x509.load_pem_x509_certificate(pem[0].encode())
            subject = certificate.subject.rfc4514_string()
            expires_at = certificate.not_valid_after_utc.astimezone(UTC)
    except (ValueError, TypeError, OverflowError):
        return None
    return CertificateFacts(path=path, subject=subject[:_LONGEST_SUBJECT], expires_at=expires_at)
