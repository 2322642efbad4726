"""Documentation of the action plugin kolla_venv."""

from __future__ import annotations

DOCUMENTATION = r"""
module: kolla_venv
short_description: Make kolla-ansible's Python environment on the controller
description:
  - Makes C(<cache>/armature/kolla-ansible/<release>-<hash>) unless it is there.
  - The cache is E(XDG_CACHE_HOME) or C(~/.cache).
  - The hash covers the requirements, the constraints, Python's version and Armature's mends of upstream defects.
  - A venv whose making was interrupted is made anew. A complete one is never changed.
  - Uses uv when it is installed, and pip with its own configuration when uv is not there or fails.
  - In check mode, says whether it would be made.
options:
  release:
    description: OpenStack release.
    type: str
    required: true
  version:
    description: kolla-ansible's version, which says which mends apply.
    type: str
    required: true
  requirements:
    description: What to install, pinned.
    type: list
    elements: str
    required: true
  constraints:
    description: Text of a pip constraints file.
    type: str
    default: ""
author: [Armature]
"""

RETURN = r"""
path:
  description: The venv.
  returned: always
  type: str
name:
  description: Its folder's name.
  returned: always
  type: str
"""
