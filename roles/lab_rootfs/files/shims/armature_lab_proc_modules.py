"""Give Python on a lab host an empty /proc/modules where the kernel has none.

Ansible's modprobe module opens that file before it does anything else, and procfs takes no new files.
"""

import builtins
import io
import os

if not os.path.exists("/proc/modules"):
    _open = builtins.open

    def _with_proc_modules(file, *args, **kwargs):
        if file == "/proc/modules":
            return io.StringIO("")
        return _open(file, *args, **kwargs)

    builtins.open = _with_proc_modules
