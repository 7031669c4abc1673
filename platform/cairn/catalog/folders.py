"""Finds an author's folder by slug or by path, for commands that work without a database."""

from pathlib import Path

from cairn.catalog import content, documents
from cairn.catalog.authored_tests import AuthoredTests
from cairn.catalog.datasets import Dataset, registry
from cairn.catalog.source import Source

PLACES = ("topics/*/*/exercises/{}", "projects/{}")


class NoFolder(LookupError):
    """No exercise or project has that name."""


def find_folder(name: str, curriculum: Path) -> Path:
    """The exercise or project called ``name``, or the folder at that path. Raises NoFolder."""
    if content.is_slug(name):
        for place in PLACES:
            for folder in sorted(curriculum.glob(place.format(name))):
                return folder
    folder = Path(name)
    if any((folder / file).is_file() for file in ("exercise.yaml", "project.yaml")):
        return folder.resolve()
    raise NoFolder(f"There is no exercise or project {name} in {curriculum}, and no such folder on disk.")


def used(source: Source, project: content.Project) -> dict[str, Dataset]:
    """The data sets that a project trains with, as far as the registry beside it knows them."""
    named = project.training.datasets if project.training else ()
    known = registry(source) if named else {}
    return {slug: known[slug] for slug in named if slug in known}


def content_hash(folder: Path) -> str:
    """The hash that a published document made from this folder has; empty if it cannot be published."""
    source, nothing = Source(folder.parent), AuthoredTests((), (), 0, frozenset())
    if (folder / "exercise.yaml").is_file():
        exercise = source.yaml(folder / "exercise.yaml", content.Exercise)
        draft = documents.exercise(source, folder, exercise, nothing) if exercise else None
    else:
        source = Source(folder.parent.parent)  # beside the projects lie the data sets
        project = source.yaml(folder / "project.yaml", content.Project)
        draft = (
            documents.project(source, folder, project, nothing, used(source, project)) if project else None
        )
    return draft.content_hash if draft else ""
