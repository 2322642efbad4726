from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from ansible.errors import AnsibleParserError
from ansible.template import is_trusted_as_template

from armature import ansible_bridge as bridge

REPOSITORY = Path(__file__).parents[2]
BIN = Path(sys.executable).parent


def ansible(command: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"ANSIBLE_CONFIG": str(REPOSITORY / "ansible.cfg"), "ANSIBLE_NOCOLOR": "1"}
    return subprocess.run(
        [str(BIN / command), *arguments], cwd=REPOSITORY, env=environment, capture_output=True, text=True, check=False
    )


@pytest.fixture(scope="module")
def lon1() -> dict[str, Any]:
    done = ansible("ansible-inventory", "-i", "inventories/lon1/site.yml", "--list")
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    inventory: dict[str, Any] = json.loads(done.stdout)
    return inventory


def test_groups_are_roles(lon1: dict[str, Any]) -> None:
    assert lon1["control"]["hosts"] == ["ctl-1", "ctl-2", "ctl-3"]
    assert lon1["network"]["hosts"] == lon1["monitoring"]["hosts"] == lon1["control"]["hosts"]
    assert len(lon1["compute"]["hosts"]) == 6
    assert len(lon1["storage"]["hosts"]) == 4
    assert lon1["iscsi_gateway"]["hosts"] == ["igw-1", "igw-2"]
    assert lon1["ceph_mons"]["hosts"] == lon1["control"]["hosts"]
    assert lon1["ceph_osd_hosts"]["hosts"] == lon1["storage"]["hosts"]
    everything = (lon1[role]["hosts"] for role in ("control", "storage", "iscsi_gateway"))
    assert lon1["ceph_hosts"]["hosts"] == [host for hosts in everything for host in hosts]
    assert lon1["ceph_rgw_hosts"]["hosts"] == lon1["control"]["hosts"]
    assert lon1["kolla_hosts"]["hosts"] == [*lon1["control"]["hosts"], *lon1["compute"]["hosts"]]
    assert set(lon1["hosts"]["children"]) == {"control", "network", "compute", "storage", "monitoring", "iscsi_gateway"}


def test_host_variables(lon1: dict[str, Any]) -> None:
    variables = lon1["_meta"]["hostvars"]
    assert len(variables) == 15
    assert variables["ctl-1"]["ansible_host"] == "2001:db8:10d1:10::11"
    assert variables["ctl-1"]["ansible_user"] == "debian"
    assert variables["ctl-1"]["ansible_python_interpreter"] == "/usr/bin/python3"
    assert variables["igw-2"]["site"]["name"] == "lon1"
    assert "localhost" not in variables


def test_a_site_without_ceph_has_its_groups_without_hosts(tmp_path: Path) -> None:
    text = (REPOSITORY / "inventories/lon1/site.yml").read_text()
    site = tmp_path / "site.yml"
    bare = text[: text.index("\nceph:\n")] + text[text.index("\n# --- Verification") :]
    site.write_text(bare.replace("cinder_backup,", "cinder_backend_nfs,"))
    done = ansible("ansible-inventory", "-i", str(site), "--graph")
    assert done.stderr == ""
    assert done.stdout.count("@ceph_") == 4
    assert "@ceph_mons:\n  |--@" in done.stdout


def test_a_sites_own_group_vars(tmp_path: Path) -> None:
    site = tmp_path / "site.yml"
    site.write_text((REPOSITORY / "inventories/lab/site.yml").read_text())
    (tmp_path / "group_vars").mkdir()
    (tmp_path / "group_vars/all.yml").write_text("answer: 42\n")
    done = ansible("ansible-inventory", "-i", str(site), "--host", "lab-1")
    assert json.loads(done.stdout)["answer"] == 42


def test_a_broken_site_stops_ansible_with_its_problems_alone(tmp_path: Path) -> None:
    site = tmp_path / "site.yml"
    text = (REPOSITORY / "inventories/lab/site.yml").read_text()
    site.write_text(text.replace("number: 0x2", "number: 0x1").replace("hardware: container", "hardware: contaner"))
    done = ansible("ansible-playbook", "-i", str(site), "playbooks/check.yml")
    assert done.returncode == 4
    assert done.stdout == ""
    assert done.stderr == (
        f"[ERROR]: {site}: 2 problems\n"
        "  networks.external.number: 0x1 already belongs to the network api. Choose a free number.\n"
        "  hosts.lab-1.hardware: unknown hardware 'contaner'. Use container.\n\n"
    )


def test_a_site_that_is_no_yaml_stops_ansible(tmp_path: Path) -> None:
    site = tmp_path / "site.yml"
    site.write_text("name: [")
    done = ansible("ansible-inventory", "-i", str(site), "--list")
    assert done.returncode == 4
    assert "Traceback" not in done.stderr
    assert done.stderr.startswith(f"[ERROR]: {site}: 1 problem\n  line ")


def test_another_yaml_inventory_is_left_to_ansible(tmp_path: Path) -> None:
    other = tmp_path / "hosts.yml"
    other.write_text("all: {hosts: {one: {}}}\n")
    done = ansible("ansible-inventory", "-i", str(other), "--list")
    assert done.returncode == 0
    assert "one" in json.loads(done.stdout)["_meta"]["hostvars"]


def test_the_playbook_check() -> None:
    for options in ([], ["--check", "--diff"]):
        done = ansible("ansible-playbook", "-i", "inventories/lon1/site.yml", "playbooks/check.yml", *options)
        assert done.returncode == 0, done.stdout + done.stderr
        assert "lon1: no problems (15 hosts, 20 bare-metal nodes, 9 networks, release 2026.1)" in done.stdout
        assert "changed=0" in done.stdout


def test_texts_are_trusted() -> None:
    inventory = bridge.inventory_of(str(REPOSITORY / "inventories/lab/site.yml"))
    assert is_trusted_as_template(inventory["_meta"]["hostvars"]["lab-1"]["ansible_host"])
    assert is_trusted_as_template(inventory["all"]["vars"]["site"]["model"]["name"])


def test_problems_become_ansibles_error() -> None:
    with pytest.raises(AnsibleParserError, match="there is no such file") as caught:
        bridge.inventory_of("nowhere/site.yml")
    assert caught.value.__cause__ is None
