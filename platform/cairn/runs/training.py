"""What a training run has beside any other: curves and artifacts taken in, and going on after a lost node.

``actions`` calls these under the run's row lock. A lease of a training run goes on from the newest checkpoint
that is safe here, whoever made it; what was logged after it is kept, and shown as lost.
"""

from collections.abc import Iterable
from typing import Any

from cairn.runs import artifacts, curves
from cairn.runs.models import Run, RunArtifact
from cairn.ui.errors import Refusal
from grader.contract import Artifact, ArtifactRole, Event, Kind, Phase, Points

FROM_NOTHING = -1  # the step at which a lease begins that has no checkpoint


class Unsent(Refusal):
    """An artifact was announced whose bytes are not here."""

    status, code = 422, "unsent"


def begin_lease(run: Run) -> None:
    """Note where the lease goes on. The caller saves ``starts`` and ``phase``."""
    found = artifacts.newest_checkpoint(run) if run.starts else None
    step = FROM_NOTHING if found is None or found.step is None else found.step
    seconds = curves.seconds_until(run, step) if step >= 0 else 0.0
    run.starts = [*run.starts, {"step": step, "seconds": seconds}]
    run.phase = "starting"


def payload(run: Run) -> dict[str, Any]:
    """What the job of a leased run has in ``training`` beyond its spec: inputs, checkpoint, history."""
    training = dict(run.spec["training"])
    if run.kind != Kind.TRAIN or run.starts[-1]["step"] == FROM_NOTHING:
        return training
    found = artifacts.newest_checkpoint(run)
    if found is not None:
        training["resume"] = found.message.model_dump(mode="json")
        past = curves.history(run, run.starts[-1]["step"])
        training["history"] = [points.model_dump(mode="json") for points in past]
    return training


def take_in(run: Run, events: Iterable[Event]) -> tuple[list[Points], list[Event]]:
    """Store points; the points that were taken, and the events that belong into the log.

    Moves ``phase``, ``step`` and ``points`` of the locked run, which the caller saves. Raises Unsent.
    """
    events = list(events)
    log: list[Event] = [event for event in events if not isinstance(event, Points)]
    taken = curves.store(run, (event for event in events if isinstance(event, Points)))
    for event in log:
        if isinstance(event, Phase):
            run.phase = event.name[:20]
        elif isinstance(event, Artifact):
            _check_sent(run, event)
    return taken, log


def _check_sent(run: Run, event: Artifact) -> None:
    """Old checkpoints may have made way for newer ones, so only the newest name need be there."""
    if event.role == ArtifactRole.CHECKPOINT:
        return
    if not RunArtifact.objects.filter(run=run, file=event.digest, name=event.name).exists():
        raise Unsent(f"The bytes of {event.name} were not sent before it was announced.")


def frames(run: Run, taken: Iterable[Points]) -> list[dict[str, Any]]:
    """Stored stretches as live pages get them; each takes a place in the run's order of news."""
    lease = max(1, len(run.starts))
    made = []
    for points in taken:
        run.last_seq += 1
        run.last_stretch = run.last_seq
        said = {"seq": run.last_seq, "name": points.name, "try": lease}
        made.append(said | {"steps": points.steps, "values": points.values, "seconds": points.seconds})
    return made


def forget_oldest_output(run: Run, room: int) -> int:
    """Delete the oldest output of a run's log until ``room`` characters are free; how many were freed.

    Of a log that runs for hours its end matters.
    """
    freed, gone = 0, []
    rows = run.events.filter(data__kind="output").order_by("seq")
    for row in rows.iterator(chunk_size=200):
        if freed >= room:
            break
        freed += len(str(row.data))
        gone.append(row.pk)
    run.events.filter(pk__in=gone).delete()
    return freed
