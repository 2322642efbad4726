# Copyright the Armature authors
# SPDX-License-Identifier: Apache-2.0
"""The API of Ceph's iSCSI gateways, as modules ask it: over TLS, IPv6, with one certificate that all gateways show.

Any gateway answers for all of them, and passes a change on to the others by their names. It trusts only addresses that
it was given. Source: ceph-iscsi 3.9, rbd-target-api (requires_restricted_auth, call_api, target_ready).
"""

from __future__ import annotations

import base64
import http.client
import json
import socket
import ssl
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

TIMEOUT = 120
"""Seconds for an answer: a change reaches one gateway after another, and each has its LUNs to look through."""

CONNECT = 10
"""Seconds for an answer to what asks one gateway about itself."""

Send = Callable[["Gateway", str, str, "Mapping[str, str] | None", int], "tuple[int, str]"]
"""Sends a method, a path and a form to a gateway within seconds; returns status and text. Raises OSError."""


class IscsiError(Exception):
    """What stops the module, in house form."""


class SilentError(IscsiError):
    """A gateway whose API nobody answers for."""


@dataclass(frozen=True)
class Gateway:
    """A gateway: its host in site.yml, what it calls itself, and the address of its portal and API, no brackets."""

    host: str
    name: str
    address: str


@dataclass(frozen=True)
class Step:
    """One change, by the API of the gateway ``via``; ``sentence`` says it to people and holds no secret."""

    sentence: str
    via: Gateway
    method: str
    path: str
    form: tuple[tuple[str, str], ...] = ()
    undo: tuple[tuple[str, str], ...] | None = None
    """The form that makes gateways forget the change, where they note it although it failed."""


def gateways(given: Iterable[Mapping[str, str]]) -> list[Gateway]:
    """Return the gateways of a module's option.

    >>> gateways([{"host": "igw-1", "name": "igw-1.a.test", "address": "fd00::1"}])[0].address
    'fd00::1'
    """
    return [Gateway(item["host"], item["name"], item["address"]) for item in given]


def sender(port: int, user: str, password: str, certificate: str) -> Send:
    """Return how requests are sent: to ``port``, believing ``certificate`` (PEM) alone. Raises IscsiError.

    Without a certificate, as in check mode before one was made, nobody answers.
    """
    if not certificate:
        return _nobody
    try:
        context = ssl.create_default_context(cadata=certificate)
    except ssl.SSLError:
        raise IscsiError("certificate: is no PEM. Run playbooks/deploy_iscsi.yml, which makes one.") from None
    token = base64.b64encode(f"{user}:{password}".encode()).decode()

    def send(gateway: Gateway, method: str, path: str, form: Mapping[str, str] | None, seconds: int) -> tuple[int, str]:
        connection = http.client.HTTPSConnection(gateway.address, port, timeout=seconds, context=context)
        headers = {"Authorization": f"Basic {token}", "Content-Type": "application/x-www-form-urlencoded"}
        try:
            connection.request(method, path, urlencode(form) if form else None, headers)
            answer = connection.getresponse()
            return answer.status, answer.read().decode(errors="replace")
        except http.client.HTTPException as error:
            raise OSError(f"{type(error).__name__} instead of an answer") from None
        finally:
            connection.close()

    return send


def _nobody(*_arguments: Any) -> tuple[int, str]:
    raise OSError("there is no certificate yet")


class Api:
    """The gateways' API, asked by ``send``."""

    def __init__(self, send: Send, port: int) -> None:
        self._send = send
        self._port = port

    def get(self, gateway: Gateway, path: str, seconds: int = CONNECT) -> dict[str, Any]:
        """Return what ``GET <path>`` answers. Raises IscsiError, of which SilentError when there is no answer."""
        status, text = self._request(gateway, "GET", path, None, seconds)
        found = _body(text)
        if status != 200:
            raise self._error(gateway, "GET", path, status, found)
        return found

    def carry_out(self, steps: Iterable[Step]) -> None:
        """Make the changes in their order. Raises IscsiError."""
        for step in steps:
            status, text = self._request(step.via, step.method, step.path, dict(step.form), TIMEOUT)
            if status != 200:
                if step.undo is not None:
                    self._request(step.via, step.method, step.path, dict(step.undo), TIMEOUT)
                raise self._error(step.via, step.method, step.path, status, _body(text), step.sentence)

    def wait(self, gateway: Gateway, seconds: float, pause: Callable[[float], None] = time.sleep) -> None:
        """Wait until a gateway answers, as one that was just made does after a while. Raises IscsiError."""
        end = time.monotonic() + seconds
        while True:
            try:
                self.get(gateway, "/api/sysinfo/hostname")
            except SilentError:
                if time.monotonic() >= end:
                    raise
                pause(3)
            else:
                return

    def _request(
        self, gateway: Gateway, method: str, path: str, form: Mapping[str, str] | None, seconds: int
    ) -> tuple[int, str]:
        try:
            return self._send(gateway, method, path, form, seconds)
        except ssl.SSLCertVerificationError as error:
            raise IscsiError(
                f"{gateway.host}: its API shows another certificate than the site's secrets have "
                f"({error.verify_message}). Run playbooks/deploy_iscsi.yml."
            ) from None
        except OSError as error:
            reason = "no answer in time" if isinstance(error, TimeoutError) else error.strerror or str(error)
            raise SilentError(
                f"{gateway.host}: the gateway's API does not answer at [{gateway.address}]:{self._port} ({reason}). "
                f"Look at 'ceph orch ps --daemon_type iscsi', and on {gateway.host} at the logs of that daemon."
            ) from None

    def _error(
        self, gateway: Gateway, method: str, path: str, status: int, found: Mapping[str, Any], what: str = ""
    ) -> IscsiError:
        said = str(found.get("message", "nothing")).rstrip(". ")
        if status == 401:
            return IscsiError(
                f"{gateway.host}: the API does not take the password in the site's secrets. "
                "Run playbooks/deploy_iscsi.yml, which gives it to the gateways."
            )
        if status == 403:
            return IscsiError(
                f"{gateway.host}: the API refuses this host ({said}). It trusts the addresses that site.yml gives to "
                "controllers, managers and gateways: use no other, and run playbooks/deploy_iscsi.yml after a change."
            )
        todo = f"{what}: " if what else ""
        hint = (
            "Every gateway of the target must be up, and find the others by their names."
            if status == 503 or "unavailable" in said
            else "Look at the log of its iscsi daemon."
        )
        return IscsiError(f"{gateway.host}: {todo}{method} {path} answered {status}: {said}. {hint}")


def path(*words: str) -> str:
    """Return a path of the API.

    >>> path("gateway", "iqn.2026-01.test.a:x", "igw-1.a.test")
    '/api/gateway/iqn.2026-01.test.a:x/igw-1.a.test'
    """
    return "/".join(["/api", *(quote(word, safe=":") for word in words)])


def source_address(gateway: Gateway, port: int) -> str:
    """Return the address from which this host would ask a gateway, without brackets. Raises OSError without a route.

    Nothing is sent: a UDP socket that is connected has its source chosen.
    """
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as probe:
        probe.connect((gateway.address, port))
        return str(probe.getsockname()[0])


def _body(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError:
        return {"message": text.strip().splitlines()[0][:200] if text.strip() else "nothing"}
    return found if isinstance(found, dict) else {"message": str(found)[:200]}
