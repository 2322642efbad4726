"""chrony's configuration."""

from __future__ import annotations

from armature.model import Site


def chrony_conf(site: Site, host: str) -> str:
    """Return the text of ``host``'s chrony.conf. Without time servers chronyd runs and leaves the clock alone.

    Raises KeyError for an unknown host. Source: chrony.conf(5).
    """
    _ = site.hosts[host]
    lines = [
        "# Written by Armature.",
        *(f"server {server} iburst" for server in site.ntp),
        "driftfile /var/lib/chrony/chrony.drift",
        "logdir /var/log/chrony",
        "# A clock that is far off is set at start; later it is only slewed: databases and Ceph dislike steps.",
        "makestep 1 3",
        "rtcsync",
        "# Hosts are no time servers, and chronyc works on the local socket.",
        "port 0",
        "cmdport 0",
    ]
    return "\n".join(lines) + "\n"
