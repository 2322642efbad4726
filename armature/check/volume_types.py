"""Volume types: somebody to make the volumes, somewhere to keep their keys, one default."""

from __future__ import annotations

from collections.abc import Iterator

from armature.errors import Problem, where
from armature.model import Site, VolumeType

_KEEPER = "barbican"


def volume_type_problems(site: Site) -> Iterator[Problem]:
    """Yield problems of ``volume_types``. A key of ``kolla_overrides`` may stand for the service that keeps keys."""
    if site.volume_types and "cinder" not in site.services:
        yield Problem(
            "volume_types", "these are Cinder's, and there is no 'cinder'. Add it to services, or remove them."
        )
    has_keeper = _KEEPER in site.services or bool(site.kolla_overrides.get(f"enable_{_KEEPER}"))
    defaults = [name for name, volume_type in site.volume_types.items() if volume_type.default]
    names: dict[str, str] = {}
    for name, volume_type in site.volume_types.items():
        yield from _name(name, names.setdefault(name.lower(), name))
        if volume_type.default:
            yield from _default(name, volume_type, defaults[0])
        yield from _encryption(name, volume_type, has_keeper)


def _name(name: str, first: str) -> Iterator[Problem]:
    """Judge a name; ``first`` is the first one that its database takes for the same.

    Source: cinder 28.0.0, ``api/v3/types.py``; MariaDB's collations whose names end in ``_ci``.
    """
    place = where("volume_types", name)
    if name != first:
        yield Problem(place, f"differs from {first!r} by case alone, which Cinder does not see. Choose another name.")
    if name.lower() == "default":
        yield Problem(place, "Cinder calls the default type so, whichever that is. Choose another name.")


def _default(name: str, volume_type: VolumeType, first: str) -> Iterator[Problem]:
    place = where("volume_types", name, "default")
    if name != first:
        yield Problem(place, f"{first!r} is the default already. Keep one.")
    elif not volume_type.public:
        yield Problem(place, f"{name!r} is not public, and tenants could not use it. Make it so, or choose another.")


def _encryption(name: str, volume_type: VolumeType, has_keeper: bool) -> Iterator[Problem]:
    if volume_type.encrypted and not has_keeper:
        yield Problem(
            where("volume_types", name, "encrypted"),
            f"{name!r} wants somebody who keeps keys. Add the service {_KEEPER!r}.",
        )
    if volume_type.key_size is not None and not volume_type.encrypted:
        yield Problem(
            where("volume_types", name, "key_size"),
            f"{name!r} is not encrypted. Add encrypted: true, or remove this.",
        )
