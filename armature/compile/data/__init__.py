"""Tables of kolla-ansible's own names, one module a release, written by ``python -m armature.compile.data``."""

from __future__ import annotations

from importlib import import_module

Groups = dict[str, tuple[str, ...]]
"""Inventory group -> the groups that it is made of."""

Images = dict[str, tuple[str, ...]]
"""Image name -> the variables that name it in full, for every service that runs it."""


def _table(release: str, name: str) -> dict[str, tuple[str, ...]]:
    module = import_module(f"{__name__}.kolla_{release.replace('.', '_')}")
    table: dict[str, tuple[str, ...]] = getattr(module, name)
    return table


def groups(release: str) -> Groups:
    """Return kolla-ansible's inventory groups below the host groups, in upstream's order.

    Raises ModuleNotFoundError for a release without a table. Source: kolla-ansible, ``ansible/inventory/multinode``.
    """
    return _table(release, "GROUPS")


def images(release: str) -> Images:
    """Return kolla's images and the variables that name each of them.

    Raises ModuleNotFoundError for a release without a table. Source: kolla-ansible, ``ansible/roles/*/defaults``.

    >>> images("2026.1")["ovn-northd"]
    ('ovn_northd_image_full',)
    """
    return _table(release, "IMAGES")
