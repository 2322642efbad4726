#!/usr/bin/python
# Copyright the Armature authors
# SPDX-License-Identifier: Apache-2.0
"""Ansible module: an image that is made from another one."""

from __future__ import annotations

DOCUMENTATION = r"""
module: derived_image
short_description: An image that is made from another one
description:
  - Builds an image from a Containerfile, unless it is there and was built from the base that is there.
options:
  engine:
    description: The container engine.
    type: str
    choices: [docker, podman]
    default: docker
  image:
    description: Name of the image, with a tag.
    type: str
    required: true
  base:
    description: Name of the image that it is made from; the Containerfile's argument C(BASE).
    type: str
    required: true
  context:
    description: Folder with the Containerfile and what it copies.
    type: path
    required: true
  arguments:
    description: More arguments of the Containerfile, such as C(PIP_INDEX_URL).
    type: dict
    default: {}
  registry:
    description: Whether the images are in a registry, from which the base comes and to which the image goes.
    type: bool
    default: false
attributes:
  check_mode:
    support: full
    description: Nothing is pulled. Without a base on the host the image is to be built.
"""

EXAMPLES = r"""
- name: Have the image
  derived_image:
    image: registry.lon1.example.net:5000/openstack.kolla/cinder-volume:2026.1-debian-trixie-armature-0a1b2c3d
    base: registry.lon1.example.net:5000/openstack.kolla/cinder-volume:2026.1-debian-trixie
    context: /var/lib/armature/images/cinder-volume
    registry: true
"""

RETURN = r"""
plan:
  description: What is done, in words.
  type: list
  elements: str
  returned: always
"""

import json
from collections.abc import Callable
from typing import Any

from ansible.module_utils.basic import AnsibleModule

Run = Callable[[list[str]], "tuple[int, str, str]"]
"""Runs a command (argv) and returns its exit status, output and error output."""

LABEL = "armature.base"
"""On a derived image: the id of the image that it was made from."""


class EngineError(Exception):
    """What stops the module, in house form."""


def change(run: Run, given: dict[str, Any], check: bool) -> dict[str, Any]:
    """Observe, plan, and unless ``check`` apply. Return the module's result. Raises EngineError."""
    engine, image, base, registry = (given[key] for key in ("engine", "image", "base", "registry"))
    if registry and not check:
        _call(run, [engine, "pull", "--quiet", base])
        # Another host may have made it; that there is none yet is no failure.
        run([engine, "pull", "--quiet", image])
    found = _inspect(run, engine, base)
    if found is None and not check:
        raise EngineError(f"{base}: is not on this host, and there is no registry. Load it, or name one in site.yml.")
    present = _inspect(run, engine, image)
    made_from = (((present or {}).get("Config") or {}).get("Labels") or {}).get(LABEL)
    if found is not None and made_from == found["Id"]:
        return {"changed": False, "plan": []}
    plan = [f"build {image}" if present is None else f"build {image} anew, for its base is another"]
    plan += [f"push {image}"] if registry else []
    if not check and found is not None:
        arguments = {"BASE": base, **given["arguments"]}
        words = [word for key, value in arguments.items() for word in ("--build-arg", f"{key}={value}")]
        labels = ["--label", f"{LABEL}={found['Id']}"]
        # The hosts' own network: their engine has no other.
        _call(run, [engine, "build", "--network", "host", *words, *labels, "--tag", image,
                    "--file", f"{given['context']}/Containerfile", given["context"]])  # fmt: skip
        if registry:
            _call(run, [engine, "push", "--quiet", image])
    return {"changed": True, "plan": plan}


def _inspect(run: Run, engine: str, image: str) -> dict[str, Any] | None:
    status, out, _err = run([engine, "image", "inspect", image])
    if status != 0:
        return None
    found: list[dict[str, Any]] = json.loads(out)
    return found[0]


def _call(run: Run, argv: list[str]) -> None:
    status, out, err = run(argv)
    if status != 0:
        said = (err.strip() or out.strip() or "nothing").splitlines()
        raise EngineError(f"'{' '.join(argv[:2])}' ended with status {status}: {' '.join(said[-3:])[:400]}")


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "engine": {"type": "str", "choices": ["docker", "podman"], "default": "docker"},
            "image": {"type": "str", "required": True},
            "base": {"type": "str", "required": True},
            "context": {"type": "path", "required": True},
            "arguments": {"type": "dict", "default": {}},
            "registry": {"type": "bool", "default": False},
        },
        supports_check_mode=True,
    )
    try:
        module.exit_json(**change(lambda argv: module.run_command(argv), module.params, module.check_mode))
    except EngineError as error:
        module.fail_json(msg=str(error))


if __name__ == "__main__":
    main()
