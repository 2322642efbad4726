"""kolla-ansible's own Python environment: one per release, made once, never changed after."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from armature.kolla import KollaError
from armature.kolla.lock import site_lock

MARKER = ".complete"
"""Written last: a venv without it was interrupted while it was made, and is made again."""
UNDERSTOOD = ("index-url", "extra-index-url", "find-links")
"""Settings of pip that uv takes as options of the same name."""


def cache_folder(environment: Mapping[str, str]) -> Path:
    """Where Armature keeps what can be made again. Source: XDG Base Directory Specification 0.8."""
    base = environment.get("XDG_CACHE_HOME") or str(Path(environment.get("HOME", "~")).expanduser() / ".cache")
    return Path(base) / "armature"


def venv_name(release: str, requirements: Sequence[str], constraints: str, mends: Path) -> str:
    """``<release>-<hash>`` of all that goes into the venv: pins, constraints, the mends' files, this Python.

    ``mends`` is the folder of the package that mends kolla-ansible.
    """
    digest = hashlib.sha256(json.dumps([list(requirements), constraints, sys.version_info[:2]]).encode())
    for path in sorted(mends.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            digest.update(str(path.relative_to(mends)).encode() + b"\0" + path.read_bytes())
    return f"{release}-{digest.hexdigest()[:12]}"


def is_complete(path: Path) -> bool:
    """Whether the venv at ``path`` was made to its end."""
    return (path / MARKER).is_file()


def make_venv(path: Path, requirements: Sequence[str], constraints: str, finish: Callable[[Path], list[str]]) -> None:
    """Make the venv at ``path`` and run the command line ``finish(path)`` on it.

    It is made in place, because its scripts carry its absolute path. Raises KollaError with the output of the
    command that failed.
    """
    with site_lock(path.with_name(f"{path.name}.lock"), f"the making of {path}"):
        if is_complete(path):
            return
        if path.exists():
            shutil.rmtree(path)
        wanted = path.with_name(f"{path.name}.constraints")
        wanted.write_text(constraints)
        _install(path, requirements, wanted)
        wanted.unlink()
        _command(finish(path), {})
        (path / MARKER).write_text("\n".join(requirements) + "\n")


def _install(path: Path, requirements: Sequence[str], constraints: Path) -> None:
    uv = _find_uv()
    if uv is not None:
        options, environment = uv_options(pip_settings())
        # Copies, not hard links: mends must not reach uv's cache.
        environment |= {"UV_LINK_MODE": "copy", "UV_PYTHON_DOWNLOADS": "never"}
        try:
            _command([uv, "venv", "--quiet", "--python", sys.executable, str(path)], environment)
            line = [uv, "pip", "install", "--quiet", "--python", str(path / "bin" / "python")]
            _command([*line, "--constraints", str(constraints), *options, *requirements], environment)
            return
        except KollaError:
            # pip knows settings (proxies, client certificates) that uv does not read.
            shutil.rmtree(path, ignore_errors=True)
    _command([sys.executable, "-m", "venv", str(path)], {})
    line = [str(path / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    _command([*line, "--constraint", str(constraints), *requirements], {})


def _find_uv() -> str | None:
    beside = Path(sys.executable).with_name("uv")
    return str(beside) if beside.is_file() else shutil.which("uv")


def pip_settings() -> str:
    """What ``pip config list`` says on this machine; empty when pip is not there."""
    listed = subprocess.run(
        [sys.executable, "-m", "pip", "config", "list"], capture_output=True, text=True, check=False
    )
    return listed.stdout if listed.returncode == 0 else ""


def uv_options(pip_settings: str) -> tuple[list[str], dict[str, str]]:
    """Options and environment that make uv look where pip looks, from the output of ``pip config list``.

    pip's order holds: an environment variable goes before a command's section, and that before the global one.
    Source: https://pip.pypa.io/en/stable/topics/configuration/

    >>> uv_options("global.index-url='https://pypi.example/simple'")
    (['--index-url', 'https://pypi.example/simple'], {})
    """
    settings: dict[str, str] = {}
    for section in ("global", "install", ":env:"):
        for line in pip_settings.splitlines():
            name, _, value = line.partition("=")
            if name.startswith(f"{section}."):
                settings[name.removeprefix(f"{section}.")] = value.strip("'\"")
    options = [
        part
        for name in UNDERSTOOD
        for value in settings.get(name, "").replace("\\n", " ").split()
        for part in (f"--{name}", value)
    ]
    return options, {"SSL_CERT_FILE": settings["cert"]} if "cert" in settings else {}


def _command(argv: Sequence[str], environment: Mapping[str, str]) -> None:
    done = subprocess.run(  # noqa: S603
        list(argv),
        env={**os.environ, **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        output = "\n".join((done.stderr or done.stdout).strip().splitlines()[-20:])
        raise KollaError(f"'{' '.join(argv)}' ended with status {done.returncode}:\n{output}")
