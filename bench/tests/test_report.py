"""The tables say what was measured, and stand where the document wants them."""

import pytest

from bench.report import BEGIN, END, sheets, write_document

MACHINE = {
    "at": "2026-11-21T06:00:00+00:00",
    "cores": 2, "cores_of_machine": 8, "memory_gb": 24.0, "system": "Linux",
    "python": "3.11.7", "torch": "2.13.0", "load_before": 0.1,
}  # fmt: skip
PUBLISH = {
    "machine": MACHINE,
    "quick": False,
    "commands": {"start-up alone": {"p50": 0.5}, "sync, first": {"p50": 4.0}},
}
PAGES = {
    "machine": MACHINE,
    "quick": True,
    "pages": {
        "empty, logged out": {"p50": 0.001, "p95": 0.002, "queries": 0, "bytes": 16},
        "home": {"p50": 0.0095, "p95": 0.02, "queries": 6, "bytes": 12345},
    },
}


def test_a_page_is_a_multiple_of_the_empty_view_beside_its_goal():
    (sheet,) = sheets("pages", PAGES)
    home = dict(zip(sheet.columns[:3], sheet.rows[1][:3], strict=True))
    assert home == {"page": "home", "times": "9.5", "goal": "≤ 9"}


def test_commands_are_multiples_of_starting_up():
    (sheet,) = sheets("publish", PUBLISH)
    assert sheet.rows[1] == ("sync, first", "4.00", "8.0")


def test_tables_replace_what_stood_between_the_markers_and_nothing_else(tmp_path):
    document = tmp_path / "performance.md"
    document.write_text(f"Before.\n{BEGIN}\nold\n{END}\nAfter.\n")
    write_document({"publish": PUBLISH, "pages": PAGES}, document)
    text = document.read_text()
    assert text.startswith("Before.\n")
    assert text.endswith("\nAfter.\n")
    assert "old" not in text
    assert "| home | 9.5 | ≤ 9 |" in text
    assert "few repetitions" in text


def test_a_document_without_markers_is_left_alone(tmp_path):
    document = tmp_path / "performance.md"
    document.write_text("Nothing here.\n")
    with pytest.raises(ValueError, match="lacks the lines"):
        write_document({"publish": PUBLISH}, document)
    assert document.read_text() == "Nothing here.\n"
