"""The lab's builders: what they write without a container engine, and what they decide from what they see."""

import hashlib
import importlib
import io
import json
import sys
import tarfile
from pathlib import Path
from typing import Any

import ansible.module_utils
import pytest
import yaml

from armature.compile.data import images
from armature.load import load_site

REPOSITORY = Path(__file__).parents[2]
for path in (
    "lab_host/library",
    "lab_network/library",
    "lab_rootfs/library",
    "lab_host/filter_plugins",
    "lab_ceph_image/files",
    "lab_images/files",
    "lab_images/library",
):
    sys.path.append(str(REPOSITORY / "roles" / path))
ansible.module_utils.__path__.append(str(REPOSITORY / "roles/lab_images/module_utils"))

archive: Any = importlib.import_module("ansible.module_utils.docker_archive")
debian: Any = importlib.import_module("ansible.module_utils.debian")
base_hooks: Any = importlib.import_module("base_hooks")
filters: Any = importlib.import_module("lab")
hooks: Any = importlib.import_module("ceph_hooks")
image_archive: Any = importlib.import_module("lab_image_archive")
layers: Any = importlib.import_module("ansible.module_utils.kolla_layers")
network: Any = importlib.import_module("lab_network")
rootfs: Any = importlib.import_module("lab_rootfs")


@pytest.fixture
def kolla(tmp_path: Path) -> Path:
    """A small tree of Dockerfile templates in upstream's form."""
    for name, text in {
        "base": "FROM {{ base_image }}:{{ base_distro_tag }}\nCOPY start.sh /usr/local/bin/kolla_start\n",
        "openstack-base": "FROM {{ namespace }}/{{ image_prefix }}base:{{ tag }}\n",
        "nova/nova-base": "FROM {{ namespace }}/{{ image_prefix }}openstack-base:{{ tag }}\n"
        "ADD nova_sudoers /etc/sudoers.d/kolla_nova_sudoers\n"
        "RUN touch /usr/local/bin/kolla_nova_extend_start \\\n    && chmod 644 /usr/local/bin/kolla_extend_start\n",
        "nova/nova-ssh": "FROM {{ namespace }}/{{ image_prefix }}nova-base:{{ tag }}\n"
        "COPY extend_start.sh /usr/local/bin/kolla_extend_start\nADD plugins-archive /\nUSER nova\n",
    }.items():
        folder = tmp_path / "share/kolla/docker" / name
        folder.mkdir(parents=True)
        (folder / "Dockerfile.j2").write_text(text)
    ssh = tmp_path / "share/kolla/docker/nova/nova-ssh/extend_start.sh"
    ssh.write_text('for key in "rsa" "dsa" "ecdsa"; do :; done\n')
    (tmp_path / "share/kolla/docker/nova/nova-base/nova_sudoers").write_text("nova ALL = (root) NOPASSWD: ALL\n")
    return tmp_path


def test_an_image_has_what_its_ancestors_copy(kolla: Path) -> None:
    image = layers.Dockerfiles(kolla).image("nova-ssh")
    assert {path: mode for path, (_, mode) in image.files.items()} == {
        "etc/sudoers.d/kolla_nova_sudoers": 0o440,
        "usr/local/bin/kolla_nova_extend_start": 0o644,
        "usr/local/bin/kolla_extend_start": 0o755,
    }
    assert b'"dsa"' not in image.files["usr/local/bin/kolla_extend_start"][0]
    config = image.config("x86_64", "22.2.0")
    assert config["User"] == "nova"
    assert config["Cmd"] == ["kolla_start"]
    assert "PATH=/var/lib/kolla/venv/bin:" in " ".join(config["Env"])


def test_an_unknown_image_is_refused(kolla: Path) -> None:
    with pytest.raises(KeyError, match="nova-nothing"):
        layers.Dockerfiles(kolla).image("nova-nothing")


def test_layers_are_reproducible(kolla: Path) -> None:
    first, second = (layers.Dockerfiles(kolla).image("nova-ssh").layer() for _ in range(2))
    assert first == second
    assert first[1] == hashlib.sha256(first[0]).hexdigest()


ROLE = REPOSITORY / "roles/lab_images"
EXTRAS = yaml.safe_load((ROLE / "vars/main.yml").read_text())["__lab_images_extras"]
OFF = {"ironic-neutron-agent", "ironic-prometheus-exporter", "ironic-pxe-filter"}
"""kolla-ansible starts these with other settings than the lab's."""


@pytest.mark.parametrize(
    ("lab", "extras"), [("lab", []), ("lab-three", []), ("lab-molecule", []), ("lab-baremetal", ["ironic", "iscsi"])]
)
def test_images_have_more_only_where_the_site_wants_it(lab: str, extras: list[str]) -> None:
    assert filters.extras(load_site(REPOSITORY / f"inventories/{lab}/site.yml")) == extras


def test_ironics_images_are_those_that_kolla_ansible_starts() -> None:
    started = {name for name, variables in images("2026.1").items() if any("ironic" in name for name in variables)}
    assert set(EXTRAS["ironic"]["names"]) == started - OFF


def test_lock_files_name_a_package_once() -> None:
    assert (
        list(EXTRAS)
        == yaml.safe_load((ROLE / "meta/argument_specs.yml").read_text())["argument_specs"]["main"]["options"][
            "lab_images_extras"
        ]["choices"]
    )
    files = image_archive.locks({"files": ROLE / "files", "release": "2026.1", "extras": list(EXTRAS)})
    pins = [line for file in files for line in file.read_text().splitlines()]
    names = [line.partition("==")[0] for line in pins]
    assert [line for line in pins if "==" not in line] == []
    assert sorted(names) == sorted(set(names))


def test_another_lock_file_makes_another_common_layer(tmp_path: Path) -> None:
    given = {"cache": str(tmp_path), "files": str(ROLE / "files"), "images": ["cron"], "packages": [], "toolbox": []}
    given |= {"release": "2026.1", "kolla": "22.2.0", "suite": "trixie", "namespace": "ns", "tag": "lab"}
    keys = {image_archive.Builder({**given, "extras": extras}).base_key for extras in ([], ["iscsi"], ["ironic"])}
    assert len(keys) == 3


def test_a_web_server_listens_where_kolla_ansible_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(base_hooks, "run", lambda *_argv, **_options: "")
    for file in ("etc/apache2/ports.conf", "etc/locale.gen", "etc/pam.d/sshd", "etc/rabbitmq/enabled_plugins"):
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).write_text("Listen 80\n")
    base_hooks.clear_debian_state(tmp_path)
    assert (tmp_path / "etc/apache2/ports.conf").read_text() == ""


def test_an_archive_says_what_it_holds(tmp_path: Path) -> None:
    base = tmp_path / "base.tar"
    with tarfile.open(base, "w") as tar:
        tar.addfile(tarfile.TarInfo("etc/os-release"))
    layer = b"\0" * 1024
    out = io.BytesIO()
    images = [("ns/one:lab", {"Cmd": ["a"]}, layer, hashlib.sha256(layer).hexdigest())]
    ids = archive.write_archive(out, base, images, "amd64")
    out.seek(0)
    with tarfile.open(fileobj=out) as tar:
        read = {member.name: tar.extractfile(member).read() for member in tar}
    (entry,) = json.loads(read["manifest.json"])
    assert entry["RepoTags"] == ["ns/one:lab"]
    assert ids == {"ns/one:lab": "sha256:" + hashlib.sha256(read[entry["Config"]]).hexdigest()}
    config = json.loads(read[entry["Config"]])
    diffs = [f"sha256:{hashlib.sha256(read[name]).hexdigest()}" for name in entry["Layers"]]
    assert config["rootfs"]["diff_ids"] == diffs
    assert config["architecture"] == "amd64"


TARGETS = """Debian|main|bookworm|http://mirror.example/debian/
Debian|contrib|bookworm|http://mirror.example/debian/
Debian|main|bookworm-updates|http://mirror.example/debian/
Debian|main|bookworm-security|http://mirror.example/security/
Other|main|nodistro|http://other.example/
"""


def test_sources_come_from_the_machine() -> None:
    assert debian.sources_from(TARGETS, "trixie") == [
        "deb http://mirror.example/debian/ trixie main",
        "deb http://mirror.example/debian/ trixie-updates main",
        "deb http://mirror.example/security/ trixie-security main",
    ]


def test_a_machine_without_mirror_is_told_so() -> None:
    with pytest.raises(debian.NoMirrorError, match="knows no Debian archive"):
        debian.sources_from("Other|main|x|http://other.example/\n", "trixie")


BRIDGE = {"name": "lab-1", "address": "fd00:1:0:1::1/64", "mtu": 1500}


@pytest.mark.parametrize(
    ("present", "steps"),
    [
        ({"mtu": 1500, "up": True, "addresses": ["fd00:1:0:1::1/64"]}, []),
        ({"mtu": 9000, "up": True, "addresses": ["fd00:1:0:1::1/64"]}, ["link set lab-1 mtu 1500"]),
        (
            {"mtu": 1500, "up": False, "addresses": []},
            ["address add fd00:1:0:1::1/64 dev lab-1 nodad", "link set lab-1 up"],
        ),
        (
            {},
            [
                "link add lab-1 type bridge stp_state 0 forward_delay 0 mcast_snooping 0",
                "link set lab-1 mtu 1500",
                "address add fd00:1:0:1::1/64 dev lab-1 nodad",
                "link set lab-1 up",
            ],
        ),
    ],
)
def test_bridges_change_only_where_they_differ(present: dict[str, Any], steps: list[str]) -> None:
    assert [" ".join(step) for step in network.bridge_steps(BRIDGE, present)] == steps


@pytest.mark.parametrize(
    ("name", "address", "refused"),
    [("lab-1", "fd00:1:0:1::1", False), ("other-1", "fd00:1:0:2::1", False), ("other-1", "fd00:1:0:1::9", True)],
)
def test_two_labs_share_no_network(name: str, address: str, refused: bool) -> None:
    links = [{"ifname": name, "addr_info": [{"family": "inet6", "local": address}]}]
    sentence = "other-1 has fd00:1:0:1::9, which is in fd00:1:0:1::/64, the network of lab-1. Give it another prefix."
    assert network.collisions([BRIDGE], links) == ([sentence] if refused else [])


def test_the_lab_of_the_shipped_site() -> None:
    site = load_site(REPOSITORY / "inventories/lab/site.yml")
    assert filters.bridges(site) == [
        {"name": "lab-1", "address": "fd00:a12a:1ab:1::1/64", "mtu": 1500},
        {"name": "lab-2", "address": "fd00:a12a:1ab:2::1/64", "mtu": 1500},
    ]
    assert filters.routes(site) == [{"to": "fd00:a12a:1ab:f0::/64", "via": "fd00:a12a:1ab:2::fe"}]
    assert filters.suite(site) == "trixie"
    (host,) = filters.hosts(site)
    assert [interface["bridge"] for interface in host["interfaces"]] == ["lab-1", "lab-2"]
    assert "fd00:a12a:1ab:1::100 cloud.lab.test" in filters.names(site)


def test_labs_have_addresses_of_their_own() -> None:
    """Two that run at once would answer for each other."""
    sites = [*REPOSITORY.glob("inventories/lab*/site.yml"), *REPOSITORY.glob("molecule/*/inventory/site.yml")]
    prefixes = [load_site(path).prefix for path in sites]
    assert len(prefixes) >= 4
    assert len(set(prefixes)) == len(prefixes)


def test_a_lab_host_has_no_bond() -> None:
    site = load_site(REPOSITORY / "inventories/lon1/site.yml")
    with pytest.raises(ValueError, match="on a bond or a VLAN"):
        filters.hosts(site)


def test_the_root_file_system_is_named_after_its_inputs(tmp_path: Path) -> None:
    (tmp_path / "shim").write_text("one")
    parameters = {"packages": ["a"], "suite": "trixie"}
    name = rootfs.key(parameters, [f"install {tmp_path}/shim"], tmp_path)
    assert name == rootfs.key(parameters, [f"install {tmp_path}/shim"], tmp_path)
    (tmp_path / "shim").write_text("two")
    assert name != rootfs.key(parameters, [f"install {tmp_path}/shim"], tmp_path)
    assert name != rootfs.key(parameters | {"suite": "bookworm"}, [f"install {tmp_path}/shim"], tmp_path)


def test_the_ceph_image_is_changed_in_one_place_or_not_at_all(tmp_path: Path) -> None:
    file = tmp_path / "rbd-target-api"
    file.write_text(f"def context():\n{hooks.VERSION}")
    hooks.replace(file, hooks.VERSION, hooks.VERSION_OF_PACKAGE)
    assert "version('werkzeug')" in file.read_text()
    with pytest.raises(SystemExit, match="this text stands there 0 times"):
        hooks.replace(file, hooks.VERSION, hooks.VERSION_OF_PACKAGE)
