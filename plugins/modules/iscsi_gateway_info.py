#!/usr/bin/python
# Copyright the Armature authors
# SPDX-License-Identifier: Apache-2.0
"""Ansible module: whether a host can be an iSCSI gateway."""

from __future__ import annotations

DOCUMENTATION = r"""
module: iscsi_gateway_info
short_description: Whether a host can be an iSCSI gateway
description:
  - Reads, and changes nothing; the same in check mode.
  - Looks for the kernel's modules, for what listens on the gateway's ports, and at what the host calls itself, by which
    other gateways must find it.
options:
  host:
    description: Name of the host in the site, for messages.
    type: str
    required: true
  name:
    description: What the gateway shall call itself.
    type: str
    required: true
  fsid:
    description: UUID that names the cluster.
    type: str
    required: true
  modules:
    description: Modules that the kernel must have, loaded, built in or to be loaded.
    type: list
    elements: str
    required: true
  ports:
    description: TCP ports that must be free where the cluster has no gateway yet.
    type: list
    elements: int
    required: true
attributes:
  check_mode:
    support: full
"""

EXAMPLES = r"""
- name: Look at the host
  iscsi_gateway_info:
    host: "{{ inventory_hostname }}"
    name: igw-1.lon1.example.net
    fsid: 3f2c4a52-7c1c-4d5e-9f0a-5a1f5f0c2b11
    modules: [iscsi_target_mod, target_core_user]
    ports: [3260, 5010]
"""

RETURN = r"""
problems:
  description: Why the host cannot be a gateway, in words.
  type: list
  elements: str
  returned: always
present:
  description: Whether the cluster has a gateway on the host.
  type: bool
  returned: always
"""

import os
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule

Run = Callable[[list[str]], int]
"""Runs a command (argv) and returns its exit status, 127 when there is no such program."""

LISTEN = "0A"
"""How /proc/net/tcp writes that state. Source: Linux, include/net/tcp_states.h."""

_SYSTEM = Path("/")


def observe(
    given: dict[str, Any], run: Run, root: Path = _SYSTEM, own_name: Callable[[], str] = socket.getfqdn
) -> dict[str, Any]:
    """Return the module's result."""
    host = given["host"]
    present = any((root / "var/lib/ceph" / given["fsid"]).glob("iscsi.*/iscsi-gateway.cfg"))
    problems = []
    lacking = [name for name in given["modules"] if not has_module(name, run, root)]
    if lacking:
        problems.append(
            f"{host}: the kernel {os.uname().release} has no {' and no '.join(lacking)}, and cannot be an iSCSI "
            "target. Install one that has them, such as Debian's linux-image-arm64 or linux-image-amd64, and start the "
            "host anew."
        )
    if own_name() != given["name"]:
        problems.append(
            f"{host}: calls itself {own_name()!r}, and other gateways look for {given['name']!r}. "
            "Run playbooks/deploy_hosts.yml, which writes its name and /etc/hosts."
        )
    taken = [] if present else sorted(set(given["ports"]) & listening(root))
    problems += [
        f"{host}: something listens on TCP port {port} already, which the gateway needs. 'ss -Hltnp sport = :{port}' "
        "on it says what: stop that."
        for port in taken
    ]
    return {"changed": False, "problems": problems, "present": present}


def has_module(name: str, run: Run, root: Path = _SYSTEM) -> bool:
    """Return whether the kernel has a module: loaded, built in, or one that can be loaded."""
    return (root / "sys/module" / name).is_dir() or run(["modprobe", "--dry-run", "--quiet", name]) == 0


def listening(root: Path = _SYSTEM) -> set[int]:
    """Return the TCP ports on which something listens, the kernel included. Source: proc_net_tcp(5)."""
    found = set()
    for table in ("tcp", "tcp6"):
        file = root / "proc/net" / table
        lines = file.read_text().splitlines()[1:] if file.is_file() else []
        for words in map(str.split, lines):
            if words[3] == LISTEN:
                found.add(int(words[1].rpartition(":")[2], 16))
    return found


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "host": {"type": "str", "required": True},
            "name": {"type": "str", "required": True},
            "fsid": {"type": "str", "required": True},
            "modules": {"type": "list", "elements": "str", "required": True},
            "ports": {"type": "list", "elements": "int", "required": True},
        },
        supports_check_mode=True,
    )

    def run(argv: list[str]) -> int:
        try:
            return int(module.run_command(argv, handle_exceptions=False)[0])
        except OSError:
            return 127

    module.exit_json(**observe(module.params, run))


if __name__ == "__main__":
    main()
