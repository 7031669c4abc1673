"""Hidden evaluation of `small-language-model`.

What a hidden story costs is measured token by token: the model gives its probabilities before it sees the next
token, for all stories at once, so it can only have learned them. What the model writes is judged by the grammar
that wrote the stories.
"""

import re

import numpy as np

from grader.checks import (
    at_least,
    at_most,
    cases,
    check,
    close,
    equal,
    example,
    lesson,
    metric,
)
from grader.checks.curves import falls, no_nan

STORIES = 48
SAMPLES = 20
END = 0
SPLIT = re.compile(r"(?<=\.) ")
ODD = [
    "",
    "Ada",
    " two  spaces ",
    "Straße, naïve, 東京",
    "tabs\tand\nlines",
    "Once there was a wolf called Mila.",
]


def words_of(stories):
    """The stories cut before each space, as the tokenizer may cut them."""
    return [re.findall(r" ?[^ ]+", str(story)) for story in stories]


def encoded(student, stories):
    """Each story's tokens, put together word by word so that no story is ever shown."""
    cut = words_of(stories)
    known = {}
    for word in sorted({word for words in cut for word in words}):
        known[word] = tokens(student, word)
    return [[END, *(token for word in words for token in known[word]), END] for words in cut]


def tokens(student, text):
    """What ``encode`` returns: a list of whole numbers above zero."""
    got = student.encode(text)
    check(
        isinstance(got, list) and all(type(token) is int and token > END for token in got),
        "`encode` returns a list of whole numbers from 1 on; 0 is the end of a story.",
    )
    return got


def bits(student, rows):
    """The cost of each row's tokens in bits, given those before, for rows that begin with END."""
    costs = np.zeros(len(rows))
    for place in range(1, max(map(len, rows))):
        asked = [index for index, row in enumerate(rows) if len(row) > place]
        got = student.next_token([rows[index][:place] for index in asked])
        check(
            isinstance(got, np.ndarray) and got.ndim == 2 and len(got) == len(asked),
            "`next_token` returns the logarithms of the probabilities of every token, one row for each list.",
        )
        check(
            bool(np.all(np.abs(np.exp(got).sum(1) - 1) < 1e-3)),
            "`next_token` returns natural logarithms of probabilities. Those of one row must sum to 1.",
        )
        following = [rows[index][place] for index in asked]
        check(
            max(following) < got.shape[1], "`encode` gives a token that `next_token` has no probability for."
        )
        costs[asked] -= got[np.arange(len(asked)), following] / np.log(2)
    return costs


def bits_per_byte(student, split, count):
    """The mean cost of the first stories of a split."""
    stories = [str(story) for story in split["stories"][:count]]
    return float(bits(student, encoded(student, stories)).sum() / sum(len(text.encode()) for text in stories))


def test_bits_per_byte(student, data):
    """Foretells hidden stories"""
    hidden, public = data["stories"].hidden, data["stories"].public
    found = bits_per_byte(student, hidden, STORIES)
    metric("bits_per_byte", found)
    valid = {"stories": public["valid_stories"]}
    metric("bits_per_byte/public", bits_per_byte(student, valid, STORIES // 2))
    length = sum(len(str(story).encode()) for story in hidden["stories"][:STORIES])
    entropy = float(hidden["bits"][:STORIES].sum() / length)
    metric("entropy", entropy)
    at_least(
        found,
        entropy * 0.9,
        "No model can be better than the grammar that wrote the stories. How did it see them?",
    )


def judged(text, hidden):
    """How many of the sentences the grammar knows, how many there are, and whether all facts agree."""
    patterns = [row.split(" ", 1)[1] for row in map(str, hidden["patterns"])]
    follows = {(field, value, other): second for field, value, other, second in hidden["follows"].tolist()}
    sentences, facts, good, agree = SPLIT.split(text.strip()), {}, 0, True
    for sentence in sentences:
        found = next((match for match in (re.fullmatch(one, sentence) for one in patterns) if match), None)
        if found is None:
            agree = False
            continue
        good += 1
        for field, value in found.groupdict().items():
            value = value.lower() if field in ("pron", "poss") else value
            if field not in ("a", "b"):
                agree = agree and facts.setdefault(field, value) == value
    for (field, value, other), second in follows.items():
        if facts.get(field) == value and facts.get(other, second) != second:
            agree = False
    return good, len(sentences), agree


def test_samples(student, data):
    """Writes sentences that the grammar knows, and stories that agree with themselves"""
    texts = [student.generate("", 140, seed=seed, temperature=0.8) for seed in range(SAMPLES)]
    check(all(isinstance(text, str) and text.strip() for text in texts), "`generate` returns a text.")
    found = [judged(text, data["stories"].hidden) for text in texts]
    known = {str(story) for story in data["stories"].public["train_stories"]}
    metric("grammatical", sum(good for good, _, _ in found) / sum(count for _, count, _ in found))
    metric("coherent", float(np.mean([agree for _, _, agree in found])))
    metric("new", float(np.mean([text.strip() not in known for text in texts])))


@example
@cases(text=ODD)
def test_tokenizer_round_trip(student, text):
    """Gives back every text it has encoded"""
    equal(student.decode(tokens(student, text)), text, hint="Start from bytes: every text has them.")


def test_tokenizer_keeps_words_apart(student, data):
    """Encodes word by word: a space begins a new token"""
    for story in data["stories"].public["valid_stories"][:20]:
        words = words_of([story])[0]
        apart = [token for word in words for token in tokens(student, word)]
        equal(
            apart,
            tokens(student, str(story)),
            hint="A story's tokens are those of its words, one after the other, each with the space before it.",
        )


def test_tokenizer_compresses(student, data):
    """Needs fewer tokens than bytes"""
    stories = [str(story) for story in data["stories"].public["valid_stories"][:50]]
    size = sum(len(story.encode()) for story in stories) / sum(
        len(tokens(student, story)) for story in stories
    )
    metric("bytes_per_token", size)
    at_least(size, 2.5, "A token should stand for a few bytes. How many merges did you learn?")


def test_training_a_tokenizer(student):
    """Merges the most frequent pair first"""
    merges = student.train_tokenizer(["ababab ab", "ab abx"], 259)
    check(isinstance(merges, list) and len(merges) == 2, "`train_tokenizer` returns one pair for each merge.")
    equal(
        [int(token) for token in merges[0]],
        [98, 99],
        hint="`ab` is the most frequent pair; byte b is token b + 1.",
    )


@example
def test_packing(student):
    """Packs texts into rows that overlap by one token"""
    got = student.pack([[5, 6, 7], [8], [9, 10, 11, 12]], 3)
    check(isinstance(got, np.ndarray), "`pack` returns an array.")
    close(
        got,
        np.array([[0, 5, 6, 7], [7, 0, 8, 0], [0, 9, 10, 11]]),
        hint="One stream, 0 before each text: 0 5 6 7 0 8 0 9 10 11 12. Rows of 3 + 1; the rest is dropped.",
    )


def test_accumulation_equals_large_batch(student, rng):
    """Has the same gradient in pieces as in one"""
    rows = rng.integers(1, 500, size=(6, 17))
    whole = student.gradients(rows, 1)
    check(
        isinstance(whole, dict) and len(whole) > 3, "`gradients` returns an array for each parameter by name."
    )
    check(any(np.abs(value).max() > 1e-6 for value in whole.values()), "All gradients are zero.")
    for parts in (2, 3, 4):
        pieces = student.gradients(rows, parts)
        for name, value in whole.items():
            close(
                pieces[name],
                value,
                rtol=1e-3,
                atol=1e-6,
                hint=f"{name} in {parts} pieces. Weigh each piece by its share of the rows; zero the gradients once.",
            )


def test_resume(student, rng):
    """Goes on from a saved state as if it had never stopped"""
    rows = rng.integers(1, 500, size=(8, 17))
    straight, _ = student.short_training(rows, 6)
    first, state = student.short_training(rows, 3)
    second, _ = student.short_training(rows, 3, state)
    close(
        [*first, *second],
        list(straight),
        rtol=1e-4,
        hint="The model is not all: the optimizer has a memory, and the step counts.",
    )


def test_generates_from_a_prompt(student):
    """Goes on with a prompt"""
    prompt = "Once there was a shy"
    got = student.generate(prompt, 40, seed=3)
    check(
        isinstance(got, str) and got.startswith(prompt), "`generate` returns the prompt and what follows it."
    )
    at_least(len(got) - len(prompt), 10, "Next to nothing follows the prompt.")


@cases(length=[1, 5, 20])
def test_respects_length(student, length):
    """Writes no more tokens than asked for"""
    prompt = "Nora was a young deer."
    got = student.generate(prompt, length, seed=1)
    at_most(len(tokens(student, got[len(prompt) :])), length, "Count the new tokens, not the prompt's.")


def test_same_seed_same_text(student):
    """Writes the same for the same seed, and something else for another"""
    first, again = (student.generate("Once", 60, seed=5) for _ in range(2))
    equal(again, first, hint="Draw from a generator that the seed has started.")
    others = {student.generate("Once", 60, seed=seed) for seed in range(6)}
    at_least(len(others), 2, "Six seeds gave one and the same text.")


def test_looks_only_back(student):
    """Does not change what it said when more follows"""
    row = tokens(student, "Once there was a kind owl called Nora.")
    first = student.next_token([[END, *row[:3]]])
    longer = student.next_token([[END, *row[:3], row[3]]])
    again = student.next_token([[END, *row[:3]], [END, *row[:2], row[5]]])
    close(again[:1], first, rtol=1e-3, atol=1e-4, hint="A row's answer depends on the rows beside it.")
    check(
        not np.allclose(np.asarray(longer), np.asarray(first)),
        "One more token changes nothing. Does the last position see what came before?",
    )


@lesson("decoder-only-transformers")
def test_foretells_what_it_cannot_see(student, data, curves):
    """Foretells tokens that it cannot see as well as its training loss says"""
    hidden = data["stories"].hidden
    rows = encoded(student, hidden["stories"][:12])
    count = sum(len(row) - 1 for row in rows)
    found = float(bits(student, rows).sum()) / count
    said = curves["loss"].end() / np.log(2)
    chance = float(hidden["bits"][:12].sum()) / count
    at_most(
        found,
        2 * max(said, chance),
        f"The loss ends at {said:.2g} bits a token, and the stories themselves hold {chance:.2g} bits of chance in "
        f"each. Asked one token at a time, before it sees the next, the model needs {found:.2g}. In training it saw "
        "what it had to foretell: look at the attention's mask, and at how inputs and targets are shifted. If both "
        "are right, it has learned its stories by heart.",
    )


@lesson("pytorch-training-loop")
def test_loss_falls(curves):
    """The loss falls, and stays a number"""
    no_nan(curves["loss"])
    falls(curves["loss"], 0.4)
