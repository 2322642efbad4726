"""A certificate for the servers of one site alone, which nobody but they signed.

Its clients are given the certificate itself as what they trust. It is no authority: whoever has its key can pretend to
be these servers and nobody else. Source: RFC 5280, sections 4.1 and 4.2; RFC 9525, section 6 (names and addresses).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from ipaddress import IPv6Address
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

VALID = timedelta(days=3650)
LEFT = timedelta(days=180)
"""A certificate is made anew when less time is left, so that a site that is deployed twice a year has no surprise."""

_EARLIER = timedelta(hours=1)
"""For hosts whose clock is a little behind."""


class Pair(NamedTuple):
    """A certificate and its private key, as PEM."""

    certificate: str
    key: str


def make(names: Sequence[str], addresses: Sequence[str], now: datetime | None = None) -> Pair:
    """Return a new pair for servers with DNS ``names`` and IPv6 ``addresses`` (no brackets)."""
    now = now or datetime.now(UTC)
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0][:64])])
    public = key.public_key()
    builder = (
        x509.CertificateBuilder(subject, subject, public, x509.random_serial_number(), now - _EARLIER, now + VALID)
        .add_extension(_alternatives(names, addresses), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_signs_alone(), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(public), critical=False)
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    signed = builder.sign(key, hashes.SHA256())
    return Pair(signed.public_bytes(serialization.Encoding.PEM).decode(), private.decode())


def fits(certificate: str, names: Sequence[str], addresses: Sequence[str], now: datetime | None = None) -> bool:
    """Return whether a certificate is for these names and addresses, no more and no less, and for long enough."""
    try:
        found = x509.load_pem_x509_certificate(certificate.encode())
        present = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (ValueError, x509.ExtensionNotFound):
        return False
    return present == _alternatives(names, addresses) and found.not_valid_after_utc - (now or datetime.now(UTC)) > LEFT


def _alternatives(names: Sequence[str], addresses: Sequence[str]) -> x509.SubjectAlternativeName:
    hosts: list[x509.GeneralName] = [x509.DNSName(name) for name in names]
    return x509.SubjectAlternativeName([*hosts, *(x509.IPAddress(IPv6Address(address)) for address in addresses)])


def _signs_alone() -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=False,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )
