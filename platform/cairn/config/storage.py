"""Static files: hashed, compressed once, and only under the names that a page asks for."""

import re
from collections.abc import Iterable, Iterator

from whitenoise.storage import CompressedManifestStaticFilesStorage

_HASHED = re.compile(r"\.[0-9a-f]{12}\.[^/]+$")
_OF_OTHERS = ("admin/", "drf_spectacular_sidecar/")


def is_asked_for(name: str) -> bool:
    """Whether a page may ask for this name: what others made is named with its hash everywhere.

    Our own scripts import each other by the names that their build gave them.
    """
    return bool(_HASHED.search(name)) or not name.startswith(_OF_OTHERS)


class StaticFiles(CompressedManifestStaticFilesStorage):  # type: ignore[misc]
    """Gathering takes half the time: megabytes of Swagger UI are not compressed a second time, unhashed."""

    def compress_files(self, paths: Iterable[str]) -> Iterator[tuple[str, str]]:
        """Compress what may be asked for."""
        yield from super().compress_files(filter(is_asked_for, paths))
