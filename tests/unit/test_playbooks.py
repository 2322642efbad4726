"""A host that is lost ends the run: nothing is deployed on what is left of a site."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

PLAYBOOKS = sorted((Path(__file__).parents[2] / "playbooks").glob("*.yml"))
FATAL = {"any_errors_fatal": True, "max_fail_percentage": 0}
NEVER_CONNECTS = {"check.yml"}


def plays(path: Path) -> list[dict[str, Any]]:
    """Return the plays of a playbook that run on hosts of a site."""
    return [play for play in yaml.safe_load(path.read_text()) if play.get("hosts", "localhost") != "localhost"]


@pytest.mark.parametrize("path", [path for path in PLAYBOOKS if path.name not in NEVER_CONNECTS], ids=lambda p: p.name)
def test_every_play_ends_the_run(path: Path) -> None:
    lax = [play["name"] for play in plays(path) if {key: play.get(key) for key in FATAL} != FATAL]
    assert lax == []


@pytest.mark.parametrize(
    ("keywords", "goes_on"), [(FATAL, False), ({"any_errors_fatal": True}, True)], ids=["both", "one alone"]
)
def test_ansible_needs_both(tmp_path: Path, keywords: dict[str, Any], goes_on: bool) -> None:
    """With the first keyword alone Ansible counts an unreachable host twice, and takes the play for passed."""
    common = {"gather_facts": False}
    playbook = [
        {"hosts": "lost,there", **common, **keywords, "tasks": [{"ansible.builtin.ping": {}}]},
        {"hosts": "localhost", **common, "tasks": [{"ansible.builtin.debug": {"msg": "went on"}}]},
    ]
    (tmp_path / "playbook.yml").write_text(yaml.safe_dump(playbook))
    (tmp_path / "hosts").write_text(
        f"there ansible_connection=local ansible_python_interpreter={sys.executable}\n"
        "lost ansible_host=::1 ansible_port=1\n"
    )
    ansible = str(Path(sys.executable).with_name("ansible-playbook"))
    run = subprocess.run(
        [ansible, "-i", "hosts", "playbook.yml"], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=120
    )
    assert run.returncode != 0
    assert "UNREACHABLE" in run.stdout
    assert ("went on" in run.stdout) is goes_on
