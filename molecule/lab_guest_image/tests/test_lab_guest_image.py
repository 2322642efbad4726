import os
import subprocess
import sys
from pathlib import Path

CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "armature/guest-image"


def test_a_guest_takes_address_key_name_and_user_data_over_ipv6(tmp_path: Path):
    argv = ["unshare", "--net", sys.executable, str(Path(__file__).with_name("network.py"))]
    done = subprocess.run(
        [*argv, str(CACHE / "x86_64.img"), str(tmp_path)], capture_output=True, text=True, check=False
    )
    console = (tmp_path / "console.log").read_text(errors="replace")
    assert done.stdout == "guest-a\ntold\n", done.stderr + console
    assert "armature-guest: ready fd00:9::f816:3eff:fe00:1" in console


def test_older_images_are_gone():
    assert len(list(CACHE.glob("x86_64-*.img"))) == 1
