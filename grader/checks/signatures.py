"""Signatures of common mistakes in training, recognised from curves and from a few questions to the model.

``find`` looks at three things, as far as they are there: the recorded curves; the model, by its function
``predict(inputs)``, which gives labels or scores by class; and the texts of the learner's files. A finding is
a hint and no verdict, so each rule asks for more than one sign, or for one that a clean run cannot give: what
a rule must not mistake for a mistake is said with it.

Curves are known by their names: those with "loss", "acc", "grad"; with "val" or "test" they are not the
training's own. Of data sets, arrays named ``labels`` or ``targets`` are what ``predict`` should give.
"""

import contextlib
import math
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from grader.checks.curves import Curve
from grader.checks.loops import uncleared
from grader.checks.outcome import CheckFailed, StudentError
from grader.contract import Finding

_ROWS = 256  # of a data set that a probe asks about
_LEAST = 20  # points that say how restless a curve is
_RESTLESS = 0.015  # share of its height by which a loss jumps that is measured on batches
_PILING = 0.35  # of that, how restless a gradient is at least
_LABELS = ("labels", "label", "targets", "target", "y")
_HELD_OUT = re.compile(r"val|test|eval|held|hidden|dev", re.IGNORECASE)


@dataclass(frozen=True)
class _Split:
    """Part of one split: (N, ...) inputs and (N,) whole labels."""

    inputs: np.ndarray
    labels: np.ndarray


class _Look:
    """What there is to look at. An answer of the model that cannot be used counts as none."""

    def __init__(
        self, curves: Mapping[str, Curve], student: Any, data: Mapping[str, Any] | None, files: Any
    ) -> None:
        self.loss = _longest(curves, r"loss", held_out=False)
        self.valid_loss = _longest(curves, r"loss", held_out=True)
        self.accuracy = _longest(curves, r"acc", held_out=False)
        self.valid_accuracy = _longest(curves, r"acc", held_out=True)
        self.gradient = _longest(curves, r"grad", held_out=False)
        self.dead = _longest(curves, r"dead", held_out=False)
        self.files = _programs(files)
        self._student = student
        self.splits = _splits(data or {})
        self._known: dict[bytes, np.ndarray | None] = {}

    def scores(self, inputs: np.ndarray) -> np.ndarray | None:
        """What the model says of inputs: (N,) or (N, classes), finite or not."""
        if self._student is None:
            return None
        answer: np.ndarray | None = None
        with contextlib.suppress(StudentError, CheckFailed, ValueError, TypeError, RuntimeError):
            answer = np.asarray(self._student.predict(np.array(inputs)), dtype=np.float64)
        if answer is None or answer.ndim not in (1, 2) or len(answer) != len(inputs):
            return None
        return answer

    def predicted(self, inputs: np.ndarray) -> np.ndarray | None:
        """The labels that the model gives. One for each row."""
        scores = self.scores(inputs)
        if scores is None or not np.isfinite(scores).all():
            return None
        return scores.argmax(1) if scores.ndim == 2 else np.round(scores)

    def right(self, split: _Split, change: Callable[[np.ndarray], np.ndarray] | None = None) -> float | None:
        """The share that is right, from 0 to 1; None where the model cannot say."""
        given = self.predicted(change(split.inputs) if change else split.inputs)
        return None if given is None else float((given == split.labels).mean())


def find(
    curves: Mapping[str, Curve],
    student: Any = None,
    data: Mapping[str, Any] | None = None,
    files: Mapping[str, str] | None = None,
) -> list[Finding]:
    """The signatures that a run shows. ``student`` is the learner's module as tests get it, ``data`` too.

    ``files`` are the learner's, by name, where there is no module that knows them.

    Raises nothing for what the learner's code does, but for the end of the connection to it.
    """
    look = _Look(curves, student, data, files or getattr(student, "files", None))
    found = {finding.signature: finding for rule in _RULES for finding in rule(look)}
    if "missing-zero-grad" in found:  # which is why they explode
        found.pop("exploding-gradients", None)
    return list(found.values())


# Rules on curves


def _not_a_number(look: _Look) -> Iterator[Finding]:
    """A loss that is no longer a finite number. No clean run has one; what was before tells two kinds."""
    for curve in filter(None, (look.loss, look.gradient)):
        bad = np.flatnonzero(~np.isfinite(curve.values))
        if not len(bad):
            continue
        before = curve.values[: bad[0]]
        if len(before) >= 3 and before[-10:].max() > 3 * np.median(before[: max(1, len(before) // 10)]):
            yield _exploding(
                f"{curve.name} grew to {before.max():.4g}, and from step {_at(curve, bad[0])} on it is no "
                f"number."
            )
        else:
            yield Finding(
                signature="not-a-number",
                title="The loss became NaN",
                evidence=f"{curve.name} is not a number from step {_at(curve, bad[0])} on. Until then it did "
                "not grow, "
                "so look for a logarithm of zero, a division by zero, or a bad value in the data.",
                lesson="loss-functions",
            )
        return


def _explodes(look: _Look) -> Iterator[Finding]:
    """Gradients or a loss that grow by orders of magnitude and stay there. A spike that passes is none."""
    gradient, loss = look.gradient, look.loss
    if gradient is not None and _usable(gradient, 10):
        early, late = _quarters(gradient)
        if early > 0 and late > 100 * early:
            yield _exploding(f"{gradient.name} grew from about {early:.3g} to {late:.3g}.")
            return
    if loss is not None and _usable(loss, 10):
        start = abs(loss.start())
        if (
            start > 0
            and loss.end() > 10 * start
            and np.median(loss.values[-len(loss.values) // 4 :]) > 10 * start
        ):
            yield _exploding(f"{loss.name} grew from {loss.start():.3g} to {loss.end():.3g}.")


def _exploding(evidence: str) -> Finding:
    return Finding(
        signature="exploding-gradients",
        title="The gradients explode",
        evidence=f"{evidence} A smaller learning rate, a warm-up, or clipping the gradient's norm keeps "
        "steps small.",
        lesson="optimizers-and-schedules",
    )


def _no_zero_grad(look: _Look) -> Iterator[Finding]:
    """Steps on gradients that are never cleared: by the program's loops, else by a norm that piles up.

    Where the program is known, its loops decide: a loop with ``backward()`` and ``step()`` in which nothing
    clears accumulates for ever. A gradient that is smoothed before it is logged could be taken for a sum.
    """
    loop, waves = uncleared(look.files), _piling(look)
    if loop is not None:
        seen = (
            f"The loop at line {loop.line} of {loop.file} calls backward() and step(), and clears no gradient"
        )
        yield _uncleared(f"{seen}. {waves}".rstrip())
    elif waves and not look.files:
        yield _uncleared(waves)


def _uncleared(evidence: str) -> Finding:
    return Finding(
        signature="missing-zero-grad",
        title="Gradients are never cleared",
        evidence=f"{evidence.rstrip('.')}. Call optimizer.zero_grad() once in every step, before backward().",
        lesson="pytorch-training-loop",
    )


def _piling(look: _Look) -> str:
    """How a sum of all gradients so far shows: its norm is smooth, while the loss jumps from batch to batch.

    The gradient of one batch is at least as restless as its loss, under any optimizer, clipped or not,
    collected over pieces or not: in a few hundred clean runs the lowest share was 0.57. Sums have far less,
    but for those that are clipped to less than a single batch's norm, which look like a batch's.
    """
    gradient, loss = look.gradient, look.loss
    if gradient is None or loss is None:
        return ""
    norm, noise = (_restless(curve.values) for curve in (gradient, loss))
    if noise < _RESTLESS or not 0 < norm < _PILING * noise:
        return ""
    return (
        f"From step to step {gradient.name} jumps by {norm:.1%}, and {loss.name} by {noise:.1%}: the "
        "gradient is a sum over many batches"
    )


def _restless(values: np.ndarray) -> float:
    """How far a curve jumps from point to point beside its trend, as a share of its height; 0 if it is short.

    Only what comes before the first number that is not finite counts, and of that not the first quarter. Of
    the rest it is every second point: where the rate is almost too large, a loss goes up and down by turns.
    """
    ends = np.flatnonzero(~np.isfinite(values))
    kept = values[: ends[0]] if len(ends) else values
    kept = kept[len(kept) // 4 :: 2]
    if len(kept) < _LEAST or not (height := float(np.median(np.abs(kept)))):
        return 0.0
    return float(np.median(np.abs(np.diff(kept, 2)))) / (2 * height)


def _swings(values: np.ndarray) -> float:
    """How far a curve's slow part goes up and down in its second half, beside noise from point to point."""
    half = values[len(values) // 2 :]
    width = max(1, len(half) // 10)
    slow = np.convolve(half, np.ones(width) / width, mode="valid")
    return float(slow.max() - slow.min())


def _double_softmax(look: _Look) -> Iterator[Finding]:
    """A cross-entropy that cannot fall below what softmaxed scores allow, while almost all is right.

    With C classes and softmax applied twice, the loss of a perfect model is log(1 + (C-1)/e): 1.46 for ten. A
    clean model that is as right has far less; with label smoothing of 0.1 about a third of it. The number
    of classes is read from the start, where an untrained model's loss is log(C) with or without the mistake.
    """
    loss = look.loss
    if loss is None or not _usable(loss, 10):
        return
    accuracy = _known_accuracy(look)
    classes = _classes(look) or round(math.exp(min(loss.start(), 12)))
    if accuracy is None or classes < 2:
        return
    floor = math.log1p((classes - 1) / math.e)
    at_floor = 0.98 * floor <= loss.end() <= floor + 0.25 * (math.log(classes) - floor) + 0.05
    if at_floor and accuracy >= (0.97 if classes == 2 else 0.85):
        yield Finding(
            signature="double-softmax",
            title="Softmax is applied twice",
            evidence=f"{loss.name} stays at {loss.end():.3f} while {accuracy:.0%} is right. With {classes} "
            f"classes {floor:.3f} is the least that cross-entropy can give for scores that went "
            f"through a softmax "
            f"already. "
            "Cross-entropy losses take the scores before softmax.",
            lesson="loss-functions",
        )


def _overfits(look: _Look) -> Iterator[Finding]:
    """A validation loss that rises by half from its lowest, while the training's falls on."""
    train, valid = look.loss, look.valid_loss
    if train is None or valid is None or not _usable(train, 5) or not _usable(valid, 5):
        return
    smooth = valid.smooth()
    best = int(np.argmin(smooth))
    at_best = float(np.interp(valid.steps[best], train.steps, train.smooth()))
    if valid.end() > 1.5 * smooth[best] and train.end() < 0.8 * at_best and best < 0.7 * len(smooth):
        yield Finding(
            signature="overfitting",
            title="It learns the training data by heart",
            evidence=f"{valid.name} is lowest at step {_at(valid, best)} with {smooth[best]:.3g}, and ends "
            f"at {valid.end():.3g}, while {train.name} falls on to {train.end():.3g}. Stop there, "
            f"regularise, "
            f"or "
            "train on more varied data.",
            lesson="overfitting-and-bias-variance",
        )


# Rules on the model


def _forgotten_eval_mode(look: _Look) -> Iterator[Finding]:
    """The same inputs, other answers: twice in a row (dropout), or in other company (batch normalisation).

    A clean model answers each row alike; rounding may turn a row that is almost a tie, so 2 % are let pass.
    """
    split = look.splits.get("valid") or look.splits.get("hidden")
    if split is None or len(split.labels) < 16:
        return
    once, again = look.predicted(split.inputs), look.predicted(split.inputs)
    if once is None or again is None:
        return
    if (share := float((once != again).mean())) > 0.02:
        yield _eval_mode(
            f"Asked twice about the same {len(once)} inputs, it changes {share:.0%} of its answers"
        )
        return
    order = np.argsort(split.labels, kind="stable")
    parts = [look.predicted(split.inputs[rows]) for rows in np.array_split(order, max(2, len(order) // 16))]
    if any(part is None for part in parts):
        return
    alone = np.empty_like(once)
    alone[order] = np.concatenate([part for part in parts if part is not None])
    if (share := float((once != alone).mean())) > 0.02:
        yield _eval_mode(
            f"In small batches it gives other answers to {share:.0%} of the inputs than in a large one"
        )


def _eval_mode(evidence: str) -> Finding:
    return Finding(
        signature="eval-mode-forgotten",
        title="The model is not in evaluation mode",
        evidence=f"{evidence}. Dropout or batch normalisation is still as in training: call model.eval() "
        "before predicting.",
        lesson="regularization",
    )


def _wrong_normalisation(look: _Look) -> Iterator[Finding]:
    """A model that is much better on inputs of another scale was trained on those.

    It has to gain a fifth of all rows, and to come to more than half right: no change of scale does that
    to a model that is asked as it was trained.
    """
    split = look.splits.get("valid") or look.splits.get("hidden")
    if split is None or split.inputs.dtype.kind not in "fiu" or len(split.labels) < 32:
        return
    plain = look.right(split)
    if plain is None:
        return
    found = [(look.right(split, change), name) for name, change in _scales(look, split)]
    best, name = max(((right, name) for right, name in found if right is not None), default=(0.0, ""))
    if best > plain + 0.2 and best > 0.5:
        yield Finding(
            signature="wrong-normalisation",
            title="Inputs are scaled otherwise than in training",
            evidence=f"Of validation inputs as they are {plain:.0%} come out right; {name}, {best:.0%}. "
            "predict has to prepare its inputs as the training did.",
            lesson="feature-engineering",
        )


def _scales(look: _Look, split: _Split) -> Iterator[tuple[str, Callable[[np.ndarray], np.ndarray]]]:
    """Ways in which inputs are commonly prepared, and their opposites."""
    train = look.splits.get("train", split).inputs.astype(np.float64)
    mean, spread, most = train.mean(), train.std() or 1.0, float(np.abs(train).max()) or 1.0
    kind = split.inputs.dtype if split.inputs.dtype.kind == "f" else np.dtype(np.float32)
    yield "divided by 255", lambda x: (x / 255).astype(kind)
    yield "times 255", lambda x: (x * 255.0).astype(kind)
    yield f"divided by {most:.3g}", lambda x: (x / most).astype(kind)
    yield "with mean 0 and spread 1", lambda x: ((x - mean) / spread).astype(kind)
    yield "between -1 and 1", lambda x: (x / most * 2 - 1).astype(kind)


def _leakage(look: _Look) -> Iterator[Finding]:
    """Far better on validation data than on hidden data of the same kind: it has seen the former.

    The difference has to be above a tenth and above four standard errors: chance gives one in 30,000 runs.
    """
    valid, hidden = look.splits.get("valid"), look.splits.get("hidden")
    if valid is None or hidden is None or min(len(valid.labels), len(hidden.labels)) < 32:
        return
    seen, unseen = look.right(valid), look.right(hidden)
    if seen is None or unseen is None:
        return
    share = (seen * len(valid.labels) + unseen * len(hidden.labels)) / (
        len(valid.labels) + len(hidden.labels)
    )
    error = math.sqrt(share * (1 - share) * (1 / len(valid.labels) + 1 / len(hidden.labels)))
    if seen - unseen > max(0.1, 4 * error):
        yield Finding(
            signature="leakage",
            title="The model has seen the validation data",
            evidence=f"{seen:.0%} of the validation data come out right, and {unseen:.0%} of data that "
            "nobody has seen. Train on the training split only; do not choose too often by the validation.",
            lesson="cross-validation",
        )


def _dead_units(look: _Look) -> Iterator[Finding]:
    """One answer to everything, or most units at zero whatever comes.

    The model gives the same answer to all rows, of which no class has more than two thirds, though it was
    trained to the end of a curve that stands still. Where the run logs a curve with "dead" in its name, as a
    share, or the model has ``activations(inputs)``, those tell it exactly.
    """
    if look.dead is not None and _usable(look.dead, 1) and 0.5 < look.dead.end() <= 1:
        yield _dead(f"{look.dead.name} ends at {look.dead.end():.0%}")
        return
    split = look.splits.get("valid") or look.splits.get("hidden")
    if split is None or len(split.labels) < 32:
        return
    scores = look.scores(split.inputs)
    if scores is None or not np.isfinite(scores).all():
        return
    common = np.bincount(split.labels).max() / len(split.labels)
    rows = scores.reshape(len(scores), -1)
    same = np.ptp(rows, axis=0).max() <= 1e-6 * max(1.0, float(np.abs(rows).max()))
    if same and common <= 2 / 3 and _stands_still(look.loss):
        yield _dead(f"All {len(rows)} validation inputs get the same answer, and the loss stands still")


def _dead(evidence: str) -> Finding:
    return Finding(
        signature="dead-units",
        title="Units are dead",
        evidence=f"{evidence}: whatever comes in, they give zero, and get no gradient. A smaller learning "
        "rate, a better initialisation, or an activation with a slope below zero keeps them alive.",
        lesson="neurons-and-activations",
    )


def _stands_still(loss: Curve | None) -> bool:
    """Whether a loss is flat in its second half: its slow part moves by less than a twentieth of it."""
    if loss is None or not _usable(loss, 10):
        return loss is None
    return _swings(loss.values) <= 0.05 * max(abs(loss.end()), 1e-12)


_RULES: tuple[Callable[[_Look], Iterator[Finding]], ...] = (
    _not_a_number,
    _explodes,
    _no_zero_grad,
    _double_softmax,
    _overfits,
    _forgotten_eval_mode,
    _wrong_normalisation,
    _leakage,
    _dead_units,
)


# What there is to look at


def _longest(curves: Mapping[str, Curve], word: str, *, held_out: bool) -> Curve | None:
    """The longest curve whose name holds the word, of the training or of what was held out."""
    named = [
        curve
        for name, curve in curves.items()
        if re.search(word, name, re.IGNORECASE)
        and bool(_HELD_OUT.search(name)) is held_out
        and not name.startswith("system/")
    ]
    return max(named, key=lambda curve: len(curve.values), default=None)


def _usable(curve: Curve, least: int) -> bool:
    return len(curve.values) >= least and bool(np.isfinite(curve.values).all())


def _quarters(curve: Curve) -> tuple[float, float]:
    """The medians of the first and the last quarter."""
    part = max(1, len(curve.values) // 4)
    return float(np.median(curve.values[:part])), float(np.median(curve.values[-part:]))


def _at(curve: Curve, index: int) -> int:
    return int(curve.steps[index])


def _programs(files: Any) -> dict[str, str]:
    """The learner's files by name, as far as they are programs."""
    if not isinstance(files, dict):
        return {}
    return {str(name): str(text) for name, text in files.items() if str(name).endswith(".py")}


def _known_accuracy(look: _Look) -> float | None:
    """The share that is right at the end: as logged, else as the model says."""
    for curve in (look.accuracy, look.valid_accuracy):
        if curve is not None and _usable(curve, 1) and 0 <= curve.end() <= 1:
            return curve.end()
    split = look.splits.get("train") or look.splits.get("valid")
    return None if split is None else look.right(split)


def _classes(look: _Look) -> int | None:
    split = look.splits.get("train") or look.splits.get("valid")
    return None if split is None else int(split.labels.max()) + 1


def _splits(data: Mapping[str, Any]) -> dict[str, _Split]:
    """Inputs and labels by split, of the first data set that has both."""
    for dataset in data.values():
        found = {}
        for name in ("train", "valid"):
            arrays = {
                key.removeprefix(f"{name}_"): array
                for key, array in dataset.public.items()
                if key.startswith(f"{name}_")
            }
            found[name] = _paired(arrays)
        found["hidden"] = _paired(dataset.hidden)
        kept = {name: split for name, split in found.items() if split is not None}
        if kept:
            return kept
    return {}


def _paired(arrays: Mapping[str, np.ndarray]) -> _Split | None:
    """The labels, and the one other array of as many rows."""
    labels = next((arrays[name] for name in _LABELS if name in arrays), None)
    if labels is None or labels.ndim != 1 or labels.dtype.kind not in "iu" or not len(labels):
        return None
    inputs = [array for name, array in arrays.items() if name not in _LABELS and len(array) == len(labels)]
    if len(inputs) != 1 or int(labels.min()) < 0:
        return None
    rows = np.random.default_rng(0).permutation(len(labels))[:_ROWS]
    return _Split(np.asarray(inputs[0][rows]), np.asarray(labels[rows], dtype=np.int64))
