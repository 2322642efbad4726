"""iSCSI gateways: their hosts, their pool, their ports, and who makes LUNs on them."""

from __future__ import annotations

from collections.abc import Iterator

from armature.ceph_model import Ceph
from armature.check.ceph_rgw import CEPH_PORTS
from armature.compile.data import ports
from armature.compile.kolla_groups import kolla_hosts
from armature.errors import Problem, did_you_mean, quote, where
from armature.iscsi import CINDER, PORTAL, iscsi_hosts, target
from armature.iscsi_model import Iscsi
from armature.model import Role, Site
from armature.release import RELEASES

_PLACE = ("ceph", "iscsi")
_NAME_BYTES = 223
"""Longest name of a target. Source: RFC 3720, section 3.2.6.1."""

_LVM = "cinder_backend_lvm"
"""A service whose targets listen on iSCSI's port, on Cinder's hosts."""


def iscsi_problems(site: Site, ceph: Ceph) -> Iterator[Problem]:
    """Yield problems of ``ceph.iscsi`` and of the role that goes with it."""
    if ceph.iscsi is None:
        for host in site.hosts_with(Role.ISCSI_GATEWAY)[:1]:
            yield Problem(
                where("hosts", host, "roles"),
                "there is no ceph.iscsi, and a host with the role 'iscsi_gateway' would do nothing. "
                "Add the section, or remove the role.",
            )
        return
    yield from _hosts(site, ceph.iscsi)
    yield from _pool(ceph, ceph.iscsi)
    yield from _ports(site, ceph, ceph.iscsi)
    if len(target(site)) > _NAME_BYTES:
        yield Problem(
            where(*_PLACE, "target"),
            f"{quote(target(site))} has {len(target(site))} characters. Write a name of {_NAME_BYTES} at most.",
        )
    if "cinder" not in site.services:
        yield Problem(
            where(*_PLACE), "the gateways show Cinder's volumes, and there is no 'cinder'. Add it to services."
        )


def _hosts(site: Site, iscsi: Iscsi) -> Iterator[Problem]:
    hosts = iscsi_hosts(site)
    if not hosts:
        yield Problem(where(*_PLACE), "no host has the role 'iscsi_gateway'. Give it to two hosts, or remove this.")
    elif len(hosts) < iscsi.minimum_gateways:
        names = f"{hosts[0]} is the only host" if len(hosts) == 1 else f"{len(hosts)} hosts are all"
        yield Problem(
            where(*_PLACE),
            f"{names} with the role 'iscsi_gateway', and there shall be {iscsi.minimum_gateways}. "
            f"Give it to another host, or set minimum_gateways to {len(hosts)}.",
        )


def _pool(ceph: Ceph, iscsi: Iscsi) -> Iterator[Problem]:
    place = where(*_PLACE, "pool")
    if iscsi.pool not in ceph.pools:
        yield Problem(place, f"unknown pool {iscsi.pool!r}. {did_you_mean(iscsi.pool, list(ceph.pools))}")
    elif ceph.pools[iscsi.pool].application != "rbd":
        application = ceph.pools[iscsi.pool].application
        yield Problem(place, f"{iscsi.pool!r} is a pool for {application}. Use one whose application is rbd.")


def _ports(site: Site, ceph: Ceph, iscsi: Iscsi) -> Iterator[Problem]:
    gateways, balancers = set(iscsi_hosts(site)), set(site.hosts_with(Role.NETWORK))
    for key, port, hosts in (("port", iscsi.port, gateways), ("vip_port", iscsi.vip_port, balancers)):
        owner = _owner(site, ceph, port, hosts)
        if owner:
            default = Iscsi.model_fields[key].default
            yield Problem(where(*_PLACE, key), f"{port} is {owner}. Use another, such as {default}.")
    shared = [host for host in site.hosts if host in gateways & balancers]
    if iscsi.port == iscsi.vip_port and shared:
        yield Problem(
            where(*_PLACE, "vip_port"),
            f"{iscsi.port} is where the gateway on {shared[0]} listens, and HAProxy is there, too. Use two numbers.",
        )
    if _LVM in site.services and gateways & set(site.hosts_with(CINDER)):
        yield Problem(
            where("services", site.services.index(_LVM)),
            f"{_LVM!r} listens on {PORTAL} on a host that has an iSCSI gateway, too. Move one of them.",
        )


def _owner(site: Site, ceph: Ceph, port: int, hosts: set[str]) -> str | None:
    """Return whose a port is already on hosts that would listen there, None when it is nobody's."""
    if port in CEPH_PORTS:
        return f"a port of Ceph's {CEPH_PORTS[port]}"
    if port == PORTAL:
        return "iSCSI's own"
    if ceph.rgw is not None and port == ceph.rgw.port and hosts & set(site.hosts_with(ceph.rgw.role)):
        return "ceph.rgw.port, and the object gateways share hosts with these"
    if site.release in RELEASES and hosts & set(kolla_hosts(site)):
        for variable, taken in ports(site.release).items():
            if taken == port:
                return f"kolla-ansible's {variable}, whose containers share hosts with these"
    return None
