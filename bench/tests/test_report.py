"""The tables say what was measured, and stand where the document wants them."""

import pytest

from bench import pages
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
PEOPLE = ("newcomer", "median learner", "busiest learner")


def _measured(times):
    """One database: every page takes ``times`` empty views on the empty site, and twice that when full."""
    alone = {}
    for site, factor in (("empty", 1), ("full", 2)):
        alone[f"{site}: {pages.EMPTY}"] = {"p50": 0.001, "p95": 0.002}
        for page in (pages.LANDING, pages.SEARCH):
            alone[f"{site}: {page}"] = {"p50": 0.001 * times * factor, "p95": 0.01}
        for who in PEOPLE if site == "full" else PEOPLE[:1]:
            for page in (*pages.PAGES, pages.AFTER_A_CHANGE):
                alone[f"{site}: {who}: {page}"] = {"p50": 0.001 * times * factor, "p95": 0.01}
    counts = {page: [14, 2] for page in pages.PAGES}
    crowd = {
        "pages": {page: {"p50": 0.02, "p95": 0.03} for page in pages.CROWDED},
        "errors": [],
        "per_second": 100.0,
    }
    return {
        "filled": {"learners": 10_000, "events": 2_000_000, "rows": 1_500_000, "seconds": 120.0},
        "alone": alone,
        "bytes": {f"full: {who}: home": 12_345 for who in PEOPLE},
        "queries": {"empty: newcomer": counts, **{f"full: {who}": counts for who in PEOPLE}},
        "stored": dict.fromkeys(PEOPLE, 100),
        "crowd": {"empty": crowd, "full": crowd},
        "memory": {"idle": {"full": 100 * 2**20}, "after": {"full": 150 * 2**20}},
        "cold_lesson": {"requests": 9, "bytes": 99_000, "fonts": 3, "font_bytes": 90_000},
    }


PAGES = {
    "machine": MACHINE,
    "quick": True,
    "learners": 10_000,
    "clients": 32,
    "databases": {"SQLite": _measured(4.5)},
}


def test_logging_is_a_share_of_a_step_beside_its_goal():
    seconds = {"from cancel to stopped": {"p50": 1.234, "worst": 1.5}}
    logging = {"step_p50": 0.02, "log_p50": 0.00003, "share": 0.0015}
    cost, times = sheets(
        "training", {"machine": MACHINE, "quick": False, "logging": logging, "seconds": seconds}
    )
    assert cost.rows == (("20.0", "30", "0.15%", "< 1%"),)
    assert times.rows == (("from cancel to stopped", "1.23", "1.50"),)


def test_a_number_s_way_to_the_pixel_stands_beside_its_way_to_a_socket():
    socket = {"p50": 0.004, "p95": 0.008, "missed": 0.0}
    drawn = {"1": {"p50": 0.05, "p95": 0.0661}, "100": {"absent": "no chromium"}}
    delays = {crowd: socket | {"drawn": one} for crowd, one in drawn.items()}
    found = {"delays": delays, "rate": {"events": 300.0, "points": 15_000.0}, "reads": {}}
    told = {"machine": MACHINE, "quick": False, "databases": {"SQLite": found}, "asked": 1000, "long": 10**6}
    sheet, _ = sheets("live", told)
    assert sheet.rows == (
        ("1", "4.0", "8.0", "50.0", "66.1", "0%"),
        ("100", "4.0", "8.0", "no chromium", "", "0%"),
    )


def test_a_page_is_a_multiple_of_the_empty_view_beside_its_goals():
    alone, _, _ = sheets("pages", PAGES)
    home = dict(zip(alone.columns, alone.rows[0], strict=True))
    assert home["page"] == "home"
    assert (home["empty database"], home["median learner"]) == ("4.5", "9.0")
    assert (home["busiest / empty"], home["queries, then kept"]) == ("2.00", "14, 2")
    assert home["kB sent"] == "12"


def test_queries_that_differ_between_people_show_as_a_range():
    measured = _measured(1)
    measured["queries"]["full: busiest learner"] = {page: [15, 2] for page in pages.PAGES}
    alone, _, _ = sheets("pages", PAGES | {"databases": {"SQLite": measured}})
    assert alone.rows[0][alone.columns.index("queries, then kept")] == "14-15, 2"


def test_what_could_not_be_measured_says_why():
    measured = _measured(1) | {"cold_lesson": {"absent": "no chromium is installed"}}
    *_, footprint = sheets("pages", PAGES | {"databases": {"SQLite": measured}})
    assert footprint.rows[-1] == ("a cold lesson page", "not measured: no chromium is installed", "")


def test_commands_are_multiples_of_starting_up():
    (sheet,) = sheets("publish", PUBLISH)
    assert sheet.rows[1] == ("sync, first", "4.00", "8.0")


def test_tables_replace_what_stood_between_the_markers_and_nothing_else(tmp_path):
    document = tmp_path / "performance.md"
    document.write_text(f"Before.\n{BEGIN}\nstale figures\n{END}\nAfter.\n")
    write_document({"publish": PUBLISH, "pages": PAGES}, document)
    text = document.read_text()
    assert text.startswith("Before.\n")
    assert text.endswith("\nAfter.\n")
    assert "stale figures" not in text
    assert "| home | 4.5 | 9.0 |" in text
    assert "few repetitions" in text


def test_a_document_without_markers_is_left_alone(tmp_path):
    document = tmp_path / "performance.md"
    document.write_text("Nothing here.\n")
    with pytest.raises(ValueError, match="lacks the lines"):
        write_document({"publish": PUBLISH}, document)
    assert document.read_text() == "Nothing here.\n"
