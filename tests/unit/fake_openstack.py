"""The parts of Keystone, Ironic and Nova's metadata that the bare-metal nodes' metadata service asks, on loopback."""

from __future__ import annotations

import json
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socket import AF_INET6
from typing import Any

SERVER = "7d4b8f52-6c1e-4a39-9f0d-3e5a1c2b0021"
PROJECT = "0f6d3c1e8a524e7b9d407b1c2a5e41ac"


class FakeOpenStack:
    """What is asked stands in ``asked``, as (method, path, headers); ``say`` changes an answer by the path's begin."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, Message]] = []
        self.bodies: list[Any] = []
        self.answers: dict[str, tuple[int, bytes, float]] = {}
        self.nodes: dict[str, Any] = {
            "node-1": {"instance_uuid": SERVER, "instance_info": {"project_id": PROJECT}},
            "node-2": {"instance_uuid": None, "instance_info": {}},
        }
        self.tokens: set[str] = set()
        self.url = ""

    def say(self, begin: str, status: int, body: bytes = b"", seconds: float = 0) -> None:
        """Answer what begins with ``begin`` so; with ``seconds``, a byte of the body in as many of them."""
        self.answers[begin] = (status, body, seconds)

    def paths(self) -> list[str]:
        return [path for _, path, _ in self.asked]

    def answer(self, method: str, path: str, headers: Message, body: bytes) -> tuple[int, dict[str, str], bytes, float]:
        self.asked.append((method, path, headers))
        for begin, (status, text, seconds) in self.answers.items():
            if path.startswith(begin):
                return status, {}, text, seconds
        if path == "/v3/auth/tokens":
            self.bodies.append(json.loads(body))
            self.tokens.add(f"token-{len(self.bodies)}")
            ends = (datetime.now(UTC) + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
            said = json.dumps({"token": {"expires_at": ends}}).encode()
            return 201, {"X-Subject-Token": f"token-{len(self.bodies)}"}, said, 0
        if path.startswith("/v1/nodes/"):
            if headers["X-Auth-Token"] not in self.tokens:
                return 401, {}, b"", 0
            name, _, query = path.removeprefix("/v1/nodes/").partition("?")
            assert query == "fields=instance_uuid,instance_info"
            node = self.nodes.get(name)
            return (200, {}, json.dumps(node).encode(), 0) if node is not None else (404, {}, b"{}", 0)
        if path.endswith("/nothing"):
            return 404, {}, b"<html>", 0
        return 200, {"Content-Type": "application/json"}, f"metadata at {path}\n".encode() + b"\xff", 0


@contextmanager
def served(cloud: FakeOpenStack, tls: ssl.SSLContext | None = None) -> Iterator[None]:
    """Serve ``cloud`` at its ``url`` until the end of the block."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            status, headers, text, seconds = cloud.answer(self.command, self.path, self.headers, body)
            self.send_response(status)
            for key, value in headers.items():
                self.send_header(key, value)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            try:
                for byte in text if seconds else ():
                    time.sleep(seconds)
                    self.wfile.write(bytes([byte]))
                if not seconds:
                    self.wfile.write(text)
            except OSError:
                self.close_connection = True

        do_POST = do_GET  # noqa: N815

        def log_message(self, *_: Any) -> None: ...

    class Server(ThreadingHTTPServer):
        address_family, daemon_threads = AF_INET6, True

    server = Server(("::1", 0), Handler)
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    cloud.url = f"{'http' if tls is None else 'https'}://[::1]:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
