import json

import pytest

FSID = "0f6d3c1e-8a52-4e7b-9d40-7b1c2a5e41ac"


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


def test_the_cluster_is_taken_away_and_its_disks_are_free(host, play):
    removed = play("remove.yml")
    assert removed.status == 0, removed.messages
    assert removed.changes
    assert play("remove.yml").changes == []
    assert not host.file(f"/var/lib/ceph/{FSID}").exists
    assert not host.file("/etc/ceph/ceph.client.admin.keyring").exists
    assert FSID not in host.check_output("podman ps --all --format '{{.Names}}'")
    for number in (0, 1):
        assert host.check_output(f"wipefs --no-act --noheadings /dev/disk/by-path/lab-disk-{number}") == ""
        assert "bluestore" not in host.check_output(f"head -c 64 /dev/disk/by-path/lab-disk-{number} | tr -d '\\0'")
