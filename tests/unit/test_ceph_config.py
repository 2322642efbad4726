"""Options of a cluster: set when they differ from what Ceph made of the site's text, and foreign ones left alone."""

from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils.armature_ceph import CephError
from ansible.module_utils.armature_ceph_config import normal_forms, plan, present
from ansible.modules.ceph_config import change, problems
from fake_ceph import CEPH, FSID, Answers, FakeCeph, ceph, no_cluster


def option(section: str, name: str, value: str, mask: str = "") -> dict[str, Any]:
    """An entry of `ceph config dump --format json`."""
    row = {"section": section, "name": name, "value": value, "level": "basic", "can_update_at_runtime": True}
    return {**row, "mask": mask}


DUMP = [
    option("global", "container_image", "quay.io/ceph/ceph:v18.2.7"),
    option("global", "ms_bind_ipv6", "true"),
    option("mgr", "mgr/cephadm/use_repo_digest", "true"),
    option("osd", "osd_memory_target", "4294967296"),
    option("osd", "osd_memory_target", "8589934592", mask="class:ssd"),
    option("osd.3", "debug_osd", "20/20"),
]
WANTED = {
    "global": {"ms_bind_ipv6": "true"},
    "mgr": {"mgr/cephadm/use_repo_digest": "false"},
    "osd": {"osd_memory_target": "2G", "osd_recovery_sleep": "0.1"},
    "osd/class:ssd": {"osd_memory_target": "8G"},
}


def test_what_differs_is_set(tmp_path: Path):
    fake = FakeCeph(tmp_path, {"config dump": DUMP})
    assert change(fake.ceph(), WANTED, {"osd.3": ["debug_osd", "debug_ms"]}, check=False) == {
        "changed": True,
        "diff": [
            {
                "before_header": "ceph config",
                "after_header": "ceph config",
                "before": "mgr:\n  mgr/cephadm/use_repo_digest: true\n"
                "osd:\n  osd_memory_target: 4294967296\nosd.3:\n  debug_osd: 20/20\n",
                "after": "mgr:\n  mgr/cephadm/use_repo_digest: false\n"
                "osd:\n  osd_memory_target: 2G\n  osd_recovery_sleep: 0.1\n",
            }
        ],
        "plan": [
            "mgr: set mgr/cephadm/use_repo_digest to 'false'",
            "osd: set osd_memory_target to '2G'",
            "osd: set osd_recovery_sleep to '0.1'",
            "osd.3: remove debug_osd",
        ],
    }
    assert fake.reads == ["config dump"]
    assert fake.changes == [
        ([*CEPH, "config", "set", "mgr", "mgr/cephadm/use_repo_digest", "false"], None),
        ([*CEPH, "config", "set", "osd", "osd_memory_target", "2G"], None),
        ([*CEPH, "config", "set", "osd", "osd_recovery_sleep", "0.1"], None),
        ([*CEPH, "config", "rm", "osd.3", "debug_osd"], None),
    ]


def test_a_second_run_changes_nothing(tmp_path: Path):
    kept = [
        *(DUMP[0], DUMP[1], DUMP[4]),
        option("mgr", "mgr/cephadm/use_repo_digest", "false"),
        option("osd", "osd_memory_target", "2147483648"),
        option("osd", "osd_recovery_sleep", "0.100000"),
    ]
    fake = FakeCeph(tmp_path, {"config dump": Answers([DUMP, kept])})
    assert change(fake.ceph(), WANTED, {"osd.3": ["debug_osd"]}, check=False)["changed"]
    fake.changes.clear()
    second = change(fake.ceph(), WANTED, {"osd.3": ["debug_osd"]}, check=False)
    assert second == {"changed": False, "diff": [], "plan": []}
    assert fake.changes == []


def test_check_mode_only_plans(tmp_path: Path):
    fake = FakeCeph(tmp_path, {"config dump": DUMP})
    planned = change(fake.ceph(), WANTED, {}, check=True)
    assert fake.changes == []
    assert planned["changed"]
    assert planned == change(fake.ceph(), WANTED, {}, check=False)


def test_without_a_cluster_check_mode_plans_everything_and_a_run_fails(tmp_path: Path):
    fake = no_cluster(tmp_path)
    planned = change(fake.ceph(), {"osd": {"a": "1"}}, {"osd": ["b"]}, check=True)
    assert planned["plan"] == ["osd: set a to '1'"]
    with pytest.raises(CephError, match=f"^ctl-0: no cluster {FSID} here. Run playbooks/deploy_ceph.yml.$"):
        change(fake.ceph(), {"osd": {"a": "1"}}, {}, check=False)
    assert fake.calls == []


def test_a_value_that_ceph_refuses(tmp_path: Path):
    fake = FakeCeph(tmp_path, {"config dump": []})
    fake.failures["osd_memory_target"] = (22, "Error EINVAL: error parsing value: strict_iecstrtoll: bad\n")
    with pytest.raises(CephError) as error:
        change(fake.ceph(), {"osd": {"osd_memory_target": "much"}}, {}, check=False)
    assert str(error.value).startswith(
        "ctl-0: 'ceph config set osd osd_memory_target much' ended with status 22: "
        "Error EINVAL: error parsing value: strict_iecstrtoll: bad. Look at "
    )


# What Option::parse_value and to_str of 18.2.7 make of a text, by the option's type.
@pytest.mark.parametrize(
    ("wanted", "stored"),
    [
        ("2G", "2147483648"),  # size
        ("2Gi", "2147483648"),
        ("512KB", "524288"),
        ("7B", "7"),
        ("2G", "2000000000"),  # unsigned integer
        ("-5M", "-5000000"),
        ("007", "7"),
        ("0.5", "0.500000"),  # floating point
        ("3", "3.000000"),
        ("1e-3", "0.001000"),
        ("True", "true"),  # truth
        ("1", "true"),
        ("0", "false"),
        ("90m", "5400"),  # seconds
        ("1 day 2 hours", "93600"),
        ("text", "text"),
        ("", ""),
    ],
)
def test_values_that_ceph_keeps_in_another_form(wanted: str, stored: str):
    assert stored in normal_forms(wanted)
    key = ("osd", "x")
    assert not plan({key: stored}, {key: wanted}, []).steps()


@pytest.mark.parametrize(
    ("wanted", "stored"),
    [
        ("2G", "2147483647"),
        ("2Gi", "2000000000"),
        ("1", "false"),
        ("0", "true"),
        ("true", "1"),
        ("yes", "true"),
        ("5M", "300"),
        ("5m", "5000000"),
        ("0.5", "0.500001"),
        ("Text", "text"),
        ("fd00::1", "fd00::2"),
        ("1" * 60 + "-", "1"),
    ],
)
def test_values_that_differ(wanted: str, stored: str):
    key = ("osd", "x")
    assert plan({key: stored}, {key: wanted}, []).sets == {key: wanted}


def test_masks_belong_to_the_section():
    rows = [option("osd", "a", "1", mask="host:sto-1/class:ssd"), option("global", "a", "2")]
    assert present(rows) == {("osd/host:sto-1/class:ssd", "a"): "1", ("global", "a"): "2"}


def test_words_reach_the_shell_whole(tmp_path: Path):
    fake = FakeCeph(tmp_path, {"config dump": []})
    change(fake.ceph(), {"client": {"log_file": "/var/log/ceph/$cluster $name.log"}}, {}, check=False)
    assert fake.changed() == [ceph("config", "set", "client", "log_file", "/var/log/ceph/$cluster $name.log")]


def test_problems_quote_the_value():
    assert problems({"osd": {"a": 5, "b": "x"}, "mgr": "c"}, {"osd": ["b"], "mon": "d"}) == [
        "options.osd.a: 5 is not text. Quote it.",
        "absent.osd: 'b' is also in options. Remove it from one of them.",
        "options.mgr: 'c' is not a dictionary. Give option and value.",
        "absent.mon: 'd' is not a list. Give the options' names.",
    ]
    assert problems({"osd": {"a": "5"}}, {"osd": ["b"]}) == []
