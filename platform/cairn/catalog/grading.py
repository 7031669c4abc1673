"""Grading from a shell, exactly as a worker would and with no server: what the commands share."""

from pathlib import Path

from pydantic import ValidationError

from cairn.catalog.folders import content_hash
from grader.contract import MAX_FILE_CHARS, Kind, Report, Verdict
from grader.local import job_for_folder
from grader.run import run


def grade(folder: Path, files: list[Path], kind: Kind = Kind.GRADE) -> Report:
    """Grade files against an exercise's folder.

    A file that cannot be graded at all (no text, too long) gets the status error, as on the site. Raises
    OSError for a file that is not there, NoExercise, SandboxUnavailable.
    """
    try:
        texts = {file.name: file.read_text(encoding="utf-8") for file in files}
        job = job_for_folder(folder, texts, kind)
    except UnicodeDecodeError:
        return _refused(folder, "This file is not UTF-8 text.")
    except ValidationError as error:
        return _refused(folder, _reason(error))
    return run(job.model_copy(update={"content_hash": content_hash(folder)}), lambda event: None)


def _refused(folder: Path, message: str) -> Report:
    return Report(
        job_id=folder.name, status=Verdict.ERROR, message=message, content_hash=content_hash(folder)
    )


def _reason(error: ValidationError) -> str:
    if any(one["type"] == "string_too_long" for one in error.errors()):
        return f"This file is longer than {MAX_FILE_CHARS:,} characters, which is the limit."
    return f"These files cannot be graded: {error.errors()[0]['msg']}."
