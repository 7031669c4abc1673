"""What crosses unchanged, and that no frame, however hostile, does more than fail."""

import contextlib
import os
import socket
import struct
import threading
import time

import msgpack
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.harness.codec import MAX_BYTES, Channel, Closed, CodecError, Decoder, Encoder


def encoder() -> Encoder:
    def keep(value):
        raise CodecError(f"{type(value).__name__} stays behind")

    return Encoder(keep)


def decoder() -> Decoder:
    return Decoder(lambda kind, number, label, is_callable: (kind, number, label, is_callable))


def crossed(value):
    _, header, *parts = encoder().encode(value)
    return decoder().decode(header, [bytearray(part) for part in parts])


plain = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text()
    | st.binary()
    | st.complex_numbers(allow_nan=False),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.tuples(inner, inner)
        | st.dictionaries(st.text() | st.integers() | st.tuples(st.integers()), inner, max_size=4)
        | st.frozensets(st.integers() | st.text(), max_size=4)
    ),
    max_leaves=12,
)


@given(plain)
@settings(max_examples=200, deadline=None)
def test_plain_data_crosses_unchanged_and_keeps_its_types(value) -> None:
    assert repr(crossed(value)) == repr(value) or crossed(value) == value
    assert type(crossed(value)) is type(value)


@pytest.mark.parametrize(
    "dtype", ["bool", "u1", "i2", "<i4", ">i8", "f2", "f4", "f8", "c8", "c16", "S5", "U3"]
)
@pytest.mark.parametrize("shape", [(), (0,), (3,), (2, 0, 3), (2, 3)])
def test_arrays_cross(dtype, shape) -> None:
    array = np.arange(np.prod(shape, dtype=int)).reshape(shape).astype(dtype)
    got = crossed([array])[0]
    assert got.dtype == array.dtype
    assert got.shape == shape
    assert (got == array).all()
    assert type(got) is np.ndarray


def test_what_is_not_contiguous_or_a_subclass_crosses_as_a_plain_array() -> None:
    assert (crossed(np.arange(10)[::-2]) == np.arange(10)[::-2]).all()
    assert type(crossed(np.matrix([[1, 2]]))) is np.ndarray
    assert isinstance(crossed(np.float32(1.5)), np.float32)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.int64, torch.bool, torch.complex64])
def test_tensors_cross(dtype) -> None:
    tensor = torch.ones(2, 3).to(dtype)
    got = crossed(tensor)
    assert got.dtype == dtype
    assert torch.equal(got, tensor)
    assert crossed(torch.zeros(0, 2)).shape == (0, 2)
    assert crossed(torch.tensor(2.0)).shape == ()


def test_a_parameter_crosses_with_its_gradient() -> None:
    weight = torch.nn.Parameter(torch.ones(2))
    (weight * 3).sum().backward()
    got = crossed(weight)
    assert type(got) is torch.Tensor
    assert torch.equal(got.grad, torch.full((2,), 3.0))
    assert not got.requires_grad


def test_conjugates_cross_as_what_they_show() -> None:
    tensor = torch.tensor([1 + 2j]).conj()
    assert crossed(tensor)[0] == 1 - 2j


def extension(code, value) -> bytes:
    return msgpack.packb(msgpack.ExtType(code, msgpack.packb(value)))


@pytest.mark.parametrize(
    ("header", "parts"),
    [
        (extension(6, ["<f8", [10**6, 10**6], 0]), [bytes(16)]),
        (extension(6, ["<f8", [-1], 0]), [bytes(8)]),
        (extension(6, ["<f8", [2**62, 4], 0]), [b""]),
        (extension(6, ["<f8", [0, 2**63], 0]), [b""]),
        (extension(6, ["|O", [1], 0]), [bytes(8)]),
        (extension(6, ["<f8,<f8", [1], 0]), [bytes(16)]),
        (extension(6, ["<f3", [1], 0]), [bytes(3)]),
        (extension(6, ["<f8", [1], 7]), [bytes(8)]),
        (extension(6, ["<f8", [1], True]), [bytes(8)]),
        (extension(6, ["<f8", "ab", 0]), [bytes(8)]),
        (extension(6, ["|S0", [10**9], 0]), [b""]),
        (extension(7, ["<f8", b"123"]), []),
        (extension(8, ["float32", [10**12], 0, None]), [bytes(16)]),
        (extension(8, ["__class__", [1], 0, None]), [bytes(4)]),
        (extension(11, ["x"]), []),
        (extension(2, [[1]]), []),
        (extension(99, [1]), []),
        (extension(1, 5), []),
        (b"\x91" * 5000 + b"\xc0", []),
        (b"\xdd\xff\xff\xff\xff", []),
        (b"\xdb\xff\xff\xff\xff", []),
        (b"\xc1", []),
        (b"", []),
    ],
)
def test_a_lying_frame_is_refused(header, parts) -> None:
    with pytest.raises(CodecError):
        decoder().decode(header, [bytearray(part) for part in parts])


def test_extensions_nested_in_each_other_end() -> None:
    inner = msgpack.packb(None)
    for _ in range(2000):
        inner = msgpack.packb([msgpack.ExtType(1, inner)])
    with pytest.raises(CodecError):
        decoder().decode(inner, [])


@given(st.binary(max_size=200), st.lists(st.binary(max_size=20), max_size=2))
@settings(max_examples=500, deadline=None)
def test_random_bytes_do_nothing_but_fail(header, parts) -> None:
    with contextlib.suppress(CodecError):
        decoder().decode(header, [bytearray(part) for part in parts])


def test_what_cannot_cross_is_said() -> None:
    for value in (1 << 1_000_000, [object()], lambda: 0):
        with pytest.raises(CodecError):
            encoder().encode(value)


def test_a_ring_cannot_cross() -> None:
    ring: list = []
    ring.append(ring)
    with pytest.raises(CodecError):
        encoder().encode(ring)


def pair() -> tuple[Channel, socket.socket]:
    ours, theirs = socket.socketpair()
    return Channel(ours), theirs


@pytest.mark.parametrize(
    "head",
    [struct.pack("<II", 2**31, 0), struct.pack("<II", 1, 2**31), struct.pack("<IIQ", 1, 1, MAX_BYTES + 1)],
)
def test_a_length_over_the_limits_is_refused_before_memory_is_taken(head) -> None:
    channel, other = pair()
    other.sendall(head)
    with pytest.raises(CodecError):
        channel.receive(time.monotonic() + 5)


def test_silence_and_trickling_run_into_the_deadline() -> None:
    channel, other = pair()

    def trickle() -> None:
        for _ in range(20):
            try:
                other.sendall(b"\0")
            except OSError:
                return
            time.sleep(0.05)

    threading.Thread(target=trickle, daemon=True).start()
    other.sendall(struct.pack("<II", 1000, 0))
    began = time.monotonic()
    with pytest.raises(TimeoutError):
        channel.receive(began + 0.2)
    assert time.monotonic() - began < 0.5


def test_a_reader_that_does_not_read_runs_into_the_deadline() -> None:
    channel, _other = pair()
    with pytest.raises(TimeoutError):
        channel.send([b"x" * 2**24], time.monotonic() + 0.2)


def test_a_closed_connection_is_said() -> None:
    channel, other = pair()
    other.sendall(b"\1")
    other.close()
    with pytest.raises(Closed):
        channel.receive(time.monotonic() + 5)


def test_a_large_array_crosses_a_socket() -> None:
    ours, theirs = socket.socketpair()
    array = np.frombuffer(os.urandom(2**22), "u1")
    sender = threading.Thread(target=lambda: Channel(theirs).send(encoder().encode(array)))
    sender.start()
    got = decoder().decode(*Channel(ours).receive(time.monotonic() + 10))
    sender.join()
    assert (got == array).all()
