"""The lab's BMCs: their user and password are where a site has its own, and stay there."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from ansible.parsing.vault import VaultSecret, is_encrypted
from test_filters import load_plugin

from armature import ansible_vault
from armature.baremetal_secrets import credentials
from armature.load import load_site

REPOSITORY = Path(__file__).parents[2]
LOADER = SimpleNamespace(_vault=SimpleNamespace(secrets=[("default", VaultSecret(b"of the run"))]))
PAIR = {"username": "admin", "password": "redfish"}
NODES = ["node-1", "node-2"]


def run(path: Path, *, check: bool = False, loader: Any = LOADER, **arguments: Any) -> dict[str, Any]:
    module = load_plugin("roles/lab_baremetal/action_plugins/lab_bmc_credentials.py")
    action = object.__new__(module.ActionModule)
    action._loader, action._task = loader, SimpleNamespace(check_mode=check)
    given = {"path": str(path), "nodes": NODES, "user": "admin", "password": "redfish"}
    given |= {"vault_password_file": "", "make_vault_password": False, **arguments}
    action.validate_argument_spec = lambda _arguments: (None, given)
    module.ActionBase.run = lambda *_arguments: {}
    result: dict[str, Any] = action.run()
    return result


def content(path: Path, password: bytes = b"of the run") -> dict[str, Any]:
    loader = SimpleNamespace(_vault=SimpleNamespace(secrets=[("default", VaultSecret(password))]))
    text = ansible_vault.decrypt(ansible_vault.vault(loader, ""), path.read_bytes(), path).decode()
    values: dict[str, Any] = load_plugin("plugins/action/baremetal_credentials_info.py").YAML(typ="safe").load(text)
    return values


def test_the_file_is_made_once_and_what_reads_it_understands_it(tmp_path: Path) -> None:
    path = tmp_path / "secrets" / "baremetal.yml"
    assert run(path, check=True) == {"changed": True}
    assert not path.exists()
    assert run(path) == {"changed": True}
    assert is_encrypted(path.read_bytes())
    assert path.stat().st_mode & 0o777 == 0o600
    assert credentials(content(path), NODES) == ({"node-1": PAIR, "node-2": PAIR}, [])
    before = path.read_bytes()
    assert (run(path), path.read_bytes()) == ({"changed": False}, before)


def test_the_password_of_the_vault_is_made_with_it(tmp_path: Path) -> None:
    """As with the lab's other secrets: whichever comes first makes it."""
    nobody = SimpleNamespace(_vault=SimpleNamespace(secrets=[]))
    path, password = tmp_path / "baremetal.yml", tmp_path / "vault-password"
    make = {"loader": nobody, "vault_password_file": str(password), "make_vault_password": True}
    assert run(path, check=True, **make) == {"changed": True, "msg": f"{password} would be made first."}
    assert not password.exists()
    assert run(path, **make) == {"changed": True}
    assert content(path, password.read_bytes().strip()) == {"default": PAIR}


@pytest.mark.parametrize(
    ("text", "refused"),
    [
        ("default: {username: admin, password: redfish}", False),
        ("nodes: {node-1: {username: admin, password: redfish}, node-2: {username: admin, password: redfish}}", False),
        ("default: {username: admin, password: s3cret}", True),
        ("default: {username: admin, password: redfish}\nnodes: {node-2: {username: root, password: redfish}}", True),
        ("nodes: {node-1: {username: admin, password: redfish}}", True),
        ("default: {s3cret", True),
        ("", True),
    ],
)
@pytest.mark.parametrize("check", [False, True])
def test_a_file_that_is_there_is_never_changed(tmp_path: Path, text: str, refused: bool, check: bool) -> None:
    path = tmp_path / "baremetal.yml"
    path.write_text(text)
    said = (
        f"{path}: has another user or password than the lab's BMCs, which take lab_bmc_user and lab_bmc_password of "
        "group_vars. Remove the file, and the next run makes it; or change these two."
    )
    assert run(path, check=check) == ({"failed": True, "msg": said} if refused else {"changed": False})
    assert path.read_text() == text


def test_every_lab_with_nodes_says_who_may_switch_them() -> None:
    for file in REPOSITORY.glob("inventories/lab*/site.yml"):
        values = content(file.parent / "group_vars/all.yml")
        nodes = load_site(file).baremetal
        assert bool(nodes) == (bool(values.get("lab_bmc_user")) and bool(values.get("lab_bmc_password"))), file
