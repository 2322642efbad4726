"""Kernel modules and settings of a host.

Source: kolla-ansible 22.2.0, ``config-host.yml`` of the roles ``openvswitch``, ``nova-cell``, ``loadbalancer`` and
``neutron``; Linux, Documentation/networking/ip-sysctl.rst and inotify(7).
"""

from __future__ import annotations

from armature.iscsi import MODULES
from armature.model import Role, Site

FILE = "10-armature.conf"
"""Name of Armature's file in /etc/modules-load.d and /etc/sysctl.d."""

_MODULES = {
    Role.NETWORK: ("openvswitch", "ip_vs"),
    Role.COMPUTE: ("openvswitch", "br_netfilter"),
    Role.ISCSI_GATEWAY: MODULES,
}

_ALWAYS = {
    # Every container watches its configuration; the kernel's 128 instances are used up by a few dozen.
    "fs.inotify.max_user_instances": "8192",
    "fs.inotify.max_user_watches": "524288",
    # Addresses and routes are the site's plan; a router's announcement must not add to them.
    "net.ipv6.conf.all.accept_ra": "0",
    "net.ipv6.conf.default.accept_ra": "0",
    "net.ipv6.conf.all.accept_redirects": "0",
    "net.ipv6.conf.default.accept_redirects": "0",
}

_NEIGHBOURS = {
    # A flat network of a thousand hosts and their virtual machines overflows the kernel's 1024 neighbours.
    "net.ipv6.neigh.default.gc_thresh1": "1024",
    "net.ipv6.neigh.default.gc_thresh2": "28672",
    "net.ipv6.neigh.default.gc_thresh3": "32768",
}

_SETTINGS = {
    Role.NETWORK: {
        # HAProxy binds the VIP also where keepalived does not hold it.
        "net.ipv6.ip_nonlocal_bind": "1",
        "net.unix.max_dgram_qlen": "128",
        **_NEIGHBOURS,
    },
    Role.COMPUTE: {
        "net.bridge.bridge-nf-call-ip6tables": "1",
        **_NEIGHBOURS,
    },
}


def kernel_modules(site: Site, host: str) -> list[str]:
    """Return the modules that ``host`` loads at boot, sorted; raises KeyError for an unknown host."""
    return sorted({module for role in site.hosts[host].roles for module in _MODULES.get(role, ())})


def sysctl(site: Site, host: str) -> dict[str, str]:
    """Return the kernel settings of ``host``, name -> value; raises KeyError for an unknown host."""
    settings = dict(_ALWAYS)
    for role in site.hosts[host].roles:
        settings |= _SETTINGS.get(role, {})
    return settings


def kernel_files(site: Site, host: str) -> dict[str, str]:
    """Return path -> text of the files that keep modules and settings across boots.

    Source: modules-load.d(5), sysctl.d(5).
    """
    head = "# Written by Armature.\n"
    settings = "".join(f"{name} = {value}\n" for name, value in sysctl(site, host).items())
    modules = "".join(f"{name}\n" for name in kernel_modules(site, host))
    files = {f"/etc/sysctl.d/{FILE}": head + settings}
    return files | ({f"/etc/modules-load.d/{FILE}": head + modules} if modules else {})
