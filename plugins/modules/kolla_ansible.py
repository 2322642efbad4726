"""Documentation of the action plugin kolla_ansible."""

from __future__ import annotations

DOCUMENTATION = r"""
module: kolla_ansible
short_description: Run one kolla-ansible command on the controller
description:
  - Shows the service, task, host and time while it runs, keeps the whole output in a log, and sums up by service.
  - On failure, says which service and host, why, where the log is and which command resumes.
  - One command at a time on a site. An interrupt ends kolla-ansible and all its processes.
  - C(changed) is what the command's own results say.
  - Reaches hosts as Armature does, by the variables C(ansible_ssh_private_key_file) and C(ansible_ssh_common_args).
  - In check mode it does not run, because upstream's roles do not support that, and says so.
extends_documentation_fragment: [vault]
options:
  command:
    description: Such as C(deploy).
    type: str
    required: true
  venv:
    description: kolla-ansible's venv.
    type: path
    required: true
  build:
    description: The site's build folder. C(kolla) in it is read, C(logs) has the logs, C(lock) is the lock file.
    type: path
    required: true
  resume:
    description: The command that goes on after a failure.
    type: str
    required: true
  tags:
    description: Only these tags.
    type: list
    elements: str
    default: []
  limit:
    description: Only these hosts.
    type: list
    elements: str
    default: []
  extra_vars:
    description: Variables, no secrets among them. They are in the process list.
    type: dict
    default: {}
  options:
    description: Other options of the command.
    type: list
    elements: str
    default: []
  container_engine:
    description: The engine to ask for the log of a container that did not come up.
    type: str
    choices: [docker, podman]
    default: docker
  collections:
    description: Folders with collections that go before the venv's.
    type: list
    elements: path
    default: []
  library:
    description: Folders with modules that go before Ansible's own.
    type: list
    elements: path
    default: []
  mitogen:
    description: Run tasks by Mitogen, when the venv has it for its ansible-core. Without it, by Ansible's own strategy.
    type: bool
    default: false
author: [Armature]
"""

RETURN = r"""
log:
  description: The log's path.
  returned: when it ran
  type: str
seconds:
  description: How long it took.
  returned: when it ran
  type: float
services:
  description: Service -> seconds, ok, changed, failed, skipped.
  returned: when it ran
  type: dict
stats:
  description: Host -> Ansible's own counts.
  returned: when it ran
  type: dict
"""
