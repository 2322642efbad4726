"""Bare-metal nodes as Ironic is told of them, and flavors as Nova is.

Source: ironic 35.0.1, ``drivers/modules/redfish/utils.py`` and ``ipmitool.py`` (driver_info); Ironic, "Configuring
flavors for Bare Metal services" and "Boot from volume".
"""

from __future__ import annotations

from typing import Any

from armature.addresses import bmc_address
from armature.baremetal import CAPABILITIES, initiator, resource
from armature.model import Site

_INTERFACES = {
    "boot_interface": "ipxe",
    "deploy_interface": "direct",
    "network_interface": "noop",
    "storage_interface": "cinder",
}


def wanted_nodes(site: Site) -> list[dict[str, Any]]:
    """Return the nodes in file order, as the module cloud_baremetal_nodes takes them; credentials are not among it."""
    return [
        {
            "name": name,
            "driver": node.bmc.protocol,
            "driver_info": _driver_info(site, name),
            "interfaces": {**_INTERFACES, "inspect_interface": _inspect_interface(site, name)},
            "properties": {"cpu_arch": node.arch.value, "capabilities": _capabilities(site, name)},
            "resource_class": node.resource_class,
            "traits": sorted(node.traits),
            "mac": node.mac,
            "initiator": initiator(site, name),
            "rack": node.rack or "",
            "inspect": node.inspect,
        }
        for name, node in site.baremetal.items()
    ]


def wanted_flavors(site: Site) -> list[dict[str, Any]]:
    """Return the flavors in file order.

    Each has ``name``, ``description``, ``is_public``, ``vcpus``, ``ram`` in MiB, ``disk`` in GiB and ``extra_specs``.

    A node is one unit of its resource class and has no others, so the usual amounts are asked for with 0. Of flavors
    without a disk Nova makes a server from a volume alone, unless an administrator asks.

    Source: nova 33.0.2, ``policies/servers.py``, ``create:zero_disk_flavor``.
    """
    return [
        {
            "name": name,
            "description": flavor.description or "",
            "is_public": flavor.public,
            "vcpus": flavor.vcpus,
            "ram": flavor.memory,
            "disk": 0,
            "extra_specs": {
                f"resources:{resource(flavor.resource_class)}": "1",
                **dict.fromkeys(("resources:VCPU", "resources:MEMORY_MB", "resources:DISK_GB"), "0"),
                **{f"trait:{trait}": "required" for trait in sorted(flavor.traits)},
            },
        }
        for name, flavor in site.baremetal_flavors.items()
    ]


def _driver_info(site: Site, name: str) -> dict[str, Any]:
    bmc, host = site.baremetal[name].bmc, bmc_address(site, name)
    if bmc.protocol == "ipmi":
        return {"ipmi_address": str(host), **({"ipmi_port": str(bmc.port)} if bmc.port else {})}
    scheme, port = ("http" if bmc.tls == "none" else "https"), (f":{bmc.port}" if bmc.port else "")
    return {
        "redfish_address": f"{scheme}://[{host}]{port}",
        "redfish_system_id": bmc.system,
        "redfish_verify_ca": bmc.tls == "verified",
    }


def _capabilities(site: Site, name: str) -> str:
    """Return a node's capabilities as Ironic keeps them, in one text.

    Source: ironic 35.0.1, ``drivers/utils.py``, ``get_node_capability``.
    """
    every = {**CAPABILITIES, **site.baremetal[name].capabilities}
    return ",".join(f"{key}:{value}" for key, value in sorted(every.items()))


def _inspect_interface(site: Site, name: str) -> str:
    return "redfish" if site.baremetal[name].bmc.protocol == "redfish" else "no-inspect"
