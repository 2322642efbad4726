"""What may stand nowhere in a site file: templates, for nothing decides anything in YAML, and secrets.

Works on the tree of values, before the model, so that these are reported beside misfits of shape.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from armature.errors import Problem, quote, where

_TEMPLATE = re.compile(r"\{\{|\{%|\{#")
_PRIVATE = re.compile(r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----")
_VAULT = re.compile(r"\$ANSIBLE_VAULT;")
_CREDENTIALS = re.compile(r"[a-z][a-z0-9+.-]*://[^/\s:@]*:[^/\s@]+@")
_SECRET_KEY = re.compile(
    r"(^|_)(password|passwd|passphrase|secret|secret_key|private_key|ssh_key|crypto_key|rndc_key|api_key|access_key"
    r"|token|cluster_cookie|bcrypt_salt)$",
    re.IGNORECASE,
)
"""Names in kolla-ansible's etc_examples/kolla/passwords.yml (20.6.0 and 22.2.0), and what clouds use beside them."""


_SUSPICIOUS = re.compile(r"[{$@]|-----")
"""Every text that a pattern above finds has one of these: a quick look spares nearly all texts the patterns."""


def forbidden(tree: Any) -> Iterator[Problem]:
    """Yield every template and every secret in ``tree``, in file order."""
    for keys, key, value in _entries(tree, ()):
        texts = [text for text in (key, value) if isinstance(text, str) and _SUSPICIOUS.search(text)]
        for text in texts:
            if _TEMPLATE.search(text):
                yield Problem(
                    where(*keys),
                    f"{quote(text)} is a template. Write the value itself: Armature computes what can be computed.",
                )
        if value in texts and (_PRIVATE.search(value) or _VAULT.search(value)):
            yield Problem(
                where(*keys), "this is a secret. Keep it in the site's secrets/ folder, encrypted with ansible-vault."
            )
        elif value in texts and _CREDENTIALS.search(value):
            yield Problem(where(*keys), "a password stands in this URL. Keep it in the site's secrets/ folder.")
        elif _passed_on(keys) and isinstance(key, str) and _SECRET_KEY.search(key) and _says_something(value):
            yield Problem(
                where(*keys), "this is a secret. Keep it in the site's secrets/ folder, encrypted with ansible-vault."
            )


def _passed_on(keys: tuple[str | int, ...]) -> bool:
    """Return whether a place holds settings that Armature passes on without knowing what they mean."""
    return keys[0] == "kolla_overrides" or keys[:2] == ("ceph", "config")


def _says_something(value: Any) -> bool:
    return value not in (None, "") and not isinstance(value, bool)


def _entries(value: Any, keys: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], str | None, Any]]:
    """Yield (path, own key if in a mapping, value) of everything beneath ``value``, in order."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield (*keys, key), key, item
            yield from _entries(item, (*keys, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield (*keys, index), None, item
            yield from _entries(item, (*keys, index))
