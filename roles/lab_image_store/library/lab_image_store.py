#!/usr/bin/python
"""Load the lab's images into a host's container engine."""

from __future__ import annotations

DOCUMENTATION = r"""
module: lab_image_store
short_description: Images of an archive in a container engine
description:
  - Compares the ids of the wanted references with what the engine has, and loads the archive when one differs.
  - Check mode loads nothing and tells which references differ.
options:
  archive: {description: Archive on the host., type: path, required: true}
  ids: {description: Reference -> image id., type: dict, required: true}
  engine: {description: The engine's command., type: str, choices: [docker, podman], required: true}
"""

from ansible.module_utils.basic import AnsibleModule


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "archive": {"type": "path", "required": True},
            "ids": {"type": "dict", "required": True},
            "engine": {"type": "str", "choices": ["docker", "podman"], "required": True},
        },
        supports_check_mode=True,
    )
    engine = module.params["engine"]

    def differing() -> list[str]:
        argv = [engine, "images", "--no-trunc", "--format", "{{.Repository}}:{{.Tag}} {{.ID}}"]
        listing = module.run_command(argv, check_rc=True)[1]
        present = dict(line.split() for line in listing.splitlines())
        # podman calls an image without registry localhost/<name>
        wanted = module.params["ids"].items()
        return [name for name, id_ in wanted if present.get(name, present.get(f"localhost/{name}")) != id_]

    missing = differing()
    if missing and not module.check_mode:
        module.run_command([engine, "load", "--quiet", "--input", module.params["archive"]], check_rc=True)
        module.run_command([engine, "image", "prune", "--force"], check_rc=True)
        left = differing()
        if left:
            module.fail_json(msg=f"{module.params['archive']} was loaded, but {left[0]} is not what was built.")
    module.exit_json(changed=bool(missing), loaded=missing)


if __name__ == "__main__":
    main()
