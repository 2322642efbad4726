"""Sites with bare-metal nodes for tests: the sound one of tests/negative, with a few words replaced."""

from __future__ import annotations

from pathlib import Path

from armature.load import site_from_text
from armature.model import Site

GOOD = (Path(__file__).parents[1] / "negative" / "good_baremetal.yml").read_text()


def baremetal_site(*edits: tuple[str, str]) -> Site:
    """Return the site with each old text, which stands in it once, replaced by the new one."""
    text = GOOD
    for old, new in edits:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return site_from_text(text, Path("good.yml"))
