"""The oldest clients of a cluster: raised when they are older, and never lowered."""

from pathlib import Path

import pytest
from ansible.module_utils.armature_ceph import CephError
from ansible.modules.ceph_min_client import change
from fake_ceph import FakeCeph, ceph, no_cluster

SET = ceph("osd", "set-require-min-compat-client", "mimic")


def cluster(root: Path, release: str) -> FakeCeph:
    return FakeCeph(root, {"osd dump": {"require_min_compat_client": release}})


def test_older_clients_are_no_longer_taken(tmp_path: Path):
    fake = cluster(tmp_path, "luminous")
    result = change(fake.ceph(), "mimic", check=False)
    assert (result["changed"], result["plan"]) == (True, ["take no clients older than mimic"])
    assert fake.changed() == [SET]
    assert (result["diff"][0]["before"], result["diff"][0]["after"]) == ("release: luminous\n", "release: mimic\n")


@pytest.mark.parametrize("release", ["mimic", "reef"])
def test_it_is_never_lowered(tmp_path: Path, release: str):
    fake = cluster(tmp_path, release)
    assert change(fake.ceph(), "mimic", check=False) == {"changed": False, "diff": [], "plan": []}
    assert fake.changed() == []


def test_check_mode_only_plans(tmp_path: Path):
    fake = cluster(tmp_path, "luminous")
    assert change(fake.ceph(), "mimic", check=True)["changed"]
    assert fake.changed() == []


def test_check_mode_before_there_is_a_cluster(tmp_path: Path):
    assert change(no_cluster(tmp_path).ceph(), "mimic", check=True)["changed"]


def test_clients_that_are_too_old_are_told(tmp_path: Path):
    fake = cluster(tmp_path, "luminous")
    why = "Error EPERM: cannot set require_min_compat_client to mimic: 1 connected client(s) look like luminous"
    fake.failures["set-require-min-compat-client"] = (1, why)
    with pytest.raises(CephError, match=r"1 connected client\(s\) look like luminous"):
        change(fake.ceph(), "mimic", check=False)
