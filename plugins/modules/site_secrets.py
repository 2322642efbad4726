"""Documentation of the action plugin site_secrets."""

from __future__ import annotations

DOCUMENTATION = r"""
module: site_secrets
short_description: Make a site's own secrets and keep them encrypted
description:
  - Adds passwords and certificates that are wanted and not there. A password that is there is never changed; a
    certificate is made anew when its names or addresses are others, or when it is soon out of date.
  - The file is encrypted with the run's vault password, and in plain text in memory alone. The diff shows names alone.
  - In check mode, says what would be made.
extends_documentation_fragment: [vault, vault.making]
options:
  path:
    description: The encrypted file.
    type: path
    required: true
  passwords:
    description: Name to length.
    type: dict
    default: {}
  certificates:
    description:
      - Name to C(names) (DNS) and C(addresses) (IPv6, no brackets) of its servers. Becomes the secrets
        C(<name>_certificate) and C(<name>_key), both PEM.
    type: dict
    default: {}
author: [Armature]
"""

RETURN = r"""
added:
  description: Names of the secrets that were made.
  returned: always
  type: list
  elements: str
"""
