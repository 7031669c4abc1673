"""The living style sheet: every component in every state, for whoever builds or checks a page."""

from types import SimpleNamespace

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from cairn.ui.cairn import HEIGHTS, STATES, State, Stone, draw
from cairn.ui.landscape import Height

STONES = (
    Stone("baseline", "exercise"),
    Stone("confusion", "exercise"),
    Stone("quiz", "quiz"),
    Stone("accuracy", "metric"),
    Stone("analysis", "document"),
    Stone("modular", "rubric"),
)
KINDS = {
    "metric": ("Metric threshold", "two strata"),
    "exercise": ("Exercise passed", "plain"),
    "quiz": ("Quiz score", "five grains"),
    "document": ("Document delivered", "flat, one vein"),
    "rubric": ("Rubric line", "one crack"),
}
SWATCHES = {
    "Granite": "bg surface sunken hover line-strong control text-3 text-2 text",
    "Meaning": "tarn pass fail warn review blaze",
    "Stones": "stone-1 stone-2 stone-3 stone-4",
    "Sequential": "seq-0 seq-1 seq-2 seq-3 seq-4 seq-5",
    "Categorical": "cat-a cat-b cat-c cat-d cat-e cat-f",
}
TESTS = (
    {"name": "test_sums", "title": "Sums to one along the last axis", "status": "passed", "seconds": 0.002},
    {"name": "test_shape", "title": "Keeps shape and dtype", "status": "passed", "seconds": 0.001},
    {
        "name": "test_scale",
        "title": "Rows of very different scale",
        "status": "failed",
        "seconds": 0.002,
        "message": "A probability came out as nan. Rows must not influence each other.",
        "line": 13,
        "warnings": ["RuntimeWarning: invalid value encountered in divide, line 13"],
        "difference": {
            "call": "softmax(np.array([[0., 1., 2.],\n                  [1000., 1001., 1002.]]), axis=-1)",
            "expected": {
                "shape": (2, 3),
                "dtype": "float64",
                "rows": (("0.0900", "0.2447", "0.6652"), ("0.0900", "0.2447", "0.6652")),
                "differs": ((0, 0), (0, 1), (0, 2)),
            },
            "got": {
                "shape": (2, 3),
                "dtype": "float64",
                "rows": (("nan", "nan", "nan"), ("0.0900", "0.2447", "0.6652")),
                "differs": ((0, 0), (0, 1), (0, 2)),
            },
            "summary": "3 of 6 values differ, all in row 0.",
        },
    },
    {"name": "test_axis", "title": "Any axis of a three-dimensional batch", "status": "run"},
    {"name": "test_mask", "title": "Masked logits get probability zero", "status": "wait"},
)
PATH = (
    Height("phase 0", 1, "Linear algebra"),
    Height("1", 2, "Digits at 98\N{NARROW NO-BREAK SPACE}%"),
    Height("2", 3),
    Height("phase 3", 5, "Small language model"),
)


def states(request: HttpRequest) -> HttpResponse:
    """The sheet. Routed where DEBUG is on."""
    steps = [draw("handwritten-digits", laid(k), 74, name=f"Step {k}") for k in range(len(STONES) + 1)]
    kinds = [
        (title, mark, [draw("sheet", [Stone(kind, kind, state)], 80) for state in reversed(STATES)])
        for kind, (title, mark) in KINDS.items()
        if kind in HEIGHTS
    ]
    context = {
        "steps": steps,
        "kinds": kinds,
        "swatches": {group: names.split() for group, names in SWATCHES.items()},
        "tests": TESTS,
        "path": PATH,
        "current": SimpleNamespace(slug="handwritten-digits", title="Handwritten digits", stones=current()),
    }
    return render(request, "ui/states.html", context)


def laid(count: int) -> list[Stone]:
    """The sample stones with the first ``count`` met."""
    return [Stone(s.id, s.kind, "met" if k < count else "open", k) for k, s in enumerate(STONES)]


def current() -> list[Stone]:
    """The sample stones in the middle of the work: three met, one of each other state."""
    after: tuple[State, ...] = ("met", "met", "met", "started", "review", "open")
    return [Stone(s.id, s.kind, state, k) for k, (s, state) in enumerate(zip(STONES, after, strict=True))]
