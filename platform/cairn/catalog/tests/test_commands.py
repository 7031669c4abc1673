"""The commands that authors and checkers use: what they print, and how they exit."""

import json
from io import StringIO

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from cairn.catalog.tests.sample import EXERCISE, LESSON, NORM, TOPIC, replace_in, write_sample
from grader.sandbox.base import SandboxUnavailable
from grader.sandbox.select import select_backend


@pytest.fixture
def root(tmp_path, settings):
    settings.CURRICULUM = write_sample(tmp_path / "curriculum")
    return settings.CURRICULUM


@pytest.fixture
def sandbox():
    try:
        return select_backend()
    except SandboxUnavailable as error:
        pytest.skip(str(error))


def call(*arguments):
    """Exit code, standard output, standard error."""
    out, err = StringIO(), StringIO()
    try:
        call_command(*map(str, arguments), stdout=out, stderr=err)
    except CommandError as error:
        return error.returncode, out.getvalue(), err.getvalue() + str(error)
    except SystemExit as end:
        return end.code or 0, out.getvalue(), err.getvalue()
    return 0, out.getvalue(), err.getvalue()


def verdict(text):
    """The one JSON document on standard output."""
    return json.loads(text)


class TestCheck:
    def test_a_sound_curriculum(self, root):
        code, out, _ = call("curriculum", "check")
        assert (code, out) == (0, "The curriculum is sound.\n")

    def test_an_error_is_told_with_its_place(self, root):
        replace_in(root, TOPIC, "minutes: 60", "minutes: soon")
        code, _, err = call("curriculum", "check")
        assert code == 1
        assert f"{TOPIC}:3: " in err

    def test_only_what_was_asked_for(self, root):
        replace_in(root, LESSON, "## A walk", "# A walk")
        assert call("curriculum", "check", "eigenvectors")[0] == 0
        assert call("curriculum", "check", "vectors-and-matrices")[0] == 1

    def test_an_unknown_name(self, root):
        code, _, err = call("curriculum", "check", "no-such-topic")
        assert code == 1
        assert "no-such-topic" in err

    def test_running_proves_solution_starter_and_wrong_ones(self, root, sandbox):
        code, out, err = call("curriculum", "check", "dot-product", "--run")
        assert code == 0, err
        assert "dot-product/solution.py: passed, as it must be" in out
        assert "dot-product/wrong/error_typo.py: error, as it must be" in out

    def test_a_wrong_solution_that_passes_is_told(self, root, sandbox):
        solution = (root / EXERCISE / "solution.py").read_text()
        (root / EXERCISE / "wrong" / "failed_not_at_all.py").write_text(solution)
        code, _, err = call("curriculum", "check", "dot-product", "--run")
        assert code == 1
        assert "wrong/failed_not_at_all.py: wanted failed, got passed" in err


class TestSync:
    @pytest.mark.django_db
    def test_it_says_what_was_published(self, root):
        code, out, _ = call("curriculum", "sync")
        assert code == 0
        assert "1 paths, 2 topics (1 written), 2 exercises, 1 projects" in out

    @pytest.mark.django_db
    def test_errors_publish_nothing(self, root):
        call("curriculum", "sync")
        (root / TOPIC).write_text("title: [\n")
        code, _, err = call("curriculum", "sync")
        assert code == 1
        assert f"{TOPIC}:2: This is not YAML" in err
        assert "the release before stays live" in err


class TestCoverage:
    ROWS = "id\troadmap\tsection\tkind\ttext\n4.002\t4\tVectors\titem\tAdd\n4.004\t4\tV\titem\tEigen\n"

    def test_all_covered(self, root, tmp_path):
        (tmp_path / "rows.tsv").write_text(self.ROWS)
        code, out, _ = call("curriculum", "coverage", tmp_path / "rows.tsv")
        assert (code, out) == (0, "2 of 2 rows are covered.\n")

    def test_what_is_missing_and_what_no_row_has(self, root, tmp_path):
        (tmp_path / "rows.tsv").write_text(self.ROWS.replace("4.002", "4.001"))
        code, out, _ = call("curriculum", "coverage", tmp_path / "rows.tsv", "--json")
        found = verdict(out)
        assert code == 1
        assert [row["id"] for row in found["uncovered"]] == ["4.001"]
        assert found["unknown"] == {"4.002": ["topic vectors-and-matrices"]}

    def test_a_file_that_is_not_there(self, root, tmp_path):
        assert call("curriculum", "coverage", tmp_path / "none.tsv")[0] == 2


def test_every_kind_of_file_has_a_schema(root, tmp_path):
    code, _, _ = call("curriculum", "schema", tmp_path / "schemas")
    assert code == 0
    schema = json.loads((tmp_path / "schemas" / "topic.schema.json").read_text())
    assert {"title", "summary", "minutes"} <= set(schema["required"])
    names = {file.name.split(".")[0] for file in (tmp_path / "schemas").iterdir()}
    assert names == {"topic", "quiz", "exercise", "project", "path", "skillmap", "assessment"}


@pytest.mark.usefixtures("sandbox")
class TestGrade:
    def test_a_solution_passes_and_its_verdict_has_the_contracts_keys(self, root):
        code, out, _ = call("grade", "dot-product", root / EXERCISE / "solution.py", "--json")
        found = verdict(out)
        assert code == 0
        assert found["exercise"] == "dot-product"
        assert found["status"] == "passed"
        assert found["score"] == 1
        assert set(found) >= {"tests", "output", "wall_seconds", "cpu_seconds", "peak_bytes", "content_hash"}
        assert set(found["tests"][0]) == {"name", "status", "message", "seconds"}

    def test_a_failure_is_the_learners(self, root):
        code, out, _ = call("grade", "dot-product", root / EXERCISE / "starter.py", "--json")
        assert code == 1
        assert verdict(out)["status"] == "failed"

    def test_a_folder_anywhere_on_disk(self, root, tmp_path):
        folder = (root / EXERCISE).rename(tmp_path / "mine")
        assert call("grade", folder, folder / "solution.py", "--json")[0] == 0

    def test_the_hash_is_the_one_that_is_published(self, root, db):
        from cairn.catalog.actions import publish
        from cairn.catalog.queries import library

        publish(root)
        _, out, _ = call("grade", "dot-product", root / EXERCISE / "solution.py", "--json")
        assert verdict(out)["content_hash"] == library().exercise("dot-product").content_hash

    def test_a_project(self, root):
        solution = root / "projects/linear-algebra-library/solution/linear.py"
        code, out, _ = call("grade", "linear-algebra-library", solution, "--json")
        assert code == 0
        assert verdict(out)["metrics"] == {"seconds": 0.5}

    def test_what_is_not_there(self, root):
        code, _, err = call("grade", "no-such-exercise", root / EXERCISE / "solution.py")
        assert code == 2
        assert "no-such-exercise" in err
        assert call("grade", "dot-product", root / "none.py")[0] == 2

    @pytest.mark.parametrize("content", [b"\xff\xfe\x00", b"x = 1\n" * 60_000])
    def test_a_file_that_cannot_be_graded_is_the_learners_error(self, root, tmp_path, content):
        (tmp_path / "dot.py").write_bytes(content)
        code, out, _ = call("grade", "dot-product", tmp_path / "dot.py", "--json")
        assert code == 1
        assert verdict(out)["status"] == "error"
        assert verdict(out)["message"]

    def test_every_file_of_a_folder_gets_a_line(self, root):
        code, out, _ = call("grade_dir", root / EXERCISE / "wrong", "--exercise", "dot-product", "--json")
        lines = [json.loads(line) for line in out.splitlines()]
        assert code == 1
        assert [(line["file"], line["status"]) for line in lines] == [
            ("error_typo.py", "error"),
            ("failed_adds_the_lists.py", "failed"),
        ]

    def test_a_folder_without_python(self, root, tmp_path):
        assert call("grade_dir", tmp_path, "--exercise", "dot-product")[0] == 2

    def test_files_beside_the_tests_are_theirs_to_import(self, root):
        (root / NORM / "helper.py").write_text("RIGHT = 5.0\n")
        replace_in(root, f"{NORM}/tests.py", "from grader", "from helper import RIGHT\nfrom grader")
        replace_in(root, f"{NORM}/tests.py", "5.0)", "RIGHT)")
        assert call("grade", "vector-norm", root / NORM / "solution.py", "--json")[0] == 0
