#!/usr/bin/python
"""Put a file of this machine into the drive of a virtual machine of the lab."""

from __future__ import annotations

DOCUMENTATION = r"""
module: lab_vm_medium
short_description: A file in the drive of a lab's virtual machine
description:
  - The machine sees the file as C(/dev/sr0), which is quicker than a copy over ssh where ciphers are emulated.
  - Without O(file) the drive is emptied. Check mode changes nothing and tells what would change.
options:
  folder: {description: The machine's folder on this machine., type: path, required: true}
  file: {description: The file; its size is a multiple of 2048 bytes., type: path}
"""

from pathlib import Path

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.lab_qemu import DRIVE, tell

FORM = {"format": "raw", "read-only-mode": "read-only", "force": True}


def inserted(folder: Path) -> str | None:
    """Return the file in the drive."""
    drives = {drive.get("qdev"): drive for drive in tell(folder, "query-block")}
    return drives.get(DRIVE, {}).get("inserted", {}).get("file")


def main() -> None:
    module = AnsibleModule(
        argument_spec={"folder": {"type": "path", "required": True}, "file": {"type": "path"}},
        supports_check_mode=True,
    )
    folder, file = Path(module.params["folder"]), module.params["file"]
    try:
        changed = inserted(folder) != file
        if changed and not module.check_mode:
            if file:
                tell(folder, "blockdev-change-medium", id=DRIVE, filename=file, **FORM)
            else:
                tell(folder, "eject", id=DRIVE, force=True)
    except (OSError, ValueError) as error:
        module.fail_json(msg=f"The drive of {folder.name}: {error}")
    module.exit_json(changed=changed)


if __name__ == "__main__":
    main()
