"""An upgrade: when it begins, what it refuses, and what is told while it runs."""

import json
from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils.armature_ceph import CephError
from ansible.module_utils.armature_ceph_upgrade import version
from ansible.modules.ceph_upgrade import change
from ansible.modules.ceph_upgrade_info import look
from careful_ceph import FakeCarefulCeph, daemon
from fake_ceph import IMAGE

STATUS = "orch upgrade status"
CHECK = f"orch upgrade check --image {IMAGE}"
START = f"orch upgrade start --image {IMAGE}"
OLD, NEW = ("ceph version 18.2.4 (e7ad) reef (stable)", "ceph version 18.2.7 (6b0e) reef (stable)")


def status(**more: Any) -> tuple[int, str, str]:
    idle = {"target_image": None, "in_progress": False, "which": "<unknown>", "services_complete": []}
    return 0, json.dumps({**idle, "progress": None, "message": "", "is_paused": False, **more}, indent=4), ""


def checked(*outdated: str, target: str = NEW) -> tuple[int, str, str]:
    needs = {name: {"current_name": "x", "current_id": "y", "current_version": "18.2.4"} for name in outdated}
    found = {"target_name": IMAGE, "target_id": "z", "target_version": target, "needs_update": needs, "up_to_date": []}
    return 0, json.dumps(found, indent=4), ""


def running(**more: Any) -> tuple[int, str, str]:
    return status(**{"in_progress": True, "target_image": IMAGE, "progress": "3/9 daemons upgraded", **more})


def warning(*codes: str, **more: Any) -> dict[str, Any]:
    checks = {
        code: {"severity": "HEALTH_WARN", "summary": {"message": f"{code} is on"}, "detail": [], **more}
        for code in codes
    }
    return {"status": "HEALTH_WARN", "checks": checks}


def fake_of(root: Path, managers: int = 2, present: str = OLD, health: dict[str, Any] | None = None) -> FakeCarefulCeph:
    answers = {
        "versions": {"mon": {present: 3}, "overall": {present: 9}},
        "health detail": health or {"status": "HEALTH_OK", "checks": {}},
        "orch ps --daemon_type mgr": [daemon(f"mgr.sto-{number}.a", f"sto-{number}") for number in range(managers)],
    }
    fake = FakeCarefulCeph(root, answers)
    fake.says = {STATUS: status(), CHECK: checked("mon.sto-1", "osd.0")}
    return fake


class Starting(FakeCarefulCeph):
    """A cluster that begins to upgrade when it is told to."""

    def run(self, argv: list[str], data: str | None) -> tuple[int, str, str]:
        answer = super().run(argv, data)
        if self.words():
            self.says[STATUS] = running(message="Currently upgrading mgr daemons")
        return answer


def test_an_upgrade_begins(tmp_path: Path):
    plain = fake_of(tmp_path / "plain")
    fake = Starting(tmp_path / "starting", plain.answers)
    fake.says = dict(plain.says)
    result = change(fake.ceph(), [], check=False)
    assert fake.words() == [START]
    assert result["plan"] == [f"upgrade to {IMAGE}: 2 daemons to 18.2.7"]
    assert (result["changed"], result["state"]) == (True, "running")
    assert result["progress"] == "3/9 daemons upgraded; Currently upgrading mgr daemons"
    assert result["diff"][0]["before"] == "versions:\n  - 18.2.4\nupgrade: outdated\n"
    assert result["diff"][0]["after"] == "versions:\n  - 18.2.7\nupgrade: running\n"


def test_check_mode_changes_nothing(tmp_path: Path):
    fake = fake_of(tmp_path)
    result = change(fake.ceph(), [], check=True)
    assert (result["changed"], result["state"], fake.words()) == (True, "outdated", [])
    assert result["progress"] == "2 daemons run another version"


def test_an_upgraded_cluster_is_left_alone(tmp_path: Path):
    # Whatever its health is.
    fake = fake_of(tmp_path, present=NEW, health=warning("OSD_DOWN"))
    fake.says[CHECK] = checked()
    result = change(fake.ceph(), [], check=False)
    assert (result["changed"], result["state"], result["plan"], result["diff"]) == (False, "done", [], [])
    assert look(fake.ceph())["msg"] == f"All daemons run {IMAGE}."


def test_a_running_upgrade_is_left_alone(tmp_path: Path):
    fake = fake_of(tmp_path, health=warning("MON_DOWN"))
    fake.says[STATUS] = running(message="Currently upgrading osd daemons")
    assert change(fake.ceph(), [], check=False)["changed"] is False
    assert CHECK not in fake.asked
    info = look(fake.ceph())
    assert (info["state"], info["changed"]) == ("running", False)
    assert info["msg"] == (
        f"The upgrade to {IMAGE} is under way: 3/9 daemons upgraded; Currently upgrading osd daemons."
    )


def test_a_paused_upgrade(tmp_path: Path):
    detail = [{"message": f"failed to pull {IMAGE} on host sto-2"}]
    fake = fake_of(tmp_path, health=warning("UPGRADE_FAILED_PULL", detail=detail))
    message = "Error: UPGRADE_FAILED_PULL: Upgrade: failed to pull target image"
    fake.says[STATUS] = running(is_paused=True, message=message)
    assert look(fake.ceph())["msg"] == (
        f"{IMAGE}: the upgrade is paused: {message}; failed to pull {IMAGE} on host sto-2. Mend the cause and run "
        "playbooks/upgrade_ceph.yml again, which goes on with it."
    )
    assert change(fake.ceph(), [], check=False)["plan"] == [f"upgrade to {IMAGE}: go on with it"]
    assert fake.words() == ["orch upgrade resume"]


def test_another_upgrade_is_under_way(tmp_path: Path):
    fake = fake_of(tmp_path)
    fake.says[STATUS] = status(in_progress=True, target_image="quay.io/ceph/ceph:v18.2.5")
    with pytest.raises(
        CephError, match=r"^quay.io/ceph/ceph:v18\.2\.7: an upgrade to quay\.io/ceph/ceph:v18\.2\.5 is under"
    ):
        change(fake.ceph(), [], check=False)


def test_an_upgrade_by_digest_goes_on(tmp_path: Path):
    fake = fake_of(tmp_path)
    fake.says[STATUS] = running(target_image="quay.io/ceph/ceph@sha256:1234")
    assert change(fake.ceph(), [], check=False)["state"] == "running"


def test_a_cluster_that_is_not_well_is_not_upgraded(tmp_path: Path):
    fake = fake_of(tmp_path, health=warning("OSD_DOWN", "OSDMAP_FLAGS", "UPGRADE_FAILED_PULL"))
    with pytest.raises(CephError) as error:
        change(fake.ceph(), ["OSDMAP_FLAGS"], check=True)
    assert str(error.value) == (
        f"{IMAGE}: the cluster's health is HEALTH_WARN, so it is not upgraded:\n"
        "  OSD_DOWN: OSD_DOWN is on.\n"
        "  docs/ceph-health.md says what to do about each. To upgrade all the same, accept them:\n"
        """  -e '{"accept": ["OSD_DOWN"]}'"""
    )


def test_accepted_and_muted_checks_do_not_count(tmp_path: Path):
    health = warning("OSDMAP_FLAGS")
    health["checks"]["POOL_NO_REDUNDANCY"] = {"severity": "HEALTH_WARN", "summary": {"message": "x"}, "muted": True}
    assert change(fake_of(tmp_path, health=health).ceph(), ["OSDMAP_FLAGS"], check=True)["changed"]


@pytest.mark.parametrize(
    ("present", "target", "told"),
    [
        (
            "ceph version 19.2.1 (a) squid (stable)",
            NEW,
            "is Ceph 18.2.7, and the cluster runs 19.2.1: there is no way back to an earlier release.",
        ),
        (
            "ceph version 15.2.17 (a) octopus (stable)",
            NEW,
            "is Ceph 18.2.7, and the cluster runs 15.2.17: an upgrade goes up 2 releases at most. Upgrade to 17 first.",
        ),
    ],
)
def test_ways_that_ceph_does_not_go(tmp_path: Path, present: str, target: str, told: str):
    fake = fake_of(tmp_path, present=present)
    fake.says[CHECK] = checked("mon.sto-1", target=target)
    with pytest.raises(CephError) as error:
        change(fake.ceph(), [], check=True)
    assert str(error.value).startswith(f"{IMAGE}: {told}")


def test_a_sentence_in_the_place_of_an_answer_is_told(tmp_path: Path):
    fake = fake_of(tmp_path)
    fake.says[CHECK] = (0, "Incompatible upgrade: ceph cannot downgrade major versions (from 19.2.1 to 18.2.7)\n", "")
    with pytest.raises(
        CephError, match=r"Incompatible upgrade: ceph cannot downgrade major versions \(from 19\.2\.1 to 18"
    ):
        change(fake.ceph(), [], check=True)


def test_one_manager_cannot_upgrade_itself(tmp_path: Path):
    with pytest.raises(CephError, match=r"an upgrade needs two managers that run, .*, and there is 1\. Give the role"):
        change(fake_of(tmp_path, managers=1).ceph(), [], check=True)


def test_an_upgrade_that_did_not_begin_is_told(tmp_path: Path):
    with pytest.raises(CephError, match="the managers did not begin the upgrade"):
        change(fake_of(tmp_path).ceph(), [], check=False)


def test_a_stopped_upgrade(tmp_path: Path):
    info = look(fake_of(tmp_path).ceph())
    assert (info["state"], info["msg"]) == (
        "outdated",
        f"{IMAGE}: no upgrade is under way, and 2 daemons run another version. Run playbooks/upgrade_ceph.yml.",
    )


def test_a_text_without_a_version():
    with pytest.raises(CephError, match=r"^'Debian': is no version of Ceph"):
        version("Debian")
