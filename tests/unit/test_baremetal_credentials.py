"""Users and passwords of BMCs: read from the site's file, and never shown."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from ansible.parsing.vault import VaultSecret
from test_filters import load_plugin

from armature import ansible_vault
from armature.baremetal_secrets import FORM, credentials

A, B = {"username": "a", "password": "s3cret-a"}, {"username": "b", "password": "s3cret-b"}
PLUGIN = load_plugin("plugins/action/baremetal_credentials_info.py")


@pytest.mark.parametrize(
    ("values", "found"),
    [
        ({"default": A}, {"n1": A, "n2": A}),
        ({"default": A, "nodes": {"n2": B}}, {"n1": A, "n2": B}),
        ({"nodes": {"n1": A, "n2": B}}, {"n1": A, "n2": B}),
        ({"default": A, "nodes": None}, {"n1": A, "n2": A}),
    ],
)
def test_what_is_found(values: Any, found: dict[str, Any]) -> None:
    assert credentials(values, ["n1", "n2"]) == (found, [])


NO_TEXT = "default.password: is no text. Write text, in quotes when it looks like a number."
NO_PAIR = "default: holds no user and password. Write {username: <user>, password: <password>}."


@pytest.mark.parametrize(
    ("values", "problems"),
    [
        (None, [f"the file holds no such mapping. {FORM}"]),
        ({"nodes": ["n1"]}, [f"the file holds no such mapping. {FORM}"]),
        ({"default": A, "extra": A}, ["extra: unknown key. Use one of default, nodes."]),
        ({"nodes": {}}, ["nodes.n1: missing, and there is no default. Add one of them."]),
        ({"default": A, "nodes": {"n9": B}}, ["nodes.n9: site.yml has no such node. Use n1."]),
        ({"default": "s3cret"}, [NO_PAIR]),
        ({"default": A | {"pass": "s3cret"}}, ["default.pass: unknown key. Use one of username, password."]),
        ({"default": A | {"password": 12345}}, [NO_TEXT]),
        ({"default": {"username": "a"}}, [NO_TEXT]),
    ],
)
def test_problems_quote_no_value(values: Any, problems: list[str]) -> None:
    found, said = credentials(values, ["n1"])
    assert (found, said) == ({}, problems)
    assert not any("s3cret" in text or "12345" in text for text in said)


def run(path: Path, known: tuple[bytes, ...] | list[bytes] = (b"password",)) -> dict[str, Any]:
    """Run the plugin as a task of a play that knows some passwords of the vault."""
    secrets = [("default", VaultSecret(password)) for password in known]
    loader = SimpleNamespace(_vault=SimpleNamespace(secrets=secrets))
    task = SimpleNamespace(args={"path": str(path), "nodes": ["n1"]}, check_mode=False, async_val=0, diff=False)
    plugin = object.__new__(PLUGIN.ActionModule)
    plugin._task, plugin._loader = task, loader
    plugin._supports_check_mode = plugin._supports_async = True
    plugin.validate_argument_spec = lambda spec: (None, {"vault_password_file": "", **task.args})
    plugin._connection = SimpleNamespace(_shell=SimpleNamespace(tmpdir=None))
    result: dict[str, Any] = plugin.run(None, {})
    return result


def write(path: Path, text: str) -> Path:
    lib = ansible_vault.vault(SimpleNamespace(_vault=SimpleNamespace(secrets=[("d", VaultSecret(b"password"))])), "")
    path.write_bytes(ansible_vault.encrypt(lib, text.encode()))
    return path


def test_an_encrypted_file_is_read_and_the_result_hides_itself(tmp_path: Path) -> None:
    result = run(write(tmp_path / "baremetal.yml", "default: {username: a, password: s3cret-a}\n"))
    assert result["credentials"] == {"n1": A}
    assert result["_ansible_no_log"] is True


def test_a_lab_s_file_need_not_be_encrypted(tmp_path: Path) -> None:
    (tmp_path / "b.yml").write_text("default: {username: a, password: s3cret-a}\n")
    assert run(tmp_path / "b.yml", known=[])["credentials"] == {"n1": A}


def test_an_encrypted_file_without_a_password(tmp_path: Path) -> None:
    result = run(write(tmp_path / "b.yml", "default: {username: a, password: s3cret-a}\n"), known=[])
    assert result["msg"].startswith("No vault password was given")


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    result = run(tmp_path / "baremetal.yml")
    assert result["failed"]
    assert result["msg"] == f"{tmp_path}/baremetal.yml: is not there. {FORM}"


def test_all_problems_at_once(tmp_path: Path) -> None:
    path = write(tmp_path / "b.yml", "default: {username: a, password: 1}\nnodes: {x: {}}\n")
    assert run(path)["msg"] == (
        f"{path}: 2 problems\n  nodes.x: site.yml has no such node. Use n1.\n"
        "  default.password: is no text. Write text, in quotes when it looks like a number."
    )


def test_a_file_that_is_no_yaml_is_not_quoted(tmp_path: Path) -> None:
    result = run(write(tmp_path / "b.yml", "default: {s3cret\n"))
    assert result["msg"] == f"{tmp_path}/b.yml: is no valid YAML. {FORM}"
