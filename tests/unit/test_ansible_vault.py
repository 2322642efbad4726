"""Secrets in and out of the vault, and its password's way to a child."""

import stat
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from ansible.parsing.vault import VaultSecret

from armature import ansible_vault
from armature.kolla import KollaError


def loader(*passwords: bytes) -> SimpleNamespace:
    secrets = [("default", VaultSecret(password)) for password in passwords]
    return SimpleNamespace(_vault=SimpleNamespace(secrets=secrets))


def test_a_vault_without_a_password_says_how_to_make_one(tmp_path: Path):
    with pytest.raises(KollaError, match=r"No vault password was given.*ANSIBLE_VAULT_PASSWORD_FILE"):
        ansible_vault.vault(loader(), str(tmp_path / "none"))


def test_what_goes_in_comes_out(tmp_path: Path):
    (tmp_path / "password").write_text("of the file\n")
    lib = ansible_vault.vault(loader(b"of the run"), str(tmp_path / "password"))
    hidden = ansible_vault.encrypt(lib, b"secret")
    assert hidden.startswith(b"$ANSIBLE_VAULT;1.1;AES256")
    assert ansible_vault.decrypt(lib, hidden, tmp_path) == b"secret"
    assert ansible_vault.decrypt(lib, b"plain", tmp_path) == b"plain"
    other = ansible_vault.vault(loader(b"of the file"), "")
    assert ansible_vault.decrypt(other, hidden, tmp_path) == b"secret"


def test_the_same_content_is_the_same_when_encrypted_again(tmp_path: Path):
    lib = ansible_vault.vault(loader(b"of the run"), "")
    hidden = ansible_vault.encrypt_same(lib, b"secret")
    assert hidden == ansible_vault.encrypt_same(lib, b"secret") != ansible_vault.encrypt_same(lib, b"other")
    assert ansible_vault.decrypt(lib, hidden, tmp_path) == b"secret"
    assert hidden != ansible_vault.encrypt_same(ansible_vault.vault(loader(b"another"), ""), b"secret")


def test_a_wrong_password_names_the_file(tmp_path: Path):
    hidden = ansible_vault.encrypt(ansible_vault.vault(loader(b"right"), ""), b"secret")
    with pytest.raises(KollaError, match=r"/secrets/passwords\.yml: the vault password does not open this file"):
        ansible_vault.decrypt(ansible_vault.vault(loader(b"wrong"), ""), hidden, Path("/secrets/passwords.yml"))


def test_a_password_is_made_once(tmp_path: Path):
    path = tmp_path / "secrets" / "vault-password"
    assert ansible_vault.make_password(path)
    made = path.read_bytes()
    assert len(made.strip()) >= 40
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert not ansible_vault.make_password(path)
    assert path.read_bytes() == made


def test_a_child_reads_the_passwords_and_nothing_stays():
    with ansible_vault.password_files(ansible_vault.vault(loader(b"one", b"two"), "")) as paths:
        code = "import os, sys; print(*(open(p).read() for p in sys.argv[1:]))"
        done = subprocess.run([sys.executable, "-c", code, *paths], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["one", "two"]
    assert [Path(path).exists() for path in paths] == [False, False]
