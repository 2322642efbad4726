"""Documentation of the action plugin kolla_password_info."""

from __future__ import annotations

DOCUMENTATION = r"""
module: kolla_password_info
short_description: Read one of kolla's passwords
description:
  - Reads a password for those who are no containers of kolla's. Use it with C(no_log).
  - Reads only. In check mode a file that is not there yet is no failure, and the password is empty.
extends_documentation_fragment: [vault]
options:
  path:
    description: The encrypted file.
    type: path
    required: true
  key:
    description: The password's name.
    type: str
    required: true
author: [Armature]
"""

RETURN = r"""
password:
  description: The password.
  returned: always
  type: str
"""
