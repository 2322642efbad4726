"""What the controller's own apt configuration says about Debian: mirrors are the user's choice, never ours."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterable

LEAN = (
    '--aptopt=APT::Install-Recommends "false"',
    "--dpkgopt=force-unsafe-io",
    *(f"--dpkgopt=path-exclude=/usr/share/{folder}/*" for folder in ("doc", "man", "locale")),
)
"""mmdebstrap's options for a tree without recommended packages and documentation."""


class NoMirrorError(Exception):
    """The machine's apt configuration has no Debian archive."""


def sources(suite: str) -> list[str]:
    """Return the one-line apt sources of ``suite`` on the mirrors that this machine uses for its own suite.

    Raises NoMirrorError when apt knows no Debian archive with component main.
    Source: apt-get(8), indextargets.
    """
    form = "$(ORIGIN)|$(COMPONENT)|$(CODENAME)|$(REPO_URI)"
    listing = subprocess.run(
        ["apt-get", "indextargets", "--format", form, "Created-By: Packages"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    return sources_from(listing, suite)


def sources_from(listing: str, suite: str) -> list[str]:
    """Return the sources of ``suite`` out of apt's index targets (origin|component|codename|URI a line)."""
    archive = security = None
    for line in listing.splitlines():
        origin, component, codename, uri = line.split("|")
        if origin != "Debian" or component != "main":
            continue
        if codename.endswith("-security"):
            security = security or uri
        elif "-" not in codename:
            archive = archive or uri
    if archive is None:
        raise NoMirrorError(
            "apt on this machine knows no Debian archive with component main. Add one to /etc/apt/sources.list.d"
            " and run apt-get update."
        )
    lines = [f"deb {archive} {suite} main"]
    if suite != "sid":
        lines.append(f"deb {archive} {suite}-updates main")
        if security is not None:
            lines.append(f"deb {security} {suite}-security main")
    return lines


def mmdebstrap(suite: str, target: str, packages: Iterable[str], options: Iterable[str]) -> list[str]:
    """Return the command that makes a Debian tree, or a tar archive of one, at ``target``.

    It runs in a mount namespace of its own: whatever ends it, no mount is left on the machine. Raises NoMirrorError.
    """
    program = ["unshare", "--mount", "mmdebstrap", "--mode=root", "--variant=apt"]
    return [*program, *options, f"--include={','.join(packages)}", suite, target, *sources(suite)]


def extract(architecture: str, suite: str, target: str, packages: Iterable[str], mirrors: Iterable[str]) -> list[str]:
    """Return the command that unpacks packages and what they depend on into ``target``, and installs nothing.

    It runs no program of the architecture. Source: mmdebstrap(1), variant extract.
    """
    lean = '--aptopt=APT::Install-Recommends "false"'
    variant = ["--variant=extract", f"--architectures={architecture}", lean]
    return ["mmdebstrap", *variant, *(f"--include={package}" for package in packages), suite, target, *mirrors]


def simulated(report: str) -> list[str]:
    """Return ``name version`` of every package that apt's simulation would install, in order of names."""
    return sorted(f"{name} {version}" for name, version in re.findall(r"^Inst (\S+) \((\S+) ", report, re.MULTILINE))
