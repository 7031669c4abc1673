"""The registry of data sets, ``curriculum/datasets/datasets.yaml``, and what a training job is told of them.

Nothing here loads data: a node's trusted side does, and ``manage.py datasets`` through it.
"""

import hashlib
import json
import re
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, RootModel, model_validator

from cairn.catalog.format import Content, Slug
from cairn.catalog.source import Source
from grader.contract import DatasetUse

REGISTRY = "datasets/datasets.yaml"
LOADERS = "datasets/loaders"
CARDS = "datasets/cards"
HELPER = re.compile(r"^from (\w+) import", re.MULTILINE)
Checksum = Annotated[str, Field(pattern=r"^(md5:[0-9a-f]{32}|sha256:[0-9a-f]{64})$")]


class Package(Content):
    """A file that a Python package carries. Read from the file: the package itself is never imported."""

    kind: Literal["package"]
    package: str
    version: str
    file: str
    checksum: Checksum
    size: int = Field(gt=0)  # bytes
    also: tuple[str, ...] = ()  # other files of the package that the loader reads


class Generated(Content):
    """Made by the loader from a seed. ``programs`` must be installed for it."""

    kind: Literal["generated"]
    programs: tuple[str, ...] = ()


class RemoteFile(Content):
    """A file on the network, as its publisher or a well-known library describes it."""

    url: str = Field(pattern=r"^https?://\S+$")
    checksum: Checksum
    size: int = Field(gt=0)  # bytes

    @property
    def name(self) -> str:
        """The last part of its address."""
        return self.url.rsplit("/", 1)[-1]


class Download(Content):
    """Files fetched once, where there is a network. ``packages`` must be installed to read them."""

    kind: Literal["download"]
    files: tuple[RemoteFile, ...] = Field(min_length=1)
    packages: tuple[str, ...] = ()


Origin = Annotated[Package | Generated | Download, Field(discriminator="kind")]


class Dataset(Content):
    """One entry. ``splits`` counts rows; ``fingerprint`` is a checksum of all arrays that the loader gives.

    The hidden split never leaves the trusted side. ``hidden_kept`` says that learner code cannot get at its
    source in another way either, as it can at what a package of the sandbox ships.
    """

    title: str
    summary: str
    about: str
    holds: Literal["images", "captioned images", "texts", "sounds", "clips", "views", "table", "weights"]
    licence: str
    source: str = ""
    citation: str = ""
    origin: Origin
    loader: str = Field(pattern=r"^[a-z_][a-z0-9_]*\.py$")
    arguments: dict[str, bool | int | float | str] = {}
    splits: dict[str, int] = {}
    fingerprint: str = Field("", pattern=r"^([0-9a-f]{64})?$")
    hidden_kept: bool = False
    stand_in: Slug | None = None

    @model_validator(mode="after")
    def stands_for_itself_or_is_stood_in(self) -> Self:
        """What has to be downloaded names a data set that does not."""
        if isinstance(self.origin, Download) != (self.stand_in is not None):
            raise ValueError("a data set that is downloaded names its `stand_in`, and no other does")
        if isinstance(self.origin, Generated) and not self.origin.programs and not self.fingerprint:
            raise ValueError(
                "a generated data set has a `fingerprint`; `manage.py datasets verify` prints it"
            )
        return self


class Registry(RootModel[dict[Slug, Dataset]]):
    """All data sets by slug."""

    @model_validator(mode="after")
    def stand_ins_need_no_network(self) -> Self:
        """A stand-in is in the registry, and is not downloaded itself."""
        for slug, one in self.root.items():
            stand_in = self.root.get(one.stand_in) if one.stand_in else None
            if one.stand_in and (stand_in is None or isinstance(stand_in.origin, Download)):
                raise ValueError(f"the stand-in of `{slug}` must be a data set that needs no network")
        return self


def registry(source: Source) -> dict[str, Dataset]:
    """All data sets by slug. A curriculum where nothing trains has none; errors are the source's to keep."""
    file = source.root / REGISTRY
    found = source.yaml(file, Registry) if file.exists() else None
    return dict(found.root) if found else {}


def use(slug: str, dataset: Dataset, texts: dict[str, str]) -> DatasetUse:
    """How a job names the data set; ``texts`` are those of ``loader_texts``."""
    said = json.dumps([texts, dict(sorted(dataset.arguments.items()))], sort_keys=True)
    digest = hashlib.sha256(said.encode()).hexdigest()
    return DatasetUse(name=slug, loader=dataset.loader, digest=digest, arguments=dict(dataset.arguments))


def loader_texts(folder: Path, name: str) -> dict[str, str]:
    """A loader's file and those beside it that it imports, by name. Raises OSError."""
    text = (folder / name).read_text(encoding="utf-8")
    beside = [f"{module}.py" for module in HELPER.findall(text) if (folder / f"{module}.py").is_file()]
    return {name: text} | {other: (folder / other).read_text(encoding="utf-8") for other in beside}


def card(root: Path, slug: str) -> dict[str, Any]:
    """What ``manage.py datasets describe`` found: counts, arrays, samples. Empty where nobody has yet."""
    file = root / CARDS / f"{slug}.json"
    found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
    return found
