"""The command ``manage.py curriculum check|sync|coverage|schema|reference|curves``."""

import json
import time
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from cairn.catalog import content, curve_figures, training
from cairn.catalog.coverage import Coverage, coverage, read_rows
from cairn.catalog.documents import REFERENCE
from cairn.catalog.errors import ContentError, ContentErrors
from cairn.catalog.folders import NoFolder, find_folder
from cairn.catalog.loader import Loaded, load
from cairn.catalog.mathematics import FrontEndMissing
from cairn.catalog.predictions import wrong_predictions
from grader.local import NoExercise, Proof, prove
from grader.sandbox.base import SandboxUnavailable

MODELS = (
    content.Topic, content.Quiz, content.Exercise, content.Project, content.SkillMap, content.Path,
    content.Assessment,
)  # fmt: skip


class Command(BaseCommand):
    """Exit 0: all is well. 1: the curriculum has errors. 2: this machine cannot tell."""

    help = "Checks and publishes the curriculum."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        """One sub-command for each thing to do."""
        commands = parser.add_subparsers(dest="do", required=True)
        check = commands.add_parser("check", help="validate the content")
        check.add_argument(
            "slugs", nargs="*", metavar="SLUG", help="topics, exercises, projects or paths; all"
        )
        check.add_argument(
            "--run", action="store_true", help="also run every solution, starter and wrong one"
        )
        commands.add_parser("sync", help="publish a release")
        rows = commands.add_parser("coverage", help="which roadmap rows nothing covers")
        rows.add_argument("rows", type=Path, metavar="ROWS.tsv")
        rows.add_argument("--json", action="store_true", help="print one JSON document")
        schema = commands.add_parser("schema", help="write the JSON Schema of each kind of file")
        schema.add_argument("folder", type=Path, metavar="DIR")
        curves = commands.add_parser("curves", help="draw the curves of all references")
        curves.add_argument("folder", type=Path, metavar="DOCS")
        reference = commands.add_parser("reference", help="train a project's solution and write its curves")
        reference.add_argument("slug", metavar="PROJECT")
        reference.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2], metavar="N")

    def handle(self, *args: Any, **options: Any) -> None:
        """Do what was asked."""
        try:
            getattr(self, f"do_{options['do']}")(options)
        except (FrontEndMissing, SandboxUnavailable) as error:
            raise CommandError(str(error), returncode=2) from None

    def do_check(self, options: dict[str, Any]) -> None:
        """Print every error; with ``--run``, every proof that does not hold."""
        loaded = load(settings.CURRICULUM)
        for draft in loaded.drafts:
            draft.make()
        folders = [_folder(loaded, slug) for slug in options["slugs"]] or [settings.CURRICULUM]
        errors = [error for error in loaded.errors if _is_in(error, folders)]
        for error in errors:
            self.stderr.write(str(error))
        broken = self._prove(folders) + self._predict(loaded, folders) if options["run"] else 0
        if errors or broken:
            raise CommandError(f"{len(errors)} errors, {broken} proofs that do not hold.", returncode=1)
        self.stdout.write("The curriculum is sound.")

    def do_sync(self, options: dict[str, Any]) -> None:
        """Publish; on errors print them, and leave what is published as it is."""
        from cairn.catalog.actions import publish

        start = time.perf_counter()
        try:
            release = publish(settings.CURRICULUM)
        except ContentErrors as error:
            for one in error.errors:
                self.stderr.write(str(one))
            raise CommandError(
                f"{len(error.errors)} errors. Nothing was published; the release before stays live.",
                returncode=1,
            ) from None
        seconds = time.perf_counter() - start
        self.stdout.write(
            f"Published release {release.pk}: {_counts(release.structure)}, in {seconds:.1f} s."
        )

    def do_reference(self, options: dict[str, Any]) -> None:
        """Train the solution with each seed, and the baseline; write ``reference.json``."""
        try:
            folder = find_folder(options["slug"], settings.CURRICULUM)
            found = training.reference(folder, options["seeds"], _kept(), self.stdout.write)
        except (NoFolder, ValueError, OSError) as error:
            raise CommandError(str(error), returncode=1) from None
        (folder / REFERENCE).write_text(json.dumps(found) + "\n", encoding="utf-8")
        for name, values in found["metrics"].items():
            seeds = ", ".join(f"{value:.4g}" for value in values)
            self.stdout.write(
                f"{name}: {seeds}; baseline {found['baseline_metrics'].get(name, float('nan')):.4g}"
            )

    def do_curves(self, options: dict[str, Any]) -> None:
        """Write ``training-curves.md`` and its figures."""
        for file in curve_figures.page(
            sorted(Path(settings.CURRICULUM).glob("projects/*")), options["folder"]
        ):
            self.stdout.write(str(file))

    def do_coverage(self, options: dict[str, Any]) -> None:
        """Print the rows that nothing covers."""
        try:
            found = coverage(load(settings.CURRICULUM).library, read_rows(options["rows"]))
        except (OSError, ValueError) as error:
            raise CommandError(str(error), returncode=2) from None
        self.stdout.write(json.dumps(asdict(found)) if options["json"] else _in_words(found))
        if found.uncovered or found.unknown:
            raise SystemExit(1)

    def do_schema(self, options: dict[str, Any]) -> None:
        """Write ``topic.schema.json`` and its siblings."""
        options["folder"].mkdir(parents=True, exist_ok=True)
        for model in MODELS:
            file = options["folder"] / f"{model.__name__.lower()}.schema.json"
            file.write_text(json.dumps(model.model_json_schema(), indent=2) + "\n")
            self.stdout.write(str(file))

    def _prove(self, folders: Iterable[Path]) -> int:
        """Run what authors wrote beside each exercise and project; the number of proofs that do not hold."""
        return sum(self._prove_one(work) for folder in folders for work in _works(folder))

    def _predict(self, loaded: Loaded, folders: Iterable[Path]) -> int:
        """Run the code that questions ask about; the number of those that print something else."""
        root = loaded.source.root
        files = [*root.glob("topics/*/*/quiz.yaml"), *root.glob("assessments/*.yaml")]
        asked = [file for file in sorted(files) if any(file.is_relative_to(one) for one in folders)]
        wrong = [line for file in asked for line in wrong_predictions(loaded.source, file)]
        for line in wrong:
            self.stderr.write(line)
        return len(wrong)

    def _prove_one(self, folder: Path) -> int:
        try:
            proofs = list(self._proofs(folder))
        except (NoExercise, ValueError) as error:
            self.stderr.write(f"{folder.name}: {error}")
            return 1
        for proof in proofs:
            (self.stdout if proof.holds else self.stderr).write(_proof(folder, proof))
        return sum(not proof.holds for proof in proofs)

    def _proofs(self, folder: Path) -> Iterable[Proof]:
        trains = (folder / "project.yaml").is_file() and training.project(folder).training is not None
        return training.prove(folder, _kept(), self.stdout.write) if trains else prove(folder)


def _kept() -> Path:
    """Where finished trainings lie, so that none is done twice."""
    return Path(settings.HOME) / "trainings"


def _folder(loaded: Loaded, slug: str) -> Path:
    """Where an entry's files are. Raises CommandError."""
    root = loaded.source.root
    for place in (
        "topics/*/{}",
        "topics/*/*/exercises/{}",
        "projects/{}",
        "paths/{}.yaml",
        "assessments/{}.yaml",
    ):
        for found in sorted(root.glob(place.format(slug))):
            return found
    raise CommandError(f"There is no topic, exercise, project or path {slug} in {root}.", returncode=1)


def _is_in(error: ContentError, folders: Iterable[Path]) -> bool:
    file = Path(settings.CURRICULUM) / error.file
    return any(file == folder or folder in file.parents for folder in folders)


def _works(folder: Path) -> list[Path]:
    """The exercises, and the projects that are written, at or under ``folder``."""
    found = [*folder.rglob("exercise.yaml"), *folder.rglob("project.yaml")] if folder.is_dir() else []
    return sorted(file.parent for file in found if file.name == "exercise.yaml" or _written(file.parent))


def _written(project: Path) -> bool:
    return (project / "brief.md").exists()


def _proof(folder: Path, proof: Proof) -> str:
    if proof.holds:
        found = "".join(f", {one.signature} found" for one in proof.report.findings)
        return f"{folder.name}/{proof.name}: {proof.report.status}{found}, as it must be"
    failed = [f"    {test.title}: {test.message}" for test in proof.report.tests if test.status != "passed"]
    first = f"{folder.name}/{proof.name}: wanted {proof.wanted}, got {proof.report.status}."
    return "\n".join([f"{first} {proof.report.message}".rstrip(), *failed])


def _counts(structure: dict[str, Any]) -> str:
    written = sum(topic["written"] for topic in structure["topics"].values())
    return (
        f"{len(structure['paths'])} paths, {len(structure['topics'])} topics ({written} written), "
        f"{len(structure['exercises'])} exercises, {len(structure['projects'])} projects"
    )


def _in_words(found: Coverage) -> str:
    lines = [f"{row.id}\t{row.section}\t{row.text}" for row in found.uncovered]
    lines += [f"{row}\tno such row, named by {', '.join(by)}" for row, by in found.unknown.items()]
    return "\n".join([*lines, f"{found.rows - len(found.uncovered)} of {found.rows} rows are covered."])
