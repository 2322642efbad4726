"""Documentation of the role's action plugin lab_bmc_credentials."""

from __future__ import annotations

DOCUMENTATION = r"""
module: lab_bmc_credentials
short_description: What Armature asks the lab's BMCs with
description:
  - Writes the user and password of the lab's BMCs where a site keeps those of its own, encrypted. A file that is there
    is never changed. It is refused when it has another user or password for a node.
  - In check mode nothing is written.
extends_documentation_fragment: [vault, vault.making]
options:
  path: {description: The site's file., type: path, required: true}
  nodes: {description: Names of the nodes., type: list, elements: str, required: true}
  user: {description: Who may use Redfish., type: str, required: true}
  password: {description: The user's., type: str, required: true}
"""
