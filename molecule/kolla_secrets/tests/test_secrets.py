"""The passwords on the controller."""

import os
import stat
from pathlib import Path

import pytest
import yaml
from ansible.parsing.vault import VaultLib, VaultSecret

FOLDER = Path(os.environ["MOLECULE_EPHEMERAL_DIRECTORY"]) / "kolla_secrets"
PASSWORDS = FOLDER / "passwords.yml"


@pytest.fixture
def vault() -> VaultLib:
    return VaultLib([("default", VaultSecret((FOLDER / "vault-password").read_bytes().strip()))])


def test_files_are_encrypted_and_for_the_owner_alone():
    assert PASSWORDS.read_bytes().startswith(b"$ANSIBLE_VAULT;1.1;AES256")
    modes = [stat.S_IMODE(path.stat().st_mode) for path in (FOLDER, PASSWORDS, FOLDER / "vault-password")]
    assert modes == [0o700, 0o600, 0o600]
    assert sorted(path.name for path in FOLDER.iterdir()) == ["passwords.yml", "vault-password"]


def test_every_key_has_a_value(vault: VaultLib):
    values = yaml.safe_load(vault.decrypt(PASSWORDS.read_bytes()))
    assert [key for key, value in values.items() if not value] == ["docker_registry_password"]
    assert values["nova_ssh_key"]["private_key"].startswith("-----BEGIN PRIVATE KEY-----")
    assert values["nova_ssh_key"]["public_key"].startswith("ssh-rsa ")


def test_a_lost_key_comes_back_and_nothing_else_changes(vault: VaultLib, play):
    before = yaml.safe_load(vault.decrypt(PASSWORDS.read_bytes()))
    kept = {key: value for key, value in before.items() if key != "nova_database_password"}
    PASSWORDS.write_bytes(vault.encrypt(yaml.safe_dump(kept)))
    done = play("converge.yml", "--diff")
    assert done.status == 0, done.messages
    assert [result["added"] for _task, _host, result in done.results if "added" in result] == [
        ["nova_database_password"]
    ]
    after = yaml.safe_load(vault.decrypt(PASSWORDS.read_bytes()))
    made = after.pop("nova_database_password")
    assert after == kept
    assert len(made) == 40
    assert made not in str(done.results)


def test_without_a_password_it_says_how_to_make_one(play):
    done = play("no_password.yml")
    assert done.status == 2
    assert "openssl rand -base64 32" in done.messages[0]
