"""Disks are emptied only after a second look, and looked at once more."""

from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils.armature_ceph_cephadm import CephadmError
from ansible.modules.ceph_device_wipe import change
from ceph_host import FSID, IMAGE, StorageHost, block, options, paths

P1, P2 = "/dev/disk/by-path/pci-1", "/dev/disk/by-path/pci-2"
U1 = "11111111-1111-4111-8111-111111111111"
BOTH = paths("pci-1", "pci-2", wipe=("pci-1", "pci-2"))
SETTLE = ["udevadm", "settle", "--timeout=30"]


@pytest.fixture
def host(tmp_path: Path) -> StorageHost:
    host = StorageHost(tmp_path)
    host.disk("sdb", "pci-1")
    host.disk("sdc", "pci-2")
    host.signatures["/dev/sdb"] = [("ext4", "home")]
    return host


def wipe(
    host: StorageHost, *devices: str, check: bool = False, wanted: dict[str, Any] = BOTH, known=()
) -> dict[str, Any]:
    host.commands.clear()
    return change(host.run, options(wanted, known, devices=list(devices)), check, host.root)


def zap(device: str, *cluster: str) -> list[str]:
    cephadm = ["/usr/local/sbin/cephadm", "--docker", "--image", IMAGE, "ceph-volume", *cluster]
    return [*cephadm, "--", "lvm", "zap", "--destroy", device]


def changes(host: StorageHost) -> list[list[str]]:
    """Return the commands that change something."""
    words = ("zap", "vgremove", "--all")
    return [argv for argv in host.commands if any(word in argv for word in words)]


def test_a_disk_is_wiped(host: StorageHost):
    assert wipe(host, P1) == {
        "changed": True,
        "diff": [
            {
                "before_header": f"{P1} (/dev/sdb)",
                "after_header": f"{P1} (/dev/sdb)",
                "before": "an ext4 file system labelled 'home'\n",
                "after": "empty\n",
            }
        ],
        "wiped": [P1],
    }
    columns = "NAME,KNAME,TYPE,SIZE,RO,ROTA,FSTYPE,LABEL,MODEL,VENDOR,MOUNTPOINTS"
    assert host.commands[-4:] == [
        zap("/dev/sdb"),
        SETTLE,
        ["wipefs", "--no-act", "--json", "/dev/sdb"],
        ["lsblk", "--json", "--bytes", "--paths", "--output", columns, "/dev/sdb"],
    ]


def test_a_second_run_changes_nothing(host: StorageHost):
    wipe(host, P1)
    assert wipe(host, P1) == {"changed": False, "diff": [], "wiped": []}
    assert changes(host) == []


def test_check_mode_plans_the_same(host: StorageHost):
    planned = wipe(host, P1, check=True)
    assert changes(host) == []
    assert planned == wipe(host, P1)


def test_nothing_to_wipe_looks_at_nothing(host: StorageHost):
    assert wipe(host) == {"changed": False, "diff": [], "wiped": []}
    assert host.commands == []


def test_a_disk_that_became_an_osd_stays(host: StorageHost):
    host.raw(U1, FSID, "/dev/sdb")
    assert not wipe(host, P1, known=(U1,))["changed"]


def not_listed(host: StorageHost) -> dict[str, Any]:
    return paths("pci-1", "pci-2", wipe=("pci-2",))


def not_wanted(host: StorageHost) -> dict[str, Any]:
    return paths("pci-2", wipe=("pci-1", "pci-2"))


def mounted(host: StorageHost) -> dict[str, Any]:
    host.blocks[0]["mountpoints"] = ["/home"]
    return BOTH


def gone(host: StorageHost) -> dict[str, Any]:
    (host.root / "dev/disk/by-path/pci-1").unlink()
    return BOTH


def daemon(host: StorageHost) -> dict[str, Any]:
    host.raw(U1, FSID, "/dev/sdb")
    host.daemon(U1)
    return BOTH


def without_cephadm(host: StorageHost) -> dict[str, Any]:
    (host.root / "usr/local/sbin/cephadm").unlink()
    host.signatures["/dev/sdb"] = [("ceph_bluestore", "")]
    return BOTH


@pytest.mark.parametrize("spoil", [not_listed, not_wanted, mounted, gone, daemon, without_cephadm])
def test_a_disk_that_must_not_be_wiped_stops_all(host: StorageHost, spoil):
    host.signatures["/dev/sdc"] = [("xfs", "")]
    with pytest.raises(CephadmError) as error:
        wipe(host, P2, P1, wanted=spoil(host))
    assert str(error.value).startswith(
        f"sto-1: {P1} must not be wiped, so no disk was. Run again: the disks are looked at anew."
    )
    assert changes(host) == []


def test_the_refusal_says_why(host: StorageHost):
    with pytest.raises(CephadmError, match=r"\nsto-1: .*pci-1 \(/dev/sdb\) is in use by this host: mounted at /home"):
        wipe(host, P1, wanted=mounted(host))


def test_partitions_go_before_the_disk(host: StorageHost):
    host.signatures["/dev/sdb"] = [("gpt", ""), ("PMBR", "")]
    host.blocks[0]["children"] = [block("/dev/sdb1", "part"), block("/dev/sdb2", "part")]
    wipe(host, P1)
    assert changes(host) == [
        ["wipefs", "--all", "/dev/sdb2"],
        ["wipefs", "--all", "/dev/sdb1"],
        ["wipefs", "--all", "/dev/sdb"],
        zap("/dev/sdb"),
    ]
    assert host.commands.count(SETTLE) == 4


def test_a_volume_group_over_two_disks_goes_once(host: StorageHost):
    host.signatures = {"/dev/sdb": [("LVM2_member", "")], "/dev/sdc": [("LVM2_member", "")]}
    host.volume_groups = {"/dev/sdb": "data", "/dev/sdc": "data", "/dev/sda2": "system"}
    assert wipe(host, P1, P2)["wiped"] == [P1, P2]
    assert changes(host) == [["vgremove", "--force", "--yes", "data"], zap("/dev/sdb"), zap("/dev/sdc")]


def test_the_cluster_is_named_where_it_is(host: StorageHost):
    host.daemon(U1)
    wipe(host, P1)
    assert changes(host) == [zap("/dev/sdb", "--fsid", FSID)]


def test_a_command_that_fails_is_told(host: StorageHost):
    host.failing["zap"] = "/usr/bin/docker: stderr --> RuntimeError: could not complete wipefs on device: /dev/sdb\n"
    with pytest.raises(CephadmError) as error:
        wipe(host, P1)
    assert "lvm zap --destroy /dev/sdb' ended with status 1: " in str(error.value)
    assert str(error.value).endswith(f"What {P1} held may be lost in part. Look at 'lsblk' on sto-1, and run again.")


def test_a_disk_that_is_not_empty_afterwards_is_told(host: StorageHost, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(host, "zap", lambda device: None)
    host.blocks[0]["children"] = [block("/dev/sdb1", "part")]
    host.failing["settle"] = "Failed to connect to udev"
    with pytest.raises(CephadmError) as error:
        wipe(host, P1)
    assert str(error.value) == (
        f"sto-1: {P1} (/dev/sdb) was wiped, and still holds /dev/sdb1. ceph-volume passes over a loop device unless "
        "its image sets CEPH_VOLUME_ALLOW_LOOP_DEVICES=1; otherwise look at the kernel's messages on sto-1, for the "
        "disk may be failing."
    )
