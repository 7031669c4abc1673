"""What a whole training would cost, from its first seconds."""

from pathlib import Path

import pytest

from grader.contract import Artifact, Cost, Kind, Verdict
from grader.training.tests.jobs import job, run

STEPS = """
import time
import cairn, torch
net = torch.nn.Linear(10, 5)
optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
TOTAL
for step in range(1000):
    optimizer.zero_grad()
    net(torch.ones(1, 10)).sum().backward()
    optimizer.step()
    time.sleep(0.02)
    LOG
"""


def estimated(program: str, folder: Path, **more) -> Cost:
    ran = run(job(program, kind=Kind.ESTIMATE, estimate_seconds=3, files={}, **more), folder)
    assert ran.report.status is Verdict.PASSED, ran.report
    assert ran.phases == ["starting", "preparing", "training", "done"]
    (cost,) = ran.of(Cost)
    assert cost == ran.report.cost
    return cost


@pytest.mark.parametrize(
    ("total", "logged", "parameters"),
    [
        ("cairn.total_steps(1000)", "cairn.log({'loss': 1.0}, step)", {}),
        ("", "", {"steps": 1000}),  # nothing is logged: the optimizer's own steps count
    ],
)
def test_it_says_parameters_memory_and_time_of_the_whole(
    total: str, logged: str, parameters: dict, tmp_path: Path
) -> None:
    program = STEPS.replace("TOTAL", total).replace("LOG", logged)
    cost = estimated(program, tmp_path, parameters=parameters)
    assert (cost.parameters, cost.steps) == (55, 1000)
    assert cost.memory_bytes > 50 * 2**20
    assert cost.step_seconds is not None
    assert cost.seconds is not None
    assert cost.step_seconds >= 0.02
    assert cost.seconds == pytest.approx(1000 * cost.step_seconds, rel=0.3)


def test_without_a_number_of_steps_the_time_is_not_known(tmp_path: Path) -> None:
    cost = estimated(STEPS.replace("TOTAL", "").replace("LOG", ""), tmp_path, parameters={})
    assert cost.seconds is None
    assert cost.step_seconds is not None


def test_a_program_that_ends_soon_has_cost_what_it_took(tmp_path: Path) -> None:
    cost = estimated("import cairn\nfor i in range(5): cairn.log({'a': i})\n", tmp_path)
    assert cost.seconds is not None
    assert cost.seconds < 4
    assert (cost.steps, cost.parameters) == (5, None)


def test_an_estimate_of_what_fails_says_so(tmp_path: Path) -> None:
    ran = run(job("1 / 0", kind=Kind.ESTIMATE), tmp_path)
    assert ran.report.status is Verdict.ERROR
    assert not ran.of(Cost)


def test_an_estimate_is_not_evaluated(tmp_path: Path) -> None:
    ran = run(job("print(1)", kind=Kind.ESTIMATE, tests="raise ValueError"), tmp_path)
    assert ran.report.status is Verdict.PASSED
    assert not ran.of(Artifact)
