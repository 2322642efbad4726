"""Action plugin: the keeping of generated certificates. Documented in plugins/modules/kolla_certificates.py."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ansible.plugins.action import ActionBase
from ruamel.yaml import YAML

from armature import ansible_vault
from armature.kolla import KollaError, certificates, tree

ARGUMENTS = {
    "kept": {"type": "path", "required": True},
    "generated": {"type": "path"},
    "artefacts": {"type": "dict", "required": True},
    **ansible_vault.OPTIONS,
}


class ActionModule(ActionBase):
    """Keeps what kolla-ansible generated, private keys encrypted; without ``generated``, only looks."""

    _requires_connection = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return whether the kept certificates were made for the site as it is."""
        result = super().run(tmp, task_vars)
        _, given = self.validate_argument_spec(ARGUMENTS)
        kept = Path(given["kept"])
        settings = YAML(typ="safe", pure=True).load(given["artefacts"]["globals.yml"]) or {}
        wanted = certificates.made_for(settings, given["artefacts"]["inventory.yml"])
        note = kept / certificates.MADE_FOR
        fresh = note.is_file() and note.read_text() == wanted
        result |= {"fresh": fresh, "changed": False}
        if given["generated"] is None or fresh:
            return result
        try:
            if not self._task.check_mode:
                self._keep(Path(given["generated"]), kept, given["vault_password_file"] or "")
                tree.write_private(note, wanted.encode())
        except KollaError as error:
            return result | {"failed": True, "msg": str(error)}
        return result | {"changed": True, "fresh": True}

    def _keep(self, generated: Path, kept: Path, password_file: str) -> None:
        lib = ansible_vault.vault(self._loader, password_file)
        for path, content in tree.read_tree(generated).items():
            tree.make_folder((kept / path).parent)
            secret = b"PRIVATE KEY" in content
            tree.write_private(kept / path, ansible_vault.encrypt(lib, content) if secret else content)
