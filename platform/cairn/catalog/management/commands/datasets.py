"""The command ``manage.py datasets list|prepare|verify|describe|export``."""

import json
import shutil
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.template.defaultfilters import filesizeformat
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn
from rich.table import Table

from cairn.catalog import dataset_files, datasets, descriptions
from cairn.catalog.dataset_files import NotToBeHad
from cairn.catalog.datasets import Dataset, Download, Registry
from cairn.catalog.source import Source
from grader.training.data import NotPrepared, cache, files_folder


class Command(BaseCommand):
    """Exit 0: all is well. 1: a data set is not what the registry says. 2: one could not be had here."""

    help = "Lists, prepares and verifies the data sets that projects train with."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        """One sub-command for each thing to do."""
        commands = parser.add_subparsers(dest="do", required=True)
        commands.add_parser("list", help="what there is, and what of it is on this machine").add_argument(
            "--json", action="store_true", help="print one JSON document"
        )
        for name, what in (
            ("prepare", "fetch, check and load, so that the first run need not wait"),
            ("verify", "check every file, every split and every number against the registry"),
            ("describe", "write what the data sets' pages show: counts, shapes, samples"),
        ):
            one = commands.add_parser(name, help=what)
            one.add_argument(
                "slugs", nargs="*", metavar="SLUG", help="all that need no network, if none is named"
            )

        export = commands.add_parser("export", help="write the public arrays of one, for a run's capsule")
        export.add_argument("slugs", nargs=1, metavar="SLUG")
        export.add_argument(
            "--to", type=Path, required=True, metavar="FOLDER", help="made if it is not there"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Do what was asked."""
        self.to: Path | None = options.get("to")
        self.root = Path(settings.CURRICULUM)
        self.console = Console(file=self.stdout, soft_wrap=True)  # type: ignore[arg-type]  # it only writes to it
        registry = self._registry()
        if options["do"] == "list":
            self._list(registry, as_json=options["json"])
            return
        problems = [
            problem
            for slug in _chosen(registry, options["slugs"])
            if (problem := self._do(options["do"], slug, registry))
        ]
        if problems:
            raise CommandError(
                f"{len(problems)} of the data sets are not as they should be.", returncode=max(problems)
            )

    def _registry(self) -> dict[str, Dataset]:
        source = Source(self.root)
        found = source.yaml(self.root / datasets.REGISTRY, Registry)
        if found is None:
            raise CommandError("\n".join(map(str, source.errors)), returncode=1)
        return found.root

    def _list(self, registry: dict[str, Dataset], *, as_json: bool) -> None:
        here = {slug: dataset_files.found(slug, one, files_folder()) for slug, one in registry.items()}
        if as_json:
            rows = {
                slug: one.model_dump(mode="json") | {"here": here[slug]} for slug, one in registry.items()
            }
            self.stdout.write(json.dumps(rows))
            return
        table = Table("data set", "holds", "comes", "rows", "here", box=None, pad_edge=False)
        for slug, one in registry.items():
            comes = "in a package" if one.origin.kind == "package" else one.origin.kind
            missing = f"no; {one.stand_in} instead" if one.stand_in else "no"
            count = f"{sum(one.splits.values()):,}" if one.splits else ""
            table.add_row(slug, one.holds, comes, count, "yes" if here[slug] else missing)
        self.console.print(table)

    def _do(self, what: str, slug: str, registry: dict[str, Dataset]) -> int:
        """Does it with one data set; 0 if that went well, else the exit status."""
        dataset = registry[slug]
        try:
            self._obtain(slug, dataset)
            texts = datasets.loader_texts(self.root / datasets.LOADERS, dataset.loader)
            with cache().holding([datasets.use(slug, dataset, texts)], texts) as (made,):
                wrong = descriptions.differences(dataset, made) if what == "verify" else []
                if self.to is not None:
                    shutil.copytree(made.public, self.to / slug, dirs_exist_ok=True)
                if what == "describe":
                    self._write(slug, descriptions.describe(dataset, made))
                said = descriptions.in_words(made)
        except (NotToBeHad, NotPrepared) as error:
            self.stderr.write(f"{slug}: {error}")
            return 2
        for line in wrong:
            self.stderr.write(f"{slug}: {line}")
        if not wrong:
            self.stdout.write(f"{slug}: {said}")
        return 1 if wrong else 0

    def _write(self, slug: str, found: dict[str, Any]) -> None:
        file = self.root / datasets.CARDS / f"{slug}.json"
        file.parent.mkdir(exist_ok=True)
        file.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")

    def _obtain(self, slug: str, dataset: Dataset) -> None:
        if not isinstance(dataset.origin, Download):
            dataset_files.obtain(slug, dataset, files_folder(), lambda *_: None)
            return
        if not dataset_files.found(slug, dataset, files_folder()):
            self.stdout.write(_about(slug, dataset))
        columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
        with Progress(*columns, console=self.console, transient=True) as bars:
            known: dict[str, Any] = {}

            def progress(name: str, done: int, size: int) -> None:
                if name not in known:
                    known[name] = bars.add_task(name, total=size)
                bars.update(known[name], completed=done)

            dataset_files.obtain(slug, dataset, files_folder(), progress)


def _about(slug: str, dataset: Dataset) -> str:
    """What whoever fetches a data set should know first: how much it is, from where, under which licence."""
    files = dataset.origin.files if isinstance(dataset.origin, Download) else ()
    hosts = ", ".join(sorted({urlsplit(file.url).netloc for file in files}))
    size = filesizeformat(sum(file.size for file in files)).replace("\xa0", " ")
    return f"{slug}: {size} from {hosts}. Licence: {dataset.licence}"


def _chosen(registry: dict[str, Dataset], slugs: list[str]) -> list[str]:
    """The named ones, or all for which everything is on this machine. Raises CommandError."""
    if unknown := [slug for slug in slugs if slug not in registry]:
        known = ", ".join(registry)
        raise CommandError(f"There is no data set {unknown[0]}. There are {known}.", returncode=1)
    ready = [
        slug
        for slug, one in registry.items()
        if not isinstance(one.origin, Download) and dataset_files.found(slug, one, files_folder())
    ]
    return slugs or ready
