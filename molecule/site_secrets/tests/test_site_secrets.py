"""The site's own secrets on the controller."""

import os
import stat
from pathlib import Path

import pytest
import yaml
from ansible.parsing.vault import VaultLib, VaultSecret

FOLDER = Path(os.environ["MOLECULE_EPHEMERAL_DIRECTORY"]) / "site_secrets"
SECRETS = FOLDER / "armature.yml"


@pytest.fixture
def vault() -> VaultLib:
    return VaultLib([("default", VaultSecret((FOLDER / "vault-password").read_bytes().strip()))])


def read(vault: VaultLib) -> dict[str, str]:
    return yaml.safe_load(vault.decrypt(SECRETS.read_bytes()))


def added(done) -> list[list[str]]:
    return [result["added"] for _task, _host, result in done.results if "added" in result]


def test_files_are_encrypted_and_for_the_owner_alone():
    assert SECRETS.read_bytes().startswith(b"$ANSIBLE_VAULT;1.1;AES256")
    modes = [stat.S_IMODE(path.stat().st_mode) for path in (FOLDER, SECRETS, FOLDER / "vault-password")]
    assert modes == [0o700, 0o600, 0o600]
    assert sorted(path.name for path in FOLDER.iterdir()) == ["armature.yml", "vault-password"]


def test_everything_that_was_asked_for_is_there(vault: VaultLib):
    values = read(vault)
    assert sorted(values) == ["api_certificate", "api_key", "api_password"]
    assert len(values["api_password"]) == 32
    assert values["api_certificate"].startswith("-----BEGIN CERTIFICATE-----")


def test_a_lost_password_comes_back_and_nothing_else_changes(vault: VaultLib, play):
    before = read(vault)
    kept = {name: value for name, value in before.items() if name != "api_password"}
    SECRETS.write_bytes(vault.encrypt(yaml.safe_dump(kept)))
    done = play("converge.yml", "--diff")
    assert done.status == 0, done.messages
    assert added(done) == [["api_password"]]
    after = read(vault)
    made = after.pop("api_password")
    assert after == kept
    assert made not in str(done.results)


def test_a_certificate_for_other_servers_is_made_anew(vault: VaultLib, play):
    before = read(vault)
    done = play("converge.yml", "-e", '{"server_names": ["b.molecule.test"]}')
    assert done.status == 0, done.messages
    assert added(done) == [["api_certificate", "api_key"]]
    after = read(vault)
    assert after["api_password"] == before["api_password"]
    assert after["api_certificate"] != before["api_certificate"]
    assert added(play("converge.yml")) == [["api_certificate", "api_key"]]


def test_another_vaults_file_is_left_alone(vault: VaultLib, play):
    content = SECRETS.read_bytes()
    other = VaultLib([("default", VaultSecret(b"another password"))]).encrypt(yaml.safe_dump(read(vault)))
    SECRETS.write_bytes(other)
    done = play("converge.yml")
    assert done.status == 2
    assert "the vault password does not open this file" in done.messages[0]
    assert SECRETS.read_bytes() == other
    SECRETS.write_bytes(content)


def test_without_a_password_it_says_how_to_make_one(play):
    done = play("no_password.yml")
    assert done.status == 2
    assert "openssl rand -base64 32" in done.messages[0]
