"""Documentation of the action plugin kolla_config."""

from __future__ import annotations

DOCUMENTATION = r"""
module: kolla_config
short_description: Write the folder that kolla-ansible reads
description:
  - Writes inventory, globals, override files, certificates, Ceph's keyrings and the encrypted
    passwords.
  - Removes what is no longer wanted from the folders C(certificates), C(config), C(globals.d) and C(group_vars).
  - A file that both Armature and the site's own overrides have is an error that names both.
  - Files have mode 0600. The diff shows certificates, keyrings and passwords as hashes.
  - In check mode, plans the same and writes nothing.
extends_documentation_fragment: [vault]
options:
  build:
    description: The site's build folder. C(kolla) in it is written; a running kolla-ansible holds the lock in it.
    type: path
    required: true
  artefacts:
    description: Path below the folder -> text.
    type: dict
    required: true
  overrides:
    description: The site's own files for C(config), as kolla-ansible documents them. Need not be there.
    type: path
    required: true
  certificates:
    description: Folder with certificates; encrypted files are decrypted. Need not be there when the site has no TLS.
    type: path
    required: true
  certificates_complete:
    description: Fail when a certificate that the globals ask for is missing.
    type: bool
    default: true
  passwords:
    description: The encrypted passwords file.
    type: path
    required: true
  keyrings:
    description:
      - Path below C(config) -> text of Ceph's keyrings. They are written encrypted, as kolla-ansible can read them.
    type: dict
    default: {}
  secrets:
    description:
      - Variables of kolla-ansible's that are secrets and none of its own passwords; encrypted where they are written.
    type: dict
    default: {}
  authorities:
    description: File name in C(certificates/ca/) to a certificate (PEM) that all containers shall believe.
    type: dict
    default: {}
author: [Armature]
"""

RETURN = r"""
digest:
  description: One hash of all files.
  returned: always
  type: str
"""
