"""Action plugin: the site's own secrets, read. Documented in plugins/modules/site_secrets_info.py."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ansible.plugins.action import ActionBase

from armature import ansible_vault, site_secrets
from armature.kolla import KollaError

ARGUMENTS = {
    "path": {"type": "path", "required": True},
    "names": {"type": "list", "elements": "str", "required": True},
    "maker": {"type": "str", "required": True},
    **ansible_vault.OPTIONS,
}


class ActionModule(ActionBase):
    """Reads secrets."""

    _requires_connection = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return the secrets that were asked for."""
        result = super().run(tmp, task_vars)
        _, given = self.validate_argument_spec(ARGUMENTS)
        path = Path(given["path"])
        try:
            present: dict[str, str] = {}
            if path.is_file():
                lib = ansible_vault.vault(self._loader, given["vault_password_file"] or "")
                present = site_secrets.read(ansible_vault.decrypt(lib, path.read_bytes(), path).decode())
            missing = [name for name in given["names"] if not present.get(name)]
            if missing and not self._task.check_mode:
                raise KollaError(f"{path}: has no {', '.join(missing)}. Run {given['maker']} first, which makes them.")
        except KollaError as error:
            return result | {"failed": True, "msg": str(error)}
        return result | {"changed": False, "secrets": {name: present.get(name, "") for name in given["names"]}}
