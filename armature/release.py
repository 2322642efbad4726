"""What differs between OpenStack releases, as answers to named questions. No version is compared anywhere else.

Source: metadata of the kolla-ansible wheels 20.6.0 and 22.2.0 (Requires-Python, Requires-Dist), their
roles/prechecks/vars/main.yml (hosts), roles/cinder/tasks/precheck.yml (coordination), group_vars (images, enable_*).
"""

from __future__ import annotations

from dataclasses import dataclass

from armature.model import Arch, HostDistribution
from armature.services import SERVICES_2025_1, SERVICES_2026_1


@dataclass(frozen=True, kw_only=True)
class Release:
    """One OpenStack release as Armature deploys it."""

    name: str
    """As kolla-ansible has it in ``openstack_release``."""
    kolla_ansible: str
    """Version of kolla-ansible on PyPI."""
    ansible: str
    """Version of the ansible bundle on PyPI: has an ansible-core that kolla-ansible accepts, and its collections."""
    python_minimum: tuple[int, int]
    """Least Python of the controller's venv."""
    host_distributions: tuple[HostDistribution, ...]
    image_distribution: str
    """Debian's name of the distribution inside the images."""
    coordination_services: tuple[str, ...]
    """Where Cinder's services may keep their locks: kolla-ansible wants one when several serve volumes of Ceph."""
    ironic_boot_script: str
    """What kolla-ansible calls the script that iPXE gets from ironic-dnsmasq."""
    haproxy_serves_database: bool
    """Whether HAProxy stands before the database when ProxySQL, the default of both releases, is switched off."""
    services: frozenset[str]
    """Every X of ``enable_X``, without those that are on at every site."""

    def image_tag(self, arch: Arch) -> str:
        """Return the tag that upstream gives this release's images for ``arch``.

        >>> release("2026.1").image_tag(Arch.AARCH64)
        '2026.1-debian-trixie-aarch64'
        """
        suffix = "-aarch64" if arch is Arch.AARCH64 else ""
        return f"{self.name}-debian-{self.image_distribution}{suffix}"


RELEASES = {
    release.name: release
    for release in (
        Release(
            name="2025.1",
            kolla_ansible="20.6.0",
            ansible="11.13.0",
            python_minimum=(3, 10),
            host_distributions=(
                HostDistribution.DEBIAN_BOOKWORM,
                HostDistribution.ROCKY_9,
                HostDistribution.ROCKY_10,
            ),
            image_distribution="bookworm",
            coordination_services=("valkey", "redis", "etcd"),
            ironic_boot_script="inspector.ipxe",
            haproxy_serves_database=True,
            services=SERVICES_2025_1,
        ),
        Release(
            name="2026.1",
            kolla_ansible="22.2.0",
            ansible="12.3.0",
            python_minimum=(3, 11),
            host_distributions=(
                HostDistribution.DEBIAN_BOOKWORM,
                HostDistribution.DEBIAN_TRIXIE,
                HostDistribution.ROCKY_10,
            ),
            image_distribution="trixie",
            coordination_services=("valkey", "etcd"),
            ironic_boot_script="ipa.ipxe",
            haproxy_serves_database=False,
            services=SERVICES_2026_1,
        ),
    )
}


def release(name: str) -> Release:
    """Return the release called ``name``; raises KeyError when Armature does not deploy it."""
    return RELEASES[name]
