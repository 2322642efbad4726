#!/usr/bin/python
# Copyright the Armature authors
# SPDX-License-Identifier: Apache-2.0
"""Ansible module: RBD images that go into their pool's trash."""

from __future__ import annotations

DOCUMENTATION = r"""
module: ceph_image_trash
short_description: RBD images that go into their pool's trash
description:
  - Moves images into the trash, on a host that has a monitor. C(rbd trash restore) takes them back.
  - Ceph refuses images that somebody has open.
extends_documentation_fragment: [ceph_cluster]
options:
  pool:
    description: The pool's name.
    type: str
    required: true
  names:
    description: The images' names. One that is not there is no failure.
    type: list
    elements: str
    required: true
attributes:
  check_mode:
    support: full
    description: The change comes from the same plan as in a real run.
  idempotent:
    support: full
"""

EXAMPLES = r"""
- name: Discard an image
  ceph_image_trash:
    fsid: 3f2c4a52-7c1c-4d5e-9f0a-5a1f5f0c2b11
    image: quay.io/ceph/ceph:v18.2.7
    pool: volumes
    names: [volume-0d3a3c1e-6f0e-4d3e-9d59-3a0c5f2f1b11]
"""

RETURN = r"""
plan:
  description: What is changed, in words.
  type: list
  elements: str
  returned: always
"""

from ansible.module_utils.armature_ceph_images import discard
from ansible.module_utils.armature_ceph_module import run


def main() -> None:
    """Run the module."""
    run(
        {"pool": {"type": "str", "required": True}, "names": {"type": "list", "elements": "str", "required": True}},
        lambda ceph, params, check: discard(ceph, params["pool"], params["names"], check),
    )


if __name__ == "__main__":
    main()
