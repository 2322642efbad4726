"""Tables of kolla-ansible's own names, one module a release, written by ``python -m armature.compile.data``."""

from __future__ import annotations

from importlib import import_module
from typing import Any

Groups = dict[str, tuple[str, ...]]
"""Inventory group -> the groups that it is made of."""

Images = dict[str, tuple[str, ...]]
"""Image name -> the variables that name it in full, for every service that runs it."""

Ports = dict[str, int]
"""Variable -> the TCP or UDP port that it has unless told otherwise."""


def _table(release: str, name: str) -> Any:
    return getattr(import_module(f"{__name__}.kolla_{release.replace('.', '_')}"), name)


def groups(release: str) -> Groups:
    """Return kolla-ansible's inventory groups below the host groups, in upstream's order.

    Raises ModuleNotFoundError for a release without a table. Source: kolla-ansible, ``ansible/inventory/multinode``.
    """
    table: Groups = _table(release, "GROUPS")
    return table


def images(release: str) -> Images:
    """Return kolla's images and the variables that name each of them.

    Raises ModuleNotFoundError for a release without a table. Source: kolla-ansible, ``ansible/roles/*/defaults``.

    >>> images("2026.1")["ovn-northd"]
    ('ovn_northd_image_full',)
    """
    table: Images = _table(release, "IMAGES")
    return table


def ports(release: str) -> Ports:
    """Return the variables of kolla-ansible that are a port's number.

    Raises ModuleNotFoundError for a release without a table. Source: kolla-ansible, ``ansible/group_vars`` and
    ``ansible/roles/*/defaults``.

    >>> ports("2026.1")["ceph_rgw_port"]
    6780
    """
    table: Ports = _table(release, "PORTS")
    return table
