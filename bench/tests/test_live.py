"""What a chart says in words tells which messages are drawn."""

import pytest

from bench.live import POINTS_A_MESSAGE, first_drawn


def said(step):
    """A chart of 1 / (1 + step) up to that step, in the page's own words."""
    return f"loss by step: 21 Nov 11:18, loss from 1 to {1 / (1 + step):.3g}, lowest 0.1, highest 1."


@pytest.mark.parametrize("messages", [1, 12, 80])
def test_each_message_is_known_by_its_last_point(messages):
    ends = [
        (float(message), said((message + 1) * POINTS_A_MESSAGE - 1)) for message in range(1, messages + 1)
    ]
    assert first_drawn(ends, messages) == {message: float(message) for message in range(1, messages + 1)}


def test_a_frame_that_draws_several_counts_for_each_and_a_second_drawing_for_none():
    drawings = [(1.0, said(49)), (2.0, said(99)), (3.0, said(99)), (4.0, said(249))]
    assert first_drawn(drawings, 10) == {1: 2.0, 2: 4.0, 3: 4.0, 4: 4.0}


def test_a_chart_that_shows_nothing_yet_has_drawn_nothing():
    assert first_drawn([(1.0, "loss by step: nothing logged yet.")], 3) == {}
