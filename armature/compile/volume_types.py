"""Cinder's volume types, and which of them is the default.

Source: cinder 28.0.0, ``volume/drivers/rbd.py``, ``image/image_utils.py`` (``decode_cipher``); barbican 22.0.0,
``plugin/crypto/base.py``; nova 33.0.2, ``virt/libvirt/driver.py`` (``_allow_native_luksv1``).
"""

from __future__ import annotations

from typing import Any

from armature.model import Site, VolumeType

PROVIDER = "luks"
"""LUKS of the first version: the only one that Cinder makes on RBD, and that QEMU opens without the host's kernel."""

CIPHER = "aes-xts-plain64"
"""Barbican makes keys for AES; of its modes that QEMU knows, this one is for disks."""

KEY_SIZE = 256
"""Bits. QEMU takes them as AES-256, and LUKS keeps a key of twice that for XTS."""


def volume_types(site: Site) -> list[dict[str, Any]]:
    """Return the types in file order: ``name``, ``description`` ("" for none), ``public``, ``backend`` (None: any), and
    ``encryption``: None, or ``provider``, ``cipher``, ``key_size`` in bits and ``control_location`` in Cinder's words.
    """
    return [
        {
            "name": name,
            "description": volume_type.description or "",
            "public": volume_type.public,
            "backend": volume_type.backend,
            "encryption": _encryption(volume_type),
        }
        for name, volume_type in site.volume_types.items()
    ]


def _encryption(volume_type: VolumeType) -> dict[str, Any] | None:
    if not volume_type.encrypted:
        return None
    return {
        "provider": PROVIDER,
        "cipher": CIPHER,
        "key_size": volume_type.key_size or KEY_SIZE,
        "control_location": "front-end",
    }


def volume_type_config_files(site: Site) -> dict[str, str]:
    """Return path below kolla-ansible's ``config/`` -> text: Cinder's default type, {} without one."""
    names = [name for name, volume_type in site.volume_types.items() if volume_type.default]
    return {"cinder.conf": f"[DEFAULT]\ndefault_volume_type = {names[0]}\n"} if names else {}
