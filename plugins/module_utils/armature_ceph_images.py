# Copyright the Armature authors
# SPDX-License-Identifier: Apache-2.0
"""RBD images of a pool, and the pool's trash, from which they can be taken back.

Source: Ceph 18.2.7, rbd(8): ls, trash mv, trash restore.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ansible.module_utils.armature_ceph import OBJECT_TIMEOUT, Ceph, Step

_WAIT = ("--rados-osd-op-timeout", str(OBJECT_TIMEOUT))


def images(ceph: Ceph, pool: str) -> list[str]:
    """Return the names of a pool's images, sorted. Raises CephError."""
    return sorted(ceph.rbd_json("ls", pool, *_WAIT))


def discard(ceph: Ceph, pool: str, names: Iterable[str], check: bool) -> dict[str, Any]:
    """Move images into the trash, unless ``check``; those that are not there are no failure. Raises CephError."""
    present = set(images(ceph, pool))
    steps = [
        Step(
            f"image {pool}/{name}: move it into the pool's trash",
            ("trash", "mv", f"{pool}/{name}", *_WAIT),
            None,
            "rbd",
        )
        for name in names
        if name in present
    ]
    if not check:
        ceph.carry_out(steps)
    return {"changed": bool(steps), "plan": [step.sentence for step in steps]}
