"""A tenant's volumes: made from an image, written by a server, kept, broken, restored."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import openstack
import pytest
from ceph import Ceph
from cloud import PREFIX, Cloud, wait

DEVICE = "/dev/vdb"
# The first MiB of a volume as one line: what was written there, and whether it is still there.
READ = f"dd if={DEVICE} bs=1M count=1 2>/dev/null | sha256sum | cut -d' ' -f1"


def write(text: str) -> str:
    """Return the command that fills the first MiB of the volume with ``text`` and waits until it is on the disk."""
    return f"yes {text} | dd of={DEVICE} bs=1M count=1 iflag=fullblock conv=fsync 2>/dev/null; {READ}"


def test_a_qcow2_image_is_refused(cloud: Cloud, tmp_path: Path) -> None:
    file = tmp_path / "image.qcow2"
    file.write_bytes(b"QFI\xfb\x00\x00\x00\x03" + bytes(504))
    with pytest.raises(openstack.exceptions.SDKException, match=r"qcow2"):
        cloud.image(file, "qcow2", "qcow2")


def test_a_volume_from_an_image_is_a_clone(cloud: Cloud, ceph: Ceph, image: Any) -> None:
    volume = cloud.volume("clone", image=image.id)
    info = ceph.rbd("info", f"volumes/volume-{volume.id}")
    assert (info["parent"]["pool"], info["parent"]["image"]) == ("images", image.id)
    (used,) = ceph.rbd("du", f"volumes/volume-{volume.id}")["images"]
    assert used["used_size"] < 1 << 20
    assert volume.is_bootable


def test_a_servers_disk_is_on_rbd(ceph: Ceph, server: Any, image: Any) -> None:
    info = ceph.rbd("info", f"vms/{server.id}_disk")
    assert (info["parent"]["pool"], info["parent"]["image"]) == ("images", image.id)


@pytest.fixture(scope="module")
def volume(cloud: Cloud, server: Any) -> Any:
    volume = cloud.volume("data")
    cloud.connection.attach_volume(server, volume, wait=True, timeout=120)
    return volume


@pytest.fixture(scope="module")
def digests() -> dict[str, str]:
    """What the volume read when it was written, by name."""
    return {}


class TestOneVolume:
    """One volume through its life; each test begins where the one before ended."""

    def again(self, cloud: Cloud, server: Any, volume: Any) -> str:
        """Attach ``volume``, read it, detach it."""
        cloud.connection.attach_volume(server, cloud.connection.get_volume(volume.id), wait=True, timeout=120)
        try:
            return cloud.shell(server, f"until [ -b {DEVICE} ]; do sleep 1; done; {READ}")
        finally:
            cloud.connection.detach_volume(server, cloud.connection.get_volume(volume.id), wait=True, timeout=120)

    def test_a_server_writes_it(self, cloud: Cloud, server: Any, volume: Any, digests: dict[str, str]) -> None:
        digests["first"] = cloud.shell(server, f"until [ -b {DEVICE} ]; do sleep 1; done; {write('first')}")
        assert cloud.shell(server, READ) == digests["first"]

    def test_a_snapshot_keeps_what_was_there(
        self, cloud: Cloud, server: Any, volume: Any, digests: dict[str, str]
    ) -> None:
        c = cloud.connection
        snapshot = c.create_volume_snapshot(volume.id, force=True, wait=True, name=f"{PREFIX}snapshot", timeout=120)
        backup = c.create_volume_backup(
            volume.id, name=f"{PREFIX}backup", force=True, wait=True, timeout=300, snapshot_id=snapshot.id
        )
        assert backup.status == "available"
        digests["second"] = cloud.shell(server, write("second"))
        assert digests["second"] != digests["first"]
        c.detach_volume(server, c.get_volume(volume.id), wait=True, timeout=120)
        copy = cloud.volume("from-snapshot", snapshot_id=snapshot.id)
        assert self.again(cloud, server, copy) == digests["first"]

    def test_it_goes_back_to_the_snapshot(
        self, cloud: Cloud, server: Any, volume: Any, digests: dict[str, str]
    ) -> None:
        c = cloud.connection
        snapshot = c.get_volume_snapshot(f"{PREFIX}snapshot")
        c.block_storage.default_microversion = "3.40"
        c.block_storage.revert_volume_to_snapshot(volume.id, snapshot.id)
        wait(lambda: True if c.get_volume(volume.id).status == "available" else None, 120, "reverted volume")
        assert self.again(cloud, server, volume) == digests["first"]

    def test_a_backup_becomes_a_volume_again(
        self, cloud: Cloud, ceph: Ceph, server: Any, digests: dict[str, str]
    ) -> None:
        c = cloud.connection
        backup = c.get_volume_backup(f"{PREFIX}backup")
        assert any(name.startswith(f"volume-{backup.volume_id}") for name in ceph.rbd("ls", "backups"))
        target = cloud.volume("restored")
        c.block_storage.restore_backup(backup.id, volume_id=target.id)
        wait(lambda: True if c.get_volume(target.id).status == "available" else None, 300, "restored volume")
        assert self.again(cloud, server, target) == digests["first"]
