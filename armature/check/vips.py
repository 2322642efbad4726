"""VIPs: their names."""

from __future__ import annotations

from collections.abc import Iterator

from armature.errors import Problem, quote, where
from armature.model import Site


def vip_problems(site: Site) -> Iterator[Problem]:
    """Yield problems of the VIPs' names; their numbers are judged with all numbers."""
    hosts = {f"{name}.{site.domain}": name for name in (*site.hosts, *site.baremetal)}
    names: dict[str, str] = {}
    for kind, vip in (("internal", site.vips.internal), ("external", site.vips.external)):
        if vip is None:
            continue
        place = where("vips", kind, "name")
        if vip.name.rpartition(".")[2].isdigit():
            yield Problem(place, f"{quote(vip.name)} ends in a number, like an IPv4 address. Use a domain name.")
        elif vip.name in hosts or vip.name in site.hosts:
            yield Problem(
                place, f"{quote(vip.name)} is the name of the host {hosts.get(vip.name, vip.name)}. Choose another."
            )
        elif vip.name in names:
            yield Problem(
                place,
                f"{quote(vip.name)} is the name of the {names[vip.name]} VIP. Choose another: the addresses differ.",
            )
        names.setdefault(vip.name, kind)
