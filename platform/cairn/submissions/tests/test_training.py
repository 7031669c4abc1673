"""Starting to train: the form, the estimate, quotas, what a run is worth, who stands on the board."""

from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from cairn.accounts.models import User
from cairn.catalog.actions import publish
from cairn.catalog.queries import Library
from cairn.runs import actions as runs
from cairn.runs import nodes
from cairn.runs.models import Run
from cairn.runs.tests.training import Node, line, lose
from cairn.submissions import training
from cairn.submissions.models import Draft, Submission, Work
from cairn.submissions.queries import results_of
from cairn.submissions.tests.training_sample import CODE, publish_training
from grader.contract import Cost, NodeState, Verdict

pytestmark = pytest.mark.django_db
SLUG = "reading-digits"
FORM = {"param:rate": "0.1", "param:epochs": "5", "param:optimizer": "sgd", "seed": "7", "queue": "train-cpu"}
FILES = {f"file:{name}": text for name, text in CODE.items()}


@pytest.fixture
def books(db: None, tmp_path: Path, settings: Any) -> Library:
    place = {**settings.STORAGES["artifacts"], "OPTIONS": {"location": tmp_path / "artifacts"}}
    settings.STORAGES = {**settings.STORAGES, "artifacts": place}
    return publish_training(tmp_path / "curriculum")


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user, "allauth.account.auth_backends.AuthenticationBackend")
    return client


@pytest.fixture
def page(books: Library, alice: User) -> Client:
    return signed_in(alice)


def start(client: Client, slug: str = SLUG, **more: Any) -> Any:
    return client.post(f"/projects/{slug}/runs", FORM | FILES | more)


def ended(**metrics: float) -> Run:
    """A node trains what waits, and measures so much."""
    node = Node()
    claim = node.claim()
    node.report(Verdict.PASSED, score=1.0, metrics=metrics, cpu_seconds=30.0, wall_seconds=20.0)
    return Run.objects.get(pk=claim.job.id)


# --- starting


def test_the_form_has_the_project_s_schema(page: Client) -> None:
    text = page.get(f"/projects/{SLUG}/runs").content.decode()
    for name in ("param:rate", "param:epochs", "param:optimizer", "param:augment", "seed", "queue"):
        assert f'name="{name}"' in text
    assert 'value="0.01"' in text
    assert "300 of 300 GPU minutes" in text


def test_a_run_has_the_settings_that_were_chosen(page: Client, alice: User) -> None:
    answer = start(page)
    run = Run.objects.get(owner=alice)
    assert answer["Location"] == f"/runs/{run.pk}"
    job = Node().claim().job
    assert job.training is not None
    chosen = {"rate": 0.1, "epochs": 5, "optimizer": "sgd", "augment": False}
    assert job.training.parameters == chosen
    assert (job.seed, job.entry, job.evaluated) == (7, "train.py", "solution.py")
    assert job.files == CODE
    assert "tests.py" in job.tests
    assert job.limits.wall_seconds == 300
    assert (run.subject, run.queue) == ("projects/reading-digits", "train-cpu")


def test_wrong_settings_are_told_per_field_and_all_is_kept(page: Client) -> None:
    answer = start(page, **{"param:rate": "7", "param:epochs": "2.5", "param:optimizer": "magic"})
    text = answer.content.decode()
    assert answer.status_code == 422
    assert "Learning rate is a number from 0.0001 to 1." in text
    assert "Epochs is a whole number from 1 to 20." in text
    assert "Optimizer is one of sgd, adam." in text
    assert 'value="7"' in text
    assert "return images * 2" in text
    assert not Run.objects.exists()


def test_without_files_the_draft_is_trained_and_else_the_last_submission(page: Client, alice: User) -> None:
    start(page)
    ended(accuracy=0.5)
    page.post(f"/projects/{SLUG}/runs", FORM)
    assert Submission.objects.first().files == Submission.objects.last().files  # type: ignore[union-attr]
    ended(accuracy=0.5)
    mine = CODE | {"solution.py": "x = 1\n"}
    Draft.objects.create(user=alice, work=Work.PROJECT, slug=SLUG, files=mine)
    page.post(f"/projects/{SLUG}/runs", FORM)
    assert Node().claim().job.files["solution.py"] == "x = 1\n"


def test_files_that_are_missing_are_named(page: Client) -> None:
    answer = page.post(f"/projects/{SLUG}/runs", FORM | {"file:train.py": "import cairn"})
    assert answer.status_code == 422
    assert "solution.py is missing or empty" in answer.content.decode()


def test_submit_trains_with_the_author_s_settings(books: Library, alice: User) -> None:
    submission = training.hand_in(alice, "project", SLUG, CODE)
    assert submission.run.kind == "train"
    assert submission.run.spec["training"]["parameters"]["optimizer"] == "adam"
    assert training.hand_in(alice, "exercise", "dot-product", {"dot.py": "x = 1"}).run.kind == "grade"


def test_start_again_brings_the_settings_back(page: Client, alice: User, bob: User) -> None:
    start(page)
    run = Run.objects.get()
    text = page.get(f"/projects/{SLUG}/runs?again={run.pk}").content.decode()
    assert 'value="0.1"' in text
    assert 'value="7"' in text
    assert signed_in(bob).get(f"/projects/{SLUG}/runs?again={run.pk}").status_code == 404
    assert page.get(f"/projects/{SLUG}/runs?again=7").status_code == 404


def test_a_project_that_does_not_train_has_no_runs_page(page: Client) -> None:
    for place in ("runs", "leaderboard"):
        assert page.get(f"/projects/linear-algebra-library/{place}").status_code == 404


@pytest.mark.parametrize("place", ["runs", "estimates", "leaderboard"])
def test_a_guest_is_sent_to_sign_in(place: str, books: Library) -> None:
    answer = Client().post(f"/projects/{SLUG}/{place}", FORM | FILES)
    assert answer.status_code == 302
    assert "/account/login" in answer["Location"]
    assert not Run.objects.exists()


def test_the_page_costs_a_fixed_number_of_queries(page: Client, django_assert_num_queries: Any) -> None:
    for _ in range(3):
        start(page)
        ended(accuracy=0.9)
    with django_assert_num_queries(7):
        page.get(f"/projects/{SLUG}/runs")


# --- the estimate


def test_an_estimate_says_what_the_whole_would_cost(page: Client) -> None:
    page.post(f"/projects/{SLUG}/estimates", FORM | FILES)
    run = Run.objects.get()
    assert run.kind == "estimate"
    node = Node()
    node.claim()
    node.report(
        cost=Cost(parameters=12345, memory_bytes=300 * 2**20, seconds=240, steps=1000, step_seconds=0.24)
    )
    text = page.get(f"/projects/{SLUG}/runs").content.decode()
    for words in ("12,345", "300 MB", "about 4 min", "1,000 of 240 ms each"):
        assert words in text
    assert not Submission.objects.exists()


def test_a_new_estimate_stops_the_one_before(page: Client) -> None:
    for _ in range(2):
        page.post(f"/projects/{SLUG}/estimates", FORM | FILES)
    assert sorted(Run.objects.values_list("state", flat=True)) == ["cancelled", "queued"]


def test_an_estimate_by_script_gives_the_live_results_or_what_is_wrong(page: Client) -> None:
    script = {"HX-Request": "true"}
    answer = page.post(f"/projects/{SLUG}/estimates", FORM | FILES, headers=script)
    assert "<run-live" in answer.content.decode()
    wrong = page.post(f"/projects/{SLUG}/estimates", FORM | FILES | {"seed": "x"}, headers=script)
    assert "Seed is a whole number from 0" in wrong.content.decode()


# --- by API


def token(user: User) -> dict[str, str]:
    from knox.models import AuthToken

    return {"Authorization": f"Token {AuthToken.objects.create(user=user)[1]}"}


def test_a_script_starts_a_run_and_leaves_out_what_it_likes(books: Library, alice: User, bob: User) -> None:
    place, mine = f"/api/v1/projects/{SLUG}/runs", token(alice)
    body = {"files": CODE, "parameters": {"epochs": 2}, "seed": 3}
    answer = Client().post(place, body, content_type="application/json", headers=mine)
    assert answer.status_code == 201, answer.content
    run = Run.objects.get(pk=answer.json()["run"])
    chosen = {"rate": 0.01, "epochs": 2, "optimizer": "adam", "augment": True}
    assert (run.spec["training"]["parameters"], run.spec["seed"]) == (chosen, 3)
    (row,) = Client().get(place, headers=mine).json()
    assert (row["id"], row["state"], row["parameters"]) == (str(run.pk), "queued", chosen)
    assert Client().get(place, headers=token(bob)).json() == []
    assert Client().get(place).status_code == 401


def test_a_script_is_told_per_setting_what_is_wrong(books: Library, alice: User) -> None:
    place = f"/api/v1/projects/{SLUG}/runs"
    for parameters in ({"epochs": 500}, {"speed": 1}):
        body = {"files": CODE, "parameters": parameters}
        answer = Client().post(place, body, content_type="application/json", headers=token(alice))
        assert answer.status_code == 400
        assert next(iter(parameters)) in str(answer.json())


def test_curves_and_artifacts_by_api(page: Client, alice: User, bob: User) -> None:
    start(page)
    node = Node()
    run = node.claim().job.id
    node.tell(line("loss", range(5)))
    made = node.keep("model", b"weights")
    mine, theirs = token(alice), token(bob)
    curve = Client().get(f"/api/v1/runs/{run}/curves", headers=mine).json()["curves"]["loss"]
    assert curve["count"] == 5
    (row,) = Client().get(f"/api/v1/runs/{run}/artifacts", headers=mine).json()
    assert (row["name"], row["digest"], row["size"]) == ("model", made.digest, 7)
    answer = Client().get(f"/api/v1/runs/{run}/artifacts/model", headers=mine)
    assert b"".join(answer.streaming_content) == b"weights"  # type: ignore[attr-defined]
    for place in ("curves", "artifacts", "artifacts/model"):
        assert Client().get(f"/api/v1/runs/{run}/{place}", headers=theirs).status_code == 404


# --- quotas


def test_only_so_many_runs_at_once(page: Client) -> None:
    for _ in range(2):
        assert start(page).status_code == 302
    answer = start(page)
    assert answer.status_code == 429
    assert "You have 2 training runs under way" in answer.content.decode()
    assert Run.objects.count() == 2


def test_minutes_of_a_week_are_used_up_and_our_failures_are_free(
    page: Client, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.TRAIN_MINUTES = {"train-cpu": 0.0000001, "train-gpu": 10}
    start(page)
    ended(accuracy=0.5)
    assert "You have used your" in start(page).content.decode()
    Run.objects.update(verdict="internal")
    assert start(page).status_code == 302


def on_two_nodes(root: Path) -> None:
    """The project trains on two nodes together from now on."""
    spec = root / f"projects/{SLUG}/project.yaml"
    spec.write_text(spec.read_text().replace("training:\n", "training:\n  nodes: 2\n"))
    publish(root)


def test_what_trains_on_several_nodes_is_not_started_where_none_can(
    page: Client, tmp_path: Path, alice: User
) -> None:
    on_two_nodes(tmp_path / "curriculum")
    answer = start(page)
    assert answer.status_code == 409
    assert "on 2 nodes together, and no node of this installation can" in answer.content.decode()
    assert not Run.objects.exists()


def test_a_run_for_several_nodes_waits_and_says_for_what(page: Client, tmp_path: Path, alice: User) -> None:
    on_two_nodes(tmp_path / "curriculum")
    nodes.seen("n1", 1, NodeState(address="n1.example:7077"))
    assert start(page).status_code == 302
    run = Run.objects.get()
    assert (run.nodes, run.spec["training"]["nodes"]) == (2, 2)
    assert "It starts once 2 nodes are free together" in page.get(f"/runs/{run.pk}").content.decode()


def test_starting_too_often_is_refused(page: Client, settings: Any) -> None:
    settings.TRAIN_AT_ONCE = 100
    answers = [start(page).status_code for _ in range(13)]
    assert answers == [302] * 12 + [429]


# --- inputs


def test_a_run_starts_from_an_earlier_model_of_the_learner_s_own(
    page: Client, alice: User, bob: User
) -> None:
    start(page)
    node = Node()
    node.claim()
    made = node.keep("model", b"weights")
    node.report()
    (artifact,) = Run.objects.get().artifacts.all()
    form = {"seed": "0", "queue": "train-cpu", "input:reader": str(artifact.pk)} | FILES
    stranger = signed_in(bob).post("/projects/fine-tuning/runs", form)
    assert stranger.status_code == 422
    assert "That artifact is not one of yours." in stranger.content.decode()
    assert page.post("/projects/fine-tuning/runs", form).status_code == 302
    second = Node()
    job = second.claim().job
    assert job.training is not None
    assert job.training.inputs["reader"].digest == made.digest
    assert b"".join(second.get(made.digest).streaming_content) == b"weights"
    text = page.get(f"/runs/{job.id}").content.decode()
    assert f"/runs/{artifact.run_id}" in text
    assert f"/runs/{job.id}" in page.get(f"/runs/{artifact.run_id}").content.decode()


def test_what_a_project_needs_to_start_from_is_asked_for(page: Client) -> None:
    answer = page.post("/projects/fine-tuning/runs", {"seed": "0", "queue": "train-cpu"} | FILES)
    assert "Train that first." in answer.content.decode()


# --- what a run is worth


def test_the_best_value_of_a_metric_counts_and_stays(page: Client, alice: User) -> None:
    for accuracy in (0.7, 0.95, 0.8):
        start(page)
        ended(accuracy=accuracy)
    outcome = results_of(alice).projects[SLUG]
    assert outcome.ranges["accuracy"] == (0.7, 0.95)


def test_a_run_that_failed_on_our_side_is_no_attempt(page: Client, alice: User) -> None:
    start(page)
    run = Run.objects.get()
    for _ in range(5):
        Node().claim()
        lose(run)
    assert run.verdict == "internal"
    assert SLUG not in results_of(alice).projects


# --- the leaderboard


def test_who_takes_part_stands_on_the_board_by_their_best_run(page: Client, alice: User, bob: User) -> None:
    for accuracy in (0.92, 0.97):
        start(page)
        ended(accuracy=accuracy)
    start(signed_in(bob))
    ended(accuracy=0.99)
    assert "Nobody stands here yet" in page.get(f"/projects/{SLUG}/leaderboard").content.decode()
    page.post(f"/projects/{SLUG}/leaderboard", {"alias": "Lichen"})
    text = page.get(f"/projects/{SLUG}/leaderboard").content.decode()
    assert "Lichen" in text
    assert "0.97" in text
    assert "0.99" not in text
    signed_in(bob).post(f"/projects/{SLUG}/leaderboard", {"alias": ""})
    rows = page.get(f"/projects/{SLUG}/leaderboard").context["board"].by_metric
    assert [(row.rank, row.name, row.is_me) for row in rows] == [(1, "bob", False), (2, "Lichen", True)]
    page.post(f"/projects/{SLUG}/leaderboard", {"leave": "1"})
    rows = page.get(f"/projects/{SLUG}/leaderboard").context["board"].by_metric
    assert [row.name for row in rows] == ["bob"]


def test_an_alias_is_one_person_s(page: Client, bob: User) -> None:
    page.post(f"/projects/{SLUG}/leaderboard", {"alias": "Lichen"})
    answer = signed_in(bob).post(f"/projects/{SLUG}/leaderboard", {"alias": "lichen"})
    assert answer.status_code == 422


def test_only_runs_that_passed_on_the_present_content_stand_there(page: Client) -> None:
    page.post(f"/projects/{SLUG}/leaderboard", {"alias": ""})
    start(page)
    node = Node()
    node.claim()
    node.report(Verdict.FAILED, metrics={"accuracy": 0.99})
    start(page)
    ended(accuracy=0.91)
    Submission.objects.filter(place=2).update(content_hash="old")
    board = page.get(f"/projects/{SLUG}/leaderboard").context["board"]
    assert board.by_metric == ()


def test_by_compute_the_cheapest_run_that_reaches_the_target_is_first(page: Client, alice: User) -> None:
    page.post(f"/projects/{SLUG}/leaderboard", {"alias": ""})
    for accuracy, seconds in ((0.5, 1.0), (0.99, 90.0), (0.91, 10.0)):
        start(page)
        node = Node()
        node.claim()
        node.report(score=1.0, metrics={"accuracy": accuracy}, cpu_seconds=seconds)
    board = page.get(f"/projects/{SLUG}/leaderboard").context["board"]
    assert [row.entry.value for row in board.by_metric] == [0.99]
    assert [row.entry.seconds for row in board.by_compute] == [10.0]


def test_stopping_keeps_what_was_made(page: Client, alice: User) -> None:
    start(page)
    run = Run.objects.get()
    node = Node()
    node.claim()
    node.keep("model", b"weights")
    page.post(f"/runs/{run.pk}/cancellation")
    runs.release(run.pk, node.held.token)
    text = page.get(f"/runs/{run.pk}").content.decode()
    assert "What it made is kept." in text
    assert page.get(f"/runs/{run.pk}/artifacts/model").status_code == 200
