"""Where files that a loader reads lie: put aside by ``manage.py datasets prepare``, or in an installed package."""

import os
from importlib import metadata
from pathlib import Path


def file(name: str, package: str = "") -> Path:
    """The file of that name. Raises FileNotFoundError with what to do."""
    kept = Path(os.environ.get("CAIRN_DATASETS") or "datasets") / name
    if kept.is_file():
        return kept
    try:
        found = Path(str(metadata.distribution(package).locate_file(name))) if package else kept
    except metadata.PackageNotFoundError:
        found = kept
    if not found.is_file():
        raise FileNotFoundError(f"{name} is not on this machine: run `manage.py datasets prepare` first")
    return found
