"""What ``verify.yml`` needs to know about a site, as data for its role."""

from __future__ import annotations

from typing import Any

from armature.addresses import address_of, network_prefix, numbered_prefix, vip_address
from armature.errors import Problem, SiteError
from armature.model import Site


def verify_facts(site: Site, path: str = "site.yml") -> dict[str, Any]:
    """Return what the verification needs, every address as text without brackets.

    ``vip``: name and address that users reach the cloud by; ``provider``: the physical network that the router is attached to
    (physical_network, type, vlan or None, cidr, gateway or None, router); ``tenant``: the network of the virtual machines (cidr,
    gateway, mtu in bytes); ``dns``: resolvers for them; ``arch``: of the compute hosts; ``services``: beside the core.
    The provider subnet's only dynamic address is the router's, so nothing that it hands out can meet a host of the site.

    Raises SiteError (naming ``path``) when the site has no ``verify`` block, or its provider network has no gateway.
    """
    wanted = site.verify
    if wanted is None:
        raise SiteError(
            path, [Problem("verify", "missing. Add provider_network, router and network to verify this site.")]
        )
    network = site.networks[wanted.provider_network]
    if network.gateway is None:
        message = (
            f"nothing. Set it: the virtual machines' answers leave network {wanted.provider_network!r} by its router."
        )
        raise SiteError(path, [Problem(f"networks.{wanted.provider_network}.gateway", message)])
    tenant = numbered_prefix(site.prefix, wanted.network)
    external = site.vips.external or site.vips.internal
    return {
        "vip": {"name": external.name, "address": str(vip_address(site, "external"))},
        "provider": {
            "physical_network": wanted.provider_network,
            "type": "flat" if network.vlan is None else "vlan",
            "vlan": network.vlan,
            "cidr": str(network_prefix(site, wanted.provider_network)),
            "gateway": str(address_of(site, wanted.provider_network, network.gateway)),
            "router": str(address_of(site, wanted.provider_network, wanted.router)),
        },
        "tenant": {"cidr": str(tenant), "gateway": str(tenant[1]), "mtu": site.tenant_mtu},
        "dns": [str(address) for address in site.dns],
        "services": list(site.services),
    }
