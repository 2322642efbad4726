"""Mend Python packages where they are installed: ``python -m armature.upstream.image PACKAGE...``, in an image's build.

Prints the mends that changed a file. Exit status 1 when a mend does not fit, or when a version has none.
"""

from __future__ import annotations

import sys
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from armature.upstream.image_mends import PACKAGES
from armature.upstream.mend import MendError, apply_mends


def mend(package: str) -> list[str]:
    """Apply the mends of an installed package; return the names of those that changed a file. Raises MendError."""
    if package not in PACKAGES:
        raise MendError(f"{package}: has no mends. Use one of {', '.join(PACKAGES)}.")
    try:
        found = distribution(package)
    except PackageNotFoundError:
        raise MendError(f"{package}: is not installed here.") from None
    mends = PACKAGES[package]
    known = {version for one in mends for version in one.versions}
    version = found.version if found.version in known else found.version.partition(".")[0]
    return apply_mends(Path(str(found.locate_file(""))), version, mends, package)


def main(arguments: list[str] | None = None) -> int:
    """Mend the packages and say what changed; return the exit status."""
    for package in sys.argv[1:] if arguments is None else arguments:
        try:
            changed = mend(package)
        except (MendError, OSError) as error:
            sys.stderr.write(f"{error}\n")
            return 1
        sys.stdout.write(f"{package}: {', '.join(changed) or 'unchanged'}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
