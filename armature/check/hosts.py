"""Hosts and bare-metal nodes: their hardware, roles, names, MAC addresses and BMCs."""

from __future__ import annotations

from collections.abc import Iterator

from armature.baremetal import has_ironic
from armature.check.common import listed, repeated
from armature.check.networks import networks_in_use
from armature.errors import Problem, did_you_mean, where
from armature.model import Host, Purpose, Role, Site
from armature.services import CORE

_NETWORKS_OF_ROLE = {
    Role.CONTROL: (Purpose.ADMIN, Purpose.API),
    Role.NETWORK: (Purpose.ADMIN, Purpose.API, Purpose.TUNNEL, Purpose.PROVIDER),
    Role.COMPUTE: (Purpose.ADMIN, Purpose.API, Purpose.TUNNEL),
    Role.STORAGE: (Purpose.ADMIN, Purpose.STORAGE, Purpose.REPLICATION),
    Role.MONITORING: (Purpose.ADMIN, Purpose.API),
    Role.ISCSI_GATEWAY: (Purpose.ADMIN, Purpose.STORAGE),
}
"""Role -> purposes whose networks its hosts must be on, as far as the site has such networks."""

_RESERVED = frozenset({"all", "ungrouped", "hosts", "localhost", "baremetal", "deployment", *Role, *CORE})
"""Names of Ansible's, of Armature's groups and of kolla-ansible's."""


def host_problems(site: Site) -> Iterator[Problem]:
    """Yield problems of the sections ``hosts`` and ``baremetal``."""
    yield from _roles_of_site(site)
    used = networks_in_use(site)  # a network without any host is a problem of its own
    needs = {
        role: list(dict.fromkeys(name for purpose in purposes for name in site.networks_for(purpose) if name in used))
        for role, purposes in _purposes(site).items()
    }
    for name, host in site.hosts.items():
        yield from _name(site, "hosts", name)
        if host.hardware not in site.hardware:
            yield Problem(
                where("hosts", name, "hardware"),
                f"unknown hardware {host.hardware!r}. {did_you_mean(host.hardware, list(site.hardware))}",
            )
        else:
            yield from _nics(site, name, host)
            yield from _networks(site, needs, name, host)
        yield from repeated(host.roles, "hosts", name, "roles")
    for name in site.baremetal:
        yield from _name(site, "baremetal", name)
        if name in site.hosts:
            yield Problem(where("baremetal", name), "a host has this name. Choose another.")
    yield from _mac_addresses(site)


def _purposes(site: Site) -> dict[Role, tuple[Purpose, ...]]:
    """Return role -> purposes as above; where there is Ceph, its daemons and clients are on the storage network.

    Ironic's conductors, which are controllers, serve nodes on the provision network.
    """
    purposes_of = dict(_NETWORKS_OF_ROLE)
    if has_ironic(site):
        purposes_of[Role.CONTROL] = (*purposes_of[Role.CONTROL], Purpose.PROVISION)
    if site.ceph is None:
        return purposes_of
    reach_ceph = {Role.CONTROL, Role.COMPUTE, site.ceph.mon, site.ceph.mgr}
    return {
        role: (*purposes, Purpose.STORAGE) if role in reach_ceph else purposes for role, purposes in purposes_of.items()
    }


def _roles_of_site(site: Site) -> Iterator[Problem]:
    for role in (Role.CONTROL, Role.NETWORK, Role.COMPUTE):
        if not site.hosts_with(role):
            yield Problem("hosts", f"no host has the role '{role}'. Add it to a host's roles.")
    controllers = site.hosts_with(Role.CONTROL)
    if controllers and len(controllers) % 2 == 0:
        yield Problem(
            "hosts",
            f"{len(controllers)} hosts have the role 'control': half of an even number is no quorum of the database. "
            "Use 1, or an odd number from 3.",
        )


def _name(site: Site, section: str, name: str) -> Iterator[Problem]:
    if name in _RESERVED:
        yield Problem(where(section, name), f"{name!r} is the name of a group of hosts. Choose another.")
    elif len(name) + 1 + len(site.domain) > 253:
        yield Problem(
            where(section, name), "the name and the domain are longer than 253 characters. Choose a shorter name."
        )


def _nics(site: Site, name: str, host: Host) -> Iterator[Problem]:
    nics = site.hardware[host.hardware].nics
    for nic in host.macs:
        if nic not in nics:
            yield Problem(where("hosts", name, "macs", nic), f"unknown NIC {nic!r}. {did_you_mean(nic, nics)}")


def _networks(site: Site, needs: dict[Role, list[str]], name: str, host: Host) -> Iterator[Problem]:
    """Report each network that the host's roles need and its hardware does not carry."""
    mine = site.hardware[host.hardware].networks
    if not mine.keys() <= site.networks.keys():
        return  # a mistyped network may be the missing one
    missing: dict[str, list[str]] = {}
    for role in dict.fromkeys(host.roles):
        for network in needs[role]:
            if network not in mine:
                missing.setdefault(network, []).append(role)
    for network, roles in missing.items():
        purposes = listed(purpose for purpose in site.networks[network].purposes)
        yield Problem(
            where("hosts", name, "hardware"),
            f"{host.hardware!r} is not on the network {network!r} ({purposes}), {_needed_by(roles)}. "
            f"Add it to hardware.{host.hardware}.networks.",
        )


def _needed_by(roles: list[str]) -> str:
    return f"which the role{'' if len(roles) == 1 else 's'} {listed(roles)} need{'s' if len(roles) == 1 else ''}"


def _mac_addresses(site: Site) -> Iterator[Problem]:
    owners: dict[str, str] = {}
    macs = [
        (where("hosts", name, "macs", nic), name, mac)
        for name, host in site.hosts.items()
        for nic, mac in host.macs.items()
    ]
    macs += [(where("baremetal", name, "mac"), name, node.mac) for name, node in site.baremetal.items()]
    for place, name, mac in macs:
        if int(mac[:2], 16) & 1 or mac == "00:00:00:00:00:00":
            yield Problem(place, f"'{mac}' is no single NIC's address. Write the NIC's own.")
        elif mac in owners:
            yield Problem(place, f"'{mac}' already belongs to {owners[mac]}. Write the NIC's own.")
        owners.setdefault(mac, name)
