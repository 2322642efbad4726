"""What a mend is, and how mends are applied to the files of a kolla-ansible."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


class MendError(Exception):
    """A mend that cannot be applied: upstream's text is not what the mend was made for."""


@dataclass(frozen=True)
class Mend:
    """One defect of upstream's, and the texts that replace what is broken."""

    name: str
    why: str
    """What goes wrong without it."""
    versions: tuple[str, ...]
    """Versions that have the defect and were looked at."""
    file: str
    """Below kolla-ansible's share folder, or below the folder of an image's Python packages."""
    replacements: tuple[tuple[str, str], ...]
    """Broken text, which occurs in the file, and the text that takes its place."""

    def apply(self, text: str) -> str:
        """Return the mended ``text``; mended text comes back unchanged.

        Raises MendError when a place is neither broken nor mended.
        """
        for broken, mended in self.replacements:
            if mended in text:
                continue
            if broken not in text:
                raise MendError(f"{self.file}: mend {self.name!r} finds neither {broken!r} nor its cure")
            text = text.replace(broken, mended)
        return text


def apply_mends(
    share: Path, version: str, mends: Sequence[Mend] | None = None, product: str = "kolla-ansible"
) -> list[str]:
    """Apply the mends of a product's ``version`` below ``share``; return the names of those that changed a file.

    A second call changes nothing. No file is written unless every mend fits. Raises MendError for a version without
    mends, a missing file, and text that a mend does not know.
    """
    if mends is None:
        from armature.upstream.mends import MENDS

        mends = MENDS
    wanted = [mend for mend in mends if version in mend.versions]
    if not wanted:
        known = ", ".join(sorted({known for mend in mends for known in mend.versions}))
        raise MendError(f"{product} {version}: no mends are known for this version. Use one of {known}.")
    before: dict[Path, str] = {}
    texts: dict[Path, str] = {}
    changed = []
    for mend in wanted:
        file = share / mend.file
        if file not in texts:
            texts[file] = before[file] = _read(file, mend)
        mended = mend.apply(texts[file])
        if mended != texts[file]:
            changed.append(mend.name)
        texts[file] = mended
    for file, text in texts.items():
        if text != before[file]:
            file.write_text(text)
    return changed


def _read(file: Path, mend: Mend) -> str:
    try:
        return file.read_text()
    except OSError as error:
        reason = error.strerror or str(error)
        raise MendError(f"{file}: mend {mend.name!r} cannot read it: {reason}") from None
