"""What the site and a worker node say to each other: Job, Event, Report.

Frozen, versioned, JSON. It is the only module that both sides import, so it stays free of everything
but pydantic. Values that learner code produced appear here only as bounded text and plain data, which
the trusted side made; nothing in a message is ever executed or unpickled.
"""

from enum import StrEnum
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

CONTRACT_VERSION: Literal[1] = 1

MAX_FILES = 16
MAX_FILE_CHARS = 200_000
MAX_MESSAGE_CHARS = 4_000

FileName = Annotated[str, Field(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.-]{0,79}$")]
FileText = Annotated[str, Field(max_length=MAX_FILE_CHARS)]


class Frozen(BaseModel):
    """A message: immutable, and strict about unknown fields so that both sides notice a mismatch."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Verdict(StrEnum):
    """How a run ended. All but INTERNAL are the learner's; INTERNAL is ours, is retried and free."""

    PASSED = "passed"
    FAILED = "failed"  # a test said no
    ERROR = "error"  # the learner's code raised, or could not be imported
    TIMEOUT = "timeout"
    MEMORY = "memory"
    OUTPUT = "output"  # printed more than the limit
    FORBIDDEN = "forbidden"  # tried something the sandbox does not allow
    INTERNAL = "internal"


class Kind(StrEnum):
    """What a run is for. A TRY uses only the visible examples and runs the file as ``__main__``.

    A TRAIN job trains, then is evaluated by its tests. An ESTIMATE is the first few seconds of one: it says
    what the whole would cost.
    """

    TRY = "try"
    GRADE = "grade"
    TRAIN = "train"
    ESTIMATE = "estimate"


class Limits(Frozen):
    """What learner code may use. Author-settable per exercise; the clock is the learner's own time."""

    wall_seconds: float = Field(10.0, gt=0, le=7 * 86_400)
    cpu_seconds: float = Field(20.0, gt=0, le=64 * 7 * 86_400)
    memory_bytes: int = Field(512 * 2**20, ge=32 * 2**20, le=64 * 2**30)
    output_bytes: int = Field(64 * 2**10, ge=1024, le=2**24)
    file_bytes: int = Field(32 * 2**20, ge=4096, le=2**34)
    processes: int = Field(64, ge=1, le=1024)


class ArtifactRole(StrEnum):
    """What a file that a run made is for."""

    CHECKPOINT = "checkpoint"  # to go on from, in this run
    MODEL = "model"  # what was learned; a later project may start from it
    FIGURE = "figure"
    SAMPLE = "sample"  # an image, a text or a sound that the model made or met
    FILE = "file"


class Artifact(Frozen):
    """A file that a run made, once it is safe on the site. Its bytes are addressed by their SHA-256.

    Checkpoints and models are safetensors; the node has checked their header. ``step`` is where in the
    training it was made.
    """

    kind: Literal["artifact"] = "artifact"
    name: str = Field(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_./-]{0,119}$")
    role: ArtifactRole = ArtifactRole.FILE
    digest: str = Field(pattern=r"^[0-9a-f]{64}$")
    size: int = Field(ge=0)
    media_type: str = "application/octet-stream"
    step: int | None = None


class DatasetUse(Frozen):
    """A data set that a training job reads. ``loader`` is a file of ``Job.loaders``.

    The node runs the loader on the trusted side and keeps what it made by ``digest``. The sandbox sees the
    public splits only; ``hidden`` is for the evaluation.
    """

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,79}$")
    loader: FileName
    digest: str  # of the loader's text and its arguments: what is kept under it never changes
    arguments: dict[str, Any] = Field(default_factory=dict)


Parameter = bool | int | float | str


class Training(Frozen):
    """What a TRAIN or ESTIMATE job has beside files, tests and limits.

    ``resume`` is the newest checkpoint of an earlier try, ``inputs`` are earlier artifacts of the learner by
    the name that the code knows them by. ``limits`` of the Job hold for training, ``evaluation`` for the
    evaluation that follows it. More than one process goes through torchrun: ``processes`` on each of the
    ``nodes``.
    """

    parameters: dict[str, Parameter] = Field(default_factory=dict)
    datasets: tuple[DatasetUse, ...] = ()
    resume: Artifact | None = None
    inputs: dict[str, Artifact] = Field(default_factory=dict)
    history: tuple["Points", ...] = ()  # of earlier tries up to ``resume.step``, for the evaluation
    device: Literal["cpu", "gpu"] = "cpu"
    processes: int = Field(1, ge=1, le=64)
    nodes: int = Field(1, ge=1, le=16)
    shares_device: bool = False  # whether other jobs may use its devices at the same time
    disk_bytes: int = Field(2**30, ge=2**20, le=2**40)
    artifact_bytes: int = Field(2**28, ge=2**16, le=2**36)  # of any one artifact
    estimate_seconds: float = Field(20.0, gt=0, le=600)  # how long an ESTIMATE trains at most
    evaluation: Limits = Limits(wall_seconds=120.0, cpu_seconds=240.0, memory_bytes=2 * 2**30)


class Job(Frozen):
    """One piece of work, complete in itself: a node needs nothing else to do it.

    ``files`` is the learner's, ``tests`` the author's (``tests.py`` and what it imports or reads, each
    by file name). ``tests`` and ``loaders`` never enter the sandbox. ``entry`` of a TRAIN job is the program
    that trains; its tests get as ``student`` what ``evaluated`` names.
    """

    version: Literal[1] = CONTRACT_VERSION
    id: str
    kind: Kind = Kind.GRADE
    entry: FileName = "solution.py"  # the learner's file that becomes ``student``
    files: dict[FileName, FileText] = Field(max_length=MAX_FILES)
    tests: dict[FileName, str]
    limits: Limits = Limits()
    seed: int = 0
    content_hash: str = ""
    loaders: dict[FileName, FileText] = Field(default_factory=dict)
    evaluated: FileName = "solution.py"
    training: Training | None = None

    @model_validator(mode="after")
    def training_where_it_trains(self) -> Self:
        """A TRAIN or ESTIMATE job says how it trains; no other does."""
        if (self.training is not None) != (self.kind in (Kind.TRAIN, Kind.ESTIMATE)):
            raise ValueError("`training` belongs to a train or estimate job, and to no other")
        return self


class ArrayView(Frozen):
    """A window on one array, small enough for a page: what to draw for "expected" or "got"."""

    shape: tuple[int, ...]
    dtype: str
    rows: tuple[tuple[str, ...], ...]  # formatted cells of the window, row by row
    origin: tuple[int, ...] = ()  # index of the window's first cell in the whole array
    differs: tuple[tuple[int, int], ...] = ()  # cells (row, column) of the window that differ


class Difference(Frozen):
    """Why a check said no: the call, what was expected, what came. Shown as the page's array diff."""

    call: str = ""
    expected: ArrayView | str = ""
    got: ArrayView | str = ""
    summary: str = ""  # "3 of 6 values differ, all in row 0."


class TestStatus(StrEnum):
    """How one test ended. ``SKIPPED`` means it was never reached, for instance after a time-out."""

    __test__ = False

    PASSED = "passed"
    FAILED = "failed"
    ERROR = "error"
    TIMEOUT = "timeout"
    SKIPPED = "skipped"


class TestResult(Frozen):
    """One test's outcome as a learner sees it. ``name`` is the function, ``title`` its first doc line."""

    __test__ = False

    name: str
    title: str
    status: TestStatus
    message: str = Field("", max_length=MAX_MESSAGE_CHARS)
    seconds: float = 0.0
    line: int | None = None  # the learner's line at fault, where one is known
    trace: str = Field("", max_length=MAX_MESSAGE_CHARS)  # of an exception, without lines that are not theirs
    difference: Difference | None = None
    warnings: tuple[str, ...] = ()
    lesson: str = ""  # slug of the topic that explains what went wrong, where the author named one


class PlannedTest(Frozen):
    """A test that is about to run: lets the page draw its row before there is a result."""

    name: str
    title: str


class Phase(Frozen):
    """A step of the run: ``starting``, ``importing``, ``testing``, ``done``. ``tests`` on ``testing``.

    A training job: ``starting``, ``preparing``, ``training`` (with ``step`` where it goes on from a
    checkpoint), ``evaluating``, then as above.
    """

    kind: Literal["phase"] = "phase"
    name: str
    tests: tuple[PlannedTest, ...] = ()
    step: int | None = None


class Output(Frozen):
    """A chunk of what learner code printed: text already made safe to show."""

    kind: Literal["output"] = "output"
    stream: Literal["stdout", "stderr"] = "stdout"
    text: str


class TestDone(Frozen):
    """One test has its result."""

    __test__ = False

    kind: Literal["test"] = "test"
    result: TestResult


class Metric(Frozen):
    """A number that the run measured, for a criterion or a curve. ``step`` counts along a curve."""

    kind: Literal["metric"] = "metric"
    name: str
    value: float
    step: int | None = None


class Points(Frozen):
    """A stretch of one curve, in the order it was logged: many points, one message.

    ``seconds`` count from the start of this try's training. A value that is not finite is None: JSON has no
    word for it, and the page draws a gap. Curves named ``system/…`` are the node's own readings.
    """

    kind: Literal["points"] = "points"
    name: str = Field(pattern=r"^[^\x00-\x1f]{1,120}$")
    steps: tuple[int, ...] = Field(min_length=1, max_length=10_000)
    values: tuple[float | None, ...]
    seconds: tuple[float, ...]

    @model_validator(mode="after")
    def of_one_length(self) -> Self:
        """As many values and times as steps."""
        if not len(self.steps) == len(self.values) == len(self.seconds):
            raise ValueError("steps, values and seconds are of one length")
        return self


class Sample(Frozen):
    """Something to look at or listen to: a short text, or an artifact (image, sound) that is safe already."""

    kind: Literal["sample"] = "sample"
    name: str = Field(pattern=r"^[^\x00-\x1f]{1,120}$")
    step: int | None = None
    text: str = Field("", max_length=MAX_MESSAGE_CHARS)
    artifact: Artifact | None = None


class Finding(Frozen):
    """A recognised failure signature: what it is, what it was seen by, where to read about it."""

    kind: Literal["finding"] = "finding"
    signature: str
    title: str
    evidence: str = Field("", max_length=MAX_MESSAGE_CHARS)
    lesson: str = ""


class Cost(Frozen):
    """What an ESTIMATE found. ``seconds`` is for the whole training; None where no step count is known."""

    kind: Literal["cost"] = "cost"
    parameters: int | None = None  # trainable numbers of the model
    memory_bytes: int
    seconds: float | None = None
    steps: int | None = None  # of the whole training
    step_seconds: float | None = None


Event = Annotated[
    Phase | Output | TestDone | Metric | Points | Artifact | Sample | Finding | Cost,
    Field(discriminator="kind"),
]


Training.model_rebuild()
Job.model_rebuild()


class Report(Frozen):
    """How a run ended. It closes the Run row, if the lease still matches."""

    version: Literal[1] = CONTRACT_VERSION
    job_id: str
    status: Verdict
    score: float = Field(0.0, ge=0, le=1)  # share of tests passed
    tests: tuple[TestResult, ...] = ()
    metrics: dict[str, float] = Field(default_factory=dict)
    message: str = Field("", max_length=MAX_MESSAGE_CHARS)  # one sentence for a person, when not passed
    line: int | None = None  # where the entry file could not be loaded
    output: str = ""
    wall_seconds: float = 0.0
    cpu_seconds: float = 0.0
    peak_bytes: int = 0
    content_hash: str = ""
    findings: tuple[Finding, ...] = ()
    cost: Cost | None = None


class Batch(Frozen):
    """Events of one lease in order. ``first`` counts from 0, so that a resent batch changes nothing."""

    first: int = Field(ge=0)
    events: tuple[Event, ...]


class Seat(Frozen):
    """A node's place among those that train together in one try of a run.

    Rank 0's node speaks for all. The others dial it at ``address``, within ``wait_seconds``, and everything
    between them is sealed with a key made of ``secret``, which holds for this try alone.
    """

    rank: int = Field(ge=0, le=15)
    nodes: int = Field(ge=2, le=16)
    address: str = Field(max_length=200)  # host:port
    secret: str = Field(min_length=32, max_length=200)
    wait_seconds: float = Field(gt=0, le=3600)


class Claim(Frozen):
    """A claimed job, and the token that lets its holder speak for this job and no other.

    Where several nodes train together, ``seat`` is this node's place. The token of any but rank 0's node lets
    it read what the job needs, and say nothing.
    """

    job: Job
    token: str
    lease_seconds: float
    seat: Seat | None = None


class WarmProcess(Frozen):
    """A process that has imported a runtime's libraries and waits to be forked.

    ``side`` is whose code its forks run. ``bytes`` is its share of memory: what it has in common is divided.
    """

    runtime: str = Field(max_length=40)
    side: Literal["learner", "judge"]
    bytes: int = Field(ge=0)


class NodeState(Frozen):
    """What a node says of itself with a claim or a heartbeat, for the people who look after it."""

    versions: dict[Annotated[str, Field(max_length=40)], Annotated[str, Field(max_length=80)]] = Field(
        default_factory=dict, max_length=12
    )
    warm: tuple[WarmProcess, ...] = Field((), max_length=40)
    address: str = Field("", max_length=200)  # host:port for nodes that train with it; empty: it trains alone


def job_schema() -> dict[str, Any]:
    """The JSON Schema of a Job, for a node written in another language and for the documents."""
    return Job.model_json_schema()
