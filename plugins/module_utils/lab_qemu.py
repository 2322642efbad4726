"""What a running virtual machine of the lab is told, over QEMU's socket."""

from __future__ import annotations

import json
import socket
from pathlib import Path
from typing import Any

DRIVE = "medium"
"""QEMU's name of the drive that media are put into; the host sees it as /dev/sr0."""
SECONDS = 10


def tell(folder: Path, command: str, **arguments: object) -> Any:
    """Give the machine whose folder this is a command, and return the answer.

    Raises OSError when it does not run or does not answer, and ValueError with its words when it refuses.
    Source: QEMU's docs/interop/qmp-spec.
    """
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(SECONDS)
        connection.connect(str(folder / "qmp"))
        with connection.makefile("rw") as stream:
            stream.readline()  # the greeting
            _ask(stream, {"execute": "qmp_capabilities"})
            return _ask(stream, {"execute": command, "arguments": arguments})


def _ask(stream: Any, question: dict[str, Any]) -> Any:
    stream.write(json.dumps(question) + "\n")
    stream.flush()
    while line := stream.readline():
        answer = json.loads(line)
        if "error" in answer:
            raise ValueError(answer["error"]["desc"])
        if "return" in answer:
            return answer["return"]
    raise ValueError("QEMU ended before it answered.")
