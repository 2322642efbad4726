"""Callback plugin: what a kolla-ansible run does, as one JSON object a line.

It runs inside kolla-ansible's own venv, so it imports the standard library and Ansible alone, and works on
ansible-core 2.17 to 2.20.
"""

from __future__ import annotations

import json
import os
import re
import time
from typing import Any

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: kolla_events
type: notification
short_description: Write what a run does as JSON lines
description:
  - Appends one JSON object a line to the file that E(ARMATURE_KOLLA_EVENTS) names.
  - Does nothing without that variable.
requirements:
  - enabled in C(callbacks_enabled)
"""

ROLE_PLAY = re.compile(r"^Apply role (\S+)$")
"""How kolla-ansible names the play of a service. Source: ansible/site.yml, 20.6.0 and 22.2.0."""
KEPT = ("censored", "msg", "stderr", "stdout", "module_stderr", "module_stdout")
LIMIT = 4000
"""Characters of each text that an event carries; the log has all of it."""


class CallbackModule(CallbackBase):
    """Appends events to the file named by the environment."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "notification"
    CALLBACK_NAME = "kolla_events"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self) -> None:
        super().__init__()
        path = os.environ.get("ARMATURE_KOLLA_EVENTS")
        self.disabled = not path
        self._play = ""
        # Line-buffered: the reader follows the file while the run goes on.
        self._stream = open(path, "a", buffering=1, encoding="utf-8") if path else None  # noqa: SIM115

    def _emit(self, **event: Any) -> None:
        if self._stream is not None:
            self._stream.write(json.dumps({"at": time.time(), **event}, default=str) + "\n")

    def _service(self, task: Any) -> str:
        """The service a task works for: the play's, or the outermost role's, or else the play's name."""
        match = ROLE_PLAY.match(self._play)
        if match:
            return match.group(1)
        role = getattr(task, "_role", None)
        while role is not None and getattr(role, "_parents", None):
            role = role._parents[-1]
        return role.get_name() if role is not None else self._play

    def v2_playbook_on_play_start(self, play: Any) -> None:
        """Remember the play: services are named after it."""
        self._play = play.get_name().strip()

    def v2_playbook_on_task_start(self, task: Any, is_conditional: bool) -> None:
        """A task begins."""
        self._emit(event="task", service=self._service(task), task=_task_name(task))

    def v2_playbook_on_handler_task_start(self, task: Any) -> None:
        """A handler begins."""
        self._emit(event="task", service=self._service(task), task=_task_name(task))

    def v2_runner_on_ok(self, result: Any) -> None:
        """A task ended well on a host."""
        self._result(result, "changed" if _part(result, "result").get("changed") else "ok")

    def v2_runner_on_skipped(self, result: Any) -> None:
        """A task was skipped on a host."""
        self._result(result, "skipped")

    def v2_runner_on_failed(self, result: Any, ignore_errors: bool = False) -> None:
        """A task failed on a host."""
        self._result(result, "ignored" if ignore_errors else "failed")

    def v2_runner_on_unreachable(self, result: Any) -> None:
        """A host could not be reached."""
        self._result(result, "unreachable")

    def v2_playbook_on_stats(self, stats: Any) -> None:
        """The run ended."""
        self._emit(event="stats", hosts={host: stats.summarize(host) for host in sorted(stats.processed)})

    def _result(self, result: Any, status: str) -> None:
        task = _part(result, "task")
        event = {"event": "result", "service": self._service(task), "task": _task_name(task), "status": status}
        event["host"] = _part(result, "host").get_name()
        if status in ("failed", "unreachable"):
            outcome = _part(result, "result")
            event["result"] = _excerpt(outcome)
            if task.action.rpartition(".")[2] in ("kolla_container", "kolla_toolbox"):
                event["container"] = _container(outcome)
        self._emit(**event)


def _part(result: Any, name: str) -> Any:
    # ansible-core 2.19 made the attributes public; 2.17 and 2.18 have the underscored ones alone.
    return getattr(result, name) if hasattr(result, name) else getattr(result, f"_{name}")


def _task_name(task: Any) -> str:
    return str(task.get_name()).strip().rpartition(" : ")[2]


def _excerpt(outcome: Any) -> dict[str, Any]:
    kept: dict[str, Any] = {key: str(outcome[key])[-LIMIT:] for key in KEPT if outcome.get(key)}
    items = outcome.get("results")
    if isinstance(items, list) and "censored" not in outcome:
        failed = [item for item in items if isinstance(item, dict) and (item.get("failed") or item.get("unreachable"))]
        kept["results"] = [{**_excerpt(item), "failed": True, "label": _label(item)} for item in failed]
    return kept


def _label(item: dict[str, Any]) -> str:
    label = item.get("_ansible_item_label", item.get("item", ""))
    if isinstance(label, dict):
        label = label.get("key") or label.get("name") or ""
    return str(label)[:80]


def _container(outcome: Any) -> str:
    items = [item for item in outcome.get("results") or () if isinstance(item, dict) and item.get("failed")]
    arguments = ((items or [outcome])[0].get("invocation") or {}).get("module_args") or {}
    return str(arguments.get("container_name") or arguments.get("name") or "")
