"""Action plugin: one kolla-ansible command. Documented in plugins/modules/kolla_ansible.py."""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path
from typing import Any

from ansible import constants
from ansible.plugins.action import ActionBase

from armature import ansible_vault
from armature.kolla import KollaError, command, process
from armature.kolla.events import Failure, Run, duration, last_lines
from armature.kolla.lock import site_lock
from armature.kolla.progress import open_log, progress, tell, terminal_of
from armature.kolla.tree import write_private

ARGUMENTS = {
    "command": {"type": "str", "required": True},
    "venv": {"type": "path", "required": True},
    "build": {"type": "path", "required": True},
    "resume": {"type": "str", "required": True},
    "tags": {"type": "list", "elements": "str", "default": []},
    "limit": {"type": "list", "elements": "str", "default": []},
    "extra_vars": {"type": "dict", "default": {}},
    "options": {"type": "list", "elements": "str", "default": []},
    **ansible_vault.OPTIONS,
    "container_engine": {"type": "str", "default": "docker", "choices": ["docker", "podman"]},
    "collections": {"type": "list", "elements": "path", "default": []},
    "library": {"type": "list", "elements": "path", "default": []},
    "mitogen": {"type": "bool", "default": False},
}
CALLBACKS = Path(__file__).resolve().parents[1] / "callback"


class ActionModule(ActionBase):
    """Runs the command on the rendered files, shows its progress and says what came of it."""

    _requires_connection = False
    _supports_async = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return the log's path, the seconds and the totals of each service."""
        result = super().run(tmp, task_vars)
        _, given = self.validate_argument_spec(ARGUMENTS)
        name = f"kolla-ansible {given['command']}"
        if self._task.check_mode:
            # Upstream's check mode fails on tasks that need what an earlier task would have made.
            message = f"{name} would run now. It does not run in check mode."
            self._display.display(message)
            return result | {"skipped": True, "changed": False, "msg": message}
        terminal = terminal_of(os.getppid())
        try:
            with site_lock(Path(given["build"], "lock"), name) as held, process.interruptible():
                lib = ansible_vault.vault(self._loader, given["vault_password_file"] or "")
                with ansible_vault.password_files(lib) as passwords:
                    return result | self._carry_out(name, given, task_vars or {}, passwords, held, terminal)
        except process.InterruptedRunError as error:
            message = f"{name} was interrupted ({error}). To go on: {given['resume']}"
            tell(terminal, message)
        except KollaError as error:
            message = str(error)
        return result | {"failed": True, "msg": message}

    def _carry_out(
        self,
        name: str,
        given: dict[str, Any],
        task_vars: dict[str, Any],
        passwords: list[str],
        lock: int,
        terminal: str | None,
    ) -> dict[str, Any]:
        venv, build = Path(given["venv"]), Path(given["build"])
        folder = build / "kolla"
        settings = folder / "ansible.cfg"
        write_private(settings, self._ansible_cfg(given, task_vars).encode())
        line = command.argv(
            venv, given["command"], folder, given["tags"], given["limit"], given["extra_vars"], given["options"]
        )
        log = open_log(build / "logs", given["command"])
        events = log.with_suffix(".events")
        env = command.environment(venv, settings, passwords, os.environ) | {"ARMATURE_KOLLA_EVENTS": str(events)}
        self._display.display(f"{name}: log {log}")
        run, started = Run(), time.monotonic()
        with progress(run, name, terminal, self._display.display) as show:
            status = process.run(line, env, folder, log, events, show, keep_open=[lock])
        seconds = time.monotonic() - started
        outcome: dict[str, Any] = {
            "log": str(log),
            "seconds": round(seconds, 1),
            "services": {service: vars(totals) for service, totals in run.services.items()},
            "stats": run.stats,
        }
        if status == 0:
            # Without a terminal, each service's line is there already.
            summary = run.summary() if terminal else run.summary()[-1:]
            self._display.display("\n".join([f"{name} took {duration(seconds)}:", *_indent(summary)]))
            return outcome | {"changed": run.changed > 0}
        logs = {f.host: self._container_log(venv, folder, env, f, given["container_engine"]) for f in run.failures}
        return outcome | {
            "failed": True,
            "changed": run.changed > 0,
            "msg": _report(name, given, run, log, logs, status),
        }

    def _ansible_cfg(self, given: dict[str, Any], task_vars: dict[str, Any]) -> str:
        config = constants.config

        def setting(name: str) -> str:
            return str(self._templar.template(task_vars.get(name) or ""))

        connection = command.Connection(
            private_key_file=setting("ansible_ssh_private_key_file")
            or setting("ansible_private_key_file")
            or config.get_config_value("DEFAULT_PRIVATE_KEY_FILE")
            or "",
            ssh_args=config.get_config_value("ssh_args", plugin_type="connection", plugin_name="ssh"),
            ssh_common_args=setting("ansible_ssh_common_args"),
            host_key_checking=config.get_config_value("HOST_KEY_CHECKING"),
            timeout=config.get_config_value("DEFAULT_TIMEOUT"),
            forks=config.get_config_value("DEFAULT_FORKS"),
        )
        strategies = command.mitogen(Path(given["venv"])) if given["mitogen"] else None
        return command.ansible_cfg(connection, CALLBACKS, given["collections"], given["library"], strategies)

    def _container_log(self, venv: Path, folder: Path, env: dict[str, str], failure: Failure, engine: str) -> str:
        """The end of the log of the container that a failed task was about; empty when there is none."""
        if not failure.container:
            return ""
        line = [str(venv / "bin" / "python"), str(venv / "bin" / "ansible"), failure.host, "--become"]
        line += ["--inventory", str(folder / "inventory.yml"), "--module-name", "ansible.builtin.command"]
        line += ["--args", f"{engine} logs --tail 15 {failure.container}"]
        done = subprocess.run(  # noqa: S603
            line, env=env, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False
        )
        return last_lines(done.stdout.splitlines()) if done.returncode == 0 else ""


def _report(name: str, given: dict[str, Any], run: Run, log: Path, container_logs: dict[str, str], status: int) -> str:
    lines = [f"{name} failed (exit status {status})."]
    for failure in run.failures:
        lines.append(str(failure))
        if container_logs.get(failure.host):
            lines += ["  last lines of the container's log:", *_indent(container_logs[failure.host].splitlines(), 4)]
    if not run.failures:
        lines.append("  last lines of the log:")
        with log.open(errors="replace") as stream:
            lines += _indent(last_lines(stream).splitlines(), 4)
    return "\n".join([*lines, f"  log:       {log}", f"  to resume: {given['resume']}"])


def _indent(lines: list[str], spaces: int = 2) -> list[str]:
    return [" " * spaces + line for line in lines]
