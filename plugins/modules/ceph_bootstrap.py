#!/usr/bin/python
# Copyright the Armature authors
# SPDX-License-Identifier: Apache-2.0
"""Ansible module: a Ceph cluster's first monitor and manager."""

from __future__ import annotations

DOCUMENTATION = r"""
module: ceph_bootstrap
short_description: A Ceph cluster's first monitor and manager
description:
  - Makes the cluster with V(cephadm bootstrap) unless this host has it. Its V(ceph.conf), the administrator's keyring
    and the managers' public ssh key are then in V(/etc/ceph).
  - A bootstrap that was cut off is removed and begun again, unless it has an OSD, a second monitor or a part on
    another host.
  - Refuses a host that belongs to another cluster, and a second bootstrap of a cluster that other hosts have.
  - The output is added to V(/var/log/armature/ceph_bootstrap.log).
options:
  host:
    description: Name of the host in the site; it must call itself so. By default what the machine calls itself.
    type: str
  fsid:
    description: UUID that names the cluster.
    type: str
    required: true
  image:
    description: Name of Ceph's image.
    type: str
    required: true
  engine:
    description: The container engine.
    type: str
    choices: [docker, podman]
    default: docker
  mon_address:
    description: IPv6 address of the first monitor, without brackets.
    type: str
    required: true
  config:
    description: Text of the configuration that the cluster begins with.
    type: str
    required: true
  ssh_user:
    description: Whom the managers log in as on all hosts; anybody but root needs sudo without a password.
    type: str
    default: root
  members:
    description: Names of the other hosts that have a part of the cluster, as M(ceph_cephadm) saw.
    type: list
    elements: str
    required: true
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
  idempotent:
    support: full
"""

EXAMPLES = r"""
- name: Make the cluster
  ceph_bootstrap:
    host: "{{ inventory_hostname }}"
    fsid: 3f2c4a52-7c1c-4d5e-9f0a-5a1f5f0c2b11
    image: quay.io/ceph/ceph:v18.2.7
    mon_address: fd00::10
    config: |
      [global]
      ms_bind_ipv4 = false
      ms_bind_ipv6 = true
    members: []
"""

RETURN = r"""
public_key:
  description: The managers' public ssh key; empty in check mode when the cluster would be made.
  type: str
  returned: always
remade:
  description: Whether a bootstrap that was cut off was removed first.
  type: bool
  returned: always
"""

import platform
from pathlib import Path
from typing import Any

from ansible.module_utils import armature_ceph_bootstrap as core
from ansible.module_utils.armature_ceph_cephadm import CephadmError, Runner, runner
from ansible.module_utils.basic import AnsibleModule


def change(run: Runner, wanted: core.Wanted, check: bool, root: Path = Path("/")) -> dict[str, Any]:
    """Observe, plan, and unless ``check`` apply. Return the module's result. Raises CephadmError."""
    todo = _plan(wanted, root)
    if todo != "nothing" and not check:
        with core.only_one(wanted.host, root):
            # Again: another run may have ended between the first look and the lock.
            todo = _plan(wanted, root)
            if todo == "remake":
                core.remove(run, wanted)
            if todo != "nothing":
                core.make(run, wanted, root)
    return {
        "changed": todo != "nothing",
        "diff": _diff(todo, wanted.fsid),
        "public_key": "" if check and todo != "nothing" else core.public_key(run, wanted, root),
        "remade": todo == "remake",
    }


def _plan(wanted: core.Wanted, root: Path) -> str:
    found = core.conflicts(wanted, root)
    if found:
        raise CephadmError("\n".join(found))
    return core.plan(wanted, core.look(wanted.fsid, root))


def _diff(todo: str, fsid: str) -> list[dict[str, str]]:
    if todo == "nothing":
        return []
    before = f"cluster {fsid}, half made\n" if todo == "remake" else ""
    return [{"before_header": "Ceph", "after_header": "Ceph", "before": before, "after": f"cluster {fsid}\n"}]


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "host": {"type": "str", "default": platform.node()},
            "fsid": {"type": "str", "required": True},
            "image": {"type": "str", "required": True},
            "engine": {"type": "str", "default": "docker", "choices": ["docker", "podman"]},
            "mon_address": {"type": "str", "required": True},
            "config": {"type": "str", "required": True},
            "ssh_user": {"type": "str", "default": "root"},
            "members": {"type": "list", "elements": "str", "required": True},
        },
        supports_check_mode=True,
    )
    try:
        result = change(runner(module.run_command), core.Wanted(**module.params), module.check_mode)
    except CephadmError as error:
        module.fail_json(msg=str(error))
    except OSError as error:
        module.fail_json(msg=f"{error.filename}: {error.strerror}. Make the path writable for root and run again.")
    module.exit_json(**result)


if __name__ == "__main__":
    main()
