"""A host without its part of a cluster: what is removed, what stays, and what is told when something is left."""

import shutil
from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils.armature_ceph_cephadm import CephadmError
from ansible.modules.ceph_cluster_removal import change
from ceph_host import FSID, IMAGE, OTHER, StorageHost, lv

U1 = "11111111-1111-4111-8111-111111111111"
U2 = "22222222-2222-4222-8222-222222222222"
CEPHADM = ["/usr/local/sbin/cephadm", "--docker", "--image", IMAGE]
REMOVE = [*CEPHADM, "rm-cluster", "--force", "--zap-osds", "--fsid", FSID]
MINE = f"[global]\n\tfsid = {FSID}\n"
READS = ("lsblk", "pvs")


class Member(StorageHost):
    """A host with a part of the cluster, which cephadm removes."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.containers: list[str] = []

    def run(self, argv: list[str]) -> tuple[int, str, str]:
        if argv[:2] == ["docker", "ps"]:
            self.commands.append(argv)
            return 0, "".join(f"{name}\n" for name in self.containers if name.startswith(argv[4][5:])), ""
        answer = super().run(argv)
        if "rm-cluster" in argv and answer[0] == 0:
            shutil.rmtree(self.root / "var/lib/ceph" / FSID)
            self.listed["lvm list"] = {}
            conf = self.root / "etc/ceph/ceph.conf"
            for file in self.root.glob("etc/ceph/*") if FSID in (conf.read_text() if conf.exists() else "") else []:
                file.unlink()
        if argv[:3] == ["docker", "rm", "--force"]:
            self.containers = [name for name in self.containers if name not in argv[3:]]
        return answer

    def changes(self) -> list[list[str]]:
        """Return the commands that change something."""
        words = ("rm-cluster", "zap", "rm")
        return [argv for argv in self.commands if argv[0] not in READS and any(word in argv for word in words)]


@pytest.fixture
def host(tmp_path: Path) -> Member:
    return Member(tmp_path)


def part(host: Member) -> None:
    host.file(f"/var/lib/ceph/{FSID}/mon.sto-1/config")
    host.file("/etc/ceph/ceph.conf", MINE)
    host.file("/etc/ceph/ceph.client.admin.keyring")


def remove(host: Member, check: bool = False, engine: str = "docker") -> dict[str, Any]:
    return change(host.run, {"host": "sto-1", "fsid": FSID, "image": IMAGE, "engine": engine}, check, host.root)


def test_a_cluster_is_removed(host: Member):
    part(host)
    result = remove(host)
    assert host.changes() == [REMOVE]
    assert result["changed"]
    assert result["removed"] == [f"/var/lib/ceph/{FSID}", "/etc/ceph/ceph.conf", "/etc/ceph/ceph.client.admin.keyring"]
    assert result["diff"][0]["after"] == ""


def test_check_mode_removes_nothing(host: Member):
    part(host)
    assert remove(host, check=True)["changed"]
    assert host.changes() == []


def test_a_host_without_the_cluster(host: Member):
    result = remove(host)
    assert (result["changed"], result["removed"], result["diff"], host.changes()) == (False, [], [], [])


def test_a_host_that_never_had_cephadm_or_an_engine(host: Member):
    (host.root / "usr/local/sbin/cephadm").unlink()
    assert (
        change(
            lambda _argv: (127, "", "no"),
            {"host": "h", "fsid": FSID, "image": IMAGE, "engine": "docker"},
            False,
            host.root,
        )["changed"]
        is False
    )


def test_raw_disks_are_wiped_by_path(host: Member):
    part(host)
    host.disk("loop0", kind="loop")
    host.disk("loop1", kind="loop")
    host.raw(U1, FSID, "/dev/loop0")
    host.raw(U2, OTHER, "/dev/loop1")
    result = remove(host)
    assert host.changes() == [REMOVE, [*CEPHADM, "ceph-volume", "--", "lvm", "zap", "--destroy", "/dev/loop0"]]
    assert result["removed"][-1] == "/dev/loop0"
    assert host.signatures == {"/dev/loop1": [("ceph_bluestore", "")]}


def test_disks_that_cephadm_wiped_are_left_alone(host: Member):
    part(host)
    host.disk("sdb")
    host.listed["lvm list"] = {"3": [lv(U1, FSID, "/dev/sdb")]}
    assert remove(host)["removed"][-1] == "/dev/sdb"
    assert host.changes() == [REMOVE]


def test_containers_that_are_left_go(host: Member):
    part(host)
    host.containers = [f"ceph-{FSID}-mon-sto-1", f"ceph-{OTHER}-mon-sto-1"]
    remove(host)
    assert host.changes() == [REMOVE, ["docker", "rm", "--force", f"ceph-{FSID}-mon-sto-1"]]


def test_a_removal_that_was_cut_off_goes_on(host: Member):
    host.disk("loop0", kind="loop")
    host.raw(U1, FSID, "/dev/loop0")
    host.file(f"/var/lib/armature/ceph_bootstrap/{FSID}", "begun\n")
    assert remove(host)["removed"] == [f"/var/lib/armature/ceph_bootstrap/{FSID}", "/dev/loop0"]
    assert [argv[-1] for argv in host.changes()] == ["/dev/loop0"]
    assert remove(host)["changed"] is False


def test_another_cluster_keeps_its_files(host: Member):
    host.file(f"/var/lib/ceph/{FSID}/crash.sto-1/config")
    host.file("/etc/ceph/ceph.conf", f"[global]\n\tfsid = {OTHER}\n")
    assert remove(host)["removed"] == [f"/var/lib/ceph/{FSID}"]
    assert (host.root / "etc/ceph/ceph.conf").exists()


def test_podman(host: Member):
    part(host)
    remove(host, engine="podman")
    assert [argv for argv in host.commands if "rm-cluster" in argv] == [[*REMOVE[:1], *REMOVE[2:]]]


def test_what_cannot_be_removed_is_told(host: Member):
    part(host)
    host.failing["rm-cluster"] = "ERROR: Failed command: rm -rf /var/lib/ceph\n"
    with pytest.raises(
        CephadmError, match=r"ended with status 1: ERROR: Failed command.* Look at /var/log/ceph/cephadm\.log"
    ):
        remove(host)


def test_a_disk_that_keeps_its_label_is_told(host: Member, monkeypatch: pytest.MonkeyPatch):
    part(host)
    host.disk("loop0", kind="loop")
    host.raw(U1, FSID, "/dev/loop0")
    monkeypatch.setattr(host, "zap", lambda device: None)
    with pytest.raises(
        CephadmError, match=rf"^sto-1: /dev/loop0 of the Ceph cluster {FSID} are still there\. A loop device"
    ):
        remove(host)
