"""Where bare-metal nodes find their metadata; docs/bare-metal.md says how it comes there.

Every function takes any site; one without Ironic has no such service.
"""

from __future__ import annotations

from armature.addresses import host_address
from armature.baremetal import conductors, network_of
from armature.model import Site

PORT = 8790
"""TCP port on conductors' hosts. Neither kolla-ansible nor Ceph has a service there."""


def metadata_urls(site: Site) -> dict[str, str]:
    """Return host -> where nodes find their metadata on it, each as good as the others.

    >>> from pathlib import Path
    >>> from armature.load import load_site
    >>> metadata_urls(load_site(Path("inventories/lab-baremetal/site.yml")))
    {'bm-1': 'http://[fd00:a12a:1ae:2::10]:8790'}
    """
    network = network_of(site)
    if network is None:
        return {}
    return {host: f"http://[{host_address(site, host, network)}]:{PORT}" for host in conductors(site)}
