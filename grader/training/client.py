"""The module ``cairn``: what a program that trains tells the node, and what it may ask for.

It lives in the sandbox, in one process with the learner's code, and holds nothing that is worth taking.
Messages go over a socket, one packet of JSON each, files beside them as descriptors. Telling the node of a
number never waits: what does not fit into the socket is kept for a moment, and thinned if it is too much.

In an evaluation, or on the learner's own machine, the same calls work and lead nowhere; ``load`` still loads.
"""

# Only the standard library, and numpy and torch where the program has imported them: it must start fast.
# ruff: noqa: PTH112, PTH110, PTH113, PTH118, PTH123

import atexit
import contextlib
import json
import os
import random
import signal
import socket
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import FrameType
from typing import Any

try:
    from grader.training import tensors
except ImportError:  # in the sandbox, where it lies beside this file under a name of its own
    import _cairn_tensors as tensors  # type: ignore[import-not-found, no-redef]

GIVEN = "/cairn"
DATA = "/data"
_MAX_PACKET = 60_000
_FLUSH_SECONDS = 0.05
_LINGER_SECONDS = 0.1
_PACKET_POINTS = 200
_MAX_HELD = 20_000
_SEND_SECONDS = 60.0


class Parameters(Mapping[str, Any]):
    """The run's hyper-parameters: ``cairn.parameters["lr"]`` and ``cairn.parameters.lr``."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self.__dict__["_values"] = dict(values)

    def __getitem__(self, name: str) -> Any:
        return self._values[name]

    def __getattr__(self, name: str) -> Any:
        try:
            return self._values[name]
        except KeyError:
            known = ", ".join(self._values) or "none"
            raise AttributeError(f"this run has no parameter {name!r}; it has {known}") from None

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __repr__(self) -> str:
        return f"Parameters({self._values})"


class _Wire:
    """The way to the node. Safe for threads; a fork gets an empty buffer and the same socket."""

    def __init__(self, address: str) -> None:
        self._sock = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._sock.connect(address)
        self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 2**20)
        self._forget()
        os.register_at_fork(after_in_child=self._forget)
        atexit.register(self.close)

    def _forget(self) -> None:
        self._lock = threading.Lock()
        self._wanted = threading.Event()
        self._held: list[tuple[str, int, float, float]] = []
        self._dropped = 0
        self._flushed = 0.0
        self._flusher: threading.Thread | None = None

    def points(self, points: list[tuple[str, int, float, float]]) -> None:
        """Numbers for curves: on their way at once, or together with those that follow soon."""
        with self._lock:
            self._held += points
            if len(self._held) >= _PACKET_POINTS or time.monotonic() - self._flushed >= _FLUSH_SECONDS:
                self._flush()
            if self._held and not self._wanted.is_set():
                self._wanted.set()
                self._be_flushed()

    def _be_flushed(self) -> None:
        if self._flusher is None:
            self._flusher = threading.Thread(target=self._linger, name="cairn", daemon=True)
            self._flusher.start()

    def _linger(self) -> None:
        while self._wanted.wait():
            time.sleep(_LINGER_SECONDS)
            with self._lock:
                self._wanted.clear()
                self._flush()
                if self._held:
                    self._wanted.set()

    def _flush(self) -> None:
        """Sends what is held, as far as the node takes it just now."""
        self._flushed = time.monotonic()
        while self._held:
            batch = self._held[:_PACKET_POINTS]
            try:
                self._sock.send(_packed({"k": "points", "p": batch}), socket.MSG_DONTWAIT)
            except BlockingIOError:
                break
            except OSError:  # the node is gone, and with it soon this process
                self._held.clear()
                return
            del self._held[:_PACKET_POINTS]
        if len(self._held) > _MAX_HELD:
            self._dropped += len(self._held) // 2
            del self._held[::2]

    def tell(self, message: dict[str, Any], file: int | None = None) -> None:
        """Sends a message that must arrive, after the points before it. Waits while the node is busy."""
        data = _packed(message)
        if len(data) > _MAX_PACKET:
            raise ValueError("this is too much for one message")
        with self._lock:
            self._sock.settimeout(_SEND_SECONDS)
            try:
                while self._held:
                    self._sock.send(_packed({"k": "points", "p": self._held[:_PACKET_POINTS]}))
                    del self._held[:_PACKET_POINTS]
                if self._dropped:
                    self._sock.send(_packed({"k": "dropped", "n": self._dropped}))
                    self._dropped = 0
                socket.send_fds(self._sock, [data], [file] if file is not None else [])
            finally:
                self._sock.settimeout(None)

    def close(self) -> None:
        """Sends what is left."""
        with contextlib.suppress(OSError):
            self.tell({"k": "bye"})


def _packed(message: dict[str, Any]) -> bytes:
    return json.dumps(message, separators=(",", ":")).encode("utf-8", "replace")


def _read_given() -> dict[str, Any]:
    try:
        with open(os.path.join(GIVEN, "job.json"), encoding="utf-8") as file:
            given: dict[str, Any] = json.load(file)
    except OSError:
        return {}
    return given


def _connected() -> _Wire | None:
    """Only the first of several processes speaks for all."""
    address = os.path.join(GIVEN, "socket")
    if not os.path.exists(address) or os.environ.get("RANK", "0") != "0":
        return None
    return _Wire(address)


_given = _read_given()
_wire = _connected()
_step = -1
_stopping = False

parameters = Parameters(_given.get("parameters", {}))
device: str = _given.get("device", "cpu")
seed: int = _given.get("seed", 0)


# Telling


def log(values: Mapping[str, Any], step: int | None = None) -> None:
    """Draws numbers: ``cairn.log({"loss": loss, "accuracy": 0.9})``.

    ``step`` is where on the curve; without it each call is one step further. Tensors and arrays of one
    number are welcome, of any type, on any device, with a gradient or without. What is not finite shows as
    a gap. Raises TypeError for what is not one number.
    """
    global _step
    _step = _step + 1 if step is None else int(step)
    if _wire is not None:
        now = round(time.monotonic(), 4)  # the node's clock is the same, and began when the run did
        points = [(str(name)[:120], _step, _number(str(name), value), now) for name, value in values.items()]
        _wire.points(points)


def _number(name: str, value: Any) -> float:
    """The one number in a value. ``item`` is what tensors, arrays and their scalars have in common."""
    try:
        if isinstance(value, str | bytes):  # float() would read them
            raise TypeError
        plain = value.detach() if hasattr(value, "detach") else value
        return float(plain.item() if hasattr(plain, "item") else plain)
    except (TypeError, ValueError, RuntimeError, OverflowError):
        shape = getattr(value, "shape", None)
        what = type(value).__name__ + (f" of shape {tuple(shape)}" if shape is not None else "")
        raise TypeError(f"{name!r} is a {what}, and a point of a curve is one number") from None


def total_steps(count: int) -> None:
    """Says how many steps there will be: for the progress bar, and for the estimate before a run."""
    if _wire is not None:
        _wire.tell({"k": "total", "n": int(count)})


def text(name: str, value: str, step: int | None = None) -> None:
    """Shows a short text, such as what a language model writes by now."""
    if _wire is not None:
        _wire.tell({"k": "text", "name": str(name)[:120], "step": _at(step), "text": str(value)[:4000]})


def image(name: str, value: Any, step: int | None = None) -> None:
    """Shows an image: an array or tensor (height, width), with 1, 3 or 4 channels last or first.

    Whole numbers are taken as 0 to 255, others as 0 to 1.
    """
    _sample(name, _png(value), "image/png", step)


def figure(name: str, value: Any, step: int | None = None) -> None:
    """Shows a figure: anything with a ``savefig`` as matplotlib's has, or an image."""
    if not hasattr(value, "savefig"):
        image(name, value, step)
        return
    import io

    buffer = io.BytesIO()
    value.savefig(buffer, format="png")
    _sample(name, buffer.getvalue(), "image/png", step)


def audio(name: str, value: Any, step: int | None = None, *, rate: int = 16_000) -> None:
    """Plays a sound: samples from -1 to 1, (time,) or (channels, time), ``rate`` of them a second."""
    _sample(name, _wav(value, rate), "audio/wav", step)


def _sample(name: str, data: bytes, media_type: str, step: int | None) -> None:
    if _wire is not None:
        message = {"k": "sample", "name": str(name)[:120], "step": _at(step), "media": media_type}
        with _spooled() as file:
            file.write(data)
            file.flush()
            _wire.tell(message, file.fileno())


def _at(step: int | None) -> int | None:
    return int(step) if step is not None else _step if _step >= 0 else None


# Keeping


def save(name: str, value: Any) -> None:
    """Keeps a result of the run: a model, a dictionary of tensors, a path, text, bytes, or plain JSON.

    Tensors are written as safetensors; nothing is pickled. Raises TypeError for what cannot be kept.
    """
    role, media_type = "file", "application/octet-stream"
    with _spooled() as file:
        if hasattr(value, "state_dict") or _are_tensors(value):
            role = "model"
            tensors.write(file, _named_tensors(value), {"format": "pt"})
        elif isinstance(value, os.PathLike):
            with open(value, "rb") as source:
                while chunk := source.read(2**20):
                    file.write(chunk)
        elif isinstance(value, bytes | bytearray):
            file.write(value)
        elif isinstance(value, str):
            file.write(value.encode())
            media_type = "text/plain"
        else:
            file.write(json.dumps(value).encode())
            media_type = "application/json"
        _keep(file, {"k": "file", "name": str(name), "role": role, "media": media_type, "step": _at(None)})


def _are_tensors(value: Any) -> bool:
    return isinstance(value, Mapping) and bool(value) and all(map(tensors.is_tensor, value.values()))


def _named_tensors(value: Any) -> dict[str, Any]:
    state = value.state_dict() if hasattr(value, "state_dict") else value
    unknown = [name for name, part in state.items() if not tensors.is_tensor(part)]
    if unknown:
        raise TypeError(f"{', '.join(map(str, unknown[:3]))}: not a tensor, and only tensors are kept")
    return {str(name): part for name, part in state.items()}


def _keep(file: Any, message: dict[str, Any]) -> None:
    file.flush()
    if _wire is not None:
        _wire.tell(message, file.fileno())


def _spooled() -> Any:
    """A file without a name in the work folder: its room is free again once the node has read it."""
    return tempfile.TemporaryFile()


def load(name: str | os.PathLike[str]) -> dict[str, Any]:
    """The tensors of a safetensors file: a path, or the name of an artifact of this run or an input.

    Raises FileNotFoundError.
    """
    return tensors.read(_find(name))[0]


def _find(name: str | os.PathLike[str]) -> str:
    places = [os.fspath(name), os.path.join("artifacts", name), os.path.join(GIVEN, "inputs", name)]
    found = next((place for place in places if os.path.isfile(place)), None)
    if found is None:
        raise FileNotFoundError(f"there is no artifact or input called {os.fspath(name)!r}")
    return found


def input(name: str) -> Path:
    """Where an earlier artifact of yours lies that this run may start from. Raises FileNotFoundError."""
    place = Path(GIVEN) / "inputs" / name
    if name not in _given.get("inputs", []) or not place.exists():
        raise FileNotFoundError(f"this run was started without the input {name!r}")
    return place


def checkpoint(step: int, *, every: int = 1, **parts: Any) -> bool:
    """Keeps what is needed to go on from ``step``: ``cairn.checkpoint(step, model=model, optimizer=opt)``.

    ``parts`` are things with a ``state_dict``, random generators, tensors and plain values. The states of
    Python's, numpy's and torch's own generators are always kept with them. With ``every``, only each so many
    steps; and at once, whatever the step, if the run is about to be stopped, which then ends it. Returns
    whether it was kept. Raises TypeError for what cannot be kept.
    """
    if step % every and not _stopping:
        return False
    if _wire is not None:
        flat: dict[str, Any] = {}
        tree = {name: _flatten(_state_of(part), name, flat) for name, part in parts.items()}
        tree["(random)"] = _flatten(_random_state(), "(random)", flat)
        with _spooled() as file:
            tensors.write(file, flat, {"cairn": json.dumps(tree), "step": str(int(step))})
            role = {"name": "checkpoint", "role": "checkpoint", "step": int(step)}
            _keep(file, {"k": "file", "media": "application/octet-stream", **role})
    if _stopping:
        raise SystemExit(143)
    return True


def resume() -> "Checkpoint | None":
    """The checkpoint that this run goes on from, or None if it starts from the beginning."""
    path = os.path.join(GIVEN, "resume.safetensors")
    return Checkpoint(path) if os.path.exists(path) else None


class Checkpoint:
    """What an earlier try of this run has kept. ``step`` is where; ``checkpoint["epoch"]`` is one part."""

    def __init__(self, path: str) -> None:
        self._tensors, metadata = tensors.read(path)
        self._tree: dict[str, Any] = json.loads(metadata["cairn"])
        self.step = int(metadata["step"])

    def __getitem__(self, name: str) -> Any:
        return _restored(self._tree[name], self._tensors)

    def __contains__(self, name: str) -> bool:
        return name in self._tree

    def load(self, **parts: Any) -> "Checkpoint":
        """Puts the states back into ``parts``, and then those of the random generators."""
        for name, part in parts.items():
            if name not in self._tree:
                known = ", ".join(key for key in self._tree if key != "(random)")
                raise KeyError(f"the checkpoint holds no {name!r}; it holds {known}")
            _set_state(part, self[name])
        _set_random_state(self["(random)"])
        return self


def _state_of(part: Any) -> Any:
    if hasattr(part, "state_dict"):
        return part.state_dict()
    if hasattr(part, "bit_generator"):
        return part.bit_generator.state
    return part.get_state() if type(part).__name__ == "Generator" else part


def _set_state(part: Any, state: Any) -> None:
    if hasattr(part, "load_state_dict"):
        part.load_state_dict(state)
    elif hasattr(part, "bit_generator"):
        part.bit_generator.state = state
    elif type(part).__name__ == "Generator":
        part.set_state(state)
    else:
        raise TypeError(f"{type(part).__name__} has no state to load; read it as checkpoint[name]")


_PLAIN = {dict: "dict", list: "list", tuple: "tuple", Counter: "counter"}


def _flatten(value: Any, name: str, flat: dict[str, Any]) -> Any:
    """A value as JSON, its tensors put aside in ``flat``."""
    if tensors.is_tensor(value):
        flat[name] = value
        return {"is": "array" if hasattr(value, "ctypes") else "tensor", "name": name}
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, Mapping):
        kind = "counter" if isinstance(value, Counter) else "dict"
        parts = [[key, _flatten(part, f"{name}.{key}", flat)] for key, part in value.items()]
        return {"is": kind, "parts": parts}
    if isinstance(value, list | tuple):
        parts = [_flatten(part, f"{name}.{index}", flat) for index, part in enumerate(value)]
        return {"is": "tuple" if isinstance(value, tuple) else "list", "parts": parts}
    if hasattr(value, "item") and hasattr(value, "dtype"):  # a numpy scalar
        return _flatten(value.item(), name, flat)
    raise TypeError(f"{name} is a {type(value).__name__}, which a checkpoint cannot keep")


def _restored(node: Any, flat: Mapping[str, Any]) -> Any:
    if not isinstance(node, dict):
        return node
    match node["is"]:
        case "tensor":
            return flat[node["name"]]
        case "array":
            return flat[node["name"]].numpy()
        case "dict" | "counter":
            table = {key: _restored(part, flat) for key, part in node["parts"]}
            return Counter(table) if node["is"] == "counter" else table
    values = [_restored(part, flat) for part in node["parts"]]
    return tuple(values) if node["is"] == "tuple" else values


def _random_state() -> dict[str, Any]:
    state: dict[str, Any] = {"python": random.getstate()}
    if numpy := sys.modules.get("numpy"):
        state["numpy"] = numpy.random.get_state(legacy=False)
    if torch := sys.modules.get("torch"):
        state["torch"] = torch.get_rng_state()
        if torch.cuda.is_available() and torch.cuda.is_initialized():
            state["cuda"] = torch.cuda.get_rng_state_all()
    return state


def _set_random_state(state: dict[str, Any]) -> None:
    random.setstate(state["python"])
    if "numpy" in state and (numpy := sys.modules.get("numpy")):
        numpy.random.set_state(state["numpy"])
    if "torch" in state and (torch := sys.modules.get("torch")):
        torch.set_rng_state(state["torch"])
        if "cuda" in state and torch.cuda.is_available():
            torch.cuda.set_rng_state_all(state["cuda"])


# Asking


def data(name: str) -> Mapping[str, Any]:
    """A data set's public arrays by split and name, such as ``train_images``, mapped from the disk.

    Raises KeyError for one that the project does not name.
    """
    import numpy

    folder = os.path.join(DATA, name)
    if not os.path.isdir(folder):
        known = ", ".join(_given.get("datasets", [])) or "none"
        raise KeyError(f"this project has no data set {name!r}; it has {known}")
    files = sorted(file for file in os.listdir(folder) if file.endswith(".npy"))  # noqa: PTH208
    # "c": what the program writes into an array stays its own, and torch does not warn of it.
    return {
        file.removesuffix(".npy"): numpy.load(os.path.join(folder, file), mmap_mode="c", allow_pickle=False)
        for file in files
    }


# Making pictures and sounds


def _array(value: Any) -> Any:
    import numpy

    if hasattr(value, "detach"):
        value = value.detach().cpu().float() if value.is_floating_point() else value.detach().cpu()
    return numpy.asarray(value)


def _png(value: Any) -> bytes:
    """A PNG of an image. Raises ValueError for a shape that is none."""
    import struct
    import zlib

    import numpy

    pixels = _array(value)
    if pixels.ndim == 2:
        pixels = pixels[:, :, None]
    if pixels.ndim == 3 and pixels.shape[2] not in (1, 3, 4) and pixels.shape[0] in (1, 3, 4):
        pixels = pixels.transpose(1, 2, 0)
    if pixels.ndim != 3 or pixels.shape[2] not in (1, 3, 4) or 0 in pixels.shape:
        raise ValueError(f"an array of shape {tuple(numpy.shape(value))} is no image")
    if pixels.dtype.kind == "f":
        pixels = numpy.nan_to_num(pixels) * 255
    pixels = numpy.ascontiguousarray(numpy.clip(pixels, 0, 255).astype(numpy.uint8))
    height, width, channels = pixels.shape
    rows = b"".join(b"\0" + row.tobytes() for row in pixels)
    kind = {1: 0, 3: 2, 4: 6}[channels]
    chunks = (
        (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, kind, 0, 0, 0)),
        (b"IDAT", zlib.compress(rows, 6)),
        (b"IEND", b""),
    )
    body = b"".join(
        struct.pack(">I", len(part)) + name + part + struct.pack(">I", zlib.crc32(name + part))
        for name, part in chunks
    )
    return b"\x89PNG\r\n\x1a\n" + body


def _wav(value: Any, rate: int) -> bytes:
    import io
    import wave

    import numpy

    samples = numpy.nan_to_num(numpy.atleast_2d(_array(value)).astype(numpy.float64))
    if samples.ndim != 2 or samples.shape[0] > 2:
        raise ValueError(f"an array of shape {tuple(numpy.shape(value))} is no sound")
    numbers = (numpy.clip(samples, -1, 1) * 32767).astype("<i2").T
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(samples.shape[0])
        file.setsampwidth(2)
        file.setframerate(int(rate))
        file.writeframes(numbers.tobytes())
    return buffer.getvalue()


# Stopping


def _asked_to_stop(_: int, __: FrameType | None) -> None:
    """The run is about to be stopped: the next checkpoint is kept whatever its step, and is the last."""
    global _stopping
    _stopping = True


if _wire is not None and threading.current_thread() is threading.main_thread():
    signal.signal(signal.SIGTERM, _asked_to_stop)
