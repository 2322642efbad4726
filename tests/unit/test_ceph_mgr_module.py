"""Modules of the managers: enabled when they are not, and none disabled."""

from pathlib import Path

import pytest
from ansible.module_utils.armature_ceph import CephError
from ansible.modules.ceph_mgr_module import change
from fake_ceph import CEPH, FakeCeph

LISTED = {
    "always_on_modules": ["balancer"],
    "enabled_modules": ["cephadm"],
    "disabled_modules": [{"name": "prometheus"}, {"name": "influx"}],
}


def test_what_is_missing_is_enabled(tmp_path: Path):
    fake = FakeCeph(tmp_path, {"mgr module ls": LISTED})
    result = change(fake.ceph(), ["balancer", "cephadm", "prometheus"], check=False)
    assert (result["changed"], result["plan"]) == (True, ["enable the managers' module prometheus"])
    assert fake.changes == [([*CEPH, "mgr", "module", "enable", "prometheus"], None)]


def test_check_mode_only_plans_and_a_second_run_has_nothing_to_do(tmp_path: Path):
    fake = FakeCeph(tmp_path, {"mgr module ls": LISTED})
    assert change(fake.ceph(), ["prometheus"], check=True)["changed"]
    assert change(fake.ceph(), ["cephadm"], check=False)["changed"] is False
    assert fake.changes == []


def test_an_unknown_module_is_named(tmp_path: Path):
    fake = FakeCeph(tmp_path, {"mgr module ls": LISTED})
    with pytest.raises(CephError, match=r"^names: the managers have no module 'promteheus'\. Use one of balancer, "):
        change(fake.ceph(), ["promteheus"], check=False)
