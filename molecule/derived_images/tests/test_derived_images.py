import json
import os
from pathlib import Path

BASE, IMAGE = "armature-test/base:lab", "armature-test/base:lab-armature-0123abcd"
BUILD = "mol-1: derived_images : Build it"
MAKE_BASE = Path(os.environ["MOLECULE_SCENARIO_DIRECTORY"], "files/make-base")


def inspect(host, image: str) -> dict:
    return json.loads(host.check_output(f"docker image inspect {image}"))[0]


def made(host) -> str:
    """What the image's build wrote, read by a container of it."""
    command = 'read -r line < /made && echo "$line"'
    return host.check_output(f"docker run --rm --network host {IMAGE} sh -c '{command}'")


def test_the_image_is_its_base_and_what_the_repository_adds(host):
    assert made(host) == "first a note a word"
    base, image = inspect(host, BASE), inspect(host, IMAGE)
    assert image["RootFS"]["Layers"][: len(base["RootFS"]["Layers"])] == base["RootFS"]["Layers"]
    assert image["Config"]["Labels"]["armature.base"] == base["Id"]


def test_what_it_is_made_from_is_on_the_host(host):
    assert host.file("/var/lib/armature/images/made/Containerfile").mode == 0o644
    assert host.file("/var/lib/armature/images/made/note").content_string == "a note\n"


def test_another_base_makes_it_anew_and_once(host, play):
    before = inspect(host, IMAGE)["Id"]
    script = MAKE_BASE.read_text().replace("'", "'\\''")
    host.check_output(f"sh -c '{script}' make-base {BASE} second")
    done = play("converge.yml")
    assert done.status == 0, done.messages
    assert done.changes == [BUILD]
    assert inspect(host, IMAGE)["Id"] != before
    assert made(host) == "second a note a word"
    assert play("converge.yml").changes == []


def test_without_a_base_it_says_so(host, play):
    done = play("converge.yml", "-e", "base=armature-test/nothing:lab")
    assert done.status == 2
    expected = (
        "armature-test/nothing:lab: is not on this host, and there is no registry. Load it, or name one in site.yml."
    )
    assert done.messages == [expected]
