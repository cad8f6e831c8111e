"""openssl x509 and certbot, and real certificates for the files of a host."""

from __future__ import annotations

import zlib
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import pairwise

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from simulator.hosts.machine.file_tree import File, FileFault
from simulator.hosts.shell.interpreter import Call, Command
from simulator.hosts.shell.options import read_options

RENEWED_DAYS = 90


@lru_cache(maxsize=1)
def _key() -> ec.EllipticCurvePrivateKey:
    """One key for all of them: nobody checks a signature here, and making keys costs time."""
    return ec.generate_private_key(ec.SECP256R1())


def make_certificate(common_name: str, *, at: float, days_left: float) -> str:
    """A self-signed certificate in PEM that ends so many days after a moment."""
    ends = datetime.fromtimestamp(at, UTC).replace(microsecond=0) + timedelta(days=days_left)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, common_name)])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(_key().public_key())
        .serial_number(zlib.crc32(f"{common_name} {int(at)}".encode()) + 1)
        .not_valid_before(ends - timedelta(days=RENEWED_DAYS))
        .not_valid_after(ends)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(common_name)]), critical=False)
        .sign(_key(), hashes.SHA256())
    )
    return certificate.public_bytes(Encoding.PEM).decode()


async def openssl(call: Call) -> int:
    if call.arguments[:1] == ("version",):
        return call.write_lines("OpenSSL 3.0.17 1 Jul 2025 (Library: OpenSSL 3.0.17 1 Jul 2025)")
    if call.arguments[:1] != ("x509",):
        return call.fail(f"Error: command {' '.join(call.arguments[:1])!r} is not available on this host")
    words = list(call.arguments[1:])
    name = next((after for word, after in pairwise(words) if word == "-in"), "")
    try:
        text = call.files.read(name) if name else await call.streams.stdin.read_all()
        certificate = x509.load_pem_x509_certificate(text.encode())
    except FileFault as error:
        call.streams.stderr.write(f"Could not open file or uri for loading certificate from {error}\n")
        return 1
    except ValueError:
        call.streams.stderr.write(f"Could not read certificate from {name or '<stdin>'}\nUnable to load certificate\n")
        return 1
    if "-checkend" in words:
        seconds = int(words[words.index("-checkend") + 1])
        is_good = certificate.not_valid_after_utc.timestamp() > call.host.clock + seconds
        call.write_lines("Certificate will not expire" if is_good else "Certificate will expire")
        return 0 if is_good else 1
    _write_fields(call, certificate, words)
    return 0


def _write_fields(call: Call, certificate: x509.Certificate, words: list[str]) -> None:
    begins, ends = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    subject = certificate.subject.rfc4514_string().replace("=", " = ")
    fields = {
        "-subject": f"subject={subject}",
        "-issuer": f"issuer={subject}",
        "-startdate": f"notBefore={begins:%b %e %H:%M:%S %Y} GMT",
        "-enddate": f"notAfter={ends:%b %e %H:%M:%S %Y} GMT",
        "-serial": f"serial={certificate.serial_number:X}",
    }
    if "-dates" in words:
        words = [*words, "-startdate", "-enddate"]
    call.write_lines(*(text for option, text in fields.items() if option in words))
    if "-text" in words:
        call.write_lines("Certificate:", "    Validity", f"        Not After : {ends:%b %e %H:%M:%S %Y} GMT")
    if "-noout" not in words:
        call.write(certificate.public_bytes(Encoding.PEM).decode())


def certbot(call: Call) -> int:
    """`renew`: fresh certificates for everything that ends within a month."""
    options = read_options(call.arguments, flags="nqv", words="force-renewal dry-run quiet cert-name= non-interactive")
    if not call.state.is_root:
        return call.fail("The following error was encountered: [Errno 13] Permission denied: '/var/log/letsencrypt'")
    if options.operands[:1] not in (["renew"], ["certificates"]):
        return call.fail("unknown command", status=2)
    renewed = []
    for path, entry in call.host.files.walk("/etc"):
        if not isinstance(entry, File) or not path.endswith((".crt", ".pem")) or "BEGIN CERT" not in entry.read():
            continue
        certificate = x509.load_pem_x509_certificate(entry.read().encode())
        left = certificate.not_valid_after_utc.timestamp() - call.host.clock
        if left < 30 * 86400 and options.operands[0] == "renew" and "dry-run" not in options:
            name = certificate.subject.rfc4514_string().partition("=")[2]
            entry.text = make_certificate(name, at=call.host.now(), days_left=RENEWED_DAYS)
            entry.modified_at = call.host.clock
            renewed.append(path)
    call.host.changed()
    return (
        call.write_lines(*(f"  {path} (success)" for path in renewed))
        if renewed
        else call.write_lines("No renewals were attempted.")
    )


COMMANDS: dict[str, Command] = {"openssl": openssl, "certbot": certbot}
