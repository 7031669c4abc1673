"""Documents that can't rot: what they list is what the code has."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


def test_every_setting_is_documented_and_every_documented_setting_exists() -> None:
    code = (ROOT / "platform/cairn/config/settings.py").read_text()
    read = set(re.findall(r'env\.(?:text|flag|whole|words)\(\s*"([A-Z_]+)"', code))
    table = "\n".join(
        line.split("|")[1]
        for line in (ROOT / "docs/settings.md").read_text().splitlines()
        if line.startswith("| `")
    )
    assert set(re.findall(r"`([A-Z_]+)`", table)) == read


@pytest.mark.parametrize(
    "page",
    [
        "README.md",
        "ARCHITECTURE.md",
        "CONTRIBUTING.md",
        *[f"docs/{p.name}" for p in (ROOT / "docs").glob("*.md")],
    ],
)
def test_links_between_documents_lead_somewhere(page: str) -> None:
    file = ROOT / page
    links = re.findall(r"\]\(([^)#\s]+)", re.sub(r"`[^`]*`", "", file.read_text()))
    local = [link for link in links if "://" not in link]
    assert [link for link in local if not (file.parent / link).exists()] == []


def test_every_room_of_the_architecture_is_a_folder() -> None:
    block = (ROOT / "ARCHITECTURE.md").read_text().split("```")[1]
    rooms = re.findall(r"^    ([a-z]+)/ ", block, re.MULTILINE)
    for room in rooms:
        assert (ROOT / "platform/cairn" / room).is_dir() or (ROOT / "grader" / room).is_dir(), room


def test_the_site_root_shadows_no_standard_library_module() -> None:
    assert not (ROOT / "platform/__init__.py").exists()


def test_requirements_are_pinned_and_justified() -> None:
    for name in (
        "platform/requirements.txt",
        "requirements-dev.txt",
        "grader/requirements.txt",
        "grader/node.txt",
    ):
        for line in (ROOT / name).read_text().splitlines():
            if line and not line.startswith(("#", "-")):
                assert re.match(r"^[A-Za-z0-9._-]+(\[[a-z,]+\])?==\S+\s+# \S", line), f"{name}: {line}"
