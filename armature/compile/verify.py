"""What ``verify.yml`` needs to know about a site, as data for its role."""

from __future__ import annotations

from typing import Any

from armature.addresses import address_of, network_prefix, numbered_prefix, vip_address
from armature.errors import Problem, SiteError, where
from armature.model import Site


def verify_facts(site: Site) -> dict[str, Any]:
    """Return what the verification needs, every address as text without brackets.

    ``vip``: name and address by which users reach the cloud; ``provider``: the network that the router is attached to
    (physical_network, cidr, gateway, router); ``tenant``: the virtual machines' network (cidr, gateway, mtu in bytes);
    ``dns``: resolvers for them; ``services``: what the site has beside the core.
    The physical network is untagged for Neutron: hosts attach a VLAN's interface, not its parent, to the bridge.

    Raises SiteError when the site has no ``verify`` block, or its provider network has no gateway.
    """
    wanted = site.verify
    if wanted is None:
        message = "nothing. Add provider_network, router and network to verify this site."
        raise SiteError(f"inventories/{site.name}/site.yml", [Problem("verify", message)])
    name = wanted.provider_network
    gateway = site.networks[name].gateway
    if gateway is None:
        message = "nothing. Set the number of the router there: VMs answer through it."
        raise SiteError(f"inventories/{site.name}/site.yml", [Problem(where("networks", name, "gateway"), message)])
    tenant = numbered_prefix(site.prefix, wanted.network)
    vip = site.vips.external or site.vips.internal
    return {
        "vip": {"name": vip.name, "address": str(vip_address(site, "external"))},
        "provider": {
            "physical_network": name,
            "cidr": str(network_prefix(site, name)),
            "gateway": str(address_of(site, name, gateway)),
            "router": str(address_of(site, name, wanted.router)),
        },
        "tenant": {"cidr": str(tenant), "gateway": str(tenant[1]), "mtu": site.tenant_mtu},
        "dns": [str(address) for address in site.dns],
        "services": list(site.services),
    }
