#!/usr/bin/env python3
"""mmdebstrap hook that makes Debian trixie's ceph-mgr run its modules, and its iSCSI gateway serve its API with TLS.

Usage: ceph_hooks.py ROOT REQUIREMENT...

ceph-mgr runs each of its modules in a Python interpreter of its own. On trixie's Python 3.13 three things stand in the
way: modules written with PyO3 refuse to load in a second interpreter, so older releases of them from PyPI take their
place; objects that one module hands to another are taken apart wrongly, so they cross as pickles, and OSDs that are
being removed cross without the module that they belong to; and a module without NOTIFY_TYPES counts as crashed.

rbd-target-api asks werkzeug for its version before it serves with TLS; trixie's werkzeug 3.1 has no such attribute.
Source: ceph 18.2.7, src/pybind/mgr/mgr_module.py, src/pybind/mgr/cephadm/services/osd.py and
src/python-common/ceph/deployment/service_spec.py; ceph-iscsi 3.9, rbd-target-api.py, get_ssl_context().
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

DEBIAN = "usr/lib/python3/dist-packages"
"""ceph-mgr looks here before it looks below /usr/local."""
REPLACED = ("OpenSSL", "asyncssh", "bcrypt", "cryptography")

REMOTE = """        return self._ceph_dispatch_remote(module_name, method_name,
                                          args, kwargs)
"""
REMOTE_BY_PICKLE = """        import pickle
        answer = self._ceph_dispatch_remote(module_name, 'called_by_pickle',
                                            (pickle.dumps((method_name, args, kwargs)),), {})
        return pickle.loads(answer)

    def called_by_pickle(self, call: bytes) -> bytes:
        import pickle
        method_name, args, kwargs = pickle.loads(call)
        return pickle.dumps(getattr(self, method_name)(*args, **kwargs))
"""
REMOVED_OSD = """        self.no_destroy = no_destroy

    def start(self) -> None:
"""
REMOVED_OSD_AS_DATA = """        self.no_destroy = no_destroy

    def __getstate__(self) -> Dict[str, Any]:
        return {**self.__dict__, 'rm_util': None}

    def start(self) -> None:
"""
CLASS = """class MgrModule(ceph_module.BaseMgrModule, MgrModuleLoggingMixin):
"""
NOTIFY_TYPES = """    NOTIFY_TYPES: List['NotifyType'] = []

"""
NEW = """        service_type = kwargs.get('service_type', args[0] if args else None)
"""
NEW_WITHOUT_ARGUMENTS = """        if not args and not kwargs:
            return object.__new__(cls)
"""
VERSION = """    ver, rel, mod = werkzeug.__version__.split('.')
"""
VERSION_OF_PACKAGE = """    from importlib.metadata import version
    ver, rel, mod = version('werkzeug').split('.')
"""
# What rbd-target-api imports, beside the packages that are replaced.
GATEWAY = "ceph_iscsi_config.client, ceph_iscsi_config.gateway, flask, gwcli.utils, rtslib_fb"


def replace(file: Path, old: str, new: str) -> None:
    """Replace the one place in ``file`` that reads ``old``."""
    text = file.read_text()
    if text.count(old) != 1:
        sys.exit(f"{file}: this text stands there {text.count(old)} times, and not once:\n{old}")
    file.write_text(text.replace(old, new))


def main(root: Path, requirements: list[str]) -> None:
    """Change the tree at ``root``."""
    for name in REPLACED:
        shutil.rmtree(root / DEBIAN / name)
    python = next((root / "usr/lib").glob("python3.*")).name.removeprefix("python")
    machine = "x86_64" if (root / "lib64/ld-linux-x86-64.so.2").exists() else "aarch64"
    platforms = [f"--platform=manylinux{year}_{machine}" for year in (2014, 2010)]
    subprocess.run(
        [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--upgrade", "--only-binary=:all:",
         f"--python-version={python}", *platforms, f"--target={root / DEBIAN}", *requirements],
        check=True,
    )  # fmt: skip
    module = root / "usr/share/ceph/mgr/mgr_module.py"
    replace(module, REMOTE, REMOTE_BY_PICKLE)
    replace(module, CLASS, CLASS + NOTIFY_TYPES)
    replace(root / "usr/share/ceph/mgr/cephadm/services/osd.py", REMOVED_OSD, REMOVED_OSD_AS_DATA)
    spec = root / DEBIAN / "ceph/deployment/service_spec.py"
    replace(spec, NEW, NEW_WITHOUT_ARGUMENTS + NEW)
    replace(root / "usr/bin/rbd-target-api", VERSION, VERSION_OF_PACKAGE)
    modules = ", ".join((*REPLACED, "ceph.deployment.service_spec", GATEWAY))
    subprocess.run(["chroot", root, "python3", "-c", f"import {modules}"], check=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
