"""A site's secrets that are Armature's own: passwords and certificates' keys, made once, kept in one encrypted file."""

from __future__ import annotations

import secrets
import string
from collections.abc import Mapping, Sequence
from typing import Any

from ruamel.yaml import YAML

from armature import certificate
from armature.kolla import KollaError

LETTERS = string.ascii_letters + string.digits
"""What passwords are made of: nothing that a template, a configuration file or a URL would read as its own."""

Values = dict[str, str]


def read(text: str) -> Values:
    """Return the secrets in ``text``, "" for none yet; raises KollaError when it is not a mapping of texts."""
    values = YAML(typ="safe", pure=True).load(text) or {}
    if not isinstance(values, dict) or not all(isinstance(value, str) for value in values.values()):
        raise KollaError("The site's secrets are not a mapping of names to texts. Restore the file from a backup.")
    return values


def complete(present: Values, passwords: Mapping[str, int], certificates: Mapping[str, Mapping[str, Any]]) -> Values:
    """Return what must be added to or replaced in ``present``, {} when nothing.

    ``passwords`` has name -> length; one that is there stays. ``certificates`` has name -> ``names`` and ``addresses``,
    and becomes ``<name>_certificate`` and ``<name>_key``: made anew when it is for others or soon out of date.

    >>> sorted(complete({"a": "x"}, {"a": 8, "b": 8}, {}))
    ['b']
    """
    added = {name: make_password(length) for name, length in passwords.items() if not present.get(name)}
    for name, wanted in certificates.items():
        if not _is_right(present, name, wanted["names"], wanted["addresses"]):
            pair = certificate.make(wanted["names"], wanted["addresses"])
            added |= {f"{name}_certificate": pair.certificate, f"{name}_key": pair.key}
    return added


def _is_right(present: Values, name: str, names: Sequence[str], addresses: Sequence[str]) -> bool:
    return bool(present.get(f"{name}_key")) and certificate.fits(
        present.get(f"{name}_certificate", ""), names, addresses
    )


def make_password(length: int) -> str:
    """Return a new password.

    >>> len(make_password(16)), make_password(16) == make_password(16)
    (16, False)
    """
    return "".join(secrets.choice(LETTERS) for _ in range(length))
