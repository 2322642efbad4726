"""Action plugin: kolla-ansible's venv. Documented in plugins/modules/kolla_venv.py."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

from ansible.plugins.action import ActionBase

import armature.upstream
from armature.kolla import KollaError
from armature.kolla.venv import cache_folder, is_complete, make_venv, venv_name

ARGUMENTS = {
    "release": {"type": "str", "required": True},
    "version": {"type": "str", "required": True},
    "requirements": {"type": "list", "elements": "str", "required": True},
    "constraints": {"type": "str", "default": ""},
}


class ActionModule(ActionBase):
    """Makes the venv unless it is there."""

    _requires_connection = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return the venv's path and name."""
        result = super().run(tmp, task_vars)
        _, given = self.validate_argument_spec(ARGUMENTS)
        mends = Path(armature.upstream.__file__).parent
        name = venv_name(given["release"], given["requirements"], given["constraints"], mends)
        path = cache_folder(os.environ) / "kolla-ansible" / name
        result |= {"path": str(path), "name": name, "changed": not is_complete(path)}
        if result["changed"] and not self._task.check_mode:
            self._display.display(f"Making kolla-ansible {given['version']}'s venv at {path}")
            try:
                make_venv(path, given["requirements"], given["constraints"], lambda made: _mend(made, given["version"]))
            except KollaError as error:
                return result | {"failed": True, "changed": False, "msg": str(error)}
        return result


def _mend(venv: Path, version: str) -> list[str]:
    return [sys.executable, "-m", "armature.upstream", str(venv / "share" / "kolla-ansible"), version]
