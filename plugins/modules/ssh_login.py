#!/usr/bin/python
# Copyright the Armature authors
# SPDX-License-Identifier: Apache-2.0
"""Ansible module: a login by ssh that may have to wait for its machine."""

from __future__ import annotations

DOCUMENTATION = r"""
module: ssh_login
short_description: Log in by ssh over IPv6 and run a command
description:
  - Tries until the command succeeds or the time is up, because a machine that boots answers late.
  - Accepts any host key and remembers none. It is for machines that were made a moment ago and are gone soon.
options:
  host: {description: IPv6 address., type: str, required: true}
  user: {description: User to log in as., type: str, required: true}
  private_key: {description: File with the private key., type: path, required: true}
  command: {description: Command line for the user's shell., type: str, required: true}
  timeout: {description: Seconds until it gives up., type: int, default: 300}
"""

EXAMPLES = r"""
- name: Log in
  ssh_login:
    host: fd00::1
    user: root
    private_key: ~/.ssh/id_ed25519
    command: uname -a
"""

RETURN = r"""
stdout: {description: What the command wrote., type: str, returned: success}
seconds: {description: Time until it had succeeded., type: float, returned: success}
attempts: {description: Number of tries., type: int, returned: success}
"""

import time
from collections.abc import Callable
from typing import Any

from ansible.module_utils.basic import AnsibleModule

Runner = Callable[[list[str]], tuple[int, str, str]]

PAUSE = 2.0
"""Seconds between two tries."""


class LoginError(Exception):
    """The command did not succeed in time; the message has the last reason and the command to try by hand."""


def ssh(host: str, user: str, private_key: str, command: str) -> list[str]:
    """The ssh command of one try. Source: ssh(1), ssh_config(5)."""
    options = {
        "BatchMode": "yes",
        "ConnectTimeout": "10",
        "IdentitiesOnly": "yes",
        "LogLevel": "ERROR",
        "ServerAliveInterval": "15",
        "StrictHostKeyChecking": "no",
        "UserKnownHostsFile": "/dev/null",
    }
    words = [word for name, value in options.items() for word in ("-o", f"{name}={value}")]
    return ["ssh", "-6", "-F", "none", *words, "-i", private_key, f"{user}@{host}", command]


def login(argv: list[str], timeout: float, run: Runner, clock: Callable[[], float], sleep: Any) -> dict[str, Any]:
    """Try ``argv`` until it succeeds; return stdout, seconds, attempts. Raises LoginError after ``timeout`` seconds."""
    start, attempts = clock(), 0
    while True:
        attempts += 1
        status, out, err = run(argv)
        seconds = round(clock() - start, 1)
        if status == 0:
            return {"stdout": out, "seconds": seconds, "attempts": attempts}
        if seconds + PAUSE > timeout:
            reason = (err or out).strip() or "no message"
            raise LoginError(
                f"{' '.join(argv)} ended with status {status} for {seconds} s ({attempts} tries): {reason}"
            )
        sleep(PAUSE)


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "host": {"type": "str", "required": True},
            "user": {"type": "str", "required": True},
            "private_key": {"type": "path", "required": True},
            "command": {"type": "str", "required": True},
            "timeout": {"type": "int", "default": 300},
        }
    )
    argv = ssh(*(module.params[name] for name in ("host", "user", "private_key", "command")))
    try:
        seen = login(argv, module.params["timeout"], module.run_command, time.monotonic, time.sleep)
    except LoginError as error:
        module.fail_json(msg=str(error))
    module.exit_json(changed=False, **seen)


if __name__ == "__main__":
    main()
