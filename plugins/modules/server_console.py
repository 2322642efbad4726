#!/usr/bin/python
# Copyright the Armature authors
# SPDX-License-Identifier: Apache-2.0
"""Ansible module: files with what virtual machines wrote to their consoles."""

from __future__ import annotations

DOCUMENTATION = r"""
module: server_console
short_description: Keep the console logs of virtual machines
description:
  - Writes C(<server>.console.log) for every server whose name starts with I(prefix), and removes older ones.
options:
  cloud: {description: Name of the cloud in clouds.yaml., type: str, required: true}
  prefix: {description: First part of the servers' names., type: str, required: true}
  directory: {description: Folder for the files. It must exist., type: path, required: true}
requirements: [openstacksdk]
"""

EXAMPLES = r"""
- name: Keep the consoles
  server_console:
    cloud: kolla-admin
    prefix: armature-verify-
    directory: build/lab/verify
"""

RETURN = r"""
files: {description: Files that were written., type: list, elements: str, returned: success}
"""

from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule

SUFFIX = ".console.log"


def consoles(cloud: Any, prefix: str) -> dict[str, str]:
    """File name -> console log (or the fault that kept it from being written) of each server with ``prefix``."""
    found = {}
    for server in cloud.compute.servers():
        if server.name.startswith(prefix):
            fault = (server.fault or {}).get("message", "")
            text = "" if fault else cloud.compute.get_server_console_output(server.id)["output"]
            found[server.name + SUFFIX] = f"{server.name}: {server.status} {fault}\n{text}"
    return found


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "cloud": {"type": "str", "required": True},
            "prefix": {"type": "str", "required": True},
            "directory": {"type": "path", "required": True},
        }
    )
    try:
        import openstack
        from openstack.exceptions import SDKException
    except ImportError as error:
        module.fail_json(msg=f"{error}. Install Armature with its extra: pip install 'armature[ansible]'")
    directory = Path(module.params["directory"])
    try:
        wanted = consoles(openstack.connect(cloud=module.params["cloud"]), module.params["prefix"])
        for old in directory.glob(f"*{SUFFIX}"):
            old.unlink()
        for name, text in wanted.items():
            (directory / name).write_text(text)
    except (SDKException, OSError) as error:
        module.fail_json(msg=str(error))
    module.exit_json(changed=bool(wanted), files=[str(directory / name) for name in wanted])


if __name__ == "__main__":
    main()
