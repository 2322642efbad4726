"""Documentation of the action plugin kolla_passwords."""

from __future__ import annotations

DOCUMENTATION = r"""
module: kolla_passwords
short_description: Make kolla's passwords and keep them encrypted
description:
  - Adds a value for each key that the release wants and the file lacks. A value that is there is never changed.
  - The values come from the release's own kolla-genpwd, over memory; they are never on a disk in plain text.
  - The file is encrypted with the run's vault password. The diff shows the names of keys alone.
  - In check mode, says which keys would be added.
extends_documentation_fragment: [vault, vault.making]
options:
  venv:
    description: kolla-ansible's venv.
    type: path
    required: true
  path:
    description: The encrypted file.
    type: path
    required: true
author: [Armature]
"""

RETURN = r"""
added:
  description: Names of the keys that were added.
  returned: always
  type: list
  elements: str
"""
