"""A storage host leaves the cluster and comes back; its disks are taken again only when the site lists them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ceph import Ceph
from running_lab import Lab

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def leaver(lab: Lab) -> str:
    """The host that leaves: no OpenStack runs there."""
    if len(lab.hosts) < 3:
        pytest.skip("needs three hosts: make lab SITE=lab-three")
    return lab.hosts[-1]


def osds_of(ceph: Ceph, host: str) -> list[int]:
    nodes = ceph.ceph("osd", "tree")["nodes"]
    return [osd for node in nodes if node["name"] == host for osd in node["children"]]


def keep_copies(lab: Lab, ceph: Ceph, copies: int) -> None:
    """Set the size of the pools that Ceph made for itself; the site has no word about those."""
    assert lab.site.ceph is not None
    for pool in ceph.ceph("osd", "pool", "ls"):
        if pool not in lab.site.ceph.pools:
            ceph.run("ceph", "osd", "pool", "set", pool, "size", str(copies))


class TestOneHost:
    """One host from its leaving to its return; each test begins where the one before ended."""

    def test_a_host_that_the_data_needs_is_not_drained(self, lab: Lab, ceph: Ceph, leaver: str, tmp_path: Path) -> None:
        def without(tree: dict[str, Any]) -> None:
            del tree["hosts"][leaver]
            tree["ceph"]["mon"] = tree["ceph"]["mgr"] = "control"
            for pool in (*tree["ceph"]["pools"].values(), tree["ceph"]["rgw"]["pool"]):
                pool["size"] = 2

        site = lab.variant(tmp_path, without)
        before = osds_of(ceph, leaver)
        said = lab.play_that_fails("drain_ceph_host.yml", "-e", f"ceph_host={leaver}", site=site)
        assert "3 copies" in said
        assert osds_of(ceph, leaver) == before

    def test_a_host_is_drained(self, lab: Lab, ceph: Ceph, leaver: str, tmp_path: Path) -> None:
        def smaller(tree: dict[str, Any]) -> None:
            for pool in (*tree["ceph"]["pools"].values(), tree["ceph"]["rgw"]["pool"]):
                pool["size"] = 2

        def without(tree: dict[str, Any]) -> None:
            smaller(tree)
            del tree["hosts"][leaver]
            tree["ceph"]["mon"] = tree["ceph"]["mgr"] = "control"

        keep_copies(lab, ceph, 2)
        lab.play("deploy_ceph.yml", site=lab.variant(tmp_path / "smaller", smaller))
        lab.play("drain_ceph_host.yml", "-e", f"ceph_host={leaver}", site=lab.variant(tmp_path / "without", without))
        assert leaver not in [host["hostname"] for host in ceph.ceph("orch", "host", "ls")]
        assert leaver not in [node["name"] for node in ceph.ceph("osd", "tree")["nodes"]]
        assert ceph.ceph("osd", "stat")["num_osds"] == 4

    def test_its_disks_are_not_taken_unasked(self, lab: Lab, ceph: Ceph, leaver: str) -> None:
        said = lab.play_that_fails("deploy_ceph.yml")
        for disk in lab.site.hardware_of(leaver).disks:
            assert f"{leaver}: {disk} " in said
        assert "which this site's cluster does not know" in said
        assert f"ceph: {{wipe: {{{leaver}: [" in said
        assert leaver not in [host["hostname"] for host in ceph.ceph("orch", "host", "ls")]

    def test_it_comes_back_when_its_disks_may_be_wiped(self, lab: Lab, ceph: Ceph, leaver: str, tmp_path: Path) -> None:
        def wiped(tree: dict[str, Any]) -> None:
            tree["ceph"]["wipe"] = {leaver: list(lab.site.hardware_of(leaver).disks)}

        site = lab.variant(tmp_path, wiped)
        lab.play("deploy_ceph.yml", site=site)
        lab.play("deploy_rgw.yml")
        keep_copies(lab, ceph, 3)
        assert len(osds_of(ceph, leaver)) == 2
        assert leaver in ceph.ceph("quorum_status")["quorum_names"]
        ceph.wait_healthy()
        output = lab.play("deploy_ceph.yml")
        recap = [line for line in output.splitlines() if "changed=" in line]
        assert all("changed=0 " in line for line in recap), "\n".join(recap)
