"""Action plugin: kolla's passwords. Documented in plugins/modules/kolla_passwords.py."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ansible.plugins.action import ActionBase

from armature import ansible_vault
from armature.kolla import KollaError
from armature.kolla.passwords import complete, example_file, missing_keys, read
from armature.kolla.tree import make_folder, write_private

ARGUMENTS = {
    "venv": {"type": "path", "required": True},
    "path": {"type": "path", "required": True},
    **ansible_vault.MAKING_OPTIONS,
}


class ActionModule(ActionBase):
    """Adds the passwords that the release wants and the file lacks."""

    _requires_connection = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return the names of the keys that were added; never a value."""
        result = super().run(tmp, task_vars)
        _, given = self.validate_argument_spec(ARGUMENTS)
        try:
            return result | self._complete(given)
        except KollaError as error:
            return result | {"failed": True, "msg": str(error)}

    def _complete(self, given: dict[str, Any]) -> dict[str, Any]:
        path, venv, check = Path(given["path"]), Path(given["venv"]), self._task.check_mode
        password_file = given["vault_password_file"] or ""
        if check and not example_file(venv).is_file():
            return {"changed": True, "msg": f"{venv} would be made first; which passwords it wants is in there."}
        lib, made = ansible_vault.open_or_make(self._loader, password_file, given["make_vault_password"], check)
        if lib is None:
            return {"changed": True, "msg": f"{password_file} would be made first."}
        present = None
        if path.is_file():
            present = ansible_vault.decrypt(lib, path.read_bytes(), path).decode()
        added = missing_keys(read(example_file(venv).read_text()), read(present or "{}"))
        if added and not check:
            make_folder(path.parent)
            write_private(path, ansible_vault.encrypt(lib, complete(venv, present).encode()))
        names = "".join(f"{name}: (hidden)\n" for name in added)
        diff = {"before_header": str(path), "after_header": str(path), "before": "", "after": names}
        return {"changed": bool(added) or made, "added": added, "diff": diff if added else {}}
