#!/usr/bin/python
# Copyright the Armature authors
# SPDX-License-Identifier: Apache-2.0
"""Ansible module: the ids of all volumes of a cloud."""

from __future__ import annotations

DOCUMENTATION = r"""
module: cloud_volume_info
short_description: The ids of all volumes of a cloud
description: Reads the volumes of all projects, for which it wants an administrator.
options:
  cloud: {description: Name of the cloud in clouds.yaml., type: str, required: true}
requirements: [openstacksdk]
attributes:
  check_mode:
    support: full
"""

EXAMPLES = r"""
- name: Look at the volumes
  cloud_volume_info:
    cloud: kolla-admin
"""

RETURN = r"""
volumes:
  description: Ids of volumes, and of what migrated volumes are kept under.
  type: list
  elements: str
  returned: success
"""

from collections.abc import Iterable
from typing import Any

from ansible.module_utils.basic import AnsibleModule


def ids(volumes: Iterable[Any]) -> list[str]:
    """Return under which ids volumes are kept: their own and, after a migration, another's. Sorted."""
    return sorted({found for volume in volumes for found in (volume.id, volume.migration_id) if found})


def main() -> None:
    """Run the module."""
    module = AnsibleModule(argument_spec={"cloud": {"type": "str", "required": True}}, supports_check_mode=True)
    try:
        import openstack
        from keystoneauth1.exceptions import ClientException
        from openstack.exceptions import SDKException
    except ImportError as error:
        module.fail_json(msg=f"{error}. Install Armature with its extra: pip install 'armature[ansible]'")
    try:
        api = openstack.connect(cloud=module.params["cloud"]).block_storage
        module.exit_json(changed=False, volumes=ids(api.volumes(all_projects=True)))
    except (ClientException, SDKException) as error:
        module.fail_json(msg=str(error))


if __name__ == "__main__":
    main()
