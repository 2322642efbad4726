"""Action plugin: users and passwords of BMCs. Documented in plugins/modules/baremetal_credentials_info.py."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ansible.parsing.vault import is_encrypted
from ansible.plugins.action import ActionBase
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from armature import ansible_vault
from armature.baremetal_secrets import FORM, credentials
from armature.kolla import KollaError

ARGUMENTS = {
    "path": {"type": "path", "required": True},
    "nodes": {"type": "list", "elements": "str", "required": True},
    **ansible_vault.OPTIONS,
}


class ActionModule(ActionBase):
    """Reads them."""

    _requires_connection = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return them by node."""
        result = super().run(tmp, task_vars)
        _, given = self.validate_argument_spec(ARGUMENTS)
        path = Path(given["path"])
        if not path.is_file():
            return result | {"failed": True, "msg": f"{path}: is not there. {FORM}"}
        try:
            values = YAML(typ="safe", pure=True).load(self._content(path, given["vault_password_file"] or ""))
        except KollaError as error:
            return result | {"failed": True, "msg": str(error)}
        except (YAMLError, UnicodeDecodeError):
            return result | {"failed": True, "msg": f"{path}: is no valid YAML. {FORM}"}
        found, problems = credentials(values, [str(name) for name in given["nodes"]])
        if problems:
            count = f"{len(problems)} problem{'' if len(problems) == 1 else 's'}"
            return result | {"failed": True, "msg": "\n  ".join([f"{path}: {count}", *problems])}
        return result | {"changed": False, "credentials": found, "_ansible_no_log": True}

    def _content(self, path: Path, password_file: str) -> str:
        content = path.read_bytes()
        if is_encrypted(content):
            content = ansible_vault.decrypt(ansible_vault.vault(self._loader, password_file), content, path)
        return content.decode()
