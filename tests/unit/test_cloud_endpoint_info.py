import json
from types import SimpleNamespace
from typing import Any

import pytest
from ansible.modules import cloud_endpoint_info as module

AUTH = {
    "auth_url": "https://cloud.lab.test:5000",
    "username": "admin",
    "password": "secret",
    "project_name": "admin",
    "user_domain_name": "Default",
}
CATALOG = {"token": {"catalog": [{"type": "image"}, {"type": "identity"}, {"type": "image"}]}}


class FakeConnection:
    """An HTTPConnection whose other end is ``peer``."""

    def __init__(self, peer: str, status: int = 201, text: str = json.dumps(CATALOG), error: Exception | None = None):
        self.peer, self.status, self.text, self.error = peer, status, text, error
        self.sent: tuple[str, str, dict[str, Any]] | None = None
        self.target: tuple[str, int] | None = None
        self.closed = False

    def __call__(self, host: str, port: int) -> "FakeConnection":
        self.target = (host, port)
        return self

    def connect(self) -> None:
        if self.error:
            raise self.error
        self.sock = SimpleNamespace(getpeername=lambda: (self.peer, 5000, 0, 0))

    def request(self, method: str, path: str, body: str, headers: dict[str, str]) -> None:
        self.sent = (method, path, json.loads(body))

    def getresponse(self) -> Any:
        return SimpleNamespace(status=self.status, read=lambda: self.text.encode())

    def close(self) -> None:
        self.closed = True


@pytest.mark.parametrize(
    "url", ["https://cloud.lab.test:5000", "https://cloud.lab.test:5000/", "https://cloud.lab.test:5000/v3"]
)
def test_a_token_from_the_vip(url: str):
    connection = FakeConnection("fd00::100")
    seen = module.token(AUTH | {"auth_url": url}, "fd00:0::100", connection)
    assert seen | {"seconds": 0} == {
        "url": "https://cloud.lab.test:5000",
        "peer": "fd00::100",
        "seconds": 0,
        "services": ["identity", "image"],
    }
    assert connection.target == ("cloud.lab.test", 5000)
    assert connection.closed
    assert connection.sent is not None
    method, path, body = connection.sent
    assert (method, path) == ("POST", "/v3/auth/tokens")
    assert body["auth"]["identity"]["password"]["user"] == {
        "name": "admin",
        "password": "secret",
        "domain": {"name": "Default"},
    }
    assert body["auth"]["scope"] == {"project": {"name": "admin", "domain": {"name": "Default"}}}


@pytest.mark.parametrize(
    ("connection", "message"),
    [
        (
            FakeConnection("fd00::10"),
            "https://cloud.lab.test:5000: fd00::10 answers, not the VIP fd00::100."
            " Correct the address of cloud.lab.test in DNS.",
        ),
        (
            FakeConnection("192.0.2.1"),
            "https://cloud.lab.test:5000: 192.0.2.1 answers, not the VIP fd00::100."
            " Give cloud.lab.test an IPv6 address.",
        ),
        (
            FakeConnection("fd00::100", error=ConnectionRefusedError(111, "Connection refused")),
            "https://cloud.lab.test:5000: no token: [Errno 111] Connection refused."
            " See that HAProxy and Keystone run: docker ps.",
        ),
        (
            FakeConnection("fd00::100", status=401, text="no such user"),
            "https://cloud.lab.test:5000: no token: status 401, no such user",
        ),
    ],
)
def test_no_token(connection: FakeConnection, message: str):
    with pytest.raises(module.EndpointError) as error:
        module.token(AUTH, "fd00::100", connection)
    assert str(error.value) == message
    assert connection.closed
    assert "secret" not in str(error.value)
