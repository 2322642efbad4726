"""Sites with Ceph for tests: the sound one of tests/negative, with a few words replaced."""

from __future__ import annotations

from pathlib import Path

from armature.errors import SiteError
from armature.load import site_from_text
from armature.model import Site

GOOD = (Path(__file__).parents[1] / "negative" / "good_ceph.yml").read_text()
FILE = Path("good.yml")

OSDS = GOOD[GOOD.index("    slow:\n") : GOOD.index("  wipe:\n")]
POOLS = GOOD[GOOD.index("    images:") : GOOD.index("  config:\n")]


def ceph_site(*edits: tuple[str, str]) -> Site:
    """Return the site with each old text, which stands in it once, replaced by the new one."""
    return site_from_text(_edited(edits), FILE)


def iscsi_site(iscsi: str = "{}", *edits: tuple[str, str]) -> Site:
    """Return the site with two iSCSI gateways, of which one is no host of Ceph's otherwise."""
    return ceph_site(
        ("  config:\n", f"  iscsi: {iscsi}\n  config:\n"),
        ("  cmp-1:", "  igw-1: {number: 0x41, rack: r1, hardware: server, roles: [iscsi_gateway]}\n  cmp-1:"),
        ("hardware: flash, roles: [storage]", "hardware: flash, roles: [storage, iscsi_gateway]"),
        *edits,
    )


def problems_of(*edits: tuple[str, str]) -> list[str]:
    """Return the paths of the problems of the edited site."""
    try:
        site_from_text(_edited(edits), FILE)
    except SiteError as error:
        return [problem.path for problem in error.problems]
    return []


def _edited(edits: tuple[tuple[str, str], ...]) -> str:
    text = GOOD
    for old, new in edits:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return text


ONE_HOST = """
name: one
prefix: fd00:1::/48
domain: one.test
networks:
  api: {number: 0x1, purposes: [admin, api, tunnel, storage], gateway: 0x1}
  external: {number: 0x2, purposes: [provider]}
hardware:
  all:
    arch: x86_64
    nics: [nic0, nic1]
    networks: {api: nic0, external: nic1}
    disks: [/dev/disk/by-path/a, /dev/disk/by-path/b]
hosts:
  one-1: {number: 0x10, hardware: all, roles: [control, network, compute, storage]}
vips:
  internal: {number: 0x100, name: cloud.one.test}
services: [cinder]
ceph:
  fsid: 3f2c4a52-7c1c-4d5e-9f0a-5a1f5f0c2b11
  image: lab/ceph:18.2.7
  osds:
    all: {hardware: [all], method: raw}
  pools:
    images: {size: 2, failure_domain: osd}
    vms: {size: 2, failure_domain: osd}
    volumes: {size: 2, failure_domain: osd}
"""


def one_host() -> Site:
    """Return a site of one host, whose images are in no registry."""
    return site_from_text(ONE_HOST, Path("one.yml"))
