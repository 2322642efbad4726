# Copyright the Armature authors
# SPDX-License-Identifier: Apache-2.0
"""What Ceph says before something is taken from it: whether a daemon, a host or an OSD may go.

The orchestrator's own refusals may end with status 0, their text on the error output: it counts what is answered, and
afterwards what the cluster has become.

Source: Ceph 18.2.7: mgr/cephadm/module.py, host_ok_to_stop and enter_host_maintenance (``errno=rc``, a positive one);
ceph.in, main (an error is a negative status only); mgr/orchestrator/module.py, _osd_rm_status; services/osd.py, OSD.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ansible.module_utils.armature_ceph import Ceph, CephError, Runner, reason

REFUSALS = ("Error EBUSY: ", "Error EAGAIN: ")
"""How the managers and monitors say that something may not be stopped or destroyed now."""

MANAGER_WAIT = 120
"""Seconds that another manager has to take over, its modules included."""

PAUSE = 2
"""Seconds between two looks at the manager."""


class CephRefusedError(CephError):
    """A command that failed; ``why`` is what Ceph said."""

    def __init__(self, message: str, why: str) -> None:
        super().__init__(message)
        self.why = why


class CarefulCeph(Ceph):
    """A cluster that is asked before something is taken from it."""

    def __init__(
        self,
        run: Runner,
        fsid: str,
        image: str,
        host: str = "",
        root: Path = Path("/"),
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        super().__init__(run, fsid, image, host, root)
        self._sleep = sleep

    def _error(self, shown: str, status: int, err: str) -> CephError:
        return CephRefusedError(str(super()._error(shown, status, err)), reason(err))

    def refusal(self, *args: str) -> str:
        """Return why a question like ``osd ok-to-stop 3`` is answered with no, "" for yes. Raises CephError."""
        try:
            self.call(*args)
        except CephRefusedError as error:
            for begin in REFUSALS:
                if error.why.startswith(begin):
                    return error.why.removeprefix(begin)
            raise
        return ""

    def said(self, *args: str) -> tuple[str, str]:
        """Return what ``ceph <args>`` says on its output and its error output. Raises CephError."""
        return self._ask(["ceph", "--connect-timeout", "20", *args], None, f"ceph {' '.join(args)}")

    def text_json(self, *args: str) -> Any:
        """Return what a command answers that takes no format and always speaks JSON. Raises CephError."""
        out = self.call(*args).strip()
        try:
            return json.loads(out)
        except ValueError:
            raise self._error(f"ceph {' '.join(args)}", 0, out or "no answer") from None

    def require_stoppable(self, host: str) -> None:
        """Raise CephError unless the managers think that a host may be stopped."""
        out, err = self.said("orch", "host", "ok-to-stop", host)
        if "presumed safe to stop host" not in out:
            raise CephError(f"{host}: may not be stopped now: {reason(err or out)}. Mend that first, and run again.")

    def removals(self) -> list[dict[str, Any]]:
        """Return the OSDs that are being removed: osd_id, hostname, replace, draining. Raises CephError.

        With none the answer is a sentence, whatever the format.
        """
        out = self.call("orch", "osd", "rm", "status", "--format", "json").strip()
        return json.loads(out) if out.startswith("[") else []

    def move_manager(self, active: str) -> None:
        """Have another manager take over, and wait until it answers. Raises CephError."""
        self.call("mgr", "fail", active)
        for _look in range(MANAGER_WAIT // PAUSE):
            state = self.json("mgr", "stat")
            if state["available"] and state["active_name"] != active:
                try:
                    if self.json("orch", "status")["available"]:
                        return
                except CephRefusedError:
                    pass  # Its modules are not loaded yet.
            self._sleep(PAUSE)
        raise CephError(
            f"{self.host}: no manager took over from mgr.{active} within {MANAGER_WAIT} s. Look at 'cephadm shell "
            f"--fsid {self.fsid} -- ceph mgr stat' on {self.host}, and run again."
        )
