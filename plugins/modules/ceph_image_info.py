#!/usr/bin/python
# Copyright the Armature authors
# SPDX-License-Identifier: Apache-2.0
"""Ansible module: the RBD images of a pool."""

from __future__ import annotations

DOCUMENTATION = r"""
module: ceph_image_info
short_description: The RBD images of a pool
description: Reads, and changes nothing; on a host that has a monitor.
extends_documentation_fragment: [ceph_cluster]
options:
  pool:
    description: The pool's name.
    type: str
    required: true
attributes:
  check_mode:
    support: full
"""

EXAMPLES = r"""
- name: Look at the images
  ceph_image_info:
    fsid: 3f2c4a52-7c1c-4d5e-9f0a-5a1f5f0c2b11
    image: quay.io/ceph/ceph:v18.2.7
    pool: volumes
"""

RETURN = r"""
images:
  description: The images' names.
  type: list
  elements: str
  returned: always
"""

from ansible.module_utils.armature_ceph_images import images
from ansible.module_utils.armature_ceph_module import run


def main() -> None:
    """Run the module."""
    run(
        {"pool": {"type": "str", "required": True}},
        lambda ceph, params, _check: {"changed": False, "images": images(ceph, params["pool"])},
    )


if __name__ == "__main__":
    main()
