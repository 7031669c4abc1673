"""A loop that never clears its gradients is found; loops that clear them in any of the usual ways are not."""

from textwrap import dedent

import pytest

from grader.checks.loops import Loop, uncleared

WRONG = {
    "the plain mistake": """
        for x, y in batches:
            loss = f(model(x), y)
            loss.backward()
            optimizer.step()
        """,
    "clipped and scheduled": """
        while step < steps:
            for rows in batches:
                loss.backward()
                nn.utils.clip_grad_norm_(model.parameters(), 5.0)
                optimizer.step()
                schedule.step()
                step += 1
        """,
    "cleared once, before the loop": """
        optimizer.zero_grad()
        for x, y in batches:
            f(model(x), y).backward()
            optimizer.step()
        """,
    "cleared once an epoch": """
        def epoch():
            for x, y in batches:
                f(model(x), y).backward()
                optimizer.step()

        for _ in range(3):
            optimizer.zero_grad()
            epoch()
        """,
    "in a step of its own": """
        class Learner:
            def learn(self, x, y):
                f(self.model(x), y).backward()
                self.optimizer.step()

        def main():
            learner = Learner()
            for x, y in batches:
                learner.learn(x, y)
        """,
    "by hand": """
        for _ in range(100):
            f(w).backward()
            with torch.no_grad():
                w -= 0.1 * w.grad
        """,
    "scaled, not cleared": """
        for x, y in batches:
            f(model(x), y).backward()
            for p in model.parameters():
                p.grad = p.grad / len(x)
            optimizer.step()
        """,
    "in a comment only": """
        for x, y in batches:
            # optimizer.zero_grad()
            f(model(x), y).backward()
            optimizer.step()
        """,
}
CLEAN = {
    "at the start": """
        for x, y in batches:
            optimizer.zero_grad(set_to_none=True)
            f(model(x), y).backward()
            optimizer.step()
        """,
    "after each fourth": """
        for i, (x, y) in enumerate(batches):
            (f(model(x), y) / 4).backward()
            if (i + 1) % 4 == 0:
                optimizer.step()
                optimizer.zero_grad()
        """,
    "in pieces": """
        for x, y in batches:
            model.zero_grad()
            for piece in x.split(4):
                f(model(piece), y).backward()
            optimizer.step()
        """,
    "in a function": """
        def clear(model):
            for p in model.parameters():
                p.grad = None

        for x, y in batches:
            clear(model)
            f(model(x), y).backward()
            optimizer.step()
        """,
    "in a closure": """
        for x, y in batches:
            def closure():
                optimizer.zero_grad()
                loss = f(model(x), y)
                loss.backward()
                return loss
            optimizer.step(closure)
        """,
    "by hand": """
        for _ in range(100):
            f(w).backward()
            with torch.no_grad():
                w -= 0.1 * w.grad
                w.grad.zero_()
        """,
    "multiplied away": """
        for x, y in batches:
            f(model(x), y).backward()
            optimizer.step()
            for p in model.parameters():
                p.grad *= 0
        """,
    "in an optimizer of one's own": """
        class Descent:
            def step(self):
                for p in self.weights:
                    p.data -= self.rate * p.grad
                    p.grad.fill_(0)

        for x, y in batches:
            f(model(x), y).backward()
            optimizer.step()
        """,
    "one step of each of many": """
        for rate in rates:
            model = network()
            optimizer = torch.optim.SGD(model.parameters(), rate)
            f(model(x), y).backward()
            optimizer.step()
        """,
    "a network of one's own": """
        class Network:
            def backward(self, slope):
                self.slope = slope @ self.weights.T

            def step(self, rate):
                self.weights -= rate * self.slope

        for x, y in batches:
            network.backward(network(x) - y)
            network.step(0.1)
        """,
    "variables made anew": """
        for _ in range(100):
            image = image.detach().requires_grad_()
            score(image).backward()
            image = image - 0.1 * image.grad
            bar.step()
        """,
    "a hook": """
        optimizer.register_step_post_hook(lambda *_: optimizer.zero_grad())
        for x, y in batches:
            f(model(x), y).backward()
            optimizer.step()
        """,
    "norms of gradients": """
        for x in inputs:
            f(x).backward()
            total += x.grad.norm() ** 2
        """,
    "no loop": "loss.backward()\noptimizer.step()",
}


@pytest.mark.parametrize("name", WRONG)
def test_a_loop_that_clears_nothing_is_found(name: str) -> None:
    assert uncleared({"train.py": dedent(WRONG[name])}) is not None


@pytest.mark.parametrize("name", CLEAN)
def test_a_loop_that_clears_in_its_own_way_is_none(name: str) -> None:
    assert uncleared({"train.py": dedent(CLEAN[name])}) is None


def test_what_is_called_is_followed_into_other_files() -> None:
    imports = "import solution\nfrom solution import clear as tidy\n"
    loop = imports + "for x in batches:\n    {}\n    optimizer.step()\n"
    helper = "def learn(x):\n    f(x).backward()\n\ndef clear():\n    optimizer.zero_grad()\n"
    wrong = {"train.py": loop.format("solution.learn(x)"), "solution.py": helper}
    right = {"train.py": loop.format("tidy(); solution.learn(x)"), "solution.py": helper}
    assert uncleared(wrong) == Loop("train.py", 3)
    assert uncleared(right) is None


def test_the_innermost_loop_is_named() -> None:
    assert uncleared({"train.py": dedent(WRONG["clipped and scheduled"]).lstrip()}) == Loop("train.py", 2)


@pytest.mark.parametrize(
    "text",
    [
        "for x in",
        "\0",
        "(" * 50_000,
        "-" * 50_000 + "1",
        "x" + ".a" * 50_000,
        "for x in y:\n    a.backward(); b.step()\n" * 5_000,
        "def f():\n    f()\n    g()\ndef g():\n    f()\nfor x in y:\n    f()\n",
        "\n".join(f"def f{i}():\n    f{i + 1}()" for i in range(1_500)) + "\nfor x in y:\n    f0()\n",
    ],
    ids=["cut", "null", "brackets", "signs", "attributes", "many", "circle", "chain"],
)
def test_a_text_that_is_no_training_says_nothing(text: str) -> None:
    assert uncleared({"train.py": text, "notes.md": "for x in y: z.backward(); z.step()"}) is None
