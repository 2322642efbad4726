"""Every role states its interface twice, in argument_specs and in defaults: both must say the same."""

import re
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

REPOSITORY = Path(__file__).parents[2]
ROLES = sorted(path for path in (REPOSITORY / "roles").iterdir() if path.is_dir())
NEED_A_CLOUD = {"baremetal_nodes", "ceph_rgw", "cloud_verification", "diskless_image", "iscsi_gateway", "volume_types"}
"""Roles that no scenario runs: docs/adding-a-role.md says what does."""
TASK_FILES = sorted(file for role in ROLES for file in (role / "tasks").glob("*.yml"))


def load(file: Path) -> Any:
    return YAML(typ="safe", pure=True).load(file)


def name(path: Path) -> str:
    return str(path.relative_to(ROLES[0].parent))


@pytest.mark.parametrize("role", ROLES, ids=name)
def test_argument_specs_equal_defaults(role: Path):
    options = load(role / "meta/argument_specs.yml")["argument_specs"]["main"].get("options", {})
    defaults_file = role / "defaults/main.yml"
    defaults = (load(defaults_file) or {}) if defaults_file.exists() else {}
    specified = {key: option["default"] for key, option in options.items() if "default" in option}
    assert specified == defaults
    without_default = {key for key, option in options.items() if "default" not in option}
    assert without_default == {key for key in options if options[key].get("required")}


@pytest.mark.parametrize("role", ROLES, ids=name)
def test_inputs_carry_the_name_of_the_role(role: Path):
    spec = load(role / "meta/argument_specs.yml")["argument_specs"]["main"]
    assert spec["short_description"]
    assert [key for key in spec.get("options", {}) if not key.startswith(f"{role.name}_")] == []
    assert [key for key, option in spec.get("options", {}).items() if not option.get("description")] == []


@pytest.mark.parametrize("file", TASK_FILES, ids=name)
def test_task_files_are_small(file: Path):
    assert len(load(file)) <= 6
    assert len(file.read_text().splitlines()) <= 60


@pytest.mark.parametrize("role", ROLES, ids=name)
def test_yaml_holds_no_template_statements(role: Path):
    assert [name(file) for file in role.rglob("*.yml") if "{%" in file.read_text()] == []


def test_every_role_is_run_by_a_scenario():
    """Or by what a scenario's hosts are made with."""
    files = [*REPOSITORY.glob("molecule/**/*.yml"), *(REPOSITORY / "playbooks" / f for f in ("deploy_hosts.yml",))]
    texts = "\n".join(file.read_text() for file in files)
    run = {role.name for role in ROLES if re.search(rf"^ *(- |- role: |name: ){role.name}$", texts, re.MULTILINE)}
    assert {role.name for role in ROLES} - run == NEED_A_CLOUD
