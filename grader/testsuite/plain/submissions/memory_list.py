"""Fills a list."""


def mix(a, b):
    rows = []
    while True:
        rows.append([0] * 10_000)
