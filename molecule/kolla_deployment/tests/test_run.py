"""When kolla-ansible runs, and what is left after it."""

import json
import os
import stat
from pathlib import Path

import pytest

from armature.kolla.lock import site_lock

FOLDER = Path(os.environ["MOLECULE_EPHEMERAL_DIRECTORY"]) / "kolla_deployment"
BUILD = FOLDER / "build"
CALLS = BUILD / "kolla/calls"


@pytest.fixture(autouse=True)
def _no_calls():
    CALLS.write_text("")


def calls() -> list[str]:
    return CALLS.read_text().split()


def test_nothing_changed_so_nothing_runs(play):
    done = play("converge.yml")
    assert done.status == 0, done.messages
    assert calls() == []
    shown = [
        result["__kolla_deployment_compared.msg"]
        for _t, _h, result in done.results
        if "__kolla_deployment_compared.msg" in result
    ]
    assert shown == [["Nothing changed: kolla-ansible has nothing to do."]]


def test_other_inputs_make_it_run_once(play):
    play("converge.yml", "--extra-vars", "inputs=other")
    assert calls() == ["prechecks", "deploy", "post-deploy"]
    assert json.loads((BUILD / "kolla-applied.json").read_text())["inputs"] == "other"
    play("converge.yml", "--extra-vars", "inputs=other")
    assert calls() == ["prechecks", "deploy", "post-deploy"]


def test_a_full_run_can_be_asked_for(play):
    play("converge.yml", "--extra-vars", '{"kolla_deployment_full": true}')
    assert calls() == ["prechecks", "deploy", "post-deploy"]


def test_lost_credentials_come_back(play):
    (BUILD / "clouds.yaml").unlink()
    play("converge.yml")
    assert (BUILD / "clouds.yaml").is_file()


def test_check_mode_runs_nothing_and_says_why(play):
    done = play("converge.yml", "--check", "--extra-vars", "inputs=checked")
    assert done.status == 0, done.messages
    assert calls() == []
    assert [result["msg"] for task, _host, result in done.results if task.endswith("Deploy OpenStack")] == [
        "kolla-ansible deploy would run now. It does not run in check mode."
    ]
    assert json.loads((BUILD / "kolla-applied.json").read_text())["inputs"] != "checked"


def test_a_failure_is_reported_and_not_taken_for_applied(play):
    (BUILD / "kolla/broken").touch()
    done = play("converge.yml", "--extra-vars", "inputs=broken")
    (BUILD / "kolla/broken").unlink()
    assert done.status == 2
    log = max((BUILD / "logs").glob("deploy-*.log"), key=lambda path: path.stat().st_mtime)
    assert done.messages == [
        "kolla-ansible deploy failed (exit status 2).\n"
        "  service:   glance\n"
        "  host:      mol-1\n"
        "  task:      Start glance-api\n"
        "  reason:    Timed out\n"
        f"  log:       {log}\n"
        "  to resume: molecule converge"
    ]
    assert stat.S_IMODE(log.stat().st_mode) == 0o600
    assert log.read_text() == f"deploy of {BUILD}/kolla {BUILD}/kolla/ansible.cfg\n"
    assert not (BUILD / "kolla-applied.json").exists()
    play("converge.yml")
    assert calls() == ["prechecks", "deploy", "prechecks", "deploy", "post-deploy"]


def test_a_second_run_at_the_same_time_is_refused(play):
    with site_lock(BUILD / "lock", "kolla-ansible deploy"):
        done = play("converge.yml", "--extra-vars", "inputs=locked")
    assert done.status == 2
    assert "runs kolla-ansible deploy since" in done.messages[0]
    assert calls() == []
