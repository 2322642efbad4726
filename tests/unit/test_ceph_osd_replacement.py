"""An OSD before its disk is swapped: gates, exact commands, and what is told of dead ones."""

from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils.armature_ceph import CephError
from ansible.modules import ceph_osd_replacement
from ansible.modules.ceph_osd_replacement import change, is_raw
from careful_ceph import FakeCarefulCeph, daemon, osd, pools, rule, tree, usage
from fake_ceph import Answers

BUSY = (16, "", "Error EBUSY: OSD(s) 3 have 12 pgs currently mapped to them.\n")
UNKNOWN = (
    11,
    "",
    "Error EAGAIN: OSD(s) 3 have no reported stats, and not all PGs are active+clean; we cannot draw any\n",
)
YES = (0, "", "OSD(s) 3 are safe to destroy without reducing data durability.\n")
FACTS = {
    "id": 3,
    "hostname": "sto-2",
    "bluestore_bdev_devices": "sdb",
    "device_paths": "sda=/dev/disk/by-path/pci-0,sdb=/dev/disk/by-path/pci-1",
    "bluestore_bdev_dev_node": "/dev/dm-1",
}
QUEUED = [{"osd_id": 3, "hostname": "sto-2", "replace": True, "draining": True}]
HEALTHY: dict[str, Any] = {"status": "HEALTH_OK", "checks": {}}


def cluster(**third: Any) -> dict[str, Any]:
    """Two OSDs a host; ``third`` is what differs of osd.3."""
    return tree(sto_1=[osd(0), osd(1)], sto_2=[osd(2), osd(3, **third)], sto_3=[osd(4), osd(5)])


def single(**third: Any) -> dict[str, Any]:
    """One OSD a host."""
    return tree(sto_1=[osd(1)], sto_2=[osd(3, **third)], sto_3=[osd(5)])


def spec(method: str | None = None) -> list[dict[str, Any]]:
    """Return ``orch ls --service_type osd --export``."""
    return [
        {
            "service_type": "osd",
            "service_id": "disks",
            "service_name": "osd.disks",
            "placement": {"hosts": ["sto-2"]},
            "spec": {"data_devices": {"rotational": True}, **({"method": method} if method else {})},
        }
    ]


def fake_of(root: Path, method: str | None = None, **more: Any) -> FakeCarefulCeph:
    answers = {
        "osd tree": cluster(),
        "osd dump": pools(vms=3),
        "osd crush rule dump": [rule()],
        "osd metadata": [FACTS],
        "health": HEALTHY,
        "orch ps --daemon_type osd": [daemon("osd.3", "sto-2")],
        "orch ls --service_type osd --export": spec(method),
        "osd df": usage(*((number, 100, 10) for number in range(6))),
    }
    fake = FakeCarefulCeph(root, {**answers, **{key.replace("_", " "): value for key, value in more.items()}})
    fake.says = {"osd ok-to-stop 3": (0, "{}", ""), "osd safe-to-destroy 3": BUSY}
    return fake


def run(fake: FakeCarefulCeph, check: bool = False, **more: Any) -> dict[str, Any]:
    wanted = {"osd": 3, "accept_degraded": False, "zap": False, "missing_ok": False, **more}
    return change(fake.ceph(), wanted, check)


def test_an_osd_that_runs(tmp_path: Path):
    fake = fake_of(tmp_path, orch_osd_rm_status=Answers(["none", QUEUED]))
    result = run(fake)
    assert fake.words() == ["orch osd rm 3 --replace"]
    assert fake.asked == ["osd ok-to-stop 3", "osd safe-to-destroy 3"]
    assert result == {
        "changed": True,
        "diff": [
            {"before_header": "osd.3", "after_header": "osd.3", "before": "state: up\n", "after": "state: destroyed\n"}
        ],
        "plan": ["osd.3: move its data away, then keep only its number"],
        "state": "removing",
        "ready": False,
        "host": "sto-2",
        "devices": ["/dev/disk/by-path/pci-1"],
        "progress": "osd.3 is still needed: OSD(s) 3 have 12 pgs currently mapped to them",
    }


def test_check_mode_changes_nothing(tmp_path: Path):
    fake = fake_of(tmp_path)
    result = run(fake, check=True)
    assert (result["changed"], result["state"], result["progress"], fake.words()) == (True, "up", "osd.3 runs", [])


def test_a_replacement_that_is_under_way(tmp_path: Path):
    fake = fake_of(tmp_path, orch_osd_rm_status=QUEUED)
    fake.says["osd safe-to-destroy 3"] = YES
    result = run(fake)
    assert (result["changed"], result["progress"], fake.words()) == (False, "osd.3 is empty, and about to go", [])


def test_a_replacement_that_is_done(tmp_path: Path):
    fake = fake_of(tmp_path, osd_tree=cluster(status="destroyed"), orch_ps___daemon_type_osd=[])
    result = run(fake)
    assert (result["changed"], result["state"], result["ready"], result["host"]) == (False, "destroyed", True, "sto-2")
    assert result["progress"] == "osd.3 is destroyed: its disk may be swapped"


def test_raw_osds_are_removed(tmp_path: Path):
    fake = fake_of(tmp_path, "raw", orch_osd_rm_status=Answers(["none", [{**QUEUED[0], "replace": False}]]))
    result = run(fake)
    assert fake.words() == ["orch osd rm 3"]
    assert result["plan"] == ["osd.3: move its data away, then remove it"]


def test_a_raw_osd_that_is_gone(tmp_path: Path):
    fake = fake_of(tmp_path, "raw", osd_tree=tree(sto_1=[osd(0)]), osd_metadata=[])
    result = run(fake, missing_ok=True)
    assert (result["changed"], result["state"], result["ready"]) == (False, "absent", True)


def test_an_unknown_osd(tmp_path: Path):
    fake = fake_of(tmp_path, osd_tree=tree(sto_1=[osd(0), osd(1)]))
    with pytest.raises(CephError, match=r"^osd\.3: the Ceph cluster .* has no such OSD\. Use one of 0, 1\.$"):
        run(fake)


def test_a_removal_for_good(tmp_path: Path):
    fake = fake_of(tmp_path, orch_osd_rm_status=[{**QUEUED[0], "replace": False}])
    with pytest.raises(CephError, match=r"^osd\.3: is being removed for good, not replaced"):
        run(fake)


def test_an_osd_that_is_needed(tmp_path: Path):
    fake = fake_of(tmp_path)
    fake.says["osd ok-to-stop 3"] = (16, "", "Error EBUSY: unsafe to stop osd(s) at this time (2 PGs)\n")
    with pytest.raises(
        CephError, match=r"^osd\.3: may not be stopped now: unsafe to stop osd\(s\) at this time \(2 PGs"
    ):
        run(fake)
    assert fake.words() == []


def test_there_is_no_room(tmp_path: Path):
    fake = fake_of(tmp_path, osd_df=usage(*((number, 100, 80) for number in range(6))))
    with pytest.raises(CephError, match=r"^osd\.3: its data has no room elsewhere: 480\.0 GiB are in use"):
        run(fake)


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (YES, "osd.3 is dead, and its data is whole elsewhere"),
        (
            UNKNOWN,
            "osd.3 is dead: OSD(s) 3 have no reported stats, and not all PGs are active+clean; we cannot draw any",
        ),
    ],
)
def test_a_dead_osd(tmp_path: Path, answer: tuple[int, str, str], told: str):
    fake = fake_of(tmp_path, osd_tree=cluster(status="down", reweight=0))
    fake.says["osd safe-to-destroy 3"] = answer
    result = run(fake, check=True)
    assert result["plan"] == ["osd.3: make the copies elsewhere that are lost with it, then keep only its number"]
    assert (result["state"], result["progress"]) == ("down", told)
    assert "osd ok-to-stop 3" not in fake.asked


def test_a_dead_osd_without_another_place_is_given_up(tmp_path: Path):
    trees = Answers([single(status="down", reweight=0), single(status="destroyed")])
    fake = fake_of(tmp_path, osd_tree=trees)
    result = run(fake)
    assert fake.words() == ["orch daemon rm osd.3 --force", "osd destroy 3 --force"]
    assert result["ready"]


def test_a_dead_raw_osd_without_another_place_is_purged(tmp_path: Path):
    trees = Answers([single(status="down"), tree(sto_1=[osd(1)])])
    fake = fake_of(tmp_path, "raw", osd_tree=trees)
    assert run(fake)["state"] == "absent"
    assert fake.words() == ["orch daemon rm osd.3 --force", "osd purge 3 --force"]


def test_the_last_copy_is_kept(tmp_path: Path):
    checks = {"PG_AVAILABILITY": {"severity": "HEALTH_WARN"}, "OSD_DOWN": {"severity": "HEALTH_WARN"}}
    fake = fake_of(tmp_path, osd_tree=single(status="down"), health={"status": "HEALTH_WARN", "checks": checks})
    with pytest.raises(
        CephError, match=r"^osd\.3: some data is not available \(PG_AVAILABILITY\), and this OSD may have"
    ):
        run(fake)
    assert fake.words() == []


def test_a_running_osd_without_another_place(tmp_path: Path):
    fake = fake_of(tmp_path, osd_tree=single())
    with pytest.raises(CephError) as error:
        run(fake)
    assert str(error.value) == (
        "osd.3: runs, and its data has no other place: pool 'vms' keeps its 3 copies on 3 different hosts, and there "
        "are 2 without osd.3. Its data would have one copy fewer until the new disk is filled. To accept that: "
        "-e accept_degraded=true."
    )


def test_a_running_osd_without_another_place_that_may_go(tmp_path: Path):
    fake = fake_of(tmp_path, osd_tree=Answers([single(), single(status="destroyed")]))
    assert run(fake, accept_degraded=True)["ready"]
    assert fake.words() == ["orch daemon rm osd.3 --force", "osd down 3", "osd destroy 3 --force"]


def test_zap(tmp_path: Path):
    fake = fake_of(tmp_path, orch_osd_rm_status=Answers(["none", QUEUED]))
    run(fake, zap=True)
    assert fake.words() == ["orch osd rm 3 --replace --zap"]


@pytest.mark.parametrize(
    ("method", "status", "why"), [("raw", "up", "its method is raw"), (None, "down", "it is down")]
)
def test_zap_where_it_would_block_the_removal(tmp_path: Path, method: str | None, status: str, why: str):
    fake = fake_of(tmp_path, method, osd_tree=cluster(status=status))
    with pytest.raises(
        CephError, match=rf"^osd\.3: its disk cannot be wiped by the managers: {why}.*list it in site\.yml"
    ):
        run(fake, zap=True)


def test_a_removal_that_did_not_begin_is_told(tmp_path: Path):
    with pytest.raises(CephError, match=r"^osd\.3: is up after all; the managers did not take it over"):
        run(fake_of(tmp_path))


@pytest.mark.parametrize(
    ("facts", "specs", "raw"),
    [
        (FACTS, spec(), False),
        (FACTS, spec("raw"), True),
        (FACTS, [], False),
        ({"bluestore_bdev_dev_node": "/dev/loop1"}, [], True),
        ({}, [], False),
    ],
)
def test_how_an_osd_was_made(facts: dict[str, Any], specs: list[dict[str, Any]], raw: bool):
    assert is_raw(facts, daemon("osd.3", "sto-2"), specs) is raw


def test_paths_of_disks():
    assert ceph_osd_replacement.devices(FACTS) == ("/dev/disk/by-path/pci-1",)
    assert ceph_osd_replacement.devices({"bluestore_bdev_devices": "loop1"}) == ("/dev/loop1",)
    assert ceph_osd_replacement.devices({}) == ()
