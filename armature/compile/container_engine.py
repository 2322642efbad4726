"""The container engine's configuration.

Source: dockerd(8), containers.conf(5), containers-registries.conf(5); kolla-ansible's ``openstack.kolla.docker`` role.
"""

from __future__ import annotations

import json

from armature.model import ContainerEngine, Site

_LOG_BYTES = 50 * 1024 * 1024
_LOG_FILES = 5


def container_engine_files(site: Site, host: str) -> dict[str, str]:
    """Return path -> text of the engine's files on ``host``; raises KeyError for an unknown host.

    Every container has the host's network: Docker makes no bridge and leaves packet filter and forwarding alone.
    """
    _ = site.hosts[host]
    return _docker() if site.container_engine is ContainerEngine.DOCKER else _podman(site)


def _docker() -> dict[str, str]:
    daemon = {
        "bridge": "none",
        "ip-forward": False,
        "ip6tables": False,
        "iptables": False,
        # A new configuration or version of Docker must not stop the cloud.
        "live-restore": True,
        "log-driver": "json-file",
        "log-opts": {"max-file": str(_LOG_FILES), "max-size": str(_LOG_BYTES)},
    }
    return {"/etc/docker/daemon.json": json.dumps(daemon, indent=2) + "\n"}


def _podman(site: Site) -> dict[str, str]:
    containers = f"""# Written by Armature.
[containers]
log_size_max = {_LOG_BYTES}
# Libvirt's container holds every virtual machine of a hypervisor.
pids_limit = 0
"""
    registries = """# Written by Armature.
# An image that is not named in full is one that was loaded into this host.
unqualified-search-registries = []
"""
    if site.images.registry is not None:
        registries += f'\n[[registry]]\nlocation = "{site.images.registry}"\n'
    return {
        "/etc/containers/containers.conf.d/10-armature.conf": containers,
        "/etc/containers/registries.conf.d/10-armature.conf": registries,
    }
