"""Evaluation of the project `linear-algebra-library`, on the trusted side. `student` is linear_algebra.py."""

import ast
import xml.etree.ElementTree as ET

import numpy as np
from grader.checks import at_least, check, close, equal, example, metric, raises
from sklearn.datasets import load_digits, load_wine
from sklearn.neighbors import KNeighborsClassifier

TILT = [[2.0, -1.0], [1.0, 1.0]]
ALLOWED = {
    "math",
    "typing",
    "collections",
    "collections.abc",
    "itertools",
    "functools",
    "operator",
    "__future__",
}


# The ten operations


@example
def test_vector_operations(student, rng):
    """Vectors: add, scale, dot and norm"""
    close(student.add([1.0, 2.0], [3.0, -5.0]), [4.0, -3.0])
    close(student.scale(-2.0, [1.0, 0.5]), [-2.0, -1.0])
    close(student.norm([2.0, 3.0, 6.0]), 7.0)
    a, b = rng.normal(size=(2, 30))
    close(student.dot(a.tolist(), b.tolist()), float(a @ b), rtol=1e-9)


def test_vectors_of_different_length(student):
    """Vectors of different length are refused"""
    for name in ("add", "dot"):
        with raises(student, "ValueError"):
            getattr(student, name)([1.0, 2.0], [1.0, 2.0, 3.0])


def test_transpose_and_product(student, rng):
    """Matrices: transpose and product, of any shapes that fit"""
    A, B = rng.normal(size=(4, 3)), rng.normal(size=(3, 5))
    equal(student.transpose([[1, 2], [3, 4], [5, 6]]), [[1, 3, 5], [2, 4, 6]])
    close(student.matmul(A.tolist(), B.tolist()), (A @ B).tolist(), rtol=1e-9)


def test_product_of_misfits(student):
    """Matrices that do not fit are refused"""
    with raises(student, "ValueError"):
        student.matmul([[1.0, 2.0]], [[1.0, 2.0]])


def test_determinant(student, rng):
    """Determinant, with its sign and its swaps"""
    close(
        student.determinant([[0.0, 2.0], [3.0, 0.0]]), -6.0, hint="A zero on the diagonal calls for a swap."
    )
    close(student.determinant([[2.0, 4.0], [1.0, 2.0]]), 0.0, atol=1e-12)
    A = rng.normal(size=(7, 7))
    close(student.determinant(A.tolist()), float(np.linalg.det(A)), rtol=1e-8)


def test_solve(student, rng):
    """Solve: finds x with A x = b"""
    A, x = rng.normal(size=(8, 8)), rng.normal(size=8)
    close(student.solve(A.tolist(), (A @ x).tolist()), x.tolist(), rtol=1e-6, atol=1e-7)


def test_solve_needs_a_swap(student):
    """Solve: keeps its digits when the pivot is zero or tiny"""
    close(student.solve([[0.0, 2.0], [3.0, 0.0]], [4.0, 9.0]), [3.0, 2.0])
    hint = "Swap the row with the largest absolute value to the top before you divide."
    close(student.solve([[1e-20, 1.0], [1.0, 1.0]], [1.0, 2.0]), [1.0, 1.0], hint=hint)


def test_inverse(student, rng):
    """Inverse: undoes the matrix from both sides"""
    A = rng.normal(size=(5, 5))
    close(student.inverse(A.tolist()), np.linalg.inv(A).tolist(), rtol=1e-6, atol=1e-7)


def test_singular(student):
    """A matrix that squashes has no way back"""
    flat = [[2.0, 4.0], [1.0, 2.0]]
    with raises(student, "ValueError"):
        student.inverse(flat)
    with raises(student, "ValueError"):
        student.solve(flat, [1.0, 1.0])


def eigenpairs(student, A, k):
    """The learner's pairs as an array of values and one of vectors in rows, in a shape that can be used."""
    pairs = student.eigenpairs(A.tolist(), k)
    check(isinstance(pairs, list) and len(pairs) == k, f"eigenpairs returns a list of {k} pairs.")
    good = all(isinstance(pair, tuple) and len(pair) == 2 and len(pair[1]) == len(A) for pair in pairs)
    check(good, f"Each pair is a tuple: an eigenvalue, and an eigenvector of {len(A)} numbers.")
    return np.array([pair[0] for pair in pairs]), np.array([pair[1] for pair in pairs])


def symmetric(values, rng):
    """A symmetric matrix with these eigenvalues."""
    Q = np.linalg.qr(rng.normal(size=(len(values), len(values))))[0]
    return Q @ np.diag(values) @ Q.T


def test_eigenpairs(student, rng):
    """Eigenpairs: the largest three of a symmetric matrix, with unit eigenvectors"""
    A = symmetric([9.0, 6.0, 4.0, 1.0, 0.5], rng)
    values, vectors = eigenpairs(student, A, 3)
    close(values, np.array([9.0, 6.0, 4.0]), rtol=1e-5)
    close(np.linalg.norm(vectors, axis=1), np.ones(3), rtol=1e-5, hint="Eigenvectors should have length 1.")
    hint = "A times the vector should be the eigenvalue times the vector."
    close(vectors @ A, values[:, None] * vectors, atol=1e-4, hint=hint)


def test_eigenpairs_of_either_sign(student, rng):
    """Eigenpairs: largest in size first, each with its sign"""
    A = symmetric([-7.0, 5.0, -2.0, 1.0], rng)
    values, vectors = eigenpairs(student, A, 4)
    close(values, np.array([-7.0, 5.0, -2.0, 1.0]), rtol=1e-5)
    close(vectors @ A, values[:, None] * vectors, atol=1e-4)


def test_inputs_stay(student):
    """Calling twice gives the same: nothing is remembered from the first call"""
    A, b = [[0.0, 2.0], [3.0, 1.0]], [4.0, 9.0]
    for _ in range(2):
        close(student.determinant(A), -6.0)
        close(student.solve(A, b), [7 / 3, 2.0])


def test_from_scratch(student):
    """operations.py stands on its own: plain Python and math, no NumPy"""
    source = student.files.get("operations.py", "")
    check(source.strip() != "", "operations.py is missing or empty.")
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        check(False, "operations.py cannot be read as Python.")
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add(node.module or "another module of yours")
        elif isinstance(node, ast.Name) and node.id in ("__import__", "exec", "eval"):
            names.add(f"through {node.id}")
    foreign = sorted(names - ALLOWED)
    check(
        not foreign, f"operations.py imports {', '.join(foreign)}. From scratch means: lists, loops and math."
    )


# The pictures


def test_grid(student):
    """Grid: vertical lines from the left, then horizontal ones from the bottom"""
    vertical = [[[x, -2], [x, 2]] for x in range(-2, 3)]
    horizontal = [[[-2, y], [2, y]] for y in range(-2, 3)]
    close(student.grid_lines(2), np.array(vertical + horizontal, dtype=float))


def test_moved_lines(student, rng):
    """Moved lines: the matrix acts on both ends of each line"""
    matrix, lines = rng.normal(size=(2, 2)), rng.normal(size=(6, 2, 2))
    expected = np.array([[matrix @ end for end in line] for line in lines])
    hint = "Points in rows need the transposed matrix on their right."
    close(student.move_lines(matrix.tolist(), lines), expected, rtol=1e-9, hint=hint)


def test_pixels(student):
    """Pixels: the origin is in the middle, the extent at the edge"""
    points = np.array([[0.0, 0.0], [4.0, 0.0], [-4.0, 0.0], [1.0, 0.0]])
    expected = np.array([[200.0, 200.0], [400.0, 200.0], [0.0, 200.0], [250.0, 200.0]])
    close(student.to_pixels(points, 4, 400), expected)


def test_pixels_point_up(student):
    """Pixels: what is higher in the plane is higher on the picture"""
    hint = "On a screen, y counts downwards from the top. Turn the second coordinate around."
    close(student.to_pixels(np.array([[0.0, 2.0]]), 2, 100), np.array([[50.0, 0.0]]), hint=hint)


def drawn(student, vectors, extent, size):
    """The lines of the learner's picture by class, each as x1, y1, x2, y2."""
    text = student.draw(TILT, vectors, extent, size)
    check(isinstance(text, str), "draw returns the SVG as text.")
    plain = "<!" not in text and len(text) < 200_000
    check(plain, "The picture is plain SVG: no <! declarations, and below 200,000 characters.")
    try:
        root = ET.fromstring(text)
    except ET.ParseError as error:
        check(False, f"The picture is not well-formed SVG: {error}.")
    check(root.tag.endswith("svg"), "The outermost element is <svg>.")
    lines = {"grid": [], "vector": []}
    for element in root.iter():
        kind = element.get("class", "")
        if element.tag.endswith("line") and kind in lines:
            try:
                lines[kind].append([float(element.get(name, "nan")) for name in ("x1", "y1", "x2", "y2")])
            except ValueError:
                check(False, f"A {kind} line has a coordinate that is not a number.")
    return lines


def pixels(point, extent, size):
    """Where a point that the matrix has moved belongs on the picture."""
    x, y = np.array(TILT) @ np.array(point, dtype=float)
    return [size / 2 + x * size / (2 * extent), size / 2 - y * size / (2 * extent)]


def test_drawing_has_the_grid(student):
    """Drawing: each line of the moved grid is in its place"""
    extent, size = 3, 300
    ticks = range(-extent, extent + 1)
    ends = [((x, -extent), (x, extent)) for x in ticks] + [((-extent, y), (extent, y)) for y in ticks]
    expected = np.array([pixels(a, extent, size) + pixels(b, extent, size) for a, b in ends])
    got = drawn(student, [[1.0, 0.0]], extent, size)["grid"]
    check(len(got) == len(expected), f'Expected {len(expected)} lines of class "grid", found {len(got)}.')
    close(
        np.array(got),
        expected,
        atol=0.11,
        hint="Rows are x1, y1, x2, y2 in pixels, in the order of grid_lines.",
    )


def test_drawing_has_the_arrows(student):
    """Drawing: each vector is a line from the origin to where it lands"""
    extent, size, vectors = 4, 500, [[1.0, 0.0], [0.0, 1.0], [2.0, 1.0]]
    expected = np.array([[size / 2, size / 2, *pixels(v, extent, size)] for v in vectors])
    got = drawn(student, vectors, extent, size)["vector"]
    check(len(got) == 3, f'Expected 3 lines of class "vector", found {len(got)}.')
    hint = "Rows are x1, y1, x2, y2 in pixels; the matrix moves the vectors, too."
    close(np.array(got), expected, atol=0.11, hint=hint)


# The reduction


def array_of(value, shape, what):
    """`value`, if it is an array of this shape with finite numbers."""
    good = isinstance(value, np.ndarray) and value.shape == shape and value.dtype.kind == "f"
    check(good, f"{what} should be an array of floats with shape {shape}.")
    check(bool(np.isfinite(value).all()), f"{what} should hold finite numbers only.")
    return value


def test_centred(student, rng):
    """Reduction: a cloud far from the origin is described from its own centre"""
    along = rng.normal(size=(60, 1)) * np.array([[3.0, 4.0]])
    X = along + 0.01 * rng.normal(size=(60, 2)) + np.array([500.0, -300.0])
    model = student.fit(X, 1)
    back = array_of(student.decode(model, student.encode(model, X)), X.shape, "The reconstruction")
    lost = float(((X - back) ** 2).sum() / ((X - X.mean(axis=0)) ** 2).sum())
    message = (
        "This cloud is nearly a line, so one direction loses next to nothing, once the mean is subtracted."
    )
    check(lost < 0.01, f"{message} Yours loses {lost:.0%} of the variance.")


def test_learned_once(student, rng):
    """Reduction: a single new example is encoded with what was learned before"""
    X = rng.normal(size=(100, 3)) * np.array([5.0, 2.0, 0.1]) + 10.0
    model = student.fit(X, 2)
    together = array_of(student.encode(model, X), (100, 2), "The coordinates")
    alone = array_of(student.encode(model, X[:1]), (1, 2), "The coordinates of one example")
    close(
        alone, together[:1], hint="encode uses the mean and scale in the model, not those of its own input."
    )


def test_digits(student):
    """Reduction: held-out digits, 15 numbers in place of 64"""
    X = load_digits().data[np.random.default_rng(410).permutation(1797)]
    seen, hidden = X[:1200], X[1200:]
    model = student.fit(seen, 15)
    Z = array_of(student.encode(model, hidden), (len(hidden), 15), "The coordinates")
    back = array_of(student.decode(model, Z), hidden.shape, "The reconstruction")
    lost = ((hidden - back) ** 2).sum() / ((hidden - seen.mean(axis=0)) ** 2).sum()
    metric("variance_kept", float(1 - lost))


def test_wines(student):
    """Reduction: held-out wines, told apart by two numbers"""
    X, kinds = load_wine(return_X_y=True)
    scores = []
    for seed in range(10):
        order = np.random.default_rng(seed).permutation(len(X))
        seen, hidden = order[:118], order[118:]
        model = student.fit(X[seen], 2, standardise=True)
        near = array_of(student.encode(model, X[seen]), (len(seen), 2), "The coordinates")
        new = array_of(student.encode(model, X[hidden]), (len(hidden), 2), "The coordinates")
        scores.append(KNeighborsClassifier(5).fit(near, kinds[seen]).score(new, kinds[hidden]))
    metric("accuracy_in_two_dimensions", float(np.mean(scores)))


def test_k_out_of_range(student):
    """Reduction: refuses more directions than there are features"""
    with raises(student, "ValueError"):
        student.fit(np.ones((5, 3)) * np.arange(5.0)[:, None], 4)


def test_shares(student):
    """Reduction: the shares are of the whole variance, largest first"""
    X = load_wine().data
    model = student.fit(X, 3, standardise=True)
    check(
        isinstance(model, dict) and "share" in model, 'fit returns a dictionary with "share" among its keys.'
    )
    share = array_of(model["share"], (3,), "The share")
    values = np.sort(np.linalg.eigvalsh(np.corrcoef(X.T)))[::-1]
    close(share, values[:3] / values.sum(), rtol=1e-6)
    at_least(float(share[0]), float(share[-1]), "The largest share comes first.")
