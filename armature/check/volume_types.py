"""Volume types: somebody to make the volumes, somewhere to keep their keys, one default."""

from __future__ import annotations

from collections.abc import Iterator

from armature.errors import Problem, where
from armature.model import Site

_KEYS = "barbican"


def volume_type_problems(site: Site) -> Iterator[Problem]:
    """Yield problems of ``volume_types``. A key of ``kolla_overrides`` may stand for the service that keeps keys.

    Source: cinder 28.0.0, ``api/v3/types.py`` (``default``); MariaDB compares names without regard to case.
    """
    if not site.volume_types:
        return
    if "cinder" not in site.services:
        yield Problem("volume_types", "these are Cinder's, and there is no 'cinder'. Add it to services, or remove them.")
    keeps_keys = _KEYS in site.services or site.kolla_overrides.get(f"enable_{_KEYS}")
    lower: dict[str, str] = {}
    default: str | None = None
    for name, volume_type in site.volume_types.items():
        here = where("volume_types", name)
        if (other := lower.setdefault(name.lower(), name)) != name:
            yield Problem(here, f"differs from {other!r} by case alone, which Cinder does not see. Choose another name.")
        if name.lower() == "default":
            yield Problem(here, "Cinder calls whatever type is the default one so. Choose another name.")
        if volume_type.default and default is not None:
            yield Problem(where(here, "default"), f"{default!r} is the default already. Keep one.")
        elif volume_type.default:
            default = name
            if not volume_type.public:
                yield Problem(where(here, "default"), f"{name!r} is not public, and tenants could not use it. Make it so.")
        if volume_type.encrypted and not keeps_keys:
            yield Problem(
                where(here, "encrypted"), f"nothing keeps the keys of {name!r}. Add the service {_KEYS!r}."
            )
        if volume_type.key_size is not None and not volume_type.encrypted:
            yield Problem(where(here, "key_size"), f"{name!r} is not encrypted. Add encrypted: true, or remove this.")
