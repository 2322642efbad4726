#!/usr/bin/python
# Copyright the Armature authors
# SPDX-License-Identifier: Apache-2.0
"""Ansible module: Keystone has this user, with a role on the system."""

from __future__ import annotations

DOCUMENTATION = r"""
module: cloud_system_user
short_description: Have a user in Keystone that has a role on the system
description:
  - Makes the user in the domain C(default), or gives it the password, unless it can log in with it. Gives it the role
    on the system. Other roles of the user are left alone.
  - In check mode it tells what it would do. A cloud that is not there yet has no users.
  - The modules of openstack.cloud 2.5.0 do not see whether a password is right, and fail in check mode before there is
    a user.
options:
  cloud: {description: Name of the cloud in clouds.yaml; its user must be an administrator., type: str, required: true}
  name: {description: Name of the user., type: str, required: true}
  description: {description: What people read of a new user., type: str, default: ""}
  password: {description: Its password., type: str, required: true}
  role: {description: Name of the role., type: str, required: true}
attributes:
  check_mode:
    support: full
    description: The change comes from the same plan as in a real run.
  idempotent:
    support: full
requirements: [openstacksdk]
"""

EXAMPLES = r"""
- name: Have a user that reads
  cloud_system_user:
    cloud: kolla-admin
    name: reader-1
    password: "{{ reader_password }}"
    role: reader
"""

RETURN = r"""
steps: {description: What was done, one sentence each., type: list, elements: str, returned: success}
"""

from dataclasses import dataclass
from typing import Any

from ansible.module_utils.armature_cloud import answer
from ansible.module_utils.basic import AnsibleModule

DOMAIN, SYSTEM = "default", "all"


@dataclass(frozen=True)
class Present:
    """A user as it is: its id, "" for none, whether it is enabled, has the role, and can log in with the password."""

    id: str = ""
    enabled: bool = False
    has_role: bool = False
    knows_password: bool = False


class Keystone:
    """The part of Keystone's API that is needed, by openstacksdk's connection."""

    def __init__(self, connection: Any) -> None:
        self.connection, self.api = connection, connection.identity

    def observe(self, name: str, role: str, password: str) -> Present:
        """Return the user as it is."""
        user = next(iter(self.api.users(name=name, domain_id=DOMAIN)), None)
        if user is None:
            return Present()
        has_role = self.api.validate_user_has_system_role(user, self.role_id(role), SYSTEM)
        return Present(user.id, user.is_enabled, has_role, self.logs_in(user.id, password))

    def role_id(self, role: str) -> str:
        """Return a role's id; raises what openstacksdk has for one that there is not."""
        return str(self.api.find_role(role, ignore_missing=False).id)

    def logs_in(self, user: str, password: str) -> bool:
        """Return whether the password is the user's: for that, no role is needed."""
        from keystoneauth1.exceptions import Unauthorized
        from keystoneauth1.identity.generic import Password

        session = self.connection.session
        try:
            Password(session.auth.auth_url, user_id=user, password=password).get_access(session)
        except Unauthorized:
            return False
        return True

    def create(self, name: str, description: str, password: str) -> str:
        """Make the user and return its id."""
        made = self.api.create_user(
            name=name, domain_id=DOMAIN, description=description, password=password, is_enabled=True
        )
        return str(made.id)

    def update(self, user: str, changed: dict[str, Any]) -> None:
        """Change the user."""
        self.api.update_user(user, **changed)

    def give(self, user: str, role: str) -> None:
        """Give the user the role on the system. openstacksdk's own call says nothing when Keystone refuses."""
        answer(self.api.put(f"/system/users/{user}/roles/{self.role_id(role)}"))


def plan(present: Present, role: str) -> list[str]:
    """Return the steps, as words, in order."""
    steps = []
    if not present.id:
        steps.append("make it")
    elif not present.enabled:
        # One that is disabled cannot show its password.
        steps.append("enable it with its password")
    elif not present.knows_password:
        steps.append("give it its password")
    if not present.has_role:
        steps.append(f"give it the role {role} on the system")
    return steps


def apply(keystone: Any, given: dict[str, Any], present: Present) -> None:
    """Do the steps; raises what openstacksdk has for a failure."""
    user = present.id
    if not user:
        user = keystone.create(given["name"], given["description"], given["password"])
    elif not (present.enabled and present.knows_password):
        keystone.update(user, {"password": given["password"], "is_enabled": True})
    if not present.has_role:
        keystone.give(user, given["role"])


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "cloud": {"type": "str", "required": True},
            "name": {"type": "str", "required": True},
            "description": {"type": "str", "default": ""},
            "password": {"type": "str", "required": True, "no_log": True},
            "role": {"type": "str", "required": True},
        },
        supports_check_mode=True,
    )
    try:
        import openstack
        from keystoneauth1.exceptions import ClientException, EndpointNotFound
        from openstack.exceptions import ConfigException, SDKException
    except ImportError as error:
        module.fail_json(msg=f"{error}. Install Armature with its extra: pip install 'armature[ansible]'")
    given = module.params
    present, keystone = Present(), None
    try:
        keystone = Keystone(openstack.connect(cloud=given["cloud"]))
        present = keystone.observe(given["name"], given["role"], given["password"])
    except (ConfigException, EndpointNotFound) as error:
        if not module.check_mode:
            module.fail_json(msg=str(error))
    except (ClientException, SDKException) as error:
        module.fail_json(msg=str(error))
    steps = plan(present, given["role"])
    if steps and not module.check_mode:
        try:
            apply(keystone, given, present)
        except (ClientException, SDKException) as error:
            module.fail_json(msg=f"{given['name']}: {error}")
    module.exit_json(changed=bool(steps), steps=[f"{given['name']}: {step}" for step in steps])


if __name__ == "__main__":
    main()
