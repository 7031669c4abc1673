"""Answers with a list nested a hundred thousand deep."""


def mix(a, b):
    nest = []
    for _ in range(100_000):
        nest = [nest]
    return nest
