#!/usr/bin/python
# Copyright the Armature authors
# SPDX-License-Identifier: Apache-2.0
"""Ansible module: the confirmation of a change of a host's networkd units."""

from __future__ import annotations

DOCUMENTATION = r"""
module: host_network_confirmation
short_description: Confirmation of a change of a host's networkd units
description:
  - Stops the rollback that M(host_network) armed. Give it the token that M(host_network_info) read after the change;
    having it proves that the host was reached through the changed network.
  - Fails when the host has taken the change back by itself, and says so.
options:
  token:
    description: The token that the change left behind.
    type: str
    required: true
attributes:
  check_mode:
    support: full
    description: Tells whether there is something to confirm, and leaves it.
  idempotent:
    support: full
"""

EXAMPLES = r"""
- name: Confirm the change
  host_network_confirmation:
    token: "{{ change.token }}"
"""

RETURN = r"""
state:
  description: What was found. V(applied) was confirmed by this call; V(none) means there was nothing to confirm.
  type: str
  returned: always
"""

from ansible.module_utils import armature_host_network as core
from ansible.module_utils.basic import AnsibleModule

JOURNAL = f"journalctl -u {core.TIMER['apply']} -u {core.TIMER['rollback']} -u systemd-networkd"

FAILURES = {
    "applying": "The new network units are not applied yet, so there is nothing to confirm. "
    f"See '{JOURNAL}' on the host.",
    "other": "The token belongs to another change of this host's network. Run again when the other run is done.",
    "rolled_back": "The host was not reached through its new network in time, so it restored its earlier units by "
    f"itself. Nothing of the change is left. See '{JOURNAL}' on the host, correct the units and run again.",
}


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={"token": {"type": "str", "required": True, "no_log": False}}, supports_check_mode=True
    )
    token = module.params["token"]
    state = core.read_state().name if module.check_mode else core.confirm(module.run_command, token)
    if state in FAILURES:
        module.fail_json(msg=FAILURES[state], state=state)
    module.exit_json(changed=state == "applied", state=state)


if __name__ == "__main__":
    main()
