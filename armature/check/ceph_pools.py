"""Pools: whether their copies fit, and whether those are there that OpenStack needs."""

from __future__ import annotations

from collections.abc import Iterator

from armature.ceph import groups_on, osd_hosts
from armature.ceph_model import Ceph, FailureDomain, Pool
from armature.check.ceph_osds import known_osds, ungrouped_hosts
from armature.compile.ceph_pools import needed_pools
from armature.errors import Problem, did_you_mean, where
from armature.model import Site

DEVICE_CLASSES = ("hdd", "ssd", "nvme")
"""What Ceph calls disks by itself. Source: Ceph, CRUSH Maps, device classes."""

_OF_CEPH = ".mgr"
"""Where Ceph's managers keep what they know."""

_WIDER = {
    FailureDomain.OSD: "add disks",
    FailureDomain.HOST: "use the failure domain osd",
    FailureDomain.RACK: "use the failure domain host",
}


def pool_problems(site: Site, ceph: Ceph) -> Iterator[Problem]:
    """Yield problems of ``ceph.pools``; what only its own values decide comes first."""
    for name, user in needed_pools(site).items():
        if name not in ceph.pools:
            yield Problem("ceph.pools", f"there is no pool {name!r}, which {user} needs. Add {name}: {{}}.")
        elif ceph.pools[name].application != "rbd":
            yield Problem(
                where("ceph", "pools", name, "application"),
                f"'{ceph.pools[name].application}' is not what {user} uses. Use rbd, or leave the key out.",
            )
    for name, pool in ceph.pools.items():
        yield from _numbers(name, pool)
        yield from _device_class(ceph, name, pool)
    yield from _overlaps(ceph)
    if ungrouped_hosts(site) or any(site.hosts[host].hardware not in site.hardware for host in osd_hosts(site)):
        return  # a problem of its own, without which there would be more OSDs
    for name, pool in ceph.pools.items():
        yield from _copies(site, name, pool)
    yield from _hosts_without_rack(site, ceph)


def _numbers(name: str, pool: Pool) -> Iterator[Problem]:
    place = ("ceph", "pools", name)
    if pool.size == 1:
        yield Problem(where(*place, "size"), "one copy is lost with its disk. Use 2 at least, better 3.")
    if pool.min_size is not None and pool.min_size > pool.size:
        yield Problem(
            where(*place, "min_size"),
            f"{pool.min_size} copies must be there for a write, and there are {pool.size}. Use {pool.size} at most.",
        )
    if pool.pg_num is None:
        return
    if pool.pg_num & (pool.pg_num - 1):
        below = 1 << (pool.pg_num.bit_length() - 1)
        yield Problem(
            where(*place, "pg_num"), f"{pool.pg_num} is no power of two. Use one such as {below} or {2 * below}."
        )
    if pool.autoscale == "on":
        yield Problem(
            where(*place, "pg_num"),
            f"autoscale is on, and Ceph would change {pool.pg_num}. Leave pg_num out, or set autoscale to warn.",
        )


def _device_class(ceph: Ceph, name: str, pool: Pool) -> Iterator[Problem]:
    known = [*DEVICE_CLASSES, *(group.device_class for group in ceph.osds.values() if group.device_class is not None)]
    known = list(dict.fromkeys(known))
    if pool.device_class is not None and pool.device_class not in known:
        yield Problem(
            where("ceph", "pools", name, "device_class"),
            f"no group gives its OSDs the class {pool.device_class!r}. {did_you_mean(pool.device_class, known)}",
        )


def _overlaps(ceph: Ceph) -> Iterator[Problem]:
    """Ceph scales no pool while the OSDs of one are some of another's.

    Source: ceph 18.2.7, mgr/pg_autoscaler/module.py, identify_subtrees_and_overlaps.
    """
    classes = {name: pool.device_class for name, pool in ceph.pools.items() if pool.device_class is not None}
    if not classes or all(pool.autoscale == "off" for pool in ceph.pools.values()):
        return
    first, chosen = next(iter(classes.items()))
    for name in ceph.pools:
        if name not in classes:
            yield Problem(
                where("ceph", "pools", name, "device_class"),
                f"missing, and the pool {first!r} has one: Ceph scales no pool that shares some OSDs with another. "
                "Give every pool a class, or none.",
            )
    if _OF_CEPH not in ceph.pools:
        yield Problem(
            "ceph.pools",
            f"Ceph's own pool {_OF_CEPH!r} is on OSDs of every class, and {first!r} on some of them: Ceph would scale "
            f"none. Add {_OF_CEPH}: {{application: mgr, device_class: {chosen}}}.",
        )


def _copies(site: Site, name: str, pool: Pool) -> Iterator[Problem]:
    """Each copy needs a failure domain of its own with OSDs that may keep it."""
    hosts = [host for host in osd_hosts(site) if _may_keep(site, host, pool)]
    racks = {site.hosts[host].rack for host in hosts}
    counts = {
        FailureDomain.OSD: known_osds(site, hosts, pool.device_class),
        FailureDomain.HOST: len(hosts),
        FailureDomain.RACK: None if None in racks else len(racks),
    }
    count, domain = counts[pool.failure_domain], pool.failure_domain
    if count is None or pool.size <= count or pool.size == 1:
        return
    there = f"there {'is' if count == 1 else 'are'} {count}"
    of_class = f" of the class {pool.device_class}" if pool.device_class is not None else ""
    what = {
        FailureDomain.OSD: f"{pool.size} copies want {pool.size} OSDs{of_class}, and {there}",
        FailureDomain.HOST: f"{pool.size} copies want {pool.size} hosts with OSDs{of_class}, and {there}",
        FailureDomain.RACK: f"{pool.size} copies want {pool.size} racks with OSDs{of_class}, and {there}",
    }
    yield Problem(where("ceph", "pools", name, "size"), f"{what[domain]}. Lower the size, or {_WIDER[domain]}.")


def _may_keep(site: Site, host: str, pool: Pool) -> bool:
    """Return whether a host has OSDs of the pool's class, as far as the groups say."""
    classes = {group.device_class for group in groups_on(site, site.hosts[host].hardware).values()}
    return pool.device_class is None or bool(classes & {None, pool.device_class})


def _hosts_without_rack(site: Site, ceph: Ceph) -> Iterator[Problem]:
    over_racks = [name for name, pool in ceph.pools.items() if pool.failure_domain is FailureDomain.RACK]
    if not over_racks:
        return
    for host in osd_hosts(site):
        if site.hosts[host].rack is None:
            yield Problem(
                where("hosts", host, "rack"),
                f"missing, and the pool {over_racks[0]!r} is spread over racks. Write the name of the host's rack.",
            )
