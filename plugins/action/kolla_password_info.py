"""Action plugin: one of kolla's passwords. Documented in plugins/modules/kolla_password_info.py."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ansible.plugins.action import ActionBase

from armature import ansible_vault
from armature.kolla import KollaError
from armature.kolla.passwords import password, read

ARGUMENTS = {
    "path": {"type": "path", "required": True},
    "key": {"type": "str", "required": True},
    **ansible_vault.OPTIONS,
}


class ActionModule(ActionBase):
    """Reads a password."""

    _requires_connection = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return the password."""
        result = super().run(tmp, task_vars)
        _, given = self.validate_argument_spec(ARGUMENTS)
        path = Path(given["path"])
        if not path.is_file():
            if self._task.check_mode:
                return result | {"changed": False, "password": ""}
            return result | {"failed": True, "msg": f"{path}: is not there. Run playbooks/deploy_openstack.yml first."}
        try:
            lib = ansible_vault.vault(self._loader, given["vault_password_file"] or "")
            values = read(ansible_vault.decrypt(lib, path.read_bytes(), path).decode())
            return result | {"changed": False, "password": password(values, given["key"])}
        except KollaError as error:
            return result | {"failed": True, "msg": str(error)}
