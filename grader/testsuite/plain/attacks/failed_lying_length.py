"""Answers with a thing whose length and hash lie."""


class Lie:
    def __len__(self):
        return 2**62

    def __hash__(self):
        return -1

    def __eq__(self, other):
        return True

    def __iter__(self):
        return iter(lambda: 1, 2)


def mix(a, b):
    return Lie()
