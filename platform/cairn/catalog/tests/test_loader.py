"""Every mistake an author makes is named with its file, its line and what to do; all of them at once."""

import pytest

from cairn.catalog.loader import load
from cairn.catalog.tests.sample import (
    EXERCISE,
    FILES,
    LESSON,
    PATH,
    PROJECT,
    QUIZ,
    TOPIC,
    replace_in,
    write_sample,
)


@pytest.fixture
def root(tmp_path):
    return write_sample(tmp_path)


def errors(root):
    loaded = load(root)
    for draft in loaded.drafts:
        draft.make()
    return loaded.errors


def only_error(root):
    found = errors(root)
    assert len(found) == 1, [str(error) for error in found]
    return found[0]


def line_of(name, text):
    return next(i for i, line in enumerate(FILES[name].splitlines(), 1) if text in line)


def test_a_sound_curriculum_has_no_errors(root):
    assert errors(root) == []


def test_it_reads_what_is_there(root):
    library = load(root).library
    topic = library.topic("vectors-and-matrices")
    assert topic.written
    assert topic.area == "mathematics"
    assert topic.question_count == 5
    assert topic.outline[0] == ("a-walk-in-two-numbers", "A walk in two numbers")
    assert topic.paths == ("zero-to-llm",)
    assert not library.topic("eigenvectors").written
    exercise = library.exercise("dot-product")
    assert (exercise.topic, exercise.example_count, exercise.test_count) == ("vectors-and-matrices", 1, 4)


def test_a_milestones_stones_are_its_projects_criteria_then_its_own(root):
    library = load(root).library
    milestone = library.path("zero-to-llm").milestone("linear-algebra")
    stones = [(placed.criterion.id, placed.project) for placed in library.criteria(milestone)]
    assert stones[0] == ("products", "linear-algebra-library")
    assert stones[-1] == ("quiz", None)
    assert library.is_open(milestone)
    assert not library.is_open(library.path("zero-to-llm").milestone("decompositions"))


def test_malformed_yaml(root):
    (root / TOPIC).write_text("title: Vectors\nsummary: a: b\nminutes: 60\n")
    error = next(error for error in errors(root) if error.file == TOPIC)
    assert error.line == 2
    assert "not YAML" in error.message
    assert "quotes" in error.remedy


def test_a_misspelt_key_is_named_with_the_one_meant(root):
    replace_in(root, TOPIC, "minutes: 60", "minuts: 60")
    found = {error.message: error for error in errors(root) if error.file == TOPIC}
    assert found["`minuts` is not a key that can stand here."].line == 3
    assert found["`minuts` is not a key that can stand here."].remedy == "Did you mean `minutes`?"
    assert "`minutes` is missing." in found


def test_a_key_written_twice(root):
    replace_in(root, TOPIC, "minutes: 60", "minutes: 60\nminutes: 70")
    assert any(e.line == 4 and "twice" in e.message for e in errors(root) if e.file == TOPIC)


def test_a_wrong_value_deep_in_a_quiz_has_its_line(root):
    replace_in(root, QUIZ, "tolerance: 0.01", "tolerance: -1")
    error = only_error(root)
    assert (error.file, error.line) == (QUIZ, line_of(QUIZ, "tolerance"))
    assert "tolerance" in error.message


def test_two_right_answers_to_a_single_question(root):
    replace_in(root, QUIZ, "{text: A vector,", "{text: A vector, correct: true,")
    error = only_error(root)
    assert "exactly one correct choice" in error.message
    assert error.line == line_of(QUIZ, "what-is-a-dot-product")


def test_every_error_is_told_at_once(root):
    replace_in(root, TOPIC, "minutes: 60", "minutes: none")
    replace_in(root, QUIZ, "answer: 14", "answer: many")
    (root / EXERCISE / "prompt.md").unlink()
    assert {error.file for error in errors(root)} >= {TOPIC, QUIZ, f"{EXERCISE}/prompt.md"}


def test_a_quiz_section_that_the_lesson_does_not_have(root):
    replace_in(root, QUIZ, "section: one-number-from-two-lists", "section: one-number")
    error = only_error(root)
    assert error.line == line_of(QUIZ, "section:")
    assert "one-number-from-two-lists" in error.remedy


def test_prerequisites_in_a_circle_are_named(root):
    replace_in(root, TOPIC, "minutes: 60", "minutes: 60\nprerequisites: [eigenvectors]")
    message = only_error(root).message
    assert "vectors-and-matrices needs eigenvectors" in message
    assert "eigenvectors needs vectors-and-matrices" in message


@pytest.mark.parametrize(
    ("name", "old", "new", "message"),
    [
        (
            PATH,
            "topics: [eigenvectors]\n        criteria",
            "topics: [eigen]\n        criteria",
            "no topic `eigen`",
        ),
        (PATH, "projects: [linear-algebra-library]", "projects: [library]", "no project `library`"),
        (PATH, "[dot-product, vector-norm]", "[dot-products]", "no exercise `dot-products`"),
        (PATH, "slug: decompositions", "slug: linear-algebra", "on this path twice"),
        (
            TOPIC,
            "[dot-product, vector-norm]",
            "[dot-product, vector-norm, angle]",
            "no exercise folder `angle`",
        ),
        (f"{PROJECT}/project.yaml", "tests: [test_dot]", "tests: [test_cross]", "has a test `test_cross`"),
        (f"{PROJECT}/project.yaml", "metric: seconds", "metric: memory", "records a metric `memory`"),
        (
            f"{PROJECT}/project.yaml",
            "title: A report",
            "title: A report, file: essay.md",
            "not among the files",
        ),
        (f"{EXERCISE}/tests.py", "@example\n", "", "No test is an example"),
        (f"{EXERCISE}/tests.py", "def test_lengths(student):", "def test_lengths(student)", "not Python"),
        (LESSON, "figures/arrow.svg", "figures/bow.svg", "does not exist"),
        (LESSON, "An arrow.", "An [arrow](/topics/arrows).", "`/topics/arrows` leads nowhere"),
        (QUIZ, "prompt: Which are", "prompt: See [it](/exercises/dot#a). Which are", "leads nowhere"),
        (LESSON, "## A walk", "# A walk", "no `#` heading"),
        (LESSON, "```python", "```pyton", "No highlighting"),
    ],
)
def test_what_leads_nowhere_is_told(root, name, old, new, message):
    replace_in(root, name, old, new)
    found = [error for error in errors(root) if message in error.message]
    assert found, [str(error) for error in errors(root)]
    assert found[0].file == name
    assert found[0].line > 0


def test_links_that_lead_somewhere(root):
    links = (
        "[a](/topics/eigenvectors) [b](/exercises/dot-product#x) [c](/paths/zero-to-llm/) [d](/api/v1/docs)"
    )
    replace_in(root, LESSON, "An arrow.", links)
    assert errors(root) == []


def test_two_exercises_of_one_name(root):
    for name in ("exercise.yaml", "prompt.md", "starter.py", "solution.py", "tests.py"):
        copy = root / "topics/mathematics/eigenvectors/exercises/dot-product" / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_text((root / EXERCISE / name).read_text())
    assert any("`dot-product` is taken by" in error.message for error in errors(root))


def test_an_exercise_that_no_topic_lists(root):
    replace_in(root, TOPIC, "[dot-product, vector-norm]", "[dot-product]")
    assert any("No topic lists this exercise" in error.message for error in errors(root))


def test_a_wrong_solution_says_which_verdict_it_must_get(root):
    (root / EXERCISE / "wrong" / "bad_sums.py").write_text("x = 1\n")
    error = only_error(root)
    assert error.file.endswith("wrong/bad_sums.py")
    assert "failed" in error.remedy


@pytest.mark.parametrize("name", ["starter.py", "solution.py", "prompt.md", "tests.py"])
def test_a_file_that_is_missing_is_named(root, name):
    (root / EXERCISE / name).unlink()
    assert any(e.file == f"{EXERCISE}/{name}" and "missing" in e.message for e in errors(root))


def test_a_folder_whose_yaml_is_missing(root):
    (root / "topics/mathematics/calculus").mkdir()
    assert only_error(root).file == "topics/mathematics/calculus/topic.yaml"


def test_a_file_that_is_no_text(root):
    (root / LESSON).write_bytes(b"\xff\xfe\x00")
    assert any(error.file == LESSON and "UTF-8" in error.message for error in errors(root))


def test_a_nul_character_which_no_database_keeps(root):
    (root / EXERCISE / "prompt.md").write_text("One line.\nA NUL: \0\n")
    error = only_error(root)
    assert (error.file, error.line) == (f"{EXERCISE}/prompt.md", 2)


def test_an_empty_folder_says_where_to_look(tmp_path):
    assert "no curriculum here" in only_error(tmp_path).message


def test_names_that_cannot_be_addresses(root):
    folder = root / "topics/mathematics/Big Ideas"
    folder.mkdir()
    (folder / "topic.yaml").write_text("title: Ideas\nsummary: Big.\nminutes: 5\n")
    assert any("`Big Ideas` cannot be an address" in error.message for error in errors(root))
