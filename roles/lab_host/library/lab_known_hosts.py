#!/usr/bin/python
"""Write the known_hosts file of the lab: each host's own public key, read from its root file system."""

from __future__ import annotations

DOCUMENTATION = r"""
module: lab_known_hosts
short_description: The lab hosts' public keys
description:
  - The keys come from this machine's disk and not over the network, so that the first connection is already checked.
  - In check mode nothing is written.
options:
  path: {description: The known_hosts file., type: path, required: true}
  state_dir: {description: Folder of the site's hosts., type: path, required: true}
  hosts: {description: Host -> address., type: dict, required: true}
"""

from pathlib import Path

from ansible.module_utils.basic import AnsibleModule


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "path": {"type": "path", "required": True},
            "state_dir": {"type": "path", "required": True},
            "hosts": {"type": "dict", "required": True},
        },
        supports_check_mode=True,
    )
    lines = []
    for host, address in module.params["hosts"].items():
        for public in sorted(Path(module.params["state_dir"], host, "upper/etc/ssh").glob("ssh_host_*_key.pub")):
            kind, key = public.read_text().split()[:2]
            lines.append(f"{address},{host} {kind} {key}\n")
    text, path = "".join(lines), Path(module.params["path"])
    changed = not path.exists() or path.read_text() != text
    if changed and not module.check_mode:
        path.write_text(text)
        path.chmod(0o644)
    module.exit_json(changed=changed)


if __name__ == "__main__":
    main()
