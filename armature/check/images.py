"""Images: the registry's name, and locks."""

from __future__ import annotations

import re
from collections.abc import Iterator

from armature.check.common import ipv4_of, ipv6_of, listed
from armature.errors import Problem, did_you_mean, quote, where
from armature.model import Site
from armature.release import RELEASES
from armature.shape import is_domain_name

_PORT = re.compile(r"[1-9][0-9]{0,4}")


def image_problems(site: Site) -> Iterator[Problem]:
    """Yield problems of the section ``images``. A registry's form is distribution/reference's."""
    if site.images.registry is not None and (message := registry_defect(site.images.registry)):
        yield Problem("images.registry", message)
    if site.images.registry is None and any(site.images.lock.values()):
        yield Problem("images.lock", "a locked image is pulled, and there is no registry. Name one in images.registry.")
    present = {site.hardware[host.hardware].arch for host in site.hosts.values() if host.hardware in site.hardware}
    for arch in site.images.lock:
        if arch not in present and present:
            yield Problem(
                where("images", "lock", arch), f"no host is {arch}: hosts are {listed(sorted(present))}. Remove it."
            )
    if site.release in RELEASES:
        yield from _locked_names(site)


def registry_defect(registry: str) -> str | None:
    """Return what is wrong with a registry, and what to do, or None when nothing is."""
    host, colon, port = registry.rpartition(":")
    if not colon:
        host, port = registry, "443"
    if ipv6_of(registry) or ipv6_of(host):
        return f"{quote(registry)} is an IPv6 literal, which Docker refuses. Use a name, with a port if need be."
    if ipv4_of(host):
        return f"{quote(registry)} is an IPv4 address, and hosts have IPv6 only. Use a name, with a port if need be."
    if "://" in registry or "/" in registry:
        return f"{quote(registry)} is no registry. Write host or host:port; a path belongs into images.namespace."
    if "@" in registry:
        return f"{quote(registry)} is no registry. Write host or host:port; credentials belong into secrets/."
    if not is_domain_name(host) or not _PORT.fullmatch(port) or int(port) > 65535:
        return f"{quote(registry)} is no registry. Write host or host:port."
    return None


def _locked_names(site: Site) -> Iterator[Problem]:
    from armature.compile.kolla_inventory import known_images

    known = sorted(known_images(site.release))
    for arch, images in site.images.lock.items():
        for image in images:
            if image not in known:
                yield Problem(
                    where("images", "lock", arch, image),
                    f"release {site.release} has no image {image!r}. {did_you_mean(image, known)}",
                )
