"""Documentation of the action plugin baremetal_credentials_info."""

from __future__ import annotations

DOCUMENTATION = r"""
module: baremetal_credentials_info
short_description: Read users and passwords of BMCs
description:
  - Reads them from the site's own file, which may be encrypted. No message quotes what is in it.
  - What it returns is secret and hides itself, as with C(no_log), which would also hide what is wrong with the file.
extends_documentation_fragment: [vault]
options:
  path:
    description: The file, with C(default) and C(nodes).
    type: path
    required: true
  nodes:
    description: Names of the nodes.
    type: list
    elements: str
    required: true
author: [Armature]
"""

RETURN = r"""
credentials:
  description: Node to C(username) and C(password).
  returned: success
  type: dict
"""
