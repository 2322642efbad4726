"""What deploy_ceph.yml refuses, with a message that names host and disk. Whatever happens, the cluster is as before."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ceph import Ceph
from cloud import wait
from running_lab import Lab

pytestmark = pytest.mark.long


@pytest.fixture(autouse=True)
def as_before(ceph: Ceph) -> Iterator[None]:
    """The cluster has the same OSDs and services after a refusal."""

    def state() -> tuple[Any, Any, Any]:
        osds = sorted((osd["osd"], osd["uuid"], osd["up"]) for osd in ceph.ceph("osd", "dump")["osds"])
        services = sorted(service["service_name"] for service in ceph.ceph("orch", "ls"))
        return osds, services, ceph.ceph("osd", "pool", "ls")

    before = state()
    yield
    assert state() == before
    ceph.wait_healthy()


def test_another_fsid(lab: Lab, ceph: Ceph, tmp_path: Path) -> None:
    other = "00000000-1111-4222-8333-444444444444"

    def renamed(tree: dict[str, Any]) -> None:
        tree["ceph"]["fsid"] = other

    said = lab.play_that_fails("deploy_ceph.yml", site=lab.variant(tmp_path, renamed))
    # The first host that refuses ends the run.
    assert any(f"{host}: " in said for host in lab.site.hosts_with("storage"))
    assert ceph.fsid in said
    assert other not in lab.ssh("ls", "/var/lib/ceph")


def test_disks_that_no_filter_matches(lab: Lab, tmp_path: Path) -> None:
    def wanting(tree: dict[str, Any]) -> None:
        for group in tree["ceph"]["osds"].values():
            group["data"] = {"model": "NVMe of dreams"}

    said = lab.play_that_fails("deploy_ceph.yml", site=lab.variant(tmp_path, wanting))
    assert any(f"{host}: ceph.osds." in said for host in lab.site.hosts_with("storage"))
    assert "NVMe of dreams" in said
    assert "matches no disk" in said


def test_a_disk_that_is_not_there(lab: Lab, tmp_path: Path) -> None:
    gone = "/dev/disk/by-path/lab-disk-9"

    def moved(tree: dict[str, Any]) -> None:
        for hardware in tree["hardware"].values():
            hardware["disks"] = [gone]

    said = lab.play_that_fails("deploy_ceph.yml", site=lab.variant(tmp_path, moved))
    assert any(f"{host}: {gone} is not there" in said for host in lab.site.hosts_with("storage"))


def test_an_osd_that_is_full(lab: Lab, ceph: Ceph) -> None:
    """Full is what passes the cluster's own ratio, so the ratio is brought below what is there."""
    usage = ceph.ceph("osd", "df")["nodes"]
    fullest = max(usage, key=lambda osd: osd["utilization"])
    ratios = {name: ceph.ceph("osd", "dump")[f"{name}_ratio"] for name in ("nearfull", "backfillfull", "full")}
    below = fullest["utilization"] / 100 / 2
    host = next(node["name"] for node in ceph.ceph("osd", "tree")["nodes"] if fullest["id"] in node.get("children", ()))
    try:
        for name in ("nearfull", "backfillfull", "full"):
            ceph.run("ceph", "osd", f"set-{name}-ratio", f"{below:.6f}")
        wait(lambda: True if "OSD_FULL" in ceph.ceph("health")["checks"] else None, 120, "OSD that is full")
        start = time.monotonic()
        said = lab.play_that_fails("deploy_ceph.yml")
        assert time.monotonic() - start < 400
        assert "OSD_FULL: " in said
        assert f"osd.{fullest['id']} is on {host}, /dev/" in said
        assert "docs/ceph-health.md" in said
    finally:
        for name in ("full", "backfillfull", "nearfull"):
            ceph.run("ceph", "osd", f"set-{name}-ratio", f"{ratios[name]:.6f}")


def test_a_deployed_osd_is_not_replaced_unasked(lab: Lab) -> None:
    said = lab.play_that_fails("replace_disk.yml", "-e", "osd=0")
    assert "osd.0 is on " in said
    assert "-e confirm=osd.0. Nothing was changed." in said
    assert "'x' is no number of an OSD of this site" in lab.play_that_fails("replace_disk.yml", "-e", "osd=x")
