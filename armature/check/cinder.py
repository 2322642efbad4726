"""Cinder: something to keep volumes on, and somewhere to agree when several hosts serve them."""

from __future__ import annotations

from collections.abc import Iterator

from armature.errors import Problem, choice, where
from armature.model import Role, Site
from armature.release import RELEASES

_BACKEND = "cinder_backend_"


def cinder_problems(site: Site) -> Iterator[Problem]:
    """Yield problems of the services ``cinder`` and ``cinder_backup``.

    A key of ``kolla_overrides`` may stand for a service. Source: kolla-ansible, ``roles/cinder/tasks/precheck.yml``.
    """
    given = {*site.services, *(key.removeprefix("enable_") for key, value in site.kolla_overrides.items() if value)}
    if "cinder_backup" in site.services:
        yield from _backup(site, where("services", site.services.index("cinder_backup")))
    if "cinder" not in site.services:
        return
    place = where("services", site.services.index("cinder"))
    if site.ceph is None:
        if not any(name.startswith(_BACKEND) or name == "skip_cinder_backend_check" for name in given):
            yield Problem(
                place,
                f"'cinder' has nothing to keep volumes on. Add the section ceph, or a service {_BACKEND}..., such as "
                f"{_BACKEND}nfs.",
            )
        return
    controllers = len(site.hosts_with(Role.CONTROL))
    known = RELEASES[site.release].coordination_services if site.release in RELEASES else ()
    agreed = {*known, "cinder_coordination_backend"} & given
    if controllers > 1 and known and not agreed:
        yield Problem(
            place,
            f"'cinder' runs on {controllers} hosts, which must agree who works on a volume of Ceph. Add a service for "
            f"that: {choice(known).lower()}.",
        )


def _backup(site: Site, place: str) -> Iterator[Problem]:
    if "cinder" not in site.services:
        yield Problem(place, "'cinder_backup' backs up volumes, and there is no 'cinder'. Add that, or remove this.")
    elif site.ceph is None and "cinder_backup_driver" not in site.kolla_overrides:
        yield Problem(
            place,
            "'cinder_backup' writes to Ceph unless told otherwise. Add the section ceph, or "
            "kolla_overrides.cinder_backup_driver.",
        )
