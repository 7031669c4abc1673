"""The site as a depot: artifacts travel over HTTP, with the token of the job in hand."""

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from grader.contract import Artifact
from grader.training.depot import Unreachable, verify

_FETCHES = 3


class Courier(Protocol):
    """What a depot needs of the way to the site: see ``grader.node.Site``."""

    def put(self, path: str, file: Path, headers: Mapping[str, str], token: str) -> None:
        """Sends a file."""

    def fetch(self, path: str, to: Path, token: str) -> None:
        """Fetches one."""


class SiteDepot:
    """``PUT`` and ``GET /api/node/jobs/<id>/artifacts/<digest>``; the artifact's JSON goes in a header."""

    def __init__(self, site: Courier, job_id: str, token: str) -> None:
        self._site, self._job_id, self._token = site, job_id, token

    def save(self, path: Path, artifact: Artifact) -> None:
        """Returns when the site has it. Raises LeaseLost, TooLarge or Unreachable."""
        headers = {"X-Artifact": artifact.model_dump_json(), "Content-Type": "application/octet-stream"}
        self._site.put(self._address(artifact), path, headers, self._token)

    def fetch(self, artifact: Artifact, to: Path) -> None:
        """Fetches it, again if it arrives damaged. Raises LeaseLost or Unreachable."""
        for left in reversed(range(_FETCHES)):
            self._site.fetch(self._address(artifact), to, self._token)
            try:
                verify(to, artifact)
            except Unreachable:
                if not left:
                    raise
            else:
                return

    def _address(self, artifact: Artifact) -> str:
        return f"/api/node/jobs/{self._job_id}/artifacts/{artifact.digest}"
