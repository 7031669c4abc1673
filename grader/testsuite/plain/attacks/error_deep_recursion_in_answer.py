"""Answers with lists in lists, deeper than a stack."""


def mix(a, b):
    answer = []
    for _ in range(100_000):
        answer = [answer]
    return answer
