"""What a run makes, on its way to safety: checked files, sent by a thread of its own, told of when safe."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from grader.contract import Artifact, ArtifactRole, Event, Sample
from grader.training.depot import Depot, LeaseLost, TooLarge, Unreachable, digest_of

_CHECKPOINT_SECONDS = 1.0  # checkpoints that come faster take each other's place
_CLOSE_SECONDS, _SOON_SECONDS = 600.0, 15.0


@dataclass(frozen=True)
class _Parcel:
    path: Path
    artifact: Artifact
    sample: Sample | None  # what to tell of it, where it is something to look at


class Keeper:
    """Sends artifacts to a depot in the order they come. Of waiting checkpoints only the newest is sent."""

    def __init__(
        self, depot: Depot, on_event: Callable[[Event], None], notice: Callable[[str], None]
    ) -> None:
        self._depot, self._on_event, self._notice = depot, on_event, notice
        self._waiting: list[_Parcel] = []
        self._changed = threading.Condition()
        self._closed = False
        self._last_checkpoint = 0.0
        self.problem: LeaseLost | Unreachable | None = None
        self.kept: dict[str, Artifact] = {}
        self._thread = threading.Thread(target=self._carry, name="keeper", daemon=True)
        self._thread.start()

    def offer(self, path: Path, name: str, role: ArtifactRole, **more: object) -> Artifact:
        """Takes a checked file, which is this keeper's from now on. ``more``: media_type, step, sample."""
        sample = more.pop("sample", None)
        artifact = Artifact.model_validate(
            {"name": name, "role": role, "digest": digest_of(path), "size": path.stat().st_size, **more}
        )
        told = sample.model_copy(update={"artifact": artifact}) if isinstance(sample, Sample) else None
        with self._changed:
            if role is ArtifactRole.CHECKPOINT:
                self._drop_waiting_checkpoint()
            self._waiting.append(_Parcel(path, artifact, told))
            self._changed.notify()
        return artifact

    def close(self, *, soon: bool = False) -> None:
        """Waits until everything is safe, or cannot be. ``soon``: not as long as it might take."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        self._thread.join(_SOON_SECONDS if soon else _CLOSE_SECONDS)
        if self._thread.is_alive():
            self.problem = Unreachable("not everything that the run made could be brought to safety in time")

    def _drop_waiting_checkpoint(self) -> None:
        for parcel in [one for one in self._waiting if one.artifact.role is ArtifactRole.CHECKPOINT]:
            self._waiting.remove(parcel)
            parcel.path.unlink(missing_ok=True)

    def _carry(self) -> None:
        while parcel := self._next():
            try:
                self._depot.save(parcel.path, parcel.artifact)
            except TooLarge as error:
                self._notice(f"{parcel.artifact.name} was not kept: {error}")
                continue
            except LeaseLost as error:
                self.problem = error
                return
            except (Unreachable, OSError) as error:
                self.problem = error if isinstance(error, Unreachable) else Unreachable(str(error))
                self._notice(f"{parcel.artifact.name} is not safe yet: {error}")
                continue
            self._tell(parcel)

    def _tell(self, parcel: _Parcel) -> None:
        artifact = parcel.artifact
        if artifact.role is ArtifactRole.CHECKPOINT:
            self.problem = None  # what is newer is safe
        parcel.path.unlink(missing_ok=True)
        self.kept[artifact.name] = artifact
        self._on_event(parcel.sample or artifact)

    def _next(self) -> _Parcel | None:
        """The next parcel, once there is one; None at the end."""
        with self._changed:
            while True:
                wait = 0.0
                for parcel in self._waiting:
                    wait = self._too_soon(parcel)
                    if not wait:
                        self._waiting.remove(parcel)
                        return parcel
                if self._closed and not self._waiting:
                    return None
                self._changed.wait(wait or None)

    def _too_soon(self, parcel: _Parcel) -> float:
        """Seconds that a checkpoint had better wait for a newer one."""
        if parcel.artifact.role is not ArtifactRole.CHECKPOINT or self._closed:
            return 0.0
        now = time.monotonic()
        if (wait := self._last_checkpoint + _CHECKPOINT_SECONDS - now) > 0:
            return wait
        self._last_checkpoint = now
        return 0.0


def place(source: Path, folder: Path, name: str) -> None:
    """Gives a file a second name below ``folder``, instead of an earlier one's. Raises OSError."""
    target = folder / name
    target.parent.mkdir(parents=True, exist_ok=True)
    source.chmod(0o644)
    beside = folder / f".{source.name}"
    beside.hardlink_to(source)
    beside.replace(target)
