"""The vault of the ansible-playbook run that an action plugin is part of.

Only action plugins import this module: it imports Ansible, as ansible_bridge does.
"""

from __future__ import annotations

import hmac
import os
import secrets as random
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ansible.parsing.vault import VaultLib, VaultSecret, is_encrypted

from armature.kolla import KollaError
from armature.kolla.tree import make_folder, write_private

OPTIONS: dict[str, Any] = {"vault_password_file": {"type": "path", "default": ""}}
"""Options of an action plugin that opens the vault: plugins/doc_fragments/vault.py documents them."""

MAKING_OPTIONS: dict[str, Any] = OPTIONS | {"make_vault_password": {"type": "bool", "default": False}}
"""Options of one that makes the vault's password when there is none."""


def vault(loader: Any, password_file: str) -> VaultLib:
    """The vault that opens with ``password_file`` ("" for none) and with the passwords ansible-playbook was given.

    Raises KollaError, saying how to make a password, when there is none at all.
    """
    known = list(loader._vault.secrets or [])
    if password_file and Path(password_file).is_file():
        known.insert(0, ("default", VaultSecret(Path(password_file).read_bytes().strip())))
    if not known:
        raise KollaError(
            "No vault password was given, and the site's secrets are kept encrypted. Make one with "
            "'(umask 077; openssl rand -base64 32 > ~/.armature-vault)', keep a copy of it in a safe place, and run "
            "'export ANSIBLE_VAULT_PASSWORD_FILE=~/.armature-vault' (or pass --vault-password-file) first."
        )
    return VaultLib(known)


def make_password(path: Path) -> bool:
    """Make a random vault password at ``path`` unless it is there; returns whether it was made."""
    if path.is_file():
        return False
    make_folder(path.parent)
    write_private(path, random.token_urlsafe(32).encode() + b"\n")
    return True


def open_or_make(loader: Any, password_file: str, make: bool, check: bool) -> tuple[VaultLib | None, bool]:
    """Return the vault, after a password was made for it where ``make`` says so, and whether one was made.

    In check mode (``check``) none is made, and there is no vault where one would be. Raises KollaError, as ``vault``.
    """
    made = False
    if make and password_file:
        if check and not Path(password_file).is_file():
            return None, True
        made = make_password(Path(password_file))
    return vault(loader, password_file), made


def encrypt(lib: VaultLib, content: bytes) -> bytes:
    """``content`` in the vault's form, with the first password that the vault knows."""
    return bytes(lib.encrypt(content, secret=lib.secrets[0][1]))


def encrypt_same(lib: VaultLib, content: bytes) -> bytes:
    """As ``encrypt``, the same for the same content and password, so that files made of it can be compared.

    The salt comes from both, by HMAC. Source: ansible-core, VaultLib.encrypt, ``salt``.
    """
    secret = lib.secrets[0][1]
    salt = hmac.new(secret.bytes, content, "sha256").hexdigest()
    return bytes(lib.encrypt(content, secret=secret, salt=salt))


def decrypt(lib: VaultLib, content: bytes, path: Path) -> bytes:
    """What is in ``content``, whether it is encrypted or not; raises KollaError that names ``path``."""
    if not is_encrypted(content):
        return content
    try:
        return bytes(lib.decrypt(content))
    except Exception as error:
        raise KollaError(f"{path}: the vault password does not open this file ({error}). Give the right one.") from None


@contextmanager
def password_files(lib: VaultLib) -> Iterator[list[str]]:
    """Paths under which a child can read the vault's passwords; they are in no file, argument or variable.

    Source: memfd_create(2), proc_pid_fd(5).
    """
    opened: list[int] = []
    try:
        for _, secret in lib.secrets:
            descriptor = os.memfd_create("vault-password")
            opened.append(descriptor)
            # Without execute permission, or Ansible would run it as a script.
            os.fchmod(descriptor, 0o600)
            os.write(descriptor, secret.bytes)
        yield [f"/proc/{os.getpid()}/fd/{descriptor}" for descriptor in opened]
    finally:
        for descriptor in opened:
            os.close(descriptor)
