#!/usr/bin/python
# Copyright the Armature authors
# SPDX-License-Identifier: Apache-2.0
"""Ansible module: whether a host may use the API of Ceph's iSCSI gateways."""

from __future__ import annotations

DOCUMENTATION = r"""
module: iscsi_api_info
short_description: Whether a host may use the API of Ceph's iSCSI gateways
description:
  - Asks every gateway for what only those may have whose address and password it trusts. Changes nothing.
extends_documentation_fragment: [iscsi_api]
options:
  host:
    description: Name of the host in the site, for messages.
    type: str
    required: true
attributes:
  check_mode:
    support: full
"""

EXAMPLES = r"""
- name: Look whether this host may use the gateways' API
  iscsi_api_info:
    host: "{{ inventory_hostname }}"
    gateways: [{host: igw-1, name: igw-1.lon1.example.net, address: "2001:db8::41"}]
    port: 5010
    user: armature
    password: "{{ secrets.iscsi_api_password }}"
    certificate: "{{ secrets.iscsi_api_certificate }}"
"""

RETURN = r"""
problems:
  description: Which gateways do not answer this host, and why, in words.
  type: list
  elements: str
  returned: always
sources:
  description: Gateway's host to the address from which this host asks it, null without a way there.
  type: dict
  returned: always
"""

from collections.abc import Callable
from typing import Any

from ansible.module_utils.armature_iscsi import Api, Gateway, IscsiError, gateways, source_address
from ansible.module_utils.armature_iscsi_module import run


def observe(
    api: Api, host: str, wanted: list[Gateway], port: int, source: Callable[[Gateway, int], str] = source_address
) -> dict[str, Any]:
    """Return the module's result."""
    problems = []
    sources: dict[str, str | None] = {}
    for gateway in wanted:
        try:
            sources[gateway.host] = source(gateway, port)
        except OSError as error:
            sources[gateway.host] = None
            reason = error.strerror or str(error)
            problems.append(f"{host}: has no way to the gateway {gateway.host} at {gateway.address} ({reason}).")
            continue
        try:
            api.get(gateway, "/api/targets")
        except IscsiError as error:
            problems.append(f"{host}, asking from {sources[gateway.host]}: {error}")
    return {"changed": False, "problems": problems, "sources": sources}


def main() -> None:
    """Run the module."""

    def work(api: Api, params: dict[str, Any], _check: bool) -> dict[str, Any]:
        return observe(api, params["host"], gateways(params["gateways"]), params["port"])

    run({"host": {"type": "str", "required": True}}, work)


if __name__ == "__main__":
    main()
