"""/etc/hosts and /etc/resolv.conf."""

from __future__ import annotations

from armature.addresses import host_address, vip_address
from armature.compile.links import name_network
from armature.model import Site

_HEAD = """# Written by Armature.
::1 localhost ip6-localhost ip6-loopback
ff02::1 ip6-allnodes
ff02::2 ip6-allrouters
"""


def hosts_file(site: Site, host: str) -> str:
    """Return the text of ``host``'s /etc/hosts: every host of the site by its API address, and the VIPs.

    The short name comes first, so that it is the canonical one. The text is the same on every host.

    Raises KeyError for an unknown host. Source: hosts(5).
    """
    _ = site.hosts[host]
    return site_hosts_file(site)


def site_hosts_file(site: Site) -> str:
    """Return the text of the site's /etc/hosts, which all hosts share."""
    networks = ((name, name_network(site, name)) for name in site.hosts)
    lines = [
        f"{host_address(site, name, net)} {name} {name}.{site.domain}" for name, net in networks if net is not None
    ]
    lines.append(f"{vip_address(site, 'internal')} {site.vips.internal.name}")
    if site.vips.external is not None:
        lines.append(f"{vip_address(site, 'external')} {site.vips.external.name}")
    return _HEAD + "\n".join(lines) + "\n"


def resolv_conf(site: Site) -> str | None:
    """Return the text of /etc/resolv.conf, or None when the site names no DNS servers. Source: resolv.conf(5)."""
    if not site.dns:
        return None
    lines = ["# Written by Armature.", f"search {site.domain}", *(f"nameserver {server}" for server in site.dns)]
    return "\n".join(lines) + "\n"
