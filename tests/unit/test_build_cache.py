"""Two runs that want the same thing of a cache make it once."""

import os
import subprocess
import sys
import time
from pathlib import Path

from ansible.module_utils.build_cache import have, held, key, prune, publish

UTILITIES = Path(__file__).parents[2] / "plugins/module_utils"
OTHER = """
import sys, time
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from build_cache import held
with held(Path(sys.argv[2])):
    Path(sys.argv[2], "begun").touch()
    time.sleep(30)
"""


def test_a_run_waits_for_another_and_not_for_one_that_was_killed(tmp_path: Path):
    cache = tmp_path / "cache"
    other = subprocess.Popen([sys.executable, "-c", OTHER, str(UTILITIES), str(cache)])
    while not (cache / "begun").exists():
        assert other.poll() is None
        time.sleep(0.01)
    third = subprocess.Popen([sys.executable, "-c", OTHER, str(UTILITIES), str(cache)])
    time.sleep(0.3)
    assert third.poll() is None
    third.kill()
    third.wait()
    other.kill()
    with held(cache):
        assert other.wait() != 0


def test_what_was_read_last_is_kept(tmp_path: Path):
    for age, name in enumerate(["d", "c", "b", "a"]):
        for file in (tmp_path / f"{name}.base.tar", tmp_path / f"{name}.log"):
            file.touch()
            os.utime(file, (1000 - age, 1000))
    prune(tmp_path.glob("*.base.tar"), keep=2)
    assert {file.name for file in tmp_path.iterdir()} == {"c.base.tar", "c.log", "d.base.tar", "d.log"}


def test_a_key_is_that_of_all_inputs(tmp_path: Path):
    (tmp_path / "rc").write_text("echo")
    keys = [key(b"a", folder=tmp_path), key(b"b", folder=tmp_path)]
    (tmp_path / "rc").chmod(0o755)
    keys.append(key(b"b", folder=tmp_path))
    (tmp_path / "link").symlink_to("rc")
    keys.append(key(b"b", folder=tmp_path))
    (tmp_path / "rc").write_text("echo more")
    keys.append(key(b"b", folder=tmp_path))
    assert len(set(keys)) == len(keys)
    assert key(b"b", folder=tmp_path) == keys[-1]


def test_the_newest_image_is_linked_and_the_older_goes(tmp_path: Path):
    old, new, other = (tmp_path / name for name in ("x86_64-old.img", "x86_64-new.img", "aarch64-old.img"))
    for image in (old, new, other):
        image.write_text("")
    name = tmp_path / "x86_64.img"
    publish(old, name)
    assert not new.exists()
    new.write_text("")
    publish(new, name)
    assert name.resolve() == new
    assert sorted(path.name for path in tmp_path.iterdir()) == ["aarch64-old.img", "x86_64-new.img", "x86_64.img"]


def test_an_image_is_made_once_and_not_in_check_mode(tmp_path: Path) -> None:
    image, name = tmp_path / "disk-1.img", tmp_path / "disk.img"
    made: list[Path] = []

    def build(path: Path) -> None:
        made.append(path)
        path.write_text("disk")

    assert have(image, name, build, check=True) is False
    assert made == []
    assert have(image, name, build, check=False) is False
    assert have(image, name, build, check=False) is True
    assert made == [image]
    assert name.read_text() == "disk"
