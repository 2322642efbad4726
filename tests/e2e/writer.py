"""A server that writes to its root disk without a pause, and reads back what it wrote."""

from __future__ import annotations

import shlex
from typing import Any

from cloud import Cloud, wait

# Writes blocks beyond the guest's own file system, which takes the disk's first 40 MiB, and counts those that came back
# from the disk as they were.
SCRIPT = """
n=0
while [ ! -e /run/stop ]; do
  at=$((1024 + n % 1024))
  dd if=/dev/urandom of=/run/block bs=64k count=1 2>/dev/null
  dd if=/run/block of=/dev/vda bs=64k seek=$at conv=fsync,notrunc 2>/dev/null || { echo failed; exit 1; }
  echo 3 > /proc/sys/vm/drop_caches
  dd if=/dev/vda bs=64k skip=$at count=1 2>/dev/null | cmp - /run/block || { echo differs; exit 1; }
  n=$((n + 1))
  echo $n > /run/written
done
echo ended
"""


class Writer:
    """The writer in one server."""

    def __init__(self, cloud: Cloud, server: Any) -> None:
        self.cloud, self.server = cloud, server

    def start(self) -> None:
        """Begin to write, and wait until the first block is on the disk."""
        script = shlex.quote(SCRIPT)
        self.cloud.shell(self.server, f"rm -f /run/stop /run/result; printf %s {script} > /run/writer")
        self.cloud.shell(self.server, "sh /run/writer > /run/result 2>&1 < /dev/null &")
        wait(lambda: self.written() or None, 60, "block written")

    def written(self) -> int:
        """Return how many blocks came back as they were written."""
        return int(self.cloud.shell(self.server, "grep . /run/written 2>/dev/null || echo 0"))

    def goes_on(self, seconds: float = 120) -> None:
        """Wait until ten more blocks were written."""
        before = self.written()
        wait(lambda: True if self.written() >= before + 10 else None, seconds, "progress of the writer")

    def stop(self) -> str:
        """End the writer and return what it says: ``ended``, unless a block was lost."""
        command = "touch /run/stop; while ! grep . /run/result; do sleep 1; done"
        return self.cloud.shell(self.server, command).strip()
