"""What the sandbox says, made into events. Every packet may be a lie, and there may be far too many."""

import json
import math
import os
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from grader.contract import MAX_MESSAGE_CHARS, ArtifactRole, Event, Sample
from grader.harness.text import clean, readable_size
from grader.training import files
from grader.training.keeper import Keeper, place
from grader.training.record import MAX_CURVES, Record

POINTS_A_SECOND, POINTS_AT_ONCE = 5_000, 50_000
_MAX_SAMPLES, _MAX_NAMES = 1_000, 64
_MAX_STEP = 2**53
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_./-]{0,119}")
_SAMPLES: dict[str, tuple[str, Callable[[Path], bytes]]] = {
    "image/png": ("png", files.picture),
    "audio/wav": ("wav", files.sound),
}


class Bucket:
    """So many a second, and a few at once."""

    def __init__(self, a_second: float, at_once: float) -> None:
        self._rate, self._most = a_second, at_once
        self._left, self._filled = at_once, time.monotonic()

    def take(self, count: float = 1) -> bool:
        """Whether there is room for ``count`` now."""
        now = time.monotonic()
        self._left = min(self._most, self._left + (now - self._filled) * self._rate)
        self._filled = now
        if self._left < count:
            return False
        self._left -= count
        return True

    def left(self) -> float:
        """How much there is room for."""
        self.take(0)
        return self._left


@dataclass(frozen=True)
class Said:
    """How the program says that it ended. Believed for the words, not for the verdict."""

    type_name: str
    message: str
    cause: str
    line: int | None


@dataclass
class Measured:
    """What an estimate learned of the model and its steps."""

    parameters: int | None = None
    steps: int | None = None
    seconds: float | None = None


class Feed:
    """Takes packets, checks and counts them, and passes on what is left as events."""

    def __init__(
        self,
        record: Record,
        keeper: Keeper,
        on_event: Callable[[Event], None],
        notice: Callable[[str], None],
        folder: Path,
        artifact_bytes: int,
        total_bytes: int,
    ) -> None:
        self._record, self._keeper, self._on_event, self._notice = record, keeper, on_event, notice
        self._spool, self._artifacts = folder / "spool", folder / "artifacts"
        self._artifact_bytes, self._total_bytes = artifact_bytes, total_bytes
        self._sizes: dict[str, int] = {}
        self._count = self._samples = 0
        self._points = Bucket(POINTS_A_SECOND, POINTS_AT_ONCE)
        self._words = Bucket(5, 100)
        self._offers = Bucket(20, 100)
        self._told: set[str] = set()
        self._began = time.monotonic()
        self.started = False
        self.said: Said | None = None
        self.total: int | None = None
        self.measured = Measured()

    def _on_start(self, *_: object) -> None:
        """The program's own code starts now: seconds count from here."""
        if not self.started:
            self.started = True
            self._began = time.monotonic()

    def seconds(self) -> float:
        """Since the training began, or, before it has, since it was to."""
        return time.monotonic() - self._began

    def take(self, packet: bytes, numbers: list[int]) -> None:
        """Takes one packet with the descriptors that came with it, which it closes."""
        try:
            message = json.loads(packet)
            handle = getattr(self, f"_on_{message['k']}", None)
            if handle is not None:
                handle(message, *numbers[:1])
        except (ValueError, KeyError, TypeError, RecursionError, AttributeError, OverflowError):
            self._once("garbled", "a message that is none was left out.")
        finally:
            for number in numbers:
                os.close(number)

    def flush(self) -> None:
        """Passes on the points that wait."""
        for points in self._record.take():
            self._on_event(points)

    def system(self, name: str, value: float) -> None:
        """A reading of the node's own."""
        self._record.add(f"system/{name}", max(self._record.last_step() or 0, 0), value, self._now(None))

    def _once(self, key: str, sentence: str) -> None:
        if key not in self._told:
            self._told.add(key)
            self._notice(sentence)

    # Points

    def _on_points(self, message: dict[str, Any], *_: int) -> None:
        points = message["p"]
        room = min(len(points), int(self._points.left()))
        self._points.take(room)
        if room < len(points):
            self._thinned()
        for name, step, value, seconds in points[:room]:
            self._point(name, step, value, seconds)

    def _point(self, name: Any, step: Any, value: Any, seconds: Any) -> None:
        if not isinstance(name, str) or type(step) is not int or not isinstance(value, int | float):
            raise TypeError
        if abs(step) >= _MAX_STEP:
            return self._once("steps", "points at steps beyond 2**53 are left out.")
        name = clean(name, 120).replace("\n", " ").strip() or "unnamed"
        if name.startswith("system/"):
            name = f"my {name}"[:120]
        if not self._record.add(name, step, float(value), self._now(seconds)):
            self._once(
                "full", f"a run has at most {MAX_CURVES} curves and 2,000,000 points; more is left out."
            )
        return None

    def _now(self, seconds: Any) -> float:
        """A time that the program gives, if it can be: not before the start, not after now."""
        now = self.seconds()
        given = isinstance(seconds, int | float) and math.isfinite(seconds)
        return round(min(max(seconds - self._began, 0.0), now) if given else now, 4)

    def _on_dropped(self, message: dict[str, Any], *_: int) -> None:
        self._thinned()

    def _thinned(self) -> None:
        self._once(
            "rate", f"more than {POINTS_A_SECOND:,} points a second are logged; some of them are left out."
        )

    # Words

    def _on_total(self, message: dict[str, Any], *_: int) -> None:
        count = message["n"]
        if type(count) is int and 0 < count < _MAX_STEP:
            self.total = count

    def _on_measured(self, message: dict[str, Any], *_: int) -> None:
        parameters, steps, seconds = message["parameters"], message["steps"], message["seconds"]
        whole = type(parameters) is int and type(steps) is int and isinstance(seconds, int | float)
        if whole and 0 <= parameters < _MAX_STEP and 0 <= steps < _MAX_STEP and 0 <= seconds < 1e9:
            self.measured = Measured(parameters, steps, float(seconds))

    def _on_end(self, message: dict[str, Any], *_: int) -> None:
        line = message.get("line")
        self.said = Said(
            clean(str(message["type"]), 80),
            clean(str(message["message"]), 1000),
            str(message["cause"]),
            line if type(line) is int and 0 < line < 10**6 else None,
        )

    def _on_text(self, message: dict[str, Any], *_: int) -> None:
        if sample := self._sample(message):
            text = clean(str(message["text"]), MAX_MESSAGE_CHARS)
            self._on_event(sample.model_copy(update={"text": text}))

    def _sample(self, message: dict[str, Any]) -> Sample | None:
        """The sample without what is in it; None where there are too many."""
        if self._samples >= _MAX_SAMPLES or not self._words.take():
            self._once(
                "samples", f"a run shows at most {_MAX_SAMPLES} samples, and 5 a second; more is left out."
            )
            return None
        self._samples += 1
        step = message.get("step")
        name = clean(str(message["name"]), 120).replace("\n", " ").strip() or "unnamed"
        return Sample(name=name, step=step if type(step) is int and abs(step) < _MAX_STEP else None)

    # Files

    def _on_sample(self, message: dict[str, Any], number: int = -1) -> None:
        if number < 0 or not (sample := self._sample(message)):
            return
        suffix, remake = _SAMPLES[message["media"]]
        path = self._next_path()
        try:
            files.copy(number, path, files.MAX_SAMPLE)
            path.write_bytes(remake(path))
        except (files.Refused, OSError) as reason:
            self._notice(f"the sample {sample.name!r} was not kept: {reason}")
            return
        slug = re.sub(r"[^A-Za-z0-9_-]+", "-", sample.name).strip("-")[:60] or "sample"
        name = f"samples/{self._samples:04d}-{slug}.{suffix}"
        role = ArtifactRole.SAMPLE
        self._keeper.offer(path, name, role, media_type=message["media"], step=sample.step, sample=sample)

    def _on_file(self, message: dict[str, Any], number: int = -1) -> None:
        if number < 0 or not self._offers.take():
            self._once("offers", "files are kept too often; some are left out.")
            return
        name = str(message["name"])
        try:
            self._keep(name, message, number)
        except files.Refused as reason:
            self._notice(f"{clean(name, 120)!r} was not kept: {reason}")
        except OSError as error:
            self._notice(f"{clean(name, 120)!r} was not kept: {error.strerror or error}.")

    def _keep(self, name: str, message: dict[str, Any], number: int) -> None:
        if not _NAME.fullmatch(name) or any(part in ("", ".", "..") for part in name.split("/")):
            raise files.Refused("a name has letters, digits, and . _ - / between them.")
        path = self._next_path()
        try:
            size = files.copy(number, path, self._artifact_bytes)
            role, media_type = self._checked(path, message)
            self._count_in(name, size)
        except files.Refused:
            path.unlink(missing_ok=True)
            raise
        if role is not ArtifactRole.CHECKPOINT:
            place(path, self._artifacts, name)
        step = message.get("step")
        # Whoever goes on from a checkpoint finds every point before it: they are told of first.
        self.flush()
        self._keeper.offer(
            path,
            name,
            role,
            media_type=media_type,
            step=step if type(step) is int and 0 <= step < _MAX_STEP else None,
        )

    def _checked(self, path: Path, message: dict[str, Any]) -> tuple[ArtifactRole, str]:
        """What the file is. One that says it is a model or a checkpoint must be safetensors."""
        if message["role"] in ("checkpoint", "model"):
            files.check_tensors(path)
            return ArtifactRole(message["role"]), "application/octet-stream"
        media_type = files.kind_of(path)
        if media_type == "image/png":
            path.write_bytes(files.picture(path))
        is_model = media_type == "application/octet-stream" and path.open("rb").read(1) != b"\x93"
        return (ArtifactRole.MODEL if is_model else ArtifactRole.FILE), media_type

    def _count_in(self, name: str, size: int) -> None:
        if name not in self._sizes and len(self._sizes) >= _MAX_NAMES:
            raise files.Refused(f"a run keeps at most {_MAX_NAMES} files.")
        if sum(self._sizes.values()) - self._sizes.get(name, 0) + size > self._total_bytes:
            raise files.Refused(
                f"all files of a run together have at most {readable_size(self._total_bytes)}."
            )
        self._sizes[name] = size

    def _next_path(self) -> Path:
        self._count += 1
        return self._spool / str(self._count)
