"""kolla's passwords: what is missing is made, what is there stays, nothing is written in plain text."""

import sys
from pathlib import Path

import pytest

from armature.kolla import KollaError
from armature.kolla.passwords import complete, example_file, missing_keys, password, read

# What upstream's tools do with a file, in short. Source: kolla_ansible/cmd/{genpwd,mergepwd}.py, 22.2.0.
GENPWD = """
import sys, yaml
path = sys.argv[sys.argv.index("--passwords") + 1]
with open(path) as stream:
    values = yaml.safe_load(stream)
made = {key: "made" if value is None else value for key, value in values.items()}
with open(path, "w") as stream:
    yaml.safe_dump(made, stream)
"""
MERGEPWD = """
import sys, yaml
option = lambda name: sys.argv[sys.argv.index(name) + 1]
with open(option("--old")) as old, open(option("--new")) as new:
    values = {**yaml.safe_load(new), **yaml.safe_load(old)}
with open(option("--final"), "w") as stream:
    yaml.safe_dump(values, stream)
"""


@pytest.fixture
def venv(tmp_path: Path) -> Path:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/python").symlink_to(sys.executable)
    (tmp_path / "bin/kolla-genpwd").write_text(GENPWD)
    (tmp_path / "bin/kolla-mergepwd").write_text(MERGEPWD)
    example_file(tmp_path).parent.mkdir(parents=True)
    example_file(tmp_path).write_text("database_password:\nnova_password:\n")
    return tmp_path


def test_a_new_file(venv: Path):
    assert read(complete(venv, None)) == {"database_password": "made", "nova_password": "made"}


def test_values_stay_and_keys_are_added(venv: Path):
    present = "database_password: old\nours: 'kept, and long enough to be cut if the file were not emptied first'\n"
    assert read(complete(venv, present)) == {
        "database_password": "old",
        "nova_password": "made",
        "ours": "kept, and long enough to be cut if the file were not emptied first",
    }


def test_a_tool_that_changes_a_value_is_stopped(venv: Path):
    (venv / "bin/kolla-genpwd").write_text(GENPWD.replace("if value is None", "if True"))
    with pytest.raises(KollaError, match="kolla-genpwd would change the value of database_password"):
        complete(venv, "database_password: old\n")


def test_a_tool_that_fails(venv: Path):
    (venv / "bin/kolla-genpwd").write_text("raise SystemExit('no luck')")
    with pytest.raises(KollaError, match="kolla-genpwd ended with status 1: no luck"):
        complete(venv, None)


@pytest.mark.parametrize(
    ("present", "missing"),
    [
        ({}, ["a", "ssh"]),
        ({"a": "x", "ssh": {"private_key": None, "public_key": None}}, ["ssh"]),
        ({"a": None, "ssh": {"private_key": "k", "public_key": "p"}}, ["a"]),
        ({"a": "x", "ssh": {"private_key": "k", "public_key": "p"}, "more": None}, []),
    ],
)
def test_missing_keys(present: dict[str, object], missing: list[str]):
    assert missing_keys({"a": None, "ssh": {"private_key": None, "public_key": None}}, present) == missing


def test_passwords_that_are_no_mapping():
    with pytest.raises(KollaError, match="not a mapping"):
        read("- a\n")


@pytest.mark.parametrize("values", [{}, {"a": None}, {"a": ""}, {"a": {"private_key": "x"}}])
def test_a_password_that_is_not_there(values: dict[str, object]):
    assert password({"a": "x"}, "a") == "x"
    with pytest.raises(KollaError, match=r"^There is no a among the passwords\. Run playbooks/deploy_openstack\.yml"):
        password(values, "a")
