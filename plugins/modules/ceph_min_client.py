#!/usr/bin/python
# Copyright the Armature authors
# SPDX-License-Identifier: Apache-2.0
"""Ansible module: the oldest clients that a Ceph cluster is made for."""

from __future__ import annotations

DOCUMENTATION = r"""
module: ceph_min_client
short_description: The oldest clients that a Ceph cluster is made for
description:
  - Raises the release that clients must have at least, on a host that has a monitor. It is never lowered.
  - From V(mimic) on RBD makes clones that do not hold on to their snapshot. An image or a snapshot can then
    be removed while volumes that were made from it live on.
extends_documentation_fragment: [ceph_cluster]
options:
  release:
    description: Name of the release, as V(mimic).
    type: str
    required: true
attributes:
  check_mode:
    support: full
    description: The change and the diff come from the same plan as in a real run. Without a cluster it is a change.
  diff_mode:
    support: full
  idempotent:
    support: full
"""

EXAMPLES = r"""
- name: Have clones that do not hold on to their snapshot
  ceph_min_client:
    fsid: 3f2c4a52-7c1c-4d5e-9f0a-5a1f5f0c2b11
    image: quay.io/ceph/ceph:v18.2.7
    release: mimic
"""

RETURN = r"""
plan:
  description: What is changed, in words.
  type: list
  elements: str
  returned: always
"""

from typing import Any

from ansible.module_utils.armature_ceph import Ceph, Step, difference
from ansible.module_utils.armature_ceph_module import run


def change(ceph: Ceph, release: str, check: bool) -> dict[str, Any]:
    """Observe, plan, and unless ``check`` apply. Return the module's result. Raises CephError.

    Ceph's releases are named in the order of the alphabet. The monitors refuse a release that a connected client lacks,
    and say how many such clients there are.
    """
    present = ceph.json("osd", "dump")["require_min_compat_client"] if ceph.found(check) else ""
    steps = []
    if present < release:
        words = ("osd", "set-require-min-compat-client", release)
        steps = [Step(f"take no clients older than {release}", words)]
    if not check:
        ceph.carry_out(steps)
    after = release if steps else present
    return {
        "changed": bool(steps),
        "diff": difference("oldest clients", {"release": present or "any"}, {"release": after}) if steps else [],
        "plan": [step.sentence for step in steps],
    }


def main() -> None:
    """Run the module."""
    run(
        {"release": {"type": "str", "required": True}},
        lambda ceph, params, check: change(ceph, params["release"], check),
    )


if __name__ == "__main__":
    main()
