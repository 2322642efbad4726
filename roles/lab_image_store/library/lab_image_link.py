#!/usr/bin/python
"""Put a file of the cache where a lab host sees it, without a second copy where the file system allows."""

from __future__ import annotations

DOCUMENTATION = r"""
module: lab_image_link
short_description: A file of the cache inside a lab host's folder
description:
  - Makes a hard link, or a copy when the cache is on another file system. Check mode tells whether it would.
options:
  source: {description: File in the cache., type: path, required: true}
  target: {description: File in the host's folder., type: path, required: true}
"""

import os
import shutil
from pathlib import Path

from ansible.module_utils.basic import AnsibleModule


def same(source: Path, target: Path) -> bool:
    """Whether target is source, or a copy of its size and age."""
    if not target.exists():
        return False
    one, other = source.stat(), target.stat()
    return target.samefile(source) or (one.st_size, one.st_mtime) == (other.st_size, other.st_mtime)


def main() -> None:
    module = AnsibleModule(
        argument_spec={"source": {"type": "path", "required": True}, "target": {"type": "path", "required": True}},
        supports_check_mode=True,
    )
    source, target = Path(module.params["source"]), Path(module.params["target"])
    if not source.exists() and module.check_mode:
        module.exit_json(changed=True)
    changed = not same(source, target)
    if changed and not module.check_mode:
        target.unlink(missing_ok=True)
        try:
            os.link(source, target)
        except OSError:
            shutil.copy2(source, target)
    module.exit_json(changed=changed)


if __name__ == "__main__":
    main()
