"""A host in and out of a cluster: what is asked first, what is refused, and the exact commands."""

from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils.armature_ceph import CephError
from ansible.module_utils.armature_ceph_room import shortages
from ansible.modules.ceph_host_state import change
from careful_ceph import QUEUE, FakeCarefulCeph, daemon, osd, pools, rule, tree, usage
from fake_ceph import Answers

HOSTS = ("sto-1", "sto-2", "sto-3")
SAFE = "orch host ok-to-stop sto-1"


def hosts(status: str = "", labels: tuple[str, ...] = ("osd",), names: tuple[str, ...] = HOSTS) -> list[dict[str, Any]]:
    """Return ``orch host ls``, where the status and the labels are those of sto-1."""
    return [
        {
            "hostname": name,
            "addr": "fd00::1",
            "labels": list(labels if name == "sto-1" else ("osd",)),
            "status": status if name == "sto-1" else "",
        }
        for name in names
    ]


def three() -> dict[str, Any]:
    return tree(sto_1=[osd(0), osd(1)], sto_2=[osd(2), osd(3)], sto_3=[osd(4), osd(5)])


DAEMONS = [
    *(daemon(f"osd.{number}", HOSTS[number // 2]) for number in range(6)),
    *(daemon(f"mon.{host}", host) for host in HOSTS),
    *(daemon(f"mgr.{host}.abc", host) for host in HOSTS[:2]),
]


def managers(active: str = "sto-2") -> dict[str, Any]:
    others = [host for host in HOSTS[:2] if host != active]
    return {"active_name": f"mgr.{active}.abc"[4:], "standbys": [{"name": f"{host}.abc"} for host in others]}


def fake_of(root: Path, **more: Any) -> FakeCarefulCeph:
    answers = {
        "mgr dump": managers(),
        "osd tree": three(),
        "osd dump": pools(vms=2),
        "osd crush rule dump": [rule()],
        "orch host ls": hosts(),
        "orch ps": DAEMONS,
        "osd df": usage(*((number, 100, 10) for number in range(6))),
    }
    fake = FakeCarefulCeph(root, {**answers, **{key.replace("_", " "): value for key, value in more.items()}})
    fake.says = {
        SAFE: (0, "It is presumed safe to stop host sto-1\n", ""),
        "osd ok-to-stop 0 1": (0, "{}", ""),
        "mon ok-to-stop sto-1": (0, "", "quorum should be preserved"),
    }
    return fake


def test_maintenance(tmp_path: Path):
    fake = fake_of(tmp_path, orch_host_ls=Answers([hosts(), hosts("maintenance"), hosts("maintenance")]))
    result = change(fake.ceph(), "sto-1", "maintenance", check=False)
    assert fake.words() == ["osd set-group noout sto-1", "orch host maintenance enter sto-1"]
    assert fake.asked == ["osd ok-to-stop 0 1", "mon ok-to-stop sto-1", SAFE]
    assert result["changed"]
    assert result["plan"] == ["host sto-1: keep its data where it is", "host sto-1: stop its daemons"]
    assert result["diff"][0]["before"] == "status: available\ndrain: false\nnoout: false\n"
    assert result["diff"][0]["after"] == "status: maintenance\ndrain: false\nnoout: true\n"


def test_gateways_stop_when_others_run(tmp_path: Path):
    gateways = [daemon(f"rgw.objects.{host}.x", host) for host in HOSTS[:2]]
    states = Answers([hosts(), hosts("maintenance"), hosts("maintenance")])
    fake = fake_of(tmp_path, orch_host_ls=states, orch_ps=[*DAEMONS, *gateways])
    change(fake.ceph(), "sto-1", "maintenance", check=False)
    assert fake.words() == ["osd set-group noout sto-1", "orch host maintenance enter sto-1 --force"]
    assert fake.asked == ["osd ok-to-stop 0 1", "mon ok-to-stop sto-1"]


@pytest.mark.parametrize("others", [[], [daemon("rgw.objects.sto-2.x", "sto-2", status=0)]])
def test_the_last_gateway_stays(tmp_path: Path, others: list[dict[str, Any]]):
    fake = fake_of(tmp_path, orch_ps=[*DAEMONS, daemon("rgw.objects.sto-1.x", "sto-1"), *others])
    with pytest.raises(CephError, match=r"^sto-1: has the only object gateway that runs\. Give the role"):
        change(fake.ceph(), "sto-1", "maintenance", check=True)
    assert fake.words() == []


def test_a_manager_moves_from_a_host_with_a_gateway(tmp_path: Path):
    gateways = [daemon(f"rgw.objects.{host}.x", host) for host in HOSTS[:2]]
    states = [{"available": True, "active_name": name} for name in ("sto-1.abc", "sto-2.abc")]
    fake = fake_of(
        tmp_path,
        mgr_dump=managers("sto-1"),
        mgr_stat=Answers(states),
        orch_status={"available": True},
        orch_host_ls=Answers([hosts(), hosts("maintenance"), hosts("maintenance")]),
        orch_ps=[*DAEMONS, *gateways],
    )
    change(fake.ceph(), "sto-1", "maintenance", check=False)
    assert fake.words()[0] == "mgr fail sto-1.abc"
    assert fake.words()[-1] == "orch host maintenance enter sto-1 --force"
    assert SAFE not in fake.asked


def test_maintenance_in_check_mode_asks_and_changes_nothing(tmp_path: Path):
    fake = fake_of(tmp_path)
    assert change(fake.ceph(), "sto-1", "maintenance", check=True)["changed"]
    assert fake.words() == []
    assert SAFE in fake.asked


def test_a_host_in_maintenance_stays_so(tmp_path: Path):
    dump = {**pools(vms=2), "crush_node_flags": {"sto-1": ["noout"]}}
    fake = fake_of(tmp_path, orch_host_ls=hosts("maintenance"), osd_dump=dump)
    result = change(fake.ceph(), "sto-1", "maintenance", check=False)
    assert (result["changed"], result["plan"], result["diff"], fake.asked) == (False, [], [], [])


def test_the_active_manager_moves_first(tmp_path: Path):
    states = [{"available": True, "active_name": name} for name in ("sto-1.abc", "sto-1.abc", "sto-2.abc")]
    fake = fake_of(
        tmp_path,
        mgr_dump=managers("sto-1"),
        mgr_stat=Answers(states),
        orch_status={"available": True},
        orch_host_ls=Answers([hosts(), hosts("maintenance"), hosts("maintenance")]),
    )
    change(fake.ceph(), "sto-1", "maintenance", check=False)
    assert fake.words() == ["mgr fail sto-1.abc", "osd set-group noout sto-1", "orch host maintenance enter sto-1"]
    assert fake.asked[-1] == SAFE
    assert fake.slept == [2]


def test_the_active_manager_has_no_standby(tmp_path: Path):
    fake = fake_of(tmp_path, mgr_dump={**managers("sto-1"), "standbys": []})
    with pytest.raises(CephError, match=r"^sto-1: has the active manager, and no other host has one that could take"):
        change(fake.ceph(), "sto-1", "maintenance", check=True)


def test_no_manager_takes_over(tmp_path: Path):
    fake = fake_of(tmp_path, mgr_dump=managers("sto-1"), mgr_stat={"available": True, "active_name": "sto-1.abc"})
    with pytest.raises(CephError, match=r"^ctl-0: no manager took over from mgr\.sto-1\.abc within 120 s\. Look at"):
        change(fake.ceph(), "sto-1", "maintenance", check=False)
    assert fake.words() == ["mgr fail sto-1.abc"]


@pytest.mark.parametrize(
    ("question", "answer", "told"),
    [
        (
            "osd ok-to-stop 0 1",
            (16, "", "Error EBUSY: unsafe to stop osd(s) at this time (9 PGs are or would become offline)\n"),
            "sto-1: may not be stopped now: unsafe to stop osd(s) at this time (9 PGs are or would become offline)",
        ),
        (
            "mon ok-to-stop sto-1",
            (16, "", "Error EBUSY: not enough monitors would be available (sto-2) after stopping mons [sto-1]\n"),
            "sto-1: may not be stopped now: not enough monitors would be available (sto-2) after stopping mons [sto-1]",
        ),
        # The orchestrator's refusal: status 0, and nothing on the output.
        (
            SAFE,
            (0, "", "Inferring config\nWARNING: Removing RGW daemons can cause clients to lose connectivity.\n"),
            "sto-1: may not be stopped now: WARNING: Removing RGW daemons can cause clients to lose connectivity. Mend",
        ),
    ],
)
def test_what_may_not_be_stopped_is_not(tmp_path: Path, question: str, answer: tuple[int, str, str], told: str):
    fake = fake_of(tmp_path)
    fake.says[question] = answer
    with pytest.raises(CephError) as error:
        change(fake.ceph(), "sto-1", "maintenance", check=False)
    assert str(error.value).startswith(told)
    assert fake.words() == []


def test_another_error_is_told_as_it_is(tmp_path: Path):
    fake = fake_of(tmp_path)
    fake.says["osd ok-to-stop 0 1"] = (22, "", "Error EINVAL: invalid command\n")
    with pytest.raises(
        CephError, match="'ceph osd ok-to-stop 0 1' ended with status 22: Error EINVAL: invalid command"
    ):
        change(fake.ceph(), "sto-1", "maintenance", check=False)


def test_maintenance_that_was_not_entered_is_told(tmp_path: Path):
    fake = fake_of(tmp_path)
    fake.says["orch host maintenance enter sto-1"] = (0, "", "WARNING: Stopping 1 out of 1 daemons\n")
    with pytest.raises(CephError) as error:
        change(fake.ceph(), "sto-1", "maintenance", check=False)
    assert str(error.value) == (
        "sto-1: is available after all, not maintenance; Ceph said: no message; WARNING: Stopping 1 out of 1 daemons. "
        "Mend the cause and run again; playbooks/leave_maintenance.yml brings the host back to what it was."
    )


def test_the_only_host_does_not_rest(tmp_path: Path):
    fake = fake_of(tmp_path, orch_host_ls=hosts(names=("sto-1",)))
    with pytest.raises(CephError, match=r"^sto-1: is the cluster's only host, and Ceph would stop"):
        change(fake.ceph(), "sto-1", "maintenance", check=True)


@pytest.mark.parametrize("state", ["available", "maintenance", "drained"])
def test_an_unknown_host(tmp_path: Path, state: str):
    fake = fake_of(tmp_path)
    with pytest.raises(
        CephError, match=r"^sto-9: the Ceph cluster .* has no such host\. Use one of sto-1, sto-2, sto-3\."
    ):
        change(fake.ceph(), "sto-9", state, check=True)


def test_a_host_that_does_not_answer(tmp_path: Path):
    fake = fake_of(tmp_path, orch_host_ls=hosts("Offline"))
    with pytest.raises(CephError, match=r"^sto-1: does not answer to Ceph's managers"):
        change(fake.ceph(), "sto-1", "available", check=True)


def test_back_from_maintenance(tmp_path: Path):
    dump = {**pools(vms=2), "crush_node_flags": {"sto-1": ["noout"]}}
    fake = fake_of(tmp_path, orch_host_ls=Answers([hosts("maintenance"), hosts(), hosts()]), osd_dump=dump)
    assert change(fake.ceph(), "sto-1", "available", check=False)["changed"]
    assert fake.words() == ["orch host maintenance exit sto-1", "osd unset-group noout sto-1"]


def test_a_draining_is_taken_back(tmp_path: Path):
    queue = [{"osd_id": 0, "hostname": "sto-1", "replace": False}, {"osd_id": 2, "hostname": "sto-2", "replace": False}]
    before = hosts(labels=("osd", "_no_schedule", "_no_conf_keyring"))
    fake = fake_of(tmp_path, orch_host_ls=Answers([before, hosts(), hosts()]), orch_osd_rm_status=queue)
    change(fake.ceph(), "sto-1", "available", check=False)
    assert fake.words() == [
        "orch osd rm stop 0",
        "orch host label rm sto-1 _no_schedule",
        "orch host label rm sto-1 _no_conf_keyring",
    ]


def test_an_available_host_stays_so(tmp_path: Path):
    fake = fake_of(tmp_path)
    result = change(fake.ceph(), "sto-1", "available", check=False)
    assert (result["changed"], result["plan"], result["drained"]) == (False, [], False)


def test_a_host_is_drained(tmp_path: Path):
    drained = hosts(labels=("osd", "_no_schedule"))
    fake = fake_of(tmp_path, orch_host_ls=Answers([hosts(), drained, drained]))
    result = change(fake.ceph(), "sto-1", "drained", check=False)
    assert fake.words() == ["orch host drain sto-1"]
    assert (result["changed"], result["drained"]) == (True, False)
    assert result["remaining"] == [
        "mgr.sto-1.abc",
        "mon.sto-1",
        "osd.0 (7 placement groups)",
        "osd.1 (7 placement groups)",
    ]


def test_a_host_that_is_being_drained_is_looked_at(tmp_path: Path):
    queue = [{"osd_id": number, "hostname": "sto-1", "replace": False} for number in (0, 1)]
    fake = fake_of(tmp_path, orch_host_ls=hosts(labels=("_no_schedule",)), orch_osd_rm_status=queue)
    result = change(fake.ceph(), "sto-1", "drained", check=False)
    assert (result["changed"], result["drained"], fake.words()) == (False, False, [])


def test_a_host_that_is_empty(tmp_path: Path):
    others = [entry for entry in DAEMONS if entry["hostname"] != "sto-1"]
    fake = fake_of(
        tmp_path,
        orch_host_ls=hosts(labels=("_no_schedule",)),
        orch_ps=others,
        osd_tree=tree(sto_1=[], sto_2=[osd(2)], sto_3=[osd(4)]),
    )
    result = change(fake.ceph(), "sto-1", "drained", check=False)
    assert (result["changed"], result["drained"], result["remaining"]) == (False, True, [])


def test_copies_need_other_hosts(tmp_path: Path):
    fake = fake_of(tmp_path, osd_dump=pools(vms=3, images=2))
    with pytest.raises(CephError) as error:
        change(fake.ceph(), "sto-1", "drained", check=True)
    assert str(error.value) == (
        "sto-1: cannot be emptied: pool 'vms' keeps its 3 copies on 3 different hosts, and there are 2 without sto-1. "
        "Add one, or give the pool fewer copies or another failure domain in site.yml, and run again."
    )


def test_data_needs_room(tmp_path: Path):
    fake = fake_of(tmp_path, osd_df=usage(*((number, 100, 60) for number in range(6))))
    with pytest.raises(
        CephError, match=r"^sto-1: cannot be emptied: 360\.0 GiB are in use, and the OSDs that remain take"
    ):
        change(fake.ceph(), "sto-1", "drained", check=True)


def test_a_host_in_maintenance_is_not_drained(tmp_path: Path):
    fake = fake_of(tmp_path, orch_host_ls=hosts("maintenance"))
    with pytest.raises(CephError, match=r"^sto-1: is in maintenance. Run playbooks/leave_maintenance.yml first"):
        change(fake.ceph(), "sto-1", "drained", check=True)


def test_an_empty_host_goes(tmp_path: Path):
    others = [entry for entry in DAEMONS if entry["hostname"] != "sto-1"]
    gone = hosts(names=("sto-2", "sto-3"))
    fake = fake_of(
        tmp_path,
        orch_host_ls=Answers([hosts(labels=("_no_schedule",)), gone, gone]),
        orch_ps=others,
        osd_tree=tree(sto_1=[osd(1, status="destroyed")], sto_2=[osd(2)], sto_3=[osd(4)]),
    )
    result = change(fake.ceph(), "sto-1", "absent", check=False)
    assert fake.words() == ["osd purge 1 --force", "orch host rm sto-1", "osd crush rm sto-1"]
    assert result["diff"][0]["after_header"] == "(absent)"


def test_a_host_that_is_gone(tmp_path: Path):
    fake = fake_of(tmp_path, orch_host_ls=hosts(names=("sto-2", "sto-3")), osd_tree=tree(sto_2=[osd(2)]), orch_ps=[])
    result = change(fake.ceph(), "sto-1", "absent", check=False)
    assert (result["changed"], result["plan"], result["diff"]) == (False, [], [])


def test_a_host_with_daemons_stays(tmp_path: Path):
    fake = fake_of(tmp_path, orch_ps=[daemon("osd.0", "sto-1")])
    with pytest.raises(CephError, match=r"^sto-1: is not empty: osd\.0\. Run playbooks/drain_ceph_host\.yml"):
        change(fake.ceph(), "sto-1", "absent", check=False)


def test_a_host_with_osds_that_have_no_daemon_stays(tmp_path: Path):
    fake = fake_of(tmp_path, orch_ps=[], osd_tree=tree(sto_1=[osd(1, status="down")]))
    with pytest.raises(CephError, match=r"^sto-1: osd\.1 still count in CRUSH"):
        change(fake.ceph(), "sto-1", "absent", check=False)


def test_a_queue_of_removals_without_entries_is_a_sentence(tmp_path: Path):
    assert fake_of(tmp_path).ceph().removals() == []
    assert fake_of(tmp_path / "other", **{QUEUE: [{"osd_id": 1}]}).ceph().removals() == [{"osd_id": 1}]


@pytest.mark.parametrize(
    ("kind", "take", "size", "without", "left"),
    [
        ("host", "default", 3, {0, 1}, 2),
        ("host", "default", 3, {0}, None),
        ("host", "default", 2, {0, 1}, None),
        ("osd", "default", 6, {5}, 5),
        ("host", "default~ssd", 2, {5}, 1),
        ("host", "default~ssd", 2, {0, 1}, None),
    ],
)
def test_failure_domains_are_counted(kind: str, take: str, size: int, without: set[int], left: int | None):
    there = tree(
        sto_1=[osd(0), osd(1)], sto_2=[osd(2), osd(3, device_class="ssd")], sto_3=[osd(4), osd(5, device_class="ssd")]
    )
    found = shortages(pools(vms=size), [rule(kind=kind, take=take)], there, without)
    assert [short.left for short in found] == ([] if left is None else [left])


def test_an_osd_that_is_out_still_leaves_a_gap(tmp_path: Path):
    there = tree(sto_1=[osd(0, status="down", reweight=0)], sto_2=[osd(2)], sto_3=[osd(4)])
    assert [short.left for short in shortages(pools(vms=3), [rule()], there, {0})] == [2]


def test_a_rule_of_several_steps_is_not_judged():
    twice = rule()
    twice["steps"].insert(1, {"op": "choose_firstn", "num": 2, "type": "rack"})
    assert shortages(pools(vms=3), [twice], three(), {0, 1}) == []
