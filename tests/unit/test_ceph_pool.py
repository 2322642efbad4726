"""Pools and their rules: made once, corrected, never deleted, and never somebody else's."""

from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils.armature_ceph import CephError
from ansible.module_utils.armature_ceph_pools import differing, present
from ansible.modules.ceph_pool import change, problems
from fake_ceph import CEPH, FSID, SHELL, Answers, FakeCeph, ceph, no_cluster

READS = ["osd pool ls detail", "osd crush rule dump"]


def rule(number: int, name: str, item: str = "default", kind: str = "host", op: str = "chooseleaf_firstn") -> Any:
    """An entry of `ceph osd crush rule dump --format json`."""
    steps = [
        {"op": "take", "item": -1, "item_name": item},
        {"op": op, "num": 0, "type": kind},
        {"op": "emit"},
    ]
    return {"rule_id": number, "rule_name": name, "type": 1, "steps": steps}


def pool(name: str, **changed: Any) -> dict[str, Any]:
    """An entry of `ceph osd pool ls detail --format json`, those of its keys that matter."""
    found = {
        "pool_id": 2,
        "pool_name": name,
        "flags": 8193,
        "flags_names": "hashpspool,selfmanaged_snaps",
        "type": 1,
        "size": 3,
        "min_size": 2,
        "crush_rule": 1,
        "pg_autoscale_mode": "on",
        "pg_num": 32,
        "pg_num_target": 32,
        "options": {},
        "application_metadata": {"rbd": {}},
    }
    return {**found, **changed}


def wanted(**changed: Any) -> dict[str, Any]:
    """A pool as the filter site_ceph_pools gives it."""
    found = {
        "size": 3,
        "min_size": 2,
        "application": "rbd",
        "autoscale": "on",
        "pg_num": None,
        "target_size_ratio": None,
        "bulk": False,
        "rule": "armature-host",
        "failure_domain": "host",
        "device_class": None,
    }
    return {**found, **changed}


RULES = [rule(0, "replicated_rule"), rule(1, "armature-host")]
MGR = pool(".mgr", crush_rule=0, size=1, min_size=1, application_metadata={"mgr": {}})


def cluster(root: Path, *pools: dict[str, Any], rules: list[Any] = RULES) -> FakeCeph:
    return FakeCeph(root, {READS[0]: list(pools), READS[1]: rules})


def test_pools_and_rules_are_made(tmp_path: Path):
    fake = cluster(tmp_path, MGR, rules=RULES[:1])
    fast = wanted(
        size=2, min_size=None, rule="armature-rack-ssd", failure_domain="rack", device_class="ssd", bulk=True, pg_num=64
    )
    plain = wanted(application="cephfs", autoscale="off", target_size_ratio=0.2)
    result = change(fake.ceph(), {"images": wanted(), "vms": fast, "files": plain}, check=False)
    assert result["plan"] == [
        "rule armature-host: create it, over hosts",
        "rule armature-rack-ssd: create it, over racks with disks of class ssd",
        "pool images: create it with 3 copies by the rule armature-host",
        "pool images: set min_size to 2",
        "pool images: prepare it for RBD",
        "pool vms: create it with 2 copies by the rule armature-rack-ssd",
        "pool vms: prepare it for RBD",
        "pool files: create it with 3 copies by the rule armature-host",
        "pool files: set min_size to 2",
        "pool files: set target_size_ratio to 0.2",
        "pool files: enable cephfs",
    ]
    images = ("--pool_type", "replicated", "--rule", "armature-host", "--size", "3", "--autoscale_mode")
    vms = ("--pool_type", "replicated", "--rule", "armature-rack-ssd", "--size", "2", "--autoscale_mode", "on")
    assert fake.changes == [
        ([*CEPH, "osd", "crush", "rule", "create-replicated", "armature-host", "default", "host"], None),
        ([*CEPH, "osd", "crush", "rule", "create-replicated", "armature-rack-ssd", "default", "rack", "ssd"], None),
        ([*CEPH, "osd", "pool", "create", "images", *images, "on"], None),
        ([*CEPH, "osd", "pool", "set", "images", "min_size", "2"], None),
        ([*SHELL, "rbd", "pool", "init", "images", "--rados-osd-op-timeout", "120"], None),
        ([*CEPH, "osd", "pool", "create", "vms", "64", *vms, "--bulk"], None),
        ([*SHELL, "rbd", "pool", "init", "vms", "--rados-osd-op-timeout", "120"], None),
        ([*CEPH, "osd", "pool", "create", "files", *images, "off"], None),
        ([*CEPH, "osd", "pool", "set", "files", "min_size", "2"], None),
        ([*CEPH, "osd", "pool", "set", "files", "target_size_ratio", "0.2"], None),
        ([*CEPH, "osd", "pool", "application", "enable", "files", "cephfs"], None),
    ]
    assert fake.reads == READS
    assert len(fake.calls) == 1 + len(fake.changes)


def test_a_second_run_changes_nothing(tmp_path: Path):
    fake = cluster(tmp_path)
    fake.answers = {
        READS[0]: Answers([[MGR], [MGR, pool("images")]]),
        READS[1]: Answers([RULES[:1], RULES]),
    }
    assert change(fake.ceph(), {"images": wanted()}, check=False)["changed"]
    fake.changes.clear()
    assert change(fake.ceph(), {"images": wanted()}, check=False) == {"changed": False, "diff": [], "plan": []}
    assert fake.changes == []


# What is there, what is wanted, and the settings that are made, in their order.
@pytest.mark.parametrize(
    ("there", "want", "sets"),
    [
        ({}, {}, []),
        ({"size": 2, "min_size": 1}, {}, [("size", "3"), ("min_size", "2")]),
        ({"size": 2, "min_size": 2}, {}, [("size", "3"), ("min_size", "2")]),
        ({"size": 2, "min_size": 1}, {"min_size": None}, [("size", "3")]),
        ({"min_size": 1}, {}, [("min_size", "2")]),
        ({"min_size": 1}, {"min_size": None}, []),
        ({}, {"size": 1, "min_size": 1}, [("size", "1", "--yes-i-really-mean-it"), ("min_size", "1")]),
        ({"crush_rule": 0}, {}, [("crush_rule", "armature-host")]),
        ({"crush_rule": 7}, {}, [("crush_rule", "armature-host")]),
        ({"pg_autoscale_mode": "warn"}, {}, [("pg_autoscale_mode", "on")]),
        ({"pg_autoscale_mode": "warn"}, {"autoscale": None}, []),
        ({}, {"pg_num": 64}, []),
        ({}, {"autoscale": "off", "pg_num": 64}, [("pg_autoscale_mode", "off"), ("pg_num", "64")]),
        ({"pg_autoscale_mode": "off", "pg_num": 16}, {"autoscale": "off", "pg_num": 32}, []),
        ({"pg_autoscale_mode": "off", "pg_num_target": 16}, {"autoscale": "off"}, []),
        ({"options": {"target_size_ratio": 0.1}}, {"target_size_ratio": 0.1}, []),
        ({"options": {"target_size_ratio": 0.30000000000000004}}, {"target_size_ratio": 0.3}, []),
        ({"options": {"target_size_ratio": 0.1}}, {"target_size_ratio": 0.2}, [("target_size_ratio", "0.2")]),
        ({"options": {"target_size_ratio": 0.1}}, {}, [("target_size_ratio", "0")]),
        ({}, {"bulk": True}, [("bulk", "true")]),
        ({"flags_names": "hashpspool,bulk"}, {"bulk": True}, []),
        ({"flags_names": "hashpspool,bulk"}, {}, [("bulk", "false")]),
        ({"application_metadata": {"rbd": {}, "other": {}}}, {}, []),
    ],
)
def test_what_differs_is_set(tmp_path: Path, there: dict[str, Any], want: dict[str, Any], sets: list[tuple[str, ...]]):
    fake = cluster(tmp_path, pool("images", **there))
    result = change(fake.ceph(), {"images": wanted(**want)}, check=False)
    assert fake.changed() == [ceph("osd", "pool", "set", "images", *words) for words in sets]
    assert result["changed"] == bool(sets)
    assert bool(result["diff"]) == bool(sets)


def test_plan_and_diff_of_a_change(tmp_path: Path):
    fake = cluster(tmp_path, pool("images", size=2, min_size=2, flags_names="bulk"))
    result = change(fake.ceph(), {"images": wanted()}, check=True)
    assert result["plan"] == [
        "pool images: set size to 3, was 2",
        "pool images: set min_size to 2",
        "pool images: set bulk to false, was true",
    ]
    (entry,) = result["diff"]
    assert (entry["before_header"], entry["after_header"]) == ("pool images", "pool images")
    assert entry["before"].splitlines() == [
        *("rule: armature-host", "size: 2", "min_size: 2", "autoscale: on", "target_size_ratio: 0", "bulk: true"),
        *("applications:", "  - rbd"),
    ]
    assert entry["after"].splitlines()[1] == "size: 3"


def test_a_pool_without_application_is_prepared(tmp_path: Path):
    fake = cluster(tmp_path, pool("images", application_metadata={}), pool("files", application_metadata={}))
    change(fake.ceph(), {"images": wanted(), "files": wanted(application="cephfs")}, check=False)
    assert fake.changed() == [
        ["rbd", "pool", "init", "images", "--rados-osd-op-timeout", "120"],
        ceph("osd", "pool", "application", "enable", "files", "cephfs"),
    ]


def test_pools_that_are_not_named_stay(tmp_path: Path):
    fake = cluster(tmp_path, MGR, pool("images"), pool("old", size=7))
    assert change(fake.ceph(), {"images": wanted()}, check=False)["plan"] == []


def test_a_pool_of_the_managers_is_set_when_it_is_named(tmp_path: Path):
    fake = cluster(tmp_path, MGR)
    change(fake.ceph(), {".mgr": wanted(application="mgr")}, check=False)
    assert fake.changed() == [
        ceph("osd", "pool", "set", ".mgr", "crush_rule", "armature-host"),
        ceph("osd", "pool", "set", ".mgr", "size", "3"),
        ceph("osd", "pool", "set", ".mgr", "min_size", "2"),
    ]


def test_the_gateways_root_is_made_for_sure(tmp_path: Path):
    fake = cluster(tmp_path, rules=[RULES[0], rule(1, "armature-host")])
    change(fake.ceph(), {".rgw.root": wanted(application="rgw")}, check=False)
    (create, *_rest) = fake.changed()
    assert create[-1] == "--yes-i-really-mean-it"
    assert create[len(ceph()) :][:4] == ["osd", "pool", "create", ".rgw.root"]
    assert fake.changed()[-1] == ceph("osd", "pool", "application", "enable", ".rgw.root", "rgw")


def test_what_must_not_be_touched_is_said_for_all_pools_at_once(tmp_path: Path):
    there = [pool("images", type=3), pool("vms", application_metadata={"rgw": {}}), pool("ok", size=2)]
    fake = cluster(tmp_path, *there, rules=[RULES[0], rule(1, "armature-host", kind="osd", op="choose_firstn")])
    with pytest.raises(CephError) as error:
        change(fake.ceph(), {"images": wanted(), "vms": wanted(), ".mgr": wanted(), "ok": wanted()}, check=False)
    assert str(error.value).splitlines() == [
        "rule armature-host: takes from 'default' over 'osd', not from 'default' over 'host'. Rename it with 'ceph osd "
        "crush rule rename armature-host <other>' and run again; pools that use it keep it until then.",
        "pool images: is there and is erasure-coded, which cannot be changed. Rename it with 'ceph osd pool rename "
        "images <other>', or choose another name in site.yml.",
        "pool vms: is there and belongs to rgw, not rbd. Choose another name in site.yml; if nothing uses it, "
        "'ceph osd pool application disable vms rgw --yes-i-really-mean-it' first.",
        "pool .mgr: Ceph makes pools with such names by itself. Remove it from site.yml.",
    ]
    assert fake.changes == []


@pytest.mark.parametrize(
    ("there", "want"),
    [
        (rule(1, "r", item="default~ssd"), {"device_class": "ssd"}),
        (rule(1, "r", kind="rack"), {"failure_domain": "rack"}),
        (rule(1, "r", kind="osd", op="choose_firstn"), {"failure_domain": "osd"}),
    ],
)
def test_a_rule_that_is_as_wanted(tmp_path: Path, there: Any, want: dict[str, Any]):
    fake = cluster(tmp_path, pool("images"), rules=[there])
    assert change(fake.ceph(), {"images": wanted(rule="r", **want)}, check=False)["plan"] == []
    with pytest.raises(CephError, match=r"^rule r: takes from "):
        change(fake.ceph(), {"images": wanted(rule="r")}, check=False)


def test_check_mode_only_plans(tmp_path: Path):
    fake = cluster(tmp_path, pool("images", size=2), rules=RULES)
    pools = {"images": wanted(), "vms": wanted()}
    planned = change(fake.ceph(), pools, check=True)
    assert fake.changes == []
    assert planned["changed"]
    assert planned == change(fake.ceph(), pools, check=False)
    assert len(fake.changes) == len(planned["plan"])


def test_without_a_cluster_check_mode_plans_everything_and_a_run_fails(tmp_path: Path):
    fake = no_cluster(tmp_path)
    planned = change(fake.ceph(), {"images": wanted()}, check=True)
    assert [entry["before"] for entry in planned["diff"]] == [""]
    assert planned["plan"][0] == "rule armature-host: create it, over hosts"
    with pytest.raises(CephError, match=f"no cluster {FSID} here"):
        change(fake.ceph(), {"images": wanted()}, check=False)
    assert fake.calls == []


def test_a_pool_that_no_osd_serves(tmp_path: Path):
    fake = cluster(tmp_path)
    fake.failures["rbd pool init"] = (0, "rbd: error registered application: (110) Connection timed out\n")
    with pytest.raises(CephError, match=r"'rbd pool init images .*ended with status 0: rbd: error registered"):
        change(fake.ceph(), {"images": wanted()}, check=False)


def test_an_unknown_rule_is_shown_by_its_number():
    assert present([pool("a", crush_rule=9)], RULES)["a"]["rule"] == "9"


def test_fields_keep_their_order():
    there = present([pool("a", size=2, pg_autoscale_mode="off", crush_rule=0, flags_names="")], RULES)["a"]
    wish = wanted(autoscale="warn", pg_num=8, target_size_ratio=0.5, bulk=True)
    assert list(differing(wish, there)) == [
        *("rule", "size", "min_size", "autoscale", "pg_num", "target_size_ratio", "bulk"),
    ]


def test_problems_name_the_field():
    bad = {"images": {"rule": "r", "failure_domain": "host", "application": "rbd"}, "vms": wanted(autoscale=True)}
    assert problems(bad) == [
        "pools.images: has no 'size'. Give one.",
        "pools.vms.autoscale: True is not a mode. Use 'on', 'off' or 'warn', quoted.",
    ]
    assert problems({"images": wanted(), "vms": wanted(autoscale=None)}) == []
