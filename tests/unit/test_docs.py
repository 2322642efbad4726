"""The documentation says what is so: its commands run, its outputs, names, paths and tables are the code's.

How a page is read: a fence ``yaml <path>`` is appended to that file, a fence ``console`` is a terminal session that is
run after it (``exit=N`` when it ends with a status, a line ``...`` for lines left out), a fence ``sh`` is for people
with hosts and only its names are looked at.
"""

from __future__ import annotations

import importlib.util
import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import pytest

from armature.compile.data import groups
from armature.compile.kolla_globals import keys_set
from armature.compile.kolla_groups import HOST_GROUPS
from armature.compile.kolla_inventory import _INTERFACES
from armature.kolla import KollaError
from armature.kolla.events import Run
from armature.kolla.lock import site_lock
from armature.load import load_site
from armature.model import Purpose, Role
from armature.release import RELEASES
from armature.upstream import MENDS

REPOSITORY = Path(__file__).parents[2]
PAGES = [REPOSITORY / "README.md", *sorted((REPOSITORY / "docs").glob("*.md"))]
PROGRAMS = {"armature", "ansible-inventory", "cat", "grep", "ls"}
"""What a console fence may start: nothing that reaches a host."""

FENCE = re.compile(r"^```(?P<info>[^\n`]*)\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL)
SPAN = re.compile(r"`([^`\n]+)`")
LINK = re.compile(r"\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
FOLDERS = "armature|benchmarks|docs|filter_plugins|inventories|molecule|playbooks|plugins|roles|tests|[.]ci|[.]config"
PATH = re.compile(rf"(?<![\w/.~-])((?:{FOLDERS})/[\w./-]*\w/?)(?![\w<*{{-])")
GENERATED = re.compile(r"inventories/[^/]+/(secrets|kolla|registry-ca\.pem)|inventories/fra1|inventories/lab-2")
"""Made by a run, or by the reader."""


@dataclass(frozen=True)
class Fence:
    kind: str
    argument: str
    body: str


def fences(page: Path) -> list[Fence]:
    found = []
    for match in FENCE.finditer(page.read_text()):
        kind, _space, argument = match["info"].strip().partition(" ")
        found.append(Fence(kind, argument, match["body"]))
    return found


def code(page: Path) -> list[str]:
    """Return everything that a page sets as code, but not what it shows of files and outputs."""
    prose = FENCE.sub("", page.read_text())
    typed = [fence.body for fence in fences(page) if fence.kind == "sh"]
    return [*SPAN.findall(prose), *typed, *(command for fence in sessions(page) for command, _output in session(fence))]


def sessions(page: Path) -> list[Fence]:
    return [fence for fence in fences(page) if fence.kind == "console"]


def session(fence: Fence) -> list[tuple[str, str]]:
    """Return each command of a session with the output that is shown below it."""
    parts = re.split(r"^\$ (.+)\n", fence.body, flags=re.MULTILINE)
    return list(zip(parts[1::2], parts[2::2], strict=True))


def table(page: str, heading: str) -> list[list[str]]:
    """Return the cells of the first table below a heading, without their backquotes and without its two head lines."""
    text = (REPOSITORY / page).read_text()
    below = re.split(rf"^#+ {re.escape(heading)}$", text, maxsplit=1, flags=re.MULTILINE)[1]
    lines = re.search(r"(?:^\|.*\n)+", below, re.MULTILINE)
    assert lines is not None, heading
    rows = [line.strip().strip("|").split("|") for line in lines[0].splitlines()[2:]]
    return [[cell.strip().replace("`", "") for cell in row] for row in rows]


def words(cell: str) -> set[str]:
    return set(re.split(r",\s*", cell))


def name(page: Path) -> str:
    return page.name


def as_pattern(shown: str) -> str:
    parts = re.split(r"^\.\.\.\n", shown, flags=re.MULTILINE)
    return r"(?:.*\n)*?".join(map(re.escape, parts))


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder like the repository, where a page may add a site."""
    for entry in REPOSITORY.iterdir():
        if entry.name not in ("inventories", "build", ".git"):
            (tmp_path / entry.name).symlink_to(entry)
    (tmp_path / "inventories").mkdir()
    for site in (REPOSITORY / "inventories").iterdir():
        (tmp_path / "inventories" / site.name).symlink_to(site)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    for variable in ("ANSIBLE_CONFIG", "ANSIBLE_VAULT_PASSWORD_FILE", "FORCE_COLOR"):
        monkeypatch.delenv(variable, raising=False)
    return tmp_path


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_commands_print_what_is_shown(page: Path, workspace: Path):
    for fence in fences(page):
        if fence.kind == "yaml" and fence.argument:
            file = workspace / fence.argument
            file.parent.mkdir(parents=True, exist_ok=True)
            with file.open("a") as stream:
                stream.write(fence.body)
        if fence.kind == "console":
            wanted = int(fence.argument.removeprefix("exit=") or 0)
            for command, shown in session(fence):
                assert re.split(r"\s", command)[0] in PROGRAMS, command
                done = subprocess.run(
                    ["bash", "-c", command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
                )
                assert done.returncode == wanted, f"{command}\n{done.stdout}"
                assert re.fullmatch(as_pattern(shown), done.stdout), f"$ {command}\n{done.stdout}"


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_make_targets_exist(page: Path):
    targets = set(re.findall(r"^([a-z][a-z0-9-]*):", (REPOSITORY / "Makefile").read_text(), re.MULTILINE))
    named = {target for text in code(page) for target in re.findall(r"\bmake ([a-z][a-z0-9-]*)", text)}
    assert named - targets == set()


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_paths_exist(page: Path):
    named = {path for text in code(page) for path in PATH.findall(text)}
    assert [path for path in sorted(named) if not GENERATED.match(path) and not (REPOSITORY / path).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_links_lead_somewhere(page: Path):
    broken = []
    for link in LINK.findall(FENCE.sub("", page.read_text())):
        if link.startswith("https://"):
            continue
        path, _hash, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        headings = HEADING.findall(FENCE.sub("", target.read_text())) if target.suffix == ".md" else []
        anchors = {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
        if not target.exists() or (anchor and anchor not in anchors):
            broken.append(link)
    assert broken == []


def test_the_readme_links_every_page():
    linked = set(LINK.findall((REPOSITORY / "README.md").read_text()))
    assert [page.name for page in PAGES[1:] if f"docs/{page.name}" not in linked] == []


def test_releases_are_those_that_can_be_deployed():
    rows = {row[0]: row[1:] for row in table("docs/what-runs-where.md", "Releases")}
    assert rows == {
        release.name: [
            release.kolla_ansible,
            ", ".join(distribution.value for distribution in release.host_distributions),
            release.image_distribution,
        ]
        for release in RELEASES.values()
    }


def test_every_role_and_playbook_is_explained():
    text = (REPOSITORY / "docs/what-runs-where.md").read_text()
    roles = [role.name for role in (REPOSITORY / "roles").iterdir() if role.is_dir()]
    playbooks = [playbook.name for playbook in (REPOSITORY / "playbooks").glob("*.yml")]
    assert [item for item in (*roles, *playbooks) if f"`{item}`" not in text] == []


def host_groups_of(group: str, tree: dict[str, tuple[str, ...]]) -> set[str]:
    children = tree.get(group)
    return {group} if children is None else set().union(*(host_groups_of(child, tree) for child in children))


def test_roles_and_host_groups():
    rows = table("docs/what-runs-where.md", "Roles")
    assert {row[0] for row in rows} == {role.value for role in Role}
    shown = {(row[0], group) for row in rows for group in words(row[1]) if group != "none"}
    assert shown == {(role.value, group) for group, role in HOST_GROUPS.items() if role is not None}


def test_containers_run_in_the_groups_that_are_shown():
    tree = groups(next(reversed(RELEASES)))
    roles = {group: role.value for group, role in HOST_GROUPS.items() if role is not None}
    for _service, group, _containers, where in table("docs/what-runs-where.md", "Containers"):
        assert {roles[found] for found in host_groups_of(group, tree) if found in roles} == words(where), group


def test_purposes_and_variables():
    rows = {row[0]: row[2] for row in table("docs/what-runs-where.md", "Networks")}
    assert set(rows) == {purpose.value for purpose in Purpose}
    for purpose in Purpose:
        variables = {variable for variable, found in _INTERFACES.items() if found is purpose}
        assert variables == words(rows[purpose.value]) & set(_INTERFACES), purpose


def test_keys_that_armature_sets_are_listed():
    sites = [load_site(file) for file in sorted((REPOSITORY / "inventories").glob("*/site.yml"))]
    listed = {key for row in table("docs/kolla-overrides.md", "What Armature sets") for key in words(row[0])}
    for site in sites:
        services = {f"enable_{service}" for service in site.services}
        keys = {key for key in keys_set(site) - services if not key.endswith("_image_full")}
        assert keys - listed == set(), site.name
        listed_there = listed - {"enable_<service>", "<image>_image_full"}
        assert {key for key in listed_there if not any(key in keys_set(other) for other in sites)} == set()


def test_mends_are_listed():
    rows = {row[0]: words(row[1]) for row in table("docs/kolla-overrides.md", "Mends of upstream defects")}
    assert rows == {mend.name: set(mend.versions) for mend in MENDS}


def test_shims_are_listed():
    folders = ("roles/lab_rootfs/files/shims", "roles/lab_images/files/overlay")
    files = {file for folder in folders for file in (REPOSITORY / folder).iterdir() if file.is_file()}
    assert {REPOSITORY / row[0] for row in table("docs/lab.md", "Shims")} == files


def shown_under(heading: str) -> str:
    """Return the first fence below a heading of the page on troubles."""
    text = (REPOSITORY / "docs/troubleshooting.md").read_text()
    below = text.split(f"## {heading}\n", maxsplit=1)[1]
    fence = FENCE.search(below)
    assert fence is not None, heading
    return fence["body"]


def plugin(path: str) -> ModuleType:
    """Return a plugin as a module."""
    spec = importlib.util.spec_from_file_location(f"docs_{Path(path).stem}", REPOSITORY / path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_report_of_a_failed_run():
    run = Run()
    event = {"event": "result", "service": "mariadb", "host": "ctl-1", "status": "failed"}
    task = {"task": "Running MariaDB bootstrap container", "container": "bootstrap_mariadb"}
    run.feed({**event, **task, "result": {"msg": "Container exited with non-zero return code 1"}})
    resume = "ansible-playbook -i inventories/fra1/site.yml playbooks/deploy_openstack.yml"
    log = Path("build/fra1/logs/deploy-20260102T030405Z.log")
    action = plugin("plugins/action/kolla_ansible.py")
    report = action._report("kolla-ansible deploy", {"resume": resume}, run, log, {}, 2)
    assert shown_under("kolla-ansible failed") == f"{report}\n"


def test_the_report_of_a_change_that_was_taken_back():
    failures = plugin("plugins/modules/host_network_confirmation.py").FAILURES
    assert shown_under("A network change was taken back") == f"{failures['rolled_back']}\n"


def test_the_report_of_a_lock(workspace: Path):
    lock = Path("build/fra1/lock")
    holder = {"user": "ada", "purpose": "kolla-ansible deploy", "since": "2026-01-02T03:04:05Z", "pid": 4711}
    with site_lock(lock, "kolla-ansible deploy"):
        lock.write_text(json.dumps(holder))
        with pytest.raises(KollaError) as error:
            site_lock(lock, "another").__enter__()
    assert shown_under("The lock is held") == f"{error.value}\n"


def test_quoted_messages_are_in_the_source():
    folders = ("armature", "plugins", "playbooks", "roles")
    files = (file for folder in folders for file in (REPOSITORY / folder).rglob("*") if file.suffix in (".py", ".yml"))
    source = "\n".join(file.read_text() for file in files)
    text = FENCE.sub("", (REPOSITORY / "docs/troubleshooting.md").read_text())
    parts = [part for quoted in re.findall(r'"([^"\n]+)"', text) for part in quoted.split(" ... ")]
    assert [part for part in parts if part not in source] == []
