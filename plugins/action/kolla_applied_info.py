"""Action plugin: does kolla-ansible have to run? Documented in plugins/modules/kolla_applied_info.py."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ansible.plugins.action import ActionBase

from armature.kolla.applied import differences

ARGUMENTS = {
    "record": {"type": "path", "required": True},
    "inputs": {"type": "str", "required": True},
    "observed": {"type": "dict", "required": True},
    "products": {"type": "list", "elements": "path", "default": []},
    "full": {"type": "bool", "default": False},
}


class ActionModule(ActionBase):
    """Compares what is with the record of the last successful run."""

    _requires_connection = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return the reasons to run, none when nothing changed."""
        result = super().run(tmp, task_vars)
        _, given = self.validate_argument_spec(ARGUMENTS)
        record = Path(given["record"])
        applied = json.loads(record.read_text()) if record.is_file() else None
        reasons = differences(applied, given["inputs"], given["observed"])
        reasons += [f"{path} is missing." for path in given["products"] if not Path(path).is_file()]
        if given["full"]:
            reasons.insert(0, "A full run was asked for.")
        message = reasons or ["Nothing changed: kolla-ansible has nothing to do."]
        return result | {"changed": False, "reasons": reasons, "msg": message}
