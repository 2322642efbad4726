#!/usr/bin/python
# Copyright the Armature authors
# SPDX-License-Identifier: Apache-2.0
"""Ansible module: what became of the latest change of a host's networkd units."""

from __future__ import annotations

DOCUMENTATION = r"""
module: host_network_info
short_description: What became of the latest change of a host's networkd units
description:
  - Reads the units that Armature owns, and whether a change by M(host_network) waits for its confirmation.
attributes:
  check_mode:
    support: full
    description: Changes nothing.
"""

EXAMPLES = r"""
- name: Read the state of the change
  host_network_info:
  register: change
"""

RETURN = r"""
state:
  description: V(none), V(applying), V(applied) or V(rolled_back).
  type: str
  returned: always
token:
  description: What M(host_network_confirmation) wants, when the state is V(applied). Only the changed network has it.
  type: str
  returned: always
units:
  description: Names of the units that Armature owns on this host.
  type: list
  returned: always
"""

from ansible.module_utils import armature_host_network as core
from ansible.module_utils.basic import AnsibleModule


def main() -> None:
    """Run the module."""
    module = AnsibleModule(argument_spec={}, supports_check_mode=True)
    state = core.read_state()
    module.exit_json(changed=False, state=state.name, token=state.token, units=sorted(core.present_units()))


if __name__ == "__main__":
    main()
