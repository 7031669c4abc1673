"""A training from start to report: what is told, what is kept, and whose fault it was."""

import threading
import time
from pathlib import Path

import pytest

from grader.contract import (
    Artifact,
    ArtifactRole,
    Event,
    Finding,
    Job,
    Kind,
    Limits,
    Metric,
    Points,
    Sample,
    Verdict,
)
from grader.sandbox.unsafe import Unsafe
from grader.training import tensors
from grader.training.tests.jobs import EVALUATE, LIMITS, POINTS, job, run


def test_it_trains_keeps_the_model_and_is_evaluated_with_what_is_hidden(tmp_path: Path) -> None:
    ran = run(job(tests=EVALUATE, datasets=(POINTS,)), tmp_path)
    assert ran.report.status is Verdict.PASSED, ran.report
    assert ran.phases == ["starting", "preparing", "training", "evaluating", "importing", "testing", "done"]
    assert ran.curve("loss")[0][0] == 0
    assert [step for step, _ in ran.curve("loss")] == list(range(60))
    assert len([points for points in ran.of(Points) if points.name == "loss"]) < 20  # collected, not each
    assert ran.report.metrics["accuracy"] > 0.7
    assert ran.of(Metric)[0].name == "accuracy"
    model = ran.artifact("model")
    assert model.role is ArtifactRole.MODEL
    weights, _ = tensors.read(ran.depot.place(model))
    assert sorted(weights) == ["a.bias", "a.weight", "b.bias", "b.weight"]
    assert ran.printed == "trained\n" == ran.report.output
    # The share of the processor is known from the second reading on: after a second.
    assert {points.name for points in ran.of(Points)} >= {"loss", "system/memory"}
    assert ran.report.wall_seconds > 0
    assert ran.report.cpu_seconds > 0
    assert ran.report.peak_bytes > 2**20


LOOKS = """
import os, cairn
seen = cairn.data("points")
print(sorted(seen), seen["valid_labels"].shape)
for path in ("/data/points/hidden", "/data/hidden", "/data/points/../hidden"):
    print(os.path.exists(path))
found = [os.path.join(top, name) for top, _, names in os.walk("/") for name in names if name == "inputs.npy"]
print(found)
seen["train_inputs"][0] = 0
try:
    open("/data/points/train_inputs.npy", "r+")
except OSError as error:
    print(isinstance(error, OSError))
"""


def test_the_hidden_split_is_nowhere_in_the_sandbox_and_data_cannot_be_changed(tmp_path: Path) -> None:
    ran = run(job(LOOKS, datasets=(POINTS,)), tmp_path)
    names = "['train_inputs', 'train_labels', 'valid_inputs', 'valid_labels'] (64,)\n"
    assert ran.printed == names + "False\n" * 3 + "[]\nTrue\n"


def test_a_data_set_is_made_once(tmp_path: Path, cache: Path) -> None:
    for _ in range(2):
        ran = run(job("import cairn; cairn.data('points')", datasets=(POINTS,)), tmp_path)
        assert ran.report.status is Verdict.PASSED
    assert len([path for path in (cache / "datasets").iterdir() if path.is_dir()]) == 1


def test_a_loader_that_fails_is_our_failure_with_its_reason(tmp_path: Path) -> None:
    loaders = {"points.py": "def load(seed): raise ValueError('no disk')"}
    report = run(job(datasets=(POINTS,)).model_copy(update={"loaders": loaders}), tmp_path).report
    assert report.status is Verdict.INTERNAL
    assert "ValueError: no disk" in report.message


@pytest.mark.parametrize(
    ("program", "verdict", "sentence"),
    [
        ("x = 1\nraise ValueError('bad shape')", Verdict.ERROR, "an error: ValueError: bad shape (line 2)"),
        ("import sys; sys.exit(3)", Verdict.ERROR, "your program called exit(3)"),
        ("def f(", Verdict.ERROR, "SyntaxError"),
        ("import os; os._exit(5)", Verdict.ERROR, "ended with exit code 5"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", Verdict.ERROR, "was ended by SIGSEGV"),
        ("x = [bytearray(2**20) for _ in range(400)]", Verdict.MEMORY, "memory"),
        ("x = bytearray(2**40)", Verdict.MEMORY, "asked for more memory than the 256 MB"),
        ("while True: pass", Verdict.TIMEOUT, "took longer than 3 s. What it had saved by then is kept."),
        ("open('x','wb').write(bytes(2**25))", Verdict.ERROR, "work folder is full; it holds 16 MB"),
        ("import socket; socket.socket()", Verdict.FORBIDDEN, "does not allow"),
        ("open('/etc/passwd', 'w')", Verdict.FORBIDDEN, "does not allow"),
    ],
)  # fmt: skip
def test_each_end_has_its_verdict_and_its_sentence(
    program: str, verdict: Verdict, sentence: str, tmp_path: Path
) -> None:
    limits = Limits(wall_seconds=3, cpu_seconds=60, memory_bytes=2**28, output_bytes=2**16)
    report = run(job(program, limits=limits, disk_bytes=2**24), tmp_path).report
    assert (report.status, sentence in report.message) == (verdict, True), report


def test_an_error_is_shown_where_python_would_show_it(tmp_path: Path) -> None:
    ran = run(job("def step():\n    1 / 0\n\nstep()\n"), tmp_path)
    assert ran.printed == (
        "Traceback (most recent call last):\n"
        '  File "train.py", line 4, in <module>\n'
        "    step()\n"
        '  File "train.py", line 2, in step\n'
        "    1 / 0\n"
        "    ~~^~~\n"
        "ZeroDivisionError: division by zero\n"
    )


KEEPS = """
import io, pathlib, time
import cairn, numpy as np
cairn.save("weights", {"w": np.ones((2, 3), "float32")})
cairn.save("notes", "plain words")
cairn.save("settings", {"depth": 3})
cairn.image("square", np.linspace(0, 1, 64).reshape(8, 8), 4)
cairn.audio("tone", np.sin(np.arange(8000) / 5))
cairn.text("sonnet", "Shall I compare thee")
pathlib.Path("a.safetensors").write_bytes(b"nonsense")
"""


def test_what_is_made_is_checked_kept_and_told_of(tmp_path: Path) -> None:
    ran = run(job(KEEPS), tmp_path)
    assert ran.report.status is Verdict.PASSED
    kept = {artifact.name: artifact for artifact in ran.of(Artifact)}
    assert {name: (one.role, one.media_type) for name, one in kept.items()} == {
        "weights": (ArtifactRole.MODEL, "application/octet-stream"),
        "notes": (ArtifactRole.FILE, "text/plain"),
        "settings": (ArtifactRole.FILE, "application/json"),
    }
    assert ran.depot.place(kept["notes"]).read_text() == "plain words"
    samples = {sample.name: sample for sample in ran.of(Sample)}
    assert samples["sonnet"].text == "Shall I compare thee"
    picture, tone = samples["square"].artifact, samples["tone"].artifact
    assert picture is not None
    assert tone is not None
    assert (picture.media_type, samples["square"].step, tone.media_type) == ("image/png", 4, "audio/wav")
    assert ran.depot.place(picture).read_bytes().startswith(b"\x89PNG")


REFUSED = """
import pathlib, pickle, cairn, torch
net = torch.nn.Linear(2, 2)
torch.save(net, "net.pt")
cairn.save("net", pathlib.Path("net.pt"))
pathlib.Path("x.pkl").write_bytes(pickle.dumps({"a": 1}))
cairn.save("x", pathlib.Path("x.pkl"))
cairn.save("../up", "text")
cairn.save("fine", pathlib.Path("train.py"))
"""


def test_a_pickle_is_refused_with_the_reason_and_the_rest_is_kept(tmp_path: Path) -> None:
    ran = run(job(REFUSED), tmp_path)
    assert [artifact.name for artifact in ran.of(Artifact)] == ["fine"]
    assert "'net' was not kept: it is a zip archive, as torch.save" in ran.printed
    assert "'x' was not kept: it is a pickle, and loading it would run whatever code is in it" in ran.printed
    assert "'../up' was not kept" in ran.printed
    assert ran.report.status is Verdict.PASSED


SLOW = """
import time, cairn
for step in range(10_000):
    cairn.log({"step": step}, step)
    cairn.checkpoint(step, every=1000, place={"at": step})
    time.sleep(0.01)
"""


def cancelled(given: Job, folder: Path, when: float):
    cancel, asked = threading.Event(), []

    def ask(event: Event) -> None:
        if isinstance(event, Points) and event.name == "step" and not asked:
            asked.append(time.monotonic() + when)
            threading.Timer(when, cancel.set).start()

    ran = run(given, folder, cancel=cancel, on_event=ask)
    return ran, time.monotonic() - asked[0]


def test_cancel_ends_it_within_two_seconds_and_keeps_what_was_made(tmp_path: Path) -> None:
    ran, seconds = cancelled(job(SLOW), tmp_path, 0.3)
    assert seconds < 2
    assert (ran.report.status, ran.report.message) == (Verdict.INTERNAL, "The run was cancelled.")
    last = ran.artifact("checkpoint")
    assert last.step not in (None, 0)  # beside the first: the client made a last one on being asked to stop
    assert ran.depot.place(last).exists()
    assert ran.curve("step")


def test_cancel_ends_a_program_that_does_not_want_to(tmp_path: Path) -> None:
    stubborn = (
        "import signal, cairn\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "cairn.log({'step': 0})\nwhile True: pass\n"
    )
    ran, seconds = cancelled(job(stubborn), tmp_path, 0.1)
    assert seconds < 2.5
    assert ran.report.status is Verdict.INTERNAL


def test_it_refuses_where_there_is_no_isolation(tmp_path: Path) -> None:
    report = run(job(), tmp_path, backend=Unsafe()).report
    assert report.status is Verdict.INTERNAL
    assert "need isolation" in report.message


def test_an_input_is_an_earlier_artifact(tmp_path: Path) -> None:
    first = run(job("import cairn; cairn.save('words', ['a', 'b'])"), tmp_path)
    program = "import cairn, json; print(json.loads(cairn.input('words').read_text()))"
    second = run(job(program, inputs={"words": first.artifact("words")}), tmp_path)
    assert second.printed == "['a', 'b']\n"


def test_long_output_keeps_its_beginning_and_its_end(tmp_path: Path) -> None:
    program = "for i in range(100_000): print('line', i)\nprint('the end')\n"
    ran = run(job(program, limits=LIMITS.model_copy(update={"output_bytes": 2048})), tmp_path)
    assert ran.report.status is Verdict.PASSED
    assert ran.printed.startswith("line 0\nline 1\n")
    assert ran.printed.endswith("the end\n")
    assert "of output left out here" in ran.printed
    assert len(ran.printed) < 60_000


def test_without_tests_a_training_that_ends_well_has_passed(tmp_path: Path) -> None:
    assert run(job("print(1)"), tmp_path).report.status is Verdict.PASSED


def test_a_job_says_the_same_by_the_one_entry(tmp_path: Path) -> None:
    from grader.run import run as the_one_entry
    from grader.training.depot import Folder

    report = the_one_entry(job("print(1)"), lambda event: None, depot=Folder(tmp_path))
    assert (report.status, report.output) == (Verdict.PASSED, "1\n")
    assert Kind.TRAIN is job().kind


CHECKS = """
from grader.checks import lesson
from grader.checks.curves import falls

@lesson("optimizers-and-schedules")
def test_loss(curves):
    falls(curves["loss"], 0.5)

@lesson("loss-functions")
def test_fine(curves):
    assert True

def test_other(curves):
    curves["accuracy"]
"""


def test_a_predicate_that_fails_links_to_its_lesson(tmp_path: Path) -> None:
    program = "import cairn\nfor step in range(20): cairn.log({'loss': 1.0})\n"
    ran = run(job(program, tests=CHECKS, files={"model.py": ""}), tmp_path)
    assert ran.report.status is Verdict.FAILED
    assert [test.lesson for test in ran.report.tests] == ["optimizers-and-schedules", "", ""]
    assert "it should fall by 50%" in ran.report.tests[0].message
    assert 'no curve "accuracy"; it logged loss' in ran.report.tests[2].message


EXPLODES = """
import cairn
for step in range(40):
    cairn.log({"loss": 2.0 * 1.3 ** step if step < 30 else float("nan")})
END
"""


@pytest.mark.parametrize("end", ["", "raise ValueError('nan')"])
def test_findings_are_in_the_report_evaluated_or_not(end: str, tmp_path: Path) -> None:
    tests = "def test_x(curves):\n    pass\n"
    ran = run(job(EXPLODES.replace("END", end), tests=tests, files={"model.py": ""}), tmp_path)
    assert [finding.signature for finding in ran.report.findings] == ["exploding-gradients"]
    assert tuple(ran.of(Finding)) == ran.report.findings
    assert ran.phases[-1] == "done"


NEVER_CLEARED = """
import torch
weight = torch.ones(3, requires_grad=True)
optimizer = torch.optim.SGD([weight], lr=0.1)
for step in range(3):
    weight.sum().backward()
    optimizer.step()
raise SystemExit("stopped before it was evaluated")
"""


def test_a_program_that_never_clears_gradients_is_told_so_even_if_it_is_not_evaluated(tmp_path: Path) -> None:
    ran = run(job(NEVER_CLEARED), tmp_path)
    (finding,) = ran.report.findings
    assert finding.signature == "missing-zero-grad"
    assert "line 5" in finding.evidence
