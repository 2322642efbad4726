#!/usr/bin/python
# Copyright the Armature authors
# SPDX-License-Identifier: Apache-2.0
"""Ansible module: nothing in a cloud's project bears a prefix."""

from __future__ import annotations

DOCUMENTATION = r"""
module: cloud_leftovers
short_description: Remove everything whose name starts with a prefix
description:
  - Removes stacks, servers, volumes, routers, ports, subnets, networks, security groups, keypairs, images and flavors
    whose name starts with I(prefix), in an order that works, and waits until they are gone.
  - Goes on when one of them cannot be removed, and names all of these at the end.
  - In check mode it tells what it would remove, which is also how to prove that nothing is left.
options:
  cloud: {description: Name of the cloud in clouds.yaml., type: str, required: true}
  prefix: {description: First part of the names., type: str, required: true}
  timeout: {description: Seconds to wait for one server or volume to go., type: int, default: 300}
requirements: [openstacksdk]
"""

EXAMPLES = r"""
- name: Remove what an earlier run left
  cloud_leftovers:
    cloud: kolla-admin
    prefix: armature-verify-
"""

RETURN = r"""
removed: {description: Kind and name of what was there., type: list, elements: str, returned: success}
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from ansible.module_utils.basic import AnsibleModule


@dataclass(frozen=True)
class Kind:
    """A kind of resource: its name, the service that has it, how to list it and how to remove one."""

    name: str
    service: str
    present: Callable[[Any], Iterable[Any]]
    remove: Callable[[Any, Any, int], object]


def remover(service: str, method: str) -> Callable[[Any, Any, int], object]:
    """What removes a resource by one call of openstacksdk that waits for nothing."""
    return lambda cloud, resource, _timeout: getattr(getattr(cloud, service), method)(resource)


def remove_stack(cloud: Any, stack: Any, _timeout: int) -> None:
    """Remove a stack and wait until all that it made is gone."""
    cloud.delete_stack(stack.id, wait=True)


def remove_server(cloud: Any, server: Any, timeout: int) -> None:
    """Remove a server and wait until its ports are free."""
    cloud.delete_server(server.id, wait=True, timeout=timeout)


def remove_volume(cloud: Any, volume: Any, timeout: int) -> None:
    """Remove a volume and wait until its storage is free."""
    cloud.delete_volume(volume.id, wait=True, timeout=timeout)


def remove_router(cloud: Any, router: Any, _timeout: int) -> None:
    """Remove a router and its interfaces; Neutron refuses one that has any."""
    for port in cloud.network.ports(device_id=router.id, device_owner="network:router_interface"):
        cloud.network.remove_interface_from_router(router.id, port_id=port.id)
    cloud.network.delete_router(router.id)


KINDS = (
    Kind("stack", "orchestration", lambda cloud: cloud.orchestration.stacks(), remove_stack),
    Kind("server", "compute", lambda cloud: cloud.compute.servers(details=False), remove_server),
    Kind("volume", "block-storage", lambda cloud: cloud.block_storage.volumes(details=False), remove_volume),
    Kind("router", "network", lambda cloud: cloud.network.routers(), remove_router),
    Kind("port", "network", lambda cloud: cloud.network.ports(), remover("network", "delete_port")),
    Kind("subnet", "network", lambda cloud: cloud.network.subnets(), remover("network", "delete_subnet")),
    Kind("network", "network", lambda cloud: cloud.network.networks(), remover("network", "delete_network")),
    Kind(
        "security group",
        "network",
        lambda cloud: cloud.network.security_groups(),
        remover("network", "delete_security_group"),
    ),
    Kind("keypair", "compute", lambda cloud: cloud.compute.keypairs(), remover("compute", "delete_keypair")),
    Kind("image", "image", lambda cloud: cloud.image.images(), remover("image", "delete_image")),
    Kind("flavor", "compute", lambda cloud: cloud.compute.flavors(details=False), remover("compute", "delete_flavor")),
)
"""In the order of removal. The calls of ``remove`` leave alone what is gone already, for example with its stack."""


def observe(cloud: Any, prefix: str) -> list[tuple[Kind, Any]]:
    """Everything with ``prefix`` in the services that the cloud has, in the order of removal."""
    return [
        (kind, resource)
        for kind in KINDS
        if cloud.has_service(kind.service)
        for resource in kind.present(cloud)
        if (resource.name or "").startswith(prefix)
    ]


def remove(cloud: Any, found: list[tuple[Kind, Any]], timeout: int, failure: type[Exception]) -> list[str]:
    """Remove ``found``; return a sentence for each that resists, that is whose removal raises ``failure``."""
    resisting = []
    for kind, resource in found:
        try:
            kind.remove(cloud, resource, timeout)
        except failure as error:
            resisting.append(f"{kind.name} {resource.name}: {error}")
    return resisting


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "cloud": {"type": "str", "required": True},
            "prefix": {"type": "str", "required": True},
            "timeout": {"type": "int", "default": 300},
        },
        supports_check_mode=True,
    )
    try:
        import openstack
        from openstack.exceptions import SDKException
    except ImportError as error:
        module.fail_json(msg=f"{error}. Install Armature with its extra: pip install 'armature[ansible]'")
    try:
        cloud = openstack.connect(cloud=module.params["cloud"])
        found = observe(cloud, module.params["prefix"])
        resisting = [] if module.check_mode else remove(cloud, found, module.params["timeout"], SDKException)
    except SDKException as error:
        module.fail_json(msg=str(error))
    names = [f"{kind.name} {resource.name}" for kind, resource in found]
    if resisting:
        module.fail_json(msg="; ".join(resisting) + ". Remove them by hand, or run again.", removed=names)
    diff = {"before": "".join(f"{name}\n" for name in names), "after": ""}
    module.exit_json(changed=bool(names), removed=names, diff=diff)


if __name__ == "__main__":
    main()
