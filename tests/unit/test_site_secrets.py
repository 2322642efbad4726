"""The site's own secrets: made once, kept encrypted, never shown."""

from __future__ import annotations

import stat
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from ansible.parsing.vault import VaultSecret
from test_filters import load_plugin

from armature.certificate import fits
from armature.kolla import KollaError
from armature.site_secrets import LETTERS, complete, read

WANTED: dict[str, Any] = {
    "passwords": {"api_password": 32, "discovery_password": 16},
    "certificates": {"api": {"names": ["a.good.test"], "addresses": ["fd00::1"]}},
}
ALL = ["api_certificate", "api_key", "api_password", "discovery_password"]


def run(plugin: str, path: Path, *, check: bool = False, **arguments: Any) -> dict[str, Any]:
    module = load_plugin(f"plugins/action/{plugin}.py")
    action = object.__new__(module.ActionModule)
    action._loader = SimpleNamespace(_vault=SimpleNamespace(secrets=[("default", VaultSecret(b"of the run"))]))
    action._task = SimpleNamespace(check_mode=check)
    given = {"path": str(path), "vault_password_file": "", "make_vault_password": False, **arguments}
    action.validate_argument_spec = lambda _arguments: (None, given)
    module.ActionBase.run = lambda *_arguments: {}
    result: dict[str, Any] = action.run()
    return result


def test_passwords_stay_and_certificates_follow_their_names() -> None:
    first = complete({}, **WANTED)
    assert sorted(first) == ALL
    assert {len(first["api_password"]), len(first["discovery_password"])} == {32, 16}
    assert set(first["api_password"]) <= set(LETTERS)
    assert fits(first["api_certificate"], ["a.good.test"], ["fd00::1"])
    assert complete(first, **WANTED) == {}
    moved = {"api": {"names": ["b.good.test"], "addresses": ["fd00::1"]}}
    assert sorted(complete(first, WANTED["passwords"], moved)) == ["api_certificate", "api_key"]
    assert sorted(complete({**first, "api_key": ""}, **WANTED)) == ["api_certificate", "api_key"]


@pytest.mark.parametrize("text", ["[a]", "a: 1", "a: {b: c}"])
def test_a_file_of_another_shape(text: str) -> None:
    with pytest.raises(KollaError, match="not a mapping of names to texts"):
        read(text)


def test_the_file(tmp_path: Path) -> None:
    path = tmp_path / "secrets" / "armature.yml"
    result = run("site_secrets", path, check=True, **WANTED)
    assert (result["changed"], result["added"], path.exists()) == (True, ALL, False)
    result = run("site_secrets", path, **WANTED)
    assert (result["changed"], result["added"]) == (True, ALL)
    written = path.read_bytes()
    assert written.startswith(b"$ANSIBLE_VAULT;1.1;AES256")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    secrets = run("site_secrets_info", path, names=ALL, maker="x")["secrets"]
    assert not [value for value in secrets.values() if value in str(result) or value.encode() in written]
    assert result["diff"]["after"] == "".join(f"{name}: (new, hidden)\n" for name in ALL)
    result = run("site_secrets", path, **WANTED)
    assert (result["changed"], result["added"], path.read_bytes()) == (False, [], written)


def test_what_is_not_there_yet(tmp_path: Path) -> None:
    path = tmp_path / "armature.yml"
    result = run("site_secrets_info", path, names=["a"], maker="playbooks/deploy_iscsi.yml")
    assert result["msg"] == f"{path}: has no a. Run playbooks/deploy_iscsi.yml first, which makes them."
    assert run("site_secrets_info", path, names=["a"], maker="x", check=True)["secrets"] == {"a": ""}
