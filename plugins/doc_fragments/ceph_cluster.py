"""What the documentation of all modules that ask a Ceph cluster has in common."""


class ModuleDocFragment:
    """Options of module_utils/armature_ceph_module.py."""

    DOCUMENTATION = r"""
options:
  fsid:
    description: UUID that names the cluster.
    type: str
    required: true
  image:
    description: Name of Ceph's image, in which commands run.
    type: str
    required: true
"""
