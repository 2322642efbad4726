"""What follows from the section ``ceph.iscsi`` and is asked in several places: which hosts, which names and addresses.

Every function takes any site; one without the section has no gateways for it. Lists are in file order.
"""

from __future__ import annotations

from ipaddress import IPv6Address

from armature.addresses import has_host_addresses, host_address, vip_address
from armature.iscsi_model import Iscsi
from armature.model import Role, Site

CINDER = Role.CONTROL
"""The role whose hosts run cinder-volume: see HOST_GROUPS in :mod:`armature.compile.kolla_inventory`."""

PORTAL = 3260
"""TCP port of iSCSI itself. Source: RFC 7143; ceph-iscsi has no option for it."""

MODULES = ("iscsi_target_mod", "target_core_user")
"""What a gateway's kernel must have: LIO's iSCSI, and TCMU, through which tcmu-runner serves RBD images."""

_AUTHORITY = "iqn.2001-07.com.ceph"
"""Whose names Ceph's own dashboard gives to targets. Source: Ceph, "iSCSI" of the dashboard."""


def section(site: Site) -> Iscsi | None:
    """Return the section, None without it."""
    return None if site.ceph is None else site.ceph.iscsi


def iscsi_hosts(site: Site) -> list[str]:
    """Return the hosts with a gateway."""
    return [] if section(site) is None else site.hosts_with(Role.ISCSI_GATEWAY)


def target(site: Site) -> str:
    """Return the name of the one target of all gateways.

    Without a name of the site's own, the domain makes it: it is the site's alone, and no date need be known.
    """
    described = section(site)
    return (described.target if described else None) or f"{_AUTHORITY}:{site.domain}"


def gateway_name(site: Site, host: str) -> str:
    """Return what a gateway calls itself: its host's name with the domain.

    Source: ceph-iscsi 3.9, utils.py, ``this_host``; Python, ``socket.getfqdn`` on the compiled /etc/hosts.
    """
    return f"{host}.{site.domain}"


def trusted_addresses(site: Site) -> list[str]:
    """Return the addresses that a gateway's API answers, without brackets.

    Gateways ask each other, Ceph's managers ask for the dashboard, Cinder's hosts make LUNs. A host may take any of its
    addresses as a source, and HAProxy's host also a VIP. A gateway compares texts, so each stands as Python and glibc
    write it.
    """
    if site.ceph is None or site.ceph.iscsi is None:
        return []
    asking = {*iscsi_hosts(site), *site.hosts_with(site.ceph.mgr), *site.hosts_with(CINDER)}
    asking |= set(site.hosts_with(Role.NETWORK))
    found = [str(address) for host in site.hosts if host in asking for address in _addresses(site, host)]
    return list(dict.fromkeys([*found, str(vip_address(site, "internal")), str(vip_address(site, "external"))]))


def _addresses(site: Site, host: str) -> list[IPv6Address]:
    mine = site.hardware_of(host).networks
    return [host_address(site, host, name) for name in mine if has_host_addresses(site.networks[name])]
