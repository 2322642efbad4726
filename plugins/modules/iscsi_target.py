#!/usr/bin/python
# Copyright the Armature authors
# SPDX-License-Identifier: Apache-2.0
"""Ansible module: the target of Ceph's iSCSI gateways."""

from __future__ import annotations

DOCUMENTATION = r"""
module: iscsi_target
short_description: The target of Ceph's iSCSI gateways
description:
  - Makes the target, adds its gateways, lets in known initiators alone, and asks for a password before discovery. LUNs
    and initiators are Cinder's and left alone.
  - Runs on a host whose addresses the gateways' API trusts.
  - A gateway that the target has and O(gateways) has not is an error, unless it is in O(leaving). The last gateway of a
    target is never taken out.
extends_documentation_fragment: [iscsi_api]
options:
  target:
    description: The target's name, an IQN.
    type: str
    required: true
  discovery_user:
    description: Who may discover the target; empty for anybody.
    type: str
    default: ""
  discovery_password:
    description: 12 to 16 letters and digits.
    type: str
    default: ""
  leaving:
    description: C(host) and C(name) of gateways that are taken out.
    type: list
    elements: dict
    default: []
  accept_sessions:
    description: Whether gateways are taken out to which initiators are logged in, or which do not answer.
    type: bool
    default: false
  timeout:
    description: Seconds to wait for gateways that do not answer yet.
    type: int
    default: 300
attributes:
  check_mode:
    support: full
    description:
      - The change and the diff come from the same plan as in a real run. A gateway that does not answer is taken for
        one that is still to be made.
  diff_mode:
    support: full
    description: Passwords are not shown.
  idempotent:
    support: full
"""

EXAMPLES = r"""
- name: Have the target
  iscsi_target:
    gateways:
      - {host: igw-1, name: igw-1.lon1.example.net, address: "2001:db8::41"}
      - {host: igw-2, name: igw-2.lon1.example.net, address: "2001:db8::42"}
    port: 5010
    user: armature
    password: "{{ secrets.iscsi_api_password }}"
    certificate: "{{ secrets.iscsi_api_certificate }}"
    target: iqn.2026-01.net.example.lon1:gateways
"""

RETURN = r"""
plan:
  description: What is changed, in words.
  type: list
  elements: str
  returned: always
sessions:
  description: Host of each gateway in O(leaving) to how many initiators are logged in, null without an answer.
  type: dict
  returned: always
"""

from dataclasses import replace
from typing import Any

from ansible.module_utils import armature_iscsi_target as core
from ansible.module_utils.armature_ceph import difference
from ansible.module_utils.armature_iscsi import Api, Gateway, IscsiError, SilentError, gateways
from ansible.module_utils.armature_iscsi_module import run

CONFIG = "/api/config?decrypt_passwords=true"


def change(
    api: Api,
    wanted: core.Wanted,
    leaving: list[Gateway],
    check: bool,
    accept: bool = False,
    timeout: float = 0,
) -> dict[str, Any]:
    """Observe, plan, and unless ``check`` apply. Return the module's result. Raises IscsiError."""
    answering = _answering(api, wanted, check, timeout)
    config = api.get(answering[0], CONFIG) if answering else core.EMPTY
    there = core.portals(config, wanted.target)
    leaving = [replace(gateway, address=(there.get(gateway.name) or [""])[0]) for gateway in leaving]
    sessions = {gateway.host: _sessions(api, gateway) for gateway in leaving if gateway.address}
    found = [*core.wrong_names(answering, _names(api, answering)), *_elsewhere(api, answering)]
    found += core.problems(config, wanted, leaving)
    if found:
        raise IscsiError("\n".join(found))
    steps = [*core.removals(config, wanted, leaving, sessions, accept), *core.steps(config, wanted)]
    if not check:
        api.carry_out(steps)
    after = core.shown_after(config, wanted, leaving)
    return {
        "changed": bool(steps),
        "diff": difference("iSCSI target", core.shown(config, wanted.target), after) if steps else [],
        "plan": [step.sentence for step in steps],
        "sessions": sessions,
    }


def _answering(api: Api, wanted: core.Wanted, check: bool, timeout: float) -> list[Gateway]:
    found = []
    for gateway in wanted.gateways:
        try:
            api.wait(gateway, 0 if check else timeout)
        except SilentError:
            if not check:
                raise
        else:
            found.append(gateway)
    return found


def _names(api: Api, answering: list[Gateway]) -> dict[str, str]:
    return {gateway.host: str(api.get(gateway, "/api/sysinfo/hostname")["data"]) for gateway in answering}


def _elsewhere(api: Api, answering: list[Gateway]) -> list[str]:
    """Return which gateways have not the address that their portal is for."""
    found = []
    for gateway in answering:
        present = api.get(gateway, "/api/sysinfo/ip_addresses")["data"]
        if gateway.address not in present:
            found.append(
                f"{gateway.host}: the host has not the address {gateway.address} of its portal, but "
                f"{', '.join(sorted(present))}. Run playbooks/deploy_hosts.yml."
            )
    return found


def _sessions(api: Api, gateway: Gateway) -> int | None:
    """Return how many initiators are logged in to a gateway, None when it does not answer.

    One that is in no target has none.
    """
    try:
        return int(api.get(gateway, "/api/gatewayinfo").get("num_sessions", 0))
    except SilentError:
        return None
    except IscsiError as error:
        if " answered 404: " in str(error):
            return 0
        raise


def main() -> None:
    """Run the module."""

    def work(api: Api, params: dict[str, Any], check: bool) -> dict[str, Any]:
        wanted = core.Wanted(
            params["target"],
            tuple(gateways(params["gateways"])),
            params["discovery_user"],
            params["discovery_password"] if params["discovery_user"] else "",
        )
        leaving = [Gateway(item["host"], item["name"], "") for item in params["leaving"]]
        return change(api, wanted, leaving, check, params["accept_sessions"], params["timeout"])

    run(
        {
            "target": {"type": "str", "required": True},
            "discovery_user": {"type": "str", "default": ""},
            "discovery_password": {"type": "str", "default": "", "no_log": True},
            "leaving": {"type": "list", "elements": "dict", "default": []},
            "accept_sessions": {"type": "bool", "default": False},
            "timeout": {"type": "int", "default": 300},
        },
        work,
    )


if __name__ == "__main__":
    main()
