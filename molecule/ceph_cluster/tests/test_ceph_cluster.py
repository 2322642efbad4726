import json

import pytest

FSID = "0f6d3c1e-8a52-4e7b-9d40-7b1c2a5e41ac"
DISKS = [f"/dev/disk/by-path/lab-disk-{number}" for number in (0, 1)]


@pytest.fixture
def ceph(host):
    def ask(*arguments: str):
        shell = f"cephadm --image lab/ceph:18.2.7 shell --fsid {FSID} -- ceph"
        return json.loads(host.check_output(f"{shell} {' '.join(arguments)} --format json"))

    return ask


def test_the_cluster_is_well(ceph):
    assert ceph("health")["status"] == "HEALTH_OK"


def test_the_disks_are_taken(ceph):
    (info,) = {node["name"]: node for node in ceph("osd", "tree")["nodes"] if node["type"] == "host"}.items()
    assert info[0] == "mol-1"
    assert len(info[1]["children"]) == 2


def test_the_pools_are_as_wanted(ceph):
    pools = {pool["pool_name"]: pool for pool in ceph("osd", "pool", "ls", "detail")}
    assert {name: pools[name]["size"] for name in ("images", "vms")} == {"images": 2, "vms": 2}
    assert all("rbd" in pools[name]["application_metadata"] for name in ("images", "vms"))


def test_the_daemons_run_under_podman(host):
    names = set(host.check_output("podman ps --format '{{.Names}}'").split())
    assert names >= {f"ceph-{FSID}-{daemon}" for daemon in ("mon-mol-1", "crash-mol-1", "osd-0", "osd-1")}


def test_nothing_listens_on_ipv4(host):
    sockets = [line for line in host.check_output("ss -Hlntup").splitlines() if '(("ceph-' in line]
    assert sockets
    assert all(line.split()[4].startswith("[") for line in sockets)


def test_a_pool_that_changed_is_brought_back(host, play, ceph):
    host.check_output(f"cephadm --image lab/ceph:18.2.7 shell --fsid {FSID} -- ceph osd pool set vms min_size 2")
    mended = play("converge.yml")
    assert mended.status == 0, mended.messages
    assert mended.changes == ["mol-1: ceph_cluster : Bring the pools to what is wanted"]
    assert {pool["pool_name"]: pool["min_size"] for pool in ceph("osd", "pool", "ls", "detail")}["vms"] == 1


def test_what_one_host_cannot_bear_is_refused(host, play):
    asked = play("refused.yml")
    assert asked.status == 0, asked.messages
    said = {task: result.get("msg", "") for task, _host, result in asked.results}
    assert said["Stop the host's part of the cluster"].startswith("mol-1: is the cluster's only host")
    assert "an upgrade needs two managers that run" in said["Upgrade the cluster"]
    assert "the managers have no module 'weather'" in said["Enable a module that the managers have not"]
    (state,) = [result["state"] for task, _host, result in asked.results if task == "Look at the upgrade"]
    assert state != "running"


def test_an_osd_is_replaced(play, ceph):
    before = {osd["osd"]: osd["uuid"] for osd in ceph("osd", "dump")["osds"]}
    (refusal,) = play("replace.yml").messages
    assert refusal.startswith("osd.1: runs, and its data has no other place: pool ")
    given_up = play("replace.yml", "-e", "accept_degraded=true")
    assert given_up.status == 0, given_up.messages
    refused = play("converge.yml")
    assert f"mol-1: {DISKS[1]} " in refused.messages[0]
    assert "which this site's cluster does not know. To take it" in refused.messages[0]
    data = {"group": "disks", "per_device": 1, "data": {"paths": DISKS}, "db": None, "wal": None}
    wanted = {"ceph_devices_wanted": {"groups": [data], "wipe": [DISKS[1]]}}
    taken = play("converge.yml", "-e", json.dumps(wanted))
    assert taken.status == 0, taken.messages
    after = {osd["osd"]: osd["uuid"] for osd in ceph("osd", "dump")["osds"]}
    assert after[0] == before[0]
    assert after[1] != before[1]
    assert ceph("health")["status"] == "HEALTH_OK"


def test_the_cluster_is_taken_away_and_its_disks_are_free(host, play):
    removed = play("remove.yml")
    assert removed.status == 0, removed.messages
    assert removed.changes
    assert play("remove.yml").changes == []
    assert not host.file(f"/var/lib/ceph/{FSID}").exists
    assert not host.file("/etc/ceph/ceph.client.admin.keyring").exists
    assert FSID not in host.check_output("podman ps --all --format '{{.Names}}'")
    for disk in DISKS:
        assert host.check_output(f"wipefs --no-act --noheadings {disk}") == ""
        assert "bluestore" not in host.check_output(f"head -c 64 {disk} | tr -d '\\0'")


def test_somebody_elses_disk_is_not_taken(host, play):
    host.check_output(f"mkswap --label archive {DISKS[0]}")
    refused = play("converge.yml")
    assert f"mol-1: {DISKS[0]} " in refused.messages[0]
    assert "holds swap space labelled 'archive'" in refused.messages[0]
    assert not host.file(f"/var/lib/ceph/{FSID}/mon.mol-1").exists
    assert host.check_output(f"blkid -o value -s LABEL {DISKS[0]}") == "archive"
