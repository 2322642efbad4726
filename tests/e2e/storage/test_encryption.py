"""An encrypted volume: its server reads what it wrote, and whoever has the cluster's disks alone does not."""

from __future__ import annotations

import secrets
from typing import Any

import pytest
from ceph import Ceph
from cloud import Cloud, wait
from running_lab import Lab

DEVICE = "/dev/vdb"
LUKS1 = "4c554b53babe0001"
"""The first bytes of a volume: LUKS's magic and the version. Source: LUKS On-Disk Format Specification 1.2.3, 2.1."""


@pytest.fixture(scope="module")
def encrypted(lab: Lab) -> str:
    """The name of the site's first encrypted type."""
    names = [name for name, volume_type in lab.site.volume_types.items() if volume_type.encrypted]
    if not names:
        pytest.skip("needs an encrypted volume type: make lab SITE=lab-three")
    return names[0]


def keys(cloud: Cloud) -> set[str]:
    """Return what Barbican keeps for the project."""
    return {secret.secret_ref for secret in cloud.connection.key_manager.secrets()}


def written(cloud: Cloud, server: Any, volume: Any, text: str) -> int:
    """Fill the volume's first MiB with lines of ``text``; return how many of them come back from the disk."""
    there = f"until [ -b {DEVICE} ]; do sleep 1; done"
    fill = f"yes {text} | dd of={DEVICE} bs=1M count=1 iflag=fullblock conv=fsync 2>/dev/null"
    forget = "echo 3 > /proc/sys/vm/drop_caches"
    read = f"dd if={DEVICE} bs=1M count=1 2>/dev/null | grep -c {text}"
    cloud.connection.attach_volume(server, volume, wait=True, timeout=120)
    try:
        return int(cloud.shell(server, "; ".join((there, fill, forget, read))))
    finally:
        cloud.connection.detach_volume(server, cloud.connection.get_volume(volume.id), wait=True, timeout=120)


def on_ceph(ceph: Ceph, volume: Any, text: str) -> tuple[str, int]:
    """Return the first 8 bytes of the volume as the cluster has it, and how many of its lines have ``text``."""
    export = f"rbd export --no-progress volumes/volume-{volume.id} -"
    begin = f"{export} 2>/dev/null | head -c 8 | od -An -tx1 | tr -d ' \\n'"
    # Without what was never written: to grep that is one line of a GiB.
    script = f"{begin}; echo; {export} | tr -d '\\0' | grep -a -c {text} || true"
    first, count = ceph.run("bash", "-c", script).split()
    return first, int(count)


def test_only_the_server_can_read_it(cloud: Cloud, ceph: Ceph, server: Any, encrypted: str) -> None:
    marker = f"marker{secrets.token_hex(8)}"
    kept = keys(cloud)
    plain = cloud.volume("plain", volume_type="__DEFAULT__")
    luks = cloud.volume("luks", volume_type=encrypted)
    assert (plain.is_encrypted, luks.is_encrypted) == (False, True)
    assert len(keys(cloud) - kept) == 1

    lines = written(cloud, server, plain, marker)
    assert lines > 1000
    assert written(cloud, server, luks, marker) == lines

    # The same look finds the marker where nothing is encrypted.
    assert on_ceph(ceph, plain, marker) == (marker[:8].encode().hex(), lines)
    assert on_ceph(ceph, luks, marker) == (LUKS1, 0)

    for volume in (plain, luks):
        assert cloud.connection.delete_volume(volume.id, wait=True, timeout=120)
    wait(lambda: True if keys(cloud) == kept else None, 60, "removal of the key")
