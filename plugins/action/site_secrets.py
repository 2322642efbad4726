"""Action plugin: the site's own secrets. Documented in plugins/modules/site_secrets.py."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ansible.plugins.action import ActionBase

from armature import ansible_vault, site_secrets
from armature.compile.text import yaml_text
from armature.kolla import KollaError
from armature.kolla.tree import make_folder, write_private

ARGUMENTS = {
    "path": {"type": "path", "required": True},
    "passwords": {"type": "dict", "default": {}},
    "certificates": {"type": "dict", "default": {}},
    **ansible_vault.MAKING_OPTIONS,
}


class ActionModule(ActionBase):
    """Makes what is missing."""

    _requires_connection = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return the names of what was made; never a value."""
        result = super().run(tmp, task_vars)
        _, given = self.validate_argument_spec(ARGUMENTS)
        try:
            return result | self._complete(given)
        except KollaError as error:
            return result | {"failed": True, "msg": str(error)}

    def _complete(self, given: dict[str, Any]) -> dict[str, Any]:
        path, check = Path(given["path"]), self._task.check_mode
        password_file = given["vault_password_file"] or ""
        lib, made = ansible_vault.open_or_make(self._loader, password_file, given["make_vault_password"], check)
        if lib is None:
            return {"changed": True, "msg": f"{password_file} would be made first."}
        text = ansible_vault.decrypt(lib, path.read_bytes(), path).decode() if path.is_file() else ""
        present = site_secrets.read(text)
        added = site_secrets.complete(present, given["passwords"], given["certificates"])
        if added and not check:
            make_folder(path.parent)
            write_private(path, ansible_vault.encrypt(lib, yaml_text(present | added).encode()))
        diff = {
            "before_header": str(path),
            "after_header": str(path),
            "before": _shown(name for name in sorted(added) if name in present),
            "after": _shown(sorted(added), "new"),
        }
        return {"changed": bool(added) or made, "added": sorted(added), "diff": diff if added else {}}


def _shown(names: Any, which: str = "old") -> str:
    return "".join(f"{name}: ({which}, hidden)\n" for name in names)
