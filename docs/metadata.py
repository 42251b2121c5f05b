"""What the package index shows of us, worked out when an archive is built.

The index follows no relative link, and a fork has other addresses than we have. So a build is told
by `SIGNALSCOPE_REPOSITORY` (`https://github.com/OWNER/NAME`; the release workflow sets it) where
the repository stands. Without it the archive has the README as it is, and no addresses.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

from hatchling.metadata.plugin.interface import MetadataHookInterface

VARIABLE = "SIGNALSCOPE_REPOSITORY"
RELATIVE_LINK = re.compile(r"(!?)(\[[^\]]*\]\()(?!https?://|#)([^)]+\))")


class ReadmeAndAddresses(MetadataHookInterface):
    """Gives the metadata `readme` and `urls`."""

    def update(self, metadata: dict[str, Any]) -> None:
        """Read the README, and make its links what they are in the repository at this version."""
        text = Path(self.root, "README.md").read_text("utf-8")
        metadata["urls"] = {}
        if repository := repository_of_the_build():
            tag = f"v{metadata['version']}"
            metadata["urls"] = {
                "Documentation": f"{repository}/blob/{tag}/docs/index.md",
                "Source": f"{repository}/tree/{tag}",
                "Changelog": f"{repository}/blob/{tag}/CHANGELOG.md",
                "Issues": f"{repository}/issues",
            }
            text = with_absolute_links(text, repository, tag)
        metadata["readme"] = {"content-type": "text/markdown", "text": text}


def repository_of_the_build() -> str:
    """Return the address of the repository's page, or nothing; raise ValueError for no address."""
    named = os.environ.get(VARIABLE, "")
    if named and not re.fullmatch(r"https://[^\s/]+/\S+", named):
        raise ValueError(
            f"{VARIABLE} is {named!r}. Give the address of the repository's page, "
            "such as https://github.com/OWNER/NAME."
        )
    return named.rstrip("/")


def with_absolute_links(text: str, repository: str, tag: str) -> str:
    """Return the Markdown `text` with links that lead to the repository's files at `tag`."""

    def absolute(link: re.Match[str]) -> str:
        picture, words, target = link.groups()
        return f"{picture}{words}{repository}/{'raw' if picture else 'blob'}/{tag}/{target}"

    return RELATIVE_LINK.sub(absolute, text)
