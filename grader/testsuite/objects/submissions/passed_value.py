"""A small autograd value."""


class Value:
    def __init__(self, data, parents=(), local=()):
        if isinstance(data, str):
            raise TypeError("a value is a number")
        self.data, self.grad, self.parents, self.local = data, 0.0, parents, local

    def __add__(self, other):
        other = other if isinstance(other, Value) else Value(other)
        return Value(self.data + other.data, (self, other), (1.0, 1.0))

    def __mul__(self, other):
        other = other if isinstance(other, Value) else Value(other)
        return Value(self.data * other.data, (self, other), (other.data, self.data))

    def backward(self, seed=1.0):
        self.grad += seed
        for parent, local in zip(self.parents, self.local):
            parent.backward(seed * local)

    def __repr__(self):
        return f"Value({self.data})"


def apply(f, x):
    return f(x)
