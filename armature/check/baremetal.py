"""Bare-metal nodes and their flavors: the services, networks and names that a boot from a volume needs."""

from __future__ import annotations

from collections.abc import Iterator

from armature.baremetal import CAPABILITIES, initiator, network_of, resource, volume_network
from armature.check.common import repeated
from armature.errors import Problem, did_you_mean, quote, where
from armature.model import Arch, BaremetalFlavor, BaremetalNode, Site

_LONGEST_IQN = 223
"""Bytes. Source: RFC 7143, section 4.2.7.1."""


def baremetal_problems(site: Site) -> Iterator[Problem]:
    """Yield problems of the service ``ironic`` and of the sections ``baremetal`` and ``baremetal_flavors``.

    Names, numbers and MAC addresses of nodes are judged with those of hosts.
    """
    yield from _services(site)
    yield from _way_to_volumes(site)
    for name, node in site.baremetal.items():
        yield from _initiator(site, name)
        yield from repeated(node.traits, "baremetal", name, "traits")
        yield from _capabilities(name, node)
        yield from _bmc(name, node)
    yield from _resource_classes(site)
    for name, flavor in site.baremetal_flavors.items():
        yield from _flavor(site, name, flavor)


def _services(site: Site) -> Iterator[Problem]:
    has_ironic = "ironic" in site.services
    if site.baremetal and not has_ironic:
        yield Problem("baremetal", "Ironic provisions nodes, and there is no 'ironic'. Add it to services.")
    elif site.baremetal_flavors and not site.baremetal:
        yield Problem("baremetal_flavors", "there are no nodes to offer. Add the section baremetal, or remove them.")
    if has_ironic and "cinder" not in site.services:
        yield Problem(
            where("services", site.services.index("ironic")),
            "bare-metal nodes boot from volumes, and there is no 'cinder'. Add it to services.",
        )


def _way_to_volumes(site: Site) -> Iterator[Problem]:
    """A node has one NIC, on the provision network, and reaches the gateways' portals from there."""
    mine, theirs = network_of(site), volume_network(site)
    if not site.baremetal or mine is None or theirs is None or mine == theirs:
        return
    for name in (mine, theirs):
        if site.networks[name].gateway is None:
            yield Problem(
                where("networks", name),
                f"bare-metal nodes boot on {mine!r} and reach their volumes on {theirs!r} through a router, and there "
                f"is no gateway here. Set networks.{name}.gateway, or give one network both purposes.",
            )


def _initiator(site: Site, name: str) -> Iterator[Problem]:
    iqn = initiator(site, name)
    if len(iqn) > _LONGEST_IQN:
        yield Problem(
            where("baremetal", name),
            f"its name for iSCSI, {quote(iqn)}, has {len(iqn)} characters. Choose a name that is "
            f"{len(iqn) - _LONGEST_IQN} characters shorter.",
        )


def _capabilities(name: str, node: BaremetalNode) -> Iterator[Problem]:
    for capability in node.capabilities:
        if capability in CAPABILITIES:
            yield Problem(
                where("baremetal", name, "capabilities", capability), "Armature sets this capability. Remove it."
            )


def _bmc(name: str, node: BaremetalNode) -> Iterator[Problem]:
    if node.bmc.protocol == "redfish":
        return
    if node.inspect:
        yield Problem(
            where("baremetal", name, "inspect"),
            "only a BMC that speaks Redfish can be asked. Remove this, or say 'bmc: {protocol: redfish}'.",
        )
    for key in ("system", "tls"):
        if key in node.bmc.model_fields_set:
            yield Problem(
                where("baremetal", name, "bmc", key), "this is Redfish's, and the protocol is ipmi. Remove it."
            )


def _resource_classes(site: Site) -> Iterator[Problem]:
    """Tenants cannot tell nodes of one class from each other."""
    names: dict[str, str] = {}
    first: dict[str, tuple[str, Arch]] = {}
    for name, node in site.baremetal.items():
        wanted = node.resource_class
        place = where("baremetal", name, "resource_class")
        known = names.setdefault(resource(wanted), wanted)
        owner, arch = first.setdefault(wanted, (name, node.arch))
        if known != wanted:
            yield Problem(place, f"Placement calls {wanted!r} and {known!r} both {resource(wanted)}. Rename one.")
        elif arch is not node.arch:
            yield Problem(
                place,
                f"{wanted!r} has {owner}, which is {arch}, and this node is {node.arch}. "
                "Give each architecture a class.",
            )


def _flavor(site: Site, name: str, flavor: BaremetalFlavor) -> Iterator[Problem]:
    place = ("baremetal_flavors", name)
    yield from repeated(flavor.traits, *place, "traits")
    nodes = [node for node in site.baremetal.values() if node.resource_class == flavor.resource_class]
    if not nodes:
        if site.baremetal:
            known = list(dict.fromkeys(node.resource_class for node in site.baremetal.values()))
            yield Problem(
                where(*place, "resource_class"),
                f"no node has the resource class {flavor.resource_class!r}. "
                f"{did_you_mean(flavor.resource_class, known)}",
            )
        return
    if flavor.traits and not any(set(flavor.traits) <= set(node.traits) for node in nodes):
        yield Problem(
            where(*place, "traits"),
            f"no node of the class {flavor.resource_class!r} has all of them. "
            "Add them to a node's traits, or remove some.",
        )
