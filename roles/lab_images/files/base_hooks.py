#!/usr/bin/env python3
"""mmdebstrap hooks that turn a Debian tree into the common layer of the lab's kolla images.

Usage: base_hooks.py essential|customize ROOT PARAMETERS.json

``essential`` makes kolla's users before packages make theirs; ``customize`` adds kolla's start scripts, the OpenStack
and toolbox virtual environments, and the files that upstream's Dockerfiles take from source archives.
Source: kolla's docker/base/Dockerfile.j2, docker/openstack-base, docker/kolla-toolbox, docker/horizon.
"""

from __future__ import annotations

import importlib.util
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

VENV = "var/lib/kolla/venv"
TOOLBOX = "opt/ansible"
SERVICES = ("keystone", "glance", "placement", "nova", "neutron", "cinder", "heat", "barbican", "ironic")
TOOLBOX_COLLECTIONS = ("ansible/posix", "community/general", "community/mysql", "community/rabbitmq", "openstack/cloud")
# Only to compile uwsgi; purged again so that the layer stays small.
BUILD_PACKAGES = ("gcc", "libc6-dev", "python3-dev", "libpcre2-dev", "libssl-dev", "zlib1g-dev")
# Debian builds these against its own libraries, and kolla takes them from the distribution too.
FROM_DEBIAN = ("ovs==", "libvirt-python==")
OWNED = {
    "var/lib/mysql": "mysql",
    "run/mysqld": "mysql",
    "var/lib/rabbitmq": "rabbitmq",
    "var/log/rabbitmq": "rabbitmq",
    "etc/rabbitmq": "rabbitmq",
    "run/memcache": "memcached",
    "var/lib/ansible": "ansible",
    "var/lib/kolla/haproxy": "haproxy",
    "etc/openstack-dashboard": "horizon",
    "etc/horizon": "horizon",
    **{f"var/lib/{service}": service for service in (*SERVICES, "horizon")},
    **{f"etc/{service}": service for service in SERVICES},
}
MANAGE_PY = """#!/usr/bin/env python
import os
import sys

from django.core.management import execute_from_command_line

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "openstack_dashboard.settings")
execute_from_command_line(sys.argv)
"""


def run(*argv: str | Path, **kwargs: Any) -> str:
    """Run a command; its output goes to the build log, a failure ends the build."""
    print("+", *argv, file=sys.stderr, flush=True)
    return subprocess.run([str(a) for a in argv], check=True, text=True, stdout=subprocess.PIPE, **kwargs).stdout


def install(source: Path, target: Path, mode: int) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)
    target.chmod(mode)


def kolla_users(parameters: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Upstream's table of users, read from its file without importing the package's dependencies."""
    spec = importlib.util.spec_from_file_location("users", Path(parameters["kolla"]) / "kolla/common/users.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return {name.removesuffix("-user"): user for name, user in module.USERS.items()}


def make_users(root: Path, parameters: dict[str, Any]) -> None:
    run("chroot", root, "apt-get", "install", "-y", "--no-install-recommends", "passwd", "adduser")
    configuration = root / "etc/adduser.conf"
    # kolla's ids are far above Debian's range for system users, whose search must not run into them.
    text = re.sub(r"(?m)^#*(LAST_SYSTEM_[UG]ID)=999", r"\1=59999", configuration.read_text())
    configuration.write_text(text)
    script = ["set -e"]
    users = kolla_users(parameters)
    for name, user in sorted(users.items()):
        group = user.get("group", name)
        script += [
            f"getent group {group} >/dev/null || groupadd --gid {user['gid']} {group}",
            f"useradd -l -M --shell /usr/sbin/nologin --uid {user['uid']} --gid {group} {name}",
        ]
    for name, user in sorted(users.items()):
        script += [
            f"usermod --append --home /var/lib/{name} --groups kolla {name}",
            f"mkdir -p /var/lib/{name}",
            f"chown {user['uid']}:{user['gid']} /var/lib/{name}",
        ]
    run("chroot", root, "sh", input="\n".join(script))


def add_kolla_scripts(root: Path, base: Path) -> None:
    bin_ = root / "usr/local/bin"
    for script, name in {
        "set_configs.py": "kolla_set_configs",
        "start.sh": "kolla_start",
        "copy_cacerts.sh": "kolla_copy_cacerts",
        "install_projects.sh": "kolla_install_projects",
        "kolla_patch.sh": "kolla_patch",
        **{f"healthcheck_{kind}": f"healthcheck_{kind}" for kind in ("curl", "filemod", "listen", "port", "socket")},
    }.items():
        install(base / script, bin_ / name, 0o755)
    install(base / "sudoers", root / "etc/sudoers", 0o440)
    (root / "etc/sudoers.d").chmod(0o750)
    (bin_ / "kolla_extend_start").touch(0o644)
    logs = root / "var/log/kolla"
    logs.mkdir(parents=True, exist_ok=True)
    run("chroot", root, "chown", ":kolla", "/var/log/kolla")
    logs.chmod(0o2775)


class Pip:
    """uv inside the tree, with the controller's index and certificates."""

    def __init__(self, root: Path, parameters: dict[str, Any]) -> None:
        self.root = root
        self.work = root / "tmp/lab-images"
        self.work.mkdir()
        install(Path(parameters["uv"]), self.work / "uv", 0o755)
        install(Path("/etc/ssl/certs/ca-certificates.crt"), self.work / "ca.crt", 0o644)
        (self.work / "build-constraints.txt").write_text("setuptools<82\n")
        self.environment = {
            "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
            "HOME": "/root",
            "SSL_CERT_FILE": "/tmp/lab-images/ca.crt",
            "UV_CACHE_DIR": "/tmp/lab-images/cache",
            "UV_PYTHON_DOWNLOADS": "never",
            **parameters["index"]["environment"],
        }
        self.options = parameters["index"]["options"]

    def venv(self, path: str) -> None:
        run("chroot", self.root, "python3", "-m", "venv", "--system-site-packages", "--without-pip", f"/{path}")
        lib = self.root / path / "lib"
        (lib / "python3").symlink_to(next(lib.glob("python3.*")).name)

    def install(self, venv: str, *arguments: str) -> None:
        run(
            "chroot", self.root, "/tmp/lab-images/uv", "pip", "install", "--quiet", "--compile-bytecode", *self.options,
            "--build-constraint", "/tmp/lab-images/build-constraints.txt",
            "--python", f"/{venv}/bin/python", *arguments,
            env=self.environment,
        )  # fmt: skip

    def requirements(self, name: str, lines: list[str]) -> str:
        (self.work / name).write_text("\n".join(lines) + "\n")
        return f"/tmp/lab-images/{name}"


def add_openstack(root: Path, pip: Pip, parameters: dict[str, Any]) -> None:
    locked = [line for lock in parameters["locks"] for line in Path(lock).read_text().splitlines()]
    wheels = [line for line in locked if not line.startswith(FROM_DEBIAN)]
    pip.venv(VENV)
    apt = ("chroot", root, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-y", "-q")
    run(*apt, "install", "--no-install-recommends", *BUILD_PACKAGES)
    pip.install(VENV, "--no-deps", "-r", pip.requirements("lock.txt", wheels))
    run(*apt, "purge", "--autoremove", *BUILD_PACKAGES)
    # Test suites are a fifth of the layer and never run.
    for tests in (root / VENV).glob("lib/python3.*/site-packages/*/tests"):
        shutil.rmtree(tests)


def add_toolbox(root: Path, pip: Pip, parameters: dict[str, Any]) -> None:
    pip.venv(TOOLBOX)
    pip.install(TOOLBOX, "-r", pip.requirements("toolbox.txt", parameters["toolbox"]))
    collections = root / "usr/share/ansible/collections/ansible_collections"
    for name in TOOLBOX_COLLECTIONS:
        shutil.copytree(Path(parameters["collections"]) / name, collections / name)
    shutil.copytree(parameters["openvswitch_collection"], collections / "openvswitch")
    hosts = root / "etc/ansible/hosts"
    hosts.parent.mkdir(exist_ok=True)
    hosts.write_text(f"localhost ansible_connection=local ansible_python_interpreter=/{TOOLBOX}/bin/python\n")


def add_service_configuration(root: Path) -> None:
    """Fill /etc/<service> out of the wheels' data files, as the images' Dockerfiles do from source archives."""
    data = root / VENV / "etc"
    for service in SERVICES:
        target = root / "etc" / service
        target.mkdir(exist_ok=True)
        if (data / service).is_dir():
            shutil.copytree(data / service, target, dirs_exist_ok=True)
        audit = data / "pycadf" / f"{service}_api_audit_map.conf"
        if audit.is_file():
            shutil.copy(audit, target)
        rootwrap = target / "rootwrap.conf"
        if rootwrap.is_file():
            path = f"/{VENV}/bin,/sbin,/usr/sbin,/bin,/usr/bin,/usr/local/bin,/usr/local/sbin"
            rootwrap.write_text(re.sub(r"(?m)^exec_dirs.*", f"exec_dirs={path}", rootwrap.read_text()))
    (root / "etc/neutron/plugins/ml2").mkdir(parents=True, exist_ok=True)
    (root / "usr/local/etc/neutron-wrappers").mkdir(parents=True, exist_ok=True)


def add_horizon(root: Path) -> None:
    dashboard = root / VENV / "lib/python3/site-packages/openstack_dashboard"
    settings = root / "etc/openstack-dashboard"
    shutil.copytree(dashboard / "conf", settings)
    shutil.copy(dashboard / "local/local_settings.py.example", settings / "local_settings.py")
    (settings / "local_settings.d").mkdir(exist_ok=True)
    (root / "etc/horizon").mkdir(exist_ok=True)
    for name in ("local_settings.py", "local_settings.d"):
        link = dashboard / "local" / name
        if link.is_dir():
            shutil.rmtree(link)
        link.unlink(missing_ok=True)
        link.symlink_to(f"/etc/openstack-dashboard/{name}")
    manage = root / VENV / "bin/manage.py"
    manage.write_text(MANAGE_PY)
    manage.chmod(0o755)


def clear_debian_state(root: Path) -> None:
    """Remove what Debian's packages configured: kolla's containers start from nothing."""
    for pattern in (
        "var/lib/mysql/*", "var/lib/rabbitmq/*", "var/lib/rabbitmq/.erlang.cookie", "etc/mysql/debian.cnf",
        "etc/openvswitch/conf.db", "var/lib/openvswitch/*", "var/lib/ovn/*", "var/log/*.log",
        "etc/libvirt/qemu/networks/default.xml", "etc/libvirt/qemu/networks/autostart/default.xml",
    ):  # fmt: skip
        for path in root.glob(pattern):
            shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
    if (root / "etc/apache2").is_dir():
        (root / "etc/apache2/ports.conf").write_text("")  # kolla-ansible's files say where to listen
    (root / "etc/rabbitmq").mkdir(exist_ok=True)
    (root / "etc/rabbitmq/enabled_plugins").write_text("[rabbitmq_management,rabbitmq_prometheus].\n")
    locale = root / "etc/locale.gen"
    locale.write_text(re.sub(r"(?m)^# (en_US.UTF-8)", r"\1", locale.read_text()))
    run("chroot", root, "locale-gen")
    pam = root / "etc/pam.d/sshd"
    pam.write_text(re.sub(r"(session\s+)required(\s+pam_loginuid.so)", r"\1optional\2", pam.read_text()))


def set_owners(root: Path) -> None:
    for path, user in OWNED.items():
        (root / path).mkdir(parents=True, exist_ok=True)
        run("chroot", root, "chown", "-R", f"{user}:", f"/{path}")
    for service in SERVICES:
        run("chmod", "-R", "a+rX", root / "etc" / service)
    for name in ("sshd", "openvswitch", "ovn"):
        (root / "run" / name).mkdir(exist_ok=True)


def customize(root: Path, parameters: dict[str, Any]) -> None:
    base = Path(parameters["kolla"]) / "share/kolla/docker/base"
    add_kolla_scripts(root, base)
    pip = Pip(root, parameters)
    add_openstack(root, pip, parameters)
    add_toolbox(root, pip, parameters)
    add_service_configuration(root)
    add_horizon(root)
    clear_debian_state(root)
    set_owners(root)
    shutil.rmtree(pip.work)


if __name__ == "__main__":
    stage, root, parameters = sys.argv[1], Path(sys.argv[2]), json.loads(Path(sys.argv[3]).read_text())
    {"essential": make_users, "customize": customize}[stage](root, parameters)
