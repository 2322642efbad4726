"""Gateways in the place of ceph-iscsi 3.9's: what their API answers and how it changes what they know.

Source: ceph-iscsi 3.9: rbd-target-api (each route), common.py (seed_config), target.py (seed_target, portals).
"""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Mapping
from typing import Any

from ansible.module_utils.armature_iscsi import Api, Gateway

IGW_1 = Gateway("igw-1", "igw-1.good.test", "fd00:3::41")
IGW_2 = Gateway("igw-2", "igw-2.good.test", "fd00:3::42")
IGW_3 = Gateway("igw-3", "igw-3.good.test", "fd00:3::43")
TARGET = "iqn.2026-01.test.good:gateways"
PORT = 5010

NO_AUTH = {
    "username": "",
    "password": "",
    "password_encryption_enabled": False,
    "mutual_username": "",
    "mutual_password": "",
    "mutual_password_encryption_enabled": False,
}
SEED: dict[str, Any] = {
    "disks": {},
    "gateways": {},
    "targets": {},
    "discovery_auth": NO_AUTH,
    "version": 11,
    "epoch": 0,
    "created": "2026/11/21 00:00:00",
    "updated": "",
}
SEED_TARGET: dict[str, Any] = {
    "disks": {},
    "clients": {},
    "acl_enabled": True,
    "auth": NO_AUTH,
    "portals": {},
    "groups": {},
    "controls": {},
}


class FakeGateways:
    """``up`` are the gateways that answer, by host; ``names`` what they call themselves; ``changes`` what was asked.

    ``listening`` says whether iSCSI's port is open on all of them.
    """

    def __init__(self, *up: Gateway) -> None:
        self.up = {gateway.host: gateway for gateway in up}
        self.names = {gateway.host: gateway.name for gateway in up}
        self.own = {gateway.host: [gateway.address, f"{gateway.address}:1"] for gateway in up}
        self.sessions = {gateway.host: 0 for gateway in up}
        self.config = copy.deepcopy(SEED)
        self.listening = True
        self.failures: dict[str, tuple[int, str]] = {}
        self.changes: list[tuple[str, str, str, dict[str, str]]] = []

    def api(self) -> Api:
        return Api(self.send, PORT)

    def send(
        self, gateway: Gateway, method: str, path: str, form: Mapping[str, str] | None, _seconds: int
    ) -> tuple[int, str]:
        if gateway.host not in self.up:
            raise ConnectionRefusedError(111, "Connection refused")
        for words, answer in self.failures.items():
            if words in path:
                return answer[0], json.dumps({"message": answer[1]})
        if method != "GET":
            self.changes.append((gateway.host, method, path, dict(form or {})))
        status, body = self._route(gateway.host, method, path, dict(form or {}))
        return status, json.dumps(body)

    def _route(self, host: str, method: str, path: str, form: dict[str, str]) -> tuple[int, dict[str, Any]]:
        me, targets = self.names[host], self.config["targets"]
        plain = path.partition("?")[0].removeprefix("/api/")
        if plain == "config":
            return 200, self.config
        if plain == "targets":
            return 200, {"targets": list(targets)}
        if plain == "sysinfo/hostname":
            return 200, {"data": me}
        if plain == "sysinfo/ip_addresses":
            return 200, {"data": self.own[host]}
        if plain == "gatewayinfo":
            if me not in self.config["gateways"]:
                return 404, {"message": f"Gateway {me} does not exist in configuration"}
            return 200, {"num_sessions": self.sessions[host]}
        if plain == "discoveryauth":
            return self._discovery(form)
        word, iqn, *rest = plain.split("/")
        if (method, word) == ("PUT", "target"):
            targets.setdefault(iqn, copy.deepcopy(SEED_TARGET))
            return 200, {"message": "Target defined successfully"}
        if (method, word) == ("PUT", "targetauth"):
            targets[iqn]["acl_enabled"] = form["action"] == "enable_acl"
            return 200, {"message": "target auth enable_acl - successful"}
        if word == "gateway":
            return self._gateway(me, method, targets[iqn], rest[0], form)
        raise AssertionError((method, path))

    def _discovery(self, form: dict[str, str]) -> tuple[int, dict[str, Any]]:
        user, password = form.get("username", ""), form.get("password", "")
        if user and not re.fullmatch(r"[\w@\-/]{12,16}", password):
            return 400, {"message": "Invalid password"}
        if not self.config["gateways"]:
            return 500, {"message": "Unhandled exception: local variable 'api' referenced before assignment"}
        # Noted in any case.
        self.config["discovery_auth"] = {**NO_AUTH, "username": user, "password": password}
        if not self.listening:
            return 503, {"message": "discovery auth failed, gateway(s) unavailable:igw-1(iscsi down, API up)"}
        return 200, {"message": "discovery auth successful"}

    def _gateway(
        self, me: str, method: str, target: dict[str, Any], name: str, form: dict[str, str]
    ) -> tuple[int, dict[str, Any]]:
        by_name = {self.names[host]: host for host in self.up}
        first = not target["portals"]
        others = [other for other in target["portals"] if other not in by_name and other != name]
        if others:
            return 503, {"message": f"Gateway creation failed, gateway(s) unavailable:{others[0]}(UNKNOWN state)"}
        if method == "PUT":
            # The first one is added where it was asked for, under that gateway's own name.
            added = me if first else name
            if added not in by_name:
                return 503, {"message": f"Gateway creation failed, gateway(s) unavailable:{name}(UNKNOWN state)"}
            addresses = [form["ip_address"]]
            target.setdefault("ip_list", []).extend(addresses)
            target["portals"][added] = {"tpgs": 1, "portal_ip_addresses": addresses, "inactive_portal_ips": []}
            self.config["gateways"][added] = {"active_luns": 0}
        else:
            if name not in self.config["gateways"]:
                return 404, {"message": "Gateway does not exist in configuration"}
            if name not in by_name and form.get("force") != "true":
                return 503, {"message": f"Gateway deletion failed, gateway(s) unavailable:{name}(UNKNOWN state)"}
            gone = target["portals"].pop(name)
            target["ip_list"] = [item for item in target["ip_list"] if item not in gone["portal_ip_addresses"]]
            del self.config["gateways"][name]
        return 200, {"message": "Gateway successful"}
