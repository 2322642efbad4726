"""Object gateways: their hosts, their port, and who else speaks of them."""

from __future__ import annotations

from collections.abc import Iterator

from armature.ceph import rgw_hosts, rgw_pools
from armature.ceph_model import Ceph, Rgw
from armature.check.common import listed
from armature.compile.data import ports
from armature.compile.kolla_groups import kolla_hosts
from armature.errors import Problem, where
from armature.model import Purpose, Role, Site
from armature.release import RELEASES

_PLACE = where("ceph", "rgw", "role")

_WHY = {
    Purpose.STORAGE: "where a gateway reaches the rest of Ceph",
    Purpose.API: "where a gateway listens and asks Keystone",
}
"""Purposes of the networks that gateways need -> why; of a network with both the last one is told."""

CEPH_PORTS = {
    **dict.fromkeys((3300, 6789), "monitors"),
    **dict.fromkeys(range(6800, 7569), "OSDs and managers"),
    **dict.fromkeys((8765, 9283), "managers"),
}
"""Source: Ceph 18.2.7, ``ms_bind_port_min`` and ``ms_bind_port_max``; cephadm's and prometheus' modules."""

_FOLLOWING = ("ceph_rgw", "ceph_rgw_loadbalancer")
"""Services of kolla-ansible that are on with gateways."""


def rgw_problems(site: Site, ceph: Ceph) -> Iterator[Problem]:
    """Yield problems of ``ceph.rgw``; those of its pool are judged with all pools."""
    if ceph.rgw is None:
        return
    yield from _hosts(site, ceph.rgw)
    yield from _port(site, ceph.rgw)
    own = rgw_pools(site)
    for name in ceph.pools:
        if name in own:
            yield Problem(
                where("ceph", "pools", name),
                f"{name!r} is the object gateways' and follows from ceph.rgw.pool. Remove it.",
            )
    for index, service in enumerate(site.services):
        if service in _FOLLOWING:
            yield Problem(where("services", index), f"{service!r} follows from ceph.rgw. Remove it.")


def _hosts(site: Site, rgw: Rgw) -> Iterator[Problem]:
    hosts = rgw_hosts(site)
    if not hosts and rgw.role is not Role.CONTROL:  # a site without controllers is a problem already
        yield Problem(_PLACE, f"no host has the role '{rgw.role}'. Use a role that hosts have.")
    if any(site.hosts[host].hardware not in site.hardware for host in hosts):
        return  # a problem of its own
    needed = {network: purpose for purpose in _WHY for network in site.networks_for(purpose)}
    for network, purpose in needed.items():
        absent = [host for host in hosts if network not in site.hardware_of(host).networks]
        if absent:
            yield Problem(
                _PLACE,
                f"{_some(absent)} {'has' if len(absent) == 1 else 'have'} the role '{rgw.role}' and "
                f"{'is' if len(absent) == 1 else 'are'} not on the network {network!r} ({purpose}), {_WHY[purpose]}. "
                "Use a role whose hosts are there, or add the network to their hardware.",
            )


def _some(hosts: list[str]) -> str:
    return listed(hosts) if len(hosts) <= 3 else f"{', '.join(hosts[:3])} and {len(hosts) - 3} more"


def _port(site: Site, rgw: Rgw) -> Iterator[Problem]:
    place = where("ceph", "rgw", "port")
    if rgw.port in CEPH_PORTS:
        yield Problem(place, f"{rgw.port} is a port of Ceph's {CEPH_PORTS[rgw.port]}. Use another, such as 8080.")
        return
    if site.release not in RELEASES:
        return  # a problem of its own
    both = [host for host in kolla_hosts(site) if host in rgw_hosts(site)]
    for variable, port in ports(site.release).items():
        if port == rgw.port and both:
            yield Problem(
                place,
                f"{port} is kolla-ansible's {variable}, and {both[0]} has containers of kolla-ansible's, too. "
                "Use another, such as 8080.",
            )
            return
