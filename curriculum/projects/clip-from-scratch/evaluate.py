"""Hidden evaluation of `clip-from-scratch`: combinations nobody was shown, retrieval, the loss itself."""

import numpy as np

from grader.checks import (
    at_least,
    cases,
    check,
    close,
    example,
    gradient,
    lesson,
    metric,
)
from grader.checks.curves import falls, no_nan, stays_below


def unit(vectors):
    """Each row divided by its length."""
    return vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)


def reference(images, texts, scale):
    """The symmetric cross-entropy of n pairs, with every step written out."""
    scores = scale * unit(images) @ unit(texts).T
    costs = []
    for table in (scores, scores.T):
        highest = table.max(1, keepdims=True)
        total = np.log(np.exp(table - highest).sum(1)) + highest[:, 0]
        costs.append(np.mean(total - np.diag(table)))
    return float(np.mean(costs))


def vectors(got, count, what):
    """Embeddings, after a look at what really came."""
    check(
        isinstance(got, np.ndarray) and got.ndim == 2 and len(got) == count and got.dtype.kind == "f",
        f"`{what}` returns one vector for each input, as an array of shape (n, d).",
    )
    check(bool(np.isfinite(got).all()), f"`{what}` returns numbers that are not finite.")
    check(bool(np.all(np.linalg.norm(got, axis=1) > 1e-6)), f"`{what}` returns vectors of length zero.")
    return unit(got.astype(np.float64))


def embedded(student, images, captions):
    """Both sides of pairs. The sentences come in another order than the pictures."""
    captions = [str(caption) for caption in captions]
    order = np.argsort(np.array(captions), kind="stable")
    found = vectors(student.encode_texts([captions[row] for row in order]), len(captions), "encode_texts")
    texts = np.empty_like(found)
    texts[order] = found
    return vectors(student.encode_images(images), len(images), "encode_images"), texts


def recall(similarity, k):
    """The share of rows whose own column is among the k most similar; ties count against it."""
    own = np.diag(similarity)[:, None]
    return float(np.mean((similarity >= own).sum(1) - 1 < k))


def named(student, images, labels, names):
    """The share of pictures whose name is nearest among all names."""
    texts = vectors(
        student.encode_texts([f"a picture of a {name}" for name in names]), len(names), "encode_texts"
    )
    nearest = (vectors(student.encode_images(images), len(images), "encode_images") @ texts.T).argmax(1)
    return float(np.mean(nearest == labels))


def test_zero_shot(student, data):
    """Names combinations of colour and shape that it was never shown"""
    hidden, public = data["shapes"].hidden, data["shapes"].public
    names = [*map(str, hidden["new_names"]), *map(str, hidden["names"])]
    metric("zero_shot_accuracy", named(student, hidden["new_images"], hidden["new_labels"], names))
    familiar = [*map(str, public["valid_names"])]
    metric(
        "zero_shot_accuracy/public", named(student, public["valid_images"], public["valid_labels"], familiar)
    )


def test_retrieval(student, data):
    """Finds the sentence of a picture, and the picture of a sentence, among hundreds"""
    hidden = data["shapes"].hidden
    images, texts = embedded(student, hidden["images"], hidden["captions"])
    similarity = images @ texts.T
    for k in (1, 5):
        metric(f"recall@{k}/image-to-text", recall(similarity, k))
        metric(f"recall@{k}/text-to-image", recall(similarity.T, k))
    metric("recall@5", (recall(similarity, 5) + recall(similarity.T, 5)) / 2)
    public = data["shapes"].public
    images, texts = embedded(student, public["valid_images"][:400], public["valid_captions"][:400])
    similarity = images @ texts.T
    metric("recall@5/public", (recall(similarity, 5) + recall(similarity.T, 5)) / 2)


@lesson("regularization")
def test_one_at_a_time(student, data):
    """Gives a picture the same vector alone and among others"""
    images = data["shapes"].public["valid_images"][:8]
    together = np.asarray(student.encode_images(images))
    alone = np.concatenate([np.asarray(student.encode_images(images[row : row + 1])) for row in range(8)])
    close(alone, together, rtol=1e-3, atol=1e-4, hint="Is the model in evaluation mode when it encodes?")


@example
def test_worked_loss(student):
    """Matches the worked example"""
    pairs = np.array([[3.0, 0.0], [0.0, 2.0]])
    close(student.contrastive_loss(pairs, pairs, 1.0), float(np.log1p(np.exp(-1.0))), rtol=1e-5)


@cases(count=[1, 2, 7, 32], scale=[1.0, 14.3, 100.0])
def test_loss(student, rng, count, scale):
    """Has the symmetric cross-entropy over all pairs as its loss"""
    images, texts = rng.normal(size=(2, count, 8))
    close(
        student.contrastive_loss(images, texts, scale),
        reference(images, texts, scale),
        rtol=1e-5,
        atol=1e-6,
        hint="Rows of length 1, similarities times the scale, cross-entropy over rows and over columns, their mean.",
    )


@cases(scale=[1.0, 10.0])
def test_gradient(student, rng, scale):
    """Has the gradient that nudges of every number show, for pictures and for sentences"""
    images, texts = rng.normal(size=(2, 5, 3))
    got = student.loss_gradients(images, texts, scale)
    check(
        isinstance(got, list | tuple) and len(got) == 2,
        "`loss_gradients` returns two arrays: for the image vectors, then for the text vectors.",
    )
    gradient(
        lambda x: reference(x, texts, scale), images, got[0], hint="Of the image vectors, before normalizing."
    )
    gradient(
        lambda x: reference(images, x, scale), texts, got[1], hint="Of the text vectors, before normalizing."
    )


@cases(parts=[2, 3, 7])
def test_split_batch(student, rng, parts):
    """Does not depend on how the batch is split, in value and in gradient"""
    images, texts = rng.normal(size=(2, 7, 4))
    hint = "Each piece of rows is compared with all columns, and weighs by its number of rows."
    close(
        student.contrastive_loss(images, texts, 5.0, parts),
        reference(images, texts, 5.0),
        rtol=1e-5,
        hint=hint,
    )
    got, wanted = (
        student.loss_gradients(images, texts, 5.0, parts),
        student.loss_gradients(images, texts, 5.0),
    )
    for one, other in zip(got, wanted, strict=True):
        close(one, other, rtol=1e-5, atol=1e-7, hint=hint)


@lesson("pytorch-training-loop")
def test_loss_falls(curves):
    """The loss falls well below that of guessing, and stays a number"""
    no_nan(curves["loss"])
    falls(curves["loss"], 0.4)


@lesson("contrastive-learning-and-clip")
def test_scale_is_bounded(curves):
    """The scale stays where it helps"""
    stays_below(curves["scale"], 101.0)
    at_least(float(curves["scale"].values.min()), 0.5, "A scale near zero makes all pairs alike.")
