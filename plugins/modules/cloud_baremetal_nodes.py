#!/usr/bin/python
# Copyright the Armature authors
# SPDX-License-Identifier: Apache-2.0
"""Ansible module: Ironic has these nodes."""

from __future__ import annotations

DOCUMENTATION = r"""
module: cloud_baremetal_nodes
short_description: Have nodes in Ironic that boot from volumes
description:
  - Enrols the given nodes, with their port, volume connector and traits, and brings them to the state C(available).
    Follows what changed. Takes nodes away that it enrolled for the same site and that are not given any more.
  - A node with a server keeps what the server depends on, and a removed one stays, until the server is deleted. The
    result says so. A node in maintenance is left alone.
  - When a step fails on one node, the others go on, and the module fails at the end with a message on each.
  - In check mode it tells what it would do. A cloud that is not there yet has no nodes.
  - The modules of openstack.cloud 2.5.0 know no volume connectors, no traits and no change of a node's interfaces.
options:
  cloud: {description: Name of the cloud in clouds.yaml., type: str, required: true}
  site: {description: Name of the site whose nodes these are., type: str, required: true}
  nodes:
    description: The nodes, as the filter site_baremetal_nodes makes them.
    type: list
    elements: dict
    required: true
  credentials:
    description: For each node, C(username) and C(password) of its BMC.
    type: dict
    required: true
  timeout: {description: Seconds that Ironic has for one change of a node's state., type: int, default: 600}
attributes:
  check_mode:
    support: full
    description: The change and the diff come from the same plan as in a real run.
  diff_mode:
    support: full
    description: Users and passwords of BMCs are not in it.
  idempotent:
    support: full
requirements: [openstacksdk]
"""

EXAMPLES = r"""
- name: Have the nodes
  cloud_baremetal_nodes:
    cloud: kolla-admin
    site: "{{ site.name }}"
    nodes: "{{ site | site_baremetal_nodes }}"
    credentials: "{{ bmcs.credentials }}"
"""

RETURN = r"""
steps: {description: What was done, one sentence each., type: list, elements: str, returned: success}
waiting: {description: What was not done, and why., type: list, elements: str, returned: success}
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from ansible.module_utils.armature_baremetal import (
    OWNER,
    Plan,
    Step,
    as_wanted,
    described,
    plan,
    strangers,
    text,
)
from ansible.module_utils.basic import AnsibleModule

INTERFACES = ("boot_interface", "deploy_interface", "inspect_interface", "network_interface", "storage_interface")

ADVICE = {
    "manage": "Ironic asks its BMC. See that the BMC answers at {address} from the controllers, and that its user and "
    "password in secrets/baremetal.yml are right.",
    "inspect": "See that the BMC at {address} tells of the machine's processors and NICs, or leave out 'inspect'.",
    "provide": "See `openstack baremetal node show {node}`, and ironic-conductor.log on the controllers.",
}
OTHERWISE = "See `openstack baremetal node show {node}`."

WORKERS = 8
"""Nodes that are worked on at a time: a state takes a BMC's seconds, and a conductor takes several at once."""


class Ironic:
    """The part of Ironic's API that steps name, by openstacksdk's proxy ``api``."""

    def __init__(self, api: Any, timeout: int) -> None:
        self.api, self.timeout = api, timeout

    def nodes(self) -> list[dict[str, Any]]:
        """Return all nodes with their ports and connectors."""
        ports, connectors = list(self.api.ports(details=True)), list(self.api.volume_connectors(details=True))
        return [self._node(node, ports, connectors) for node in self.api.nodes(details=True)]

    @staticmethod
    def _node(node: Any, ports: list[Any], connectors: list[Any]) -> dict[str, Any]:
        return {
            "id": node.id,
            "name": node.name,
            "provision_state": node.provision_state,
            "power_state": node.power_state,
            "instance": node.instance_id,
            "maintenance": bool(node.is_maintenance),
            "maintenance_reason": node.maintenance_reason,
            "driver": node.driver,
            "driver_info": node.driver_info or {},
            "interfaces": {name: getattr(node, name) for name in INTERFACES},
            "properties": node.properties or {},
            "resource_class": node.resource_class,
            "traits": node.traits or [],
            "extra": node.extra or {},
            "ports": [
                {"id": port.id, "address": port.address, "owned": OWNER in (port.extra or {})}
                for port in ports
                if port.node_id == node.id
            ],
            "connectors": [
                {"id": item.id, "type": item.type, "connector_id": item.connector_id}
                for item in connectors
                if item.node_id == node.id
            ],
        }

    def create_node(self, _node: str, attributes: dict[str, Any]) -> str:
        """Return the new node's id."""
        return str(self.api.create_node(**attributes).id)

    def create_port(self, node: str, address: str) -> None:
        """Give the node a port."""
        self.api.create_port(node_id=node, address=address, is_pxe_enabled=True, extra={OWNER: True})

    def delete_port(self, _node: str, id: str) -> None:
        """Take a port away."""
        self.api.delete_port(id)

    def create_connector(self, node: str, iqn: str) -> None:
        """Give the node a volume connector."""
        self.api.create_volume_connector(node_id=node, type="iqn", connector_id=iqn)

    def delete_connector(self, _node: str, id: str) -> None:
        """Take a volume connector away."""
        self.api.delete_volume_connector(id)

    def set_traits(self, node: str, traits: list[str]) -> None:
        """Give the node these traits and no others."""
        self.api.set_node_traits(node, traits)

    def patch(self, node: str, patch: list[dict[str, Any]], reset: bool) -> None:
        """Change the node; ``reset`` puts the interfaces of another driver in place of the old one's."""
        self.api.patch_node(node, patch, reset_interfaces=True if reset else None)

    def power_off(self, node: str) -> None:
        """Switch the node off and wait for it."""
        self.api.set_node_power_state(node, "power off", wait=True, timeout=self.timeout)

    def set_state(self, node: str, target: str) -> None:
        """Ask for a provision state and wait for it."""
        self.api.set_node_provision_state(node, target, wait=True, timeout=self.timeout)

    def delete_node(self, node: str) -> None:
        """Take the node away, with its ports and connectors."""
        self.api.delete_node(node)


def apply(
    ironic: Any, planned: Plan, ids: dict[str, str], addresses: dict[str, str], failures: tuple[type[Exception], ...]
) -> list[str]:
    """Do the steps, each node's in order, and return a message for each node on which one failed.

    ``ids``: name -> id of those that are there. ``addresses``: name -> its BMC's, for the message.
    """

    def one(steps: list[Step]) -> str | None:
        name = steps[0].node
        node = ids.get(name, "")
        for step in steps:
            try:
                method: Callable[..., Any] = getattr(ironic, step.call)
                made = method(node, **step.arguments)
            except failures as error:
                advice = ADVICE.get(step.arguments.get("target", ""), OTHERWISE)
                hint = advice.format(node=name, address=addresses.get(name, "its address"))
                return f"{name}: could not {step.words}: {str(error).rstrip('. ')}. {hint}"
            node = made if step.call == "create_node" else node
        return None

    with ThreadPoolExecutor(WORKERS) as pool:
        return [message for message in pool.map(one, planned.steps.values()) if message]


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "cloud": {"type": "str", "required": True},
            "site": {"type": "str", "required": True},
            "nodes": {"type": "list", "elements": "dict", "required": True},
            "credentials": {"type": "dict", "required": True, "no_log": True},
            "timeout": {"type": "int", "default": 600},
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
    wanted, present = given["nodes"], []
    try:
        ironic = Ironic(openstack.connect(cloud=given["cloud"]).baremetal, given["timeout"])
        present = ironic.nodes()
    except (ConfigException, EndpointNotFound) as error:
        if not module.check_mode:
            module.fail_json(msg=str(error))
    except (ClientException, SDKException) as error:
        module.fail_json(msg=str(error))
    if problems := strangers(present, {node["name"] for node in wanted}, given["site"]):
        module.fail_json(msg="\n".join(problems))
    planned = plan(wanted, present, given["credentials"], given["site"])
    concerned = [node for node in present if node["name"] in planned.steps]
    names = set(planned.steps)
    diff = {
        "before": described(map(as_wanted, concerned)),
        "after": described(
            {k: v for k, v in node.items() if k != "inspect"} for node in wanted if node["name"] in names
        ),
    }
    failed: list[str] = []
    if not module.check_mode:
        ids = {node["name"]: node["id"] for node in present}
        addresses = {node["name"]: _bmc(node) for node in wanted}
        failed = apply(ironic, planned, ids, addresses, (ClientException, SDKException))
    result = {"changed": bool(planned.steps), "steps": text(planned).splitlines(), "waiting": planned.waiting}
    for sentence in planned.waiting:
        module.warn(sentence)
    if failed:
        module.fail_json(msg="\n".join(failed), **result, diff=diff)
    module.exit_json(**result, diff=diff)


def _bmc(node: dict[str, Any]) -> str:
    info = node["driver_info"]
    return str(info.get("redfish_address") or info.get("ipmi_address"))


if __name__ == "__main__":
    main()
