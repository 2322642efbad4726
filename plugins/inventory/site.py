"""Reads ``inventories/<site>/site.yml`` as an inventory."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ansible.errors import AnsibleParserError
from ansible.plugins.inventory import BaseInventoryPlugin

try:
    from armature.ansible_bridge import inventory_of
except ModuleNotFoundError as error:
    _missing = error.name
else:
    _missing = None

DOCUMENTATION = """
name: site
short_description: Hosts of a site
description:
  - Reads the typed file that describes a site, checks it, and makes its hosts.
  - Groups are the roles (C(control), C(network), C(compute), C(storage), C(monitoring), C(iscsi_gateway)), below the
    group C(hosts).
  - C(ceph_hosts), C(ceph_mons), C(ceph_osd_hosts) and C(ceph_rgw_hosts) are the hosts of its Ceph, in the file's order,
    or empty; C(kolla_hosts) those where kolla-ansible runs containers.
  - Each host has C(ansible_host), an address on the admin network, and C(ansible_user); all share the variable C(site).
  - There is no C(localhost) in it.
author: [Armature]
options: {}
"""

EXAMPLES = """
# ansible-inventory -i inventories/lab/site.yml --graph
"""


PARSER_ERROR = 4
"""Exit status. Source: ansible.constants, ExitCode.PARSER_ERROR."""


def _read(path: str) -> dict[str, Any]:
    if _missing is not None:
        raise AnsibleParserError(f"Python's package {_missing!r} is missing. Run: pip install --editable '.[ansible]'")
    return inventory_of(path)


class InventoryModule(BaseInventoryPlugin):
    """The inventory plugin ``site``."""

    NAME = "site"

    def verify_file(self, path: str) -> bool:
        """Return whether ``path`` is a site file: by its name, so that a broken one is explained."""
        return super().verify_file(path) and Path(path).name == "site.yml"

    def parse(self, inventory: Any, loader: Any, path: str, cache: bool = True) -> None:
        """Fill ``inventory`` from the site file; a broken one ends Ansible with all its problems."""
        super().parse(inventory, loader, path, cache)
        try:
            data = _read(path)
        except AnsibleParserError as error:
            # A raised error makes Ansible try the file with its other plugins, and the one for YAML reads anything.
            self.display.error(error.message, wrap_text=False)
            raise SystemExit(PARSER_ERROR) from None
        for group, content in data.items():
            if group != "_meta":
                self._fill_group(group, content)
        for host, variables in data["_meta"]["hostvars"].items():
            for name, value in variables.items():
                inventory.set_variable(host, name, value)

    def _fill_group(self, group: str, content: dict[str, Any]) -> None:
        self.inventory.add_group(group)
        for host in content.get("hosts", ()):
            self.inventory.add_host(host, group=group)
        for child in content.get("children", ()):
            self.inventory.add_group(child)
            self.inventory.add_child(group, child)
        for name, value in content.get("vars", {}).items():
            self.inventory.set_variable(group, name, value)
