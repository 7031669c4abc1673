"""What a work takes: which files, how large, under which limits; and how outside files become clean text."""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.core.files.uploadedfile import UploadedFile

from cairn.catalog.content import ExerciseLimits, TrainingSpec
from cairn.catalog.library import Library
from cairn.catalog.queries import library
from cairn.runs.texts import digest
from cairn.submissions.models import Work
from cairn.ui.errors import NotFound, Refusal
from grader.contract import MAX_FILE_CHARS, Limits

MAX_TOTAL_CHARS = 3 * MAX_FILE_CHARS
KEPT = "Nothing was handed in, and your draft is kept."

Files = dict[str, str]


class BadFiles(Refusal):
    """Files that cannot be taken: unknown or missing names, not text."""

    status, code = 422, "bad-files"


class TooLarge(Refusal):
    """Files over the size limit."""

    status, code = 413, "too-large"


@dataclass(frozen=True)
class Task:
    """What a learner may hand in for one work, as the current release has it."""

    work: Work
    slug: str
    title: str
    entry: str
    names: tuple[str, ...]  # every file it takes
    required: tuple[str, ...]
    limits: Limits
    content_hash: str
    training: TrainingSpec | None = None  # of a project that trains


def task(work: str, slug: str) -> Task:
    """The work that a learner may try now. Raises NotFound for one that is unknown or being written."""
    if work == Work.EXERCISE:
        return _exercise(library(), slug)
    if work == Work.PROJECT:
        return _project(library(), slug)
    raise NotFound


def _exercise(books: Library, slug: str) -> Task:
    entry = books.exercise(slug)
    if not books.topic(entry.topic).written:
        raise NotFound
    name = entry.content.entry
    return Task(
        Work.EXERCISE,
        slug,
        entry.content.title,
        name,
        (name,),
        (name,),
        limits(entry.content.limits),
        entry.content_hash,
    )


def _project(books: Library, slug: str) -> Task:
    project = books.project(slug)
    if not project.written:
        raise NotFound
    files = project.content.files
    entry, training = project.content.entry, project.content.training
    programs = (entry, training.entry) if training else (entry,)
    names = tuple(dict.fromkeys((*programs, *(file.name for file in files))))
    optional = {file.name for file in files if file.optional}
    required = tuple(name for name in names if name not in optional)
    return Task(
        Work.PROJECT,
        slug,
        project.content.title,
        entry,
        names,
        required,
        limits(project.content.limits),
        project.content_hash,
        training,
    )


def limits(given: ExerciseLimits) -> Limits:
    """An author's limits in a node's units. Processor time is twice the wall time: two threads are fair."""
    return Limits(
        wall_seconds=given.seconds,
        cpu_seconds=2 * given.seconds,
        memory_bytes=given.memory_mb * 2**20,
        output_bytes=given.output_kb * 2**10,
    )


def checked(wanted: Task, files: Mapping[str, str], *, complete: bool = True) -> Files:
    """``files`` as the work takes them, with Unix line ends. Raises BadFiles or TooLarge.

    A draft need not be ``complete``.
    """
    if unknown := sorted(set(files) - set(wanted.names)):
        takes = _list(wanted.names)
        raise BadFiles(f"{_list(unknown)} is not a file of {wanted.title}. It takes {takes}. {KEPT}")
    clean = {name: _text(name, text) for name, text in files.items()}
    if sum(map(len, clean.values())) > MAX_TOTAL_CHARS:
        raise TooLarge(f"Together the files have more than {MAX_TOTAL_CHARS:,} characters, the limit. {KEPT}")
    missing = [name for name in wanted.required if not clean.get(name, "").strip()]
    if complete and missing:
        raise BadFiles(f"{_list(missing)} is missing or empty. Write it, then hand it in again. {KEPT}")
    return clean


def _text(name: str, text: str) -> str:
    if "\x00" in text:
        raise BadFiles(f"{name} holds binary data. Hand in source code as UTF-8 text. {KEPT}")
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if len(text) > MAX_FILE_CHARS:
        raise TooLarge(
            f"{name} has {len(text):,} characters; at most {MAX_FILE_CHARS:,} are taken. {KEPT} "
            "Load data in code instead of pasting it."
        )
    return text


def files_digest(digests: Mapping[str, str]) -> str:
    """The digest of names and texts together, by which the same files are known again."""
    return digest(json.dumps(dict(sorted(digests.items()))))


def _list(names: Iterable[str]) -> str:
    return ", ".join(names)


def uploaded(files: Iterable[UploadedFile[Any]]) -> Files:
    """The texts of uploaded files by name. Raises BadFiles for what is not UTF-8, TooLarge before reading."""
    return {file.name or "": _decoded(file) for file in files}


def _decoded(file: UploadedFile[Any]) -> str:
    if (file.size or 0) > 4 * MAX_FILE_CHARS:  # a character is at most four bytes
        size = f"{(file.size or 0) / 2**20:.1f} MB"
        raise TooLarge(f"{file.name} has {size}; at most {MAX_FILE_CHARS:,} characters are taken. {KEPT}")
    try:
        return bytes(file.read()).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise BadFiles(f"{file.name} holds binary data. Hand in source code as UTF-8 text. {KEPT}") from None


def facts(files: Files) -> dict[str, dict[str, object]]:
    """Words and headings of each Markdown file: what a document criterion asks for."""
    return {name: _facts(text) for name, text in files.items() if name.endswith(".md")}


def _facts(text: str) -> dict[str, object]:
    prose = re.sub(r"```.*?(```|\Z)", "", text, flags=re.DOTALL)
    headings = [heading.strip(" #\t") for heading in re.findall(r"^#{1,6}[ \t]+(.+)$", prose, re.MULTILINE)]
    return {"words": len(re.findall(r"\b\w[\w'-]*", prose)), "headings": headings}
