"""How a cluster is, from what its monitors answer in one call."""

from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils.armature_ceph import CephError
from ansible.modules.ceph_status_info import observe
from fake_ceph import CEPH, FSID, FakeCeph, no_cluster

VERSION = "ceph version 18.2.7 (6b0e988052ec84cf2d4a54ff9bbbc5e720b621ad) reef (stable)"
ANSWERS: dict[str, Any] = {
    "status": {
        "fsid": FSID,
        "health": {"status": "HEALTH_WARN", "checks": {}, "mutes": []},
        "quorum": [0, 2],
        "quorum_names": ["ctl-0", "ctl-2"],
        "monmap": {"epoch": 3, "min_mon_release_name": "reef", "num_mons": 3},
        "osdmap": {"epoch": 20, "num_osds": 3, "num_up_osds": 2, "num_in_osds": 3},
        "pgmap": {
            "pgs_by_state": [
                {"state_name": "active+undersized+degraded", "count": 30},
                {"state_name": "active+clean", "count": 60},
                {"state_name": "active+clean+scrubbing+deep", "count": 7},
            ],
            "num_pgs": 97,
            "num_pools": 4,
        },
        "mgrmap": {"available": True, "num_standbys": 1},
    },
    "health detail": {
        "status": "HEALTH_WARN",
        "checks": {
            "OSD_DOWN": {
                "severity": "HEALTH_WARN",
                "summary": {"message": "1 osds down", "count": 1},
                "detail": [{"message": "osd.2 (root=default,host=sto-2) is down"}],
                "muted": False,
            },
            "MON_DISK_LOW": {
                "severity": "HEALTH_WARN",
                "summary": {"message": "mon ctl-0 is low on available space", "count": 1},
                "detail": [],
                "muted": True,
            },
        },
        "mutes": [],
    },
    "mon dump": {"mons": [{"rank": 0, "name": "ctl-0"}, {"rank": 1, "name": "ctl-1"}, {"rank": 2, "name": "ctl-2"}]},
    "mgr dump": {"active_name": "ctl-0.abcdef", "available": True, "standbys": [{"gid": 1, "name": "ctl-1.ghijkl"}]},
    "osd dump": {
        "osds": [
            {"osd": 0, "uuid": "aaaaaaaa-0000-4000-8000-000000000000", "up": 1, "in": 1},
            {"osd": 1, "uuid": "bbbbbbbb-0000-4000-8000-000000000000", "up": 1, "in": 1},
            {"osd": 2, "uuid": "cccccccc-0000-4000-8000-000000000000", "up": 0, "in": 1},
        ]
    },
    "osd metadata": [{"id": 2, "hostname": "sto-2", "bluestore_bdev_devices": "sdb"}],
    "versions": {"mon": {VERSION: 3}, "mgr": {VERSION: 2}, "osd": {VERSION: 3}, "overall": {VERSION: 8}},
}


def test_everything_is_asked_in_one_call(tmp_path: Path):
    fake = FakeCeph(tmp_path, ANSWERS)
    assert observe(fake.ceph(), lenient=False) == {
        "changed": False,
        "present": True,
        "health": {
            "status": "HEALTH_WARN",
            "checks": {
                "OSD_DOWN": {
                    "severity": "HEALTH_WARN",
                    "summary": "1 osds down",
                    "detail": ["osd.2 (root=default,host=sto-2) is down"],
                    "muted": False,
                },
                "MON_DISK_LOW": {
                    "severity": "HEALTH_WARN",
                    "summary": "mon ctl-0 is low on available space",
                    "detail": [],
                    "muted": True,
                },
            },
        },
        "mons": {"names": ["ctl-0", "ctl-1", "ctl-2"], "quorum": ["ctl-0", "ctl-2"]},
        "mgr": {"active": "ctl-0.abcdef", "standbys": ["ctl-1.ghijkl"], "available": True},
        "osds": {"num": 3, "up": 2, "in": 3},
        "osd_uuids": [
            "aaaaaaaa-0000-4000-8000-000000000000",
            "bbbbbbbb-0000-4000-8000-000000000000",
            "cccccccc-0000-4000-8000-000000000000",
        ],
        "pgs": {
            "total": 97,
            "active_clean": 67,
            "states": {"active+undersized+degraded": 30, "active+clean": 60, "active+clean+scrubbing+deep": 7},
        },
        "versions": ANSWERS["versions"],
        "summary": [
            "HEALTH_WARN; monitors 2 of 3; active manager ctl-0.abcdef, standbys 1; OSDs 2 up and 3 in of 3; "
            "placement groups 67 clean of 97",
            "OSD_DOWN: 1 osds down (osd.2 is on sto-2, /dev/sdb)",
        ],
    }
    assert fake.calls == [[*CEPH, "--format", "json"]]
    assert fake.reads == ["status", "health detail", "mon dump", "mgr dump", "osd dump", "versions", "osd metadata"]


def test_a_cluster_without_managers_and_osds(tmp_path: Path):
    status = {**ANSWERS["status"], "pgmap": {"pgs_by_state": [], "num_pgs": 0}}
    none = {
        "mgr dump": {"active_name": "", "available": False, "standbys": []},
        "osd dump": {"osds": []},
        "osd metadata": [],
    }
    found = observe(FakeCeph(tmp_path, {**ANSWERS, **none, "status": status}).ceph(), lenient=False)
    assert found["mgr"] == {"active": "", "standbys": [], "available": False}
    assert (found["osds"], found["osd_uuids"]) == ({"num": 0, "up": 0, "in": 0}, [])
    assert "active manager none, standbys 0; OSDs 0 up and 0 in of 0" in found["summary"][0]


def test_no_cluster(tmp_path: Path):
    fake = no_cluster(tmp_path)
    found = observe(fake.ceph(), lenient=True)
    assert found == {
        "changed": False,
        "present": False,
        "health": {"status": "", "checks": {}},
        "mons": {"names": [], "quorum": []},
        "mgr": {"active": "", "standbys": [], "available": False},
        "osds": {"num": 0, "up": 0, "in": 0},
        "osd_uuids": [],
        "pgs": {"total": 0, "active_clean": 0, "states": {}},
        "versions": {},
        "summary": [f"There is no Ceph cluster {FSID}."],
    }
    with pytest.raises(CephError, match=f"^ctl-0: no cluster {FSID} here. Run playbooks/deploy_ceph.yml.$"):
        observe(fake.ceph(), lenient=False)
    assert fake.calls == []


def test_a_half_made_cluster_is_none_only_for_those_who_may_go_without(tmp_path: Path):
    fake = FakeCeph(tmp_path, ANSWERS)
    mark = tmp_path / "var/lib/armature/ceph_bootstrap" / FSID
    mark.parent.mkdir(parents=True)
    mark.write_text("begun\n")
    fake.failures["ceph"] = (1, "[errno 110] RADOS timed out (error connecting to the cluster)\n")
    assert observe(fake.ceph(), lenient=True)["present"] is False
    with pytest.raises(CephError, match="no monitor of the Ceph cluster"):
        observe(fake.ceph(), lenient=False)
