"""The module that has nodes in Ironic, against a stand-in that refuses what Ironic refuses."""

from __future__ import annotations

import copy
import itertools
from types import SimpleNamespace
from typing import Any

import pytest
from ansible.module_utils.armature_baremetal import plan
from ansible.modules import cloud_baremetal_nodes as module
from baremetal_sites import baremetal_site
from openstack.baremetal.v1.node import Node
from openstack.baremetal.v1.port import Port
from openstack.baremetal.v1.volume_connector import VolumeConnector
from openstack.exceptions import SDKException

from armature.compile.baremetal import wanted_nodes

CREDENTIALS = {name: {"username": "admin", "password": "s3cret"} for name in ("node", "other")}


class FakeApi:
    """openstacksdk's proxy of Ironic. ``broken``: a node's name -> the target state that fails."""

    def __init__(self, **broken: str) -> None:
        self.broken, self.log = broken, []  # type: ignore[var-annotated]
        self.of: dict[str, dict[str, Any]] = {"nodes": {}, "ports": {}, "connectors": {}}
        self.count = itertools.count()

    def nodes(self, details: bool) -> Any:
        assert details
        for node in self.of["nodes"].values():
            info = {key: "******" if "password" in key else value for key, value in node["driver_info"].items()}
            yield Node(**node | {"driver_info": info})

    def ports(self, details: bool) -> Any:
        assert details
        return (Port(**port) for port in self.of["ports"].values())

    def volume_connectors(self, details: bool) -> Any:
        assert details
        return (VolumeConnector(**item) for item in self.of["connectors"].values())

    def keep(self, kind: str, **attributes: Any) -> SimpleNamespace:
        id_ = f"{kind}-{next(self.count)}"
        self.of[kind][id_] = {"id": id_} | attributes
        return SimpleNamespace(id=id_)

    def create_node(self, **attributes: Any) -> SimpleNamespace:
        if attributes["name"] in [node["name"] for node in self.of["nodes"].values()]:
            raise SDKException("A node with this name already exists.")
        assert all(name in vars(Node) for name in attributes), "openstacksdk would drop what it does not know"
        self.log.append((attributes["name"], "create"))
        states = {"provision_state": "enroll", "power_state": None, "traits": []}
        return self.keep("nodes", **copy.deepcopy(attributes), **states)

    def create_port(self, **attributes: Any) -> SimpleNamespace:
        assert attributes["node_id"] in self.of["nodes"]
        return self.keep("ports", **attributes)

    def delete_port(self, id_: str) -> None:
        del self.of["ports"][id_]

    def create_volume_connector(self, **attributes: Any) -> SimpleNamespace:
        assert attributes["node_id"] in self.of["nodes"]
        return self.keep("connectors", **attributes)

    def delete_volume_connector(self, id_: str) -> None:
        connector = self.of["connectors"].pop(id_)
        if self.of["nodes"][connector["node_id"]]["power_state"] == "power on":
            raise SDKException("The node is not powered off.")

    def set_node_traits(self, id_: str, traits: list[str]) -> None:
        self.of["nodes"][id_]["traits"] = traits

    def patch_node(self, id_: str, patch: list[dict[str, Any]], reset_interfaces: bool | None) -> None:
        node = self.of["nodes"][id_]
        for operation in patch:
            first, *deeper = operation["path"].strip("/").split("/")
            locked = first.endswith("_interface") or first in ("driver", "resource_class")
            if locked and node["provision_state"] not in ("enroll", "manageable"):
                raise SDKException(f"{first} can only be updated in other states.")
            if first == "driver":
                assert reset_interfaces is True
            if deeper:
                node[first][deeper[0]] = operation["value"]
            else:
                node[first] = operation["value"]

    def set_node_power_state(self, id_: str, target: str, wait: bool, timeout: int) -> None:
        assert wait
        assert timeout == 600
        self.of["nodes"][id_]["power_state"] = target

    def set_node_provision_state(self, id_: str, target: str, wait: bool, timeout: int) -> None:
        assert wait
        assert timeout == 600
        node = self.of["nodes"][id_]
        allowed = {
            "manage": ("enroll", "available", "inspect failed", "clean failed"),
            "inspect": ("manageable",),
            "provide": ("manageable",),
        }
        assert node["provision_state"] in allowed[target]
        self.log.append((node["name"], target))
        if self.broken.get(node["name"]) == target:
            raise SDKException("The BMC does not answer.")
        node["provision_state"] = "available" if target == "provide" else "manageable"

    def delete_node(self, id_: str) -> None:
        assert self.of["nodes"][id_]["provision_state"] in ("enroll", "manageable"), "Ironic refuses others"
        del self.of["nodes"][id_]


def run(api: FakeApi, wanted: list[dict[str, Any]]) -> list[str]:
    """Have the nodes and return the messages; without any, nothing may be left to do."""
    ironic = module.Ironic(api, 600)
    present = ironic.nodes()
    planned = plan(wanted, present, CREDENTIALS, "good")
    ids = {node["name"]: node["id"] for node in present}
    addresses = {node["name"]: module._bmc(node) for node in wanted}
    messages = module.apply(ironic, planned, ids, addresses, (SDKException,))
    if not messages:
        assert plan(wanted, ironic.nodes(), CREDENTIALS, "good").steps == {}
    return messages


def nodes(*edits: tuple[str, str]) -> list[dict[str, Any]]:
    return wanted_nodes(baremetal_site(*edits))


def the(api: FakeApi, name: str) -> dict[str, Any]:
    return next(node for node in api.of["nodes"].values() if node["name"] == name)


def test_nodes_are_enrolled() -> None:
    api = FakeApi()
    assert run(api, nodes()) == []
    assert [target for name, target in api.log if name == "node"] == ["create", "manage", "inspect", "provide"]
    assert [target for name, target in api.log if name == "other"] == ["create", "manage", "provide"]
    node = the(api, "node")
    assert (node["provision_state"], node["traits"]) == ("available", ["CUSTOM_NVLINK", "CUSTOM_RACK_R1"])
    assert node["driver_info"]["redfish_password"] == "s3cret"
    assert [(c["type"], c["connector_id"]) for c in api.of["connectors"].values() if c["node_id"] == node["id"]] == [
        ("iqn", "iqn.2026-01.test.good:node")
    ]


CHANGES = [
    ('    mac: "02:00:00:00:00:20"', '    mac: "02:00:00:00:00:30"'),
    ("    traits: [CUSTOM_NVLINK, CUSTOM_RACK_R1]", "    traits: [CUSTOM_NVLINK]"),
    ('{slot: "7"}', '{bay: "8"}'),
    ("    inspect: true", "    resource_class: fast"),
    ("  node:\n", "  renamed:\n"),
    ("bmc: {protocol: ipmi, port: 6230}", "bmc: {}"),
]
FLAVOR = ("  whole: {resource_class: baremetal, traits: [CUSTOM_NVLINK],", "  whole: {resource_class: baremetal,")


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("power", ["power on", "power off"])
def test_what_changes_in_the_file_changes_in_ironic(
    change: tuple[str, str], power: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(CREDENTIALS, "renamed", CREDENTIALS["node"])
    api = FakeApi()
    run(api, nodes())
    for node in api.of["nodes"].values():
        node["power_state"] = power
    assert run(api, nodes(change, FLAVOR)) == []
    assert {node["provision_state"] for node in api.of["nodes"].values()} == {"available"}
    assert len(api.of["nodes"]) == 2


def test_a_failure_says_where_to_look_and_stops_no_other_node() -> None:
    api = FakeApi(node="manage")
    assert run(api, nodes()) == [
        "node: could not reach its BMC: The BMC does not answer. Ironic asks its BMC. See that the BMC answers at "
        "https://[fd00:900d:0:7::20] from the controllers, and that its user and password in secrets/baremetal.yml are "
        "right."
    ]
    assert (the(api, "node")["provision_state"], the(api, "other")["provision_state"]) == ("enroll", "available")
    api.broken = {}
    assert run(api, nodes()) == []


@pytest.mark.parametrize(
    ("target", "words"),
    [
        ("inspect", "inspect it: The BMC does not answer. See that the BMC at https://[fd00:900d:0:7::20] tells of"),
        ("provide", "offer it to Nova: The BMC does not answer. See `openstack baremetal node show node`, and"),
    ],
)
def test_other_failures(target: str, words: str) -> None:
    (message,) = run(FakeApi(node=target), nodes())
    assert message.startswith(f"node: could not {words}")


def test_a_failure_without_a_state_names_the_node() -> None:
    api = FakeApi()
    api.create_port = lambda **_attributes: (_ for _ in ()).throw(SDKException("busy"))  # type: ignore[method-assign]
    messages = run(api, nodes())
    assert messages[0] == (
        "node: could not give it the port 02:00:00:00:00:20: busy. See `openstack baremetal node show node`."
    )
    assert len(messages) == 2


def test_an_instance_keeps_its_node() -> None:
    api = FakeApi()
    run(api, nodes())
    the(api, "other").update(instance_id="i-1", provision_state="active")
    planned = plan(nodes()[:1], module.Ironic(api, 600).nodes(), CREDENTIALS, "good")
    assert planned.steps == {}
    assert planned.waiting == ["other: is no longer in site.yml and stays: it has the server i-1 (state: active)."]
