"""The distribution inside the images."""

from __future__ import annotations

from armature.model import HostDistribution, Site


def base_distribution(site: Site) -> str:
    """Return the distribution inside the images: the hosts' own family, ``debian`` or ``rocky``."""
    rocky = site.host_distribution in (HostDistribution.ROCKY_9, HostDistribution.ROCKY_10)
    return "rocky" if rocky else "debian"
