#!/usr/bin/python
# Copyright the Armature authors
# SPDX-License-Identifier: Apache-2.0
"""Ansible module: a host's networkd units, changed under a rollback that only a confirmation stops."""

from __future__ import annotations

DOCUMENTATION = r"""
module: host_network
short_description: Networkd units of a host, changed under a rollback
description:
  - Makes V(/etc/systemd/network/10-armature-*) equal to O(units). Other units stay as they are.
  - A change is applied two seconds after the module has answered. Unless M(host_network_confirmation) confirms it
    within O(rollback_timeout) seconds, the host restores the earlier units by itself.
  - Refuses links that something else configures, and says what.
  - A host that restarts before the confirmation keeps the new units.
options:
  units:
    description: File name to text. Names begin with V(10-armature-) and end in .network, .netdev or .link.
    type: dict
    required: true
  rollback_timeout:
    description: Seconds after which an unconfirmed change is taken back.
    type: int
    default: 90
attributes:
  check_mode:
    support: full
    description: The change and the diff come from the same plan as in a real run.
  diff_mode:
    support: full
  idempotent:
    support: full
    description: An unconfirmed change is applied again, and is a change.
"""

EXAMPLES = r"""
- name: Write network units
  host_network:
    units:
      10-armature-eth0.network: |
        [Match]
        Name=eth0
        [Network]
        Address=fd00::10/64
"""

RETURN = r"""
written:
  description: Paths of the units that were written.
  type: list
  returned: always
removed:
  description: Paths of the units that were removed.
  type: list
  returned: always
"""

import os
import secrets
from typing import Any

from ansible.module_utils import armature_host_network as core
from ansible.module_utils.basic import AnsibleModule


def problems(units: dict[str, Any], timeout: int) -> list[str]:
    """Return what is wrong with the module's arguments, in house form."""
    found = []
    if timeout < 2 * core.APPLY_DELAY:
        found.append(f"rollback_timeout: {timeout} is too short. Use {2 * core.APPLY_DELAY} or more.")
    for name, text in units.items():
        if not name.startswith(core.PREFIX) or not name.endswith(core.SUFFIXES) or "/" in name:
            found.append(f"units: '{name}' is no name of a unit. Use {core.PREFIX}<name>{{{','.join(core.SUFFIXES)}}}.")
        if not isinstance(text, str):
            found.append(f"units.{name}: {text!r} is not text. Quote it.")
    return found


def conflicts(
    run: core.Runner,
    units: dict[str, str],
    links: list[str],
    ifupdown: dict[str, str],
    shadows: list[tuple[str, str, str]],
) -> list[str]:
    """Return who else configures the links of ``units``, in house form; Armature does not fight over a link."""
    patterns = core.claimed_links(units)
    found = [
        f"{file}: '{link}' is configured by ifupdown. Remove its stanza, leave the link up, and run again: "
        "networkd takes it over with the new units."
        for link, file in sorted(ifupdown.items())
        if core.matches(link, patterns)
    ]
    found += [
        f"{path}: matches '{link}' and comes before {unit}, so networkd would take it. Remove or rename it."
        for path, unit, link in shadows
    ]
    if units and run(["systemctl", "is-active", "--quiet", "NetworkManager.service"])[0] == 0:
        named = ", ".join(link for link in links if core.matches(link, patterns))
        found.append(
            f"NetworkManager.service: is running and would configure {named or 'the same links'}. "
            "Disable it with 'systemctl disable NetworkManager' and restart the host on networkd."
        )
    return found


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "units": {"type": "dict", "required": True},
            "rollback_timeout": {"type": "int", "default": 90},
        },
        supports_check_mode=True,
    )
    units, timeout = module.params["units"], module.params["rollback_timeout"]
    links = sorted(os.listdir("/sys/class/net"))
    found = problems(units, timeout)
    found = found or conflicts(module.run_command, units, links, core.ifupdown_links(), core.shadowing_units(units))
    if found:
        module.fail_json(msg="\n".join(found))
    todo = core.unit_plan(core.present_units(), units)
    changed = bool(todo) or core.read_state().unconfirmed
    result = {
        "changed": changed,
        "diff": todo.diff(),
        "written": sorted(todo.writes),
        "removed": list(todo.removals),
    }
    if any(path.endswith(".link") for path in (*todo.writes, *todo.removals)):
        module.warn("A .link unit names its NIC when the host starts: restart the host to see it work.")
    if changed and not module.check_mode:
        command, status, error = core.begin(module.run_command, units, links, timeout, secrets.token_hex(8))
        if command:
            module.fail_json(
                msg=f"{' '.join(command)}: exit status {status}: {error.strip()}. Nothing was changed. "
                f"Look at 'systemctl status {core.TIMER['rollback']}.timer' on the host and run again.",
                **{**result, "changed": False},
            )
    module.exit_json(**result)


if __name__ == "__main__":
    main()
