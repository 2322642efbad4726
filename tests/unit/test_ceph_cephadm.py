"""The program cephadm on a host: out of the image that is there, and only when that changed."""

import json
from pathlib import Path

import pytest
from ansible.module_utils import armature_ceph_cephadm as core
from ansible.modules.ceph_cephadm import change

IMAGE = "quay.io/ceph/ceph:v18.2.7"
FSID = "3f2c4a52-7c1c-4d5e-9f0a-5a1f5f0c2b11"


class Engine:
    """A container engine with some images in its store and some in the registry, and a record of what it was asked."""

    def __init__(self, root: Path, name: str = "docker") -> None:
        self.root, self.name = root, name
        self.store: dict[str, str] = {}
        self.registry: dict[str, str] = {}
        self.program = b"#!/usr/bin/python3\nPK"
        self.failing: dict[str, str] = {}
        self.commands: list[list[str]] = []

    def run(self, argv: list[str]) -> tuple[int, str, str]:
        self.commands.append(argv)
        assert argv[0] == self.name
        for words, error in self.failing.items():
            if words in " ".join(argv):
                return 1, "", error
        if argv[1] == "image":
            identity = self.store.get(argv[-1])
            return (0, f"{identity}\n", "") if identity else (1, "", f"Error: No such image: {argv[-1]}\n")
        if argv[1] == "pull":
            if argv[-1] not in self.registry:
                return 1, "", "Error response from daemon: manifest unknown\n"
            self.store[argv[-1]] = self.registry[argv[-1]]
        if argv[1] == "create":
            return 0, "WARNING: a word of the engine\nc0ffee\n", ""
        if argv[1] == "cp":
            Path(argv[-1]).write_bytes(self.program)
        return 0, "", ""

    def change(self, check: bool = False) -> dict[str, object]:
        self.commands.clear()
        return change(self.run, "sto-1", IMAGE, self.name, check, self.root)

    @property
    def target(self) -> Path:
        return self.root / "usr/local/sbin/cephadm"

    def words(self) -> list[str]:
        return [argv[1] for argv in self.commands]


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    engine = Engine(tmp_path)
    engine.store[IMAGE] = "sha256:1"
    return engine


def test_the_program_comes_out_of_the_image(engine: Engine):
    result = engine.change()
    assert {key: result[key] for key in ("changed", "image_id", "pulled", "installed", "clusters")} == {
        "changed": True,
        "image_id": "sha256:1",
        "pulled": False,
        "installed": True,
        "clusters": [],
    }
    inspect, create, copy, remove = engine.commands
    assert inspect == ["docker", "image", "inspect", "--format", "{{.Id}}", IMAGE]
    assert create == ["docker", "create", "--network", "none", "sha256:1", "/usr/sbin/cephadm"]
    assert copy[:3] == ["docker", "cp", "c0ffee:/usr/sbin/cephadm"]
    assert remove == ["docker", "rm", "--force", "c0ffee"]
    assert engine.target.read_bytes() == engine.program
    assert engine.target.stat().st_mode & 0o777 == 0o755
    assert [file.name for file in engine.target.parent.iterdir()] == ["cephadm"]


def test_a_second_run_changes_nothing(engine: Engine):
    engine.change()
    result = engine.change()
    assert (result["changed"], result["diff"], engine.words()) == (False, [], ["image"])


def replace_program(engine: Engine) -> None:
    engine.target.write_text("another")


def forbid_running(engine: Engine) -> None:
    engine.target.chmod(0o644)


def remove_program(engine: Engine) -> None:
    engine.target.unlink()


def spoil_note(engine: Engine) -> None:
    (engine.root / "var/lib/armature/cephadm.json").write_text("{")


def move_image(engine: Engine) -> None:
    engine.store[IMAGE] = "sha256:2"


@pytest.mark.parametrize("spoil", [replace_program, forbid_running, remove_program, spoil_note, move_image])
def test_what_differs_is_mended(engine: Engine, spoil):
    engine.change()
    spoil(engine)
    assert engine.change(check=True)["installed"]
    assert engine.change()["installed"]
    note = json.loads((engine.root / "var/lib/armature/cephadm.json").read_text())
    assert note["image_id"] == engine.store[IMAGE]
    assert not engine.change()["changed"]


def test_a_missing_image_is_fetched(engine: Engine):
    engine.registry, engine.store = {IMAGE: "sha256:9"}, {}
    planned = engine.change(check=True)
    assert (planned["changed"], planned["pulled"], planned["image_id"], engine.words()) == (
        True,
        True,
        "",
        ["--version", "image"],
    )
    assert "not fetched yet" in planned["diff"][0]["after"]
    result = engine.change()
    assert (result["pulled"], result["installed"], result["image_id"]) == (True, True, "sha256:9")
    assert engine.words() == ["image", "pull", "image", "create", "cp", "rm"]


def test_an_image_that_was_only_deleted_leaves_the_program(engine: Engine):
    engine.change()
    engine.registry, engine.store = {IMAGE: "sha256:1"}, {}
    result = engine.change()
    assert (result["changed"], result["pulled"], result["installed"], result["diff"]) == (True, True, False, [])


def test_the_error_of_a_pull_names_image_and_registry(engine: Engine):
    engine.store = {}
    with pytest.raises(core.CephadmError) as error:
        engine.change()
    assert str(error.value) == (
        f"sto-1: the image {IMAGE} is not on this host, and 'docker pull {IMAGE}' ended with status 1: Error response "
        "from daemon: manifest unknown. See that sto-1 reaches the registry quay.io and may read the image, or load "
        "the image with 'docker load'."
    )


def test_the_error_of_a_pull_without_a_registry(tmp_path: Path):
    with pytest.raises(core.CephadmError, match=r"The name carries no registry: correct 'ceph\.image' in site\.yml"):
        core.pull(Engine(tmp_path, "podman").run, "sto-1", "podman", "armature/ceph:18")


def test_an_engine_that_fails_is_not_a_missing_image(engine: Engine):
    engine.failing["inspect"] = "Cannot connect to the Docker daemon at unix:///var/run/docker.sock.\n"
    with pytest.raises(core.CephadmError, match=r"Cannot connect.*Look at 'systemctl status docker' on sto-1"):
        engine.change(check=True)


def test_an_engine_that_is_not_installed():
    def run_command(argv: list[str], handle_exceptions: bool) -> tuple[int, str, str]:
        raise FileNotFoundError(2, "No such file or directory")

    with pytest.raises(core.CephadmError, match="ended with status 127: podman: No such file or directory"):
        core.image_id(core.runner(run_command), "sto-1", "podman", IMAGE)


def test_check_mode_before_the_engine_is_installed(tmp_path: Path):
    def run(argv: list[str]) -> tuple[int, str, str]:
        assert argv == ["docker", "--version"]
        return core.MISSING, "", "docker: No such file or directory"

    result = change(run, "sto-1", IMAGE, "docker", True, tmp_path)
    assert (result["changed"], result["pulled"], result["installed"], result["image_id"]) == (True, True, True, "")


def test_podman_says_otherwise_that_an_image_is_missing(tmp_path: Path):
    engine = Engine(tmp_path, "podman")
    engine.failing["inspect"] = f"Error: inspecting object: {IMAGE}: image not known\n"
    assert core.image_id(engine.run, "sto-1", "podman", IMAGE) == ""


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        pytest.param({"failing": {" cp ": "no such file"}}, "is an image of Ceph with /usr/sbin/cephadm", id="absent"),
        pytest.param({"program": b""}, "/usr/sbin/cephadm in the image .* is not a program", id="empty"),
    ],
)
def test_an_image_without_the_program_leaves_nothing(engine: Engine, spoil, message: str):
    vars(engine).update(spoil)
    with pytest.raises(core.CephadmError, match=message):
        engine.change()
    assert engine.words()[-1] == "rm"
    assert list(engine.target.parent.iterdir()) == []
    assert core.installed(engine.root).image_id == ""


def test_clusters_are_the_folders_named_by_a_uuid(engine: Engine):
    for name in (FSID, "bootstrap-osd", "mon", "00000000-0000-4000-8000-000000000001"):
        (engine.root / "var/lib/ceph" / name).mkdir(parents=True)
    assert engine.change(check=True)["clusters"] == ["00000000-0000-4000-8000-000000000001", FSID]


@pytest.mark.parametrize(
    ("error", "line"),
    [
        ("", "no message"),
        (
            "Verifying\nERROR: Cannot bind to IP fd00::1 port 3300: in use\n",
            "ERROR: Cannot bind to IP fd00::1 port 3300: in use",
        ),
        (
            "Non-zero exit code 1 from /usr/bin/docker run\n/usr/bin/docker: stderr --> RuntimeError: Device /dev/sdb "
            "has partitions.\nTraceback\nRuntimeError: Failed command: /usr/bin/docker run --rm",
            "RuntimeError: Device /dev/sdb has partitions.",
        ),
        (
            "/usr/bin/docker: stderr timed out\nERROR: mon not available after 15 tries",
            "ERROR: mon not available after 15 tries",
        ),
        ("x" * 400, "..." + "x" * 300),
    ],
)
def test_the_line_that_says_why(error: str, line: str):
    assert core.reason(error) == line
