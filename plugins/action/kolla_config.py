"""Action plugin: the folder that kolla-ansible reads. Documented in plugins/modules/kolla_config.py."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ansible.plugins.action import ActionBase
from ruamel.yaml import YAML

from armature import ansible_vault
from armature.compile.text import yaml_text
from armature.kolla import KollaError, certificates, tree
from armature.kolla.lock import site_lock

ARGUMENTS = {
    "build": {"type": "path", "required": True},
    "artefacts": {"type": "dict", "required": True},
    "overrides": {"type": "path", "required": True},
    "certificates": {"type": "path", "required": True},
    "certificates_complete": {"type": "bool", "default": True},
    "passwords": {"type": "path", "required": True},
    "keyrings": {"type": "dict", "default": {}, "no_log": True},
    "secrets": {"type": "dict", "default": {}, "no_log": True},
    "authorities": {"type": "dict", "default": {}},
    **ansible_vault.OPTIONS,
}
OWNED = ("certificates", "config", "globals.d", "group_vars")
SECRETS = "globals.d/secrets.yml"
"""kolla-ansible reads every file of that folder after its globals, and Ansible decrypts it."""
SECRET = ("certificates/", "passwords.yml", SECRETS)


class ActionModule(ActionBase):
    """Writes what is wanted and removes what is no longer wanted."""

    _requires_connection = False
    _supports_async = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return the changes and one hash of all files."""
        result = super().run(tmp, task_vars)
        _, given = self.validate_argument_spec(ARGUMENTS)
        try:
            wanted = self._wanted(given)
            keys = {f"config/{path}" for path in given["keyrings"]}
            build = Path(given["build"])
            planned = tree.changes(build / "kolla", wanted, OWNED)
            if planned and not self._task.check_mode:
                with site_lock(build / "lock", "the writing of kolla-ansible's files"):
                    tree.apply(build / "kolla", planned)
        except KollaError as error:
            return result | {"failed": True, "msg": str(error)}
        diff = [tree.as_diff(change, change.path.startswith(SECRET) or change.path in keys) for change in planned]
        return result | {"changed": bool(planned), "diff": diff, "digest": tree.digest(wanted)}

    def _wanted(self, given: dict[str, Any]) -> dict[str, bytes]:
        artefacts = {str(path): str(text).encode() for path, text in given["artefacts"].items()}
        overrides, passwords = Path(given["overrides"]), Path(given["passwords"])
        found = {f"config/{path}": content for path, content in tree.read_tree(overrides).items()}
        keyrings = self._keyrings(given)
        wanted = tree.join({"site.yml": artefacts, "ceph": keyrings, str(overrides.parent): found})
        wanted |= self._certificates(Path(given["certificates"]), given)
        wanted |= {f"certificates/ca/{name}": str(text).encode() for name, text in given["authorities"].items() if text}
        wanted |= self._secrets(given)
        if passwords.is_file():
            wanted["passwords.yml"] = passwords.read_bytes()
        elif not self._task.check_mode:
            raise KollaError(f"{passwords}: not found. Run the role kolla_secrets first.")
        if given["certificates_complete"]:
            _require_certificates(wanted, Path(given["certificates"]))
        return wanted

    def _keyrings(self, given: dict[str, Any]) -> dict[str, bytes]:
        """kolla-ansible reads these as templates, which may be encrypted."""
        if not given["keyrings"]:
            return {}
        lib = ansible_vault.vault(self._loader, given["vault_password_file"] or "")
        texts = {f"config/{path}": str(text).encode() for path, text in given["keyrings"].items()}
        return {path: ansible_vault.encrypt_same(lib, text) for path, text in texts.items()}

    def _secrets(self, given: dict[str, Any]) -> dict[str, bytes]:
        if not given["secrets"]:
            return {}
        lib = ansible_vault.vault(self._loader, given["vault_password_file"] or "")
        return {SECRETS: ansible_vault.encrypt_same(lib, yaml_text(given["secrets"]).encode())}

    def _certificates(self, folder: Path, given: dict[str, Any]) -> dict[str, bytes]:
        found = tree.read_tree(folder)
        found.pop(certificates.MADE_FOR, None)
        if not found:
            return {}
        lib = ansible_vault.vault(self._loader, given["vault_password_file"] or "")
        return {
            f"certificates/{path}": ansible_vault.decrypt(lib, content, folder / path)
            for path, content in found.items()
        }


def _require_certificates(wanted: dict[str, bytes], folder: Path) -> None:
    settings = YAML(typ="safe", pure=True).load(wanted["globals.yml"]) or {}
    missing = [file for file in certificates.required(settings) if f"certificates/{file}" not in wanted]
    if missing:
        raise KollaError(
            f"{folder}: {', '.join(missing)} missing. Put the site's PEM file(s) there (certificate, intermediate "
            "certificates, private key; encrypted with ansible-vault if you like, and its CA in ca/), or say "
            "'tls: {certificate: generated}' in site.yml."
        )
