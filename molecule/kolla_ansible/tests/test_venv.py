"""The venv on the controller."""

import os
import subprocess
from pathlib import Path

import pytest

from armature.kolla.venv import cache_folder, is_complete
from armature.release import release


@pytest.fixture
def venv(play) -> Path:
    done = play("converge.yml", "--check")
    paths = [result["path"] for _task, _host, result in done.results if "path" in result]
    assert len(paths) == 1
    return Path(paths[0])


def test_it_is_complete_and_in_the_cache(venv: Path):
    assert venv.parent == cache_folder(os.environ) / "kolla-ansible"
    assert venv.name.startswith("2026.1-")
    assert is_complete(venv)


def test_it_has_the_pinned_versions_and_the_mends(venv: Path):
    code = "from importlib.metadata import version as v; print(v('kolla-ansible'), v('ansible'))"
    done = subprocess.run([venv / "bin/python", "-c", code], capture_output=True, text=True, check=True)
    pins = release("2026.1")
    assert done.stdout.split() == [pins.kolla_ansible, pins.ansible]
    bootstrap = venv / "share/kolla-ansible/ansible/roles/ovn-db/tasks/bootstrap-db.yml"
    assert "[::]" in bootstrap.read_text()


def test_its_command_runs(venv: Path):
    done = subprocess.run([venv / "bin/kolla-ansible", "--version"], capture_output=True, text=True, check=True)
    assert release("2026.1").kolla_ansible in done.stdout
