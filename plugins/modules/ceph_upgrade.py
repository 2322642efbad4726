#!/usr/bin/python
# Copyright the Armature authors
# SPDX-License-Identifier: Apache-2.0
"""Ansible module: the upgrade of a Ceph cluster to an image."""

from __future__ import annotations

DOCUMENTATION = r"""
module: ceph_upgrade
short_description: Upgrade a Ceph cluster to an image
description:
  - Runs on a host that has a monitor. Begins the upgrade, or goes on with one that is paused, and returns at once;
    M(ceph_upgrade_info) says how far it is. A cluster whose daemons all run the image is left alone.
  - Refuses an earlier release, a cluster with fewer than two managers, and one whose health is not V(HEALTH_OK).

extends_documentation_fragment: [ceph_cluster]
options:
  image:
    description: Name of Ceph's image to upgrade to; commands run in it, too.
    type: str
    required: true
  accept:
    description: Codes of health checks that do not count, as V(OSDMAP_FLAGS).
    type: list
    elements: str
    default: []
attributes:
  check_mode:
    support: full
    description: The image is fetched, too.
  diff_mode:
    support: full
  idempotent:
    support: full
"""

EXAMPLES = r"""
- name: Upgrade
  ceph_upgrade:
    fsid: 3f2c4a52-7c1c-4d5e-9f0a-5a1f5f0c2b11
    image: quay.io/ceph/ceph:v19.2.7
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
plan:
  description: What is changed, in words.
  type: list
  elements: str
  returned: always
"""

from typing import Any

from ansible.module_utils.armature_ceph import CephError, difference
from ansible.module_utils.armature_ceph_gates import CarefulCeph
from ansible.module_utils.armature_ceph_module import run
from ansible.module_utils.armature_ceph_upgrade import observe, plan, report, written


def change(ceph: CarefulCeph, accept: list[str], check: bool) -> dict[str, Any]:
    """Observe, plan, and unless ``check`` apply. Return the module's result. Raises CephError."""
    seen = observe(ceph)
    steps = plan(ceph, seen, accept)
    after = seen
    if steps and not check:
        ceph.carry_out(steps)
        after = observe(ceph)
        if after.state == "outdated":
            raise CephError(
                f"{ceph.image}: the managers did not begin the upgrade. Look at 'cephadm shell --fsid {ceph.fsid} -- "
                "ceph log last cephadm', and run again."
            )
    before = {"versions": [written(found) for found in seen.running()], "upgrade": seen.state}
    wanted = {"versions": [written(seen.target)] if seen.target != (0, 0, 0) else [ceph.image], "upgrade": "running"}
    return {
        "changed": bool(steps),
        "diff": difference("Ceph", before, wanted) if steps else [],
        "plan": [step.sentence for step in steps],
        **report(after),
    }


def main() -> None:
    """Run the module."""
    run(
        {"accept": {"type": "list", "elements": "str", "default": []}},
        lambda ceph, params, check: change(ceph, params["accept"], check),
        cluster=CarefulCeph,
    )


if __name__ == "__main__":
    main()
