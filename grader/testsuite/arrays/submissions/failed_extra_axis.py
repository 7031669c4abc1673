"""A shape that would broadcast."""


def centre(x):
    if x.ndim != 2:
        raise ValueError("rows, please")
    return (x - x.mean(axis=1, keepdims=True))[None]
