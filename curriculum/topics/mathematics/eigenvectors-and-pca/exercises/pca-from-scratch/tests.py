"""Hidden tests of `pca-from-scratch`. `student` stands for the learner's module."""

import numpy as np
from grader.checks import at_most, cases, check, close, example, raises

LINE = np.array([[1.0, 2.0], [4.0, 6.0], [7.0, 10.0], [-2.0, -2.0]])


def flowers(rng):
    """A data set like the iris flowers: 150 examples, four features that go together."""
    mixing = np.array([[1.0, -0.2, 2.2, 0.9], [0.4, 0.5, -0.1, -0.1], [0.2, 0.1, -0.2, 0.3]])
    return (
        rng.normal(size=(150, 3)) @ mixing + rng.normal(size=(150, 4)) * 0.15 + np.array([5.8, 3.1, 3.8, 1.2])
    )


def pictures(rng):
    """A data set like small pictures: 400 examples of 64 features that mostly go together."""
    strengths = np.linspace(4.0, 0.2, 20)
    return (
        rng.normal(size=(400, 20)) * strengths @ rng.normal(size=(20, 64)) + rng.normal(size=(400, 64)) + 8.0
    )


def reference(X):
    """Mean, all components in rows and their shares, by singular values: another road to the same place."""
    mean = X.mean(axis=0)
    _, singular, components = np.linalg.svd(X - mean, full_matrices=False)
    return mean, components, singular**2 / (singular**2).sum()


def fitted(student, X, k):
    """What the learner's fit returned, after a look at its shapes."""
    got = student.fit(X, k)
    check(isinstance(got, tuple) and len(got) == 3, "fit returns a tuple of three: mean, components, share.")
    d = X.shape[1]
    for name, part, shape in zip(("mean", "components", "share"), got, ((d,), (k, d), (k,)), strict=True):
        check(isinstance(part, np.ndarray), f"{name} should be a NumPy array.")
        check(part.shape == shape, f"{name} should have shape {shape}, got {part.shape}.")
    return got


def same_lines(got, expected, hint=""):
    """Compares components row by row, up to the sign, which is free."""
    signs = np.sign((got * expected).sum(axis=1, keepdims=True))
    close(got, np.where(signs < 0, -expected, expected), atol=1e-6, hint=hint)


@example
def test_points_on_a_line(student):
    """Finds the line of the example"""
    mean, components, share = fitted(student, LINE, 1)
    close(mean, np.array([2.5, 4.0]))
    same_lines(components, np.array([[0.6, 0.8]]), hint="Centre first: subtract the mean of each feature.")
    close(share, np.array([1.0]))


@example
def test_there_and_back(student):
    """Projects the points of the example and takes them back"""
    mean, components = np.array([2.5, 4.0]), np.array([[0.6, 0.8]])
    Z = student.project(LINE, mean, components)
    close(
        Z,
        np.array([[-2.5], [2.5], [7.5], [-7.5]]),
        hint="Coordinates are dot products of X - mean with a component.",
    )
    close(student.reconstruct(Z, mean, components), LINE, hint="On the way back, add the mean again.")


@cases(k=[1, 3, 4])
def test_flowers(student, rng, k):
    """Agrees with the singular values on 150 flowers of four features"""
    X = flowers(rng)
    mean, components, share = reference(X)
    got_mean, got_components, got_share = fitted(student, X, k)
    close(got_mean, mean)
    hint = "One component per row, the largest variance first. eigh has them in columns, smallest first."
    same_lines(got_components, components[:k], hint=hint)
    close(
        got_share, share[:k], hint="Divide by the total variance of all directions, also of those you drop."
    )


def test_far_from_the_origin(student, rng):
    """A cloud far from the origin has the same components"""
    X = rng.normal(size=(80, 3)) * np.array([3.0, 2.0, 0.5])
    _, components, share = reference(X)
    _, got, got_share = fitted(student, X + np.array([100.0, -50.0, 200.0]), 2)
    hint = "Far from the origin, only the centring keeps the first component from pointing at the mean."
    same_lines(got, components[:2], hint=hint)
    close(got_share, share[:2], rtol=1e-5, hint=hint)


def test_components_are_perpendicular_and_of_length_one(student, rng):
    """Components are at right angles, and of length 1"""
    _, components, _ = fitted(student, rng.normal(size=(50, 6)), 4)
    close(components @ components.T, np.eye(4), atol=1e-6)


def test_project_new_data(student, rng):
    """Projects a single new point with the mean it is given"""
    mean, components = np.array([1.0, 2.0, 3.0]), np.eye(3)[:2]
    hint = "Subtract the mean you are given. New data has another mean: for one point, itself."
    close(student.project(np.array([[4.0, 4.0, 4.0]]), mean, components), np.array([[3.0, 2.0]]), hint=hint)


def test_lost_variance_is_the_rest_of_the_shares(student, rng):
    """What the reconstruction loses is the share that was dropped"""
    X = pictures(rng)
    mean, components, share = fitted(student, X, 10)
    back = student.reconstruct(student.project(X, mean, components), mean, components)
    check(
        isinstance(back, np.ndarray) and back.shape == X.shape,
        f"The reconstruction should have shape {X.shape}.",
    )
    lost = float(((X - back) ** 2).sum() / ((X - X.mean(axis=0)) ** 2).sum())
    close(
        lost,
        float(1 - share.sum()),
        rtol=1e-4,
        hint="Shares are fractions of the total variance, all 64 directions.",
    )


def test_best_of_its_size(student, rng):
    """No other ten directions lose less on small pictures"""
    X = pictures(rng)
    mean, components, share = reference(X)
    got_mean, got_components, _ = fitted(student, X, 10)
    back = student.reconstruct(student.project(X, got_mean, got_components), got_mean, got_components)
    check(
        isinstance(back, np.ndarray) and back.shape == X.shape,
        f"The reconstruction should have shape {X.shape}.",
    )
    lost = float(((X - back) ** 2).sum() / ((X - mean) ** 2).sum())
    best = float(1 - share[:10].sum())
    at_most(
        lost,
        best + 1e-6,
        f"Ten directions can lose as little as {best:.3f} of the variance; yours lose {lost:.3f}.",
    )


def test_input_stays(student, rng):
    """Projecting twice gives the same"""
    X, mean, components = rng.normal(size=(5, 3)), np.ones(3), np.eye(3)[:2]
    first = student.project(X, mean, components)
    close(first, (X - 1.0)[:, :2])
    close(student.project(X, mean, components), first)


@cases(k=[0, 4])
def test_k_out_of_range(student, rng, k):
    """Refuses k outside of 1 to d"""
    with raises(student, "ValueError"):
        student.fit(rng.normal(size=(10, 3)), k)
