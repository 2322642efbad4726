"""What goes to kolla-ansible: release, services, overrides."""

from __future__ import annotations

import re
from collections.abc import Iterator
from ipaddress import IPv6Network

from armature.check.common import repeated
from armature.errors import Problem, did_you_mean, quote, where
from armature.model import Arch, Hardware, Host, Network, Purpose, Role, Site
from armature.release import RELEASES
from armature.services import CORE

_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_MONITORING = frozenset({"prometheus", "grafana"})
"""Services that kolla-ansible runs in the group ``monitoring``. Source: kolla-ansible, ansible/inventory/multinode."""


def release_problems(site: Site) -> Iterator[Problem]:
    """Yield problems of ``release`` and of the hosts' distribution under it."""
    if site.release not in RELEASES:
        yield Problem("release", f"unknown release {quote(site.release)}. {did_you_mean(site.release, list(RELEASES))}")
        return
    supported = RELEASES[site.release].host_distributions
    if site.host_distribution not in supported:
        yield Problem(
            "host_distribution",
            f"release {site.release} does not run on '{site.host_distribution}'. Use one of {', '.join(supported)}.",
        )


def service_problems(site: Site) -> Iterator[Problem]:
    """Yield problems of the list ``services``."""
    yield from repeated(site.services, "services")
    known = RELEASES[site.release].services if site.release in RELEASES else None
    for index, service in enumerate(site.services):
        place = where("services", index)
        if service in CORE:
            yield Problem(place, f"{service!r} runs on every site. Remove it.")
        elif known is not None and service not in known:
            yield Problem(
                place, f"release {site.release} has no service {service!r}. {did_you_mean(service, sorted(known))}"
            )
        elif service in _MONITORING and not site.hosts_with(Role.MONITORING):
            yield Problem(
                place, f"{service!r} runs on hosts with the role 'monitoring', and there is none. Give it to a host."
            )


def override_problems(site: Site) -> Iterator[Problem]:
    """Yield problems of ``kolla_overrides``: keys that Armature sets too, and keys that are no variable's name."""
    if not site.kolla_overrides:
        return
    taken = _keys_set(site) if site.release in RELEASES else set()
    for key in site.kolla_overrides:
        if not _VARIABLE.fullmatch(key):
            yield Problem(
                where("kolla_overrides", key), f"{quote(key)} is no variable's name. Use letters, digits and _."
            )
        elif key in taken:
            yield Problem(
                where("kolla_overrides", key), "Armature sets this key. Remove it, and change what it follows from."
            )


def _keys_set(site: Site) -> set[str]:
    """Ask the compiler which variables it sets, on a sound plan: the site's own may have problems that stop it."""
    from armature.compile.kolla_globals import keys_set
    from armature.compile.kolla_inventory import known_images

    known = known_images(site.release)
    lock = {arch: {name: images[name] for name in images.keys() & known} for arch, images in site.images.lock.items()}
    return keys_set(site.model_copy(update={**_SOUND_PLAN, "images": site.images.model_copy(update={"lock": lock})}))


_SOUND_PLAN = {
    "prefix": IPv6Network("fd00:1::/48"),
    "networks": {
        "all": Network(number=1, purposes=tuple(set(Purpose) - {Purpose.PROVIDER})),
        "provider": Network(number=2, purposes=(Purpose.PROVIDER,)),
    },
    "hardware": {
        arch.name.lower().replace("_", "-"): Hardware(
            arch=arch, nics=("a", "b"), networks={"all": "a", "provider": "b"}
        )
        for arch in Arch
    },
    "hosts": {
        f"host-{number}": Host(number=number, hardware=arch.name.lower().replace("_", "-"), roles=tuple(Role))
        for number, arch in enumerate(Arch, start=1)
    },
}
"""Every purpose, architecture and role, once."""
