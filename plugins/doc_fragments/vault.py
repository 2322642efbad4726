"""What the documentation of all modules that open the run's vault has in common."""


class ModuleDocFragment:
    """Options of armature/ansible_vault.py: ``vault`` for modules that read, ``vault.making`` beside it to make."""

    DOCUMENTATION = r"""
options:
  vault_password_file:
    description: File with the vault's password, beside those that ansible-playbook was given.
    type: path
    default: ""
"""

    MAKING = r"""
options:
  make_vault_password:
    description: Make O(vault_password_file) when it is not there.
    type: bool
    default: false
"""
