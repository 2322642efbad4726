"""Pools: whether their copies fit, and whether those are there that OpenStack needs."""

from __future__ import annotations

from collections.abc import Iterator

from armature.ceph import RGW_DATA, groups_on, osd_hosts
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
    """Yield problems of ``ceph.pools`` and ``ceph.rgw.pool``; what only their own values decide comes first."""
    for name, user in needed_pools(site).items():
        if name not in ceph.pools:
            yield Problem("ceph.pools", f"there is no pool {name!r}, which {user} needs. Add {name}: {{}}.")
        elif ceph.pools[name].application != "rbd":
            yield Problem(
                where("ceph", "pools", name, "application"),
                f"'{ceph.pools[name].application}' is not what {user} uses. Use rbd, or leave the key out.",
            )
    for place, _name, pool in _described(ceph):
        yield from _numbers(place, pool)
        yield from _device_class(ceph, place, pool)
    yield from _overlaps(ceph)
    if ungrouped_hosts(site) or any(site.hosts[host].hardware not in site.hardware for host in osd_hosts(site)):
        return  # a problem of its own, without which there would be more OSDs
    for place, _name, pool in _described(ceph):
        yield from _copies(site, place, pool)
    yield from _hosts_without_rack(site, ceph)


def _described(ceph: Ceph) -> list[tuple[tuple[str, ...], str, Pool]]:
    """Return where each description of a pool stands, the name of its pool or the largest of its pools, and itself."""
    found: list[tuple[tuple[str, ...], str, Pool]] = [
        (("ceph", "pools", name), name, pool) for name, pool in ceph.pools.items()
    ]
    return found if ceph.rgw is None else [*found, (("ceph", "rgw", "pool"), RGW_DATA, ceph.rgw.pool)]


def _numbers(place: tuple[str, ...], pool: Pool) -> Iterator[Problem]:
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


def _device_class(ceph: Ceph, place: tuple[str, ...], pool: Pool) -> Iterator[Problem]:
    known = [*DEVICE_CLASSES, *(group.device_class for group in ceph.osds.values() if group.device_class is not None)]
    known = list(dict.fromkeys(known))
    if pool.device_class is not None and pool.device_class not in known:
        yield Problem(
            where(*place, "device_class"),
            f"no group gives its OSDs the class {pool.device_class!r}. {did_you_mean(pool.device_class, known)}",
        )


def _overlaps(ceph: Ceph) -> Iterator[Problem]:
    """Ceph scales no pool while the OSDs of one are some of another's.

    Source: ceph 18.2.7, mgr/pg_autoscaler/module.py, identify_subtrees_and_overlaps.
    """
    described = _described(ceph)
    classes = {name: pool.device_class for _place, name, pool in described if pool.device_class is not None}
    if not classes or all(pool.autoscale == "off" for _place, _name, pool in described):
        return
    first, chosen = next(iter(classes.items()))
    for place, name, _pool in described:
        if name not in classes:
            yield Problem(
                where(*place, "device_class"),
                f"missing, and the pool {first!r} has one: Ceph scales no pool that shares some OSDs with another. "
                "Give every pool a class, or none.",
            )
    if _OF_CEPH not in ceph.pools:
        yield Problem(
            "ceph.pools",
            f"Ceph's own pool {_OF_CEPH!r} is on OSDs of every class, and {first!r} on some of them: Ceph would scale "
            f"none. Add {_OF_CEPH}: {{application: mgr, device_class: {chosen}}}.",
        )


def _copies(site: Site, place: tuple[str, ...], pool: Pool) -> Iterator[Problem]:
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
    yield Problem(where(*place, "size"), f"{what[domain]}. Lower the size, or {_WIDER[domain]}.")


def _may_keep(site: Site, host: str, pool: Pool) -> bool:
    """Return whether a host has OSDs of the pool's class, as far as the groups say."""
    classes = {group.device_class for group in groups_on(site, site.hosts[host].hardware).values()}
    return pool.device_class is None or bool(classes & {None, pool.device_class})


def _hosts_without_rack(site: Site, ceph: Ceph) -> Iterator[Problem]:
    over_racks = [name for _place, name, pool in _described(ceph) if pool.failure_domain is FailureDomain.RACK]
    if not over_racks:
        return
    for host in osd_hosts(site):
        if site.hosts[host].rack is None:
            yield Problem(
                where("hosts", host, "rack"),
                f"missing, and the pool {over_racks[0]!r} is spread over racks. Write the name of the host's rack.",
            )
