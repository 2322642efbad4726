#!/usr/bin/python3
# Copyright the Armature authors
# SPDX-License-Identifier: Apache-2.0
"""Nova's metadata for bare-metal nodes, which Neutron does not know.

Usage: baremetal_metadata.py CONFIG. Which node asks follows from where the request came from. Ironic says which server
the node has, and Nova answers for that server, as it answers Neutron's agent: what it is told is signed.

Nothing of a request but its path goes on. Needs Python 3.11 and ip(8), nothing else.

Source: nova 33.0.2, ``api/metadata/handler.py``; neutron 28.0.2, ``common/metadata.py``; ironic 35.0.1, API 1.8;
Identity API v3; cloud-init, data sources OpenStack and Ec2.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import http.client
import json
import logging
import os
import re
import ssl
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from ipaddress import IPv6Address, IPv6Network
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

log = logging.getLogger("metadata")

HEAD_BYTES = 8192
"""Of a request. cloud-init's have some 200."""
BODY_BYTES = 1 << 20
"""Of an answer. Nova takes 64 KiB of user data."""
CONNECTIONS, OF_ONE_NODE = 256, 8
WORKERS = 16
"""Questions to OpenStack at a time."""

HEAD_SECONDS = 5
STEP_SECONDS, QUESTION_SECONDS = 5, 8
"""For one read of an answer of OpenStack's, and for the whole answer."""
ANSWER_SECONDS = 9
"""For a whole request; cloud-init waits 10."""
SEND_SECONDS = 10
KEEP_SECONDS = 5
"""For which it is known what server a node has."""

REQUEST = re.compile(rb"(?P<method>GET|HEAD) (?P<path>/[A-Za-z0-9._~:=@+,/-]*) HTTP/1\.[01]")
TREES = re.compile(r"openstack|latest|1\.0|\d{4}-\d\d-\d\d")
"""What Nova serves: its own, and EC2's by version."""

SERVER = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
PROJECT = re.compile(r"[0-9A-Za-z-]{1,64}")

IRONIC_VERSION = "1.8"
"""Knows nodes by name, and takes a choice of fields."""


class RefusedError(Exception):
    """The answer is a status and nothing more; the message is for the log."""

    def __init__(self, status: int, words: str) -> None:
        super().__init__(words)
        self.status = status


class TroubleError(Exception):
    """OpenStack did not do its part: the answer is 503, and the message says who did what."""


@dataclass(frozen=True)
class Reply:
    """What OpenStack answered."""

    status: int
    headers: Any
    body: bytes


@dataclass(frozen=True)
class Server:
    """A server of Nova's, and whose it is."""

    id: str
    project: str


@dataclass
class Request:
    """Who asks for what, as far as that is known."""

    node: str = ""
    method: str = "nothing"
    path: str = "read"


class Asker:
    """Asks OpenStack over HTTP, a connection for each question: no redirects, no proxies, everything in time."""

    def __init__(self, authorities: str) -> None:
        self.pool = ThreadPoolExecutor(WORKERS)
        self.tls = ssl.create_default_context()
        if authorities:
            self.tls.load_verify_locations(cadata=authorities)

    async def ask(
        self, who: str, url: str, headers: dict[str, str], method: str = "GET", body: str | None = None
    ) -> Reply:
        """Return the answer, whatever its status. Raises TroubleError, with ``who``, when there is none."""
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(self.pool, self._ask, url, headers, method, body)
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise TroubleError(f"{who} at {url}: {error or type(error).__name__}") from error

    def _ask(self, url: str, headers: dict[str, str], method: str, body: str | None) -> Reply:
        parts, end = urlsplit(url), time.monotonic() + QUESTION_SECONDS
        host = parts.hostname or ""
        connection = (
            http.client.HTTPSConnection(host, parts.port, timeout=STEP_SECONDS, context=self.tls)
            if parts.scheme == "https"
            else http.client.HTTPConnection(host, parts.port, timeout=STEP_SECONDS)
        )
        try:
            connection.request(method, parts.path + (f"?{parts.query}" if parts.query else ""), body, headers)
            response = connection.getresponse()
            text = b""
            while chunk := response.read1(65536):
                text += chunk
                if len(text) > BODY_BYTES:
                    raise ValueError(f"its answer is longer than {BODY_BYTES} bytes")
                if time.monotonic() > end:
                    raise TimeoutError("its answer takes too long")
            return Reply(response.status, response.headers, text)
        finally:
            connection.close()


class Ironic:
    """Which server a node has."""

    def __init__(self, asker: Asker, config: dict[str, Any], password: str) -> None:
        self.asker, self.config, self.password = asker, config, password
        self.token, self.token_ends = "", 0.0
        self.one_login = asyncio.Lock()
        self.one_question: dict[str, asyncio.Lock] = {}
        self.known: dict[str, tuple[float, Server | TroubleError | None]] = {}

    async def server(self, node: str) -> Server | None:
        """Return the server of a node, None without one. Raises TroubleError, which is remembered like any answer."""
        async with self.one_question.setdefault(node, asyncio.Lock()):
            ends, found = self.known.get(node, (0.0, None))
            if time.monotonic() >= ends:
                try:
                    found = await self._ask(node)
                except TroubleError as error:
                    found = error
                self.known[node] = (time.monotonic() + KEEP_SECONDS, found)
        if isinstance(found, TroubleError):
            raise TroubleError(str(found))
        return found

    async def _ask(self, node: str) -> Server | None:
        url = f"{self.config['ironic']}/v1/nodes/{node}?fields=instance_uuid,instance_info"
        reply = await self._get(url)
        if reply.status == HTTPStatus.UNAUTHORIZED:
            # A token may end before its time: Keystone's keys are new, or the user has another password.
            self.token_ends = 0.0
            reply = await self._get(url)
        if reply.status == HTTPStatus.NOT_FOUND:
            return None
        if reply.status != HTTPStatus.OK:
            raise TroubleError(f"Ironic at {url}: status {reply.status}")
        try:
            said = json.loads(reply.body)
            server, project = said["instance_uuid"], (said["instance_info"] or {}).get("project_id")
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise TroubleError(f"Ironic at {url}: its answer is no node") from error
        if server is None:
            return None
        if not SERVER.fullmatch(str(server)) or not PROJECT.fullmatch(str(project or "")):
            raise TroubleError(f"Ironic at {url}: the server is {server!r} and its project {project!r}")
        return Server(server, str(project))

    async def _get(self, url: str) -> Reply:
        async with self.one_login:
            if time.time() >= self.token_ends:
                await self._login()
        headers = {"X-Auth-Token": self.token, "X-OpenStack-Ironic-API-Version": IRONIC_VERSION}
        return await self.asker.ask("Ironic", url, headers)

    async def _login(self) -> None:
        user = {"name": self.config["user"], "domain": {"id": "default"}, "password": self.password}
        identity = {"methods": ["password"], "password": {"user": user}}
        body = json.dumps({"auth": {"identity": identity, "scope": {"system": {"all": True}}}})
        url = f"{self.config['keystone']}/v3/auth/tokens"
        reply = await self.asker.ask("Keystone", url, {"Content-Type": "application/json"}, "POST", body)
        if reply.status != HTTPStatus.CREATED:
            raise TroubleError(f"Keystone at {url}: status {reply.status} for the user {self.config['user']}")
        try:
            ends = datetime.fromisoformat(json.loads(reply.body)["token"]["expires_at"]).timestamp()
        except (ValueError, KeyError, TypeError) as error:
            raise TroubleError(f"Keystone at {url}: its answer is no token") from error
        self.token, self.token_ends = reply.headers.get("X-Subject-Token", ""), ends - 60


class Neighbours:
    """Which node has an address: the kernel knows the MAC address behind it, for it sends its answers there."""

    def __init__(self, config: dict[str, Any]) -> None:
        self.link, self.network = config["link"], IPv6Network(config["network"])
        nodes: dict[str, dict[str, Any]] = config["nodes"]
        self.macs = {node["mac"]: name for name, node in nodes.items()}
        self.numbers = {node["number"]: name for name, node in nodes.items()}
        self.further = config["further"]
        self.few = asyncio.Semaphore(WORKERS)

    async def node(self, address: IPv6Address) -> str:
        """Return the node's name. Raises RefusedError for anything that is none, and for one at another's address."""
        if address not in self.network:
            raise RefusedError(HTTPStatus.FORBIDDEN, f"is not in {self.network}")
        mac = await self.mac(address)
        node, owner = self.macs.get(mac), self.owner(address)
        if node is None:
            raise RefusedError(HTTPStatus.FORBIDDEN, f"has the MAC address {mac or 'of nobody'}, which is no node's")
        if owner not in (None, node):
            raise RefusedError(HTTPStatus.FORBIDDEN, f"is {owner}'s address, and the MAC address {mac} is {node}'s")
        return node

    def owner(self, address: IPv6Address) -> str | None:
        """Return whose an address is by the address plan, None for one that a system gave itself."""
        further, number = divmod(int(address) - int(self.network.network_address), 1 << 16)
        return self.numbers.get(number) if further <= self.further else None

    async def mac(self, address: IPv6Address) -> str:
        """Return the MAC address, "" for none. Source: ip-neighbour(8)."""
        command = ("/usr/sbin/ip", "-6", "-json", "neighbour", "show", "to", str(address), "dev", self.link)
        pipe = asyncio.subprocess.PIPE
        async with self.few:
            process = await asyncio.create_subprocess_exec(*command, stdout=pipe, stderr=pipe)
            try:
                out, err = await process.communicate()
            except asyncio.CancelledError:
                process.kill()
                raise
        if process.returncode != 0:
            said = err.decode(errors="replace").strip()
            raise TroubleError(f"{' '.join(command)}: exit status {process.returncode} {said}")
        entries = json.loads(out or "[]")
        return next((entry["lladdr"] for entry in entries if "lladdr" in entry), "")


class Service:
    """Answers requests: one a connection."""

    def __init__(self, config: dict[str, Any], secrets: dict[str, str], authorities: str = "") -> None:
        self.config, self.neighbours = config, Neighbours(config)
        self.secret = secrets["metadata_secret"].encode()
        self.asker = Asker(authorities)
        self.ironic = Ironic(self.asker, config, secrets["password"])
        self.open, self.open_of = 0, Counter[str]()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection and close it."""
        if self.open >= CONNECTIONS:
            log.warning("One more than %d connections: closed", CONNECTIONS)
            writer.transport.abort()
            return
        self.open += 1
        request = Request()
        try:
            # A connection that is gone already has no address.
            peer = IPv6Address((writer.get_extra_info("peername") or ("::",))[0].partition("%")[0])
            await self._serve(peer, reader, writer, request)
        except (ConnectionError, TimeoutError, asyncio.IncompleteReadError):
            writer.transport.abort()
        finally:
            self.open -= 1
            if request.node:
                self.open_of[request.node] -= 1
            writer.close()

    async def _serve(
        self, peer: IPv6Address, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, request: Request
    ) -> None:
        status, words, kind, body = HTTPStatus.OK.value, "", "text/plain", b""
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                reply = await self._answer(peer, reader, request)
            kind, body = " ".join(reply.headers.get("Content-Type", kind).split()), reply.body
        except RefusedError as error:
            status, words = error.status, f": {error}"
        except TroubleError as error:
            status, words = HTTPStatus.SERVICE_UNAVAILABLE.value, f": {error}"
        except TimeoutError:
            status, words = HTTPStatus.SERVICE_UNAVAILABLE.value, f": no answer in {ANSWER_SECONDS} seconds"
        asked = f"{request.method} {request.path:.200}"
        log.log(logging.WARNING if words else logging.INFO, "%s, %s: %d%s", peer, asked, status, words)
        if status != HTTPStatus.OK:
            body = f"{HTTPStatus(status).phrase}\n".encode()
        head = f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\nContent-Type: {kind}\r\n"
        head += f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        writer.write(head.encode("latin-1", "replace") + (b"" if request.method == "HEAD" else body))
        async with asyncio.timeout(SEND_SECONDS):
            await writer.drain()
            writer.write_eof()
            # Until the client ends, too: what it sent and nobody read would take the answer back.
            while await reader.read(HEAD_BYTES):
                pass

    async def _answer(self, peer: IPv6Address, reader: asyncio.StreamReader, request: Request) -> Reply:
        """Return Nova's answer. Who it is comes first: so one node cannot have all connections."""
        try:
            node, refusal = await self.neighbours.node(peer), None
        except RefusedError as error:
            node, refusal = "nobody", error
        if self.open_of[node] >= OF_ONE_NODE:
            raise RefusedError(HTTPStatus.TOO_MANY_REQUESTS, f"{node} has {OF_ONE_NODE} requests under way")
        request.node = node
        self.open_of[node] += 1
        await self._read(reader, request)
        if refusal is not None:
            raise refusal
        return await self._of_node(node, peer, request.path)

    @staticmethod
    async def _read(reader: asyncio.StreamReader, request: Request) -> None:
        """Read a request. A body, if there is one, is nobody's business."""
        try:
            async with asyncio.timeout(HEAD_SECONDS):
                head = await reader.readuntil(b"\r\n\r\n")
        except asyncio.LimitOverrunError:
            raise RefusedError(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, f"more than {HEAD_BYTES} bytes") from None
        except TimeoutError:
            raise RefusedError(HTTPStatus.REQUEST_TIMEOUT, f"no request in {HEAD_SECONDS} seconds") from None
        line = head.partition(b"\r\n")[0]
        if match := REQUEST.fullmatch(line):
            request.method, request.path = match["method"].decode(), match["path"].decode()
        elif re.match(rb"(?!GET |HEAD )[A-Z]+ /", line):
            raise RefusedError(HTTPStatus.METHOD_NOT_ALLOWED, f"{line[:80]!r}")
        else:
            raise RefusedError(HTTPStatus.BAD_REQUEST, f"{line[:80]!r}")

    async def _of_node(self, node: str, peer: IPv6Address, path: str) -> Reply:
        first, *deeper = path.removeprefix("/").removesuffix("/").split("/")
        if (path != "/" and not TREES.fullmatch(first)) or {"", ".", ".."} & {*deeper}:
            raise RefusedError(HTTPStatus.NOT_FOUND, "Nova serves nothing there")
        server = await self.ironic.server(node)
        if server is None:
            raise RefusedError(HTTPStatus.NOT_FOUND, f"{node} has no server")
        headers = {
            "X-Forwarded-For": str(peer),
            "X-Instance-ID": server.id,
            "X-Tenant-ID": server.project,
            "X-Instance-ID-Signature": hmac.new(self.secret, server.id.encode(), hashlib.sha256).hexdigest(),
        }
        url = f"{self.config['nova']}{path}"
        reply = await self.asker.ask("Nova", url, headers)
        if reply.status == HTTPStatus.NOT_FOUND:
            raise RefusedError(HTTPStatus.NOT_FOUND, f"Nova has nothing there for {node}'s server {server.id}")
        if reply.status != HTTPStatus.OK:
            raise TroubleError(f"Nova at {url}: status {reply.status} for {node}'s server {server.id}")
        return reply


async def run(service: Service) -> None:
    """Serve until the process ends."""
    address, port = service.config["address"], service.config["port"]
    server = await asyncio.start_server(service.serve, address, port, limit=HEAD_BYTES)
    log.info("Serving %d nodes at [%s]:%d", len(service.config["nodes"]), address, port)
    async with server:
        await server.serve_forever()


def main() -> None:
    """Read what there is to know and serve. Authorities stand beside the configuration, where there are any."""
    logging.basicConfig(format="%(message)s", level=logging.INFO)
    path = Path(sys.argv[1])
    secrets = json.loads((Path(os.environ["CREDENTIALS_DIRECTORY"]) / "secrets").read_text())
    authorities = path.with_name("authorities.pem")
    text = authorities.read_text() if authorities.is_file() else ""
    asyncio.run(run(Service(json.loads(path.read_text()), secrets, text)))


if __name__ == "__main__":
    main()
