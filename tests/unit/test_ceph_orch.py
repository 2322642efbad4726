"""Hosts and services: what cephadm shows is compared by meaning, hosts are never removed, and OSDs always stay."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils.armature_ceph import CephError
from ansible.module_utils.armature_ceph_hosts import locations
from ansible.module_utils.armature_ceph_services import DEFAULTS, normal_form, step
from ansible.module_utils.armature_ceph_services import present as present_services
from ansible.modules.ceph_orch import change, problems, with_secrets
from fake_ceph import CEPH, FSID, FakeCeph, ceph, no_cluster

STAT = {"epoch": 5, "available": True, "active_name": "ctl-0.abcdef", "num_standby": 1}
TREE = {
    "nodes": [
        {"id": -1, "name": "default", "type": "root", "type_id": 11, "children": [-5, -3]},
        {"id": -3, "name": "sto-0", "type": "host", "type_id": 1, "pool_weights": {}, "children": [1, 0]},
        {"id": 0, "device_class": "ssd", "name": "osd.0", "type": "osd", "type_id": 0, "status": "up"},
        {"id": 1, "device_class": "ssd", "name": "osd.1", "type": "osd", "type_id": 0, "status": "up"},
        {"id": -5, "name": "r1", "type": "rack", "type_id": 3, "children": [-4]},
        {"id": -4, "name": "sto-1", "type": "host", "type_id": 1, "children": []},
    ],
    "stray": [],
}
HOSTS = [
    {"hostname": "ctl-0", "addr": "fd00::10", "labels": ["_admin"], "status": ""},
    {"hostname": "sto-0", "addr": "FD00:0::20", "labels": ["osd", "rgw", "_no_schedule", "mon"], "status": ""},
    {"hostname": "sto-9", "addr": "fd00::29", "labels": [], "status": "Offline"},
]

# Of `ceph orch ls --export --format json`, as python-common of 18.2.7 writes it.
BOOTSTRAPPED = [
    {"placement": {"count": 2}, "service_name": "mgr", "service_type": "mgr", "unmanaged": True},
    {"placement": {"count": 5}, "service_name": "mon", "service_type": "mon", "unmanaged": True},
]
EXPORT = [
    {"placement": {"host_pattern": "*"}, "service_name": "crash", "service_type": "crash"},
    {"placement": {"hosts": ["ctl-0"]}, "service_name": "mgr", "service_type": "mgr"},
    {"placement": {"hosts": ["ctl-1", "ctl-0"]}, "service_name": "mon", "service_type": "mon"},
    {
        "placement": {"hosts": ["sto-1", "sto-0"]},
        "service_id": "nvme",
        "service_name": "osd.nvme",
        "service_type": "osd",
        "spec": {
            "crush_device_class": "fast",
            "data_devices": {"paths": ["/dev/disk/by-path/a"]},
            "db_devices": {"limit": 2, "rotational": False, "size": "3TB:"},
            "encrypted": True,
            "filter_logic": "AND",
            "method": "raw",
            "objectstore": "bluestore",
            "osds_per_device": 2,
        },
    },
]
SPECS = [
    {"service_type": "mon", "placement": {"hosts": ["ctl-0", "ctl-1"]}},
    {"service_type": "mgr", "placement": {"hosts": ["ctl-0"]}},
    {"service_type": "crash", "placement": {"host_pattern": "*"}},
    {
        "service_type": "osd",
        "service_id": "nvme",
        "placement": {"hosts": ["sto-0", "sto-1"]},
        "encrypted": True,
        "spec": {
            "data_devices": {"paths": ["/dev/disk/by-path/a"], "model": None},
            "db_devices": {"limit": 2, "rotational": False, "size": "3TB:"},
            "method": "raw",
            "crush_device_class": "fast",
            "osds_per_device": 2,
        },
    },
]


def wanted_host(**changed: Any) -> dict[str, Any]:
    return {"name": "sto-0", "address": "fd00::20", "labels": ["osd"], "location": {}, **changed}


def osd(**changed: Any) -> dict[str, Any]:
    """The specification of the OSDs with other keys below `spec`; None for one that is not there."""
    found = copy.deepcopy(SPECS[3])
    found["spec"].update(changed)
    found["spec"] = {key: value for key, value in found["spec"].items() if value is not None}
    return found


def on_hosts(fake: FakeCeph, *hosts: dict[str, Any], check: bool = False) -> dict[str, Any]:
    return change(fake.ceph(), list(hosts), None, [], check)


@pytest.fixture
def fake(tmp_path: Path) -> FakeCeph:
    daemons = [
        {"daemon_type": "osd", "daemon_name": "osd.0", "hostname": "sto-0", "service_name": "osd.old"},
        {"daemon_type": "osd", "daemon_name": "osd.1", "hostname": "sto-0", "osdspec_affinity": "old"},
        {"daemon_type": "osd", "daemon_name": "osd.2", "hostname": "sto-1", "service_name": "osd.nvme"},
    ]
    answers = {
        "mgr stat": STAT,
        "osd tree": TREE,
        "orch host ls": HOSTS,
        "orch ls --export": EXPORT,
        "orch ps --daemon_type osd": daemons,
    }
    return FakeCeph(tmp_path, answers)


def test_hosts_are_added_and_changed(fake: FakeCeph):
    result = on_hosts(
        fake,
        {"name": "ctl-0", "address": "fd00::11", "labels": ["mon", "_admin"], "location": {}},
        {"name": "sto-0", "address": "fd00::20", "labels": ["osd"], "location": {"root": "default", "rack": "r2"}},
        {
            "name": "sto-1",
            "address": "fd00::21",
            "labels": ["osd", "mgr"],
            "location": {"root": "default", "rack": "r1"},
        },
        {"name": "sto-2", "address": "fd00::22", "labels": [], "location": {"rack": "r2"}},
    )
    assert result["plan"] == [
        "host ctl-0: change its address from fd00::10 to fd00::11",
        "host ctl-0: add the label mon",
        "host sto-0: move it to rack r2, and its data with it",
        "host sto-0: remove the label mon",
        "host sto-1: add it with address fd00::21 and labels osd, mgr",
        "host sto-2: place it in rack r2",
        "host sto-2: add it with address fd00::22 and labels none",
    ]
    assert fake.changes == [
        ([*CEPH, "orch", "host", "set-addr", "ctl-0", "fd00::11"], None),
        ([*CEPH, "orch", "host", "label", "add", "ctl-0", "mon"], None),
        ([*CEPH, "osd", "crush", "move", "sto-0", "root=default", "rack=r2"], None),
        ([*CEPH, "orch", "host", "label", "rm", "sto-0", "mon"], None),
        ([*CEPH, "orch", "host", "add", "sto-1", "fd00::21", "--labels=osd,mgr"], None),
        ([*CEPH, "osd", "crush", "add-bucket", "sto-2", "host", "root=default", "rack=r2"], None),
        ([*CEPH, "orch", "host", "add", "sto-2", "fd00::22"], None),
    ]
    assert (result["changed"], result["extra_hosts"]) == (True, ["sto-9"])
    assert fake.reads == ["mgr stat", "osd tree", "orch host ls"]


def test_the_diff_of_a_host_shows_what_stays(fake: FakeCeph):
    result = on_hosts(fake, wanted_host(location={"rack": "r2"}), wanted_host(name="new"))
    before = "address: fd00::20\nlabels:\n  - _no_schedule\n  - mon\n  - osd\n  - rgw\n"
    after = "address: fd00::20\nlabels:\n  - _no_schedule\n  - osd\n  - rgw\nlocation:\n  rack: r2\n"
    headers = {"before_header": "host sto-0", "after_header": "host sto-0"}
    assert result["diff"] == [
        {**headers, "before": before, "after": after},
        {
            "before_header": "(absent)",
            "after_header": "host new",
            "before": "",
            "after": "address: fd00::20\nlabels:\n  - osd\n",
        },
    ]


def test_hosts_that_are_as_wanted(fake: FakeCeph):
    hosts = [
        {"name": "ctl-0", "address": "[fd00::10]", "labels": ["_admin"]},
        wanted_host(labels=["mon", "osd"], location={"root": "default"}),
    ]
    assert on_hosts(fake, *hosts) == {
        "changed": False,
        "diff": [],
        "plan": [],
        "extra_hosts": ["sto-9"],
        "kept_osds": {},
    }
    assert fake.changes == []


def test_where_hosts_are():
    assert locations(TREE) == {"sto-0": {"root": "default"}, "sto-1": {"rack": "r1", "root": "default"}}


def test_a_rack_outside_its_root_is_left_alone(fake: FakeCeph):
    fake.answers["osd tree"] = {"nodes": [node for node in TREE["nodes"] if node["id"] != -1]}
    fake.answers["orch host ls"] = [{"hostname": "sto-1", "addr": "fd00::20", "labels": ["osd"], "status": ""}]
    assert on_hosts(fake, wanted_host(name="sto-1", location={"root": "default", "rack": "r1"}))["plan"] == []


def test_services_of_a_bootstrap_are_taken_over(fake: FakeCeph):
    fake.answers["orch ls --export"] = BOOTSTRAPPED
    result = change(fake.ceph(), None, SPECS, ["crash", "osd"], check=False)
    assert result["plan"] == [
        "service mon: change placement, unmanaged",
        "service mgr: change placement, unmanaged",
        "service crash: create it",
        "service osd.nvme: create it",
    ]
    assert [argv for argv, _data in fake.changes] == [[*CEPH, "orch", "apply", "-i", "-"]] * 4
    assert [json.loads(data or "") for _argv, data in fake.changes] == SPECS
    assert result["diff"][0] == {
        "before_header": "service mon",
        "after_header": "service mon",
        "before": "placement:\n  count: 5\nservice_type: mon\nunmanaged: true\n",
        "after": "placement:\n  hosts:\n    - ctl-0\n    - ctl-1\nservice_type: mon\n",
    }
    assert fake.reads == ["mgr stat", "orch ls --export"]


def test_a_second_run_changes_nothing(fake: FakeCeph):
    assert change(fake.ceph(), None, SPECS, ["crash", "osd", "rgw"], check=False) == {
        "changed": False,
        "diff": [],
        "plan": [],
        "extra_hosts": [],
        "kept_osds": {},
    }
    assert fake.changes == []


@pytest.mark.parametrize(
    ("spec", "keys"),
    [
        (osd(encrypted=None), None),
        (osd(filter_logic="AND", objectstore="bluestore"), None),
        (osd(wal_devices={}), None),
        (osd(method=None), "method"),
        (osd(method="lvm"), "method"),
        (osd(crush_device_class=None), "crush_device_class"),
        (osd(osds_per_device=1), "osds_per_device"),
        (osd(db_devices=None), "db_devices"),
        (osd(db_devices={"limit": 2, "size": "3TB:"}), "db_devices"),
        (osd(db_devices={"limit": 2, "rotational": True, "size": "3TB:"}), "db_devices"),
        (osd(data_devices={"paths": ["/dev/disk/by-path/b"]}), "data_devices"),
        (osd(filter_logic="OR"), "filter_logic"),
        ({**osd(), "encrypted": False}, "encrypted"),
        ({**osd(), "unmanaged": True}, "unmanaged"),
        ({**osd(), "unmanaged": False}, None),
        ({**osd(), "service_name": "osd.nvme"}, None),
        ({**osd(), "placement": {"hosts": ["sto-0"]}}, "placement"),
        ({**osd(), "placement": {"hosts": ["sto-1", "sto-0"], "count": None}}, None),
    ],
)
def test_specifications_are_compared_by_meaning(spec: dict[str, Any], keys: str | None):
    todo = step(spec, present_services(EXPORT))
    assert (todo and todo.sentence) == (f"service osd.nvme: change {keys}" if keys else None)


def test_keys_may_be_written_in_several_ways():
    written = {
        "service_type": "rgw",
        "service_id": "a",
        "networks": "fd00::/64",
        "placement": {"hosts": ["sto-1"], "count_per_host": 1},
        "config": {"rgw dns name": "x"},
        "rgw_frontend_port": 8080,
        "ssl": False,
    }
    exported = {
        "networks": ["fd00::/64"],
        "placement": {"count_per_host": 1, "hosts": ["sto-1"]},
        "service_id": "a",
        "service_name": "rgw.a",
        "service_type": "rgw",
        "spec": {"config": {"rgw_dns_name": "x"}, "rgw_exit_timeout_secs": 120, "rgw_frontend_port": 8080},
    }
    assert normal_form(written) == normal_form(exported)


@pytest.mark.parametrize("kind", DEFAULTS)
def test_a_default_may_be_said_or_not_and_any_other_value_counts(kind: str):
    spec = {"service_type": kind, "service_id": "a", "placement": {"host_pattern": "*"}}
    for key, value in DEFAULTS[kind].items():
        assert normal_form({**spec, "spec": {key: value}}) == normal_form(spec)
        assert normal_form({**spec, "spec": {key: f"{value}x"}}) != normal_form(spec)


def test_unwanted_services_of_owned_types_are_removed(fake: FakeCeph):
    old = {**osd(), "service_id": "old", "placement": {"host_pattern": "*"}}
    rgw = {"service_type": "rgw", "service_id": "a", "placement": {"count": 2}}
    grafana = {"service_type": "grafana", "placement": {"count": 1}}
    fake.answers["orch ls --export"] = [*EXPORT, old, rgw, grafana]
    result = change(fake.ceph(), None, SPECS[2:], ["crash", "osd", "rgw"], check=False)
    assert result["plan"] == [
        "service osd.old: remove it; its OSDs stay and keep their data: osd.0 on sto-0, osd.1 on sto-0",
        "service rgw.a: remove it and its daemons",
    ]
    assert result["kept_osds"] == {"osd.old": ["osd.0 on sto-0", "osd.1 on sto-0"]}
    assert fake.changed() == [ceph("orch", "rm", "osd.old", "--force"), ceph("orch", "rm", "rgw.a")]
    assert [entry["after"] for entry in result["diff"]] == ["", ""]


def test_daemons_without_a_specification_are_no_service(fake: FakeCeph):
    left = {"service_id": "old", "service_name": "osd.old", "service_type": "osd", "unmanaged": True}
    left["spec"] = {"filter_logic": "AND", "objectstore": "bluestore"}
    fake.answers["orch ls --export"] = [*EXPORT, left]
    assert not change(fake.ceph(), None, SPECS, ["osd"], check=False)["changed"]
    again = {**osd(), "service_id": "old"}
    assert change(fake.ceph(), None, [*SPECS, again], [], check=True)["plan"] == ["service osd.old: create it"]


def test_monitors_and_managers_are_never_removed(fake: FakeCeph):
    assert change(fake.ceph(), None, SPECS[2:], ["mon", "mgr"], check=False)["plan"] == []
    assert problems(None, SPECS, ["mon", "osd", "mgr"]) == [
        "owned: 'mon' cannot be removed. Leave it out.",
        "owned: 'mgr' cannot be removed. Leave it out.",
    ]


def test_check_mode_only_plans(fake: FakeCeph):
    fake.answers["orch ls --export"] = [*BOOTSTRAPPED, {**osd(), "service_id": "old"}]
    hosts = [wanted_host(location={"rack": "r2"}), wanted_host(name="new")]
    planned = change(fake.ceph(), hosts, SPECS, ["osd"], check=True)
    assert fake.changes == []
    assert planned["changed"]
    assert planned == change(fake.ceph(), hosts, SPECS, ["osd"], check=False)
    assert len(fake.changes) == len(planned["plan"])


def test_without_a_cluster_check_mode_plans_everything_and_a_run_fails(tmp_path: Path):
    fake = no_cluster(tmp_path)
    planned = change(fake.ceph(), [wanted_host()], SPECS[:1], ["osd"], check=True)
    assert planned["plan"] == [
        "host sto-0: add it with address fd00::20 and labels osd",
        "service mon: create it",
    ]
    with pytest.raises(CephError, match=f"no cluster {FSID} here"):
        change(fake.ceph(), [], None, [], check=False)
    assert fake.calls == []


def test_managers_are_not_waited_for(fake: FakeCeph):
    fake.answers["mgr stat"] = {**STAT, "available": False}
    with pytest.raises(CephError, match="has no active manager"):
        change(fake.ceph(), [wanted_host()], SPECS, [], check=True)
    assert fake.reads == ["mgr stat", "osd tree"]


def test_secrets_are_not_in_the_result(fake: FakeCeph):
    gateway = {"service_type": "iscsi", "service_id": "gw", "placement": {"hosts": ["gw-0"]}}
    present = {**gateway, "spec": {"api_password": "before-s3cret", "pool": "iscsi", "ssl_key": "k3y"}}
    fake.answers["orch ls --export"] = [present]
    wanted = {**gateway, "spec": {"api_password": "after-s3cret", "pool": "other", "ssl_key": "k3y"}}
    result = change(fake.ceph(), None, [wanted], [], check=False)
    assert result["plan"] == ["service iscsi.gw: change api_password, pool"]
    assert "after-s3cret" in (fake.changes[0][1] or "")
    assert "s3cret" not in str(result)
    assert "k3y" not in str(result)


def test_problems_name_the_entry():
    assert problems(None, None, [], refresh=True) == []
    assert problems(None, None, []) == ["hosts, services: neither is given. Give one of them."]
    hosts = [wanted_host(), {"name": "a"}, {"address": "fd00::1"}]
    services = [{"service_type": "mon"}, {"service_type": "host", "placement": {"count": 1}}]
    assert problems(hosts, services, []) == [
        "hosts[1]: has no 'address'. Give one.",
        "hosts[2]: has no 'name'. Give one.",
        "services[0]: has no 'placement'. Give one.",
        "services[1]: is a host. Put it into hosts.",
    ]


def test_gateways_as_the_managers_show_them(fake: FakeCeph):
    spec = {
        "service_type": "rgw",
        "service_id": "objects",
        "placement": {"label": "rgw"},
        "networks": ["fd00:1::/64"],
        "spec": {"rgw_frontend_port": 8080},
        "extra_container_args": ["--volume=/a:/b:ro", "--label=c=d"],
        "custom_configs": [{"mount_path": "/etc/ca.crt", "content": "-----BEGIN\n"}],
    }
    # Of python-common 18.2.7: RGWSpec.from_json(spec).to_json().
    exported = {
        "service_type": "rgw",
        "service_id": "objects",
        "service_name": "rgw.objects",
        "placement": {"label": "rgw"},
        "networks": ["fd00:1::/64"],
        "extra_container_args": ["--volume=/a:/b:ro", "--label=c=d"],
        "custom_configs": [{"content": "-----BEGIN\n", "mount_path": "/etc/ca.crt"}],
        "spec": {"rgw_frontend_port": 8080},
    }
    fake.answers["orch ls --export"] = [*EXPORT, exported]
    assert change(fake.ceph(), None, [spec], ["rgw"], check=False)["plan"] == []
    newer = {**spec, "extra_container_args": ["--volume=/a:/b:ro", "--label=c=e"]}
    plan = change(fake.ceph(), None, [newer], ["rgw"], check=False)["plan"]
    assert plan == ["service rgw.objects: change extra_container_args"]


def test_a_label_that_another_play_owns(fake: FakeCeph):
    hosts = [wanted_host(labels=["rgw"]), wanted_host(name="ctl-0", address="fd00::10", labels=[])]
    assert change(fake.ceph(), hosts, None, [], check=True, owned_labels=["rgw"])["plan"] == []
    hosts[0]["labels"], hosts[1]["labels"] = [], ["rgw"]
    assert change(fake.ceph(), hosts, None, [], check=True, owned_labels=["rgw"])["plan"] == [
        "host sto-0: remove the label rgw",
        "host ctl-0: add the label rgw",
    ]


def test_the_managers_look_at_the_disks_anew(tmp_path: Path):
    fake = FakeCeph(tmp_path, {"mgr stat": STAT})
    assert change(fake.ceph(), None, None, [], check=False, refresh=True)["changed"] is False
    assert fake.changed() == [ceph("orch", "device", "ls", "--refresh")]
    assert change(fake.ceph(), None, None, [], check=True, refresh=True)["changed"] is False
    assert len(fake.changed()) == 1


def test_secrets_of_a_service_are_its_own() -> None:
    gateway = {
        "service_type": "iscsi",
        "service_id": "gw",
        "placement": {"label": "iscsi"},
        "spec": {"pool": "volumes"},
    }
    merged = with_secrets([gateway, SPECS[0]], {"iscsi.gw": {"api_password": "s3cret"}, "iscsi.other": {"x": "y"}})
    assert merged == [{**gateway, "spec": {"pool": "volumes", "api_password": "s3cret"}}, SPECS[0]]
    assert gateway["spec"] == {"pool": "volumes"}
    assert with_secrets(None, {}) is None
