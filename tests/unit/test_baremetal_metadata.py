"""The metadata service of bare-metal nodes, on loopback: who gets what, and what happens when something is wrong."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import importlib
import logging
import socket
import ssl
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from ipaddress import IPv6Address
from pathlib import Path
from typing import Any

import pytest
from fake_openstack import PROJECT, SERVER, FakeOpenStack, served

from armature import certificate

sys.path.append(str(Path(__file__).parents[2] / "roles/baremetal_metadata/files"))
module: Any = importlib.import_module("baremetal_metadata")

SECRET = "secret of Nova's"
MACS = {"node-1": "02:00:00:00:00:01", "node-2": "02:00:00:00:00:02", "node-3": "02:00:00:00:00:03"}


class Proxy:
    """A service at ``port``; ``mac`` is what the kernel says of whoever asks."""

    loop: asyncio.AbstractEventLoop
    port = 0

    def __init__(self, cloud: FakeOpenStack, authorities: str = "", **changed: Any) -> None:
        self.mac = MACS["node-1"]
        nodes = {name: {"number": number, "mac": mac} for number, (name, mac) in enumerate(MACS.items(), 1)}
        config = {
            "link": "lo",
            "network": "::/64",
            "further": 7,
            "user": "asker",
            **dict.fromkeys(("keystone", "ironic", "nova"), cloud.url),
            "nodes": nodes,
        }
        secrets = {"password": "p", "metadata_secret": SECRET}
        self.service = module.Service(config | changed, secrets, authorities)
        self.service.neighbours.mac = self._mac

    async def _mac(self, _address: IPv6Address) -> str:
        return self.mac

    def send(self, data: bytes) -> bytes:
        """Send bytes and return everything that is answered."""
        with socket.create_connection(("::1", self.port), timeout=10) as connection:
            connection.sendall(data)
            answer = b""
            while part := connection.recv(65536):
                answer += part
            return answer

    def get(self, path: str, headers: dict[str, str] | None = None, method: str = "GET") -> tuple[int, bytes]:
        connection = HTTPConnection("::1", self.port, timeout=10)
        connection.request(method, path, headers=headers or {})
        response = connection.getresponse()
        body = response.read()
        connection.close()
        return response.status, body


@contextmanager
def serving(proxy: Proxy) -> Iterator[Proxy]:
    ready, end = threading.Event(), asyncio.Event()

    async def live() -> None:
        server = await asyncio.start_server(proxy.service.serve, "::1", 0, limit=module.HEAD_BYTES)
        proxy.port, proxy.loop = server.sockets[0].getsockname()[1], asyncio.get_running_loop()
        ready.set()
        await end.wait()
        server.close()

    thread = threading.Thread(target=lambda: asyncio.run(live()))
    thread.start()
    ready.wait()
    try:
        yield proxy
    finally:
        proxy.loop.call_soon_threadsafe(end.set)
        thread.join()
        proxy.service.asker.pool.shutdown()


@pytest.fixture
def cloud() -> Iterator[FakeOpenStack]:
    cloud = FakeOpenStack()
    with served(cloud):
        yield cloud


@pytest.fixture
def proxy(cloud: FakeOpenStack, caplog: pytest.LogCaptureFixture) -> Iterator[Proxy]:
    caplog.set_level(logging.INFO)
    with serving(Proxy(cloud)) as proxy:
        yield proxy


def signature() -> str:
    """As Nova computes what it expects. Source: nova 33.0.2, api/metadata/handler.py, _validate_shared_secret."""
    return hmac.new(SECRET.encode(), SERVER.encode(), hashlib.sha256).hexdigest()


def nova(cloud: FakeOpenStack) -> list[str]:
    return [path for path in cloud.paths() if not path.startswith(("/v1/", "/v3/"))]


def test_a_node_gets_its_servers_metadata(cloud: FakeOpenStack, proxy: Proxy) -> None:
    body = b"metadata at /openstack/latest/user_data\n\xff"
    head = (
        f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    )
    assert proxy.send(b"GET /openstack/latest/user_data HTTP/1.1\r\nHost: x\r\n\r\n") == head.encode() + body
    _, _, headers = cloud.asked[-1]
    mine = {key: value for key, value in headers.items() if key.startswith("X-")}
    assert mine == {
        "X-Forwarded-For": "::1",
        "X-Instance-ID": SERVER,
        "X-Tenant-ID": PROJECT,
        "X-Instance-ID-Signature": signature(),
    }


def test_ironic_is_asked_by_a_reader_of_the_system(cloud: FakeOpenStack, proxy: Proxy) -> None:
    assert proxy.get("/openstack")[0] == 200
    (body,) = cloud.bodies
    assert body["auth"]["scope"] == {"system": {"all": True}}
    assert body["auth"]["identity"]["password"]["user"]["name"] == "asker"
    assert cloud.paths()[:2] == ["/v3/auth/tokens", "/v1/nodes/node-1?fields=instance_uuid,instance_info"]


def test_what_a_client_says_of_itself_goes_nowhere(cloud: FakeOpenStack, proxy: Proxy) -> None:
    smuggled = b"".join(
        line + b"\r\n"
        for line in (
            b"GET /latest/meta-data/ HTTP/1.1",
            b"X-Instance-ID: another",
            b"x-instance-id : another",
            b"X-Tenant-ID: another",
            b"X-Instance-ID-Signature: another",
            b"X-Forwarded-For: ::2",
            b"X-Metadata-Provider: another",
            b"Transfer-Encoding: chunked",
            b"Content-Length: 60",
            b"",
            b"0\r\n\r\nGET /openstack HTTP/1.1\r\nX-Instance-ID: another\r\n\r\n",
        )
    )
    assert proxy.send(smuggled).count(b"HTTP/1.1 200") == 1
    assert nova(cloud) == ["/latest/meta-data/"]
    _, _, headers = cloud.asked[-1]
    assert headers.get_all("X-Instance-ID") == [SERVER]
    assert "another" not in str(headers)
    assert headers["X-Forwarded-For"] == "::1"


def test_head_is_an_answer_without_its_body(proxy: Proxy) -> None:
    answer = proxy.send(b"HEAD /openstack HTTP/1.0\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
    assert answer.endswith(b"Content-Length: 24\r\nConnection: close\r\n\r\n")


@pytest.mark.parametrize(
    ("mac", "status", "words"),
    [
        (MACS["node-1"], 200, ""),
        (MACS["node-3"], 403, "is node-1's address, and the MAC address 02:00:00:00:00:03 is node-3's"),
        ("02:00:00:00:00:99", 403, "has the MAC address 02:00:00:00:00:99, which is no node's"),
        ("", 403, "has the MAC address of nobody, which is no node's"),
    ],
)
def test_who_is_who(
    proxy: Proxy, cloud: FakeOpenStack, caplog: pytest.LogCaptureFixture, mac: str, status: int, words: str
) -> None:
    proxy.mac = mac
    assert proxy.get("/openstack")[0] == status
    assert words in caplog.text
    assert (nova(cloud) == []) is (status != 200)


OWN, EIGHTH, SELF_MADE = "2001:db8::1", "2001:db8::7:1", "2001:db8::ff:fe00:1"


@pytest.mark.parametrize(
    ("address", "mac", "node"),
    [
        (OWN, "node-1", "node-1"),
        (EIGHTH, "node-1", "node-1"),
        (SELF_MADE, "node-1", "node-1"),
        (OWN, "node-2", None),
        (EIGHTH, "node-2", None),
        ("2001:db8::8:1", "node-2", "node-2"),
        ("2001:db8:0:1::1", "node-1", None),
        ("fe80::1", "node-1", None),
        ("::1", "node-1", None),
    ],
)
def test_an_address_is_the_nodes_that_has_the_plan_and_the_mac(
    cloud: FakeOpenStack, address: str, mac: str, node: str | None
) -> None:
    proxy = Proxy(cloud, network="2001:db8::/64")
    proxy.mac = MACS[mac]
    if node is not None:
        assert asyncio.run(proxy.service.neighbours.node(IPv6Address(address))) == node
        return
    with pytest.raises(module.RefusedError) as refused:
        asyncio.run(proxy.service.neighbours.node(IPv6Address(address)))
    assert refused.value.status == 403


def test_a_node_without_a_server(proxy: Proxy, cloud: FakeOpenStack, caplog: pytest.LogCaptureFixture) -> None:
    cloud.nodes["node-1"] = cloud.nodes["node-2"]
    assert proxy.get("/openstack") == (404, b"Not Found\n")
    assert "::1, GET /openstack: 404: node-1 has no server" in caplog.text
    assert nova(cloud) == []


def test_a_node_that_ironic_does_not_have_yet(proxy: Proxy, cloud: FakeOpenStack) -> None:
    del cloud.nodes["node-1"]
    assert proxy.get("/openstack")[0] == 404


def test_what_nova_does_not_have(proxy: Proxy) -> None:
    assert proxy.get("/openstack/latest/nothing") == (404, b"Not Found\n")


@pytest.mark.parametrize(
    "path", ["/", "/openstack/", "/openstack/2018-08-27/meta_data.json", "/2009-04-04/meta-data", "/1.0/user-data"]
)
def test_paths_that_go_on(cloud: FakeOpenStack, proxy: Proxy, path: str) -> None:
    assert proxy.get(path)[0] == 200
    assert nova(cloud) == [path]


@pytest.mark.parametrize(
    ("line", "status"),
    [
        ("GET /openstack/../v2.1/servers HTTP/1.1", 404),
        ("GET /openstack/./latest HTTP/1.1", 404),
        ("GET /openstack//latest HTTP/1.1", 404),
        ("GET /latest/.. HTTP/1.1", 404),
        ("GET //openstack HTTP/1.1", 404),
        ("GET /v1/nodes HTTP/1.1", 404),
        ("GET /openstack/%2e%2e/x HTTP/1.1", 400),
        ("GET /openstack?x=1 HTTP/1.1", 400),
        ("GET /openstack\\x HTTP/1.1", 400),
        ("GET http://[::1]:5000/openstack HTTP/1.1", 400),
        ("GET /openstack HTTP/1.1 x", 400),
        ("GET /open\rX-Instance-ID: x HTTP/1.1", 400),
        ("get /openstack HTTP/1.1", 400),
        ("GET /openstack", 400),
        ("\x16\x03\x01", 400),
        ("POST /openstack/latest/password HTTP/1.1", 405),
        ("DELETE /openstack HTTP/1.1", 405),
        ("PUT /latest/api/token HTTP/1.1", 405),
    ],
)
def test_requests_that_go_nowhere(cloud: FakeOpenStack, proxy: Proxy, line: str, status: int) -> None:
    answer = proxy.send(line.encode("latin-1") + b"\r\nHost: x\r\n\r\n")
    assert answer.startswith(f"HTTP/1.1 {status} ".encode())
    assert nova(cloud) == []


@pytest.mark.parametrize(
    "data",
    [
        b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\n\r\n",
        b"GET /openstack HTTP/1.1\r\n" + b"A: b\r\n" * 2000 + b"\r\n",
        b"A" * 100_000,
    ],
    ids=["line", "headers", "without an end"],
)
def test_requests_that_are_too_long(cloud: FakeOpenStack, proxy: Proxy, data: bytes) -> None:
    assert proxy.send(data).startswith(b"HTTP/1.1 431 ")
    assert cloud.asked == []


def test_a_client_that_goes_away(proxy: Proxy, caplog: pytest.LogCaptureFixture) -> None:
    with socket.create_connection(("::1", proxy.port)) as connection:
        connection.sendall(b"GET /open")
    assert proxy.get("/openstack")[0] == 200
    assert "Traceback" not in caplog.text
    settled(lambda: proxy.service.open == 0)


def settled(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + 5
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.02)


TOKENS, NODE, METADATA = "/v3/auth/tokens", "/v1/nodes/node-1", "/openstack"


@pytest.mark.parametrize(
    ("begin", "status", "body", "words"),
    [
        (TOKENS, 401, b"", "Keystone at {url}/v3/auth/tokens: status 401 for the user asker"),
        (TOKENS, 201, b"{}", "Keystone at {url}/v3/auth/tokens: its answer is no token"),
        (NODE, 403, b"", "Ironic at {url}/v1/nodes/node-1?fields=instance_uuid,instance_info: status 403"),
        (NODE, 401, b"", "Ironic at {url}/v1/nodes/node-1?fields=instance_uuid,instance_info: status 401"),
        (NODE, 200, b"[]", "its answer is no node"),
        (NODE, 200, b"oops", "its answer is no node"),
        (NODE, 200, b'{"instance_uuid": "x\\r\\nA: b", "instance_info": {"project_id": "p"}}', "the server is 'x\\r"),
        (NODE, 200, f'{{"instance_uuid": "{SERVER}", "instance_info": {{}}}}'.encode(), "and its project None"),
        (METADATA, 403, b"", f"Nova at {{url}}/openstack: status 403 for node-1's server {SERVER}"),
        (METADATA, 500, b"", f"Nova at {{url}}/openstack: status 500 for node-1's server {SERVER}"),
        (METADATA, 302, b"", f"Nova at {{url}}/openstack: status 302 for node-1's server {SERVER}"),
        (METADATA, 200, b"x" * ((1 << 20) + 1), "Nova at {url}/openstack: its answer is longer than 1048576 bytes"),
    ],
)
def test_openstack_in_trouble(
    proxy: Proxy,
    cloud: FakeOpenStack,
    caplog: pytest.LogCaptureFixture,
    begin: str,
    status: int,
    body: bytes,
    words: str,
) -> None:
    cloud.say(begin, status, body)
    assert proxy.get("/openstack") == (503, b"Service Unavailable\n")
    assert words.format(url=cloud.url) in caplog.text


@pytest.mark.parametrize(("who", "key"), [("Keystone", "keystone"), ("Ironic", "ironic"), ("Nova", "nova")])
def test_openstack_that_is_not_there(
    cloud: FakeOpenStack, caplog: pytest.LogCaptureFixture, who: str, key: str
) -> None:
    with serving(Proxy(cloud, **{key: "http://[::1]:1"})) as proxy:
        assert proxy.get("/openstack")[0] == 503
    assert f"{who} at http://[::1]:1/" in caplog.text
    assert "Connection refused" in caplog.text


@pytest.mark.parametrize("begin", [TOKENS, NODE, METADATA])
def test_openstack_that_takes_its_time(
    monkeypatch: pytest.MonkeyPatch,
    proxy: Proxy,
    cloud: FakeOpenStack,
    caplog: pytest.LogCaptureFixture,
    begin: str,
) -> None:
    monkeypatch.setattr(module, "QUESTION_SECONDS", 0.3)
    cloud.say(begin, 200, b"x" * 100, seconds=0.1)
    start = time.monotonic()
    assert proxy.get("/openstack")[0] == 503
    assert time.monotonic() - start < 8
    assert "its answer takes too long" in caplog.text


def test_an_answer_has_its_time(
    monkeypatch: pytest.MonkeyPatch, proxy: Proxy, cloud: FakeOpenStack, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(module, "ANSWER_SECONDS", 0.3)
    cloud.say(METADATA, 200, b"xxxx", seconds=0.3)
    assert proxy.get("/openstack")[0] == 503
    assert "no answer in 0.3 seconds" in caplog.text


def test_a_token_and_a_node_are_remembered_for_a_while(
    monkeypatch: pytest.MonkeyPatch, proxy: Proxy, cloud: FakeOpenStack
) -> None:
    monkeypatch.setattr(module, "KEEP_SECONDS", 60)
    for _ in range(4):
        assert proxy.get("/openstack")[0] == 200
    assert (cloud.paths().count(TOKENS), len(cloud.paths()) - len(nova(cloud))) == (1, 2)
    cloud.nodes["node-1"] = cloud.nodes["node-2"]
    _ends, server = proxy.service.ironic.known["node-1"]
    proxy.service.ironic.known["node-1"] = (time.monotonic(), server)
    assert proxy.get("/openstack")[0] == 404
    assert cloud.paths().count(TOKENS) == 1


def test_a_cloud_in_trouble_is_not_asked_by_every_request(proxy: Proxy, cloud: FakeOpenStack) -> None:
    cloud.say(TOKENS, 500)
    assert [proxy.get("/openstack")[0] for _ in range(3)] == [503] * 3
    assert cloud.paths() == [TOKENS]


def test_a_token_that_ended_early_is_replaced(
    monkeypatch: pytest.MonkeyPatch, proxy: Proxy, cloud: FakeOpenStack
) -> None:
    monkeypatch.setattr(module, "KEEP_SECONDS", 0)
    assert proxy.get("/openstack")[0] == 200
    cloud.tokens.clear()
    assert proxy.get("/openstack")[0] == 200
    assert cloud.paths().count(TOKENS) == 2


def test_many_questions_of_one_node_are_one_for_ironic(proxy: Proxy, cloud: FakeOpenStack) -> None:
    with_answers: list[int] = []
    threads = [threading.Thread(target=lambda: with_answers.append(proxy.get("/openstack")[0])) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert with_answers == [200] * 6
    assert len([path for path in cloud.paths() if path.startswith(NODE)]) == 1


def test_slow_clients_are_let_go(
    monkeypatch: pytest.MonkeyPatch, proxy: Proxy, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(module, "HEAD_SECONDS", 0.2)
    assert proxy.send(b"GET /openstack HTTP/1.1\r\n").startswith(b"HTTP/1.1 408 ")
    assert "nothing read: 408: no request in 0.2 seconds" in caplog.text


def test_one_node_has_few_connections_and_others_are_served(proxy: Proxy) -> None:
    held = [socket.create_connection(("::1", proxy.port)) for _ in range(module.OF_ONE_NODE)]
    settled(lambda: proxy.service.open_of["node-1"] == module.OF_ONE_NODE)
    assert proxy.get("/openstack")[0] == 429
    proxy.mac = "02:00:00:00:00:99"
    assert proxy.get("/openstack")[0] == 403
    for connection in held:
        connection.close()
    proxy.mac = MACS["node-1"]
    settled(lambda: proxy.service.open_of["node-1"] == 0)
    assert proxy.get("/openstack")[0] == 200


def test_there_is_an_end_to_connections(monkeypatch: pytest.MonkeyPatch, proxy: Proxy) -> None:
    monkeypatch.setattr(module, "CONNECTIONS", 2)
    held = [socket.create_connection(("::1", proxy.port)) for _ in range(2)]
    settled(lambda: proxy.service.open == 2)
    with pytest.raises(ConnectionError):
        proxy.get("/openstack")
    for connection in held:
        connection.close()
    settled(lambda: proxy.service.open == 0)
    assert proxy.get("/openstack")[0] == 200


@pytest.mark.parametrize("trusted", [True, False])
def test_the_cloud_proves_who_it_is(tmp_path: Path, caplog: pytest.LogCaptureFixture, trusted: bool) -> None:
    pair = certificate.make(["localhost"], ["::1"])
    (tmp_path / "pair.pem").write_text(pair.certificate + pair.key)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(tmp_path / "pair.pem")
    cloud = FakeOpenStack()
    with served(cloud, tls), serving(Proxy(cloud, pair.certificate if trusted else "")) as proxy:
        assert proxy.get("/openstack")[0] == (200 if trusted else 503)
    assert ("certificate verify failed" in caplog.text) is not trusted


def test_the_kernel_is_asked_for_a_neighbour() -> None:
    """Loopback has none; that one with a MAC address is found is molecule's to show."""
    config = {"link": "lo", "network": "::/64", "further": 7, "nodes": {}}
    assert asyncio.run(module.Neighbours(config).mac(IPv6Address("::1"))) == ""
    with pytest.raises(module.TroubleError, match="neighbour show to ::1 dev nowhere: exit status 1 "):
        asyncio.run(module.Neighbours(config | {"link": "nowhere"}).mac(IPv6Address("::1")))
