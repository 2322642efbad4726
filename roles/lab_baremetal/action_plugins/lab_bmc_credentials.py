"""Action plugin: what Armature asks the lab's BMCs with. Documented in the role's library/lab_bmc_credentials.py."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ansible.plugins.action import ActionBase
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from armature import ansible_vault
from armature.baremetal_secrets import credentials
from armature.compile.text import yaml_text
from armature.kolla import KollaError
from armature.kolla.tree import make_folder, write_private

ARGUMENTS = {
    "path": {"type": "path", "required": True},
    "nodes": {"type": "list", "elements": "str", "required": True},
    "user": {"type": "str", "required": True},
    "password": {"type": "str", "required": True, "no_log": True},
    **ansible_vault.MAKING_OPTIONS,
}


class ActionModule(ActionBase):
    """Writes the file once, and refuses one that would not open the BMCs."""

    _requires_connection = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return whether the file was made; never a value."""
        result = super().run(tmp, task_vars)
        _, given = self.validate_argument_spec(ARGUMENTS)
        try:
            return result | self._write(given)
        except KollaError as error:
            return result | {"failed": True, "msg": str(error)}

    def _write(self, given: dict[str, Any]) -> dict[str, Any]:
        path, check = Path(given["path"]), self._task.check_mode
        password_file = given["vault_password_file"] or ""
        lib, made = ansible_vault.open_or_make(self._loader, password_file, given["make_vault_password"], check)
        if lib is None:
            return {"changed": True, "msg": f"{password_file} would be made first."}
        wanted = {"username": given["user"], "password": given["password"]}
        if path.is_file():
            text = ansible_vault.decrypt(lib, path.read_bytes(), path)
            if not opens(text, wanted, [str(name) for name in given["nodes"]]):
                raise KollaError(
                    f"{path}: has another user or password than the lab's BMCs, which take lab_bmc_user and "
                    "lab_bmc_password of group_vars. Remove the file, and the next run makes it; or change these two."
                )
            return {"changed": made}
        if not check:
            make_folder(path.parent)
            write_private(path, ansible_vault.encrypt(lib, yaml_text({"default": wanted}).encode()))
        return {"changed": True}


def opens(text: bytes, wanted: dict[str, str], nodes: list[str]) -> bool:
    """Whether a file with this text has ``wanted`` for every node."""
    try:
        values = YAML(typ="safe", pure=True).load(text.decode())
    except (YAMLError, UnicodeDecodeError):
        return False
    found, problems = credentials(values, nodes)
    return not problems and all(found[node] == wanted for node in nodes)
