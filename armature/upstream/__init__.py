"""Mends of upstream defects that stop an IPv6-only site: each named, explained and tied to the versions that have it.

``python -m armature.upstream SHARE_DIR VERSION`` applies them to a venv's kolla-ansible. A mend goes
when upstream has it.
"""

from __future__ import annotations

from armature.upstream.mend import Mend, MendError, apply_mends
from armature.upstream.mends import MENDS

__all__ = ["MENDS", "Mend", "MendError", "apply_mends"]
