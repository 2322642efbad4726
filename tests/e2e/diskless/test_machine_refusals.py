"""Servers on bare metal that cannot be: each ends as an error that says why, and its node is offered again."""

from __future__ import annotations

from typing import Any

import pytest
from cloud import Cloud, cached, wait
from machine import TYPE, ask_for
from running_lab import Lab


def why_not(cloud: Cloud, name: str, volume: Any) -> str:
    """Ask for a server, and return why there is none; its node is free again."""
    server = ask_for(cloud, name, volume)
    compute = cloud.connection.compute

    def failed() -> Any:
        found = compute.get_server(server)
        assert found.status != "ACTIVE"
        return found if found.status == "ERROR" else None

    fault = wait(failed, 600, f"error of {name}").fault["message"]
    compute.delete_server(server)
    compute.wait_for_delete(server, wait=600)
    wait(lambda: True if all_available(cloud) else None, 300, "nodes available")
    return str(fault)


def all_available(cloud: Cloud) -> bool:
    """Return whether Ironic offers every node."""
    nodes = list(cloud.connection.baremetal.nodes(details=True))
    return all(node.provision_state == "available" and node.instance_id is None for node in nodes)


@pytest.fixture
def volume(cloud: Cloud, image: Any) -> Any:
    """A volume as machines boot from."""
    return cloud.volume("refused", 4, image=image.id, volume_type=TYPE)


def test_an_image_for_another_architecture(cloud: Cloud) -> None:
    image = cloud.image(cached("guest-image/x86_64.img"), "x86", hw_architecture="x86_64")
    said = why_not(cloud, "x86", cloud.volume("x86", image=image.id, volume_type=TYPE))
    assert "No valid host was found" in said


def test_a_volume_that_is_not_on_the_gateways(cloud: Cloud, image: Any) -> None:
    said = why_not(cloud, "rbd", cloud.volume("rbd", 4, image=image.id))
    assert "unknown type 'rbd'" in said


def test_nodes_without_a_connector(lab: Lab, cloud: Cloud, volume: Any) -> None:
    ironic = cloud.connection.baremetal
    for connector in list(ironic.volume_connectors()):
        ironic.delete_volume_connector(connector)
    assert "volume_connector type must be valid for iSCSI" in why_not(cloud, "no-connector", volume)
    lab.play("deploy_baremetal.yml")
    assert len(list(ironic.volume_connectors())) == len(lab.site.baremetal)
