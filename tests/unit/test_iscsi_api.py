"""Asking the iSCSI gateways over TLS, and what hosts say of themselves before they become gateways."""

from __future__ import annotations

import base64
import ssl
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from socket import AF_INET6
from typing import Any, ClassVar
from urllib.parse import parse_qs

import pytest
from ansible.module_utils.armature_iscsi import Api, Gateway, IscsiError, SilentError, Step, sender, source_address
from ansible.modules.iscsi_api_info import observe as ask
from ansible.modules.iscsi_gateway_info import has_module, listening, observe
from fake_iscsi import IGW_1, IGW_2, FakeGateways

from armature.certificate import Pair, make

HERE = Gateway("igw-1", "igw-1.good.test", "::1")
FSID = "3f2c4a52-7c1c-4d5e-9f0a-5a1f5f0c2b11"


class Handler(BaseHTTPRequestHandler):
    """Keeps what it was asked."""

    asked: ClassVar[list[tuple[str, str, str, dict[str, list[str]]]]] = []

    def _answer(self) -> None:
        form = parse_qs(self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode())
        self.asked.append((self.command, self.path, self.headers["Authorization"], form))
        body = b"<html>" if "html" in self.path else b'{"data": "igw-1.good.test"}'
        self.send_response(500 if "html" in self.path else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_PUT = do_DELETE = _answer  # noqa: N815

    def log_message(self, *_arguments: Any) -> None:
        pass


class Server(HTTPServer):
    address_family = AF_INET6

    def handle_error(self, *_arguments: Any) -> None:
        pass


@pytest.fixture(scope="module")
def pair() -> Pair:
    return make(["cloud.good.test"], ["::1"])


@pytest.fixture
def port(pair: Pair, tmp_path: Path) -> Iterator[int]:
    (tmp_path / "pair.pem").write_text(pair.certificate + pair.key)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "pair.pem")
    server = Server(("::1", 0), Handler)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    Handler.asked.clear()
    yield server.server_address[1]
    server.shutdown()
    server.server_close()
    thread.join()


def test_requests(pair: Pair, port: int) -> None:
    api = Api(sender(port, "armature", "s3cret", pair.certificate), port)
    assert api.get(HERE, "/api/sysinfo/hostname") == {"data": "igw-1.good.test"}
    api.carry_out([Step("x", HERE, "PUT", "/api/a", (("ip_address", "fd00::1"),)), Step("y", HERE, "DELETE", "/api/b")])
    token = "Basic " + base64.b64encode(b"armature:s3cret").decode()
    assert Handler.asked == [
        ("GET", "/api/sysinfo/hostname", token, {}),
        ("PUT", "/api/a", token, {"ip_address": ["fd00::1"]}),
        ("DELETE", "/api/b", token, {}),
    ]


def test_an_answer_that_is_no_json(pair: Pair, port: int) -> None:
    api = Api(sender(port, "armature", "s3cret", pair.certificate), port)
    with pytest.raises(IscsiError, match=r"igw-1: GET /api/html answered 500: <html>\. Look at the log"):
        api.get(HERE, "/api/html")


def test_a_gateway_with_another_certificate(pair: Pair, port: int) -> None:
    api = Api(sender(port, "armature", "s3cret", make(["cloud.good.test"], ["::1"]).certificate), port)
    with pytest.raises(IscsiError, match="igw-1: its API shows another certificate than the site's secrets have"):
        api.get(HERE, "/api")
    assert Handler.asked == []


def test_what_is_no_certificate() -> None:
    with pytest.raises(IscsiError, match="certificate: is no PEM"):
        sender(1, "armature", "s3cret", "x")


def test_without_a_certificate_nobody_answers() -> None:
    with pytest.raises(SilentError, match="there is no certificate yet"):
        Api(sender(1, "armature", "s3cret", ""), 1).get(HERE, "/api")


def test_waiting_ends(pair: Pair) -> None:
    fake, pauses = FakeGateways(IGW_1), list[float]()

    def pause(seconds: float) -> None:
        pauses.append(seconds)
        fake.up["igw-2"] = IGW_2
        fake.names["igw-2"] = IGW_2.name

    fake.api().wait(IGW_2, 60, pause)
    assert pauses == [3]
    with pytest.raises(SilentError):
        FakeGateways().api().wait(IGW_2, 0, pause)


def test_the_source_is_the_kernel_s_choice() -> None:
    assert source_address(HERE, 5010) == "::1"


def test_who_may_ask() -> None:
    fake = FakeGateways(IGW_1)
    fake.failures["targets"] = (403, "API access not available to fd00:9::1")
    found = ask(fake.api(), "ctl-1", [IGW_1, IGW_2], 5010, lambda _gateway, _port: "fd00:9::1")
    assert found["sources"] == {"igw-1": "fd00:9::1", "igw-2": "fd00:9::1"}
    assert found["problems"][0].startswith("ctl-1, asking from fd00:9::1: igw-1: the API refuses this host (API access")
    assert found["problems"][1].startswith("ctl-1, asking from fd00:9::1: igw-2: the gateway's API does not answer")
    assert ask(FakeGateways(IGW_1).api(), "ctl-1", [IGW_1], 5010, lambda *_: "fd00::1")["problems"] == []


def test_a_host_without_a_way() -> None:
    def source(*_arguments: Any) -> str:
        raise OSError(101, "Network is unreachable")

    found = ask(FakeGateways(IGW_1).api(), "ctl-1", [IGW_1], 5010, source)
    assert found["problems"] == ["ctl-1: has no way to the gateway igw-1 at fd00:3::41 (Network is unreachable)."]


TABLE = "  sl  local_address                         remote_address                        st\n"
ROWS = (
    "   0: 00000000000000000000000000000000:0CBC 00000000000000000000000000000000:0000 0A 0\n"
    "   1: 00000000000000000000000001000000:1392 00000000000000000000000000000000:0000 01 0\n"
)
GIVEN = {
    "host": "igw-1",
    "name": "igw-1.good.test",
    "fsid": FSID,
    "modules": ["iscsi_target_mod", "target_core_user"],
    "ports": [3260, 5010],
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A host with one module loaded, the other one to be loaded, and nothing that listens."""
    (tmp_path / "sys/module/iscsi_target_mod").mkdir(parents=True)
    (tmp_path / "proc/net").mkdir(parents=True)
    (tmp_path / "proc/net/tcp6").write_text(TABLE)
    return tmp_path


def problems(root: Path, status: int = 0, name: str = "igw-1.good.test") -> list[str]:
    found: list[str] = observe(GIVEN, lambda _argv: status, root, lambda: name)["problems"]
    return found


def test_a_host_that_can_be_a_gateway(root: Path) -> None:
    assert problems(root) == []


def test_a_kernel_without_targets(root: Path) -> None:
    (message,) = problems(root, status=1)
    assert message.startswith("igw-1: the kernel ")
    assert " has no target_core_user, and cannot be an iSCSI target. Install one that has them" in message


def test_modules_are_asked_for_without_loading_them(root: Path) -> None:
    asked: list[list[str]] = []
    assert has_module("x", lambda argv: asked.append(argv) or 0, root)  # type: ignore[func-returns-value]
    assert asked == [["modprobe", "--dry-run", "--quiet", "x"]]
    assert not has_module("x", lambda _argv: 127, root)


def test_a_host_that_calls_itself_otherwise(root: Path) -> None:
    assert problems(root, name="localhost") == [
        "igw-1: calls itself 'localhost', and other gateways look for 'igw-1.good.test'. "
        "Run playbooks/deploy_hosts.yml, which writes its name and /etc/hosts."
    ]


def test_a_port_that_is_taken(root: Path) -> None:
    (root / "proc/net/tcp6").write_text(TABLE + ROWS)
    assert listening(root) == {3260}
    assert problems(root) == [
        "igw-1: something listens on TCP port 3260 already, which the gateway needs. 'ss -Hltnp sport = :3260' on it "
        "says what: stop that."
    ]
    daemon = root / "var/lib/ceph" / FSID / "iscsi.gateways.igw-1.abcdef"
    daemon.mkdir(parents=True)
    (daemon / "iscsi-gateway.cfg").write_text("")
    assert problems(root) == []
