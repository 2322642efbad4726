"""What the documentation of all modules that ask the iSCSI gateways' API has in common."""


class ModuleDocFragment:
    """Options of module_utils/armature_iscsi_module.py."""

    DOCUMENTATION = r"""
options:
  gateways:
    description:
      - C(host) in site.yml, C(name) that the gateway calls itself, and C(address) of its portal and its API, no
        brackets, of each gateway.
    type: list
    elements: dict
    required: true
  port:
    description: The API's port.
    type: int
    required: true
  user:
    description: The API's user.
    type: str
    required: true
  password:
    description: The user's password.
    type: str
    required: true
  certificate:
    description: The API's certificate, PEM. No other is believed. Empty in check mode before it was made.
    type: str
    required: true
"""
