"""Ceph: its hosts, image, disks to wipe and configuration; groups of OSDs and pools have modules of their own."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

from armature.ceph import image, osd_hosts, registry_of
from armature.ceph_model import Ceph
from armature.check.ceph_osds import osd_problems
from armature.check.ceph_pools import pool_problems
from armature.check.ceph_rgw import rgw_problems
from armature.check.common import listed, repeated
from armature.check.images import registry_defect
from armature.check.iscsi import iscsi_problems
from armature.compile.ceph_conf import OWN_OPTIONS
from armature.compile.ceph_rgw import RGW_OPTIONS
from armature.errors import Problem, did_you_mean, quote, where
from armature.model import Role, Site

MONITORS = (1, 3, 5, 7)
"""Half of an even number is no quorum; more than seven only slow each other. Source: Ceph, Monitor Config Reference."""

_NAME = r"[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*"
_IMAGE = re.compile(rf"{_NAME}(?:/{_NAME})*(?P<version>(?::\w[\w.-]{{0,127}})?(?:@sha256:[0-9a-f]{{64}})?)", re.ASCII)
"""Source: github.com/distribution/reference, regexp.go, without the registry."""


def ceph_problems(site: Site) -> Iterator[Problem]:
    """Yield problems of the section ``ceph``, seen by itself and with the site's hosts, hardware and services."""
    if site.ceph is None:
        return
    yield from _image(site)
    yield from _daemons(site, site.ceph)
    yield from osd_problems(site, site.ceph)
    yield from _wipe(site, site.ceph)
    yield from pool_problems(site, site.ceph)
    yield from rgw_problems(site, site.ceph)
    yield from iscsi_problems(site, site.ceph)
    yield from _config(site.ceph)
    yield from _racks(site)


def _image(site: Site) -> Iterator[Problem]:
    name = image(site)
    registry = registry_of(name)
    if registry is not None and (message := registry_defect(registry)):
        yield Problem("ceph.image", message)
        return
    matched = _IMAGE.fullmatch(name if registry is None else name.removeprefix(f"{registry}/"))
    if matched is None:
        yield Problem("ceph.image", f"{quote(name)} is no image. Write one such as quay.io/ceph/ceph:v18.2.7.")
    elif not matched["version"]:
        yield Problem("ceph.image", f"{quote(name)} names no version. Add a tag or a digest.")


def _daemons(site: Site, ceph: Ceph) -> Iterator[Problem]:
    for daemon, role in (("mon", ceph.mon), ("mgr", ceph.mgr)):
        if role is not Role.CONTROL and not site.hosts_with(role):  # a site without controllers is a problem already
            yield Problem(f"ceph.{daemon}", f"no host has the role '{role}'. Use a role that hosts have.")
    monitors = site.hosts_with(ceph.mon)
    count = len(monitors)
    even_controllers = ceph.mon is Role.CONTROL and count % 2 == 0
    if count and count not in MONITORS and not even_controllers:
        yield Problem(
            "ceph.mon",
            f"{count} hosts have the role '{ceph.mon}' and would run a monitor each. "
            f"Use a role that {', '.join(map(str, MONITORS[:-1]))} or {MONITORS[-1]} hosts have.",
        )
    racks = {host.rack for host in site.hosts.values() if host.rack is not None}
    if count < 3 or len(racks) < 3:
        return
    for rack, there in Counter(site.hosts[name].rack for name in monitors).items():
        if rack is not None and there > count // 2:
            yield Problem(
                "ceph.mon",
                f"the rack {rack} has {there} of {count} monitors, and without it the rest are no quorum. "
                f"Put hosts with the role '{ceph.mon}' into other racks.",
            )


def _wipe(site: Site, ceph: Ceph) -> Iterator[Problem]:
    candidates = osd_hosts(site)
    for name, paths in ceph.wipe.items():
        place = ("ceph", "wipe", name)
        if name not in site.hosts:
            yield Problem(where(*place), f"unknown host {name!r}. {did_you_mean(name, candidates)}")
            continue
        if name not in candidates:
            yield Problem(where(*place), f"{name!r} has no OSDs, and none of its disks would be taken. Remove it.")
            continue
        hardware = site.hosts[name].hardware
        yield from repeated(paths, *place)
        if hardware not in site.hardware:
            continue  # a problem of its own
        disks = site.hardware[hardware].disks
        for index, path in enumerate(paths):
            if path not in disks:
                yield Problem(
                    where(*place, index),
                    f"{quote(path)} is no disk of the hardware {hardware!r}. "
                    f"Use a path of hardware.{hardware}.disks, or add it there.",
                )


def _config(ceph: Ceph) -> Iterator[Problem]:
    own = OWN_OPTIONS | (RGW_OPTIONS if ceph.rgw is not None else frozenset())
    for section, options in ceph.config.items():
        for option, value in options.items():
            place = where("ceph", "config", section, option)
            if option in own:
                yield Problem(place, "Armature sets this option. Remove it, and change what it follows from.")
            elif defect := _value_defect(value):
                yield Problem(place, f"{defect}. Write text on one line, a number or a boolean.")


def _value_defect(value: Any) -> str | None:
    if value is None:
        return "nothing stands here"
    if isinstance(value, dict | list):
        return f"{quote(value)} stands where a value belongs"
    if isinstance(value, str) and not value.isprintable():
        return f"{quote(value)} has more than one line or characters that cannot be printed"
    return None


def _racks(site: Site) -> Iterator[Problem]:
    """In CRUSH a name means one thing, whatever its type."""
    taken = {"default", *osd_hosts(site)}
    clashes: dict[str, list[str]] = {}
    for name in osd_hosts(site):
        rack = site.hosts[name].rack
        if rack in taken:
            clashes.setdefault(rack, []).append(name)
    for rack, names in clashes.items():
        what = "the root of all racks" if rack == "default" else "a host"
        yield Problem(
            where("hosts", names[0], "rack"),
            f"Ceph calls {what} {rack!r}, too ({listed(names)} {'is' if len(names) == 1 else 'are'} in that rack). "
            "Give the rack another name.",
        )
