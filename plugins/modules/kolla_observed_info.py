#!/usr/bin/python
"""Module: what kolla-ansible's containers and files on a host are like."""

from __future__ import annotations

DOCUMENTATION = r"""
module: kolla_observed_info
short_description: Look at kolla-ansible's containers, files and virtual machines on a host
description:
  - Reads, and changes nothing; the same in check mode.
  - A host without the container engine, or without anything of kolla-ansible's, gives empty answers.
options:
  container_engine:
    description: The program to ask.
    type: str
    choices: [docker, podman]
    default: docker
  config_folder:
    description: Where kolla-ansible writes the services' configuration.
    type: path
    default: /etc/kolla
author: [Armature]
"""

EXAMPLES = r"""
- name: Look at what runs
  kolla_observed_info:
    container_engine: docker
"""

RETURN = r"""
containers:
  description:
    - Name of the container -> id, image, image_id, wanted_image_id, state, health, started_at.
    - Those that kolla-ansible keeps running, by a systemd unit each. Neutron's agents start others from kolla's images,
      one for each tenant's network, which come and go.
  returned: always
  type: dict
files:
  description: Folder below O(config_folder), or systemd unit -> hash of names, modes and contents.
  returned: always
  type: dict
virtual_machines:
  description: Names of the virtual machines that run, as libvirt knows them.
  returned: always
  type: list
  elements: str
volumes:
  description: Names of the volumes that kolla-ansible made.
  returned: always
  type: list
  elements: str
"""

import hashlib
import json
import os
import re
import shutil

from ansible.module_utils.basic import AnsibleModule

UNITS = "/etc/systemd/system"
UNIT_NAME = re.compile(r"^kolla-(.*)-container\.service$")
GUEST_NAME = re.compile(r"^guest=([^,]+)")


def containers_of(inspected, image_ids):
    """Return name -> state out of ``<engine> container inspect``; ``image_ids`` is image name -> id on this host.

    Source: Docker Engine API v1.41 ContainerInspect; podman-inspect(1).
    """
    found = {}
    for item in inspected:
        image = item.get("ImageName") or item["Config"]["Image"]
        state = item["State"]
        health = state.get("Health") or state.get("Healthcheck") or {}
        found[item["Name"].lstrip("/")] = {
            "id": item["Id"],
            "image": image,
            "image_id": item["Image"],
            "wanted_image_id": image_ids.get(image, ""),
            "state": state["Status"],
            "health": health.get("Status") or "none",
            "started_at": state["StartedAt"],
        }
    return found


def image_ids_of(inspected, names):
    """Return image name -> id out of ``<engine> image inspect``, for the ``names`` that are there."""
    ids = {tag: item["Id"] for item in inspected for tag in item.get("RepoTags") or []}
    ids.update({item["Id"]: item["Id"] for item in inspected})
    return {name: ids[tag] for name in names for tag in (name, "localhost/" + name) if tag in ids}


def hash_tree(root):
    """Return one hash of all paths, modes, owners and contents below ``root``, a folder or a file."""
    digest = hashlib.sha256()
    paths = [root]
    for folder, folders, files in os.walk(root):
        paths += [os.path.join(folder, name) for name in folders + files]
    for path in sorted(paths):
        status = os.lstat(path)
        digest.update(f"{path} {status.st_mode:o} {status.st_uid} {status.st_gid}\n".encode())
        if os.path.islink(path):
            digest.update(os.readlink(path).encode())
        elif os.path.isfile(path):
            with open(path, "rb") as stream:
                digest.update(hashlib.sha256(stream.read()).digest())
    return digest.hexdigest()


def hash_files(config_folder, units=UNITS):
    """Return path -> hash of each service's configuration and of each systemd unit that starts a container."""
    paths = [os.path.join(config_folder, name) for name in _listed(config_folder)]
    paths += [os.path.join(units, name) for name in _listed(units) if UNIT_NAME.match(name)]
    return {path: hash_tree(path) for path in paths}


def services_in(units=UNITS):
    """Return the names of the containers that kolla-ansible keeps running: it gives each a systemd unit.

    Source: kolla-ansible 22.2.0, module_utils/kolla_docker_worker.py.
    """
    return {match.group(1) for match in map(UNIT_NAME.match, _listed(units)) if match}


def _listed(folder):
    return sorted(os.listdir(folder)) if os.path.isdir(folder) else []


def virtual_machines_in(proc="/proc"):
    """Return the names of the virtual machines that QEMU runs. Source: qemu(1), option -name guest=."""
    names = []
    for pid in filter(str.isdigit, os.listdir(proc)):
        try:
            with open(os.path.join(proc, pid, "cmdline"), "rb") as stream:
                words = stream.read().decode(errors="replace").split("\0")
        except OSError:
            continue
        if "qemu" in os.path.basename(words[0]):
            names += [match.group(1) for match in map(GUEST_NAME.match, words) if match]
    return sorted(names)


def _ask(module, engine, *arguments):
    """Return the lines that the engine answers."""
    status, out, err = module.run_command([engine, *arguments])
    if status != 0:
        module.fail_json(
            msg=f"'{engine} {' '.join(arguments)}' ended with status {status}: {err.strip()} "
            f"Look at 'systemctl status {engine}' on this host."
        )
    return out


def main():
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "container_engine": {"type": "str", "default": "docker", "choices": ["docker", "podman"]},
            "config_folder": {"type": "path", "default": "/etc/kolla"},
        },
        supports_check_mode=True,
    )
    answer = {
        "containers": {},
        "files": hash_files(module.params["config_folder"]),
        "virtual_machines": virtual_machines_in(),
        "volumes": [],
    }
    engine = module.params["container_engine"]
    if shutil.which(engine):
        ids = _ask(module, engine, "ps", "--all", "--quiet", "--no-trunc", "--filter", "label=kolla_version").split()
        answer["volumes"] = _ask(
            module, engine, "volume", "ls", "--quiet", "--filter", "label=kolla_managed=true"
        ).split()
        if ids:
            inspected = json.loads(_ask(module, engine, "container", "inspect", *ids))
            names = sorted({item.get("ImageName") or item["Config"]["Image"] for item in inspected})
            # An image that is gone makes the engine's exit status 1 and leaves the others' answers on its output.
            images = json.loads(module.run_command([engine, "image", "inspect", *names])[1] or "[]")
            services = services_in()
            found = containers_of(inspected, image_ids_of(images, names))
            answer["containers"] = {name: container for name, container in found.items() if name in services}
    module.exit_json(changed=False, **answer)


if __name__ == "__main__":
    main()
