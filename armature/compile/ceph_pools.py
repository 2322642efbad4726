"""Pools of a Ceph cluster, and the keys of those who use them.

Source: Ceph, "Block Devices and OpenStack" (capabilities); kolla-ansible 20.6.0 and 22.2.0, ``external_ceph.yml`` of
the roles ``glance``, ``nova-cell`` and ``cinder`` (which keyring belongs where).
"""

from __future__ import annotations

from typing import Any

from armature.ceph import rgw_pools
from armature.ceph_model import Pool
from armature.iscsi import section
from armature.model import Site

_GLANCE = "client.glance"
_NOVA = "client.nova"
_CINDER = "client.cinder"
_CINDER_BACKUP = "client.cinder-backup"


def needed_pools(site: Site) -> dict[str, str]:
    """Return the pools that the site's services need -> who needs them, or {} for a site without Ceph."""
    if site.ceph is None:
        return {}
    pools = {"images": "Glance", "vms": "Nova"}
    if "cinder" in site.services:
        pools["volumes"] = "Cinder"
    if "cinder_backup" in site.services:
        pools["backups"] = "Cinder's backup"
    return pools


def wanted_pools(site: Site) -> dict[str, dict[str, Any]]:
    """Return pool -> the fields of the model, ``min_size`` always a number, and ``rule``, the name of its CRUSH rule.

    The rule follows from the failure domain and the device class; {} for a site without Ceph.
    """
    pools = {**site.ceph.pools, **rgw_pools(site)} if site.ceph else {}
    return {
        name: {
            "size": pool.size,
            "min_size": min_size(pool),
            "application": pool.application,
            "autoscale": pool.autoscale,
            "pg_num": pool.pg_num,
            "target_size_ratio": pool.target_size_ratio,
            "bulk": pool.bulk,
            "rule": "-".join(filter(None, ["armature", pool.failure_domain.value, pool.device_class])),
            "failure_domain": pool.failure_domain.value,
            "device_class": pool.device_class,
        }
        for name, pool in pools.items()
    }


def min_size(pool: Pool) -> int:
    """Return a pool's ``min_size``: the site's, else Ceph's own, half of the copies, rounded up.

    >>> min_size(Pool(size=3)), min_size(Pool(size=2)), min_size(Pool(size=4))
    (2, 1, 2)
    """
    return pool.size - pool.size // 2 if pool.min_size is None else pool.min_size


def wanted_keys(site: Site) -> dict[str, dict[str, dict[str, str]]]:
    """Return entity -> ``caps`` -> daemon -> capability, of the services that the site has.

    Nova and Cinder clone images, for which reading is enough.
    """
    if site.ceph is None:
        return {}
    keys = {_GLANCE: _caps("images"), _NOVA: _caps("vms", read="images")}
    if "cinder" in site.services:
        keys[_CINDER] = _caps(*_volume_pools(site), read="images")
    if "cinder_backup" in site.services:
        keys[_CINDER_BACKUP] = _caps("backups")
    return keys


def _volume_pools(site: Site) -> list[str]:
    iscsi = section(site)
    return list(dict.fromkeys(["volumes", *([iscsi.pool] if iscsi else [])]))


def _caps(*pools: str, read: str | None = None) -> dict[str, dict[str, str]]:
    own = ", ".join(f"profile rbd pool={pool}" for pool in pools)
    osd = own + (f", profile rbd-read-only pool={read}" if read else "")
    return {"caps": {"mon": "profile rbd", "osd": osd, "mgr": own}}


def keyring_entities(site: Site) -> dict[str, str]:
    """Return path below kolla's ``config/`` -> entity whose keyring kolla-ansible reads there.

    Nova attaches volumes with Cinder's key; the backup reads volumes with it.
    """
    if site.ceph is None:
        return {}
    wanted = [(_GLANCE, "glance"), (_NOVA, "nova")]
    if "cinder" in site.services:
        wanted += [(_CINDER, "nova"), (_CINDER, "cinder/cinder-volume")]
    if "cinder_backup" in site.services:
        wanted += [(_CINDER, "cinder/cinder-backup"), (_CINDER_BACKUP, "cinder/cinder-backup")]
    return {f"{folder}/ceph.{entity}.keyring": entity for entity, folder in wanted}


def keyring_files(site: Site, keyrings: dict[str, str]) -> dict[str, str]:
    """Return path below kolla's ``config/`` -> text, from entity -> text; one that is not there yet is left out."""
    return {path: keyrings[entity] for path, entity in keyring_entities(site).items() if entity in keyrings}
