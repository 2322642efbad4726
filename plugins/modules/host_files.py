#!/usr/bin/python
# Copyright the Armature authors
# SPDX-License-Identifier: Apache-2.0
"""Ansible module: the text files that one owner has on a host."""

from __future__ import annotations

DOCUMENTATION = r"""
module: host_files
short_description: Text files that one owner has on a host
description:
  - Writes the files that are wanted, and removes those that the same owner wrote before and no longer wants.
  - What an owner wrote is kept in V(/var/lib/armature/files/<owner>), one path a line.
options:
  owner:
    description: Who owns the files; a name that no other task uses.
    type: str
    required: true
  files:
    description: Absolute path to text.
    type: dict
    required: true
  mode:
    description: Permissions of new files, in octal.
    type: str
    default: "0644"
attributes:
  check_mode:
    support: full
    description: The change and the diff come from the same plan as in a real run.
  diff_mode:
    support: full
  idempotent:
    support: full
"""

EXAMPLES = r"""
- name: Write the configuration of the container engine
  host_files:
    owner: container_engine
    files:
      /etc/docker/daemon.json: |
        {"live-restore": true}
"""

RETURN = r"""
written:
  description: Paths that were written.
  type: list
  returned: always
removed:
  description: Paths that were removed.
  type: list
  returned: always
"""

from pathlib import Path
from typing import Any

from ansible.module_utils.armature_files import apply, observe, plan, write
from ansible.module_utils.basic import AnsibleModule

MANIFESTS = "var/lib/armature/files"
"""Relative to the root: one file an owner, the paths that the owner wrote, one a line."""


def problems(owner: str, files: dict[str, Any]) -> list[str]:
    """Return what is wrong with the module's arguments, in house form."""
    found = []
    if not owner.replace("_", "").isalnum():
        found.append(f"owner: '{owner}' is not a name. Use letters, digits and underscores.")
    for path, text in files.items():
        if not path.startswith("/") or ".." in Path(path).parts:
            found.append(f"files: '{path}' is not an absolute path. Begin it with a slash, without '..'.")
        if not isinstance(text, str):
            found.append(f"files.{path}: {text!r} is not text. Quote it.")
    return found


def change(owner: str, files: dict[str, str], mode: int, check: bool, root: Path = Path("/")) -> dict[str, Any]:
    """Observe, plan, and unless ``check`` apply. Return the module's result."""
    manifest = root / MANIFESTS / owner
    owned = manifest.read_text().splitlines() if manifest.is_file() else []
    todo = plan(observe([*files, *owned], root), files, owned)
    listing = "".join(f"{path}\n" for path in sorted(files))
    recorded = "".join(f"{path}\n" for path in owned)
    if not check:
        # Before the files: what is written and not listed would never be removed.
        if listing != recorded:
            write(manifest, "".join(f"{path}\n" for path in sorted({*files, *owned})))
        apply(todo, root, mode)
        if listing != recorded:
            write(manifest, listing)
    return {
        "changed": bool(todo),
        "diff": todo.diff(),
        "written": sorted(todo.writes),
        "removed": list(todo.removals),
    }


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "owner": {"type": "str", "required": True},
            "files": {"type": "dict", "required": True},
            "mode": {"type": "str", "default": "0644"},
        },
        supports_check_mode=True,
    )
    owner, files = module.params["owner"], module.params["files"]
    found = problems(owner, files)
    if found:
        module.fail_json(msg="\n".join(found))
    try:
        result = change(owner, files, int(module.params["mode"], 8), module.check_mode)
    except OSError as error:
        module.fail_json(msg=f"{error.filename}: {error.strerror}. Make the path writable for root and run again.")
    module.exit_json(**result)


if __name__ == "__main__":
    main()
