"""Override files for kolla-ansible's ``config`` folder, where upstream has no variable.

Source: kolla-ansible, role ``neutron``, ``tasks/config.yml`` and ``templates/ml2_conf.ini.j2``.
"""

from __future__ import annotations

from armature.compile.iscsi import iscsi_config_files
from armature.compile.kolla_ceph import ceph_config_files
from armature.compile.kolla_ironic import ironic_config_files
from armature.compile.volume_types import volume_type_config_files
from armature.model import Purpose, Site

GENEVE_OVERHEAD = 78
"""Bytes around a packet in a Geneve tunnel over IPv6, as Neutron counts them: 40 for IPv6 and ``max_header_size`` 38.

Source: RFC 8926 (Ethernet 14, UDP 8, Geneve 8) and OVN's one option of 8; neutron, ``ml2/drivers/type_tunnel.py``.
"""


def config_files(site: Site) -> dict[str, str]:
    """Return path below ``config/`` -> text.

    MTUs, all in bytes: ``path_mtu`` gives virtual machines ``tenant_mtu`` on tunnels, ``physical_network_mtus`` each
    provider network its own; ``global_physnet_mtu`` bounds both, so it is the largest.
    """
    providers = {name: site.networks[name].mtu for name in site.networks_for(Purpose.PROVIDER)}
    path_mtu = site.tenant_mtu + GENEVE_OVERHEAD
    ml2 = ["[ml2]", f"path_mtu = {path_mtu}"]
    if providers:
        ml2.append("physical_network_mtus = " + ",".join(f"{name}:{mtu}" for name, mtu in providers.items()))
    neutron = ["[DEFAULT]", f"global_physnet_mtu = {max(path_mtu, *providers.values(), 0)}"]
    files = {"neutron.conf": "\n".join(neutron) + "\n", "neutron/ml2_conf.ini": "\n".join(ml2) + "\n"}
    parts = (ceph_config_files, volume_type_config_files, iscsi_config_files, ironic_config_files)
    for part in parts:
        files |= part(site)
    return files
