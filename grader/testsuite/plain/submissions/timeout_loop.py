"""Never returns."""


def mix(a, b):
    while True:
        pass
