#!/usr/bin/python
# Copyright the Armature authors
# SPDX-License-Identifier: Apache-2.0
"""Ansible module: LUNs that Ceph's iSCSI gateways shall forget."""

from __future__ import annotations

DOCUMENTATION = r"""
module: iscsi_lun_removal
short_description: LUNs that Ceph's iSCSI gateways shall forget
description:
  - Takes LUNs from their initiators, from the target and from the gateways. The RBD images behind them stay.
  - Refuses while an initiator that has one of them is logged in to any gateway.
extends_documentation_fragment: [iscsi_api]
options:
  luns:
    description: V(pool/image) of each. One that is not there is no failure.
    type: list
    elements: str
    required: true
attributes:
  check_mode:
    support: full
    description: The change comes from the same plan as in a real run.
  idempotent:
    support: full
"""

EXAMPLES = r"""
- name: Forget a LUN
  iscsi_lun_removal:
    gateways: [{host: igw-1, name: igw-1.lon1.example.net, address: "2001:db8::41"}]
    port: 5010
    user: armature
    password: "{{ secrets.iscsi_api_password }}"
    certificate: "{{ secrets.iscsi_api_certificate }}"
    luns: [volumes/volume-0d3a3c1e-6f0e-4d3e-9d59-3a0c5f2f1b11]
"""

RETURN = r"""
plan:
  description: What is changed, in words.
  type: list
  elements: str
  returned: always
"""

from typing import Any

from ansible.module_utils import armature_iscsi_luns as core
from ansible.module_utils.armature_iscsi import TIMEOUT, Api, Gateway, IscsiError, gateways, path
from ansible.module_utils.armature_iscsi_module import run


def change(api: Api, via: Gateway, luns: list[str], check: bool) -> dict[str, Any]:
    """Observe, plan, and unless ``check`` apply. Return the module's result. Raises IscsiError."""
    config = api.get(via, "/api/config")
    used = []
    for target, initiator in core.holders(config, luns):
        state = api.get(via, path("clientinfo", target, initiator), TIMEOUT)["state"]
        if state.get("LOGGED_IN"):
            used.append(
                f"{initiator}: is logged in to {', '.join(sorted(state['LOGGED_IN']))} and has one of the LUNs."
            )
    if used:
        raise IscsiError("\n".join([*used, "Log it out first (a machine: shut it down). Nothing was changed."]))
    steps = [step for lun in luns for step in core.removal(config, lun, via)]
    if not check:
        api.carry_out(steps)
    return {"changed": bool(steps), "plan": [step.sentence for step in steps]}


def main() -> None:
    """Run the module."""

    def work(api: Api, params: dict[str, Any], check: bool) -> dict[str, Any]:
        return change(api, gateways(params["gateways"])[0], params["luns"], check)

    run({"luns": {"type": "list", "elements": "str", "required": True}}, work)


if __name__ == "__main__":
    main()
