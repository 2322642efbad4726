"""Sites for the compiler's tests: one uses every part of the model, the others are it with a few words replaced."""

from __future__ import annotations

import re
from pathlib import Path

from baremetal_sites import baremetal_site
from ceph_sites import ceph_site, iscsi_site, one_host

from armature.load import site_from_text
from armature.model import Site

LAB = Path(__file__).parents[2] / "inventories" / "lab" / "site.yml"

FULL = """
name: full
prefix: 2001:db8:10::/48
domain: full.example
dns: [2001:db8::53, 2001:db8::54]
ntp: [ntp.full.example, 2001:db8::123]
ssh_user: deploy
networks:
  admin: {number: 0x1, purposes: [admin], mtu: 1500, gateway: 0x1}
  api: {number: 0x2, purposes: [api], vlan: 12}
  public: {number: 0x3, purposes: [public], vlan: 13, mtu: 1500}
  tunnel: {number: 0x4, purposes: [tunnel], vlan: 14}
  storage: {number: 0x5, purposes: [storage]}
  internet: {number: 0x6, purposes: [provider], vlan: 16, mtu: 1500, gateway: 0x1}
  lab: {number: 0x20, purposes: [provider], vlan: 17}
hardware:
  big:
    nics: [eno1, enp1s0f0, enp1s0f1, enp2s0f0, enp2s0f1]
    bonds:
      bond0: {nics: [enp1s0f0, enp1s0f1]}
      bond1: {nics: [enp2s0f0, enp2s0f1], mode: active-backup}
    networks: {admin: eno1, api: bond0, public: bond0, tunnel: bond0, internet: bond0, lab: bond0, storage: bond1}
  amd:
    arch: x86_64
    nics: [eno1, eno2]
    networks: {admin: eno1, api: eno2, tunnel: eno2, internet: eno2}
  disks:
    nics: [eno1, eno2]
    networks: {admin: eno1, storage: eno2}
hosts:
  ctl-0: {number: 0x10, hardware: big, roles: [control, network, monitoring], macs: {eno1: "02:00:00:00:00:01"}}
  ctl-1: {number: 0x11, hardware: big, roles: [control, network, monitoring]}
  ctl-2: {number: 0x12, hardware: big, roles: [control, network, monitoring]}
  cmp-0: {number: 0x20, hardware: big, roles: [compute]}
  cmp-1: {number: 0x21, hardware: amd, roles: [compute]}
  sto-0: {number: 0x30, hardware: disks, roles: [storage]}
  sto-1: {number: 0x31, hardware: disks, roles: [storage]}
  sto-2: {number: 0x32, hardware: disks, roles: [storage]}
vips:
  internal: {number: 0xf0, name: internal.full.example}
  external: {number: 0xf1, name: cloud.full.example}
  virtual_router_id: 77
images:
  registry: registry.full.example:5000
  namespace: mirror/kolla
  lock:
    aarch64:
      neutron-server: sha256:DIGEST
      nova-api: sha256:DIGEST
services: [heat]
kolla_overrides: {nova_console: spice}
""".replace("DIGEST", "ab" * 32)


def full(**replaced: str) -> Site:
    """Return the full site, with every ``key=text`` in place of what the site says for the key."""
    kept = [block for block in re.split(r"^(?=\S)", FULL, flags=re.MULTILINE) if block.split(":")[0] not in replaced]
    text = "".join([*kept, *(f"{key}: {value}\n" for key, value in replaced.items())])
    return site_from_text(text, Path("full.yml"))


def lab() -> Site:
    """Return the embedded site."""
    return site_from_text(LAB.read_text(), LAB)


def every() -> dict[str, Site]:
    """Return sites that between them take every path of the compiler."""
    return {
        "lab": lab(),
        "full": full(),
        "podman": full(container_engine="podman"),
        "rocky": full(host_distribution="rocky-10"),
        "2025.1": full(release='"2025.1"', host_distribution="debian-bookworm"),
        "ceph": ceph_site(),
        "iscsi": iscsi_site(),
        "ceph on one host": one_host(),
        "bare metal": baremetal_site(),
        "generated": full(tls="{certificate: generated, backend: true}"),
    }
