"""The certificates of a site: which ones it needs, and whether those kept were made for what it is now."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

MADE_FOR = "made-for.json"
"""Beside the certificates: what they were made for."""


def required(settings: Mapping[str, Any]) -> list[str]:
    """Files that kolla-ansible's globals ``settings`` ask for in its certificates folder.

    Source: ansible/group_vars/all/{haproxy,common}.yml, 22.2.0.

    >>> required({"kolla_enable_tls_internal": True, "kolla_enable_tls_external": True})
    ['haproxy-internal.pem', 'haproxy.pem']
    """
    files = {
        "kolla_enable_tls_internal": ["haproxy-internal.pem"],
        "kolla_enable_tls_external": ["haproxy.pem"],
        "kolla_enable_tls_backend": ["backend-cert.pem", "backend-key.pem"],
    }
    return [file for key, names in files.items() if _is_on(settings.get(key)) for file in names]


def _is_on(value: Any) -> bool:
    return str(value).lower() in ("true", "yes", "1")


def made_for(settings: Mapping[str, Any], inventory: str) -> str:
    """What the generated certificates depend on, as JSON: names, VIPs and TLS switches, with TLS behind HAProxy also
    the hosts.
    """
    kept: dict[str, Any] = {
        key: value for key, value in sorted(settings.items()) if any(part in key for part in ("tls", "fqdn", "_vip_"))
    }
    if "backend-cert.pem" in required(settings):
        kept["inventory"] = hashlib.sha256(inventory.encode()).hexdigest()
    return json.dumps(kept, indent=2) + "\n"
