"""The certificate of a site's servers: whom it is for, how long, and that TLS believes it and nothing more."""

from __future__ import annotations

import socket
import ssl
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509

from armature.certificate import LEFT, VALID, Pair, fits, make

NAMES = ["cloud.good.test", "igw-1.good.test"]
ADDRESSES = ["fd00:900d:0:3::41", "::1"]


@pytest.fixture(scope="module")
def pair() -> Pair:
    return make(NAMES, ADDRESSES)


def test_it_fits_whom_it_is_for(pair: Pair) -> None:
    assert fits(pair.certificate, NAMES, ADDRESSES)
    assert not fits(pair.certificate, [*NAMES, "igw-2.good.test"], ADDRESSES)
    assert not fits(pair.certificate, NAMES, ADDRESSES[:1])


def test_it_is_made_anew_in_time(pair: Pair) -> None:
    end = datetime.now(UTC) + VALID
    assert fits(pair.certificate, NAMES, ADDRESSES, end - LEFT - timedelta(days=1))
    assert not fits(pair.certificate, NAMES, ADDRESSES, end - LEFT + timedelta(days=1))


@pytest.mark.parametrize("text", ["", "x", "-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n"])
def test_what_is_no_certificate_does_not_fit(text: str) -> None:
    assert not fits(text, NAMES, ADDRESSES)


def test_it_is_no_authority(pair: Pair) -> None:
    found = x509.load_pem_x509_certificate(pair.certificate.encode())
    assert found.extensions.get_extension_for_class(x509.BasicConstraints).value.ca is False
    assert found.extensions.get_extension_for_class(x509.KeyUsage).value.key_cert_sign is False


def handshake(server: Pair, trusted: str, name: str, folder: Path) -> str:
    """Return what a client says of a server that it asks for ``name``: "" for nothing wrong."""
    (folder / "pair.pem").write_text(server.certificate + server.key)
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(folder / "pair.pem")
    client = ssl.create_default_context(cadata=trusted)
    # As Python 3.13 and urllib3 2.3 have it by themselves.
    client.verify_flags |= ssl.VERIFY_X509_STRICT | ssl.VERIFY_X509_PARTIAL_CHAIN
    near, far = socket.socketpair()

    def serve() -> None:
        try:
            serving.wrap_socket(far, server_side=True).close()
        except OSError:
            far.close()

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        client.wrap_socket(near, server_hostname=name).close()
    except ssl.SSLError as error:
        near.close()
        return str(error)
    finally:
        thread.join()
    return ""


@pytest.mark.parametrize("name", ["igw-1.good.test", "fd00:900d:0:3::41"])
def test_tls_believes_it(pair: Pair, name: str, tmp_path: Path) -> None:
    assert handshake(pair, pair.certificate, name, tmp_path) == ""


def test_tls_believes_it_for_nobody_else(pair: Pair, tmp_path: Path) -> None:
    assert "match" in handshake(pair, pair.certificate, "internal.good.test", tmp_path)
    assert "self-signed" in handshake(make(NAMES, ADDRESSES), pair.certificate, NAMES[0], tmp_path)
