"""Operators' accounts and their ssh keys."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator

from armature.errors import Problem, quote, where
from armature.model import Site

_KEY_TYPES = (
    "ssh-ed25519",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "ssh-rsa",
    "sk-ssh-ed25519@openssh.com",
    "sk-ecdsa-sha2-nistp256@openssh.com",
)
"""What OpenSSH 9.2 accepts (Debian bookworm and later). Source: sshd(8), AUTHORIZED_KEYS FILE FORMAT."""


def user_problems(site: Site) -> Iterator[Problem]:
    """Yield problems of ssh keys. Source: RFC 4253, section 6.6 (a key's blob starts with its type's name)."""
    for name, user in site.users.items():
        seen: set[str] = set()
        for index, key in enumerate(user.authorized_keys):
            place = where("users", name, "authorized_keys", index)
            if message := _defect(key):
                yield Problem(place, message)
                continue
            blob = key.split()[1]
            if blob in seen:
                yield Problem(place, "the key stands in the list already. Remove one.")
            seen.add(blob)


def _defect(key: str) -> str | None:
    if "\n" in key.strip():
        return "more than one line stands here. Write one public key a list entry."
    words = key.split()
    if not words or words[0] not in _KEY_TYPES:
        kind = quote(words[0]) if words else "nothing"
        return f"{kind} is no type of ssh key. Paste a line of a .pub file: it starts with {_KEY_TYPES[0]} or the like."
    if len(words) < 2:
        return f"no key follows {quote(words[0])}. Paste the whole line of the .pub file."
    try:
        blob = base64.b64decode(words[1], validate=True)
    except binascii.Error:
        return f"the key {quote(words[1])} is damaged: it is no base64. Paste the whole line of the .pub file."
    length = int.from_bytes(blob[:4], "big")
    inside = blob[4 : 4 + length]
    if len(blob) < 4 + length + 4 or not inside.isascii() or not inside:
        return f"the key {quote(words[1])} is damaged: it is too short. Paste the whole line of the .pub file."
    if inside.decode() != words[0]:
        said, found = quote(words[0]), quote(inside.decode())
        return f"the line says {said} and the key inside says {found}. Paste the line of the .pub file again."
    return None
