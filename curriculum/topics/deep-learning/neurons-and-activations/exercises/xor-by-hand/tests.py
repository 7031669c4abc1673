"""Hidden tests of `xor-by-hand`. The network runs here, on the learner's numbers."""

import numpy as np

from grader.checks import cases, check, equal, example

CORNERS = [(0, 0), (0, 1), (1, 0), (1, 1)]


def constants(student):
    """The four constants as arrays, after a look at their shapes."""
    wanted = {"W1": (2, 2), "B1": (2,), "W2": (2,), "B2": ()}
    values = {}
    for name, shape in wanted.items():
        value = getattr(student, name)
        check(
            isinstance(value, np.ndarray | np.number | int | float | list | tuple)
            and np.shape(value) == shape,
            f"`{name}` needs the shape {shape}." if shape else f"`{name}` is a single number.",
        )
        values[name] = np.array(value, dtype=float)
    return values


def run(student, X):
    c = constants(student)
    hidden = (np.asarray(X, dtype=float) @ c["W1"] + c["B1"] > 0).astype(float)
    return (hidden @ c["W2"] + c["B2"] > 0).astype(int)


def test_shapes(student):
    """Has constants of the right shapes"""
    check(all(np.isfinite(v).all() for v in constants(student).values()), "All weights are finite numbers.")


@example
@cases(corner=CORNERS)
def test_table(student, corner):
    """Answers as XOR does"""
    got = int(run(student, [corner])[0])
    equal(got, corner[0] ^ corner[1], hint="One or the other, but not both.")


@cases(corner=CORNERS)
def test_survives_noise(student, rng, corner):
    """Keeps its answer when the inputs are off by up to 0.2"""
    X = np.array(corner) + rng.uniform(-0.2, 0.2, size=(500, 2))
    wrong = int(np.sum(run(student, X) != (corner[0] ^ corner[1])))
    check(
        wrong == 0,
        f"{wrong} of 500 noisy copies of {corner} get another answer. "
        "A line that runs through or close to a corner leaves no room for noise. Move it half-way.",
    )


def test_far_corners_of_the_noise(student):
    """Keeps its answer at the very edge of the noise"""
    for corner in CORNERS:
        for shift in [(0.199, 0.199), (-0.199, -0.199), (0.199, -0.199), (-0.199, 0.199)]:
            got = int(run(student, [np.array(corner) + shift])[0])
            check(
                got == corner[0] ^ corner[1],
                f"The input {corner} shifted by {shift} gets {got}. "
                "Leave the same room on both sides of each line.",
            )
