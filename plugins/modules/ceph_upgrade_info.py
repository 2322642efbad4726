#!/usr/bin/python
# Copyright the Armature authors
# SPDX-License-Identifier: Apache-2.0
"""Ansible module: how far the upgrade of a Ceph cluster is."""

from __future__ import annotations

DOCUMENTATION = r"""
module: ceph_upgrade_info
short_description: How far the upgrade of a Ceph cluster is
description:
  - Runs on a host that has a monitor. Changes nothing; the same in check mode. While no upgrade runs, the image is
    fetched on one host to compare it.

extends_documentation_fragment: [ceph_cluster]
options:
  image:
    description: Name of Ceph's image to upgrade to; commands run in it, too.
    type: str
    required: true
attributes:
  check_mode:
    support: full
    description: The image is fetched, too.
  diff_mode:
    support: none
  idempotent:
    support: full
"""

EXAMPLES = r"""
- name: Wait for the upgrade
  ceph_upgrade_info:
    fsid: 3f2c4a52-7c1c-4d5e-9f0a-5a1f5f0c2b11
    image: quay.io/ceph/ceph:v19.2.7
  register: upgrade
  until: upgrade.state | default('running') != 'running'
  retries: 720
  delay: 10
  failed_when: upgrade.state | default('running') != 'done'
"""

RETURN = r"""
state:
  description:
    - V(running), V(paused), V(outdated) (nothing is under way, and some daemons do not run the image) or V(done).
  type: str
  returned: always
progress:
  description: How far it is, in words.
  type: str
  returned: always
reason:
  description: Why it is paused, else empty.
  type: str
  returned: always
versions:
  description: Kind of daemon, or V(overall), to version to how many run it.
  type: dict
  returned: always
msg:
  description: All of it in a sentence.
  type: str
  returned: always
"""

from typing import Any

from ansible.module_utils.armature_ceph_gates import CarefulCeph
from ansible.module_utils.armature_ceph_module import run
from ansible.module_utils.armature_ceph_upgrade import observe, report


def look(ceph: CarefulCeph) -> dict[str, Any]:
    """Return the module's result. Raises CephError."""
    found = report(observe(ceph))
    sentences = {
        "running": f"The upgrade to {ceph.image} is under way: {found['progress']}.",
        "paused": f"{ceph.image}: the upgrade is paused: {found['reason']}. Mend the cause and run "
        "playbooks/upgrade_ceph.yml again, which goes on with it.",
        "outdated": f"{ceph.image}: no upgrade is under way, and {found['progress']}. Run playbooks/upgrade_ceph.yml.",
        "done": f"All daemons run {ceph.image}.",
    }
    return {"changed": False, "msg": sentences[found["state"]], **found}


def main() -> None:
    """Run the module."""
    run(
        {},
        lambda ceph, _params, _check: look(ceph),
        cluster=CarefulCeph,
    )


if __name__ == "__main__":
    main()
