"""Documentation of the action plugin kolla_certificates."""

from __future__ import annotations

DOCUMENTATION = r"""
module: kolla_certificates
short_description: Keep the certificates that kolla-ansible generated
description:
  - Copies them to the site's secrets, private keys encrypted with the vault, with a note of what they were made for.
  - Without O(generated), says whether those kept were made for the site as it is.
  - In check mode, says whether they would be kept.
extends_documentation_fragment: [vault]
options:
  kept:
    description: Folder of the kept certificates.
    type: path
    required: true
  generated:
    description: Folder that kolla-ansible wrote.
    type: path
  artefacts:
    description: kolla-ansible's C(globals.yml) and C(inventory.yml), path -> text.
    type: dict
    required: true
author: [Armature]
"""

RETURN = r"""
fresh:
  description: Whether the kept certificates are for the site as it is.
  returned: always
  type: bool
"""
