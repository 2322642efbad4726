"""LUNs and images that no volume owns: which they are, and how they go."""

from __future__ import annotations

import types
from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils.armature_ceph_images import discard, images
from ansible.module_utils.armature_iscsi import IscsiError
from ansible.module_utils.armature_iscsi_luns import luns
from ansible.modules.cloud_volume_info import ids
from ansible.modules.iscsi_lun_removal import change
from ceph_sites import ceph_site, iscsi_site
from fake_iscsi import IGW_1, IGW_2, TARGET, FakeGateways

from armature.orphans import iscsi_orphans

A, B, C = (f"0d3a3c1e-6f0e-4d3e-9d59-3a0c5f2f1b1{digit}" for digit in (1, 2, 3))
LUN = f"volumes/volume-{A}"
NODE = "iqn.1993-08.org.debian:01:node"


def test_what_cinder_has_is_no_orphan() -> None:
    found = iscsi_orphans(iscsi_site(), {LUN: [NODE]}, [f"volume-{A}", f"volume-{B}"], [A, B])
    assert found == []


def test_orphans_have_a_lun_an_image_or_both() -> None:
    there = {LUN: [NODE], f"volumes/volume-{B}": [], f"vms/volume-{C}": []}
    others = [f"volume-{C}", f"volume-{B}", f"volume-{A}.deleted", "a-disk"]
    assert iscsi_orphans(iscsi_site(), there, others, []) == [
        {"name": f"volume-{A}", "image": False, "lun": True, "initiators": [NODE]},
        {"name": f"volume-{B}", "image": True, "lun": True, "initiators": []},
        {"name": f"volume-{C}", "image": True, "lun": False, "initiators": []},
    ]
    assert iscsi_orphans(ceph_site(), there, others, []) == []


def test_volumes_are_kept_under_two_ids_after_a_migration() -> None:
    volumes = [types.SimpleNamespace(id=B, migration_id=None), types.SimpleNamespace(id=A, migration_id=C)]
    assert ids(volumes) == [A, B, C]


class Luns(FakeGateways):
    """Gateways with one LUN that one initiator has, which is logged in where ``logged_in`` says."""

    logged_in: tuple[str, ...] = ()

    def __init__(self) -> None:
        super().__init__(IGW_1, IGW_2)
        self.config["disks"] = {LUN: {"pool": "volumes"}}
        client = {"auth": {}, "luns": {LUN: {"lun_id": 0}}}
        self.config["targets"] = {TARGET: {"disks": {LUN: {"lun_id": 0}}, "clients": {NODE: client}, "portals": {}}}

    def _route(self, host: str, method: str, path: str, form: dict[str, str]) -> tuple[int, dict[str, Any]]:
        target = self.config["targets"][TARGET]
        if path == f"/api/clientinfo/{TARGET}/{NODE}":
            return 200, {"alias": "", "state": {"LOGGED_IN": list(self.logged_in)} if self.logged_in else {}}
        if path == f"/api/clientlun/{TARGET}/{NODE}":
            del target["clients"][NODE]["luns"][form["disk"]]
        elif path == f"/api/targetlun/{TARGET}":
            assert not target["clients"][NODE]["luns"]
            del target["disks"][form["disk"]]
        elif path == f"/api/disk/{LUN}":
            assert not target["disks"]
            assert form == {"preserve_image": "true"}
            del self.config["disks"][LUN]
        else:
            return super()._route(host, method, path, form)
        return 200, {}


def test_a_lun_goes_and_its_image_stays() -> None:
    fake = Luns()
    assert luns(fake.config) == {LUN: [NODE]}
    planned = change(fake.api(), IGW_1, [LUN], check=True)
    assert fake.changes == []
    assert change(fake.api(), IGW_1, [LUN], check=False) == planned
    assert planned["plan"] == [
        f"LUN {LUN}: take it from {NODE}",
        f"LUN {LUN}: take it from the target {TARGET}",
        f"LUN {LUN}: have the gateways forget it; its image stays",
    ]
    assert luns(fake.config) == {}
    assert not change(fake.api(), IGW_1, [LUN], check=False)["changed"]


def test_a_lun_that_is_used_stays() -> None:
    fake = Luns()
    fake.logged_in = ("igw-2.good.test",)
    with pytest.raises(IscsiError) as caught:
        change(fake.api(), IGW_1, [LUN], check=False)
    assert str(caught.value) == (
        f"{NODE}: is logged in to igw-2.good.test and has one of the LUNs.\n"
        "Log it out first (a machine: shut it down). Nothing was changed."
    )
    assert fake.changes == []
    assert change(fake.api(), IGW_1, ["volumes/volume-other"], check=False) == {"changed": False, "plan": []}


def test_images_go_into_the_trash() -> None:
    carried: list[tuple[str, ...]] = []
    ceph: Any = types.SimpleNamespace(
        rbd_json=lambda *words: [f"volume-{B}", f"volume-{A}"],
        carry_out=lambda steps: carried.extend(step.args[:3] for step in steps),
    )
    assert images(ceph, "volumes") == [f"volume-{A}", f"volume-{B}"]
    assert discard(ceph, "volumes", [f"volume-{A}", f"volume-{C}"], check=True)["plan"] == [
        f"image volumes/volume-{A}: move it into the pool's trash"
    ]
    assert carried == []
    discard(ceph, "volumes", [f"volume-{A}"], check=False)
    assert carried == [("trash", "mv", f"volumes/volume-{A}")]


def test_rbd_is_asked_for_json(tmp_path: Path) -> None:
    from ansible.module_utils.armature_ceph import Ceph
    from fake_ceph import FSID, IMAGE, SHELL

    asked: list[list[str]] = []

    def run(argv: list[str], _data: str | None) -> tuple[int, str, str]:
        asked.append(argv)
        return 0, '["volume-1"]\n', ""

    assert images(Ceph(run, FSID, IMAGE, "ctl-0", tmp_path), "volumes") == ["volume-1"]
    assert asked == [[*SHELL, "rbd", "ls", "volumes", "--rados-osd-op-timeout", "120", "--format", "json"]]
