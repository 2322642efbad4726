"""Documentation of the action plugin site_secrets_info."""

from __future__ import annotations

DOCUMENTATION = r"""
module: site_secrets_info
short_description: Read a site's own secrets
description:
  - Reads secrets that M(site_secrets) made. Use it with C(no_log).
  - Reads only. In check mode a secret that is not there yet is no failure, and empty.
extends_documentation_fragment: [vault]
options:
  path:
    description: The encrypted file.
    type: path
    required: true
  names:
    description: The secrets' names.
    type: list
    elements: str
    required: true
  maker:
    description: The playbook that makes them, for the message when they are not there.
    type: str
    required: true
author: [Armature]
"""

RETURN = r"""
secrets:
  description: Name to secret.
  returned: always
  type: dict
"""
