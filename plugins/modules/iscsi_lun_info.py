#!/usr/bin/python
# Copyright the Armature authors
# SPDX-License-Identifier: Apache-2.0
"""Ansible module: the LUNs of Ceph's iSCSI gateways."""

from __future__ import annotations

DOCUMENTATION = r"""
module: iscsi_lun_info
short_description: The LUNs of Ceph's iSCSI gateways
description:
  - Reads, and changes nothing. Asks the first gateway, which knows what all know.
extends_documentation_fragment: [iscsi_api]
attributes:
  check_mode:
    support: full
"""

EXAMPLES = r"""
- name: Look at the LUNs
  iscsi_lun_info:
    gateways: [{host: igw-1, name: igw-1.lon1.example.net, address: "2001:db8::41"}]
    port: 5010
    user: armature
    password: "{{ secrets.iscsi_api_password }}"
    certificate: "{{ secrets.iscsi_api_certificate }}"
"""

RETURN = r"""
luns:
  description: V(pool/image) to the initiators that have it.
  type: dict
  returned: always
"""

from typing import Any

from ansible.module_utils import armature_iscsi_luns as core
from ansible.module_utils.armature_iscsi import Api, gateways
from ansible.module_utils.armature_iscsi_module import run


def main() -> None:
    """Run the module."""

    def work(api: Api, params: dict[str, Any], _check: bool) -> dict[str, Any]:
        config = api.get(gateways(params["gateways"])[0], "/api/config")
        return {"changed": False, "luns": core.luns(config)}

    run({}, work)


if __name__ == "__main__":
    main()
