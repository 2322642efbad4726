"""Mend a kolla-ansible: ``python -m armature.upstream SHARE_DIR VERSION``.

Prints ``changed`` or ``unchanged``, then the mends that changed a file. Exit status 1 when a mend does not fit.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from armature.upstream import MendError, apply_mends


def main(arguments: list[str] | None = None) -> int:
    """Apply the mends and say what changed; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m armature.upstream", description="Mend an installed kolla-ansible.")
    parser.add_argument("share", type=Path, help="kolla-ansible's share folder: <venv>/share/kolla-ansible")
    parser.add_argument("version", help="its version, such as 22.2.0")
    options = parser.parse_args(arguments)
    try:
        changed = apply_mends(options.share, options.version)
    except (MendError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write("\n".join(["changed" if changed else "unchanged", *changed]) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
