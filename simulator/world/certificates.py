"""Real certificates in Secrets, the same for the same names and dates."""

import base64
import hashlib
from datetime import datetime, timedelta

from simulator.store import JsonObject
from simulator.world.scenario import Certificate

VALID_DAYS = 90


def tls_secret(wanted: Certificate, *, now: datetime) -> JsonObject:
    """A Secret with a self-signed certificate for the hosts, and its key."""
    certificate, key = _issue(wanted, now=now)
    data = {"tls.crt": certificate, "tls.key": key}
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": wanted.name, "namespace": wanted.namespace},
        "type": "kubernetes.io/tls",
        "data": {field: base64.b64encode(value).decode() for field, value in data.items()},
    }


def _issue(wanted: Certificate, *, now: datetime) -> tuple[bytes, bytes]:
    # Imported here: only scenarios with certificates pay for loading it.
    from cryptography import x509
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.x509.oid import NameOID

    # Ed25519 signs the same text the same way each time, so a world repeats with its seed.
    seed = hashlib.sha256(f"{wanted.namespace}/{wanted.name}".encode()).digest()
    key = Ed25519PrivateKey.from_private_bytes(seed)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, wanted.hosts[0])])
    end = now + timedelta(days=wanted.expires_in_days)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(int.from_bytes(seed[:8], "big") or 1)
        .not_valid_before(end - timedelta(days=VALID_DAYS))
        .not_valid_after(end)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host) for host in wanted.hosts]), critical=False)
        .sign(key, None)
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return signed.public_bytes(serialization.Encoding.PEM), private
