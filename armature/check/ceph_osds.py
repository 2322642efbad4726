"""Groups of OSDs: their hosts, and which disks they take."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from armature.ceph import USES, free_disks, group_hosts, groups_on, osd_hosts, selections
from armature.ceph_model import Ceph, DiskFilter, OsdGroup
from armature.check.common import listed, repeated
from armature.compile.ceph_services import osd_services
from armature.errors import Problem, did_you_mean, quote, where
from armature.model import Role, Site

_KILOBYTES = {"K": 1, "M": 10**3, "G": 10**6, "T": 10**9}


class _Owner(NamedTuple):
    """Which group takes a disk, and what for."""

    group: str
    use: str

    def __str__(self) -> str:
        return f"{self.group} ({self.use})"


def osd_problems(site: Site, ceph: Ceph) -> Iterator[Problem]:
    """Yield problems of ``ceph.osds``, and of storage hosts that no group has."""
    for name, group in ceph.osds.items():
        yield from _hardware(site, name, group)
        for use in USES:
            if (wanted := getattr(group, use)) is not None:
                yield from _filter(site, name, group, use, wanted)
        yield from _method(site, name, group)
    for hardware in site.hardware:
        yield from _disks_of(site, hardware)
    yield from _services(site, ceph)
    if any(hardware not in site.hardware for group in ceph.osds.values() for hardware in group.hardware):
        return  # a mistyped one may be what a host has
    for host in ungrouped_hosts(site):
        if site.hosts[host].hardware in site.hardware:
            yield Problem(
                where("hosts", host, "hardware"),
                f"{site.hosts[host].hardware!r} is in no group of OSDs, and the host has the role 'storage'. Add it to "
                "the hardware of a group in ceph.osds, or take the role away.",
            )


def _hardware(site: Site, name: str, group: OsdGroup) -> Iterator[Problem]:
    place = ("ceph", "osds", name, "hardware")
    yield from repeated(group.hardware, *place)
    for index, hardware in enumerate(group.hardware):
        if hardware not in site.hardware:
            known = list(dict.fromkeys(site.hosts[host].hardware for host in site.hosts_with(Role.STORAGE)))
            yield Problem(
                where(*place, index),
                f"unknown hardware {hardware!r}. {did_you_mean(hardware, [x for x in known if x in site.hardware])}",
            )
    named = {*group.hardware, *(site.hosts[host].hardware for host in site.hosts_with(Role.STORAGE))}
    if named <= site.hardware.keys() and not group_hosts(site, name):  # else a mistyped one may be it
        yield Problem(
            where(*place),
            f"no host with the role 'storage' has the hardware {listed(map(repr, dict.fromkeys(group.hardware)))}. "
            "Give the role to one, or remove the group.",
        )


def _filter(site: Site, name: str, group: OsdGroup, use: str, wanted: DiskFilter) -> Iterator[Problem]:
    place = ("ceph", "osds", name, use)
    conditions = [key for key in ("model", "vendor", "size", "rotational") if getattr(wanted, key) is not None]
    if wanted.paths is None:
        if not conditions:
            yield Problem(
                where(*place),
                "the filter is empty, and Ceph takes none that says nothing of a disk. Write paths, or one of model, "
                "vendor, size and rotational, or leave the key out.",
            )
        if wanted.size is not None and _ends_before_it_begins(wanted.size):
            yield Problem(where(*place, "size"), f"{quote(wanted.size)} ends before it begins. Write LOW:HIGH.")
        return
    beside = [*conditions, *(["limit"] if wanted.limit is not None else [])]
    if beside:
        yield Problem(
            where(*place), f"paths stand beside {listed(beside)}, and Ceph takes either. Keep the paths or the filters."
        )
    for index, path in enumerate(wanted.paths):
        lacking = [x for x in group.hardware if x in site.hardware and path not in site.hardware[x].disks]
        if lacking:
            yield Problem(
                where(*place, "paths", index),
                f"{quote(path)} is no disk of the hardware {listed(map(repr, lacking))}. "
                f"Use a path of hardware.{lacking[0]}.disks, or add it there.",
            )


def _ends_before_it_begins(size: str) -> bool:
    low, colon, high = size.partition(":")
    return bool(low and colon and high) and _number(low) > _number(high)


def _number(size: str) -> int:
    """Return kilobytes, in steps of 1000.

    >>> _number("3TB")
    3000000000
    """
    digits = size.rstrip("KMGTB")
    return int(digits) * _KILOBYTES[size[len(digits)]]


def _method(site: Site, name: str, group: OsdGroup) -> Iterator[Problem]:
    """``ceph-volume raw prepare`` takes one disk of each kind. Source: ceph 18.2.7, ceph/deployment/translate.py."""
    if group.method != "raw":
        return
    place = ("ceph", "osds", name)
    if group.per_device > 1:
        yield Problem(
            where(*place, "per_device"), f"{group.per_device} OSDs share no raw disk. Use 1, or the method lvm."
        )
    hosts = group_hosts(site, name)
    for hardware in dict.fromkeys(site.hosts[host].hardware for host in hosts):
        if hardware not in site.hardware:
            continue
        paths = {use: chosen["paths"] for use, chosen in selections(site, name, hardware).items() if chosen}
        data = paths.pop("data")
        for use, others in paths.items():
            if data is not None and others is not None and len(data) != len(others):
                yield Problem(
                    where(*place, use),
                    f"the method raw wants a disk here for each data disk: {len(others)} for {len(data)} on the "
                    f"hardware {hardware!r}. List as many, or use the method lvm.",
                )


def _disks_of(site: Site, hardware: str) -> Iterator[Problem]:
    """Yield problems of disks that two take, and of groups that are left without any."""
    owners: dict[str, _Owner] = {}
    groups = groups_on(site, hardware)
    for name, group in groups.items():  # what is written first: it is not taken by those that take the rest
        for use in USES:
            wanted = getattr(group, use)
            for index, path in enumerate(() if wanted is None else wanted.paths or ()):
                owner = owners.setdefault(path, _Owner(name, use))
                if owner != (name, use) or path in wanted.paths[:index]:
                    yield Problem(
                        where("ceph", "osds", name, use, "paths", index),
                        f"{quote(path)} already belongs to {owner}. Use a disk once.",
                    )
    rest = free_disks(site, hardware)
    takers = [name for name, group in groups.items() if group.data is None]
    for name in takers:
        if not rest:
            why = "no group leaves one of its disks" if site.hardware[hardware].disks else "it has no disks"
            yield Problem(
                where("ceph", "osds", name),
                f"selects no disk of the hardware {hardware!r}: {why}. Add disks to hardware.{hardware}.disks, or say "
                "with data which to take.",
            )
        elif name != takers[0]:
            yield Problem(
                where("ceph", "osds", name),
                f"takes the disks of the hardware {hardware!r} that {takers[0]} takes: neither says with data which. "
                "Add data to one of them.",
            )


def _services(site: Site, ceph: Ceph) -> Iterator[Problem]:
    """Two groups may come to one name once the name of a hardware is added to it."""
    if not all(site.hosts[host].hardware in site.hardware for host in osd_hosts(site)):
        return
    owners: dict[str, str] = {}
    for name in ceph.osds:
        for service, _hosts, _disks in osd_services(site, name):
            if owners.setdefault(service, name) != name:
                yield Problem(
                    where("ceph", "osds", name),
                    f"its service and one of the group {owners[service]} are both called {service!r}. Rename one.",
                )


def ungrouped_hosts(site: Site) -> list[str]:
    """Return the hosts with the role storage that no group has."""
    grouped = set(osd_hosts(site))
    return [host for host in site.hosts_with(Role.STORAGE) if host not in grouped]


def known_osds(site: Site, hosts: list[str], device_class: str | None) -> int | None:
    """Return how many OSDs the paths of groups make on ``hosts``, or None when filters choose, so that nobody knows.

    Only groups count whose OSDs may have ``device_class``: those of another class do not.
    """
    count = 0
    for hardware, there in Counter(site.hosts[host].hardware for host in hosts).items():
        for name, group in groups_on(site, hardware).items():
            if device_class is not None and group.device_class not in (None, device_class):
                continue
            data = selections(site, name, hardware)["data"]
            if data is None or data["paths"] is None:
                return None
            count += there * len(data["paths"]) * group.per_device
    return count
